/* tests/unit/numeric/test_forecast.c -- when a course is at a level: a table, then the law. */
#include "numeric/forecast.h"

#include "suite.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

static const struct row {
    const char *label;
    struct course c;
    double level, seconds; /* NaN: never */
} rows[] = {
    {"up a line", {-10, 0.5, 0.1, NAN, NAN}, -5, 10},
    {"down a line", {10, -0.5, NAN, NAN, NAN}, 5, 10},
    {"there already", {10, -0.5, NAN, NAN, NAN}, 10, 0},
    {"there, and not moving", {10, 0, NAN, NAN, NAN}, 10, 0},
    {"away from it", {10, 0.5, NAN, NAN, NAN}, 5, NAN},
    {"not moving", {10, 0, NAN, NAN, NAN}, 5, NAN},
    {"a slope below its error", {0, 0.5, 0.6, NAN, NAN}, 5, NAN},
    {"a slope equal to its error", {0, 0.5, 0.5, NAN, NAN}, 5, NAN},
    {"value unknown", {NAN, 0.5, 0.1, NAN, NAN}, 5, NAN},
    {"slope unknown", {0, NAN, 0.1, NAN, NAN}, 5, NAN},
    {"slope infinite", {0, INFINITY, 0.1, NAN, NAN}, 5, NAN},
    {"a bend within its error is none", {0, 1, 0.1, 2, 1}, 8, 8},
    {"a bend of unknown error is none", {0, 1, 0.1, 2, NAN}, 8, 8},
    {"a clear bend: t + t^2 = 12", {0, 1, 0.1, 2, 0.1}, 12, 3},
    {"braking, and there in time: 6t - t^2 = 5", {0, 6, 0.1, -2, 0.1}, 5, 1},
    {"braking, and back before: 6t - t^2 = 10", {0, 6, 0.1, -2, 0.1}, 10, NAN},
    {"away first, then back: -t + t^2 = 2", {0, -1, 0.1, 2, 0.1}, 2, 2},
    {"from rest: t^2 = 9", {0, 0, 0.1, 2, 0.1}, 9, 3},
    {"up and down again through below", {0, 1, 0.1, -2, 0.1}, -2, 2},
    {"bent away", {0, -1, 0.1, -2, 0.1}, 2, NAN},
    {"too far for a double", {0, 1e-300, 0, NAN, NAN}, 1e300, NAN},
};

START_TEST(forecast_row)
{
    const struct row *r = &rows[_i];
    double got = forecast_seconds(&r->c, r->level);
    ck_assert_msg(isnan(r->seconds) ? isnan(got) : fabs(got - r->seconds) <= 1e-14 * r->seconds,
                  "%s: %.17g", r->label, got);
}
END_TEST

static double drawn(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (double)(*state >> 11) * 0x1p-52 - 1;
}

static double at(const struct course *c, double t)
{
    return c->value + t * (c->slope + t * c->accel / 2);
}

/* Whether the course stays on its side of the level at n times from 0 up to, not including, t. */
static bool stays(const struct course *c, double level, double t, int n)
{
    for (int i = 0; i < n; i++)
        if ((at(c, t * i / n) < level) != (c->value < level))
            return false;
    return true;
}

/* At the answer the course is at the level, and nowhere before is it on the other side. */
START_TEST(forecast_is_the_first_time)
{
    uint64_t state = 5;
    int found = 0, early = 0;
    double worst = 0;
    for (int k = 0; k < 100000; k++) {
        struct course c = {drawn(&state), drawn(&state), 0, drawn(&state), 0};
        double level = 3 * drawn(&state), t = forecast_seconds(&c, level);
        early += !stays(&c, level, isnan(t) ? 50 : t, 40);
        if (isnan(t))
            continue;
        double scale = fabs(c.value) + t * (fabs(c.slope) + t * fabs(c.accel)) + fabs(level);
        worst = fmax(worst, fabs(at(&c, t) - level) / scale);
        found++;
    }
    ck_assert_int_gt(found, 10000);
    ck_assert_int_eq(early, 0);
    ck_assert_msg(worst <= 1e-14, "off by %g", worst);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("forecast");
    TCase *t = tcase_create("forecast");
    tcase_add_loop_test(t, forecast_row, 0, ROWS(rows));
    tcase_add_test(t, forecast_is_the_first_time);
    suite_add_tcase(s, t);
    return s;
}
