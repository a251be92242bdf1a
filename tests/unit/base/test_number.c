/* test_number.c -- reading numbers: rows, strtod, and a guard page. Writing: test_number_write.c. */
#include "base/number.h"

#include "guard.h"
#include "numbers.h"
#include "suite.h"

#include <stdio.h>
#include <stdlib.h>

enum { RANDOM_NUMBERS = 1000000 };

static const struct {
    const char *text;
    size_t used;
    double value;
} reads[] = {
    {"1", 1, 1},
    {"-1.5", 4, -1.5},
    {"+.5", 3, 0.5},
    {"1.", 2, 1},
    {"1e-9", 4, 1e-9},
    {"1E+9", 4, 1e9},
    {"0", 1, 0},
    {"-0", 2, -0.0},
    {"-0.0e7", 6, -0.0},
    {"21.437,humidity", 6, 21.437},
    {"1e", 1, 1},
    {"1e+", 1, 1},
    {"1e-x", 1, 1},
    {"1.5.5", 3, 1.5},
    {"0x10", 1, 0},
    {"12i", 2, 12},
    {"", 0, 7},
    {"-", 0, 7},
    {".", 0, 7},
    {"+.", 0, 7},
    {".e5", 0, 7},
    {"e5", 0, 7},
    {" 1", 0, 7},
    {"--1", 0, 7},
    {"inf", 0, 7},
    {"nan", 0, 7},
    /* each way there is to a value */
    {"9007199254740991e22", 19, 9007199254740991e22},
    {"9007199254740993", 16, 9007199254740992}, /* a tie, to even */
    {"9007199254740993.0", 18, 9007199254740992},
    {"9007199254740993.00000000001", 28, 0x1.0000000000001p53},
    {"18446744073709551615", 20, 0x1p64},
    {"9999999999999999999", 19, 1e19},
    {"0.30000000000000004", 19, 0.1 + 0.2},
    {"1.7976931348623157e308", 22, 0x1.fffffffffffffp1023},
    {"1.7976931348623159e308", 22, INFINITY},
    {"4.9406564584124654e-324", 23, 0x1p-1074},
    {"2.4703282292062327e-324", 23, 0},
    {"2.4703282292062328e-324", 23, 0x1p-1074},
    {"2.2250738585072011e-308", 23, 0x0.fffffffffffffp-1022},
    {"-1e999999999999999999999", 24, -INFINITY},
    {"1e-999999999999999999999", 24, 0},
    {"0e999999999999999999999", 23, 0},
    {"00000000000000000000000000000001", 32, 1},
    {"0.00000000000000000000000000000000000001e38", 43, 1},
    {"0000000000000000000000.0000000000", 33, 0},
};
START_TEST(read_row)
{
    double got = 7;
    size_t n = strlen(reads[_i].text), used = number_read(reads[_i].text, n, &got);
    ck_assert_msg(used == reads[_i].used && same(got, reads[_i].value), "%s: used %zu, value %a",
                  reads[_i].text, used, got);
}
END_TEST

static const struct {
    const char *text;
    size_t used;
    double value;
} words[] = {
    {"nan", 3, NAN},
    {"NaN", 3, NAN},
    {"-nan", 4, -NAN},
    {"inf", 3, INFINITY},
    {"+Inf", 4, INFINITY},
    {"-INF", 4, -INFINITY},
    {"Infinity", 8, INFINITY},
    {"-infinity", 9, -INFINITY},
    {"infinit", 3, INFINITY},
    {"1.5", 3, 1.5},
    {"na", 0, 7},
    {"in", 0, 7},
    {"-", 0, 7},
    {"none", 0, 7},
    {"", 0, 7},
    {"--inf", 0, 7},
};
START_TEST(any_row)
{
    double got = 7;
    size_t n = strlen(words[_i].text), used = number_read_any(words[_i].text, n, &got);
    ck_assert_msg(used == words[_i].used && same(got, words[_i].value), "%s: used %zu, value %g",
                  words[_i].text, used, got);
}
END_TEST

static const struct {
    const char *text;
    size_t i_used;
    int64_t i;
    size_t u_used;
    uint64_t u;
} integers[] = {
    {"0", 1, 0, 1, 0},
    {"-0", 2, 0, 0, 7},
    {"12i", 2, 12, 2, 12},
    {"+1", 0, 7, 0, 7},
    {"", 0, 7, 0, 7},
    {"-", 0, 7, 0, 7},
    {"x", 0, 7, 0, 7},
    {"1.5", 1, 1, 1, 1},
    {"0000000000000000000000000000012", 31, 12, 31, 12},
    {"9223372036854775807", 19, INT64_MAX, 19, INT64_MAX},
    {"9223372036854775808", 0, 7, 19, UINT64_C(9223372036854775808)},
    {"-9223372036854775808", 20, INT64_MIN, 0, 7},
    {"-9223372036854775809", 0, 7, 0, 7},
    {"18446744073709551615", 0, 7, 20, UINT64_MAX},
    {"18446744073709551616", 0, 7, 0, 7},
    {"99999999999999999999999", 0, 7, 0, 7},
};
/* What the nearest double lacks: a test of 128 bits beside it, and rows where it is none. */
static const struct {
    const char *text;
    int rest;
} rests[] = {
    {"0", 0},
    {"9007199254740992", 0},
    {"9007199254740993", 1}, /* half way: to even */
    {"9007199254740995", -1},
    {"+9007199254740993", 1},
    {"-9007199254740993", -1},
    {"1152921504606846983", 7},
    {"1152921504606847103", 127},
    {"1152921504606847105", -127},
    {"9223372036854775807", -1}, /* the double is 2^63 */
    {"-9223372036854775808", 0},
    {"-9223372036854775807", 1},
    {"18446744073709551615", -1}, /* the double is 2^64 */
    {"18446744073709550592", -1024},
    {"18446744073709550591", 1023},
    {"18446744073709551616", 0}, /* 64 bits do not hold it */
    {"0000000000009007199254740993", 1},
    {"9007199254740993.0", 0},
    {"9007199254740993e0", 0},
    {"9007199254740993i", 0},
    {"", 0},
    {"-", 0},
    {"+-9007199254740993", 0},
};
START_TEST(rest_row)
{
    const char *text = rests[_i].text;
    int rest = number_rest(text, strlen(text));
    ck_assert_msg(rest == rests[_i].rest, "%s: %d", text, rest);
}
END_TEST

START_TEST(a_double_and_its_rest_are_the_integer)
{
    char text[NUMBER_TEXT_MAX];
    srand48(_i);
    for (int i = 0; i < 1000; i++) {
        uint64_t m = ((uint64_t)mrand48() << 32 | (uint32_t)mrand48()) >> (lrand48() % 64);
        double v;
        size_t n = number_write_u64(text, m);
        ck_assert_uint_eq(number_read(text, n, &v), n);
        ck_assert_msg((__int128)v + number_rest(text, n) == (__int128)m, "%s", text);
    }
}
END_TEST

START_TEST(integer_row)
{
    const char *text = integers[_i].text;
    int64_t i = 7;
    uint64_t u = 7;
    size_t i_used = number_read_i64(text, strlen(text), &i);
    size_t u_used = number_read_u64(text, strlen(text), &u);
    ck_assert_msg(i_used == integers[_i].i_used && i == integers[_i].i, "%s: i64", text);
    ck_assert_msg(u_used == integers[_i].u_used && u == integers[_i].u, "%s: u64", text);
}
END_TEST

static const struct {
    const char *text;
    size_t used;
    int64_t ns;
} seconds[] = {
    {"1700000000.25", 13, 1700000000250000000},
    {"1.7e9", 5, 1700000000000000000},
    {"17E8", 4, 1700000000000000000},
    {"1700000000.123456789", 20, 1700000000123456789},
    {"1700000000.1234567899", 21, 1700000000123456789},
    {"-1700000000.1234567899", 22, -1700000000123456789},
    {"0", 1, 0},
    {"-0.000", 6, 0},
    {"1e-9", 4, 1},
    {"9.99e-10", 8, 0},
    {"000000000000000000000000001", 27, 1000000000},
    {"0.000000000000000000000000001e27", 32, 1000000000},
    {".5", 2, 500000000},
    {"9223372036.854775807", 20, INT64_MAX},
    {"9223372036.854775808", 0, 7},
    {"-9223372036.854775808", 21, INT64_MIN},
    {"-9223372036.8547758089", 22, INT64_MIN},
    {"-9223372036.854775809", 0, 7},
    {"1e10", 0, 7},
    {"1e999999999999999999", 0, 7},
    {"0e999999999999999999", 20, 0},
    {"1e-999999999999999999", 21, 0},
    {"1700000000.5 x", 12, 1700000000500000000},
    {"x", 0, 7},
    {"", 0, 7},
    {"nan", 0, 7},
};
START_TEST(seconds_row)
{
    int64_t ns = 7;
    const char *text = seconds[_i].text;
    size_t used = number_read_seconds(text, strlen(text), &ns);
    ck_assert_msg(used == seconds[_i].used && ns == seconds[_i].ns, "%s: used %zu, %lld ns", text,
                  used, (long long)ns);
}
END_TEST

/* The law: number_read is strtod. */
static void check_like_strtod(const char *text)
{
    char *end;
    double expected = strtod(text, &end), got = NAN;
    size_t used = number_read(text, strlen(text), &got);
    ck_assert_msg(used == (size_t)(end - text) && same(got, expected), "%s: used %zu, %a, not %a",
                  text, used, got, expected);
}

START_TEST(like_strtod_on_random_bits)
{
    uint64_t seed = 1;
    for (int i = 0; i < RANDOM_NUMBERS; i++) {
        char text[64];
        double v = double_of(next_random(&seed));
        if (!isfinite(v))
            continue;
        int digits = (int)random_below(&seed, 20);
        snprintf(text, sizeof text, i % 2 ? "%.*e" : "%.*g", digits, v);
        check_like_strtod(text);
    }
}
END_TEST

/* What sensors send and a little more: digits, a point anywhere, a small exponent or none. */
static void random_decimal(uint64_t *seed, char *to)
{
    size_t n = 1 + random_below(seed, 24), point = random_below(seed, 2 * n);
    if (random_below(seed, 3) == 0)
        *to++ = "+-"[random_below(seed, 2)];
    for (size_t i = 0; i < n; i++) {
        if (i == point)
            *to++ = '.';
        *to++ = (char)('0' + random_below(seed, 10));
    }
    *to = '\0';
    if (random_below(seed, 2) == 0)
        sprintf(to, "e%d", (int)random_below(seed, 60) - 30);
}

START_TEST(like_strtod_on_random_texts)
{
    uint64_t seed = 2;
    for (int i = 0; i < RANDOM_NUMBERS; i++) {
        char text[64];
        random_decimal(&seed, text);
        check_like_strtod(text);
    }
}
END_TEST

/* Where the quotient of integers has few bits to spare, what is cut decides ties. */
START_TEST(like_strtod_on_long_fractions)
{
    uint64_t seed = 8;
    for (int i = 0; i < RANDOM_NUMBERS; i++) {
        char text[64];
        snprintf(text, sizeof text, "%llue-%d",
                 (unsigned long long)(next_random(&seed) % UINT64_C(10000000000000000000)),
                 17 + (int)random_below(&seed, 4));
        check_like_strtod(text);
    }
}
END_TEST

/* The middle of two doubles in full, and a hair beside it: up to some 770 digits decide. */
START_TEST(like_strtod_halfway)
{
    static char text[1400];
    uint64_t seed = 3;
    ck_assert_msg(sizeof(long double) > sizeof(double), "needs a longer type to name the middles");
    for (int i = 0; i < 3000; i++) {
        uint64_t bits = next_random(&seed) >> 1;
        if (i % 3 == 0)
            bits &= UINT64_C(0x000FFFFFFFFFFFFF); /* subnormal */
        double low = double_of(bits), high = double_of(bits + 1);
        if (!isfinite(high))
            continue;
        long double middle = ((long double)low + (long double)high) / 2;
        int n = snprintf(text, sizeof text, "%.*Le", 1100, middle);
        check_like_strtod(text);
        char *e = strchr(text, 'e'), saved[32];
        snprintf(saved, sizeof saved, "%s", e);
        e[-1] = '1';
        check_like_strtod(text);
        for (int cut = 0; cut < 5; cut++) { /* a hair below: digits dropped anywhere */
            size_t keep = 2 + random_below(&seed, (uint64_t)(n - 40));
            snprintf(text + keep, sizeof text - keep, "%s", saved);
            check_like_strtod(text);
        }
    }
}
END_TEST

START_TEST(like_strtod_on_thousands_of_digits)
{
    static char text[8192];
    uint64_t seed = 4;
    for (int i = 0; i < 500; i++) {
        size_t zeros = random_below(&seed, 3000), n = zeros + random_below(&seed, 4000);
        memset(text, '0', zeros);
        for (size_t k = zeros; k < n; k++)
            text[k] = (char)('0' + random_below(&seed, 10));
        if (i % 2)
            text[random_below(&seed, n + 1)] = '.';
        sprintf(text + n, "e%d", (int)random_below(&seed, 8000) - 4000);
        check_like_strtod(text);
    }
}
END_TEST

START_TEST(reads_nothing_past_the_end)
{
    static const char *const texts[] = {
        "-1234.5678e-12", "+infinity", "-nan", "9223372036854775807",
        "0.000000000000000000000000000000012345678901234567890e+300"};
    struct guard guard = guard_new(4096);
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++)
        for (size_t n = 0; n <= strlen(texts[t]); n++) {
            char *text = guard_copy(&guard, texts[t], n), whole[128];
            double got = 7, expected;
            int64_t i;
            uint64_t u;
            snprintf(whole, sizeof whole, "%.*s", (int)n, texts[t]);
            size_t used = number_read_any(text, n, &got);
            char *end;
            expected = strtod(whole, &end);
            ck_assert_msg(used == (size_t)(end - whole) && (used == 0 || same(got, expected)), "%s",
                          whole);
            ck_assert_uint_le(number_read_i64(text, n, &i), n);
            ck_assert_uint_le(number_read_u64(text, n, &u), n);
            ck_assert_uint_le(number_read_seconds(text, n, &i), n);
        }
    guard_free(&guard);
}
END_TEST

/* Cut after the ninth digit, as text does it. */
START_TEST(seconds_round_trip)
{
    uint64_t seed = 5;
    for (int i = 0; i < 200000; i++) {
        int64_t ns = (int64_t)(next_random(&seed) >> random_below(&seed, 64)), got = 7;
        uint64_t size = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns;
        char text[64];
        int n = snprintf(text, sizeof text, "%s%llu.%09llu", ns < 0 ? "-" : "",
                         (unsigned long long)(size / 1000000000),
                         (unsigned long long)(size % 1000000000));
        size_t used = number_read_seconds(text, (size_t)n, &got);
        ck_assert_msg(used == (size_t)n && got == ns, "%s", text);
    }
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("number");
    TCase *rows = tcase_create("rows");
    tcase_add_loop_test(rows, read_row, 0, ROWS(reads));
    tcase_add_loop_test(rows, any_row, 0, ROWS(words));
    tcase_add_loop_test(rows, integer_row, 0, ROWS(integers));
    tcase_add_loop_test(rows, rest_row, 0, ROWS(rests));
    tcase_add_loop_test(rows, a_double_and_its_rest_are_the_integer, 0, 20);
    tcase_add_loop_test(rows, seconds_row, 0, ROWS(seconds));
    suite_add_tcase(s, rows);
    TCase *laws = tcase_create("laws");
    tcase_set_timeout(laws, 240);
    tcase_add_test(laws, like_strtod_on_random_bits);
    tcase_add_test(laws, like_strtod_on_random_texts);
    tcase_add_test(laws, like_strtod_on_long_fractions);
    tcase_add_test(laws, like_strtod_halfway);
    tcase_add_test(laws, like_strtod_on_thousands_of_digits);
    tcase_add_test(laws, reads_nothing_past_the_end);
    tcase_add_test(laws, seconds_round_trip);
    suite_add_tcase(s, laws);
    return s;
}
