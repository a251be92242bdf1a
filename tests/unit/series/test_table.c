/* tests/unit/series/test_table.c -- spellings, births and ends, queries, policies, and threads. */
#include "bench.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- spellings */

START_TEST(two_spellings_are_one_series)
{
    struct bench b;
    setup(&b, _i, 100, policy_default());
    for (int k = 0; k < 20; k++) { /* on many shards the two keys live apart more often than not */
        char ab[64], ba[64], selector[64];
        snprintf(ab, sizeof ab, "t%d;a=1;b=2", k);
        snprintf(ba, sizeof ba, "t%d;b=2;a=1", k);
        snprintf(selector, sizeof selector, "t%d", k);
        push(&b, ab, t0, 0);
        push(&b, ba, t0 + S, 1);
        push(&b, ab, t0 + 2 * S, 4);
        push(&b, ba, t0 + 3 * S, 9);
        ck_assert(read_one(&b, selector)->rate.value == 4);
    }
    ck_assert_uint_eq(table_count(b.table), 20);
    ck_assert_uint_eq(happened(&b, EVENT_BORN), 20);
    teardown(&b);
}
END_TEST

/* One batch, in the order of time, a series' two spellings in turns: on many shards they must not
 * overtake each other. */
START_TEST(spellings_stay_in_step)
{
    static char keys[400][32];
    struct bench b;
    setup(&b, _i, 100, policy_default());
    for (int round = 0; round < 3; round++) {
        batch.n = 0;
        for (int i = 0; i < 400; i++) {
            snprintf(keys[i], sizeof keys[i], i / 20 % 2 ? "s%d;a=1;b=2" : "s%d;b=2;a=1", i % 20);
            batch.at[batch.n++] = (struct sample){.t_ns = t0 + (int64_t)(round * 400 + i) * S,
                                                  .v = i,
                                                  .key = keys[i],
                                                  .sub = "",
                                                  .key_n = (uint32_t)strlen(keys[i]),
                                                  .form = KEY_GRAPHITE};
        }
        table_apply(b.table, &batch, b.now);
    }
    ck_assert_uint_eq(rejected(&b, CAUSE_LATE), 0);
    ck_assert_uint_eq(happened(&b, EVENT_INSERTED), 0);
    ck_assert_uint_eq(table_count(b.table), 20);
    teardown(&b);
}
END_TEST

START_TEST(an_alias_ends_with_its_series)
{
    struct bench b;
    char name[LABEL_NAME_MAX];
    setup(&b, _i, 100, policy_default());
    for (int round = 0; round < 3; round++) {
        push(&b, "t;a=1;b=2", t0, 0);
        push(&b, "t;b=2;a=1", t0 + S, 1);
        b.now.mono_ns += 3601 * S;
        if (round != 1) {
            sweep_all(&b);
            ck_assert_uint_eq(table_count(b.table), 0);
            ck_assert_uint_eq(table_family_name(b.table, 0, name), 0); /* nobody holds it */
        }
    }
    push(&b, "t;b=2;a=1", t0 + 2 * S, 1); /* by its alias' name first */
    push(&b, "t;a=1;b=2", t0 + 3 * S, 2);
    ck_assert(read_one(&b, "t")->edge.value == 1);
    ck_assert_uint_eq(table_count(b.table), 1);
    teardown(&b);
}
END_TEST

START_TEST(forms_are_languages_of_their_own)
{
    struct bench b;
    setup(&b, 1, 100, policy_default());
    push_form(&b, "t;a=1", KEY_GRAPHITE, t0, 0);
    push_form(&b, "t;a=1", KEY_INFLUX, t0 + S,
              1); /* the test reads both alike: an alias, one series */
    ck_assert_uint_eq(table_count(b.table), 1);
    ck_assert(read_one(&b, "t")->edge.value == 1);
    teardown(&b);
}
END_TEST

START_TEST(many_come_and_go)
{
    struct bench b;
    char key[32];
    setup(&b, _i, 40000, policy_default());
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 40000; i++) {
            snprintf(key, sizeof key, "m%d;i=%d", i % 7, i + round);
            push(&b, key, t0, i);
        }
        ck_assert_uint_eq(table_count(b.table), 40000);
        b.now.mono_ns += 3601 * S;
        sweep_all(&b);
        ck_assert_uint_eq(table_count(b.table), 0);
    }
    ck_assert_uint_eq(happened(&b, EVENT_EXPIRED), 120000);
    ck_assert_uint_eq(rejected(&b, CAUSE_SERIES_LIMIT), 0);
    ck_assert_uint_lt(table_memory(b.table), 40000 * 300);
    teardown(&b);
}
END_TEST

/* ---- queries */

START_TEST(select_groups_by_family)
{
    struct bench b;
    char key[32], name[LABEL_NAME_MAX];
    struct findings found;
    setup(&b, 16, 1000, policy_default());
    for (int i = 0; i < 500; i++) {
        snprintf(key, sizeof key, "m%d;i=%d", i % 5, i);
        push(&b, key, t0, i);
    }
    struct query q = {.by_family = true};
    ck_assert_int_eq(table_select(b.table, &q, b.now, &found), NABLA_OK);
    ck_assert_uint_eq(found.n, 500);
    for (uint32_t i = 1; i < found.n; i++)
        ck_assert(found.at[i].family == found.at[i - 1].family ||
                  found.at[i].family == found.at[i - 1].family + 1);
    ck_assert_uint_eq(table_family_name(b.table, found.at[0].family, name), 2);
    ck_assert_int_eq(name[0], 'm');
    ck_assert_uint_eq(table_family_name(b.table, 999, name), 0);
    for (uint32_t from = 0; from < found.n; from += 100) {
        ck_assert_int_eq(table_read(b.table, found.at + from, 100, b.now, &readings), NABLA_OK);
        ck_assert_uint_eq(readings.n, 100);
        for (uint32_t i = 0; i < 100; i++)
            ck_assert_uint_eq(labelset_metric(readings.at[i].labels).value_n, 2);
    }
    findings_fini(&found);
    teardown(&b);
}
END_TEST

START_TEST(what_has_ended_is_left_out)
{
    struct bench b;
    struct findings found;
    setup(&b, 1, 10, policy_default());
    push(&b, "old", t0, 1);
    struct query q = {0};
    ck_assert_int_eq(table_select(b.table, &q, b.now, &found), NABLA_OK);
    b.now.mono_ns += 3601 * S;
    sweep_all(&b);
    push(&b, "new", t0, 1); /* at the old one's place */
    ck_assert_int_eq(table_read(b.table, found.at, found.n, b.now, &readings), NABLA_OK);
    ck_assert_uint_eq(readings.n, 0);
    findings_fini(&found);
    teardown(&b);
}
END_TEST

START_TEST(states_filter)
{
    struct bench b;
    struct findings found;
    setup(&b, 1, 10, policy_default());
    push(&b, "a", t0, 1);
    push(&b, "b", t0, 1);
    push(&b, "b", t0 + S, 1);
    struct query q = {.states = 1u << STATE_OK};
    ck_assert_int_eq(table_select(b.table, &q, b.now, &found), NABLA_OK);
    ck_assert_uint_eq(found.n, 1);
    findings_fini(&found);
    teardown(&b);
}
END_TEST

/* ---- policies */

static struct policies rules_for(const char *match, enum per per)
{
    struct selector_fault fault;
    struct policies p = {.defaults = policy_default(), .rules_n = 1};
    p.rules = calloc(1, sizeof *p.rules);
    p.rules[0].policy = policy_default();
    p.rules[0].policy.per = per;
    ck_assert_int_eq(selector_new(match, strlen(match), &p.rules[0].match, &fault), NABLA_OK);
    return p;
}

START_TEST(rules_choose_at_birth_and_at_reload)
{
    struct bench b;
    setup(&b, 4, 1000, policy_default());
    push(&b, "slow;site=a", t0, 1);
    for (int round = 0; round < 4; round++) {
        struct policies p = rules_for(round % 2 ? "slow" : "other", PER_HOUR);
        reconfigure(b.table, &p, 1000);
        push(&b, "slow;site=b", t0, 1);
        enum per want = round % 2 ? PER_HOUR : PER_SECOND;
        ck_assert_int_eq(read_one(&b, "slow{site=\"a\"}")->per, want);
        ck_assert_int_eq(read_one(&b, "slow{site=\"b\"}")->per, want);
    }
    teardown(&b);
}
END_TEST

/* ---- threads */

enum { THREADS = 3, ROUNDS = 300, KEYS = 64 };

struct worker {
    struct bench *bench;
    int number;
};

static void *ingest(void *arg)
{
    struct worker *w = arg;
    struct batch *mine = calloc(1, sizeof *mine);
    char keys[KEYS][32];
    for (int round = 0; round < ROUNDS; round++) {
        mine->n = KEYS;
        for (int i = 0; i < KEYS; i++) { /* half the keys are everybody's, in two spellings */
            snprintf(keys[i], sizeof keys[i], i % 4 < 2 ? "s%d;a=1;b=2" : "s%d;b=2;a=1",
                     i % 2 ? i / 4 : 1000 * w->number + i / 4);
            mine->at[i] = (struct sample){.t_ns = t0 + (int64_t)round * THREADS + w->number,
                                          .v = round,
                                          .key = keys[i],
                                          .sub = "",
                                          .key_n = (uint32_t)strlen(keys[i]),
                                          .form = KEY_GRAPHITE};
        }
        table_apply(w->bench->table, mine, w->bench->now);
    }
    free(mine);
    return NULL;
}

static void *question(void *arg)
{
    struct bench *b = arg;
    struct readings *mine = calloc(1, sizeof *mine);
    struct sweep at = {0};
    struct feed_item items[256];
    uint64_t lost;
    for (int i = 0; i < 100; i++) {
        struct findings found;
        struct query q = {.by_family = true};
        struct policies p = rules_for("s1", i % 2 ? PER_HOUR : PER_SECOND);
        ck_assert_int_eq(table_select(b->table, &q, b->now, &found), NABLA_OK);
        uint32_t n = found.n < READINGS_MAX ? found.n : READINGS_MAX;
        ck_assert_int_eq(table_read(b->table, found.at, n, b->now, mine), NABLA_OK);
        findings_fini(&found);
        table_sweep(b->table, &at, 100, b->now);
        reconfigure(b->table, &p, 100000);
        while (feed_take(b->feed, FEED_STREAMS, items, 256, &lost) == 256)
            ;
    }
    readings_fini(mine);
    free(mine);
    return NULL;
}

START_TEST(threads_share_the_table)
{
    struct bench b;
    pthread_t threads[THREADS + 1];
    struct worker workers[THREADS];
    setup(&b, _i, 100000, policy_default());
    for (int i = 0; i < THREADS; i++) {
        workers[i] = (struct worker){&b, i + 1};
        ck_assert_int_eq(pthread_create(&threads[i], NULL, ingest, &workers[i]), 0);
    }
    ck_assert_int_eq(pthread_create(&threads[THREADS], NULL, question, &b), 0);
    for (int i = 0; i <= THREADS; i++)
        pthread_join(threads[i], NULL);
    ck_assert_uint_eq(table_count(b.table), KEYS / 4 * (THREADS + 1));
    uint64_t lost = 0;
    for (int i = 0; i < CAUSE_COUNT; i++)
        lost += i == CAUSE_LATE ? 0 : rejected(&b, (enum cause)i);
    ck_assert_uint_eq(lost, 0);
    teardown(&b);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("series/table");
    TCase *t = tcase_create("table");
    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, two_spellings_are_one_series, 1, 3);
    tcase_add_loop_test(t, spellings_stay_in_step, 1, 3);
    tcase_add_loop_test(t, an_alias_ends_with_its_series, 1, 3);
    tcase_add_test(t, forms_are_languages_of_their_own);
    tcase_add_loop_test(t, many_come_and_go, 1, 3);
    tcase_add_test(t, select_groups_by_family);
    tcase_add_test(t, what_has_ended_is_left_out);
    tcase_add_test(t, states_filter);
    tcase_add_test(t, rules_choose_at_birth_and_at_reload);
    tcase_add_loop_test(t, threads_share_the_table, 1, 3);
    suite_add_tcase(s, t);
    return s;
}
