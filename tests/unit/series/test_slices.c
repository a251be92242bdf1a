/* tests/unit/series/test_slices.c -- work on all series of a table comes in slices: how many of them one hold of a
 * lock reaches, that none is left out, and what holds between two slices. Counted in series, not in time. */
#include "bench.h"

#include "series/table_save.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    MANY = 5000,
    FOLLOW_MOST = 1024,  /* series of one hold, where no rule has to be asked */
    ENDS_MOST = 128,     /* that are forgotten */
    SILENCES_MOST = 512, /* whose runs end */
};

static void push_many(struct bench *b, int n)
{
    char key[32];
    for (int i = 0; i < n; i++) {
        snprintf(key, sizeof key, "m;n=%d", i);
        push(b, key, t0, i);
    }
}

static struct policies hourly(void)
{
    struct policies p = {.defaults = policy_default()};
    p.defaults.per = PER_HOUR;
    return p;
}

/* Rules with an expression each, of which none matches but the last. */
static struct policies hourly_by_rules(uint32_t n)
{
    struct policies p = {.defaults = policy_default(), .rules_n = n};
    struct selector_fault fault;
    p.rules = calloc(n, sizeof *p.rules);
    for (uint32_t i = 0; i < n; i++) {
        const char *text = i + 1 < n ? "{n=~\"x.*\"}" : "{n=~\".+\"}";
        p.rules[i].policy = policy_default();
        p.rules[i].policy.per = PER_HOUR;
        ck_assert_int_eq(selector_new(text, strlen(text), &p.rules[i].match, &fault), NABLA_OK);
    }
    return p;
}

static int count_hourly(struct bench *b)
{
    struct findings found;
    struct query q = {0};
    int n = 0;
    ck_assert_int_eq(table_select(b->table, &q, b->now, &found), NABLA_OK);
    for (uint32_t i = 0; i < found.n; i += READINGS_MAX) {
        uint32_t left = found.n - i, some = left < READINGS_MAX ? left : READINGS_MAX;
        ck_assert_int_eq(table_read(b->table, found.at + i, some, b->now, &readings), NABLA_OK);
        for (uint32_t j = 0; j < readings.n; j++)
            n += readings.at[j].per == PER_HOUR;
    }
    findings_fini(&found);
    return n;
}

static const struct {
    const char *label;
    uint32_t rules;
    int most; /* series of one hold */
} changes[] = {
    {"no rules", 0, FOLLOW_MOST},
    {"a rule", 1, FOLLOW_MOST},
    {"a hundred", 100, 32},
    {"as many as may be", POLICY_RULES_MAX, 4},
};

START_TEST(a_change_reaches_a_slice_at_a_time)
{
    struct bench b;
    int n = changes[_i].rules > 100 ? 50 : MANY, reached = 0, slices = 0;
    setup(&b, 4, 2 * MANY, policy_default());
    push_many(&b, n);
    struct policies p = changes[_i].rules == 0 ? hourly() : hourly_by_rules(changes[_i].rules);
    ck_assert(!table_follow(b.table)); /* there is nothing to follow */
    table_configure(b.table, &p, 2 * MANY, 3600 * S, 0);
    ck_assert_int_eq(count_hourly(&b), 0);
    for (; table_follow(b.table); slices++) {
        int now = count_hourly(&b);
        ck_assert_msg(now >= reached && now - reached <= changes[_i].most, "%s: %d in one slice",
                      changes[_i].label, now - reached);
        reached = now;
    }
    ck_assert_int_eq(count_hourly(&b), n);
    ck_assert_int_ge(slices, n / changes[_i].most);
    ck_assert(!table_follow(b.table));
    teardown(&b);
}
END_TEST

/* Births in the middle are under the new policies at once; those before them are still reached, whatever their
 * places were before. A second change may come as soon as the first is through. */
START_TEST(births_and_ends_in_the_middle)
{
    struct bench b;
    setup(&b, 1, 2 * MANY, policy_default());
    push_many(&b, MANY);
    struct policies p = hourly(), back = {.defaults = policy_default()};
    table_configure(b.table, &p, 2 * MANY, 3600 * S, 0);
    ck_assert(table_follow(b.table));
    int reached = count_hourly(&b);
    ck_assert_int_eq(reached, FOLLOW_MOST);
    b.now.mono_ns += 2 * 3600 * S;
    push(&b, "born", t0, 1);
    ck_assert_int_eq(count_hourly(&b), reached + 1);
    sweep_all(&b); /* all but the newborn are forgotten, their places free */
    ck_assert_uint_eq(table_count(b.table), 1);
    push_many(&b, MANY);
    ck_assert_int_eq(count_hourly(&b), MANY + 1);
    while (table_follow(b.table))
        ;
    ck_assert_int_eq(count_hourly(&b), MANY + 1);
    reconfigure(b.table, &back, 2 * MANY);
    ck_assert_int_eq(count_hourly(&b), 0);
    teardown(&b);
}
END_TEST

/* A table goes in the middle of a change: both sets of policies go with it. */
START_TEST(the_end_in_the_middle)
{
    struct bench b;
    setup(&b, 1, 2 * MANY, policy_default());
    push_many(&b, MANY);
    struct policies p = hourly_by_rules(10);
    table_configure(b.table, &p, 2 * MANY, 3600 * S, 0);
    ck_assert(table_follow(b.table));
    teardown(&b);
}
END_TEST

static int saved_chunks(struct bench *b)
{
    struct buf out = {0};
    struct save_tally tally = {0};
    static struct save_keepers keepers;
    int n = 0;
    for (uint32_t i = 0; i < table_chunks(b->table, 0); i++) {
        buf_clear(&out);
        n += table_save(b->table, (struct save_chunk){0, i}, false, b->now, &out, &keepers, &tally);
    }
    buf_fini(&out);
    return n;
}

/* A snapshot in the middle has each series as it is then; those that go over after it are in the next one. */
START_TEST(a_snapshot_in_the_middle)
{
    enum { CHUNKS = (MANY + SAVE_CHUNK - 1) / SAVE_CHUNK };
    struct bench b;
    setup(&b, 1, 2 * MANY, policy_default());
    push_many(&b, MANY);
    ck_assert_int_eq(saved_chunks(&b), CHUNKS);
    struct policies p = hourly();
    table_configure(b.table, &p, 2 * MANY, 3600 * S, 0);
    ck_assert(table_follow(b.table));
    ck_assert_int_eq(saved_chunks(&b), FOLLOW_MOST / SAVE_CHUNK);
    while (table_follow(b.table))
        ;
    ck_assert_int_eq(saved_chunks(&b), CHUNKS - FOLLOW_MOST / SAVE_CHUNK);
    ck_assert_int_eq(saved_chunks(&b), 0);
    teardown(&b);
}
END_TEST

/* ---- the sweep */

/* One round, of which a slice may count at most so many; returns how many it counted. */
static uint64_t sweep_round(struct bench *b, struct sweep *at, uint64_t most,
                            uint64_t (*counts)(const struct bench *b))
{
    uint64_t before = counts(b), in_all = 0;
    uint32_t due = table_visits(b->table);
    ck_assert_uint_eq(due, MANY);
    for (uint32_t n; due > 0; due -= n) {
        uint64_t since = counts(b);
        n = table_sweep_slice(b->table, at, due, b->now);
        ck_assert_uint_le(n, due);
        ck_assert_msg(counts(b) - since <= most, "%d in one slice", (int)(counts(b) - since));
    }
    in_all = counts(b) - before;
    ck_assert(at->shard == 0 && at->place == 0);
    return in_all;
}

static uint64_t silences(const struct bench *b)
{
    return happened(b, EVENT_STALED);
}

static uint64_t ends(const struct bench *b)
{
    return happened(b, EVENT_EXPIRED);
}

START_TEST(a_sweep_ends_a_slice_at_a_time)
{
    struct bench b;
    struct sweep at = {0};
    setup(&b, (uint32_t)_i, 2 * MANY, policy_default());
    push_many(&b, MANY);
    ck_assert_uint_eq(sweep_round(&b, &at, 0, silences), 0);
    b.now.mono_ns += 2 * 3600 * S;
    ck_assert_uint_eq(sweep_round(&b, &at, SILENCES_MOST, silences), MANY);
    ck_assert_uint_eq(table_count(b.table), MANY);
    ck_assert_uint_eq(sweep_round(&b, &at, ENDS_MOST, ends), MANY);
    ck_assert_uint_eq(table_count(b.table), 0);
    teardown(&b);
}
END_TEST

/* Where there is nothing to do a slice is long: a million series take a turn of the loop or two. */
START_TEST(a_visit_without_work_is_cheap)
{
    struct bench b;
    struct sweep at = {0};
    setup(&b, 1, 2 * MANY, policy_default());
    push_many(&b, MANY);
    ck_assert_uint_eq(table_sweep_slice(b.table, &at, 100, b.now), 100);
    ck_assert_uint_eq(at.place, 100);
    ck_assert_uint_ge(table_sweep_slice(b.table, &at, UINT32_MAX, b.now), 4000);
    teardown(&b);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("series/slices");
    TCase *t = tcase_create("slices");
    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, a_change_reaches_a_slice_at_a_time, 0, ROWS(changes));
    tcase_add_test(t, births_and_ends_in_the_middle);
    tcase_add_test(t, the_end_in_the_middle);
    tcase_add_test(t, a_snapshot_in_the_middle);
    tcase_add_loop_test(t, a_sweep_ends_a_slice_at_a_time, 1, 2);
    tcase_add_loop_test(t, a_sweep_ends_a_slice_at_a_time, 4, 5);
    tcase_add_test(t, a_visit_without_work_is_cheap);
    suite_add_tcase(s, t);
    return s;
}
