/* Lines of doubles, and the order of coordinates. */
#include <nabla/nabla.h>

#include "suite.h"

#include <math.h>
#include <string.h>

enum { UNTOUCHED = -77 };

static double line[8] = {1, 4, 9, 16, 25, 36, 49, 64};
static double room[8];

static const struct fault_row {
    const char *label;
    const double *f, *x; /* x NULL: a step */
    size_t n;
    int edge_order;
    double *df;
    enum nabla_status status;
} faults[] = {
    {"nothing to read", NULL, line, 4, 1, room, NABLA_EINVAL},
    {"nowhere to write", line, line, 4, 1, NULL, NABLA_EINVAL},
    {"edge order 0", line, line, 4, 0, room, NABLA_EINVAL},
    {"edge order 3", line, line, 4, 3, room, NABLA_EINVAL},
    {"no element", line, line, 0, 1, room, NABLA_ESMALL},
    {"one element", line, line, 1, 1, room, NABLA_ESMALL},
    {"two for order 2", line, line, 2, 2, room, NABLA_ESMALL},
    {"more than memory", line, line, SIZE_MAX / 4, 1, room, NABLA_ERANGE},
    {"into itself", line, line, 4, 1, line, NABLA_EINVAL},
    {"into its own end", line, line, 5, 1, line + 4, NABLA_EINVAL},
};

START_TEST(fault_row)
{
    const struct fault_row *r = &faults[_i];
    double before[8];
    memcpy(before, line, sizeof before);
    for (int i = 0; i < ROWS(room); i++)
        room[i] = UNTOUCHED;
    ck_assert_msg(nabla_gradient_1d(r->f, r->n, 1, r->edge_order, r->df) == r->status, "%s",
                  r->label);
    ck_assert_msg(nabla_gradient_1d_at(r->f, r->x, r->n, r->edge_order, r->df) == r->status, "%s",
                  r->label);
    for (int i = 0; i < ROWS(room); i++)
        ck_assert(room[i] == UNTOUCHED);
    ck_assert_int_eq(memcmp(before, line, sizeof before), 0);
}
END_TEST

START_TEST(coordinates_that_cannot_be)
{
    double df[8] = {UNTOUCHED};
    ck_assert_int_eq(nabla_gradient_1d_at(line, NULL, 8, 1, df), NABLA_EINVAL);
    ck_assert_int_eq(nabla_gradient_1d_at(line, df, 8, 1, df), NABLA_EINVAL);
    ck_assert(df[0] == UNTOUCHED);
}
END_TEST

/* The same as nabla_gradient, to the bit, whatever the length; nothing beyond is written. */
START_TEST(equals_arrays)
{
    enum { N = 200 };
    double f[N], x[N], got[N + 1], want[N];
    for (int i = 0; i < N; i++) {
        f[i] = sin(i * 1.7) * 100;
        x[i] = i + cos(i * 2.3) / 3;
    }
    for (int64_t n = _i + 1; n <= N; n++) {
        const int64_t shape[] = {n};
        const struct nabla_array a = {f, NABLA_FLOAT64, 1, shape, NULL};
        const struct nabla_array out = {want, NABLA_FLOAT64, 1, shape, NULL};
        const struct nabla_spacing ways[] = {nabla_step(0.7), nabla_coordinates(x, n)};
        for (int way = 0; way < 2; way++) {
            const struct nabla_options o = {
                .spacing = &ways[way], .spacing_n = 1, .edge_order = _i};
            got[n] = UNTOUCHED;
            ck_assert_int_eq(nabla_gradient(&a, &o, &out, 1, NULL, 0, NULL), NABLA_OK);
            ck_assert_int_eq(way ? nabla_gradient_1d_at(f, x, (size_t)n, _i, got)
                                 : nabla_gradient_1d(f, (size_t)n, 0.7, _i, got),
                             NABLA_OK);
            ck_assert_msg(memcmp(got, want, (size_t)n * sizeof *got) == 0, "%d elements", (int)n);
            ck_assert(got[n] == UNTOUCHED);
        }
    }
}
END_TEST

static const struct order_row {
    const char *label;
    double x[4];
    size_t n;
    enum nabla_status status;
    size_t first_bad;
} orders[] = {
    {"nothing", {0}, 0, NABLA_OK, 0},
    {"one", {5}, 1, NABLA_OK, 0},
    {"rising", {1, 2, 4, 4.5}, 4, NABLA_OK, 0},
    {"falling", {4, 2, 1, -1}, 4, NABLA_OK, 0},
    {"repeated", {1, 2, 2, 3}, 4, NABLA_EORDER, 1},
    {"repeated at once", {1, 1, 2, 3}, 4, NABLA_EORDER, 0},
    {"turning", {1, 2, 3, 2}, 4, NABLA_EORDER, 2},
    {"turning up", {3, 2, 1, 2}, 4, NABLA_EORDER, 2},
    {"NaN first", {NAN, 2, 3, 4}, 4, NABLA_EORDER, 0},
    {"NaN inside", {1, 2, NAN, 4}, 4, NABLA_EORDER, 2},
    {"infinite end", {1, 2, 3, INFINITY}, 4, NABLA_EORDER, 3},
    {"one that is not finite", {-INFINITY}, 1, NABLA_EORDER, 0},
};

START_TEST(order_row)
{
    const struct order_row *r = &orders[_i];
    size_t at = 99;
    ck_assert_msg(nabla_check_coordinates(r->x, r->n, &at) == r->status, "%s: wrong status",
                  r->label);
    ck_assert_msg(at == (r->status ? r->first_bad : 99), "%s: at %zu", r->label, at);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("gradient_1d");
    TCase *t = tcase_create("lines");
    tcase_add_loop_test(t, fault_row, 0, ROWS(faults));
    tcase_add_test(t, coordinates_that_cannot_be);
    tcase_add_loop_test(t, equals_arrays, 1, 3);
    tcase_add_loop_test(t, order_row, 0, ROWS(orders));
    suite_add_tcase(s, t);
    return s;
}
