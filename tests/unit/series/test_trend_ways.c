/* tests/unit/series/test_trend_ways.c -- a series that asks for a trend and for nothing else goes a short way;
 * one that asks for extremes as well, the long one. Both say the same. */
#include "bench.h"

#include <math.h>

static uint64_t state = 88172645463325252u;

static uint32_t draw(uint32_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 33) % below;
}

static bool alike(double a, double b)
{
    return (isnan(a) && isnan(b)) || fabs(a - b) <= 1e-12 * fabs(a);
}

/* Mostly in order; at times late, repeated, corrected, not finite, beyond a gap, very large. */
static struct obs next(int64_t *t_ns, int i)
{
    double v = 20 + sin(i / 30.0) + draw(1000) / 1e4;
    uint32_t what = draw(40);
    int64_t at = *t_ns += what == 0 ? 400 * S : 1 + (int64_t)draw(2000000000);
    if (what == 1)
        at -= 3 * S;
    return (struct obs){at, what == 2 ? NAN : what == 3 ? 1e16 : v};
}

START_TEST(both_ways_agree)
{
    struct bench slim, wide;
    struct policy p = policy_default();
    p.trend_ns = 60 * S;
    setup(&slim, 1, 10, p);
    p.extremes = 1;
    setup(&wide, 1, 10, p);
    int64_t t_ns = t0;
    for (int i = 0; i < 5000; i++) {
        struct obs x = next(&t_ns, i);
        slim.now.wall_ns = wide.now.wall_ns = t_ns;
        slim.now.mono_ns = wide.now.mono_ns += S;
        push(&slim, "t", x.t_ns, x.v);
        push(&wide, "t", x.t_ns, x.v);
        struct derivative a = read_one(&slim, "t")->trend, b = read_one(&wide, "t")->trend;
        ck_assert_msg(a.t_ns == b.t_ns && a.order == b.order && alike(a.value, b.value) &&
                          alike(a.error, b.error),
                      "sample %d: %.17g and %.17g", i, a.value, b.value);
    }
    ck_assert_uint_eq(counted(&slim.stats.points), counted(&wide.stats.points));
    teardown(&slim);
    teardown(&wide);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("trend ways");
    TCase *t = tcase_create("ways");
    tcase_add_test(t, both_ways_agree);
    suite_add_tcase(s, t);
    return s;
}
