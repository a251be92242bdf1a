/* Gradients of arrays: small ones by hand, then laws. That the bits are numpy's is
 * tests/e2e/test_arrays.py's to show. */
#include <nabla/nabla.h>

#include "suite.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { N_MAX = 6 };

static const double squares_x[] = {0, 1, 4, 5, 8, 9}, even_x[] = {0, 2, 4, 6, 8, 10};
static const double steps[] = {1, 3, 1, 3, 1};
static const int64_t nanoseconds[] = {1706745600123456789, 1706745600123456790,
                                      1706745600123456792};

#define AT(x)                                                                                      \
    {                                                                                              \
        NABLA_COORDINATES, 0, x, NABLA_FLOAT64, sizeof(x) / sizeof(x)[0], 0                        \
    }
#define STEP(h)                                                                                    \
    {                                                                                              \
        NABLA_STEP, h, NULL, NABLA_FLOAT64, 0, 0                                                   \
    }
#define APART(d)                                                                                   \
    {                                                                                              \
        NABLA_STEPS, 0, d, NABLA_FLOAT64, sizeof(d) / sizeof(d)[0], 0                              \
    }
#define INSTANTS                                                                                   \
    {                                                                                              \
        NABLA_COORDINATES, 0, nanoseconds, NABLA_DATETIME64, 3, 0                                  \
    }

static const struct row {
    const char *label;
    int n;
    double f[N_MAX];
    struct nabla_spacing spacing;
    int edge_order;
    enum nabla_mode mode;
    double want[N_MAX];
} rows[] = {
    {"unit", 5, {1, 4, 9, 16, 25}, {0}, 0, NABLA_NUMPY, {3, 4, 6, 8, 9}},
    {"unit, order 2", 5, {1, 4, 9, 16, 25}, {0}, 2, NABLA_NUMPY, {2, 4, 6, 8, 10}},
    {"step", 4, {0, 1, 4, 9}, STEP(0.5), 1, NABLA_NUMPY, {2, 4, 8, 10}},
    {"negative step", 4, {0, 1, 4, 9}, STEP(-0.5), 2, NABLA_NUMPY, {-0.0, -4, -8, -12}},
    {"squares", 6, {0, 1, 16, 25, 64, 81}, AT(squares_x), 2, NABLA_NUMPY, {0, 2, 8, 10, 16, 18}},
    {"squares, order 1",
     6,
     {0, 1, 16, 25, 64, 81},
     AT(squares_x),
     1,
     NABLA_NUMPY,
     {1, 2, 8, 10, 16, 17}},
    {"squares, steps",
     6,
     {0, 1, 16, 25, 64, 81},
     APART(steps),
     2,
     NABLA_NUMPY,
     {0, 2, 8, 10, 16, 18}},
    {"squares, accurate",
     6,
     {0, 1, 16, 25, 64, 81},
     AT(squares_x),
     2,
     NABLA_ACCURATE,
     {0, 2, 8, 10, 16, 18}},
    {"even coordinates",
     6,
     {0, 4, 16, 36, 64, 100},
     AT(even_x),
     1,
     NABLA_NUMPY,
     {2, 4, 8, 12, 16, 18}},
    {"even ones do not read the middle",
     6,
     {0, 4, NAN, 36, 64, 100},
     AT(even_x),
     1,
     NABLA_NUMPY,
     {2, NAN, 8, NAN, 16, 18}},
    {"uneven ones do",
     6,
     {0, 1, NAN, 25, 64, 81},
     AT(squares_x),
     1,
     NABLA_NUMPY,
     {1, NAN, NAN, NAN, 16, 17}},
    {"two elements", 2, {3, 8}, STEP(2), 1, NABLA_NUMPY, {2.5, 2.5}},
    {"instants", 3, {5, 6, 8}, INSTANTS, 2, NABLA_ACCURATE, {1, 1, 1}},
    {"no step at all", 3, {1, 2, 1}, STEP(0), 1, NABLA_NUMPY, {INFINITY, NAN, -INFINITY}},
    {"constant, accurate",
     6,
     {0.1, 0.1, 0.1, 0.1, 0.1, 0.1},
     AT(squares_x),
     2,
     NABLA_ACCURATE,
     {0}},
};

/* Weights such as 2/3 are rounded, whatever the data. */
static bool is_near(double got, double want)
{
    return got == want || fabs(got - want) <= 8e-16 * fabs(want) || (isnan(got) && isnan(want));
}

START_TEST(row_by_hand)
{
    const struct row *r = &rows[_i];
    double got[N_MAX] = {-77, -77, -77, -77, -77, -77};
    const int64_t shape[] = {r->n};
    const struct nabla_array f = {(void *)(uintptr_t)r->f, NABLA_FLOAT64, 1, shape, NULL};
    const struct nabla_array out = {got, NABLA_FLOAT64, 1, shape, NULL};
    const struct nabla_options o = {
        .spacing = &r->spacing, .spacing_n = 1, .edge_order = r->edge_order, .mode = r->mode};
    ck_assert_int_eq(nabla_gradient(&f, &o, &out, 1, NULL, 0, NULL), NABLA_OK);
    for (int i = 0; i < N_MAX; i++)
        ck_assert_msg(is_near(got[i], i < r->n ? r->want[i] : -77), "%s: [%d] is %.17g", r->label,
                      i, got[i]);
}
END_TEST

/* ---- laws */

/* Reproducible numbers in [-0.5, 0.5). */
static double next(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (double)(*state >> 11) * 0x1p-53 - 0.5;
}

enum { ROWS_N = 23, COLUMNS_N = 37, ALL = ROWS_N * COLUMNS_N };

struct field {
    double f[ALL], x[ROWS_N], y[COLUMNS_N], by_row[ALL], by_column[ALL];
};

static void fill(struct field *a, uint64_t seed)
{
    for (int i = 0; i < ALL; i++)
        a->f[i] = next(&seed);
    for (int i = 0; i < ROWS_N; i++)
        a->x[i] = i + next(&seed) / 2;
    for (int i = 0; i < COLUMNS_N; i++)
        a->y[i] = 0.1 * i + next(&seed) / 30;
}

static const int64_t field_shape[] = {ROWS_N, COLUMNS_N};

static void differentiate(struct field *a, const int64_t *strides, bool uneven, int edge_order,
                          enum nabla_mode mode)
{
    const struct nabla_spacing at[] = {nabla_coordinates(a->x, ROWS_N),
                                       nabla_coordinates(a->y, COLUMNS_N)};
    const struct nabla_spacing by[] = {nabla_step(0.3), nabla_step(0.7)};
    const struct nabla_options o = {
        .spacing = uneven ? at : by, .spacing_n = 2, .edge_order = edge_order, .mode = mode};
    const struct nabla_array f = {a->f, NABLA_FLOAT64, 2, field_shape, strides};
    const struct nabla_array out[] = {{a->by_row, NABLA_FLOAT64, 2, field_shape, strides},
                                      {a->by_column, NABLA_FLOAT64, 2, field_shape, strides}};
    struct nabla_fault fault;
    ck_assert_msg(nabla_gradient(&f, &o, out, 2, NULL, 0, &fault) == NABLA_OK, "%s", fault.message);
}

/* Every combination of spacing, edge order and mode. */
enum { WAYS = 8 };
#define WAY_OF(i) ((i)&1) != 0, 1 + ((i) >> 1 & 1), (i)&4 ? NABLA_ACCURATE : NABLA_NUMPY

START_TEST(quadratics_are_exact)
{
    struct field a;
    fill(&a, 1);
    for (int i = 0; i < ALL; i++) {
        const double x = a.x[i / COLUMNS_N], y = a.y[i % COLUMNS_N];
        a.f[i] = 2 * x * x - x * y + 3 * y * y - 4 * y;
    }
    differentiate(&a, NULL, true, 2, _i ? NABLA_ACCURATE : NABLA_NUMPY);
    for (int i = 0; i < ALL; i++) {
        const double x = a.x[i / COLUMNS_N], y = a.y[i % COLUMNS_N];
        ck_assert_double_eq_tol(a.by_row[i], 4 * x - y, 1e-10);
        ck_assert_double_eq_tol(a.by_column[i], 6 * y - x - 4, 1e-9);
    }
}
END_TEST

START_TEST(powers_of_two_factor_out)
{
    struct field a, b;
    fill(&a, 2);
    b = a;
    for (int i = 0; i < ALL; i++)
        b.f[i] *= -8;
    differentiate(&a, NULL, WAY_OF(_i));
    differentiate(&b, NULL, WAY_OF(_i));
    for (int i = 0; i < ALL; i++) {
        ck_assert(b.by_row[i] == -8 * a.by_row[i]);
        ck_assert(b.by_column[i] == -8 * a.by_column[i]);
    }
}
END_TEST

START_TEST(reversal_changes_the_sign)
{
    struct field a, b;
    fill(&a, 3);
    b = a;
    for (int i = 0; i < ALL; i++)
        b.f[i] = a.f[ALL - 1 - i];
    differentiate(&a, NULL, false, 1, _i ? NABLA_ACCURATE : NABLA_NUMPY);
    differentiate(&b, NULL, false, 1, _i ? NABLA_ACCURATE : NABLA_NUMPY);
    for (int i = 0; i < ALL; i++) {
        ck_assert(b.by_row[i] == -a.by_row[ALL - 1 - i]);
        ck_assert(b.by_column[i] == -a.by_column[ALL - 1 - i]);
    }
}
END_TEST

/* One layout is swept in one pass by vector code, the other walked axis by axis. */
START_TEST(layout_does_not_show)
{
    static const int64_t fortran[] = {8, 8 * ROWS_N};
    struct field a, b;
    fill(&a, 4);
    b = a;
    for (int i = 0; i < ALL; i++)
        b.f[i % COLUMNS_N * ROWS_N + i / COLUMNS_N] = a.f[i];
    differentiate(&a, NULL, WAY_OF(_i));
    differentiate(&b, fortran, WAY_OF(_i));
    for (int i = 0; i < ALL; i++) {
        const int j = i % COLUMNS_N * ROWS_N + i / COLUMNS_N;
        ck_assert_msg(a.by_row[i] == b.by_row[j] && a.by_column[i] == b.by_column[j], "element %d",
                      i);
    }
}
END_TEST

/* A line cut anywhere into two that overlap by an element each way has the same interior. */
START_TEST(pieces_do_not_show)
{
    enum { N = 70000 };
    double *f = malloc(N * sizeof *f), *x = malloc(N * sizeof *x),
           *whole = malloc(N * sizeof *whole), *part = malloc(N * sizeof *part);
    uint64_t seed = 5;
    for (size_t i = 0; i < N; i++) {
        f[i] = next(&seed);
        x[i] = (double)i + next(&seed) / 2;
    }
    ck_assert_int_eq(nabla_gradient_1d_at(f, x, N, 2, whole), NABLA_OK);
    static const size_t cuts[] = {0, 1, 255, 256, 257, 2047, 2048, 65534, 65535, 65536, 65537};
    for (int k = 0; k < ROWS(cuts); k++) {
        const size_t from = cuts[k], n = N - from;
        const int64_t shape[] = {(int64_t)n}, backwards[] = {-8};
        const struct nabla_spacing at = {NABLA_COORDINATES, 0,          x + N - 1,
                                         NABLA_FLOAT64,     (int64_t)n, -8};
        const struct nabla_options o = {.spacing = &at, .spacing_n = 1, .edge_order = 2};
        const struct nabla_array a = {f + N - 1, NABLA_FLOAT64, 1, shape, backwards};
        const struct nabla_array out = {part + N - 1, NABLA_FLOAT64, 1, shape, backwards};
        ck_assert_int_eq(nabla_gradient(&a, &o, &out, 1, NULL, 0, NULL), NABLA_OK);
        for (size_t i = from + 1; i < N - 1; i++)
            ck_assert_msg(fabs(part[i] - whole[i]) <= 1e-14 * (1 + fabs(whole[i])), "[%zu] of %zu",
                          i, from);
        ck_assert_int_eq(nabla_gradient_1d_at(f + from, x + from, n, 2, part + from), NABLA_OK);
        ck_assert_int_eq(memcmp(part + from + 1, whole + from + 1, (n - 1) * sizeof *part), 0);
    }
    free(f);
    free(x);
    free(whole);
    free(part);
}
END_TEST

START_TEST(no_axes_no_outputs)
{
    double f[3] = {1, 2, 3};
    const int64_t shape[] = {3};
    const int none[1] = {0};
    const struct nabla_array a = {f, NABLA_FLOAT64, 1, shape, NULL};
    const struct nabla_array number = {f, NABLA_FLOAT64, 0, NULL, NULL};
    const struct nabla_options o = {.axes = none, .axes_n = 0};
    ck_assert_int_eq(nabla_gradient(&a, &o, NULL, 0, NULL, 0, NULL), NABLA_OK);
    ck_assert_int_eq(nabla_gradient(&number, NULL, NULL, 0, NULL, 0, NULL), NABLA_OK);
    ck_assert_uint_eq(nabla_gradient_workspace(&a, &o), 0);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("gradient");
    TCase *t = tcase_create("rows and laws");
    tcase_add_loop_test(t, row_by_hand, 0, ROWS(rows));
    tcase_add_loop_test(t, quadratics_are_exact, 0, 2);
    tcase_add_loop_test(t, powers_of_two_factor_out, 0, WAYS);
    tcase_add_loop_test(t, reversal_changes_the_sign, 0, 2);
    tcase_add_loop_test(t, layout_does_not_show, 0, WAYS);
    tcase_add_test(t, pieces_do_not_show);
    tcase_add_test(t, no_axes_no_outputs);
    suite_add_tcase(s, t);
    return s;
}
