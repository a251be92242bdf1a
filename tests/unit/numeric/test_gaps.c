/* tests/unit/numeric/test_gaps.c -- missing values: what the policies of a derivative make of them,
 * and how gaps are filled. Tables, which docs/numerics.md shows, then laws. */
#include <nabla/nabla.h>

#include "suite.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#define N__ NAN

static void same(const char *label, const double *got, const double *want, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        ck_assert_msg((isnan(got[i]) && isnan(want[i])) || got[i] == want[i] ||
                          fabs(got[i] - want[i]) <= 1e-12,
                      "%s: [%d] is %.17g, not %.17g", label, (int)i, got[i], want[i]);
}

/* ---- policies */

static void derive(const double *f, int64_t n, const struct nabla_derivative_options *o,
                   double *out)
{
    struct nabla_array in = {(void *)f, NABLA_FLOAT64, 1, &n, NULL},
                       to = {out, NABLA_FLOAT64, 1, &n, NULL};
    void *room = malloc(nabla_derivative_workspace());
    ck_assert_int_eq(nabla_derivative(&in, 0, o, &to, room, nabla_derivative_workspace(), NULL),
                     NABLA_OK);
    free(room);
}

static const double seven[9] = {0, 1, 2, 3, 5, 6, 7, 8, 9};

#define PROPAGATE                                                                                  \
    {                                                                                              \
        .nan = NABLA_NAN_PROPAGATE                                                                 \
    }
#define SKIP                                                                                       \
    {                                                                                              \
        .nan = NABLA_NAN_SKIP                                                                      \
    }
#define BREAK                                                                                      \
    {                                                                                              \
        .nan = NABLA_NAN_BREAK                                                                     \
    }
#define WITH_COORDINATES(policy)                                                                   \
    {                                                                                              \
        .nan = policy, .spacing = { NABLA_COORDINATES, 0, seven, NABLA_FLOAT64, 7, 0 }             \
    }

static const struct policy_row {
    const char *label;
    double f[9];
    int64_t n;
    struct nabla_derivative_options o;
    double want[9];
} policy_rows[] = {
    {"squares, propagate", {0, 1, 4, N__, 16, 25, 36}, 7, PROPAGATE, {0, 2, N__, 6, N__, 10, 12}},
    {"squares, skip", {0, 1, 4, N__, 16, 25, 36}, 7, SKIP, {0, 2, 4, 6, 8, 10, 12}},
    {"squares, break", {0, 1, 4, N__, 16, 25, 36}, 7, BREAK, {0, 2, 4, N__, 8, 10, 12}},
    {"a short run, break", {0, 1, N__, 9, 16, 25, 36}, 7, BREAK, {N__, N__, N__, 6, 8, 10, 12}},
    {"a short run, skip", {0, 1, N__, 9, 16, 25, 36}, 7, SKIP, {0, 2, 4, 6, 8, 10, 12}},
    {"at the ends, skip", {N__, 1, 4, 9, 16, 25, N__}, 7, SKIP, {0, 2, 4, 6, 8, 10, 12}},
    {"at the ends, break", {N__, 1, 4, 9, 16, 25, N__}, 7, BREAK, {N__, 2, 4, 6, 8, 10, N__}},
    {"too few, skip: the middle is not read",
     {N__, 1, N__, 9, N__, N__, N__},
     7,
     SKIP,
     {N__, N__, 4, N__, N__, N__, N__}},
    {"all missing, skip", {N__, N__, N__, N__}, 4, SKIP, {N__, N__, N__, N__}},
    {"a cube, skip: four where the last two are equally far",
     {0, 1, 8, N__, 64, 125, 216},
     7,
     SKIP,
     {-2, 4, 12, 28, 48, 76, 106}},
    {"uneven, propagate",
     {0, 1, 4, N__, 25, 36, 49},
     7,
     WITH_COORDINATES(NABLA_NAN_PROPAGATE),
     {0, 2, N__, N__, N__, 12, 14}},
    {"uneven, skip",
     {0, 1, 4, N__, 25, 36, 49},
     7,
     WITH_COORDINATES(NABLA_NAN_SKIP),
     {0, 2, 4, 6, 10, 12, 14}},
    {"an infinity is a value, skip",
     {0, 1, INFINITY, 9, 16, 25, 36},
     7,
     SKIP,
     {-INFINITY, INFINITY, 4, -INFINITY, 8, 10, 12}},
    {"periodic, break",
     {0, N__, 0, -1, 0, 1, 2},
     7,
     {.nan = NABLA_NAN_BREAK, .before = NABLA_PERIODIC, .after = NABLA_PERIODIC},
     {-3.5, N__, -2, 0, 1, 1, -0.5}},
    {"reflected, skip",
     {N__, 1, 4, 9},
     4,
     {.nan = NABLA_NAN_SKIP, .before = NABLA_REFLECT, .after = NABLA_ONE_SIDED},
     {0, 2, 4, 6}},
};

START_TEST(policy)
{
    const struct policy_row *r = &policy_rows[_i];
    double got[9] = {1e99, 1e99, 1e99, 1e99, 1e99, 1e99, 1e99, 1e99, 1e99};
    derive(r->f, r->n, &r->o, got);
    same(r->label, got, r->want, r->n);
}
END_TEST

/* BREAK is the plain derivative of each run of order + accuracy valid elements or more. */
START_TEST(breaks_are_arrays_of_their_own)
{
    double f[80], x[80], got[80], want[80];
    srand48(7);
    for (int round = 0; round < 500; round++) {
        struct nabla_derivative_options o = {.order = 1 + round % 4,
                                             .accuracy = 2 + 2 * (round % 3)};
        bool even = round % 2;
        for (int i = 0; i < 80; i++) {
            f[i] = lrand48() % 14 == 0 ? (double)NAN : drand48();
            x[i] = i + 0.5 * drand48();
            want[i] = NAN;
        }
        for (int from = 0, to; from < 80; from = to + 1) {
            for (to = from; to < 80 && !isnan(f[to]); to++)
                ;
            o.spacing = even ? nabla_step(1) : nabla_coordinates(x + from, to - from);
            if (to - from >= o.order + o.accuracy)
                derive(f + from, to - from, &o, want + from);
        }
        o.nan = NABLA_NAN_BREAK;
        o.spacing = even ? nabla_step(1) : nabla_coordinates(x, 80);
        derive(f, 80, &o, got);
        for (int i = 0; i < 80; i++)
            ck_assert_msg(got[i] == want[i] || (isnan(got[i]) && isnan(want[i])), "round %d, [%d]",
                          round, i);
    }
}
END_TEST

/* SKIP is exact wherever a stencil of order + accuracy valid elements is to be had. */
START_TEST(skipping_is_exact_on_polynomials)
{
    double f[60], x[60], got[60];
    srand48(8);
    for (int round = 0; round < 500; round++) {
        struct nabla_derivative_options o = {
            .order = 1 + round % 2, .accuracy = 2 + 2 * (round % 2), .nan = NABLA_NAN_SKIP};
        o.spacing = nabla_coordinates(x, 60);
        for (int i = 0; i < 60; i++) {
            x[i] = 0.05 * (i + 0.5 * drand48());
            f[i] = lrand48() % 3 == 0 ? (double)NAN : x[i] * x[i];
        }
        derive(f, 60, &o, got);
        for (int i = 0; i < 60; i++)
            ck_assert_msg(fabs(got[i] - (o.order == 1 ? 2 * x[i] : 2)) < 1e-7,
                          "round %d, [%d] %.17g", round, i, got[i]);
    }
}
END_TEST

/* Neighbours more than NABLA_SKIP_REACH elements away are not looked for. */
START_TEST(skipping_does_not_reach_far)
{
    enum { N = 2 * NABLA_SKIP_REACH + 40, FIRST = 20 };
    double f[N], got[N];
    const struct nabla_derivative_options o = SKIP;
    for (int i = 0; i < N; i++)
        f[i] = i < FIRST || i >= N - FIRST ? i : (double)NAN;
    derive(f, N, &o, got);
    for (int i = 0; i < N; i++) {
        int left = i - (FIRST - 1), right = N - FIRST - i; /* to the nearest valid elements */
        bool there = left <= NABLA_SKIP_REACH - 2 || right <= NABLA_SKIP_REACH - 2 ||
                     (left <= NABLA_SKIP_REACH - 1 && right <= NABLA_SKIP_REACH);
        ck_assert_msg(there ? fabs(got[i] - 1) < 1e-9 : isnan(got[i]), "[%d] is %g", i, got[i]);
    }
}
END_TEST

/* ---- gaps filled */

static const double uneven[6] = {0, 1, 2, 6, 8, 10}, steps[5] = {1, 1, 4, 2, 2};

static const struct gap_row {
    const char *label;
    double f[6];
    struct nabla_spacing spacing;
    enum nabla_gap_ends ends;
    int64_t max_gap;
    double want[6];
} gap_rows[] = {
    {"no gap", {1, 2, 3, 4, 5, 7}, {0}, NABLA_ENDS_KEEP, 0, {1, 2, 3, 4, 5, 7}},
    {"one", {1, 2, N__, 6, 5, 7}, {0}, NABLA_ENDS_KEEP, 0, {1, 2, 4, 6, 5, 7}},
    {"three", {1, N__, N__, N__, 5, 7}, {0}, NABLA_ENDS_KEEP, 0, {1, 2, 3, 4, 5, 7}},
    {"ends kept", {N__, 2, N__, 6, N__, N__}, {0}, NABLA_ENDS_KEEP, 0, {N__, 2, 4, 6, N__, N__}},
    {"ends extended", {N__, 2, N__, 6, N__, N__}, {0}, NABLA_ENDS_EXTEND, 0, {2, 2, 4, 6, 6, 6}},
    {"too long", {1, N__, N__, 4, N__, 6}, {0}, NABLA_ENDS_KEEP, 1, {1, N__, N__, 4, 5, 6}},
    {"too long an end",
     {N__, N__, 3, 4, 5, N__},
     {0},
     NABLA_ENDS_EXTEND,
     1,
     {N__, N__, 3, 4, 5, 5}},
    {"all missing",
     {N__, N__, N__, N__, N__, N__},
     {0},
     NABLA_ENDS_EXTEND,
     0,
     {N__, N__, N__, N__, N__, N__}},
    {"coordinates",
     {0, N__, N__, 12, N__, 20},
     {NABLA_COORDINATES, 0, uneven, NABLA_FLOAT64, 6, 0},
     NABLA_ENDS_KEEP,
     0,
     {0, 2, 4, 12, 16, 20}},
    {"steps",
     {0, N__, N__, 12, N__, 20},
     {NABLA_STEPS, 0, steps, NABLA_FLOAT64, 5, 0},
     NABLA_ENDS_KEEP,
     0,
     {0, 2, 4, 12, 16, 20}},
};

static enum nabla_status fill(const double *f, int64_t n, const struct nabla_spacing *spacing,
                              enum nabla_gap_ends ends, int64_t max_gap, double *out,
                              struct nabla_fault *fault)
{
    struct nabla_array in = {(void *)f, NABLA_FLOAT64, 1, &n, NULL},
                       to = {out, NABLA_FLOAT64, 1, &n, NULL};
    return nabla_interpolate_gaps(&in, -1, spacing, ends, max_gap, 1, &to, fault);
}

START_TEST(gap)
{
    const struct gap_row *r = &gap_rows[_i];
    double got[6] = {1e99, 1e99, 1e99, 1e99, 1e99, 1e99};
    ck_assert_int_eq(fill(r->f, 6, &r->spacing, r->ends, r->max_gap, got, NULL), NABLA_OK);
    same(r->label, got, r->want, 6);
}
END_TEST

/* What is filled lies between its neighbours, and is theirs where they agree; valid values stay. */
START_TEST(filled_lies_between)
{
    double f[50], got[50];
    srand48(9);
    for (int round = 0; round < 2000; round++) {
        for (int i = 0; i < 50; i++)
            f[i] = lrand48() % 2 ? (double)NAN : round % 2 ? 0.1 : drand48();
        f[0] = f[49] = 0.1;
        ck_assert_int_eq(fill(f, 50, NULL, NABLA_ENDS_KEEP, 0, got, NULL), NABLA_OK);
        for (int i = 0, a = 0, b; i < 50; i++) {
            a = isnan(f[i]) ? a : i;
            for (b = i; isnan(f[b]); b++)
                ;
            ck_assert(got[i] >= fmin(f[a], f[b]) && got[i] <= fmax(f[a], f[b]));
        }
    }
}
END_TEST

START_TEST(refused)
{
    struct nabla_fault fault = {0};
    const double x[3] = {0, 2, 2}, f[3] = {1, NAN, 3};
    double out[3] = {7, 7, 7};
    const struct nabla_spacing at = nabla_coordinates(x, 3), wrong = nabla_coordinates(x, 2);
    ck_assert_int_eq(fill(f, 3, &at, NABLA_ENDS_KEEP, 0, out, &fault), NABLA_EORDER);
    ck_assert_int_eq(fault.index, 1);
    ck_assert_int_eq(fill(f, 3, &wrong, NABLA_ENDS_KEEP, 0, out, &fault), NABLA_ELENGTH);
    ck_assert_int_eq(fill(f, 3, NULL, NABLA_ENDS_KEEP, -1, out, &fault), NABLA_EINVAL);
    ck_assert_int_eq(fill(f, 3, NULL, (enum nabla_gap_ends)2, 0, out, &fault), NABLA_EINVAL);
    ck_assert_int_eq(fill(f, 3, NULL, NABLA_ENDS_KEEP, 0, (double *)f, &fault), NABLA_EINVAL);
    ck_assert(out[0] == 7 && out[1] == 7 && out[2] == 7);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("numeric/gaps");
    TCase *t = tcase_create("gaps");
    tcase_add_loop_test(t, policy, 0, ROWS(policy_rows));
    tcase_add_test(t, breaks_are_arrays_of_their_own);
    tcase_add_test(t, skipping_is_exact_on_polynomials);
    tcase_add_test(t, skipping_does_not_reach_far);
    tcase_add_loop_test(t, gap, 0, ROWS(gap_rows));
    tcase_add_test(t, filled_lies_between);
    tcase_add_test(t, refused);
    suite_add_tcase(s, t);
    return s;
}
