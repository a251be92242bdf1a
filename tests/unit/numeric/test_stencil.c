/* tests/unit/numeric/test_stencil.c -- three points: tables, then laws. */
#include "numeric/stencil.h"

#include "suite.h"

#include <math.h>
#include <stdlib.h>

#define S  1000000000LL
#define MS 1000000LL

static const struct row {
    const char *label;
    struct obs in[3];
    enum kind kind;
    int edge_order;
    enum nabla_status status;
    double rate, edge, first, accel;
} rows[] = {
    {"(t+1)^2, order 1", {{0, 1}, {1 * S, 4}, {3 * S, 16}}, KIND_GAUGE, 1, NABLA_OK, 4, 6, 3, 2},
    {"(t+1)^2, order 2", {{0, 1}, {1 * S, 4}, {3 * S, 16}}, KIND_GAUGE, 2, NABLA_OK, 4, 8, 2, 2},
    {"long step first", {{0, 1}, {2 * S, 9}, {3 * S, 16}}, KIND_GAUGE, 2, NABLA_OK, 6, 8, 2, 2},
    {"constant", {{0, 0.1}, {1, 0.1}, {7 * S, 0.1}}, KIND_GAUGE, 2, NABLA_OK, 0, 0, 0, 0},
    {"large offset",
     {{0, 1e15}, {1 * S, 1e15 + 1}, {2 * S, 1e15 + 2}},
     KIND_GAUGE,
     2,
     NABLA_OK,
     1,
     1,
     1,
     0},
    {"before the epoch", {{-2 * S, 0}, {-1 * S, 2}, {0, 4}}, KIND_GAUGE, 1, NABLA_OK, 2, 2, 2, 0},
    {"counter, no reset", {{0, 5}, {1 * S, 7}, {2 * S, 9}}, KIND_COUNTER, 1, NABLA_OK, 2, 2, 2, 0},
    {"counter, reset last",
     {{0, 5}, {1 * S, 7}, {2 * S, 3}},
     KIND_COUNTER,
     1,
     NABLA_OK,
     2.5,
     3,
     2,
     1},
    {"counter, reset first",
     {{0, 50}, {1 * S, 3}, {2 * S, 7}},
     KIND_COUNTER,
     1,
     NABLA_OK,
     3.5,
     4,
     3,
     1},
    {"counter, reset to 0",
     {{0, 50}, {1 * S, 0}, {2 * S, 0}},
     KIND_COUNTER,
     2,
     NABLA_OK,
     0,
     0,
     0,
     0},
    {"a gauge may fall", {{0, 5}, {1 * S, 7}, {2 * S, 3}}, KIND_GAUGE, 1, NABLA_OK, -1, -4, 2, -6},
    {"repeated time", {{0, 1}, {1 * S, 2}, {1 * S, 3}}, KIND_GAUGE, 1, NABLA_EORDER, 0, 0, 0, 0},
    {"time runs back", {{0, 1}, {2 * S, 2}, {1 * S, 3}}, KIND_GAUGE, 1, NABLA_EORDER, 0, 0, 0, 0},
    {"first repeated", {{S, 1}, {S, 2}, {2 * S, 3}}, KIND_GAUGE, 1, NABLA_EORDER, 0, 0, 0, 0},
    {"no such order", {{0, 1}, {S, 2}, {2 * S, 3}}, KIND_GAUGE, 3, NABLA_EINVAL, 0, 0, 0, 0},
    {"order 0", {{0, 1}, {S, 2}, {2 * S, 3}}, KIND_GAUGE, 0, NABLA_EINVAL, 0, 0, 0, 0},
};

static bool near(double got, double want)
{
    return fabs(got - want) <= 4e-16 * fabs(want);
}

START_TEST(stencil_row)
{
    const struct row *r = &rows[_i];
    struct slopes got = {.rate = NAN, .edge = NAN, .first = NAN, .accel = NAN};
    ck_assert_msg(stencil_apply(r->in, r->kind, r->edge_order, &got) == r->status,
                  "%s: wrong status", r->label);
    if (r->status != NABLA_OK) {
        ck_assert_msg(isnan(got.rate) && isnan(got.edge) && isnan(got.first) && isnan(got.accel),
                      "%s: outputs touched", r->label);
        return;
    }
    ck_assert_msg(near(got.rate, r->rate), "%s: rate %.17g", r->label, got.rate);
    ck_assert_msg(near(got.edge, r->edge), "%s: edge %.17g", r->label, got.edge);
    ck_assert_msg(near(got.first, r->first), "%s: first %.17g", r->label, got.first);
    ck_assert_msg(near(got.accel, r->accel), "%s: accel %.17g", r->label, got.accel);
}
END_TEST

static double uniform(void)
{
    return drand48();
}

static int64_t random_step(void)
{
    return 1 + (int64_t)(exp(uniform() * 30));
}

START_TEST(constants_give_exactly_zero)
{
    srand48(1);
    for (int i = 0; i < 100000; i++) {
        double v = ldexp(uniform() - 0.5, (int)(lrand48() % 200) - 100);
        struct obs w[3] = {{lrand48(), v}, {0, v}, {0, v}};
        struct slopes s;
        w[1].t_ns = w[0].t_ns + random_step();
        w[2].t_ns = w[1].t_ns + random_step();
        ck_assert_int_eq(stencil_apply(w, KIND_GAUGE, 2, &s), NABLA_OK);
        ck_assert(s.rate == 0 && s.edge == 0 && s.first == 0 && s.accel == 0);
    }
}
END_TEST

/* v = a k + b with small integers k seconds: each sample is exact, so only the slope is rounded. */
START_TEST(exact_lines_give_their_slope_to_an_ulp)
{
    srand48(2);
    for (int i = 0; i < 100000; i++) {
        int64_t k0 = lrand48() % 100000, k1 = k0 + 1 + lrand48() % 9999,
                k2 = k1 + 1 + lrand48() % 9999;
        double a = (double)(lrand48() % 2000001 - 1000000) / 1024, b = 1e6;
        struct obs w[3] = {{k0 * S, a * (double)k0 + b},
                           {k1 * S, a * (double)k1 + b},
                           {k2 * S, a * (double)k2 + b}};
        struct slopes s;
        ck_assert_int_eq(stencil_apply(w, KIND_GAUGE, 1, &s), NABLA_OK);
        double ulp = nextafter(fabs(a), INFINITY) - fabs(a);
        ck_assert_msg(fabs(s.rate - a) <= ulp && fabs(s.edge - a) <= ulp, "a %.17g: rate %.17g", a,
                      s.rate);
    }
}
END_TEST

START_TEST(reversing_time_negates)
{
    srand48(3);
    for (int i = 0; i < 10000; i++) {
        struct obs w[3] = {{0, uniform()}, {0, uniform()}, {0, uniform()}}, back[3];
        struct slopes s, r;
        w[1].t_ns = random_step();
        w[2].t_ns = w[1].t_ns + random_step();
        for (int k = 0; k < 3; k++)
            back[k] = (struct obs){-w[2 - k].t_ns, w[2 - k].v};
        ck_assert_int_eq(stencil_apply(w, KIND_GAUGE, 2, &s), NABLA_OK);
        ck_assert_int_eq(stencil_apply(back, KIND_GAUGE, 2, &r), NABLA_OK);
        double scale = fabs(s.edge) + fabs(s.first) + fabs(s.rate);
        ck_assert(fabs(s.rate + r.rate) <= 1e-15 * scale);
        ck_assert(fabs(s.edge + r.first) <= 1e-15 * scale);
    }
}
END_TEST

START_TEST(epochs_cost_no_precision)
{
    struct obs near0[3] = {{0, 0.1}, {1 * MS, 0.2}, {3 * MS, 0.5}}, now[3], far[3];
    struct slopes a, b, c;
    for (int i = 0; i < 3; i++) {
        now[i] = (struct obs){near0[i].t_ns + 1700000000123456789LL, near0[i].v};
        far[i] = (struct obs){near0[i].t_ns + INT64_MAX - 3 * MS, near0[i].v};
    }
    ck_assert_int_eq(stencil_apply(near0, KIND_GAUGE, 2, &a), NABLA_OK);
    ck_assert_int_eq(stencil_apply(now, KIND_GAUGE, 2, &b), NABLA_OK);
    ck_assert_int_eq(stencil_apply(far, KIND_GAUGE, 2, &c), NABLA_OK);
    ck_assert(a.rate == b.rate && a.edge == b.edge && a.rate == c.rate);
}
END_TEST

START_TEST(the_widest_difference_fits)
{
    ck_assert_double_eq(stencil_seconds(INT64_MIN, INT64_MAX), 18446744073709551615.0 / 1e9);
    ck_assert_double_eq(stencil_seconds(0, 1), 1e-9);
    ck_assert_double_eq(stencil_seconds(-1, 0), 1e-9);
}
END_TEST

START_TEST(nan_and_infinity_propagate)
{
    struct obs w[3] = {{0, 1}, {S, NAN}, {2 * S, 3}}, x[3] = {{0, 1}, {S, 2}, {2 * S, INFINITY}};
    struct slopes s;
    ck_assert_int_eq(stencil_apply(w, KIND_GAUGE, 1, &s), NABLA_OK);
    ck_assert(isnan(s.rate) && isnan(s.edge));
    ck_assert_int_eq(stencil_apply(x, KIND_GAUGE, 1, &s), NABLA_OK);
    ck_assert(isinf(s.rate) && isinf(s.edge) && s.first == 1);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("numeric/stencil");
    TCase *t = tcase_create("stencil");
    tcase_add_loop_test(t, stencil_row, 0, ROWS(rows));
    tcase_add_test(t, constants_give_exactly_zero);
    tcase_add_test(t, exact_lines_give_their_slope_to_an_ulp);
    tcase_add_test(t, reversing_time_negates);
    tcase_add_test(t, epochs_cost_no_precision);
    tcase_add_test(t, the_widest_difference_fits);
    tcase_add_test(t, nan_and_infinity_propagate);
    suite_add_tcase(s, t);
    return s;
}
