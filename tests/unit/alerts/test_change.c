/* tests/unit/alerts/test_change.c -- what holds while rules change: the table and the alerts go over slice by slice,
 * and looks come in between. */
#include "rig.h"

enum { MANY = 3 * ALERTS_SLICE + 10 };

static const struct spec hot = {"Hot", "m", "value > 0", NULL, 0, 0, NO_DATA_KEEP, NULL, NULL},
                         other = {"Other", "m", "value > 1", NULL, 0, 0, NO_DATA_KEEP, NULL, NULL};

static void sample_all(struct alert_rig *p, double v)
{
    char key[32];
    pass(p, S);
    for (int i = 0; i < MANY; i++) {
        snprintf(key, sizeof key, "m;n=%d", i);
        sample(p, key, v);
    }
}

/* Up to where the table has gone over, and no alert has. */
static void begin_change(struct alert_rig *p, const struct spec *spec)
{
    struct rules rules = make_rules(spec, 1);
    struct policies policies = {.defaults = policy_default()};
    ck_assert_int_eq(alerts_prepare(p->alerts, &rules, &policies), NABLA_OK);
    reconfigure(p->b.table, &policies, 1000);
}

/* What fires goes on under the new rules, and nobody hears of it a second time, whenever its series' next sample
 * comes. */
START_TEST(samples_in_the_middle_begin_nothing_twice)
{
    struct alert_rig p;
    int slices = 0;
    begin_with(&p, &hot, 1, 2 * MANY);
    sample_all(&p, 1);
    ck_assert_uint_eq(counted(&p.b.stats.alerts_fired), MANY);
    begin_change(&p, &hot);
    for (bool more = true; more; slices++) {
        sample_all(&p, 2 + slices);
        ck_assert_int_eq(active(&p), MANY);
        more = alerts_adopt(p.alerts, p.b.now);
    }
    ck_assert_int_eq(slices, MANY / ALERTS_SLICE + 1);
    sample_all(&p, 9);
    ck_assert_int_eq(active(&p), MANY);
    ck_assert_uint_eq(counted(&p.b.stats.alerts_fired), MANY);
    sample_all(&p, -1);
    ck_assert_int_eq(active(&p), 0);
    ck_assert_uint_eq(counted(&p.b.stats.alerts_resolved), MANY);
    end_all(&p);
}
END_TEST

/* One that ends while it goes over is seen to have ended, at the latest when it has. */
START_TEST(an_end_in_the_middle_is_not_lost)
{
    struct alert_rig p;
    begin_with(&p, &hot, 1, 2 * MANY);
    sample_all(&p, 1);
    begin_change(&p, &hot);
    sample_all(&p, -1);
    while (alerts_adopt(p.alerts, p.b.now))
        ;
    while (alerts_turn(p.alerts, p.b.now) <= p.b.now.wall_ns)
        ;
    ck_assert_int_eq(active(&p), 0);
    ck_assert_uint_eq(counted(&p.b.stats.alerts_fired), MANY);
    end_all(&p);
}
END_TEST

START_TEST(rules_that_go_end_theirs_slice_by_slice)
{
    struct alert_rig p;
    begin_with(&p, &hot, 1, 2 * MANY);
    sample_all(&p, 1);
    begin_change(&p, &other);
    ck_assert(alerts_adopt(p.alerts, p.b.now));
    ck_assert_int_eq(active(&p), MANY - ALERTS_SLICE);
    sample_all(&p, 5); /* those of the new rule begin whatever goes on */
    ck_assert_int_eq(active(&p), 2 * MANY - ALERTS_SLICE);
    while (alerts_adopt(p.alerts, p.b.now))
        ;
    ck_assert_int_eq(active(&p), MANY);
    end_all(&p);
}
END_TEST

/* Whoever asks in the middle is told of the new rules, and of alerts that have not gone over to them yet. */
START_TEST(a_series_fires_all_the_while)
{
    struct alert_rig p;
    struct alert_standing at[WATCHED_MAX];
    char newest[32];
    snprintf(newest, sizeof newest, "m{n=\"%d\"}", MANY - 1);
    begin_with(&p, &hot, 1, 2 * MANY);
    sample_all(&p, 1);
    begin_change(&p, &hot);
    for (bool more = true; more;) {
        ck_assert_uint_eq(standings(&p, newest, at), 1);
        ck_assert_int_eq(at[0].state.phase, ALERT_FIRING);
        more = alerts_adopt(p.alerts, p.b.now);
    }
    ck_assert_uint_eq(standings(&p, newest, at), 1);
    ck_assert_int_eq(at[0].state.phase, ALERT_FIRING);
    end_all(&p);
}
END_TEST

START_TEST(the_end_in_the_middle)
{
    struct alert_rig p;
    begin_with(&p, &hot, 1, 2 * MANY);
    sample_all(&p, 1);
    begin_change(&p, _i ? &hot : &other);
    ck_assert(alerts_adopt(p.alerts, p.b.now));
    end_all(&p);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("alerts/change");
    TCase *t = tcase_create("change");
    tcase_set_timeout(t, 120);
    tcase_add_test(t, samples_in_the_middle_begin_nothing_twice);
    tcase_add_test(t, an_end_in_the_middle_is_not_lost);
    tcase_add_test(t, rules_that_go_end_theirs_slice_by_slice);
    tcase_add_test(t, a_series_fires_all_the_while);
    tcase_add_loop_test(t, the_end_in_the_middle, 0, 2);
    suite_add_tcase(s, t);
    return s;
}
