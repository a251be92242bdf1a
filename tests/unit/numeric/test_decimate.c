/* tests/unit/numeric/test_decimate.c -- fewer points: how many, which, and that spikes survive. */
#include "numeric/decimate.h"

#include "suite.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#define S 1000000000LL

enum { N = 1000 };

static bool has(const uint32_t *chosen, size_t n, uint32_t i)
{
    for (size_t k = 0; k < n; k++)
        if (chosen[k] == i)
            return true;
    return false;
}

START_TEST(every_count_is_kept)
{
    struct obs at[N];
    uint32_t chosen[N + 1];
    for (int i = 0; i < N; i++)
        at[i] = (struct obs){i * S, sin(i * 0.05)};
    for (size_t n = 0; n <= 60; n++) {
        for (size_t max = 0; max <= 62; max++) {
            memset(chosen, 0xff, sizeof chosen);
            size_t got = decimate(at, n, max, chosen), want = n < max ? n : max;
            ck_assert_msg(got == want, "%zu of %zu: %zu", max, n, got);
            ck_assert(chosen[got] == UINT32_MAX);
            for (size_t i = 1; i < got; i++)
                ck_assert_msg(chosen[i] > chosen[i - 1] && chosen[i] < n, "%zu of %zu", max, n);
            if (got >= 2)
                ck_assert(chosen[0] == 0 && chosen[got - 1] == n - 1);
        }
    }
}
END_TEST

static const struct row {
    const char *label;
    uint32_t spike;
    double height;
} rows[] = {
    {"up", 500, 50},     {"down", 501, -50}, {"second point", 1, 9}, {"last but one", N - 2, -9},
    {"small", 333, 0.5},
};

START_TEST(a_spike_survives)
{
    const struct row *r = &rows[_i];
    struct obs at[N];
    uint32_t chosen[30];
    for (int i = 0; i < N; i++)
        at[i] = (struct obs){1700000000 * S + i * S, 1e6 + 0.001 * i};
    at[r->spike].v += r->height;
    ck_assert(decimate(at, N, 30, chosen) == 30);
    ck_assert_msg(has(chosen, 30, r->spike), "%s", r->label);
}
END_TEST

/* A missing value is taken only where nothing else is. */
START_TEST(gaps)
{
    struct obs at[N];
    uint32_t chosen[12];
    for (int i = 0; i < N; i++)
        at[i] = (struct obs){i * S, i % 2 == 0 || (i > 300 && i < 700) ? NAN : i * 0.1};
    ck_assert(decimate(at, N, 12, chosen) == 12);
    for (int i = 1; i < 11; i++) {
        bool all_missing = i >= 4 && i <= 7; /* of parts of 99.8 points each */
        ck_assert_msg(isnan(at[chosen[i]].v) == all_missing, "%d: %u", i, chosen[i]);
    }
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("decimate");
    TCase *t = tcase_create("decimate");
    tcase_add_test(t, every_count_is_kept);
    tcase_add_loop_test(t, a_spike_survives, 0, ROWS(rows));
    tcase_add_test(t, gaps);
    suite_add_tcase(s, t);
    return s;
}
