/* tests/unit/series/test_watch.c -- who watches is told of each sample of the series that its selectors
 * match, of silence and of the end, and of no others. */
#include "bench.h"

#include "series/watch.h"

#include <stdlib.h>

struct told {
    uint32_t samples, ends;
    struct ref series, ended;
    uint16_t watches[WATCHED_MAX];
    uint32_t n;
    uint8_t memory; /* of the first watch, as it came */
    struct reading reading;
};

static void on_sample(void *ctx, struct ref series, struct watched *at, uint32_t n,
                      const struct reading *r, struct instant now)
{
    struct told *told = ctx;
    (void)now;
    told->samples++;
    told->series = series;
    told->n = n;
    told->memory = at[0].memory;
    for (uint32_t i = 0; i < n; i++) {
        told->watches[i] = at[i].watch;
        at[i].memory++;
    }
    told->reading = *r;
}

static void on_end(void *ctx, struct ref series, const struct watched *at, uint32_t n)
{
    struct told *told = ctx;
    ck_assert_uint_eq(n, told->n);
    ck_assert_uint_eq(at[0].memory, told->memory + 1);
    told->ends++;
    told->ended = series;
}

static struct policies watching(const char *const *texts, uint32_t n)
{
    struct policies p = {.defaults = policy_default(), .watches_n = n};
    struct selector_fault fault;
    p.watches = calloc(n + 1, sizeof *p.watches);
    for (uint32_t i = 0; i < n; i++)
        ck_assert_int_eq(selector_new(texts[i], strlen(texts[i]), &p.watches[i], &fault), NABLA_OK);
    return p;
}

static struct told told;
static struct watcher watcher = {.ctx = &told, .on_sample = on_sample, .on_end = on_end};

static void setup_watched(struct bench *b, uint32_t shards, const char *const *texts, uint32_t n)
{
    struct policies policies = watching(texts, n);
    memset(b, 0, sizeof *b);
    told = (struct told){0};
    ck_assert_int_eq(feed_new(64, &b->feed), NABLA_OK);
    struct table_options o = {.max_series = 100,
                              .shards = shards,
                              .max_future_ns = 3600 * S,
                              .read_key = read_key,
                              .policies = &policies,
                              .stats = &b->stats,
                              .feed = b->feed,
                              .watcher = &watcher};
    ck_assert_int_eq(table_new(&o, &b->table), NABLA_OK);
    b->now = (struct instant){.wall_ns = t0, .mono_ns = 5 * S};
}

static const char *const freezers[] = {"temperature{room=~\"freezer.*\"}", "{site=\"north\"}"};

static const struct {
    const char *key;
    uint32_t n;
    uint16_t watches[2];
} rows[] = {
    {"temperature;room=freezer1", 1, {0}},
    {"temperature;room=freezer1;site=north", 2, {0, 1}},
    {"pressure;site=north", 1, {1}},
    {"temperature;room=office", 0, {0}},
};

/* The same of the only series, for who asks. */
static void ask_watches(struct bench *b, const uint16_t *want, uint32_t n)
{
    static const struct query all = {0};
    struct findings found;
    uint16_t got[WATCHED_MAX];
    ck_assert_int_eq(table_select(b->table, &all, b->now, &found), NABLA_OK);
    ck_assert_uint_eq(found.n, 1);
    ck_assert_uint_eq(table_watches(b->table, found.at[0].ref, got), n);
    for (uint32_t i = 0; i < n; i++)
        ck_assert_uint_eq(got[i], want[i]);
    findings_fini(&found);
}

START_TEST(chosen_by_selector)
{
    struct bench b;
    setup_watched(&b, _i % 2 ? 16 : 1, freezers, 2);
    push(&b, rows[_i / 2].key, t0, 1);
    ck_assert_uint_eq(told.samples, rows[_i / 2].n > 0);
    ck_assert_uint_eq(told.n, rows[_i / 2].n);
    for (uint32_t i = 0; i < told.n; i++)
        ck_assert_uint_eq(told.watches[i], rows[_i / 2].watches[i]);
    ask_watches(&b, rows[_i / 2].watches, rows[_i / 2].n);
    teardown(&b);
}
END_TEST

/* What is known grows with the samples; a refused one changes nothing but is told, too. */
START_TEST(each_sample)
{
    struct bench b;
    setup_watched(&b, _i ? 16 : 1, freezers, 2);
    for (int i = 0; i < 10; i++) {
        push(&b, "temperature;room=freezer1", t0 + i * S, 2.0 * i);
        ck_assert_uint_eq(told.samples, (uint32_t)i + 1);
        ck_assert_uint_eq(told.memory, (uint32_t)i); /* kept from sample to sample */
        ck_assert_int_eq(told.reading.state, i == 0 ? STATE_WARMING : STATE_OK);
    }
    ck_assert(told.reading.rate.value == 2 && told.reading.edge.value == 2);
    ck_assert_ptr_null(told.reading.labels);
    push(&b, "temperature;room=freezer1", t0 - 100 * S, 7);
    ck_assert_uint_eq(told.samples, 11);
    ck_assert(told.reading.rate.value == 2);
    teardown(&b);
}
END_TEST

START_TEST(silence_and_the_end)
{
    struct bench b;
    setup_watched(&b, _i ? 16 : 1, freezers, 2);
    push(&b, "temperature;room=freezer1", t0, 1);
    push(&b, "humidity", t0, 1);
    b.now.mono_ns += 301 * S;
    sweep_all(&b);
    ck_assert_uint_eq(told.samples, 2); /* once, however often the sweep comes by */
    ck_assert_int_eq(told.reading.state, STATE_STALE);
    ck_assert_uint_eq(told.ends, 0);
    b.now.mono_ns += 3600 * S;
    sweep_all(&b);
    ck_assert_uint_eq(told.ends, 1);
    ck_assert_mem_eq(&told.ended, &told.series, sizeof told.series);
    ck_assert_uint_eq(table_count(b.table), 0);
    uint16_t none[WATCHED_MAX];
    ck_assert_uint_eq(table_watches(b.table, told.series, none), 0);
    teardown(&b);
}
END_TEST

static void reload(struct bench *b, const char *const *texts, uint32_t n)
{
    struct policies p = watching(texts, n);
    reconfigure(b->table, &p, 100);
}

START_TEST(other_watches_while_it_runs)
{
    static const char *const others[] = {"pressure", "temperature"};
    struct bench b;
    setup_watched(&b, _i ? 16 : 1, freezers, 2);
    push(&b, "temperature;room=freezer1", t0, 1);
    reload(&b, others, 2);
    ck_assert_uint_eq(told.ends, 0);
    push(&b, "temperature;room=freezer1", t0 + S, 1);
    ck_assert_uint_eq(told.memory, 0); /* another watch, another memory */
    ck_assert_uint_eq(told.n, 1);
    ck_assert_uint_eq(told.watches[0], 1);
    reload(&b, others, 1);
    push(&b, "temperature;room=freezer1", t0 + 2 * S, 1);
    ck_assert_uint_eq(told.samples, 2);
    ck_assert_uint_eq(told.ends, 0);
    teardown(&b);
}
END_TEST

/* While a change is on: a birth is under the new watches, and what they know of it by the end of the change is kept. */
START_TEST(what_is_born_meanwhile_is_left_alone)
{
    static const char *const others[] = {"pressure", "temperature"};
    struct bench b;
    setup_watched(&b, 1, freezers, 2);
    push(&b, "temperature;room=freezer1", t0, 1);
    struct policies p = watching(others, 2);
    table_configure(b.table, &p, 100, 3600 * S, 0);
    push(&b, "temperature;room=office", t0, 1);
    push(&b, "temperature;room=office", t0 + S, 1);
    ck_assert_uint_eq(told.memory, 1);
    ck_assert_uint_eq(told.watches[0], 1);
    while (table_follow(b.table))
        ;
    push(&b, "temperature;room=office", t0 + 2 * S, 1);
    ck_assert_uint_eq(told.memory, 2);
    teardown(&b);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("watch");
    TCase *t = tcase_create("watch");
    tcase_add_loop_test(t, chosen_by_selector, 0, 2 * ROWS(rows));
    tcase_add_loop_test(t, each_sample, 0, 2);
    tcase_add_loop_test(t, silence_and_the_end, 0, 2);
    tcase_add_loop_test(t, other_watches_while_it_runs, 0, 2);
    tcase_add_test(t, what_is_born_meanwhile_is_left_alone);
    suite_add_tcase(s, t);
    return s;
}
