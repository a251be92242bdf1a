/* The ring of recent points: age, corrections, the budget; then a model. */
#include "series/kept.h"

#include "suite.h"

#include <stdlib.h>
#include <string.h>

static struct kept_point at(int64_t t, double rate)
{
    return (struct kept_point){.t_ns = t, .rate = rate};
}

static void expect(const struct kept *k, const char *label, const int64_t *t, uint32_t n)
{
    ck_assert_msg(k->n == n, "%s: %u", label, k->n);
    for (uint32_t i = 0; i < n; i++)
        ck_assert_msg(kept_at(k, i)->t_ns == t[i], "%s: %lld", label,
                      (long long)kept_at(k, i)->t_ns);
}

START_TEST(points_grow_old)
{
    struct kept k = {0};
    struct budget b = {.limit = 1 << 20};
    for (int64_t t = 1; t <= 10; t++) {
        struct kept_point p = at(t, 0);
        ck_assert_int_eq(kept_put(&k, &p, 3, &b), NABLA_OK);
    }
    expect(&k, "young", (int64_t[]){7, 8, 9, 10}, 4);
    struct kept_point far = at(INT64_MAX, 0), early = at(INT64_MIN, 0);
    ck_assert_int_eq(kept_put(&k, &far, 3, &b), NABLA_OK);
    expect(&k, "a leap", (int64_t[]){INT64_MAX}, 1);
    ck_assert_int_eq(kept_put(&k, &early, 3, &b), NABLA_OK);
    expect(&k, "a leap back", (int64_t[]){INT64_MIN, INT64_MAX}, 2);
    kept_fini(&k, &b);
    ck_assert_uint_eq(b.used, 0);
}
END_TEST

START_TEST(points_are_corrected)
{
    struct kept k = {0};
    struct budget b = {.limit = 1 << 20};
    struct kept_point in[] = {at(1, 1), at(3, 3), at(5, 5), at(3, 30), at(2, 2), at(0, 0)};
    for (size_t i = 0; i < sizeof in / sizeof *in; i++)
        ck_assert_int_eq(kept_put(&k, &in[i], 100, &b), NABLA_OK);
    expect(&k, "in order", (int64_t[]){0, 1, 2, 3, 5}, 5);
    ck_assert(kept_at(&k, 3)->rate == 30);
    kept_fini(&k, &b);
}
END_TEST

START_TEST(the_budget_is_kept)
{
    struct kept a = {0}, c = {0};
    struct budget b = {.limit = 16 * sizeof(struct kept_point)};
    for (int64_t t = 1; t <= 40; t++) {
        struct kept_point p = at(t, 0);
        ck_assert_int_eq(kept_put(&a, &p, 1000, &b), t <= 16 ? NABLA_OK : NABLA_ELIMIT);
        ck_assert_int_eq(kept_put(&c, &p, 1000, &b), NABLA_ELIMIT);
    }
    ck_assert(c.n == 0 && a.n == 16 && kept_at(&a, 0)->t_ns == 25 && kept_at(&a, 15)->t_ns == 40);
    struct kept_point old = at(3, 0);
    ck_assert_int_eq(kept_put(&a, &old, 1000, &b), NABLA_ELIMIT);
    ck_assert(a.n == 16 && kept_at(&a, 0)->t_ns == 25);
    ck_assert_uint_eq(b.used, b.limit);
    kept_fini(&a, &b);
    ck_assert_uint_eq(b.used, 0);
    struct kept_point p = at(1, 0);
    ck_assert_int_eq(kept_put(&c, &p, 1000, &b), NABLA_OK);
    kept_fini(&c, &b);
}
END_TEST

enum { MODEL = 4096 };

/* Against an array that is sorted and cut anew each time. */
START_TEST(a_ring_is_an_array)
{
    struct kept k = {0};
    struct budget b = {.limit = 1 << 20};
    int64_t model[MODEL], newest = 0;
    uint32_t n = 0;
    srand48(_i);
    for (int step = 0; step < 3000; step++) {
        int64_t t = lrand48() % 4 != 0 ? ++newest : newest - lrand48() % 20;
        struct kept_point p = at(t, step);
        ck_assert_int_eq(kept_put(&k, &p, 50, &b), NABLA_OK);
        uint32_t old = 0, i = 0;
        while (old < n && t - model[old] > 50)
            old++;
        memmove(model, model + old, (n -= old) * sizeof *model);
        while (i < n && model[i] < t)
            i++;
        if (i == n || model[i] != t) {
            memmove(model + i + 1, model + i, (n - i) * sizeof *model);
            model[i] = t;
            n++;
        }
        ck_assert(kept_at(&k, i)->rate == step);
        expect(&k, "model", model, n);
    }
    kept_fini(&k, &b);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("kept");
    TCase *t = tcase_create("kept");
    tcase_add_test(t, points_grow_old);
    tcase_add_test(t, points_are_corrected);
    tcase_add_test(t, the_budget_is_kept);
    tcase_add_loop_test(t, a_ring_is_an_array, 0, 4);
    suite_add_tcase(s, t);
    return s;
}
