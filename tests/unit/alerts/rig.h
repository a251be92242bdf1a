/* tests/unit/alerts/rig.h -- alerts over a real table on a clock of its own, with rules made of
 * specs; one thread, no loop. */
#ifndef TESTS_ALERT_RIG_H
#define TESTS_ALERT_RIG_H

#include "../series/bench.h"

#include "alerts/alerts.h"

#include <stdio.h>
#include <stdlib.h>

#define MINUTE (60 * S)

struct alert_rig {
    struct bench b;
    struct lookout *lookout;
    struct alerts *alerts;
    int woken;
};

static inline void wake(void *ctx)
{
    ++*(int *)ctx;
}

static inline char *text(const char *s)
{
    return s == NULL ? NULL : strdup(s);
}

struct spec {
    const char *alert, *match, *when, *clear;
    int64_t for_ns, keep_ns;
    enum no_data no_data;
    const char *severity, *summary; /* a label and an annotation: templates; NULL: none */
};

static inline void add_text(struct rule_texts *t, const char *name, const char *value)
{
    struct text_fault fault;
    if (value == NULL)
        return;
    t->at[t->n].name = strdup(name);
    ck_assert_int_eq(template_new(value, strlen(value), &t->at[t->n++].value, &fault), NABLA_OK);
}

static inline void compile(const char *s, struct expression *out)
{
    struct text_fault fault;
    ck_assert_msg(expression_compile(s, strlen(s), out, &fault) == NABLA_OK, "%s: %s", s,
                  fault.message);
}

static inline void make_rule(const struct spec *s, struct rule *out)
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
    add_text(&out->labels, "severity", s->severity);
    add_text(&out->annotations, "summary", s->summary);
    ck_assert_int_eq(selector_new(s->match, strlen(s->match), &out->selector, &fault), NABLA_OK);
}

static inline struct rules make_rules(const struct spec *specs, uint32_t n)
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

static inline void rule_with(struct alert_rig *p, const struct spec *specs, uint32_t n)
{
    struct rules rules = make_rules(specs, n);
    struct policies policies = {.defaults = policy_default()};
    ck_assert_int_eq(alerts_prepare(p->alerts, &rules, &policies), NABLA_OK);
    reconfigure(p->b.table, &policies, 1000);
    while (alerts_adopt(p->alerts, p->b.now))
        ;
}

static inline void begin_with(struct alert_rig *p, const struct spec *specs, uint32_t n,
                              uint32_t max)
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

static inline void end_all(struct alert_rig *p)
{
    alerts_free(p->alerts);
    table_free(p->b.table);
    lookout_free(p->lookout);
}

/* One sample at the bench's time, then all that follows from it. */
static inline void sample(struct alert_rig *p, const char *key, double v)
{
    push(&p->b, key, p->b.now.wall_ns, v);
    while (alerts_take(p->alerts, p->b.now))
        ;
    (void)alerts_turn(p->alerts, p->b.now);
}

static inline void pass(struct alert_rig *p, int64_t ns)
{
    p->b.now.wall_ns += ns;
    p->b.now.mono_ns += ns;
}

/* How a series stands under the rules that look at it; the caller knows that they stay. */
static inline uint32_t standings(struct alert_rig *p, const char *selector,
                                 struct alert_standing out[static WATCHED_MAX])
{
    struct selector *s;
    struct selector_fault fault;
    struct findings found;
    ck_assert_int_eq(selector_new(selector, strlen(selector), &s, &fault), NABLA_OK);
    struct query q = {.any = (const struct selector *const *)&s, .any_n = 1};
    ck_assert_int_eq(table_select(p->b.table, &q, p->b.now, &found), NABLA_OK);
    ck_assert_uint_eq(found.n, 1);
    (void)alerts_lock(p->alerts);
    uint32_t n = alerts_of(p->alerts, found.at[0].ref, out);
    alerts_unlock(p->alerts);
    findings_fini(&found);
    selector_free(s);
    return n;
}

static struct alert_view view;

static inline int active(struct alert_rig *p)
{
    uint64_t id = 0;
    int n = 0;
    while (alerts_next(p->alerts, p->b.now, &id, &view))
        n++;
    return n;
}

/* News, then what is to be told again. */
static inline int due(struct alert_rig *p, uint32_t target, bool tell)
{
    uint64_t changes = 0, id = 0;
    int n = 0;
    struct alert_due due = {.target = target, .again_ns = MINUTE, .resolved_again = true};
    for (; alerts_next_news(p->alerts, &due, p->b.now, &changes, &view) ||
           alerts_next_again(p->alerts, &due, p->b.now, &id, &view);
         n++)
        if (tell)
            alerts_told(p->alerts, target, view.id, view.changes, p->b.now.wall_ns);
    return n;
}

static const struct spec warming = {"FreezerWarming",
                                    "temperature{room=~\"freezer.*\"}",
                                    "edge > 0.5/min",
                                    "edge < 0.1/min",
                                    60 * S,
                                    0,
                                    NO_DATA_KEEP,
                                    "page",
                                    "{{ $labels.room }} warms"};

static const char freezer[] = "temperature;room=freezer1";

/* Degrees a minute, sample by sample, ten seconds apart. */
static inline void ramp(struct alert_rig *p, const char *key, double *v, double per_minute,
                        int samples)
{
    for (int i = 0; i < samples; i++) {
        pass(p, 10 * S);
        *v += per_minute / 6;
        sample(p, key, *v);
    }
}

#endif
