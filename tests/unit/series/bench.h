/* tests/unit/series/bench.h -- a table on a bench: one policy for all, a clock that the test moves, a
 * feed that it empties. A key here is "name" or "name;label=value;..."; bench_read_key reads it. */
#ifndef TESTS_SERIES_BENCH_H
#define TESTS_SERIES_BENCH_H

#include "series/selector.h"
#include "series/table.h"

#include "suite.h"

#include <string.h>

#define S 1000000000LL

static const int64_t t0 = 1700000000LL * S;

static inline enum nabla_status read_key(void *ctx, const struct sample *s, struct label_list *out)
{
    (void)ctx;
    const char *p = s->key, *end = s->key + s->key_n;
    out->n = out->text_n = 0;
    for (bool metric = true; p < end; metric = false) {
        const char *stop = memchr(p, ';', (size_t)(end - p));
        stop = stop == NULL ? end : stop;
        const char *eq = metric ? NULL : memchr(p, '=', (size_t)(stop - p));
        if (!metric && eq == NULL)
            return NABLA_EINVAL;
        if (out->n == LABELS_MAX)
            return NABLA_ELIMIT;
        out->at[out->n++] =
            metric ? (struct label){LABEL_METRIC, p, 8, (uint32_t)(stop - p)}
                   : (struct label){p, eq + 1, (uint32_t)(eq - p), (uint32_t)(stop - eq - 1)};
        p = stop + 1;
    }
    return NABLA_OK;
}

struct bench {
    struct stats stats;
    struct table *table;
    struct feed *feed;
    struct instant now;
};

static int unheard;

static inline void hear(void *ctx)
{
    ++*(int *)ctx;
}

/* A table with one policy for all, at time t0; secrets: NULL for new ones. */
static inline void setup_with(struct bench *b, uint32_t shards, uint32_t max_series,
                              struct policy policy, const struct secrets *secrets)
{
    struct policies policies = {.defaults = policy};
    memset(b, 0, sizeof *b);
    ck_assert_int_eq(feed_new(4096, &b->feed), NABLA_OK);
    feed_listen(b->feed, FEED_STREAMS, hear, &unheard);
    struct table_options o = {.max_series = max_series,
                              .shards = shards,
                              .max_future_ns = 3600 * S,
                              .read_key = read_key,
                              .policies = &policies,
                              .stats = &b->stats,
                              .secrets = secrets,
                              .keep_bytes = 1 << 20,
                              .feed = b->feed};
    ck_assert_int_eq(table_new(&o, &b->table), NABLA_OK);
    b->now = (struct instant){.wall_ns = t0, .mono_ns = 5 * S};
}

static inline void setup(struct bench *b, uint32_t shards, uint32_t max_series,
                         struct policy policy)
{
    setup_with(b, shards, max_series, policy, NULL);
}

static inline void teardown(struct bench *b)
{
    table_free(b->table);
    feed_free(b->feed);
}

static struct batch batch; /* 50 KB: not on the stack of a forked test */

static inline void push_form(struct bench *b, const char *key, enum key_form form, int64_t t_ns,
                             double v)
{
    batch.n = 1;
    batch.at[0] = (struct sample){.t_ns = t_ns,
                                  .v = v,
                                  .key = key,
                                  .sub = "",
                                  .key_n = (uint32_t)strlen(key),
                                  .form = (uint8_t)form};
    table_apply(b->table, &batch, b->now);
}

static inline void push(struct bench *b, const char *key, int64_t t_ns, double v)
{
    push_form(b, key, KEY_GRAPHITE, t_ns, v);
}

/* Other policies for all series, which are emptied. */
static inline void reconfigure(struct table *t, struct policies *policies, uint32_t max_series)
{
    table_configure(t, policies, max_series, 3600 * S, 0);
    while (table_follow(t))
        ;
}

static inline uint64_t rejected(const struct bench *b, enum cause c)
{
    return counted(&b->stats.rejected[c]);
}

static inline uint64_t happened(const struct bench *b, enum event e)
{
    return counted(&b->stats.events[e]);
}

static inline uint32_t drain(struct bench *b, struct feed_item *out, uint32_t max)
{
    uint64_t lost;
    uint32_t n = feed_take(b->feed, FEED_STREAMS, out, max, &lost);
    ck_assert_uint_eq(lost, 0);
    return n;
}

static struct readings readings;

/* The reading of the one series that the selector finds. */
static inline const struct reading *read_one(struct bench *b, const char *text)
{
    struct selector *s;
    struct selector_fault fault;
    struct findings found;
    ck_assert_int_eq(selector_new(text, strlen(text), &s, &fault), NABLA_OK);
    const struct selector *any[] = {s};
    struct query q = {.any = any, .any_n = 1};
    ck_assert_int_eq(table_select(b->table, &q, b->now, &found), NABLA_OK);
    ck_assert_msg(found.n == 1, "%s: %u found", text, found.n);
    ck_assert_int_eq(table_read(b->table, found.at, found.n, b->now, &readings), NABLA_OK);
    ck_assert_uint_eq(readings.n, 1);
    findings_fini(&found);
    selector_free(s);
    return &readings.at[0];
}

/* Visits every series twice: the expired are told as stale first and forgotten after. */
static inline void sweep_all(struct bench *b)
{
    struct sweep at = {0};
    table_sweep(b->table, &at, UINT32_MAX, b->now);
    table_sweep(b->table, &at, UINT32_MAX, b->now);
}

#endif
