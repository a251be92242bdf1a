/* The lowest and highest rate since each scraper came, and since another got its number. */
#include "bench.h"

#include <math.h>

static struct bench b;

static void start(void)
{
    struct policy p = policy_default();
    p.extremes = 1;
    setup(&b, 1, 100, p);
}

static void stop(void)
{
    teardown(&b);
}

/* Values a second apart: the rates between them follow. */
static void push_values(const char *key, int64_t from_s, const double *v, int n)
{
    for (int i = 0; i < n; i++)
        push(&b, key, t0 + (from_s + i) * S, v[i]);
}

/* NAN: nothing is told. */
static void expect(uint32_t scraper, double least, double most, const char *label)
{
    struct findings found;
    struct query all = {0};
    double low = NAN, high = NAN;
    ck_assert_int_eq(table_select(b.table, &all, b.now, &found), NABLA_OK);
    ck_assert_uint_eq(found.n, 1);
    bool told = table_take_extremes(b.table, found.at[0].ref, scraper, &low, &high);
    findings_fini(&found);
    ck_assert_msg(told == !isnan(least), "%s: told %d", label, told);
    ck_assert_msg(!told || (low == least && high == most), "%s: %g to %g", label, low, high);
}

START_TEST(each_hears_once)
{
    push_values("a", 0, (double[]){0, 1, 9, 3, 3}, 5);
    expect(0, -3, 4.5, "the first");
    expect(1, -3, 4.5, "the second");
    expect(0, NAN, NAN, "again");
    push_values("a", 5, (double[]){5}, 1);
    expect(0, 1, 1, "since then");
    expect(1, 1, 1, "since then, the second");
}
END_TEST

START_TEST(a_number_changes_hands)
{
    push_values("a", 0, (double[]){0, 1, 9, 3, 3}, 5);
    table_forget_extremes(b.table, 2);
    expect(2, NAN, NAN, "a newcomer");
    expect(3, -3, 4.5, "its neighbour");
    push_values("a", 5, (double[]){5, 7}, 2);
    expect(2, 1, 2, "since it came");
}
END_TEST

START_TEST(points_between_come_first)
{
    push_values("a", 0, (double[]){0, 100, 9, 3, 3}, 5);
    table_forget_extremes(b.table, 0);
    push_values("a", 5, (double[]){5, 7}, 2);
    expect(0, 1, 2, "nothing of before is mixed in");
}
END_TEST

START_TEST(a_series_born_later_is_told_whole)
{
    table_forget_extremes(b.table, 0);
    push_values("late", 0, (double[]){0, 1, 9, 3, 3}, 5);
    expect(0, -3, 4.5, "all of it is new");
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("extremes");
    TCase *t = tcase_create("extremes");
    tcase_add_checked_fixture(t, start, stop);
    tcase_add_test(t, each_hears_once);
    tcase_add_test(t, a_number_changes_hands);
    tcase_add_test(t, points_between_come_first);
    tcase_add_test(t, a_series_born_later_is_told_whole);
    suite_add_tcase(s, t);
    return s;
}
