/* The value by which a sender ends a series: it goes stale at once, whatever its policy makes of NaN. */
#include "bench.h"

#include <math.h>

static double end_value(void)
{
    uint64_t bits = SAMPLE_END_BITS;
    double v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

static const struct row {
    const char *label;
    uint32_t shards;
    enum on_nan on_nan;
    int64_t late_ns; /* not 0: samples are held for as long */
} rows[] = {{"skip", 1, ON_NAN_SKIP, 0},
            {"break", 1, ON_NAN_BREAK, 0},
            {"propagate", 1, ON_NAN_PROPAGATE, 0},
            {"several shards", 16, ON_NAN_SKIP, 0},
            {"held samples go first", 1, ON_NAN_SKIP, 60 * S}};

START_TEST(ends)
{
    struct bench b;
    struct feed_item items[8];
    struct policy p = policy_default();
    p.on_nan = rows[_i].on_nan;
    p.late_ns = rows[_i].late_ns;
    p.extras |= p.late_ns > 0;
    setup(&b, rows[_i].shards, 100, p);
    for (int i = 0; i < 3; i++)
        push(&b, "a", t0 + i * S, i * i);
    push(&b, "a", t0 + 3 * S, end_value());
    ck_assert_msg(read_one(&b, "a")->state == STATE_STALE, "%s", rows[_i].label);
    uint32_t n = drain(&b, items, 8);
    ck_assert_msg(n == 3, "%s: %u points", rows[_i].label, n);
    ck_assert_int_eq(items[2].point.t_ns, t0 + 2 * S);
    ck_assert_double_eq(items[2].point.rate, 3);
    ck_assert_uint_eq(happened(&b, EVENT_STALED), 1);
    ck_assert_uint_eq(rejected(&b, CAUSE_NOT_FINITE), 0);
    sweep_all(&b); /* nothing is told twice */
    ck_assert_uint_eq(happened(&b, EVENT_STALED), 1);
    ck_assert_uint_eq(drain(&b, items, 8), 0);
    teardown(&b);
}
END_TEST

START_TEST(told_twice)
{
    struct bench b;
    setup(&b, 1, 100, policy_default());
    for (int i = 0; i < 3; i++)
        push(&b, "a", t0 + i * S, i);
    push(&b, "a", t0 + 3 * S, end_value());
    push(&b, "a", t0 + 3 * S, end_value());
    push(&b, "a", t0 + 2 * S, 2); /* what came before comes again, too */
    ck_assert_int_eq(read_one(&b, "a")->state, STATE_STALE);
    ck_assert_uint_eq(happened(&b, EVENT_STALED), 1);
    ck_assert_uint_eq(happened(&b, EVENT_DUPLICATE), 1);
    teardown(&b);
}
END_TEST

START_TEST(told_late)
{
    struct bench b;
    setup(&b, 1, 100, policy_default());
    push(&b, "a", t0, 1);
    push(&b, "a", t0 + S, 2);
    push(&b, "a", t0 + S, end_value());
    ck_assert_int_eq(read_one(&b, "a")->state, STATE_OK);
    ck_assert_uint_eq(rejected(&b, CAUSE_LATE), 1);
    teardown(&b);
}
END_TEST

START_TEST(of_nobody)
{
    struct bench b;
    setup(&b, 1, 100, policy_default());
    push(&b, "a", t0, end_value());
    ck_assert_uint_eq(table_count(b.table), 0);
    ck_assert_uint_eq(rejected(&b, CAUSE_NOT_FINITE), 1);
    teardown(&b);
}
END_TEST

/* By a way of writing its labels that was never seen before. */
START_TEST(in_another_spelling)
{
    struct bench b;
    setup(&b, 1, 100, policy_default());
    push(&b, "t;a=1;b=2", t0, 1);
    push(&b, "t;b=2;a=1", t0 + S, end_value());
    ck_assert_int_eq(read_one(&b, "t")->state, STATE_STALE);
    ck_assert_uint_eq(rejected(&b, CAUSE_NOT_FINITE), 0);
    teardown(&b);
}
END_TEST

START_TEST(begins_anew)
{
    struct bench b;
    setup(&b, 1, 100, policy_default());
    for (int i = 0; i < 3; i++)
        push(&b, "a", t0 + i * S, i);
    push(&b, "a", t0 + 3 * S, end_value());
    push(&b, "a", t0 + 4 * S, 100);
    ck_assert_int_eq(read_one(&b, "a")->state, STATE_WARMING);
    push(&b, "a", t0 + 5 * S, 101);
    ck_assert_double_eq(read_one(&b, "a")->edge.value, 1); /* not diluted by what was before */
    ck_assert_uint_eq(happened(&b, EVENT_STALED), 1);
    teardown(&b);
}
END_TEST

/* An ordinary NaN is none. */
START_TEST(only_these_bits)
{
    struct bench b;
    setup(&b, 1, 100, policy_default());
    push(&b, "a", t0, 1);
    push(&b, "a", t0 + S, 2);
    push(&b, "a", t0 + 2 * S, NAN);
    ck_assert_int_eq(read_one(&b, "a")->state, STATE_OK);
    ck_assert_uint_eq(rejected(&b, CAUSE_NOT_FINITE), 1);
    teardown(&b);
}
END_TEST

/* Who asks hears how many samples were refused, and why. */
START_TEST(refusals_are_told)
{
    struct bench b;
    uint64_t rejected[CAUSE_COUNT] = {0};
    setup(&b, 1, 1, policy_default());
    batch.n = 3;
    for (uint32_t i = 0; i < 3; i++)
        batch.at[i] = (struct sample){
            .t_ns = t0, .v = i, .key = &"abc"[i], .sub = "", .key_n = 1, .form = KEY_GRAPHITE};
    table_apply_told(b.table, &batch, b.now, rejected);
    table_apply_told(b.table, &batch, b.now, rejected);
    ck_assert_uint_eq(rejected[CAUSE_SERIES_LIMIT], 4);
    ck_assert_uint_eq(rejected[CAUSE_FUTURE], 0);
    teardown(&b);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("end");
    TCase *t = tcase_create("end");
    tcase_add_loop_test(t, ends, 0, ROWS(rows));
    tcase_add_test(t, told_twice);
    tcase_add_test(t, told_late);
    tcase_add_test(t, of_nobody);
    tcase_add_test(t, in_another_spelling);
    tcase_add_test(t, begins_anew);
    tcase_add_test(t, only_these_bits);
    tcase_add_test(t, refusals_are_told);
    suite_add_tcase(s, t);
    return s;
}
