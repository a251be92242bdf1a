/* tests/unit/series/test_arrivals.c -- what a window knows and what becomes of what arrives: the rows
 * of both of the guide's tables, each with its counter. */
#include "bench.h"

#include <math.h>

/* ---- what a window knows */

START_TEST(one_sample_warms)
{
    struct bench b;
    setup(&b, 1, 10, policy_default());
    push(&b, "t", t0, 1);
    const struct reading *r = read_one(&b, "t");
    ck_assert_int_eq(r->state, STATE_WARMING);
    ck_assert_int_eq(r->rate.order, 0);
    ck_assert_int_eq(r->edge.order, 0);
    ck_assert(isnan(r->accel) && r->window_n == 1 && r->window[0].v == 1);
    teardown(&b);
}
END_TEST

START_TEST(two_samples_know_the_edge)
{
    struct bench b;
    setup(&b, 1, 10, policy_default());
    push(&b, "t", t0, 1);
    push(&b, "t", t0 + 2 * S, 5);
    const struct reading *r = read_one(&b, "t");
    ck_assert_int_eq(r->state, STATE_OK);
    ck_assert_int_eq(r->rate.order, 0);
    ck_assert(r->edge.order == 1 && r->edge.value == 2 && r->edge.t_ns == t0 + 2 * S);
    ck_assert(isnan(r->accel));
    teardown(&b);
}
END_TEST

START_TEST(three_samples_know_all)
{
    struct bench b;
    struct policy p = policy_default();
    p.per = PER_MINUTE;
    p.edge_order = 2;
    setup(&b, 1, 10, p);
    for (int i = 0; i < 3; i++)
        push(&b, "t", t0 + i * S, i * i);
    const struct reading *r = read_one(&b, "t");
    ck_assert(r->rate.order == 2 && r->rate.value == 120 && r->rate.t_ns == t0 + S);
    ck_assert(r->edge.order == 2 && r->edge.value == 240 && r->edge.t_ns == t0 + 2 * S);
    ck_assert(r->accel == 7200 && r->window_n == 3 && r->per == PER_MINUTE);
    teardown(&b);
}
END_TEST

/* ---- what arrives: SEMANTICS' second table */

START_TEST(a_duplicate_changes_nothing)
{
    struct bench b;
    struct feed_item out[8];
    setup(&b, 1, 10, policy_default());
    for (int i = 0; i < 3; i++)
        push(&b, "t", t0 + i * S, i * i);
    drain(&b, out, 8);
    push(&b, "t", t0 + S, 1);
    ck_assert_uint_eq(happened(&b, EVENT_DUPLICATE), 1);
    ck_assert_uint_eq(drain(&b, out, 8), 0);
    teardown(&b);
}
END_TEST

START_TEST(a_new_value_replaces)
{
    struct bench b;
    struct feed_item out[8];
    setup(&b, 1, 10, policy_default());
    push(&b, "t", t0, 0);
    push(&b, "t", t0 + S, 9);
    push(&b, "t", t0 + 2 * S, 4);
    drain(&b, out, 8);
    push(&b, "t", t0 + S, 1);
    ck_assert_uint_eq(happened(&b, EVENT_REPLACED), 1);
    ck_assert_uint_eq(drain(&b, out, 8), 2);
    ck_assert(out[0].point.corrected && out[0].point.rate == 1);
    ck_assert(read_one(&b, "t")->window[1].v == 1);
    teardown(&b);
}
END_TEST

START_TEST(a_late_sample_is_put_in_order)
{
    struct bench b;
    setup(&b, 1, 10, policy_default());
    push(&b, "t", t0, 0);
    push(&b, "t", t0 + S, 1);
    push(&b, "t", t0 + 3 * S, 9);
    push(&b, "t", t0 + 2 * S, 4);
    ck_assert_uint_eq(happened(&b, EVENT_INSERTED), 1);
    ck_assert(read_one(&b, "t")->rate.value == 4);
    teardown(&b);
}
END_TEST

START_TEST(a_sample_before_the_window_is_dropped)
{
    struct bench b;
    setup(&b, 1, 10, policy_default());
    for (int i = 0; i < 4; i++)
        push(&b, "t", t0 + i * S, i * i);
    push(&b, "t", t0, 0);
    push(&b, "t", t0 - S, 1);
    ck_assert_uint_eq(rejected(&b, CAUSE_LATE), 2);
    teardown(&b);
}
END_TEST

START_TEST(the_future_is_refused)
{
    struct bench b;
    setup(&b, 1, 10, policy_default());
    push(&b, "t", t0 + 3600 * S, 1);
    ck_assert_uint_eq(rejected(&b, CAUSE_FUTURE), 0);
    push(&b, "u", t0 + 3600 * S + 1, 1);
    push(&b, "u", INT64_MAX, 1);
    ck_assert_uint_eq(rejected(&b, CAUSE_FUTURE), 2);
    ck_assert_uint_eq(table_count(b.table), 1);
    teardown(&b);
}
END_TEST

static const struct nan_row {
    const char *label;
    enum on_nan on_nan;
    uint64_t refused, breaks;
    int window_n;
    double rate; /* of 0 1 NaN 9 at seconds 0 1 2 3, NaN: not known */
} nan_rows[] = {
    {"skip bridges the gap", ON_NAN_SKIP, 1, 0, 3, 2},
    {"break restarts", ON_NAN_BREAK, 1, 1, 1, NAN},
    {"propagate", ON_NAN_PROPAGATE, 0, 0, 3, NAN},
};

START_TEST(not_a_number)
{
    const struct nan_row *row = &nan_rows[_i];
    struct bench b;
    struct policy p = policy_default();
    p.on_nan = row->on_nan;
    setup(&b, 1, 10, p);
    static const double values[] = {0, 1, NAN, 9};
    for (int i = 0; i < 4; i++)
        push(&b, "t", t0 + i * S, values[i]);
    const struct reading *r = read_one(&b, "t");
    ck_assert_msg(rejected(&b, CAUSE_NOT_FINITE) == row->refused, "%s", row->label);
    ck_assert_msg(happened(&b, EVENT_BREAK) == row->breaks, "%s", row->label);
    ck_assert_msg(r->window_n == row->window_n, "%s: %d", row->label, r->window_n);
    if (isnan(row->rate))
        ck_assert_msg(r->rate.order == 0 || isnan(r->rate.value), "%s", row->label);
    else
        ck_assert_msg(fabs(r->rate.value - row->rate) < 1e-12, "%s: %g", row->label, r->rate.value);
    teardown(&b);
}
END_TEST

START_TEST(a_gap_restarts_and_ends_the_run)
{
    struct bench b;
    struct feed_item out[8];
    struct policy p = policy_default();
    p.max_gap_ns = 10 * S;
    setup(&b, 1, 10, p);
    for (int i = 0; i < 3; i++)
        push(&b, "t", t0 + i * S, i * i);
    push(&b, "t", t0 + 12 * S, 100); /* 10 s: not longer than max_gap */
    ck_assert_uint_eq(happened(&b, EVENT_GAP), 0);
    drain(&b, out, 8);
    push(&b, "t", t0 + 22 * S + 1, 500);
    ck_assert_uint_eq(happened(&b, EVENT_GAP), 1);
    ck_assert_uint_eq(drain(&b, out, 8), 1);
    ck_assert(out[0].point.t_ns == t0 + 12 * S && out[0].point.order == 1);
    ck_assert_int_eq(read_one(&b, "t")->state, STATE_WARMING);
    teardown(&b);
}
END_TEST

START_TEST(max_gap_is_stale_after_unless_told)
{
    struct bench b;
    struct policy p = policy_default();
    p.stale_after_ns = 10 * S;
    setup(&b, 1, 10, p);
    push(&b, "t", t0, 0);
    push(&b, "t", t0 + 10 * S + 1, 1);
    ck_assert_uint_eq(happened(&b, EVENT_GAP), 1);
    teardown(&b);
}
END_TEST

START_TEST(silence_makes_stale_then_forgets)
{
    struct bench b;
    struct feed_item out[8];
    setup(&b, 1, 10, policy_default());
    for (int i = 0; i < 3; i++)
        push(&b, "t", t0 + i * S, i * i);
    drain(&b, out, 8);
    b.now.mono_ns += 300 * S;
    sweep_all(&b);
    ck_assert_int_eq(read_one(&b, "t")->state, STATE_OK);
    b.now.mono_ns += 1;
    ck_assert_int_eq(read_one(&b, "t")->state, STATE_STALE); /* seen before the sweep comes by */
    ck_assert_uint_eq(happened(&b, EVENT_STALED), 0);
    sweep_all(&b);
    sweep_all(&b);
    ck_assert_uint_eq(happened(&b, EVENT_STALED), 1);
    ck_assert_uint_eq(drain(&b, out, 8), 1);
    ck_assert(out[0].point.t_ns == t0 + 2 * S && out[0].point.rate == 3);
    ck_assert(read_one(&b, "t")->rate.value == 2); /* what was last known */
    b.now.mono_ns += 3300 * S;
    sweep_all(&b);
    ck_assert_uint_eq(happened(&b, EVENT_EXPIRED), 1);
    ck_assert_uint_eq(table_count(b.table), 0);
    push(&b, "t", t0 + 9 * S, 1);
    ck_assert_int_eq(read_one(&b, "t")->state, STATE_WARMING);
    teardown(&b);
}
END_TEST

static const struct back_row {
    const char *label;
    bool swept;
} back_rows[] = {{"the sweep came by", true}, {"it did not", false}};

START_TEST(a_sample_after_silence_starts_anew)
{
    struct bench b;
    struct feed_item out[8];
    struct policy p = policy_default();
    p.max_gap_ns = 36000 * S; /* silence is judged by the monotonic clock, whatever samples say */
    setup(&b, 1, 10, p);
    for (int i = 0; i < 3; i++)
        push(&b, "t", t0 + i * S, i * i);
    drain(&b, out, 8);
    b.now.mono_ns += 301 * S;
    if (back_rows[_i].swept)
        sweep_all(&b);
    push(&b, "t", t0 + 3 * S, 9);
    ck_assert_uint_eq(happened(&b, EVENT_STALED), 1);
    ck_assert_uint_eq(drain(&b, out, 8), 1);
    ck_assert_msg(out[0].point.t_ns == t0 + 2 * S, "%s", back_rows[_i].label);
    const struct reading *r = read_one(&b, "t");
    ck_assert(r->state == STATE_WARMING && r->window_n == 1);
    teardown(&b);
}
END_TEST

/* Samples 0 1 9 at seconds 0 1 3, then silence; then one that is not the newest. */
static const struct over_row {
    const char *label;
    int64_t s;
    double v;
    uint64_t duplicates;
    enum series_state state;
    int window_n;
} over_rows[] = {
    {"the very sample again is nothing new", 1, 1, 1, STATE_STALE, 3},
    {"another value for its time begins anew", 1, 2, 0, STATE_WARMING, 1},
    {"between its times begins anew", 2, 4, 0, STATE_WARMING, 1},
    {"before them too: one wrong clock must not freeze a series", -5, 4, 0, STATE_WARMING, 1},
};

START_TEST(what_comes_when_the_run_is_over)
{
    const struct over_row *row = &over_rows[_i / 2];
    struct bench b;
    struct feed_item out[8];
    setup(&b, 1, 10, policy_default());
    push(&b, "t", t0, 0);
    push(&b, "t", t0 + S, 1);
    push(&b, "t", t0 + 3 * S, 9);
    drain(&b, out, 8);
    b.now.mono_ns += 301 * S;
    if (_i % 2) /* whether the sweep came by makes no difference */
        sweep_all(&b);
    push(&b, "t", t0 + row->s * S, row->v);
    const struct reading *r = read_one(&b, "t");
    ck_assert_msg(happened(&b, EVENT_DUPLICATE) == row->duplicates, "%s", row->label);
    ck_assert_msg(r->state == row->state && r->window_n == row->window_n, "%s: %s", row->label,
                  state_text(r->state));
    ck_assert_uint_eq(rejected(&b, CAUSE_LATE), 0);
    sweep_all(&b);
    ck_assert_msg(drain(&b, out, 8) == 1, "%s: the last point, once", row->label);
    ck_assert_int_eq(out[0].point.t_ns, t0 + 3 * S);
    ck_assert_uint_eq(happened(&b, EVENT_STALED), 1);
    teardown(&b);
}
END_TEST

START_TEST(a_series_that_began_with_nan_loses_nothing)
{
    struct bench b;
    struct feed_item out[8];
    setup(&b, 1, 10, policy_default());
    push(&b, "t", t0, NAN);
    b.now.mono_ns += 301 * S;
    sweep_all(&b);
    for (int i = 1; i < 4; i++)
        push(&b, "t", t0 + i * S, i * i);
    ck_assert_uint_eq(drain(&b, out, 8), 2);
    ck_assert(read_one(&b, "t")->rate.value == 4);
    teardown(&b);
}
END_TEST

/* 1 2 NaN, sent twice, then 9: at-least-once delivery changes nothing after a break either. */
START_TEST(a_break_remembers_the_time)
{
    struct bench b;
    struct feed_item out[8];
    struct policy p = policy_default();
    p.on_nan = ON_NAN_BREAK;
    setup(&b, 1, 10, p);
    for (int round = 0; round < 2; round++) {
        push(&b, "t", t0 + S, 1);
        push(&b, "t", t0 + 2 * S, 2);
        push(&b, "t", t0 + 3 * S, NAN);
        ck_assert_int_eq(read_one(&b, "t")->state, STATE_WARMING);
        ck_assert_int_eq(read_one(&b, "t")->window_n, 0);
    }
    ck_assert_uint_eq(drain(&b, out, 8), 2); /* of a run of two samples, both of order 1 */
    ck_assert_uint_eq(happened(&b, EVENT_BREAK), 1);
    ck_assert_uint_eq(happened(&b, EVENT_DUPLICATE), 2);
    push(&b, "t", t0, 0);
    ck_assert_uint_eq(rejected(&b, CAUSE_LATE), 1);
    b.now.mono_ns += 301 * S;
    sweep_all(&b);
    push(&b, "t", t0 + 4 * S, 9);
    ck_assert_int_eq(read_one(&b, "t")->window_n, 1);
    ck_assert_uint_eq(drain(&b, out, 8), 0);
    teardown(&b);
}
END_TEST

START_TEST(a_counter_that_falls_was_reset)
{
    struct bench b;
    struct policy p = policy_default();
    p.kind = KIND_COUNTER;
    setup(&b, 1, 10, p);
    push(&b, "c_total", t0, 100);
    push(&b, "c_total", t0 + S, 104);
    push(&b, "c_total", t0 + 2 * S, 6);
    ck_assert_uint_eq(happened(&b, EVENT_RESET), 1);
    ck_assert(read_one(&b, "c_total")->rate.value == 5);
    ck_assert(read_one(&b, "c_total")->edge.value == 6);
    teardown(&b);
}
END_TEST

START_TEST(past_the_limit_new_series_are_refused)
{
    struct bench b;
    setup(&b, 1, 2, policy_default());
    push(&b, "a", t0, 1);
    push(&b, "b", t0, 1);
    push(&b, "c", t0, 1);
    push(&b, "a", t0 + S, 2);
    ck_assert_uint_eq(rejected(&b, CAUSE_SERIES_LIMIT), 1);
    ck_assert_uint_eq(table_count(b.table), 2);
    ck_assert(read_one(&b, "a")->edge.value == 1);
    teardown(&b);
}
END_TEST

START_TEST(bad_keys_are_refused_by_cause)
{
    struct bench b;
    setup(&b, 1, 10, policy_default());
    push(&b, "t;no equals sign", t0, 1);
    push(&b, "t;a=1;a=2", t0, 1);
    push(&b, "t;a=\xff", t0, 1);
    ck_assert_uint_eq(rejected(&b, CAUSE_NAME), 2);
    ck_assert_uint_eq(rejected(&b, CAUSE_LABEL_TWICE), 1);
    ck_assert_uint_eq(table_count(b.table), 0);
    teardown(&b);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("series/arrivals");
    TCase *t = tcase_create("arrivals");
    tcase_set_timeout(t, 120);
    tcase_add_test(t, one_sample_warms);
    tcase_add_test(t, two_samples_know_the_edge);
    tcase_add_test(t, three_samples_know_all);
    tcase_add_test(t, a_duplicate_changes_nothing);
    tcase_add_test(t, a_new_value_replaces);
    tcase_add_test(t, a_late_sample_is_put_in_order);
    tcase_add_test(t, a_sample_before_the_window_is_dropped);
    tcase_add_test(t, the_future_is_refused);
    tcase_add_loop_test(t, not_a_number, 0, ROWS(nan_rows));
    tcase_add_test(t, a_gap_restarts_and_ends_the_run);
    tcase_add_test(t, max_gap_is_stale_after_unless_told);
    tcase_add_test(t, silence_makes_stale_then_forgets);
    tcase_add_loop_test(t, a_sample_after_silence_starts_anew, 0, ROWS(back_rows));
    tcase_add_loop_test(t, what_comes_when_the_run_is_over, 0, 2 * ROWS(over_rows));
    tcase_add_test(t, a_series_that_began_with_nan_loses_nothing);
    tcase_add_test(t, a_break_remembers_the_time);
    tcase_add_test(t, a_counter_that_falls_was_reset);
    tcase_add_test(t, past_the_limit_new_series_are_refused);
    tcase_add_test(t, bad_keys_are_refused_by_cause);
    suite_add_tcase(s, t);
    return s;
}
