/* tests/unit/numeric/test_weights.c -- Fornberg's weights: the literature's tables, then the moment
 * equations, then what is refused. Against rational arithmetic: tests/e2e/test_beyond.py. */
#include <nabla/nabla.h>

#include "suite.h"

#include <math.h>
#include <stdlib.h>

static const struct row {
    const char *label;
    double nodes[9];
    size_t n;
    int order;
    double point;
    double want[9];
} rows[] = {
    {"central, first, 2", {-1, 0, 1}, 3, 1, 0, {-1. / 2, 0, 1. / 2}},
    {"central, first, 4", {-2, -1, 0, 1, 2}, 5, 1, 0, {1. / 12, -2. / 3, 0, 2. / 3, -1. / 12}},
    {"central, first, 6",
     {-3, -2, -1, 0, 1, 2, 3},
     7,
     1,
     0,
     {-1. / 60, 3. / 20, -3. / 4, 0, 3. / 4, -3. / 20, 1. / 60}},
    {"central, second, 2", {-1, 0, 1}, 3, 2, 0, {1, -2, 1}},
    {"central, second, 4",
     {-2, -1, 0, 1, 2},
     5,
     2,
     0,
     {-1. / 12, 4. / 3, -5. / 2, 4. / 3, -1. / 12}},
    {"central, second, 6",
     {-3, -2, -1, 0, 1, 2, 3},
     7,
     2,
     0,
     {1. / 90, -3. / 20, 3. / 2, -49. / 18, 3. / 2, -3. / 20, 1. / 90}},
    {"central, third, 2", {-2, -1, 0, 1, 2}, 5, 3, 0, {-1. / 2, 1, 0, -1, 1. / 2}},
    {"central, fourth, 2", {-2, -1, 0, 1, 2}, 5, 4, 0, {1, -4, 6, -4, 1}},
    {"forward, first, 1", {0, 1}, 2, 1, 0, {-1, 1}},
    {"forward, first, 2", {0, 1, 2}, 3, 1, 0, {-3. / 2, 2, -1. / 2}},
    {"backward, first, 2", {-2, -1, 0}, 3, 1, 0, {1. / 2, -2, 3. / 2}},
    {"forward, second, 2", {0, 1, 2, 3}, 4, 2, 0, {2, -5, 4, -1}},
    {"forward, first, 4", {0, 1, 2, 3, 4}, 5, 1, 0, {-25. / 12, 4, -3, 4. / 3, -1. / 4}},
    {"between nodes", {0, 1, 2, 3}, 4, 1, 1.5, {1. / 24, -9. / 8, 9. / 8, -1. / 24}},
    {"interpolation between", {0, 1, 2, 3}, 4, 0, 1.5, {-1. / 16, 9. / 16, 9. / 16, -1. / 16}},
    {"interpolation at a node", {5, 7, 8}, 3, 0, 7, {0, 1, 0}},
    {"one node", {3}, 1, 0, 100, {1}},
    {"numpy's uneven middle", {0, 1, 3}, 3, 1, 1, {-2. / 3, 1. / 2, 1. / 6}},
    {"falling nodes", {3, 1, 0}, 3, 1, 1, {1. / 6, 1. / 2, -2. / 3}},
    {"unordered nodes", {1, 3, 0}, 3, 1, 1, {1. / 2, 1. / 6, -2. / 3}},
    {"a small step", {-1e-9, 0, 1e-9}, 3, 2, 0, {1e18, -2e18, 1e18}},
    {"a far point", {1e6, 1e6 + 1, 1e6 + 2}, 3, 1, 1e6 + 1, {-1. / 2, 0, 1. / 2}},
};

START_TEST(weights_row)
{
    const struct row *r = &rows[_i];
    double got[9];
    for (int i = 0; i < 9; i++)
        got[i] = 1e99;
    ck_assert_msg(nabla_weights(r->nodes, r->n, r->order, r->point, got) == NABLA_OK, "%s: status",
                  r->label);
    double scale = 0;
    for (size_t i = 0; i < r->n; i++)
        scale = fmax(scale, fabs(r->want[i]));
    for (size_t i = 0; i < r->n; i++)
        ck_assert_msg(fabs(got[i] - r->want[i]) <= 1e-15 * scale, "%s: weight %zu is %.17g",
                      r->label, i, got[i]);
    ck_assert_msg(r->n == 9 || got[r->n] == 1e99, "%s: one too many", r->label);
}
END_TEST

static double factorial(int n)
{
    return n < 2 ? 1 : n * factorial(n - 1);
}

/* sum_i w_i (x_i - point)^j is order! for j = order, and 0 for every other j < n. */
START_TEST(moments)
{
    srand48(1);
    for (int round = 0; round < 20000; round++) {
        int n = 2 + (int)(lrand48() % 9), order = (int)(lrand48() % n);
        double x[16], w[16], step = ldexp(1, (int)(lrand48() % 40) - 20);
        double point = step * (double)(lrand48() % 8);
        for (int i = 0; i < n; i++)
            x[i] = step * (i + 0.4 * drand48());
        ck_assert_int_eq(nabla_weights(x, (size_t)n, order, point, w), NABLA_OK);
        for (int j = 0; j < n; j++) {
            double sum = 0, size = 0;
            for (int i = 0; i < n; i++) {
                double term = w[i] * pow(x[i] - point, j);
                sum += term;
                size += fabs(term);
            }
            double want = j == order ? factorial(order) : 0;
            ck_assert_msg(fabs(sum - want) <= 1e-11 * size, "n %d, order %d, moment %d: %.17g", n,
                          order, j, sum);
        }
    }
}
END_TEST

/* 64 Chebyshev nodes: products of their distances leave no trace, and the slope of exp is exp. */
START_TEST(as_many_as_there_may_be)
{
    double x[64], w[64], slope = 0;
    for (int scale = -200; scale <= 200; scale += 100) {
        slope = 0;
        for (int i = 0; i < 64; i++)
            x[i] = ldexp(cos(M_PI * (i + 0.5) / 64), scale);
        ck_assert_int_eq(nabla_weights(x, 64, 1, 0, w), NABLA_OK);
        for (int i = 0; i < 64; i++)
            slope += w[i] * exp(ldexp(x[i], -scale));
        ck_assert_msg(fabs(ldexp(slope, scale) - 1) < 1e-12, "scale %d: %.17g", scale, slope);
    }
}
END_TEST

static double many[65];

static const struct refusal {
    const char *label;
    double nodes[3];
    size_t n;
    int order;
    double point;
    enum nabla_status status;
} refusals[] = {
    {"no nodes", {0}, 0, 0, 0, NABLA_EINVAL},
    {"too many nodes", {0}, 65, 0, 0, NABLA_EINVAL},
    {"order below 0", {0, 1, 2}, 3, -1, 0, NABLA_EINVAL},
    {"order of n", {0, 1, 2}, 3, 3, 0, NABLA_EINVAL},
    {"a node twice", {0, 1, 0}, 3, 1, 0, NABLA_EORDER},
    {"a NaN node", {0, NAN, 2}, 3, 1, 0, NABLA_EINVAL},
    {"an infinite node", {0, 1, INFINITY}, 3, 1, 0, NABLA_EINVAL},
    {"a NaN point", {0, 1, 2}, 3, 1, NAN, NABLA_EINVAL},
    {"nodes that meet, seen from afar", {0, 1e-3, 1}, 3, 1, 1e300, NABLA_ERANGE},
    {"weights past a double", {0, 1e-200, 2e-200}, 3, 2, 0, NABLA_ERANGE},
};

START_TEST(refused)
{
    const struct refusal *r = &refusals[_i];
    double got[65] = {7, 7, 7};
    const double *nodes = r->n > 3 ? many : r->nodes;
    ck_assert_msg(nabla_weights(nodes, r->n, r->order, r->point, got) == r->status, "%s", r->label);
    ck_assert_msg(got[0] == 7 && got[1] == 7 && got[2] == 7, "%s: weights touched", r->label);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("numeric/weights");
    TCase *t = tcase_create("weights");
    for (int i = 0; i < 65; i++)
        many[i] = i;
    tcase_add_loop_test(t, weights_row, 0, ROWS(rows));
    tcase_add_test(t, moments);
    tcase_add_test(t, as_many_as_there_may_be);
    tcase_add_loop_test(t, refused, 0, ROWS(refusals));
    suite_add_tcase(s, t);
    return s;
}
