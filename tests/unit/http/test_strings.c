/* strings: a set that numbers what it holds, finds all of it again, and stays within its limits. */
#include "http/strings.h"

#include <stdio.h>
#include <string.h>

#include "suite.h"

START_TEST(numbers_stay)
{
    enum { MANY = 10000 };
    struct strings s = {.seed = 7};
    char text[16];
    uint32_t number;
    bool fresh;
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < MANY; i++) {
            int n = snprintf(text, sizeof text, "%d", i * 7);
            ck_assert_int_eq(strings_add(&s, text, (size_t)n, &number, &fresh), NABLA_OK);
            ck_assert_uint_eq(number, i);
            ck_assert_int_eq(fresh, round == 0);
        }
    ck_assert_uint_eq(s.n, MANY);
    strings_fini(&s);
}
END_TEST

START_TEST(sorted_by_bytes)
{
    static const char *const in[] = {"b", "", "ab", "a", "\xc3\xa4", "B", "a", "abc"};
    static const char *const want[] = {"", "B", "a", "ab", "abc", "b", "\xc3\xa4"};
    struct strings s = {0};
    uint32_t number;
    for (int i = 0; i < ROWS(in); i++)
        ck_assert_int_eq(strings_add(&s, in[i], strlen(in[i]), &number, NULL), NABLA_OK);
    struct runs runs;
    ck_assert_int_eq(strings_runs(&s, &runs), NABLA_OK);
    while (runs_sort_some(&runs))
        ;
    ck_assert_int_eq(s.n, ROWS(want));
    for (uint32_t i = 0; i < s.n; i++) {
        const struct string *got = runs_next(&runs);
        ck_assert_uint_eq(got->n, strlen(want[i]));
        ck_assert_mem_eq(s.text.at + got->offset, want[i], got->n);
    }
    ck_assert_ptr_null(runs_next(&runs));
    runs_fini(&runs);
    strings_fini(&s);
}
END_TEST

START_TEST(limits)
{
    struct strings few = {.max_n = 2}, small = {.max_bytes = 5};
    uint32_t number = 99;
    ck_assert_int_eq(strings_add(&few, "a", 1, &number, NULL), NABLA_OK);
    ck_assert_int_eq(strings_add(&few, "b", 1, &number, NULL), NABLA_OK);
    ck_assert_int_eq(strings_add(&few, "c", 1, &number, NULL), NABLA_ELIMIT);
    ck_assert_int_eq(strings_add(&few, "a", 1, &number, NULL), NABLA_OK);
    ck_assert_uint_eq(number, 0);
    ck_assert_int_eq(strings_add(&small, "abc", 3, &number, NULL), NABLA_OK);
    ck_assert_int_eq(strings_add(&small, "xyz", 3, &number, NULL), NABLA_ELIMIT);
    ck_assert_int_eq(strings_add(&small, "xy", 2, &number, NULL), NABLA_OK);
    strings_fini(&few);
    strings_fini(&small);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("http/strings");
    TCase *tc = tcase_create("laws");
    tcase_add_test(tc, numbers_stay);
    tcase_add_test(tc, sorted_by_bytes);
    tcase_add_test(tc, limits);
    suite_add_tcase(s, tc);
    return s;
}
