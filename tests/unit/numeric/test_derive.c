/* tests/unit/numeric/test_derive.c -- derivatives along an axis: a table, the laws (polynomials,
 * convergence, constants, reversal, cuts, epochs). Missing values: test_gaps.c; layouts, types and
 * refusals: test_derive_calls.c. */
#include <nabla/nabla.h>

#include "suite.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { N_MAX = 700 };

static struct nabla_array line(const double *f, const int64_t *n)
{
    return (struct nabla_array){(void *)f, NABLA_FLOAT64, 1, n, NULL};
}

/* One line; out has what the halos leave. */
static enum nabla_status derive(const double *f, int64_t n,
                                const struct nabla_derivative_options *o, double *out,
                                struct nabla_fault *fault)
{
    int64_t m = n - o->halo_before - o->halo_after;
    struct nabla_array in = line(f, &n), to = line(out, &m);
    void *room = malloc(nabla_derivative_workspace());
    enum nabla_status status =
        nabla_derivative(&in, 0, o, &to, room, nabla_derivative_workspace(), fault);
    free(room);
    return status;
}

static void must_derive(const double *f, int64_t n, const struct nabla_derivative_options *o,
                        double *out)
{
    struct nabla_fault fault = {0};
    enum nabla_status status = derive(f, n, o, out, &fault);
    ck_assert_msg(status == NABLA_OK, "status %d: %s", (int)status, fault.message);
}

/* ---- a table */

static const double uneven[6] = {0, 1, 3, 4, 6, 7}, falling[4] = {0, -1, -3, -4};

static const struct row {
    const char *label;
    double f[6];
    int64_t n;
    struct nabla_derivative_options o;
    double want[6];
} rows[] = {
    {"x^2", {1, 4, 9, 16, 25}, 5, {0}, {2, 4, 6, 8, 10}},
    {"x^2, half a step",
     {1, 4, 9, 16, 25},
     5,
     {.spacing = {.kind = NABLA_STEP, .step = 0.5}},
     {4, 8, 12, 16, 20}},
    {"x^2, falling",
     {1, 4, 9, 16, 25},
     5,
     {.spacing = {.kind = NABLA_STEP, .step = -1}},
     {-2, -4, -6, -8, -10}},
    {"x^2, twice", {1, 4, 9, 16, 25}, 5, {.order = 2}, {2, 2, 2, 2, 2}},
    {"x^3, thrice", {0, 1, 8, 27, 64}, 5, {.order = 3}, {6, 6, 6, 6, 6}},
    {"x^4, order 4", {0, 1, 16, 81, 256, 625}, 6, {.order = 4}, {24, 24, 24, 24, 24, 24}},
    {"x^4, accuracy 4", {0, 1, 16, 81, 256}, 5, {.accuracy = 4}, {0, 4, 32, 108, 256}},
    {"periodic",
     {0, 1, 0, -1},
     4,
     {.before = NABLA_PERIODIC, .after = NABLA_PERIODIC},
     {1, 0, -1, 0}},
    {"periodic, twice",
     {0, 1, 0, -1},
     4,
     {.order = 2, .before = NABLA_PERIODIC, .after = NABLA_PERIODIC},
     {0, -2, 0, 2}},
    {"reflected", {0, 1, 4, 9}, 4, {.before = NABLA_REFLECT, .after = NABLA_REFLECT}, {0, 2, 4, 0}},
    {"reflected, twice",
     {0, 1, 4, 9},
     4,
     {.order = 2, .before = NABLA_REFLECT, .after = NABLA_REFLECT},
     {2, 2, 2, -10}},
    {"reflected before", {0, 1, 4, 9}, 4, {.before = NABLA_REFLECT}, {0, 2, 4, 6}},
    {"coordinates",
     {0, 1, 9, 16, 36, 49},
     6,
     {.spacing = {.kind = NABLA_COORDINATES, .data = uneven, .dtype = NABLA_FLOAT64, .n = 6}},
     {0, 2, 6, 8, 12, 14}},
    {"periodic coordinates",
     {0, 1, 2, 1},
     4,
     {.spacing = {.kind = NABLA_COORDINATES, .data = uneven, .dtype = NABLA_FLOAT64, .n = 4},
      .before = NABLA_PERIODIC,
      .after = NABLA_PERIODIC,
      .period = 6},
     {0.5, 5. / 6, -0.5, -5. / 6}},
    {"periodic coordinates, falling",
     {0, 1, 2, 1},
     4,
     {.spacing = {.kind = NABLA_COORDINATES, .data = falling, .dtype = NABLA_FLOAT64, .n = 4},
      .before = NABLA_PERIODIC,
      .after = NABLA_PERIODIC,
      .period = 6},
     {-0.5, -5. / 6, 0.5, 5. / 6}},
};

START_TEST(derivative_row)
{
    const struct row *r = &rows[_i];
    double got[6] = {NAN, NAN, NAN, NAN, NAN, NAN};
    must_derive(r->f, r->n, &r->o, got);
    for (int64_t i = 0; i < r->n; i++)
        ck_assert_msg(fabs(got[i] - r->want[i]) <= 2e-13 * (1 + fabs(r->want[i])),
                      "%s: [%d] is %.17g, not %.17g", r->label, (int)i, got[i], r->want[i]);
}
END_TEST

/* ---- laws */

/* The order-th derivative of x^degree. */
static double power_derived(int degree, int order, double x)
{
    double factor = 1;
    for (int k = 0; k < order; k++)
        factor *= degree - k;
    return degree < order ? 0 : factor * pow(x, degree - order);
}

/* Each kind of spacing over the same x[0..n): steps go to a vector of their own. */
static struct nabla_spacing spacing_of(enum nabla_spacing_kind kind, double *x, double *dx,
                                       int64_t n)
{
    bool even = kind == NABLA_UNIT || kind == NABLA_STEP;
    double h = kind == NABLA_UNIT ? 1 : 0.125;
    for (int64_t i = 0; i < n; i++)
        x[i] = even ? h * (double)(i - n / 2) : 0.125 * ((double)(i - n / 2) + 0.3 * drand48());
    for (int64_t i = 0; i + 1 < n; i++)
        dx[i] = x[i + 1] - x[i];
    if (kind == NABLA_COORDINATES)
        return nabla_coordinates(x, n);
    if (kind == NABLA_STEPS)
        return nabla_steps(dx, n - 1);
    return kind == NABLA_STEP ? nabla_step(h) : (struct nabla_spacing){0};
}

START_TEST(exact_on_polynomials)
{
    int order = 1 + _i % 4, accuracy = 2 + 2 * (_i / 4 % 3);
    enum nabla_spacing_kind kind = (enum nabla_spacing_kind)(_i / 12);
    double x[16], dx[16], f[16], got[16];
    int64_t n = 16;
    srand48(_i);
    struct nabla_derivative_options o = {
        .order = order, .accuracy = accuracy, .spacing = spacing_of(kind, x, dx, n)};
    for (int degree = 0; degree < order + accuracy; degree++) {
        for (int i = 0; i < n; i++)
            f[i] = pow(x[i], degree);
        must_derive(f, n, &o, got);
        double far = fabs(x[0]),
               size = power_derived(degree, order, far) + pow(far, degree - order);
        double step = kind == NABLA_UNIT ? 1 : 0.09;
        double rounding = 2e-13 * pow(far, degree) / pow(step, order);
        for (int i = 0; i < n; i++)
            ck_assert_msg(fabs(got[i] - power_derived(degree, order, x[i])) <=
                              1e-12 * size + rounding,
                          "degree %d at %d: %.17g", degree, i, got[i]);
    }
}
END_TEST

enum { ENDS_OPEN, ENDS_PERIODIC, ENDS_REFLECT, ENDS_KINDS };

/* f and its derivative: exp on an open axis; on a periodic and on a reflected one an even wave with a
 * second harmonic, so that no accidental symmetry raises the order. */
static double wave(int ends, int order, double x)
{
    if (ends == ENDS_OPEN)
        return exp(x);
    double quarter = order * M_PI / 2;
    return cos(x + quarter) + 0.25 * pow(2, order) * cos(2 * x + quarter);
}

/* The greatest error of n elements, whose steps go from 1 - bend to 1 + bend of their mean. */
static double error_of(int ends, int order, int accuracy, int n, double bend)
{
    double x[N_MAX], f[N_MAX], got[N_MAX], worst = 0;
    double length = ends == ENDS_OPEN ? 2 : ends == ENDS_PERIODIC ? 2 * M_PI : M_PI;
    double h = length / (ends == ENDS_PERIODIC ? n : n - 1);
    for (int i = 0; i < n; i++) {
        x[i] = i * h + bend * length / (2 * M_PI) * sin(2 * M_PI * i * h / length);
        f[i] = wave(ends, 0, x[i]);
    }
    struct nabla_derivative_options o = {.order = order, .accuracy = accuracy};
    o.spacing = bend == 0 ? nabla_step(h) : nabla_coordinates(x, n);
    o.before = o.after = ends == ENDS_PERIODIC  ? NABLA_PERIODIC
                         : ends == ENDS_REFLECT ? NABLA_REFLECT
                                                : NABLA_ONE_SIDED;
    o.period = ends == ENDS_PERIODIC && bend != 0 ? length : 0;
    must_derive(f, n, &o, got);
    for (int i = 0; i < n; i++)
        worst = fmax(worst, fabs(got[i] - wave(ends, order, x[i])));
    return worst;
}

/* Twice the elements, 2^accuracy times less error. On an uneven axis a centred stencil of an even order
 * has an element to spare, and may do better. */
START_TEST(convergence)
{
    int order = 1 + _i % 4, accuracy = 2 + 2 * (_i / 4 % 3), ends = _i / 12 % ENDS_KINDS;
    double bend = _i >= 12 * ENDS_KINDS ? 0.1 : 0;
    int n = accuracy < 6 ? 48 : ends == ENDS_OPEN ? 24 : 20;
    double coarse = error_of(ends, order, accuracy, n, bend);
    double fine = error_of(ends, order, accuracy, 2 * n - (ends != ENDS_PERIODIC), bend);
    double rate = log2(coarse / fine);
    ck_assert_msg(rate > accuracy - 0.6 && (bend != 0 || rate < accuracy + 0.8),
                  "order %d, accuracy %d, ends %d, bend %g: rate %.2f (%.3g to %.3g)", order,
                  accuracy, ends, bend, rate, coarse, fine);
}
END_TEST

/* A random valid call of n elements; x and dx hold what its spacing points to. */
static struct nabla_derivative_options random_options(int64_t n, double *x, double *dx)
{
    static const enum nabla_boundary any[] = {NABLA_ONE_SIDED, NABLA_REFLECT};
    struct nabla_derivative_options o = {.order = 1 + (int)(lrand48() % 4),
                                         .accuracy = 2 + 2 * (int)(lrand48() % 3)};
    o.spacing = spacing_of((enum nabla_spacing_kind)(lrand48() % 4), x, dx, n);
    o.before = any[lrand48() % 2];
    o.after = any[lrand48() % 2];
    o.nan = (enum nabla_nan_policy)(lrand48() % 3);
    return o;
}

START_TEST(constants_give_exactly_zero)
{
    double x[64], dx[64], f[64], got[64];
    srand48(3);
    for (int round = 0; round < 2000; round++) {
        int64_t n = 12 + lrand48() % 50;
        struct nabla_derivative_options o = random_options(n, x, dx);
        double c = ldexp(drand48() - 0.5, (int)(lrand48() % 600) - 300);
        for (int i = 0; i < n; i++)
            f[i] = o.nan == NABLA_NAN_SKIP && lrand48() % 8 == 0 ? (double)NAN : c;
        must_derive(f, n, &o, got);
        for (int i = 0; i < n; i++)
            ck_assert_msg(got[i] == 0 || (isnan(got[i]) && o.nan == NABLA_NAN_SKIP),
                          "round %d, [%d] is %g", round, i, got[i]);
    }
}
END_TEST

/* Reversing the elements, the step staying, negates odd orders, bit for bit in the middle of an even
 * axis; at the ends weights are rounded one way and the other. */
START_TEST(reversal)
{
    double f[30], back[30], a[30], b[30];
    srand48(4);
    for (int round = 0; round < 200; round++) {
        struct nabla_derivative_options o = {.order = 1 + round % 4,
                                             .accuracy = 2 + 2 * (round % 3)};
        for (int i = 0; i < 30; i++)
            back[29 - i] = f[i] = drand48();
        must_derive(f, 30, &o, a);
        must_derive(back, 30, &o, b);
        double sign = o.order % 2 ? -1 : 1;
        for (int i = 0; i < 30; i++) {
            double room = i >= 5 && i < 25 ? 0 : 1e-11;
            ck_assert_msg(fabs(a[i] - sign * b[29 - i]) <= room, "order %d, accuracy %d, [%d]",
                          o.order, o.accuracy, i);
        }
    }
}
END_TEST

/* o for elements from..to of n, with its spacing cut like them. */
static struct nabla_derivative_options cut(struct nabla_derivative_options o, int64_t from,
                                           int64_t to)
{
    if (o.spacing.kind == NABLA_COORDINATES || o.spacing.kind == NABLA_STEPS) {
        o.spacing.data = (const double *)o.spacing.data + from;
        o.spacing.n = to - from - (o.spacing.kind == NABLA_STEPS);
    }
    return o;
}

/* The whole is longer than one piece of the workspace; NaN come singly and in runs. */
START_TEST(any_cut)
{
    static double x[N_MAX], dx[N_MAX], f[N_MAX], whole[N_MAX], got[N_MAX];
    srand48(5);
    for (int round = 0; round < 2000; round++) {
        int64_t n = 12 + lrand48() % (N_MAX - 12);
        struct nabla_derivative_options o = random_options(n, x, dx);
        for (int64_t i = 0, gap = 0; i < n; i++, gap--) {
            if (lrand48() % 40 == 0)
                gap = lrand48() % 90;
            f[i] = round % 2 && gap > 0 ? (double)NAN : drand48();
        }
        must_derive(f, n, &o, whole);
        int64_t halo = nabla_derivative_halo(&o), from = lrand48() % n;
        int64_t to = from + 1 + lrand48() % (n - from);
        int64_t low = from > halo ? from - halo : 0, high = n - to > halo ? to + halo : n;
        struct nabla_derivative_options part = cut(o, low, high);
        part.halo_before = from - low;
        part.halo_after = high - to;
        must_derive(f + low, high - low, &part, got);
        ck_assert_msg(memcmp(got, whole + from, (size_t)(to - from) * sizeof *got) == 0,
                      "round %d: order %d, accuracy %d, nan %d, spacing %d, %d..%d of %d", round,
                      o.order, o.accuracy, (int)o.nan, (int)o.spacing.kind, (int)from, (int)to,
                      (int)n);
    }
}
END_TEST

/* A piece of a periodic axis brings its halo from the other end, its coordinates a period off. */
START_TEST(any_cut_of_a_periodic_axis)
{
    double x[300], f[300], whole[100], got[100];
    for (int round = 0; round < 24; round++) {
        struct nabla_derivative_options o = {.order = 1 + round % 4,
                                             .accuracy = 2 + 2 * (round % 3),
                                             .before = NABLA_PERIODIC,
                                             .after = NABLA_PERIODIC};
        o.nan = round % 2 ? NABLA_NAN_SKIP : NABLA_NAN_PROPAGATE;
        bool even = round < 12;
        for (int i = 0; i < 300; i++) { /* the coordinates are exact, so that the period is, too */
            x[i] = i + 0.25 * (i % 100 % 3) - 100;
            f[i] = i % 100 == 17 ? (double)NAN : sin(i % 100);
        }
        o.spacing = even ? nabla_step(0.5) : nabla_coordinates(x + 100, 100);
        o.period = even ? 0 : 100;
        must_derive(f + 100, 100, &o, whole);
        int64_t halo = nabla_derivative_halo(&o), from = round, to = 100 - round;
        struct nabla_derivative_options part = o;
        part.halo_before = part.halo_after = halo;
        int64_t n = to - from + 2 * halo;
        if (!even)
            part.spacing = nabla_coordinates(x + 100 + from - halo, n);
        must_derive(f + 100 + from - halo, n, &part, got);
        ck_assert_msg(memcmp(got, whole + from, (size_t)(to - from) * sizeof *got) == 0, "round %d",
                      round);
    }
}
END_TEST

/* Periodic steps: as many as elements, the last of them closing the period. */
START_TEST(periodic_steps_are_periodic_coordinates)
{
    double x[4] = {0, 1, 3, 4}, dx[4] = {1, 2, 1, 2}, f[4] = {0, 1, 2, 1}, a[4], b[4];
    struct nabla_derivative_options o = {.before = NABLA_PERIODIC, .after = NABLA_PERIODIC};
    o.spacing = nabla_steps(dx, 4);
    must_derive(f, 4, &o, a);
    o.spacing = nabla_coordinates(x, 4);
    o.period = 6;
    must_derive(f, 4, &o, b);
    ck_assert_mem_eq(a, b, sizeof a);
}
END_TEST

/* Nanoseconds since 1970 give the bits that nanoseconds since the first sample do. */
START_TEST(epochs_cost_no_precision)
{
    int64_t near[8], far[8];
    double f[8], a[8], b[8];
    for (int i = 0; i < 8; i++) {
        near[i] = 1000003 * i + i * i;
        far[i] = near[i] + 1700000000123456789;
        f[i] = i * i;
    }
    struct nabla_derivative_options o = {.accuracy = 4};
    o.spacing = (struct nabla_spacing){NABLA_COORDINATES, 0, near, NABLA_INT64, 8, 0};
    must_derive(f, 8, &o, a);
    o.spacing.data = far;
    o.spacing.dtype = NABLA_DATETIME64;
    must_derive(f, 8, &o, b);
    ck_assert_mem_eq(a, b, sizeof a);
    ck_assert(a[3] > 5.9e-6 && a[3] < 6.1e-6);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("numeric/derive");
    TCase *t = tcase_create("derive");
    tcase_add_loop_test(t, derivative_row, 0, ROWS(rows));
    tcase_add_loop_test(t, exact_on_polynomials, 0, 48);
    tcase_add_loop_test(t, convergence, 0, 2 * 12 * ENDS_KINDS);
    tcase_add_test(t, constants_give_exactly_zero);
    tcase_add_test(t, reversal);
    tcase_add_test(t, any_cut);
    tcase_add_test(t, any_cut_of_a_periodic_axis);
    tcase_add_test(t, periodic_steps_are_periodic_coordinates);
    tcase_add_test(t, epochs_cost_no_precision);
    suite_add_tcase(s, t);
    return s;
}
