/* pace: what libmicrohttpd asks for as a wait that starves nobody and does not spin. */
#include "http/pace.h"

#include "suite.h"

static const struct pace_row {
    const char *label;
    bool has;
    uint64_t ms;
    int64_t want;
} rows[] = {
    {"nothing to wait for", false, 0, -1},
    {"at once is no timer", true, 0, 0},
    {"a timer", true, 7, 7},
    {"a timer of an hour at most", true, UINT64_MAX, 60 * 60 * 1000},
};

START_TEST(pace_row)
{
    struct pace p = {0};
    ck_assert_msg(pace_wait(&p, rows[_i].has, rows[_i].ms) == rows[_i].want, "%s", rows[_i].label);
}
END_TEST

START_TEST(vain_haste_slows_down)
{
    struct pace p = {0};
    for (int i = 0; i < PACE_PATIENCE; i++)
        ck_assert_int_eq(pace_wait(&p, true, 0), 0);
    for (int i = 0; i < 1000; i++)
        ck_assert_int_eq(pace_wait(&p, true, 0), 1);
    pace_progress(&p);
    ck_assert_int_eq(pace_wait(&p, true, 0), 0);
}
END_TEST

START_TEST(other_waits_are_not_counted)
{
    struct pace p = {0};
    for (int i = 0; i < 2 * PACE_PATIENCE; i++)
        ck_assert_int_eq(pace_wait(&p, true, 5), 5);
    ck_assert_int_eq(pace_wait(&p, true, 0), 0);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("http/pace");
    TCase *tc = tcase_create("tables");
    tcase_add_loop_test(tc, pace_row, 0, ROWS(rows));
    tcase_add_test(tc, vain_haste_slows_down);
    tcase_add_test(tc, other_waits_are_not_counted);
    suite_add_tcase(s, tc);
    return s;
}
