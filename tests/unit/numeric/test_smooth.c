/* tests/unit/numeric/test_smooth.c -- rolling means and magnitudes: tables, then laws. */
#include <nabla/nabla.h>

#include "suite.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#define N__ NAN

static struct nabla_array line(const double *f, const int64_t *n)
{
    return (struct nabla_array){(void *)f, NABLA_FLOAT64, 1, n, NULL};
}

static enum nabla_status mean(const double *f, int64_t n, int64_t window, enum nabla_nan_policy nan,
                              double *out)
{
    struct nabla_array in = line(f, &n), to = line(out, &n);
    return nabla_rolling_mean(&in, 0, window, nan, 1, &to, NULL);
}

static const struct row {
    const char *label;
    double f[6];
    int64_t window;
    enum nabla_nan_policy nan;
    double want[6];
} rows[] = {
    {"window 1", {1, 2, 4, 8, 16, 32}, 1, NABLA_NAN_PROPAGATE, {1, 2, 4, 8, 16, 32}},
    {"window 3", {1, 3, 5, 1, 0, 2}, 3, NABLA_NAN_PROPAGATE, {2, 3, 3, 2, 1, 1}},
    {"window 2 leans back", {1, 3, 5, 1, 0, 2}, 2, NABLA_NAN_PROPAGATE, {1, 2, 4, 3, 0.5, 1}},
    {"window past all", {1, 3, 5, 1, 0, 2}, 99, NABLA_NAN_PROPAGATE, {2, 2, 2, 2, 2, 2}},
    {"the widest", {1, 3, 5, 1, 0, 2}, INT64_MAX, NABLA_NAN_PROPAGATE, {2, 2, 2, 2, 2, 2}},
    {"propagate", {1, 3, N__, 1, 0, 2}, 3, NABLA_NAN_PROPAGATE, {2, N__, N__, N__, 1, 1}},
    {"skip", {1, 3, N__, 1, 0, 2}, 3, NABLA_NAN_SKIP, {2, 2, 2, 0.5, 1, 1}},
    {"break", {1, 3, N__, 1, 0, 5}, 3, NABLA_NAN_BREAK, {2, 2, N__, 0.5, 2, 2.5}},
    {"break does not look past gaps",
     {1, 3, N__, 1, 0, 2},
     5,
     NABLA_NAN_BREAK,
     {2, 2, N__, 1, 1, 1}},
    {"nothing valid", {1, N__, N__, N__, 0, 2}, 3, NABLA_NAN_SKIP, {1, 1, N__, 0, 1, 1}},
    {"an infinity stays one",
     {1, 2, INFINITY, 1, 0, 2},
     3,
     NABLA_NAN_SKIP,
     {1.5, INFINITY, INFINITY, INFINITY, 1, 1}},
    {"both infinities",
     {-INFINITY, 2, INFINITY, 1, 0, 2},
     3,
     NABLA_NAN_SKIP,
     {-INFINITY, N__, INFINITY, INFINITY, 1, 1}},
};

START_TEST(mean_row)
{
    const struct row *r = &rows[_i];
    double got[6] = {1e99, 1e99, 1e99, 1e99, 1e99, 1e99};
    ck_assert_int_eq(mean(r->f, 6, r->window, r->nan, got), NABLA_OK);
    for (int i = 0; i < 6; i++)
        ck_assert_msg(got[i] == r->want[i] || (isnan(got[i]) && isnan(r->want[i])),
                      "%s: [%d] is %.17g, not %.17g", r->label, i, got[i], r->want[i]);
}
END_TEST

START_TEST(constants_come_out_untouched)
{
    double f[100], got[100];
    srand48(1);
    for (int round = 0; round < 300; round++) {
        double c = ldexp(drand48() - 0.5, (int)(lrand48() % 2000) - 1000);
        for (int i = 0; i < 100; i++)
            f[i] = c;
        ck_assert_int_eq(mean(f, 100, 1 + lrand48() % 120, NABLA_NAN_PROPAGATE, got), NABLA_OK);
        for (int i = 0; i < 100; i++)
            ck_assert(got[i] == c);
    }
}
END_TEST

/* Values that differ in their last digits only: a running sum would have lost them by the end. */
START_TEST(an_offset_costs_nothing)
{
    enum { N = 20000 };
    static double f[N], got[N];
    for (int i = 0; i < N; i++)
        f[i] = 1e15 + i % 3;
    ck_assert_int_eq(mean(f, N, 3, NABLA_NAN_PROPAGATE, got), NABLA_OK);
    for (int i = 1; i + 1 < N; i++)
        ck_assert(got[i] == 1e15 + 1);
}
END_TEST

START_TEST(refused)
{
    double f[4] = {1, 2, 3, 4}, out[4] = {7, 7, 7, 7};
    ck_assert_int_eq(mean(f, 4, 0, NABLA_NAN_SKIP, out), NABLA_EINVAL);
    ck_assert_int_eq(mean(f, 4, 3, (enum nabla_nan_policy)5, out), NABLA_EINVAL);
    ck_assert_int_eq(mean(f, 4, 3, NABLA_NAN_SKIP, f), NABLA_EINVAL);
    ck_assert(out[0] == 7 && f[1] == 2);
}
END_TEST

/* ---- magnitudes */

static const struct length_row {
    const char *label;
    double parts[3];
    double want;
} lengths[] = {
    {"3 4", {3, 4, 0}, 5},
    {"1 2 2", {-1, 2, -2}, 3},
    {"zero", {0, -0.0, 0}, 0},
    {"large", {3e300, 4e300, 0}, 5e300},
    {"largest", {0x1.fffffffffffffp1023, 0, 0}, 0x1.fffffffffffffp1023},
    {"past the range", {0x1.fffffffffffffp1023, 0x1.fffffffffffffp1023, 0}, INFINITY},
    {"small", {3e-300, 4e-300, 0}, 5e-300},
    {"smallest", {0, 0x1p-1074, 0}, 0x1p-1074},
    {"large and small", {1e300, 1e-300, 1}, 1e300},
    {"infinity", {1, -INFINITY, 2}, INFINITY},
    {"NaN", {1, NAN, 2}, NAN},
    {"infinity over NaN", {NAN, INFINITY, 2}, INFINITY},
};

START_TEST(length_row)
{
    const struct length_row *r = &lengths[_i];
    const int64_t n = 1;
    double got = 1e99;
    struct nabla_array parts[3], out = line(&got, &n);
    for (int k = 0; k < 3; k++)
        parts[k] = (struct nabla_array){(void *)&r->parts[k], NABLA_FLOAT64, 0, NULL, NULL};
    out.ndim = 0;
    ck_assert_int_eq(nabla_magnitude(parts, 3, 1, &out, NULL), NABLA_OK);
    ck_assert_msg((isnan(r->want) && isnan(got)) || got == r->want ||
                      fabs(got - r->want) <= 3e-16 * r->want,
                  "%s: %.17g", r->label, got);
}
END_TEST

/* Parts of several types and layouts; as hypot has it, to two ulp. */
START_TEST(equal_to_hypot)
{
    enum { ROWS_N = 9, COLUMNS = 300 };
    static double a[ROWS_N * COLUMNS], got[ROWS_N * COLUMNS];
    static float b[ROWS_N * COLUMNS];
    const int64_t shape[2] = {ROWS_N, COLUMNS}, by_columns[2] = {8, 8 * ROWS_N};
    struct nabla_array parts[2] = {{a, NABLA_FLOAT64, 2, shape, by_columns},
                                   {b, NABLA_FLOAT32, 2, shape, NULL}};
    struct nabla_array out = {got, NABLA_FLOAT64, 2, shape, NULL};
    srand48(2);
    for (int i = 0; i < ROWS_N * COLUMNS; i++) {
        a[i] = ldexp(drand48(), (int)(lrand48() % 2000) - 1000);
        b[i] = (float)ldexp(drand48(), (int)(lrand48() % 200) - 100);
    }
    ck_assert_int_eq(nabla_magnitude(parts, 2, 1, &out, NULL), NABLA_OK);
    for (int i = 0; i < ROWS_N; i++)
        for (int j = 0; j < COLUMNS; j++) {
            double want = hypot(a[j * ROWS_N + i], (double)b[i * COLUMNS + j]);
            double is = got[i * COLUMNS + j];
            ck_assert_msg(fabs(is - want) <= 5e-16 * want, "%d,%d: %.17g %.17g", i, j, is, want);
        }
}
END_TEST

START_TEST(refused_parts)
{
    struct nabla_fault fault = {0};
    const int64_t n = 4, m = 3;
    double f[4] = {1, 2, 3, 4}, out[4] = {7, 7, 7, 7};
    struct nabla_array parts[2] = {line(f, &n), line(f, &m)}, to = line(out, &n);
    ck_assert_int_eq(nabla_magnitude(parts, 2, 1, &to, &fault), NABLA_ELENGTH);
    ck_assert_int_eq(nabla_magnitude(parts, 0, 1, &to, &fault), NABLA_EINVAL);
    ck_assert_int_eq(nabla_magnitude(parts, NABLA_DIMS_MAX + 1, 1, &to, &fault), NABLA_EINVAL);
    ck_assert_int_eq(nabla_magnitude(NULL, 1, 1, &to, &fault), NABLA_EINVAL);
    parts[1] = line(f, &n);
    parts[1].dtype = NABLA_COMPLEX64;
    ck_assert_int_eq(nabla_magnitude(parts, 2, 1, &to, &fault), NABLA_EDTYPE);
    ck_assert_int_eq(fault.argument, 1);
    ck_assert(out[0] == 7);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("numeric/smooth");
    TCase *t = tcase_create("smooth");
    tcase_add_loop_test(t, mean_row, 0, ROWS(rows));
    tcase_add_test(t, constants_come_out_untouched);
    tcase_add_test(t, an_offset_costs_nothing);
    tcase_add_test(t, refused);
    tcase_add_loop_test(t, length_row, 0, ROWS(lengths));
    tcase_add_test(t, equal_to_hypot);
    tcase_add_test(t, refused_parts);
    suite_add_tcase(s, t);
    return s;
}
