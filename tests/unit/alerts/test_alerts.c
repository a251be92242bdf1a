/* tests/unit/alerts/test_alerts.c -- alerts over a real table on a clock of its own: begun, held, ended,
 * told, inherited; one lock, one queue, no loop. */
#include "../series/bench.h"

#include "alerts/saved.h"

#include <stdio.h>
#include <stdlib.h>

#define MIN (60 * S)

struct post {
    struct bench b;
    struct lookout *lookout;
    struct alerts *alerts;
    int woken;
};

static void wake(void *ctx)
{
    ++*(int *)ctx;
}

static char *text(const char *s)
{
    return s == NULL ? NULL : strdup(s);
}

struct spec {
    const char *alert, *match, *when, *clear;
    int64_t for_ns, keep_ns;
    enum no_data no_data;
};

static void compile(const char *s, struct expression *out)
{
    struct text_fault fault;
    ck_assert_msg(expression_compile(s, strlen(s), out, &fault) == NABLA_OK, "%s: %s", s,
                  fault.message);
}

static void make_rule(const struct spec *s, struct rule *out)
{
    struct selector_fault fault;
    *out = (struct rule){.alert = text(s->alert),
                         .match = text(s->match),
                         .when_text = text(s->when),
                         .clear_text = text(s->clear),
                         .for_ns = s->for_ns,
                         .keep_firing_for_ns = s->keep_ns,
                         .no_data = s->no_data};
    compile(s->when, &out->when);
    if (s->clear != NULL)
        compile(s->clear, &out->clear);
    ck_assert_int_eq(selector_new(s->match, strlen(s->match), &out->selector, &fault), NABLA_OK);
}

static struct rules make_rules(const struct spec *specs, uint32_t n)
{
    struct rules r = {.groups_n = 1, .n = n};
    r.groups = calloc(1, sizeof *r.groups);
    r.groups[0] = (struct rule_group){.name = text("g"),
                                      .file = text("rules.yaml"),
                                      .rules = calloc(n, sizeof(struct rule)),
                                      .n = n};
    for (uint32_t i = 0; i < n; i++)
        make_rule(&specs[i], &r.groups[0].rules[i]);
    return r;
}

static void rule_with(struct post *p, const struct spec *specs, uint32_t n)
{
    struct rules rules = make_rules(specs, n);
    struct policies policies = {.defaults = policy_default()};
    ck_assert_int_eq(alerts_prepare(p->alerts, &rules, &policies), NABLA_OK);
    table_configure(p->b.table, &policies, 1000, 3600 * S, 0);
    alerts_adopt(p->alerts, p->b.now);
}

static void begin_with(struct post *p, const struct spec *specs, uint32_t n, uint32_t max)
{
    struct policies policies = {.defaults = policy_default()};
    memset(p, 0, sizeof *p);
    p->b.now = (struct instant){.wall_ns = t0, .mono_ns = 5 * S};
    ck_assert_int_eq(lookout_new(wake, &p->woken, &p->lookout), NABLA_OK);
    struct table_options o = {.max_series = 1000,
                              .shards = 1,
                              .max_future_ns = 3600 * S,
                              .read_key = read_key,
                              .policies = &policies,
                              .stats = &p->b.stats,
                              .watcher = lookout_watcher(p->lookout)};
    ck_assert_int_eq(table_new(&o, &p->b.table), NABLA_OK);
    struct alerts_options a = {.lookout = p->lookout, .stats = &p->b.stats, .max = max};
    ck_assert_int_eq(alerts_new(&a, p->b.now.wall_ns, &p->alerts), NABLA_OK);
    alerts_table(p->alerts, p->b.table);
    rule_with(p, specs, n);
}

static void end_all(struct post *p)
{
    alerts_free(p->alerts);
    table_free(p->b.table);
    lookout_free(p->lookout);
}

/* One sample at the bench's time, then all that follows from it. */
static void sample(struct post *p, const char *key, double v)
{
    push(&p->b, key, p->b.now.wall_ns, v);
    while (alerts_take(p->alerts, p->b.now))
        ;
    (void)alerts_turn(p->alerts, p->b.now);
}

static void pass(struct post *p, int64_t ns)
{
    p->b.now.wall_ns += ns;
    p->b.now.mono_ns += ns;
}

static struct alert_view view;

static int active(struct post *p)
{
    uint64_t id = 0;
    int n = 0;
    while (alerts_next(p->alerts, p->b.now, &id, &view))
        n++;
    return n;
}

static int due(struct post *p, uint32_t target, bool tell)
{
    uint64_t id = 0;
    int n = 0;
    struct alert_due due = {.target = target, .again_ns = MIN, .resolved_again = true};
    for (; alerts_next_due(p->alerts, &due, p->b.now, &id, &view); n++)
        if (tell)
            alerts_told(p->alerts, target, view.id, view.changes, p->b.now.wall_ns);
    return n;
}

static const struct spec warming = {"FreezerWarming", "temperature{room=~\"freezer.*\"}",
                                    "edge > 0.5/min", "edge < 0.1/min",
                                    60 * S,           0,
                                    NO_DATA_KEEP};

static const char freezer[] = "temperature;room=freezer1";

/* Degrees a minute, sample by sample, ten seconds apart. */
static void ramp(struct post *p, const char *key, double *v, double per_minute, int samples)
{
    for (int i = 0; i < samples; i++) {
        pass(p, 10 * S);
        *v += per_minute / 6;
        sample(p, key, *v);
    }
}

START_TEST(holds_fires_and_ends_once)
{
    struct post p;
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
    struct post p;
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
    struct post p;
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
        pass(&p, MIN);
        ck_assert_int_eq(due(&p, 0, true), 1);
    }
    pass(&p, 3600 * S); /* the second target was down all the time: it is told all the same */
    (void)alerts_turn(p.alerts, p.b.now);
    ck_assert_int_eq(due(&p, 0, true), 0);
    ck_assert_int_eq(due(&p, 1, true), 1);
    ck_assert_uint_eq(alerts_count(p.alerts).resolved, 1);
    pass(&p, 2 * MIN);
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
    struct post p;
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
    struct spec two[] = {{"Other", "temperature", "value > 1000", NULL, 0, 0, NO_DATA_KEEP},
                         warming};
    struct post p;
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
    ck_assert_uint_eq(view.told.labels_n, 2);
    end_all(&p);
}
END_TEST

/* The first sample after new rules ends what began under the old ones. */
START_TEST(what_goes_on_ends)
{
    struct post p;
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

/* Saved while it fires, restored into alerts that know the rule: its series speaks again and ends it; whoever
 * was told is told no more than that. */
START_TEST(outlives_a_restart)
{
    struct post p, q;
    struct buf bytes;
    double v = -18;
    buf_init(&bytes);
    begin_with(&p, &warming, 1, 100);
    alerts_targets(p.alerts, (const uint64_t[ALERT_TARGETS_MAX]){7, 8});
    ramp(&p, freezer, &v, 1, 10);
    ck_assert_int_eq(due(&p, 0, true), 1);
    alerts_save(p.alerts, &bytes);
    int64_t fired_ns = view.fired_ns, now_ns = p.b.now.wall_ns;
    end_all(&p);
    begin_with(&q, &warming, 1, 100);
    q.b.now.wall_ns = now_ns;
    for (size_t i = 0; i < bytes.n; i++) { /* torn, and with a byte that is wrong */
        ck_assert_int_eq(alerts_restore(q.alerts, bytes.at, i), NABLA_EINVAL);
        bytes.at[i] ^= 1;
        ck_assert_int_eq(alerts_restore(q.alerts, bytes.at, bytes.n), NABLA_EINVAL);
        bytes.at[i] ^= 1;
    }
    ck_assert_int_eq(active(&q), 0);
    ck_assert_int_eq(alerts_restore(q.alerts, bytes.at, bytes.n), NABLA_OK);
    ck_assert_uint_eq(alerts_count(q.alerts).firing, 1);
    ck_assert_int_eq(active(&q), 1);
    ck_assert_int_eq(view.fired_ns, fired_ns);
    ck_assert_int_eq(due(&q, 0, false), 0);
    ck_assert_int_eq(due(&q, 1, false), 1);
    ramp(&q, freezer, &v, 1, 5);
    ck_assert_int_eq(active(&q), 1);
    ck_assert_uint_eq(counted(&q.b.stats.alerts_fired), 0);
    ramp(&q, freezer, &v, 0, 2);
    ck_assert_int_eq(active(&q), 0);
    ck_assert_uint_eq(counted(&q.b.stats.alerts_resolved), 1);
    ck_assert_int_eq(due(&q, 0, true), 1);
    end_all(&q);
    buf_fini(&bytes);
}
END_TEST

/* More alerts than may be: those after are left out and counted, the others go on. */
START_TEST(bounded)
{
    struct spec spec = warming;
    struct post p;
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
    tcase_add_test(t, outlives_a_restart);
    tcase_add_test(t, bounded);
    suite_add_tcase(s, t);
    return s;
}
