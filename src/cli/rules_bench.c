/* cli/rules_bench.c -- time goes from one thing to the next: a sample that comes, a visit that notices
 * silence, a moment at which an alert asked to be looked at. What follows is what nablad would do.
 *
 *     samples ──► table ──► lookout ──► alerts ◄── time
 *
 * Laws: at each moment samples come first, then the visit, then the alerts. */
#include "cli/rules_bench.h"

#include "series/selector.h"

#include <stdlib.h>
#include <string.h>

struct rules_bench {
    const struct rule_test *test;
    struct stats stats;
    struct lookout *lookout;
    struct table *table;
    struct alerts *alerts;
    struct instant now;
    int64_t sweep_ns, sweep_period_ns; /* the next visit */
    int64_t look_ns;                   /* when alerts ask to be called */
    uint32_t *next;                    /* owned: by series, the sample that comes next */
    struct batch batch;
};

/* A key is the text of a series, which has been read before: name{label="value"}. */
static enum nabla_status read_key(void *unused, const struct sample *sample, struct label_list *out)
{
    (void)unused;
    struct selector *s;
    struct selector_fault fault;
    enum nabla_status status = selector_new(sample->key, sample->key_n, &s, &fault);
    if (status != NABLA_OK)
        return status;
    out->n = out->text_n = 0;
    for (size_t i = 0; i < selector_size(s) && status == NABLA_OK; i++) {
        struct label l = selector_label(s, i);
        if (l.value == NULL || out->n == LABELS_MAX ||
            l.name_n + l.value_n > sizeof out->text - out->text_n) {
            status = NABLA_ELIMIT;
            break;
        }
        char *text = out->text + out->text_n;
        memcpy(text, l.name, l.name_n);
        memcpy(text + l.name_n, l.value, l.value_n);
        out->at[out->n++] = (struct label){text, text + l.name_n, l.name_n, l.value_n};
        out->text_n += l.name_n + l.value_n;
    }
    selector_free(s);
    return status;
}

static void on_ready(void *unused)
{
    (void)unused; /* looks are taken at every moment anyway */
}

/* ---- time */

static int64_t next_sample(const struct rules_bench *b)
{
    int64_t first = INT64_MAX;
    for (uint32_t i = 0; i < b->test->series_n; i++) {
        const struct rule_test_series *s = &b->test->series[i];
        if (b->next[i] < s->n && s->at[b->next[i]].t_ns < first)
            first = s->at[b->next[i]].t_ns;
    }
    return first;
}

static void push_batch(struct rules_bench *b)
{
    table_apply(b->table, &b->batch, b->now);
    b->batch.n = 0;
}

static void push_samples(struct rules_bench *b)
{
    for (uint32_t i = 0; i < b->test->series_n; i++) {
        const struct rule_test_series *s = &b->test->series[i];
        if (b->next[i] == s->n || s->at[b->next[i]].t_ns != b->now.wall_ns)
            continue;
        b->batch.at[b->batch.n++] = (struct sample){.t_ns = b->now.wall_ns,
                                                    .v = s->at[b->next[i]++].v,
                                                    .key = s->series,
                                                    .sub = "",
                                                    .key_n = (uint32_t)strlen(s->series)};
        if (b->batch.n == BATCH_MAX)
            push_batch(b);
    }
    push_batch(b);
}

static void sweep(struct rules_bench *b)
{
    struct sweep at = {0};
    if (b->sweep_ns > b->now.wall_ns)
        return;
    table_sweep(b->table, &at, UINT32_MAX, b->now);
    b->sweep_ns = b->now.wall_ns + b->sweep_period_ns;
}

static void happen(struct rules_bench *b, int64_t t_ns)
{
    b->now = (struct instant){.wall_ns = t_ns, .mono_ns = t_ns + NS_PER_S};
    push_samples(b);
    sweep(b);
    while (alerts_take(b->alerts, b->now))
        ;
    while ((b->look_ns = alerts_turn(b->alerts, b->now)) <= t_ns)
        ;
}

static int64_t sooner(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

void rules_bench_reach(struct rules_bench *b, int64_t t_ns)
{
    int64_t next;
    while ((next = sooner(next_sample(b), sooner(b->sweep_ns, b->look_ns))) < t_ns)
        happen(b, next);
    happen(b, t_ns);
}

bool rules_bench_firing(struct rules_bench *b, uint64_t *id, struct alert_view *out)
{
    while (alerts_next(b->alerts, b->now, id, out))
        if (out->state.phase == ALERT_FIRING)
            return true;
    return false;
}

/* ---- made and freed */

static int64_t last_check(const struct rule_test *test)
{
    int64_t last = 0;
    for (uint32_t i = 0; i < test->checks_n; i++)
        last = test->checks[i].t_ns > last ? test->checks[i].t_ns : last;
    return last;
}

/* Rules first: the series of the table are chosen for them at birth. */
static enum nabla_status make(struct rules_bench *b, struct policies *policies, struct rules *rules)
{
    enum nabla_status status = lookout_new(on_ready, NULL, &b->lookout);
    if (status != NABLA_OK)
        return status;
    struct alerts_options alerts = {
        .lookout = b->lookout, .stats = &b->stats, .max = BENCH_ALERTS_MAX};
    struct table_options table = {.max_series = RULE_TEST_SERIES_MAX,
                                  .shards = 1,
                                  .keep_bytes = BENCH_KEEP_BYTES,
                                  .max_future_ns = NS_PER_S,
                                  .read_key = read_key,
                                  .policies = policies,
                                  .stats = &b->stats,
                                  .watcher = lookout_watcher(b->lookout)};
    status = alerts_new(&alerts, 0, &b->alerts);
    if (status == NABLA_OK)
        status = alerts_prepare(b->alerts, rules, policies);
    if (status == NABLA_OK)
        status = table_new(&table, &b->table);
    if (status != NABLA_OK)
        return status;
    alerts_table(b->alerts, b->table);
    while (alerts_adopt(b->alerts, b->now))
        ;
    return NABLA_OK;
}

enum nabla_status rules_bench_new(const struct rule_test *test, struct policies *policies,
                                  struct rules *rules, struct rules_bench **out)
{
    struct rules_bench *b = calloc(1, sizeof *b);
    enum nabla_status status = NABLA_ENOMEM;
    if (b != NULL && (b->next = calloc(test->series_n + 1u, sizeof *b->next)) != NULL) {
        b->test = test;
        b->now = (struct instant){.mono_ns = NS_PER_S};
        b->look_ns = INT64_MAX;
        b->sweep_period_ns = last_check(test) / BENCH_SWEEPS_MAX;
        if (b->sweep_period_ns < NS_PER_S)
            b->sweep_period_ns = NS_PER_S;
        status = make(b, policies, rules);
    }
    policies_fini(policies);
    rules_fini(rules);
    if (status == NABLA_OK)
        *out = b;
    else
        rules_bench_free(b);
    return status;
}

void rules_bench_free(struct rules_bench *b)
{
    if (b == NULL)
        return;
    alerts_free(b->alerts);
    table_free(b->table);
    lookout_free(b->lookout);
    free(b->next);
    free(b);
}
