/* test_gradient_scheme.c -- boundaries as they are written, and what the library asks of an axis. */
#include "cli/gradient_scheme.h"

#include <stdlib.h>

#include "suite.h"

static const struct row {
    const char *text;
    bool taken;
    struct boundary want;
} rows[] = {
    {"one-sided", true, {NABLA_ONE_SIDED, NABLA_ONE_SIDED, 0, 0}},
    {"one-sided:1", true, {NABLA_ONE_SIDED, NABLA_ONE_SIDED, 1, 0}},
    {"one-sided:2", true, {NABLA_ONE_SIDED, NABLA_ONE_SIDED, 2, 0}},
    {"reflect", true, {NABLA_REFLECT, NABLA_REFLECT, 0, 0}},
    {"periodic", true, {NABLA_PERIODIC, NABLA_PERIODIC, 0, 0}},
    {"periodic:360", true, {NABLA_PERIODIC, NABLA_PERIODIC, 0, 360}},
    {"periodic:0.5,periodic:0.5", true, {NABLA_PERIODIC, NABLA_PERIODIC, 0, 0.5}},
    {"reflect,one-sided:2", true, {NABLA_REFLECT, NABLA_ONE_SIDED, 2, 0}},
    {"one-sided:1,one-sided", true, {NABLA_ONE_SIDED, NABLA_ONE_SIDED, 1, 0}},
    {"one-sided:1,one-sided:2", false, {0}},
    {"periodic,reflect", false, {0}},
    {"periodic:1,periodic:2", false, {0}},
    {"periodic:", false, {0}},
    {"periodic:-1", false, {0}},
    {"periodic:nan", false, {0}},
    {"periodic:1x", false, {0}},
    {"one-sided:", false, {0}},
    {"one-sided:3", false, {0}},
    {"one-sided:11", false, {0}},
    {"reflect:", false, {0}},
    {"reflect,", false, {0}},
    {",reflect", false, {0}},
    {"reflect,reflect,reflect", false, {0}},
    {"", false, {0}},
    {"wrap", false, {0}},
};

START_TEST(boundary_row)
{
    const struct row *r = &rows[_i];
    struct boundary got;
    const char *why = boundary_read(r->text, &got);
    ck_assert_msg((why == NULL) == r->taken, "%s: %s", r->text, why == NULL ? "taken" : why);
    ck_assert_msg(!r->taken ||
                      (got.before == r->want.before && got.after == r->want.after &&
                       got.edge_order == r->want.edge_order && got.period == r->want.period),
                  "%s: %d, %d, order %d, period %g", r->text, got.before, got.after, got.edge_order,
                  got.period);
}
END_TEST

static enum nabla_status try_axis(const struct scheme *s, bool uneven, int64_t n)
{
    double f[32] = {0}, df[32], x[32];
    struct nabla_derivative_options options = s->options;
    struct nabla_array in = {f, NABLA_FLOAT64, 1, &n, NULL}, out = {df, NABLA_FLOAT64, 1, &n, NULL};
    size_t room = nabla_derivative_workspace();
    void *workspace = malloc(room);
    for (int i = 0; i < 32; i++)
        x[i] = i;
    if (uneven)
        options.spacing = nabla_coordinates(x, n);
    options.period = uneven && options.before == NABLA_PERIODIC ? 40 : 0;
    enum nabla_status status = nabla_derivative(&in, 0, &options, &out, workspace, room, NULL);
    free(workspace);
    return status;
}

START_TEST(fewest)
{
    static const enum nabla_boundary ends[][2] = {{NABLA_ONE_SIDED, NABLA_ONE_SIDED},
                                                  {NABLA_REFLECT, NABLA_REFLECT},
                                                  {NABLA_REFLECT, NABLA_ONE_SIDED},
                                                  {NABLA_PERIODIC, NABLA_PERIODIC}};
    for (int k = 0; k < ROWS(ends) * 4 * 3; k++) {
        struct scheme s = {.beyond = true,
                           .options = {.order = 1 + k % 4,
                                       .accuracy = 2 + 2 * (k / 4 % 3),
                                       .before = ends[k / 12][0],
                                       .after = ends[k / 12][1]}};
        int64_t n = scheme_fewest(&s, _i == 1);
        ck_assert_msg(try_axis(&s, _i == 1, n) == NABLA_OK, "case %d: %d refused", k, (int)n);
        ck_assert_msg(try_axis(&s, _i == 1, n - 1) == NABLA_ESMALL, "case %d: %d taken", k,
                      (int)n - 1);
        ck_assert_int_eq(scheme_reach(&s), nabla_derivative_halo(&s.options));
    }
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("gradient_scheme");
    TCase *all = tcase_create("all");
    tcase_add_loop_test(all, boundary_row, 0, ROWS(rows));
    tcase_add_loop_test(all, fewest, 0, 2);
    suite_add_tcase(s, all);
    return s;
}
