/* tests/unit/cli/test_people.c -- numbers and ages for people. */
#include "cli/people.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "suite.h"

static const struct number_row {
    double v;
    const char *text;
} numbers[] = {
    {0, "0"},
    {-0.0, "0"},
    {21.437, "21.437"},
    {0.0125, "0.0125"},
    {-3, "-3"},
    {0.1 + 0.2, "0.3"},
    {1.0 / 3, "0.333333"},
    {2.0 / 3, "0.666667"},
    {100, "100"},
    {100000, "100000"},
    {123456.4, "123456"},
    {123456.5, "123456"}, /* a tie, to even, as printf */
    {1234567.8, "1234568"},
    {999999.9, "1000000"},
    {9.9999999, "10"},
    {0.00099999999, "0.001"},
    {999999999, "999999999"},
    {999999999.6, "1e+09"},
    {1e9, "1e+09"},
    {-1.234567e12, "-1.23457e+12"},
    {1e300, "1e+300"},
    {0.0001, "0.0001"},
    {0.00012345678, "0.000123457"},
    {0.00001, "1e-05"},
    {0.000012345678, "1.23457e-05"},
    {5e-324, "4.94066e-324"},
    {-1.7976931348623157e308, "-1.79769e+308"},
    {NAN, "NaN"},
    {INFINITY, "+Inf"},
    {-INFINITY, "-Inf"},
};

START_TEST(number)
{
    const struct number_row *r = &numbers[_i];
    char text[PEOPLE_TEXT_MAX] = "untouched";
    size_t n = people_number(text, r->v);
    ck_assert_msg(strcmp(text, r->text) == 0, "%.17g: %s, not %s", r->v, text, r->text);
    ck_assert_uint_eq(n, strlen(r->text));
}
END_TEST

/* Whatever is shown is within half of the last shown digit's unit: 1 in 10^6 or better. */
START_TEST(number_is_near)
{
    srand48(7);
    for (int i = 0; i < 5000; i++) {
        double v = (drand48() - 0.5) * pow(10, floor(drand48() * 40) - 20);
        char text[PEOPLE_TEXT_MAX];
        people_number(text, v);
        ck_assert_msg(fabs(strtod(text, NULL) - v) <= 5.0001e-6 * fabs(v), "%.17g: %s", v, text);
    }
}
END_TEST

#define S 1000000000LL
static const struct age_row {
    int64_t ns;
    const char *text;
} ages[] = {
    {0, "0.0s"},
    {99999999, "0.0s"},
    {100000000, "0.1s"},
    {9 * S + 999999999, "9.9s"},
    {10 * S, "10s"},
    {59 * S + 999999999, "59s"},
    {60 * S, "1m00s"},
    {250 * S, "4m10s"},
    {3600 * S - 1, "59m59s"},
    {3600 * S, "1h00m"},
    {86400 * S - 1, "23h59m"},
    {86400 * S, "1d00h"},
    {52 * 3600 * S, "2d04h"},
    {-3 * S, "-3.0s"},
    {INT64_MAX, "106751d23h"},
    {INT64_MIN, "-106751d23h"},
};

START_TEST(age)
{
    const struct age_row *r = &ages[_i];
    char text[PEOPLE_TEXT_MAX] = "untouched";
    size_t n = people_age(text, r->ns);
    ck_assert_str_eq(text, r->text);
    ck_assert_uint_eq(n, strlen(r->text));
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("cli/people");
    TCase *t = tcase_create("people");
    tcase_add_loop_test(t, number, 0, ROWS(numbers));
    tcase_add_test(t, number_is_near);
    tcase_add_loop_test(t, age, 0, ROWS(ages));
    suite_add_tcase(s, t);
    return s;
}
