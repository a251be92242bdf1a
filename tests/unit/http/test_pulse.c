/* Counters as they stood second by second. */
#include "http/pulse.h"

#include "suite.h"

#include <stdlib.h>
#include <string.h>

static struct pulse p;
static struct stats stats;
static struct instant now;

static void start(void)
{
    memset(&p, 0, sizeof p);
    memset(&stats, 0, sizeof stats);
    stats.listeners_n = 2;
    stats.loops_n = 2;
    now = (struct instant){.wall_ns = 5000, .mono_ns = 70};
}

static uint32_t beats(void)
{
    uint32_t n = 0;
    while (pulse_at(&p, n) != NULL)
        n++;
    return n;
}

/* A second in which so many lines come. */
static void pass(uint64_t lines)
{
    count(&stats.lines, lines);
    count(&stats.listeners[1].lines, lines);
    count(&stats.listeners[1].formats[2], lines);
    count(&stats.listeners[1].kernel_drops, 1);
    count(&stats.rejected[CAUSE_VALUE], 2);
    now.mono_ns += NS_PER_S;
    pulse_beat(&p, &stats, now);
}

START_TEST(nothing_at_first)
{
    ck_assert_ptr_null(pulse_at(&p, 0));
    ck_assert_ptr_null(pulse_door(&p));
}
END_TEST

START_TEST(once_a_second)
{
    pulse_beat(&p, &stats, now);
    now.mono_ns += NS_PER_S - 1;
    pulse_beat(&p, &stats, now);
    ck_assert_uint_eq(beats(), 1);
    now.mono_ns += 1;
    pulse_beat(&p, &stats, now);
    ck_assert_uint_eq(beats(), 2);
}
END_TEST

START_TEST(what_is_told)
{
    stats.loops[0].lag_ns = 3;
    stats.loops[1].lag_ns = 7;
    pulse_beat(&p, &stats, now);
    pass(10);
    const struct beat *x = pulse_at(&p, 1);
    ck_assert_uint_eq(x->lines, 10);
    ck_assert_uint_eq(x->refused, 2);
    ck_assert_uint_eq(x->kernel_drops, 1);
    ck_assert_int_eq(x->lag_ns, 7);
    ck_assert_uint_eq(pulse_door(&p)->of[1].lines, 0); /* the first: rates are since then */
    ck_assert_uint_eq(pulse_at(&p, 0)->lines, 0);
}
END_TEST

/* So many seconds, one line in each: how many are kept, and at which count the rates begin. */
static const struct {
    int seconds;
    uint32_t kept;
    uint64_t door;
} rings[] = {
    {1, 1, 1},    {10, 10, 1},     {11, 11, 1},     {12, 12, 2},
    {25, 25, 15}, {121, 121, 111}, {122, 121, 112}, {300, 121, 290},
};

START_TEST(rings_turn)
{
    for (int i = 0; i < rings[_i].seconds; i++)
        pass(1);
    ck_assert_uint_eq(beats(), rings[_i].kept);
    uint64_t newest = (uint64_t)rings[_i].seconds;
    ck_assert_uint_eq(pulse_at(&p, rings[_i].kept - 1)->lines, newest);
    ck_assert_uint_eq(pulse_at(&p, 0)->lines, newest + 1 - rings[_i].kept);
    ck_assert_uint_eq(pulse_door(&p)->of[1].lines, rings[_i].door);
    ck_assert_uint_eq(pulse_door(&p)->of[1].formats[2], rings[_i].door);
    ck_assert_uint_eq(pulse_door(&p)->rejected[CAUSE_VALUE], 2 * rings[_i].door);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("pulse");
    TCase *c = tcase_create("all");
    tcase_add_checked_fixture(c, start, NULL);
    tcase_add_test(c, nothing_at_first);
    tcase_add_test(c, once_a_second);
    tcase_add_test(c, what_is_told);
    tcase_add_loop_test(c, rings_turn, 0, ROWS(rings));
    suite_add_tcase(s, c);
    return s;
}
