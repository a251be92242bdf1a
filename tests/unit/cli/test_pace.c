/* tests/unit/cli/test_pace.c -- recorded time to sending time. */
#include "cli/pace.h"

#include <string.h>

#include "suite.h"

#define S 1000000000LL

static const struct speed_row {
    const char *text;
    double speed; /* -1: refused */
} speeds[] = {
    {"60x", 60}, {"60", 60},    {"0.5x", 0.5}, {"1e3x", 1000}, {"max", 0},  {"", -1},
    {"x", -1},   {"0x", -1},    {"0", -1},     {"-1x", -1},    {"60y", -1}, {"60xx", -1},
    {"inf", -1}, {"1e999", -1}, {"nan", -1},   {" 60x", -1},   {"MAX", -1},
};

START_TEST(speed)
{
    double got = -1;
    bool taken = pace_read_speed(speeds[_i].text, &got);
    ck_assert_msg(taken == (speeds[_i].speed >= 0), "%s", speeds[_i].text);
    ck_assert_msg(got == speeds[_i].speed, "%s: %g", speeds[_i].text, got);
}
END_TEST

static const struct due_row {
    const char *label;
    int64_t start, span;
    double speed;
    int64_t due;
} dues[] = {
    {"as recorded", 5, 7, 1, 12},
    {"60 times faster", 100 * S, 3600 * S, 60, 160 * S},
    {"cut", 0, 10, 3, 3},
    {"cut towards the start", 0, -10, 3, -3},
    {"half as fast", 0, 7, 0.5, 14},
    {"exact beyond a double", 1, 9007199254740993, 1, 9007199254740994},
    {"exact at whole speeds", 0, 9007199254740993LL * 3, 3, 9007199254740993},
    {"latest", 10, INT64_MAX, 1, INT64_MAX},
    {"earliest", -10, INT64_MIN, 1, INT64_MIN},
    {"too slow", 0, INT64_MAX, 0.001, INT64_MAX},
    {"too slow, backwards", 0, INT64_MIN, 0.001, INT64_MIN},
    {"very fast", 3, INT64_MAX, 1e300, 3},
};

START_TEST(due)
{
    const struct due_row *r = &dues[_i];
    int64_t got = pace_due(r->start, r->span, r->speed);
    ck_assert_msg(got == r->due, "%s: %lld", r->label, (long long)got);
}
END_TEST

static const struct span_row {
    int64_t t0, t, span;
} spans[] = {
    {3, 10, 7},
    {10, 3, -7},
    {INT64_MIN, INT64_MAX, INT64_MAX},
    {INT64_MAX, INT64_MIN, INT64_MIN},
    {-1, INT64_MAX, INT64_MAX},
};

START_TEST(span)
{
    ck_assert_int_eq(pace_span(spans[_i].t0, spans[_i].t), spans[_i].span);
}
END_TEST

static const struct period_row {
    const char *label;
    int64_t times[6];
    int n;
    int64_t period;
} periods[] = {
    {"even", {10 * S, 11 * S, 12 * S}, 3, 3 * S},
    {"several a time", {0, 0, 10, 10, 20, 20}, 6, 30},
    {"uneven: the mean", {0, 10, 40}, 3, 60},
    {"out of order", {20, 10, 30, 0}, 4, 60},
    {"one", {7}, 1, S},
    {"none", {0}, 0, S},
    {"as long as can be", {INT64_MIN, INT64_MAX}, 2, INT64_MAX},
};

START_TEST(period)
{
    const struct period_row *r = &periods[_i];
    struct pace_period p = {0};
    for (int i = 0; i < r->n; i++)
        pace_see(&p, r->times[i]);
    int64_t got = pace_period(&p);
    ck_assert_msg(got == r->period, "%s: %lld", r->label, (long long)got);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("cli/pace");
    TCase *t = tcase_create("pace");
    tcase_add_loop_test(t, speed, 0, ROWS(speeds));
    tcase_add_loop_test(t, due, 0, ROWS(dues));
    tcase_add_loop_test(t, span, 0, ROWS(spans));
    tcase_add_loop_test(t, period, 0, ROWS(periods));
    suite_add_tcase(s, t);
    return s;
}
