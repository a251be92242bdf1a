/* tests/unit/numeric/test_trend.c -- the trend against the direct fit of all samples at once. */
#include "numeric/trend.h"

#include "suite.h"

#include <math.h>
#include <stdlib.h>

#define S 1000000000LL

enum { SAMPLES = 1000000 };

static double drawn(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (double)(*state >> 11) * 0x1p-53;
}

/* The fit by its definition, in long double, about the newest sample. */
struct direct {
    long double slope, error, level;
};

static struct direct fit(const struct obs *at, size_t n, double tau)
{
    struct obs newest = at[0];
    for (size_t i = 1; i < n; i++)
        newest = at[i].t_ns > newest.t_ns ? at[i] : newest;
    long double w = 0, wx = 0, wy = 0, xx = 0, xy = 0, yy = 0, w2 = 0, q = 0;
    for (size_t i = 0; i < n; i++) {
        long double x = (long double)(at[i].t_ns - newest.t_ns) / 1e9L, e = expl(x / tau);
        w += e;
        wx += e * x;
        wy += e * (at[i].v - (long double)newest.v);
    }
    for (size_t i = 0; i < n; i++) {
        long double x = (long double)(at[i].t_ns - newest.t_ns) / 1e9L, e = expl(x / tau);
        long double dx = x - wx / w, dy = at[i].v - (long double)newest.v - wy / w;
        xx += e * dx * dx;
        xy += e * dx * dy;
        yy += e * dy * dy;
        w2 += e * e;
        q += e * e * dx * dx;
    }
    long double slope = xy / xx, left = w - w2 / w - q / xx;
    return (struct direct){slope, sqrtl((yy - xy * slope) / left * q) / xx,
                           newest.v + wy / w - slope * wx / w};
}

static void check_fit(const char *label, const struct trend *t, const struct obs *at, size_t n,
                      double tau, double tolerance)
{
    struct trend_slope got;
    struct direct want = fit(at, n, tau);
    ck_assert_msg(trend_slope(t, 0, &got), "%s: no slope", label);
    ck_assert_msg(fabsl(got.slope - want.slope) <= tolerance * fabsl(want.slope),
                  "%s: slope %.17g, direct %.17Lg", label, got.slope, want.slope);
    ck_assert_msg(fabsl(got.error - want.error) <= tolerance * fabsl(want.error),
                  "%s: error %.17g, direct %.17Lg", label, got.error, want.error);
    ck_assert_msg(fabsl(got.level - want.level) <= tolerance * fabsl(want.level),
                  "%s: level %.17g, direct %.17Lg", label, got.level, want.level);
}

static const struct stream {
    const char *label;
    double tau, step_s, offset, slope, noise;
} streams[] = {
    {"two minutes, ten seconds apart", 120, 10, 20, 0.01, 0.1},
    {"a large offset", 120, 10, 1e9, 0.01, 0.1},
    {"dense", 600, 0.01, -5, 0.3, 1},
    {"sparse: each sample forgets the last but one", 1, 3, 5, 1, 1},
    {"years", 86400.0 * 30, 600, 15, 1e-6, 2},
};

/* A million irregular samples; the direct fit at several places on the way. */
START_TEST(trend_is_the_direct_fit)
{
    const struct stream *s = &streams[_i];
    struct obs *at = calloc(SAMPLES, sizeof *at);
    struct trend t = {0};
    uint64_t state = 7;
    int64_t t_ns = 1700000000 * S;
    ck_assert_ptr_nonnull(at);
    for (size_t i = 0; i < SAMPLES; i++) {
        t_ns += 1 + (int64_t)(s->step_s * 2e9 * drawn(&state));
        double seconds = (double)(t_ns - 1700000000 * S) / 1e9;
        double noise = s->noise * (drawn(&state) + drawn(&state) - 1);
        at[i] = (struct obs){t_ns, s->offset + s->slope * seconds + noise};
        trend_add(&t, at[i], s->tau);
        if (i + 1 == 7 || i + 1 == 1000 || i + 1 == SAMPLES)
            check_fit(s->label, &t, at, i + 1, s->tau, 1e-9);
    }
    free(at);
}
END_TEST

/* Late samples join as if they had come in time, and corrected ones as if they had come so. */
START_TEST(trend_knows_no_order)
{
    struct obs at[200];
    struct trend t = {0};
    uint64_t state = 11;
    for (int i = 0; i < 200; i++) {
        int64_t shuffled = i ^ 5; /* within eight */
        at[i] = (struct obs){shuffled * S + (int64_t)(drawn(&state) * 9e8),
                             100 + 0.5 * (double)shuffled + drawn(&state)};
        trend_add(&t, at[i], 20);
        if (i % 3 == 2) {
            int which = i - i % 7 % 3;
            double v = at[which].v + drawn(&state) * 10;
            trend_replace(&t, at[which], v, 20);
            at[which].v = v;
        }
        if (i > 5)
            check_fit("shuffled and corrected", &t, at, (size_t)i + 1, 20, 1e-9);
    }
}
END_TEST

static const struct row {
    const char *label;
    struct obs in[4];
    int n;
    double tau, sigma;
    bool known;
    double slope, error;
} rows[] = {
    {"nothing", {{0, 0}}, 0, 10, 0, false, 0, 0},
    {"one sample", {{0, 5}}, 1, 10, 0, false, 0, 0},
    {"one time, twice", {{S, 5}, {S, 6}}, 2, 10, 0, false, 0, 0},
    {"two samples: a slope of unknown error", {{0, 5}, {2 * S, 6}}, 2, 10, 0, true, 0.5, NAN},
    {"a constant", {{0, 7}, {S, 7}, {3 * S, 7}}, 3, 10, 0, true, 0, 0},
    {"an exact line", {{0, 1}, {S, 3}, {3 * S, 7}, {4 * S, 9}}, 4, 5, 0, true, 2, 0},
    {"all forgotten", {{0, 1}, {40000 * S, 3}}, 2, 1, 0, false, 0, 0},
    {"time before the epoch", {{-3 * S, 1}, {-2 * S, 3}, {0, 7}}, 3, 5, 0, true, 2, 0},
};

START_TEST(trend_row)
{
    const struct row *r = &rows[_i];
    struct trend t = {0};
    struct trend_slope got = {.slope = -77};
    for (int i = 0; i < r->n; i++)
        trend_add(&t, r->in[i], r->tau);
    ck_assert_msg(trend_slope(&t, r->sigma, &got) == r->known, "%s", r->label);
    if (!r->known) {
        ck_assert_msg(got.slope == -77, "%s: touched", r->label);
        return;
    }
    ck_assert_msg(fabs(got.slope - r->slope) <= 4e-16 * fabs(r->slope), "%s: slope %.17g", r->label,
                  got.slope);
    ck_assert_msg(isnan(r->error) ? isnan(got.error) : fabs(got.error - r->error) < 1e-7,
                  "%s: error %.17g", r->label, got.error);
}
END_TEST

/* A sensor with steps says the same value again and again: no scatter, and yet it is not known better
 * than its step allows. Two samples: the error of their secant. */
START_TEST(trend_knows_its_sensor)
{
    struct trend t = {0};
    struct trend_slope got;
    trend_add(&t, (struct obs){0, 4}, 1e12);
    trend_add(&t, (struct obs){2 * S, 4}, 1e12);
    ck_assert(trend_slope(&t, 0.1, &got));
    ck_assert_msg(fabs(got.error - 0.1 * sqrt(2) / 2) < 1e-12, "error %.17g", got.error);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("trend");
    TCase *t = tcase_create("trend");
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, trend_is_the_direct_fit, 0, ROWS(streams));
    tcase_add_test(t, trend_knows_no_order);
    tcase_add_loop_test(t, trend_row, 0, ROWS(rows));
    tcase_add_test(t, trend_knows_its_sensor);
    suite_add_tcase(s, t);
    return s;
}
