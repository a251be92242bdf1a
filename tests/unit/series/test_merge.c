/* Samples that are too close to be two. */
#include "series/merge.h"

#include "suite.h"

#include <math.h>

#define MS INT64_C(1000000)
#define S  INT64_C(1000000000)

static const struct row {
    const char *label;
    int64_t min_dt;
    struct obs in[5];
    int n;
    bool joins[5];
    struct obs mean; /* after the last, if that joins */
} rows[] = {
    {"far apart", 100 * MS, {{0, 1}, {S, 2}, {2 * S, 3}}, 3, {0, 0, 0}, {0, 0}},
    {"two", 100 * MS, {{S, 20}, {S + MS, 20.5}}, 2, {0, 1}, {S + MS / 2, 20.25}},
    {"at min_dt it is another", 100 * MS, {{0, 1}, {100 * MS, 2}}, 2, {0, 0}, {0, 0}},
    {"just below it is not", 100 * MS, {{0, 1}, {100 * MS - 1, 2}}, 2, {0, 1}, {50 * MS, 1.5}},
    {"a crowd",
     100 * MS,
     {{S, 1}, {S + 30 * MS, 2}, {S + 60 * MS, 6}},
     3,
     {0, 1, 1},
     {S + 30 * MS, 3}},
    {"groups do not creep on",
     100 * MS,
     {{0, 1}, {60 * MS, 2}, {120 * MS, 3}, {180 * MS, 5}},
     4,
     {0, 1, 0, 1},
     {150 * MS, 4}},
    {"one time, two values", 100 * MS, {{S, 1}, {S, 3}}, 2, {0, 1}, {S, 2}},
    {"a large offset",
     100 * MS,
     {{1700000000 * S, 1e15}, {1700000000 * S + 2, 1e15 + 2}},
     2,
     {0, 1},
     {1700000000 * S + 1, 1e15 + 1}},
    {"before the group", 100 * MS, {{S, 1}, {S - MS, 3}}, 2, {0, 0}, {0, 0}},
    {"not a number", 100 * MS, {{0, 1}, {2, NAN}}, 2, {0, 1}, {1, NAN}},
};

START_TEST(merge_row)
{
    const struct row *r = &rows[_i];
    struct merge m = {0};
    struct exact mean;
    for (int i = 0; i < r->n; i++) {
        struct exact x = exact_of(&r->in[i], 0);
        mean = (struct exact){-7, -7, -7};
        bool joins = merge_join(&m, x, r->min_dt, &mean);
        if (!joins)
            merge_begin(&m, x);
        ck_assert(isnan(x.v) || merge_has(&m, x));
        ck_assert_msg(joins == r->joins[i], "%s: sample %d", r->label, i);
        ck_assert_msg(joins || mean.t_ns == -7, "%s: touched", r->label);
    }
    if (!r->joins[r->n - 1])
        return;
    ck_assert_msg(mean.t_ns == r->mean.t_ns, "%s: at %lld", r->label, (long long)mean.t_ns);
    ck_assert_msg(isnan(r->mean.v) ? isnan(mean.v) : mean.v == r->mean.v, "%s: %.17g", r->label,
                  mean.v);
    ck_assert_msg(mean.rest == 0, "%s: a mean that is no integer beyond 2^53 has no rest",
                  r->label);
}
END_TEST

/* Where doubles are 256 apart: the mean of 7, 8 and 12 above 2^60 is 9 above it. */
START_TEST(means_of_large_integers)
{
    struct merge m = {0};
    struct exact mean, x[] = {{0, 0x1p60, 7}, {MS, 0x1p60, 8}, {2 * MS, 0x1p60, 12}};
    merge_begin(&m, x[0]);
    ck_assert(!merge_has(&m, x[1]));
    ck_assert(merge_join(&m, x[1], S, &mean) && mean.v == 0x1p60 && mean.rest == 7.5);
    ck_assert(merge_has(&m, x[1]));
    ck_assert(merge_join(&m, x[2], S, &mean) && mean.v == 0x1p60 && mean.rest == 9);
    ck_assert_int_eq(mean.t_ns, MS);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("merge");
    TCase *t = tcase_create("merge");
    tcase_add_loop_test(t, merge_row, 0, ROWS(rows));
    tcase_add_test(t, means_of_large_integers);
    suite_add_tcase(s, t);
    return s;
}
