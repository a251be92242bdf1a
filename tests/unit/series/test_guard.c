/* Rates that cannot be: what is held, dropped, and taken after all. */
#include "series/guard.h"

#include "suite.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define S INT64_C(1000000000)

/* Values a second apart and a bound of 1 a second; what became of each is written t (taken), h (held),
 * b (both) and, before it, ! (what was held is dropped). */
static const struct row {
    const char *label;
    enum kind kind;
    double v[9]; /* ended by 1e9; v[0] is the newest sample that there is */
    const char *became;
} rows[] = {
    {"nothing odd", KIND_GAUGE, {0, 1, 0.5, -0.4, 1e9}, "ttt"},
    {"at the bound", KIND_GAUGE, {0, 1, 2, 1, 1e9}, "ttt"},
    {"a spike", KIND_GAUGE, {0, 50, 0.5, 1, 1e9}, "h!tt"},
    {"a spike down", KIND_GAUGE, {0, -50, 0.5, 1, 1e9}, "h!tt"},
    {"a step", KIND_GAUGE, {0, 50, 50.5, 51, 1e9}, "hbt"},
    {"two spikes that differ", KIND_GAUGE, {0, 50, 90, 0.5, 1e9}, "h!h!t"},
    {"two spikes, the second a step", KIND_GAUGE, {0, 50, 90, 90, 1e9}, "h!hb"},
    {"a spike in the end", KIND_GAUGE, {0, 1, 50, 1e9}, "th"},
    {"beyond what is held, too", KIND_GAUGE, {0, 9, 3, 1e9}, "h!h"},
    {"in time anything is slow enough", KIND_GAUGE, {0, 9, 3, 2.9, 1e9}, "h!h!t"},
    {"a counter's reset is no spike", KIND_COUNTER, {100, 0.5, 1, 1e9}, "tt"},
    {"a counter's leap is", KIND_COUNTER, {100, 900, 101, 102, 1e9}, "h!tt"},
    {"not a number", KIND_GAUGE, {0, NAN, 1, 1e9}, "tt"},
};

START_TEST(guard_row)
{
    const struct row *r = &rows[_i];
    struct guard g = {0};
    struct exact newest = {0, r->v[0], 0}, first;
    char became[32] = "";
    size_t n = 0;
    for (int i = 1; r->v[i] != 1e9; i++) {
        struct exact x = {i * S, r->v[i], 0};
        bool dropped;
        enum verdict v = guard_judge(&g, newest, x, r->kind, 1, &first, &dropped);
        n += (size_t)snprintf(became + n, sizeof became - n, "%s%c", dropped ? "!" : "",
                              v == VERDICT_TAKE   ? 't'
                              : v == VERDICT_HOLD ? 'h'
                                                  : 'b');
        if (v == VERDICT_TAKE_BOTH)
            ck_assert_msg(first.t_ns == x.t_ns - S && first.v == r->v[i - 1], "%s", r->label);
        if (v != VERDICT_HOLD)
            newest = x;
        ck_assert_msg(g.holds == (v == VERDICT_HOLD), "%s", r->label);
    }
    ck_assert_msg(strcmp(became, r->became) == 0, "%s: %s", r->label, became);
}
END_TEST

/* A step of 1,000 in a second at 2^60, where doubles are 256 apart: by them it could be 768 or 1,024. */
START_TEST(integers_are_judged_exactly)
{
    struct guard g = {0};
    struct exact newest = {0, 0x1p60, 100}, x = {S, 0x1p60 + 1024, 76}, first;
    bool dropped;
    ck_assert_int_eq(guard_judge(&g, newest, x, KIND_COUNTER, 1000, &first, &dropped),
                     VERDICT_TAKE);
    ck_assert_int_eq(guard_judge(&g, newest, x, KIND_COUNTER, 999, &first, &dropped), VERDICT_HOLD);
    struct exact next = {2 * S, 0x1p60 + 2048, 51}; /* 999 more */
    ck_assert_int_eq(guard_judge(&g, newest, next, KIND_COUNTER, 999, &first, &dropped),
                     VERDICT_TAKE_BOTH);
    ck_assert(first.v == x.v && first.rest == 76);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("guard");
    TCase *t = tcase_create("guard");
    tcase_add_loop_test(t, guard_row, 0, ROWS(rows));
    tcase_add_test(t, integers_are_judged_exactly);
    suite_add_tcase(s, t);
    return s;
}
