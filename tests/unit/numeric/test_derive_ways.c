/* tests/unit/numeric/test_derive_ways.c -- one result, however the array lies in memory and whoever
 * computes it: along an axis and across it, from any type, by any number of threads; coordinates near
 * 1.7e18; and what a gradient of a gradient does to the ends. The mathematics: test_derive.c. */
#include <nabla/nabla.h>

#include "numeric/derive_loops.h"

#include "suite.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 3 };

static void must(enum nabla_status status, const struct nabla_fault *fault)
{
    ck_assert_msg(status == NABLA_OK, "status %d: %s", (int)status, fault->message);
}

static void derive(const struct nabla_array *f, int axis, struct nabla_derivative_options o,
                   const struct nabla_array *out)
{
    struct nabla_fault fault = {0};
    const size_t bytes = THREADS * nabla_derivative_workspace();
    void *room = malloc(bytes);
    must(nabla_derivative(f, axis, &o, out, room, bytes, &fault), &fault);
    free(room);
}

/* ---- along and across */

enum { A = 40, B = 700 };

static struct nabla_derivative_options options_by(int i, double *x)
{
    static const enum nabla_boundary ends[] = {NABLA_ONE_SIDED, NABLA_REFLECT, NABLA_PERIODIC};
    struct nabla_derivative_options o = {.order = 1 + i % 4, .accuracy = 2 + 2 * (i / 4 % 3)};
    o.before = o.after = ends[i / 12 % 3];
    o.nan = (enum nabla_nan_policy)(i / 36 % 3);
    for (int k = 0; k < A; k++)
        x[k] = k + 0.3 * sin(k);
    if (i / 108 % 2 == 0)
        o.spacing = nabla_step(0.1);
    else
        o.spacing = nabla_coordinates(x, A);
    o.period = i / 108 % 2 && o.before == NABLA_PERIODIC ? A + 1 : 0;
    return o;
}

/* A x B values, derived along A: in rows of B, and in columns, where lines are runs. */
START_TEST(across_is_along)
{
    static double rows[A * B], columns[A * B], across[A * B], along[A * B];
    static float narrow[A * B], from_narrow[A * B];
    const int64_t shape[2] = {A, B}, by_columns[2] = {8, 8 * A}, spread[2] = {4, 4 * A};
    double x[A];
    const struct nabla_derivative_options o = options_by(_i, x);
    srand48(_i);
    for (int i = 0; i < A * B; i++) {
        narrow[i / B + i % B * A] = (float)drand48();
        if (lrand48() % 50 == 0)
            narrow[i / B + i % B * A] = (float)NAN;
        rows[i] = columns[i / B + i % B * A] = (double)narrow[i / B + i % B * A];
    }
    const struct nabla_array f = {rows, NABLA_FLOAT64, 2, shape, NULL},
                             g = {columns, NABLA_FLOAT64, 2, shape, by_columns},
                             h = {narrow, NABLA_FLOAT32, 2, shape, spread},
                             to_rows = {across, NABLA_FLOAT64, 2, shape, NULL},
                             to_columns = {along, NABLA_FLOAT64, 2, shape, by_columns},
                             to_narrow = {from_narrow, NABLA_FLOAT32, 2, shape, NULL};
    derive(&f, 0, o, &to_rows);
    derive(&g, 0, o, &to_columns);
    derive(&h, 0, o, &to_narrow); /* rows are loaded first */
    for (int i = 0; i < A * B; i++) {
        const double a = across[i], b = along[i / B + i % B * A];
        const bool nan = isnan(a) && isnan(b);
        if ((a != b && !nan) || ((float)a != from_narrow[i] && !(nan && isnan(from_narrow[i]))))
            ck_abort_msg("%d: [%d] %.17g, %.17g along, %.9g from float32", _i, i, a, b,
                         (double)from_narrow[i]);
    }
}
END_TEST

/* Vector code has the bits of plain code. */
START_TEST(loops_agree)
{
    const struct derive_loops *fast = derive_loops_avx2(), *plain = derive_loops_portable();
    double f[11][70], weights[TAPS_MAX], a[70], b[70], nodes[TAPS_MAX][DERIVE_LANES],
        u[TAPS_MAX][DERIVE_LANES], v[TAPS_MAX][DERIVE_LANES];
    const double *row[11], *each[11];
    const int taps = 3 + _i % 9, n = 1 + _i * 7 % 70, order = 1 + _i % (taps > 4 ? 4 : taps - 1);
    if (fast == NULL || fast != derive_loops_best())
        fast = plain; /* not for this processor */
    srand48(_i);
    for (int k = 0; k < 11; k++) {
        row[k] = each[k] = f[k];
        weights[k] = drand48() - 0.5;
        for (int i = 0; i < 70; i++)
            f[k][i] = drand48();
        for (int i = 0; i < DERIVE_LANES; i++)
            nodes[k][i] = k - 2 + 0.7 * drand48();
    }
    for (int kind = 0; kind < 4; kind++) {
        const struct derive_loops *l[2] = {fast, plain};
        double *out[2] = {a, b};
        for (int s = 0; s < 2; s++)
            if (kind == 0)
                l[s]->odd(row + 5, 1 + _i % 4, weights, 0.3, out[s], n);
            else if (kind == 1)
                l[s]->even(row + 5, 1 + _i % 4, weights, 0.3, out[s], n);
            else if (kind == 2)
                l[s]->any(row, 0, taps, weights, 0.3, out[s], n);
            else
                l[s]->weighted(row, 0, taps, each, out[s], n);
        ck_assert_msg(memcmp(a, b, (size_t)n * sizeof *a) == 0, "loop %d of %d", kind, n);
    }
    fast->weights((const double(*)[DERIVE_LANES])nodes, taps, order, u);
    plain->weights((const double(*)[DERIVE_LANES])nodes, taps, order, v);
    ck_assert_mem_eq(u, v, (size_t)taps * sizeof u[0]);
}
END_TEST

/* ---- threads: enough elements for them to pay */

enum { MANY = 1 << 20 };

struct big {
    double *f, *g, *one, *more;
    void *room;
};

static struct big big_new(void)
{
    const size_t bytes = MANY * sizeof(double);
    struct big b = {malloc(bytes), malloc(bytes), malloc(bytes), malloc(bytes),
                    malloc(THREADS * nabla_field_workspace())};
    srand48(6);
    for (int i = 0; i < MANY; i++) {
        b.f[i] = lrand48() % 100 == 0 ? (double)NAN : drand48();
        b.g[i] = drand48();
    }
    return b;
}

static void big_free(struct big *b)
{
    free(b->f);
    free(b->g);
    free(b->one);
    free(b->more);
    free(b->room);
}

enum { DERIVATIVE, MAGNITUDE, MEAN, GAPS, FIELD, DERIVED, DIVERGENCE, LAPLACIAN, CALLS };

/* One call into out. */
static enum nabla_status call(int which, int axis, int threads, struct big *b, double *result,
                              struct nabla_fault *fault)
{
    const int64_t shape[2] = {1024, 1024};
    const struct nabla_array parts[2] = {{b->f, NABLA_FLOAT64, 2, shape, NULL},
                                         {b->g, NABLA_FLOAT64, 2, shape, NULL}};
    const struct nabla_array out = {result, NABLA_FLOAT64, 2, shape, NULL};
    const struct nabla_field field = {.magnitude = &out};
    const struct nabla_derivative_options o = {
        .accuracy = 4, .nan = NABLA_NAN_SKIP, .threads = threads};
    const struct nabla_options as_numpy = {.threads = threads};
    const size_t bytes = (size_t)threads * nabla_field_workspace();
    switch (which) {
    case DERIVATIVE: return nabla_derivative(parts, axis, &o, &out, b->room, bytes, fault);
    case MAGNITUDE: return nabla_magnitude(parts, 2, threads, &out, fault);
    case MEAN: return nabla_rolling_mean(parts, axis, 7, NABLA_NAN_BREAK, threads, &out, fault);
    case GAPS:
        return nabla_interpolate_gaps(parts, axis, NULL, NABLA_ENDS_EXTEND, 0, threads, &out,
                                      fault);
    case FIELD: return nabla_gradient_field(parts, &as_numpy, NULL, &field, b->room, bytes, fault);
    case DERIVED:
        return nabla_derivative_field(parts, NULL, 0, &o, 1, &field, b->room, bytes, fault);
    case DIVERGENCE: return nabla_divergence(parts, NULL, 0, &o, 1, &out, b->room, bytes, fault);
    default: return nabla_laplacian(parts, NULL, 0, &o, 1, &out, b->room, bytes, fault);
    }
}

START_TEST(any_number_of_threads)
{
    struct big b = big_new();
    struct nabla_fault fault = {0};
    for (int axis = 0; axis < 2; axis++) {
        must(call(_i, axis, 1, &b, b.one, &fault), &fault);
        must(call(_i, axis, THREADS, &b, b.more, &fault), &fault);
        ck_assert_msg(memcmp(b.one, b.more, MANY * sizeof(double)) == 0, "call %d, axis %d", _i,
                      axis);
    }
    big_free(&b);
}
END_TEST

/* ---- int64 coordinates near 1.7e18, whose doubles are 256 apart */

enum { EPOCHS = 3000 };

static const enum nabla_dtype clocks[] = {NABLA_INT64, NABLA_UINT64, NABLA_DATETIME64,
                                          NABLA_TIMEDELTA64};

/* Every way of the derivative: along, across, beside the ends, skipping and breaking at a gap. */
START_TEST(epochs_are_differenced_exactly)
{
    static int64_t near[EPOCHS], far[EPOCHS];
    static double f[EPOCHS * 20], a[EPOCHS * 20], b[EPOCHS * 20];
    const int64_t shape[2] = {EPOCHS, 20}, by_columns[2] = {8, 8 * EPOCHS};
    for (int i = 0; i < EPOCHS; i++) {
        near[i] = 100 * i + i % 7;
        far[i] = near[i] + 1700000000123456789;
    }
    for (int i = 0; i < EPOCHS * 20; i++)
        f[i] = i % 1009 == 5 ? (double)NAN : sin(i);
    struct nabla_derivative_options o = {.order = 1 + _i % 2, .accuracy = 2 + 2 * (_i / 2 % 2)};
    o.nan = (enum nabla_nan_policy)(_i / 4 % 3);
    const int64_t *strides = _i / 12 % 2 ? by_columns : NULL;
    const struct nabla_array in = {f, NABLA_FLOAT64, 2, shape, strides},
                             to_a = {a, NABLA_FLOAT64, 2, shape, strides},
                             to_b = {b, NABLA_FLOAT64, 2, shape, strides};
    o.spacing = (struct nabla_spacing){NABLA_COORDINATES, 0, near, NABLA_INT64, EPOCHS, 0};
    derive(&in, 0, o, &to_a);
    for (size_t k = 0; k < ROWS(clocks); k++) {
        o.spacing.data = far;
        o.spacing.dtype = clocks[k];
        derive(&in, 0, o, &to_b);
        ck_assert_msg(memcmp(a, b, sizeof a) == 0, "clock %d", (int)k);
    }
}
END_TEST

/* nabla_gradient: datetimes in either mode, all clocks in accurate mode, across and along. */
START_TEST(gradients_of_epochs)
{
    static int64_t near[EPOCHS], far[EPOCHS];
    static double f[EPOCHS * 20], a[EPOCHS * 20], b[EPOCHS * 20];
    const int64_t shape[2] = {EPOCHS, 20}, by_columns[2] = {8, 8 * EPOCHS};
    const int axis = 0;
    for (int i = 0; i < EPOCHS; i++) {
        near[i] = 100 * i + i % 7;
        far[i] = near[i] + 1700000000123456789;
    }
    for (int i = 0; i < EPOCHS * 20; i++)
        f[i] = sin(i);
    const int64_t *strides = _i % 2 ? by_columns : NULL;
    const struct nabla_array in = {f, NABLA_FLOAT64, 2, shape, strides},
                             to_a = {a, NABLA_FLOAT64, 2, shape, strides},
                             to_b = {b, NABLA_FLOAT64, 2, shape, strides};
    struct nabla_spacing s = {NABLA_COORDINATES, 0, near, NABLA_INT64, EPOCHS, 0};
    const struct nabla_options o = {
        &s, 1, &axis, 1, 1 + _i / 2 % 2, _i / 4 % 2 ? NABLA_ACCURATE : NABLA_NUMPY, 0};
    struct nabla_fault fault = {0};
    must(nabla_gradient(&in, &o, &to_a, 1, NULL, 0, &fault), &fault);
    for (size_t k = 0; k < ROWS(clocks); k++) {
        if (o.mode == NABLA_NUMPY && clocks[k] != NABLA_DATETIME64)
            continue; /* which numpy makes doubles of */
        s.data = far;
        s.dtype = clocks[k];
        must(nabla_gradient(&in, &o, &to_b, 1, NULL, 0, &fault), &fault);
        ck_assert_msg(memcmp(a, b, sizeof a) == 0, "clock %d", (int)k);
    }
}
END_TEST

START_TEST(the_first_bad_epoch_is_named)
{
    int64_t t[6], n = 6;
    double f[6] = {1, 2, 4, 8, 16, 32}, out[6];
    for (int i = 0; i < 6; i++)
        t[i] = 1700000000123456789 + i;
    t[4] = t[3]; /* as doubles all six are the same */
    struct nabla_derivative_options o = {
        .spacing = {NABLA_COORDINATES, 0, t, NABLA_DATETIME64, 6, 0}};
    const struct nabla_array in = {f, NABLA_FLOAT64, 1, &n, NULL},
                             to = {out, NABLA_FLOAT64, 1, &n, NULL};
    struct nabla_fault fault = {0};
    void *room = malloc(nabla_derivative_workspace());
    ck_assert_int_eq(nabla_derivative(&in, 0, &o, &to, room, nabla_derivative_workspace(), &fault),
                     NABLA_EORDER);
    ck_assert_int_eq(fault.index, 3);
    free(room);
}
END_TEST

/* ---- a gradient of a gradient */

/* f = x^3: inside the repeated gradient is off by a constant of h^2, at the ends by one of h, however
 * fine the grid; the second derivative is right to h^2 everywhere, here exactly. */
START_TEST(a_gradient_of_a_gradient_spoils_the_ends)
{
    enum { N = 33 };
    const int64_t n = N;
    const double h = 1. / 32;
    double f[N], g[N], twice[N], second[N];
    for (int i = 0; i < N; i++)
        f[i] = i * h * i * h * i * h;
    ck_assert_int_eq(nabla_gradient_1d(f, N, h, 2, g), NABLA_OK);
    ck_assert_int_eq(nabla_gradient_1d(g, N, h, 2, twice), NABLA_OK);
    const struct nabla_array in = {f, NABLA_FLOAT64, 1, &n, NULL},
                             to = {second, NABLA_FLOAT64, 1, &n, NULL};
    derive(&in, 0, (struct nabla_derivative_options){.order = 2, .spacing = nabla_step(h)}, &to);
    for (int i = 0; i < N; i++)
        ck_assert_msg(fabs(second[i] - 6 * i * h) < 1e-10, "[%d] %.17g", i, second[i]);
    for (int i = 2; i + 2 < N; i++)
        ck_assert(fabs(twice[i] - 6 * i * h) < 1e-10);
    ck_assert(fabs(twice[0]) > 4 * h && fabs(twice[1] - 6 * h) > h);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("numeric/derive_ways");
    TCase *t = tcase_create("ways");
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, across_is_along, 0, 216);
    tcase_add_loop_test(t, loops_agree, 0, 72);
    tcase_add_loop_test(t, any_number_of_threads, 0, CALLS);
    tcase_add_loop_test(t, epochs_are_differenced_exactly, 0, 24);
    tcase_add_loop_test(t, gradients_of_epochs, 0, 8);
    tcase_add_test(t, the_first_bad_epoch_is_named);
    tcase_add_test(t, a_gradient_of_a_gradient_spoils_the_ends);
    suite_add_tcase(s, t);
    return s;
}
