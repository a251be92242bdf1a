/* A sort in slices: of every length about a run's it tells what a sort at once does, and never sorts more than a run. */
#include "http/runs.h"

#include <stdlib.h>

#include "suite.h"

static uint32_t compares;

static int compare(const void *a, const void *b, void *ctx)
{
    const uint32_t *x = a, *y = b;
    ck_assert_ptr_eq(ctx, &compares);
    compares++;
    return (*x > *y) - (*x < *y);
}

static const uint32_t lengths[] = {0,       1,           2,           3,           RUN - 1, RUN,
                                   RUN + 1, 2 * RUN - 1, 2 * RUN + 1, 7 * RUN + 5, 64 * RUN};

enum order { UP, DOWN, MIXED, ORDERS };

/* n different numbers, 0 to n - 1 in some order: 7919 divides no length. */
static uint32_t *numbers(uint32_t n, enum order order)
{
    uint32_t *at = malloc((n + (size_t)1) * sizeof *at);
    for (uint32_t i = 0; i < n; i++)
        at[i] = order == UP ? i : order == DOWN ? n - 1 - i : (uint32_t)((uint64_t)i * 7919 % n);
    return at;
}

START_TEST(as_a_sort_at_once)
{
    uint32_t n = lengths[_i];
    for (enum order order = UP; order < ORDERS; order++) {
        uint32_t *at = numbers(n, order), calls = 0;
        struct runs r;
        ck_assert_int_eq(runs_begin(&r, at, n, sizeof *at, compare, &compares), NABLA_OK);
        for (compares = 0; runs_sort_some(&r); compares = 0, calls++)
            ck_assert_uint_le(compares, RUN * 12 + 32); /* a run's, and a place in the heap */
        ck_assert_uint_eq(calls, (n + RUN - 1) / RUN);
        for (uint32_t i = 0; i < n; i++) {
            compares = 0;
            ck_assert_uint_eq(*(const uint32_t *)runs_next(&r), i);
            ck_assert_uint_le(compares, 32);
        }
        ck_assert_ptr_null(runs_next(&r));
        ck_assert_ptr_null(runs_next(&r));
        runs_fini(&r);
        free(at);
    }
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("http/runs");
    TCase *t = tcase_create("runs");
    tcase_add_loop_test(t, as_a_sort_at_once, 0, ROWS(lengths));
    suite_add_tcase(s, t);
    return s;
}
