/* tests/unit/doors/test_failures.c -- a burst, forgiveness, strangers side by side, a table that is full. */
#include "doors/failures.h"

#include "suite.h"

#include <stdlib.h>

#define S INT64_C(1000000000)

static struct failures f;

static struct ip ip(uint64_t n)
{
    return (struct ip){n, ~n};
}

START_TEST(a_burst_then_one_a_step)
{
    failures_init(&f, 6, 42); /* one is forgiven every 10 s */
    for (int i = 0; i < 6; i++) {
        ck_assert_int_eq(failures_wait(&f, ip(1), 100 * S), 0);
        failures_count(&f, ip(1), 100 * S);
    }
    ck_assert_int_eq(failures_wait(&f, ip(1), 100 * S), 10 * S);
    ck_assert_int_eq(failures_wait(&f, ip(1), 109 * S), 1 * S);
    ck_assert_int_eq(failures_wait(&f, ip(1), 110 * S), 0);
    failures_count(&f, ip(1), 110 * S);
    ck_assert_int_eq(failures_wait(&f, ip(1), 110 * S), 10 * S);
    ck_assert_int_eq(failures_wait(&f, ip(2), 110 * S), 0);
    ck_assert_int_eq(failures_wait(&f, ip(1), 300 * S), 0);
    for (int i = 0; i < 6; i++) /* all was forgiven */
        failures_count(&f, ip(1), 300 * S);
    ck_assert_int_eq(failures_wait(&f, ip(1), 300 * S), 10 * S);
}
END_TEST

START_TEST(the_least_and_the_most)
{
    static const uint32_t bursts[] = {1, 7, 100000};
    for (size_t b = 0; b < 3; b++) {
        failures_init(&f, bursts[b], 42);
        for (uint32_t i = 0; i < bursts[b]; i++) {
            ck_assert_int_eq(failures_wait(&f, ip(1), S), 0);
            failures_count(&f, ip(1), S);
        }
        ck_assert_int_gt(failures_wait(&f, ip(1), S), 0);
        ck_assert_int_eq(failures_wait(&f, ip(1), 61 * S), 0);
    }
}
END_TEST

/* Those who owe most stay, whoever else comes once. */
START_TEST(a_crowd_pushes_out_who_owes_least)
{
    failures_init(&f, 10, 7);
    for (int i = 0; i < 10; i++)
        failures_count(&f, ip(1), S);
    for (uint64_t n = 2; n < 100000; n++)
        failures_count(&f, ip(n), S);
    ck_assert_int_gt(failures_wait(&f, ip(1), S), 0);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("failures");
    TCase *t = tcase_create("failures");
    tcase_add_test(t, a_burst_then_one_a_step);
    tcase_add_test(t, the_least_and_the_most);
    tcase_add_test(t, a_crowd_pushes_out_who_owes_least);
    suite_add_tcase(s, t);
    return s;
}
