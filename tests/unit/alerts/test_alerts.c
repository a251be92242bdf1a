/* tests/unit/alerts/test_alerts.c -- the life of alerts: begun, held, ended, told, inherited, bounded. */
#include "rig.h"

START_TEST(holds_fires_and_ends_once)
{
    struct alert_rig p;
    double v = -18;
    begin_with(&p, &warming, 1, 100);
    ramp(&p, freezer, &v, 0, 10);
    ck_assert_int_eq(active(&p), 0);
    ck_assert_int_eq(p.woken, 0); /* nothing that could matter was seen */
    ramp(&p, freezer, &v, 1, 5);
    ck_assert_int_eq(active(&p), 1);
    ck_assert_int_eq(view.state.phase, ALERT_PENDING);
    ramp(&p, freezer, &v, 1, 3);
    ck_assert_int_eq(active(&p), 1);
    ck_assert_int_eq(view.state.phase, ALERT_FIRING);
    for (int i = 0; i < 20; i++) /* noise between the two limits */
        ramp(&p, freezer, &v, i % 2 ? 0.2 : 0.6, 1);
    ck_assert_uint_eq(counted(&p.b.stats.alerts_fired), 1);
    ck_assert_uint_eq(alerts_count(p.alerts).firing, 1);
    ramp(&p, freezer, &v, 0, 2);
    ck_assert_int_eq(active(&p), 0);
    ck_assert_uint_eq(counted(&p.b.stats.alerts_resolved), 1);
    end_all(&p);
}
END_TEST

/* `for` passes though no sample comes: the clock alone fires. */
START_TEST(fires_by_the_clock)
{
    struct alert_rig p;
    double v = -18;
    begin_with(&p, &warming, 1, 100);
    ramp(&p, freezer, &v, 1, 3);
    ck_assert_int_eq(active(&p), 1);
    int64_t next_ns = alerts_turn(p.alerts, p.b.now);
    ck_assert_int_eq(next_ns, view.state.active_ns + 60 * S);
    pass(&p, next_ns - p.b.now.wall_ns);
    (void)alerts_turn(p.alerts, p.b.now);
    ck_assert_int_eq(active(&p), 1);
    ck_assert_int_eq(view.state.phase, ALERT_FIRING);
    end_all(&p);
}
END_TEST

START_TEST(told_again_and_again_until_it_is_over)
{
    struct alert_rig p;
    double v = -18;
    begin_with(&p, &warming, 1, 100);
    alerts_targets(p.alerts, (const uint64_t[ALERT_TARGETS_MAX]){7, 8});
    ramp(&p, freezer, &v, 1, 10);
    ck_assert_int_eq(due(&p, 0, true), 1);
    ck_assert_int_eq(due(&p, 0, true), 0);
    ck_assert_int_eq(due(&p, 1, false), 1); /* the other was told nothing yet */
    ramp(&p, freezer, &v, 1, 6);
    ck_assert_int_eq(due(&p, 0, true), 1);
    ramp(&p, freezer, &v, 0, 2);
    ck_assert_int_eq(due(&p, 0, true), 1);
    ck_assert_int_ne(view.resolved_ns, 0);
    for (int i = 0; i < 14; i++) {
        pass(&p, MINUTE);
        ck_assert_int_eq(due(&p, 0, true), 1);
    }
    pass(&p, 3600 * S); /* the second target was down all the time: it is told all the same */
    (void)alerts_turn(p.alerts, p.b.now);
    ck_assert_int_eq(due(&p, 0, true), 0);
    ck_assert_int_eq(due(&p, 1, true), 1);
    ck_assert_uint_eq(alerts_count(p.alerts).resolved, 1);
    pass(&p, 2 * MINUTE);
    (void)alerts_turn(p.alerts, p.b.now);
    ck_assert_uint_eq(alerts_count(p.alerts).resolved, 0);
    end_all(&p);
}
END_TEST

static const struct silence_row {
    enum no_data no_data;
    int firing_before, after;
} silences[] = {
    {NO_DATA_KEEP, 1, 1}, {NO_DATA_RESOLVE, 1, 0}, {NO_DATA_ALERT, 1, 1},
    {NO_DATA_KEEP, 0, 0}, {NO_DATA_RESOLVE, 0, 0}, {NO_DATA_ALERT, 0, 1},
};

START_TEST(silence)
{
    const struct silence_row *r = &silences[_i];
    struct spec spec = warming;
    struct alert_rig p;
    double v = -18;
    spec.for_ns = 0;
    spec.no_data = r->no_data;
    begin_with(&p, &spec, 1, 100);
    ramp(&p, freezer, &v, r->firing_before ? 1 : 0, 4);
    ck_assert_int_eq(active(&p), r->firing_before);
    pass(&p, 301 * S);
    sweep_all(&p.b);
    (void)alerts_take(p.alerts, p.b.now);
    ck_assert_int_eq(active(&p), r->after);
    pass(&p, 3601 * S);
    sweep_all(&p.b);
    (void)alerts_take(p.alerts, p.b.now);
    ck_assert_int_eq(active(&p), 0); /* what is forgotten alerts nobody */
    end_all(&p);
}
END_TEST

START_TEST(rules_that_stay_go_on)
{
    struct spec two[] = {
        {"Other", "temperature", "value > 1000", NULL, 0, 0, NO_DATA_KEEP, NULL, NULL}, warming};
    struct alert_rig p;
    double v = -18;
    begin_with(&p, &warming, 1, 100);
    ramp(&p, freezer, &v, 1, 10);
    ck_assert_int_eq(active(&p), 1);
    uint64_t id = view.id;
    rule_with(&p, two, 2); /* the same rule, in another place */
    ck_assert_int_eq(active(&p), 1);
    ck_assert_uint_eq(view.id, id);
    ck_assert_uint_eq(view.index, 1);
    ramp(&p, freezer, &v, 1, 2);
    ck_assert_int_eq(active(&p), 1);
    ck_assert_uint_eq(counted(&p.b.stats.alerts_fired), 1);
    alerts_targets(p.alerts, (const uint64_t[ALERT_TARGETS_MAX]){7});
    rule_with(&p, two, 1); /* and now it is gone */
    ck_assert_int_eq(active(&p), 0);
    ck_assert_int_eq(due(&p, 0, true), 1);
    ck_assert_int_ne(view.resolved_ns, 0);
    ck_assert_uint_eq(view.told.labels_n, 3);
    end_all(&p);
}
END_TEST

/* The first sample after new rules ends what began under the old ones. */
START_TEST(what_goes_on_ends)
{
    struct alert_rig p;
    double v = -18;
    begin_with(&p, &warming, 1, 100);
    ramp(&p, freezer, &v, 1, 10);
    ck_assert_int_eq(active(&p), 1);
    rule_with(&p, &warming, 1);
    (void)alerts_turn(p.alerts, p.b.now);
    ck_assert_int_eq(active(&p), 1);
    ramp(&p, freezer, &v, 0, 2);
    ck_assert_int_eq(active(&p), 0);
    end_all(&p);
}
END_TEST

/* More alerts than may be: those after are left out and counted, the others go on. */
START_TEST(bounded)
{
    struct spec spec = warming;
    struct alert_rig p;
    spec.for_ns = 0;
    spec.when = "value > 5";
    spec.clear = NULL;
    begin_with(&p, &spec, 1, 10);
    for (int i = 0; i < 25; i++) {
        char key[64];
        snprintf(key, sizeof key, "temperature;room=freezer%d", i);
        sample(&p, key, 9);
        sample(&p, key, 9);
    }
    ck_assert_int_eq(active(&p), 10);
    ck_assert_uint_eq(counted(&p.b.stats.alerts_left_out), 15);
    for (int i = 0; i < 10; i++) {
        char key[64];
        snprintf(key, sizeof key, "temperature;room=freezer%d", i);
        pass(&p, S);
        sample(&p, key, 1);
    }
    ck_assert_int_eq(active(&p), 0);
    end_all(&p);
}
END_TEST

static const struct spec warm = {"Warm", "temperature", "value > 5", NULL, 0,
                                 0,      NO_DATA_KEEP,  NULL,        NULL};

static void set_room(struct alert_rig *p, int room, double v)
{
    char key[64];
    snprintf(key, sizeof key, "temperature;room=%d", room);
    pass(p, S);
    sample(p, key, v);
}

/* What is over makes room for what begins, the oldest first, and is counted if somebody should have known. */
START_TEST(what_is_over_makes_room)
{
    struct alert_rig p;
    begin_with(&p, &warm, 1, 10);
    alerts_targets(p.alerts, (const uint64_t[ALERT_TARGETS_MAX]){7});
    for (int i = 0; i < 10; i++)
        set_room(&p, i, 9);
    ck_assert_int_eq(due(&p, 0, true), 10);
    for (int i = 0; i < 6; i++)
        set_room(&p, i, 1);
    ck_assert_int_eq(due(&p, 0, false), 6);
    for (int i = 10; i < 14; i++)
        set_room(&p, i, 9);
    ck_assert_uint_eq(counted(&p.b.stats.alerts_dropped), 4);
    ck_assert_uint_eq(counted(&p.b.stats.alerts_left_out), 0);
    ck_assert_uint_eq(alerts_count(p.alerts).resolved, 2);
    ck_assert_int_eq(due(&p, 0, true), 6);
    for (int i = 14; i < 17; i++) /* two more go, though they were told; there is no third */
        set_room(&p, i, 9);
    ck_assert_uint_eq(counted(&p.b.stats.alerts_dropped), 4);
    ck_assert_uint_eq(counted(&p.b.stats.alerts_left_out), 1);
    ck_assert_int_eq(active(&p), 10);
    end_all(&p);
}
END_TEST

/* Rooms that warm and cool at random: after each round the alerts are those of the rooms that are warm, and a target
 * has been told of each change that it could have seen, in the order in which they came. */
START_TEST(as_a_naive_list_has_it)
{
    enum { ROOMS = 400, ROUNDS = 40 };
    bool warm_now[ROOMS] = {false}, told[ROOMS] = {false};
    struct alert_rig p;
    unsigned dice = 1;
    begin_with(&p, &warm, 1, 1000);
    alerts_targets(p.alerts, (const uint64_t[ALERT_TARGETS_MAX]){7});
    for (int round = 0; round < ROUNDS; round++) {
        int firing = 0, news = 0;
        for (int i = 0; i < ROOMS; i++) {
            dice = dice * 1103515245u + 12345u;
            if ((dice >> 16 & 3) == 0)
                set_room(&p, i, (warm_now[i] = !warm_now[i]) ? 9 : 1);
            firing += warm_now[i];
            news += warm_now[i] != told[i];
            told[i] = warm_now[i];
        }
        ck_assert_int_eq(active(&p), firing);
        ck_assert_uint_eq(alerts_count(p.alerts).firing, firing);
        struct alert_due d = {.target = 0, .again_ns = 3600 * S};
        uint64_t at = 0, before = 0;
        for (; alerts_next_news(p.alerts, &d, p.b.now, &at, &view); before = view.changes, news--) {
            ck_assert_uint_gt(view.changes, before);
            alerts_told(p.alerts, 0, view.id, view.changes, p.b.now.wall_ns);
        }
        ck_assert_int_le(
            news, 0); /* below 0: it fired and was over again in between, or the other way round */
        pass(&p, 3 * MINUTE);
        while (alerts_turn(p.alerts, p.b.now) <= p.b.now.wall_ns)
            ;
    }
    end_all(&p);
}
END_TEST

/* A name fires while any rule's alert of that name does; a rule is as bad as its worst alert. */
START_TEST(names_and_rules)
{
    struct spec two[] = {warm, warm};
    struct alert_rig p;
    two[1].when = "value > 50";
    two[1].for_ns = 60 * S;
    begin_with(&p, two, 2, 100);
    ck_assert(!alerts_firing(p.alerts, "Warm", 4));
    set_room(&p, 1, 60);
    ck_assert(alerts_firing(p.alerts, "Warm", 4) && !alerts_firing(p.alerts, "Warmer", 6));
    (void)alerts_lock(p.alerts);
    ck_assert_int_eq(alerts_worst(p.alerts, 0, 0), ALERT_FIRING);
    ck_assert_int_eq(alerts_worst(p.alerts, 0, 1), ALERT_PENDING);
    ck_assert_int_eq(alerts_worst(p.alerts, 0, 2), ALERT_INACTIVE);
    ck_assert_int_eq(alerts_worst(p.alerts, 1, 0), ALERT_INACTIVE);
    alerts_unlock(p.alerts);
    uint64_t id = 0;
    ck_assert(alerts_next_of(p.alerts, p.b.now, 0, 1, &id, &view));
    ck_assert_int_eq(view.state.phase, ALERT_PENDING);
    ck_assert(!alerts_next_of(p.alerts, p.b.now, 0, 1, &id, &view));
    id = 0;
    ck_assert(!alerts_next_of(p.alerts, p.b.now, 0, 2, &id, &view));
    set_room(&p, 1, 1);
    ck_assert(!alerts_firing(p.alerts, "Warm", 4));
    end_all(&p);
}
END_TEST

/* Each series by itself, and of each only the rules that look at it. */
START_TEST(a_series_stands_under_its_rules)
{
    static const struct spec specs[] = {
        {"High", "m", "value > 10", NULL, 0, 0, NO_DATA_KEEP, NULL, NULL},
        {"Other", "q", "value > 10", NULL, 0, 0, NO_DATA_KEEP, NULL, NULL},
        {"Slow", "m{n=~\"1|3\"}", "value > 10", NULL, MINUTE, 0, NO_DATA_KEEP, NULL, NULL},
    };
    struct alert_rig p;
    struct alert_standing at[WATCHED_MAX];
    begin_with(&p, specs, 3, 100);
    sample(&p, "m;n=1", 11);
    sample(&p, "m;n=2", 9);
    sample(&p, "p", 11);
    ck_assert_uint_eq(standings(&p, "p", at), 0);
    ck_assert_uint_eq(standings(&p, "m{n=\"2\"}", at), 1);
    ck_assert_str_eq(at[0].rule->alert, "High");
    ck_assert_str_eq(at[0].group->name, "g");
    ck_assert_int_eq(at[0].state.phase, ALERT_INACTIVE);
    ck_assert_uint_eq(standings(&p, "m{n=\"1\"}", at), 2);
    ck_assert_int_eq(at[0].state.phase, ALERT_FIRING);
    ck_assert_str_eq(at[1].rule->alert, "Slow");
    ck_assert_int_eq(at[1].state.phase, ALERT_PENDING);
    ck_assert_int_eq(at[1].state.active_ns, t0);
    pass(&p, MINUTE);
    sample(&p, "m;n=1", 12);
    ck_assert_uint_eq(standings(&p, "m{n=\"1\"}", at), 2);
    ck_assert_int_eq(at[1].state.phase, ALERT_FIRING);
    pass(&p, S);
    sample(&p, "m;n=1", 1);
    ck_assert_uint_eq(standings(&p, "m{n=\"1\"}", at), 2);
    ck_assert(at[0].state.phase == ALERT_INACTIVE && at[1].state.phase == ALERT_INACTIVE);
    end_all(&p);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("alerts");
    TCase *t = tcase_create("alerts");
    tcase_add_test(t, holds_fires_and_ends_once);
    tcase_add_test(t, fires_by_the_clock);
    tcase_add_test(t, told_again_and_again_until_it_is_over);
    tcase_add_loop_test(t, silence, 0, ROWS(silences));
    tcase_add_test(t, rules_that_stay_go_on);
    tcase_add_test(t, what_goes_on_ends);
    tcase_add_test(t, bounded);
    tcase_add_test(t, what_is_over_makes_room);
    tcase_add_test(t, as_a_naive_list_has_it);
    tcase_add_test(t, names_and_rules);
    tcase_add_test(t, a_series_stands_under_its_rules);
    suite_add_tcase(s, t);
    return s;
}
