/* tests/unit/numeric/test_uncertainty.c -- the stated error against what happens, by simulation. */
#include "numeric/uncertainty.h"

#include "suite.h"

#include <math.h>
#include <string.h>

#define S 1000000000LL

enum { TRIALS = 100000 };

static double drawn(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (double)(*state >> 11) * 0x1p-53;
}

enum noise { STEPS, NORMAL };

static double disturbed(double v, enum noise noise, double size, uint64_t *state)
{
    if (noise == STEPS)
        return size * nearbyint(v / size);
    return v + size * sqrt(-2 * log(1 - drawn(state))) * cos(6.283185307179586 * drawn(state));
}

static const struct row {
    const char *label;
    int64_t t[3]; /* 0 to 2: drawn anew for each trial */
    enum noise noise;
    double size; /* of a step, or one standard deviation */
    int edge_order;
} rows[] = {
    {"a sensor's steps, even", {0, 10 * S, 20 * S}, STEPS, 0.1, 1},
    {"a sensor's steps, uneven", {0, 3 * S, 20 * S}, STEPS, 0.1, 1},
    {"a sensor's steps, drawn", {0, 0, 0}, STEPS, 0.1, 1},
    {"a sensor's steps, order 2", {0, 10 * S, 20 * S}, STEPS, 0.1, 2},
    {"normal, even", {0, 10 * S, 20 * S}, NORMAL, 0.3, 1},
    {"normal, uneven, order 2", {0, 17 * S, 20 * S}, NORMAL, 0.3, 2},
    {"normal, drawn, order 2", {0, 0, 0}, NORMAL, 0.3, 2},
};

/* A parabola whose slopes are known exactly, disturbed; how often do the slopes of the disturbed stay
 * within the stated error? */
START_TEST(one_sigma_holds_as_it_should)
{
    const struct row *r = &rows[_i];
    uint64_t state = 3;
    int held[3] = {0};
    double sigma = r->noise == STEPS ? uncertainty_of_step(r->size) : r->size;
    for (int k = 0; k < TRIALS; k++) {
        struct obs exact[3], seen[3];
        struct slopes true_slopes, slopes;
        struct slope_errors errors;
        int64_t t = 0;
        double level = 40 * drawn(&state), slope = drawn(&state), bend = 0.01 * drawn(&state);
        for (int i = 0; i < 3; i++) {
            t = r->t[2] != 0 ? r->t[i] : t + 1 + (int64_t)(20e9 * drawn(&state));
            double s = (double)t / 1e9;
            exact[i] = (struct obs){t, level + slope * s + bend * s * s};
            seen[i] = (struct obs){t, disturbed(exact[i].v, r->noise, r->size, &state)};
        }
        ck_assert(stencil_apply(exact, KIND_GAUGE, r->edge_order, &true_slopes) == NABLA_OK);
        ck_assert(stencil_apply(seen, KIND_GAUGE, r->edge_order, &slopes) == NABLA_OK);
        uncertainty_of_slopes(seen, r->edge_order, sigma, &errors);
        held[0] += fabs(slopes.rate - true_slopes.rate) <= errors.rate;
        held[1] += fabs(slopes.edge - true_slopes.edge) <= errors.edge;
        held[2] += fabs(slopes.accel - true_slopes.accel) <= errors.accel;
    }
    for (int i = 0; i < 3; i++)
        ck_assert_msg(held[i] >= 0.63 * TRIALS && held[i] <= 0.73 * TRIALS, "%s: slope %d: %.3f",
                      r->label, i, held[i] / (double)TRIALS);
}
END_TEST

/* No noise is known of, but the doubles have rounded: a large offset shows. */
START_TEST(rounding_is_part_of_it)
{
    struct obs w[3] = {{0, 1e15}, {S, 1e15}, {2 * S, 1e15}};
    struct slope_errors e;
    uncertainty_of_slopes(w, 1, 0, &e);
    double one = 1e15 * 0x1p-52 / sqrt(12);
    ck_assert_msg(fabs(e.rate - one / sqrt(2)) < 1e-12, "rate %g", e.rate);
    ck_assert_msg(fabs(e.edge - one * sqrt(2)) < 1e-12, "edge %g", e.edge);
    ck_assert(uncertainty_of_secant(&w[1], &w[2], 0) == e.edge);
}
END_TEST

/* On a cubic the rate of three points is off by exactly what the fourth tells. */
START_TEST(truncation_of_a_cubic)
{
    struct obs w[4];
    double t[4] = {0, 1, 4, 6};
    struct slopes s;
    for (int i = 0; i < 4; i++)
        w[i] = (struct obs){(int64_t)t[i] * S, t[i] * t[i] * t[i] - 2 * t[i]};
    ck_assert(stencil_apply(w + 1, KIND_GAUGE, 1, &s) == NABLA_OK);
    double exact = 3 * 16 - 2, off = s.rate - exact;
    ck_assert_msg(fabs(uncertainty_of_truncation(w, KIND_GAUGE) - off) < 1e-12, "%g is not %g",
                  uncertainty_of_truncation(w, KIND_GAUGE), off);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("uncertainty");
    TCase *t = tcase_create("uncertainty");
    tcase_add_loop_test(t, one_sigma_holds_as_it_should, 0, ROWS(rows));
    tcase_add_test(t, rounding_is_part_of_it);
    tcase_add_test(t, truncation_of_a_cubic);
    suite_add_tcase(s, t);
    return s;
}
