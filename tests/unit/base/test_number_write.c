/* test_number_write.c -- writing numbers: rows, shortness, and Python's repr, which has the same digits.
 * NABLA_LONG_TEST=50 in the environment compares with repr fifty million random doubles more. */
#include "base/number.h"

#include "guard.h"
#include "numbers.h"
#include "suite.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { RANDOM_NUMBERS = 250000, SHORTNESS_NUMBERS = 50000 };

static const struct {
    double v;
    const char *text;
} writes[] = {
    {0, "0"},
    {-0.0, "-0"},
    {1, "1"},
    {-12, "-12"},
    {0.1, "0.1"},
    {-21.437, "-21.437"},
    {0.1 + 0.2, "0.30000000000000004"},
    {1e21, "1e+21"},
    {1e20, "100000000000000000000"},
    {1e15, "1000000000000000"},
    {999999999999999, "999999999999999"},
    {123456789012345680, "123456789012345680"},
    {0.0001, "0.0001"},
    {0.00001, "1e-05"},
    {1.5e-7, "1.5e-07"},
    {5e-324, "5e-324"},
    {2.5e-323, "2.5e-323"},
    {0x1.fffffffffffffp1023, "1.7976931348623157e+308"},
    {0x1p-1022, "2.2250738585072014e-308"},
    {0x1p-44, "5.684341886080802e-14"}, /* the nearest of 16 digits, ...801, does not read back */
    {0x1p53, "9007199254740992"},
    {NAN, "NaN"},
    {-NAN, "NaN"},
    {INFINITY, "+Inf"},
    {-INFINITY, "-Inf"},
    {-1.2345678901234568e-300, "-1.2345678901234568e-300"},
    {-0.00012345678901234567, "-0.00012345678901234567"},
};
START_TEST(write_row)
{
    char got[NUMBER_TEXT_MAX];
    size_t n = number_write(got, writes[_i].v);
    ck_assert_str_eq(got, writes[_i].text);
    ck_assert_uint_eq(n, strlen(got));
}
END_TEST

static bool is_json_number(const char *p)
{
    p += *p == '-';
    if (*p == '0' && p[1] >= '0' && p[1] <= '9')
        return false;
    size_t whole = strspn(p, "0123456789"), fraction = 1, power = 1;
    p += whole;
    if (*p == '.') {
        fraction = strspn(p + 1, "0123456789");
        p += 1 + fraction;
    }
    if (*p == 'e') {
        p += 1 + (p[1] == '+' || p[1] == '-');
        power = strspn(p, "0123456789");
        p += power;
    }
    return whole > 0 && fraction > 0 && power > 0 && *p == '\0';
}

static void check_written(double v)
{
    char text[NUMBER_TEXT_MAX];
    size_t n = number_write(text, v);
    ck_assert_msg(n == strlen(text) && same(strtod(text, NULL), v), "%a as %s", v, text);
    ck_assert_msg(is_json_number(text), "%s", text);
}

START_TEST(what_is_written_reads_back)
{
    uint64_t seed = 6;
    for (int i = 0; i < RANDOM_NUMBERS; i++) {
        double v = double_of(next_random(&seed));
        if (isfinite(v))
            check_written(v);
        check_written((double)(int64_t)next_random(&seed) / 1e6);
        check_written(ldexp((double)(int64_t)(next_random(&seed) >> 11), -(int)(i % 80)));
    }
    for (int e = -1074; e < 1024; e++) {
        check_written(ldexp(1, e));
        check_written(nextafter(ldexp(1, e), 0));
        check_written(nextafter(ldexp(1, e), INFINITY));
    }
}
END_TEST

static int significant_digits(const char *text)
{
    int n = 0, zeros = 0;
    for (const char *p = text; *p != '\0' && *p != 'e'; p++) {
        if (*p < '0' || *p > '9' || (n == 0 && *p == '0'))
            continue;
        n++;
        zeros = *p == '0' ? zeros + 1 : 0;
    }
    return n - zeros;
}

/* With a digit less, neither the decimal below nor the one above reads back: rounding v to nearest
 * gives one of them, a step of its last digit either way the other. */
static void check_shortest(double v)
{
    char text[NUMBER_TEXT_MAX], other[64];
    number_write(text, v);
    int n = significant_digits(text) - 1;
    if (n < 1)
        return;
    snprintf(other, sizeof other, "%.*e", n - 1, v);
    char *e = strchr(other, 'e');
    long power = strtol(e + 1, NULL, 10);
    long long digits = 0;
    for (char *p = other; p < e; p++)
        if (*p >= '0' && *p <= '9')
            digits = digits * 10 + (*p - '0');
    for (long long step = -1; step <= 1; step++) {
        snprintf(other, sizeof other, "%llde%ld", digits + step, power - (n - 1));
        ck_assert_msg(strtod(other, NULL) != v, "%s is shorter than %s", other, text);
    }
}

START_TEST(nothing_shorter_reads_back)
{
    uint64_t seed = 7;
    for (int i = 0; i < SHORTNESS_NUMBERS; i++) {
        double v = fabs(double_of(next_random(&seed)));
        if (isfinite(v) && v > 0)
            check_shortest(v);
        check_shortest((double)(next_random(&seed) >> 40) / 1000);
        check_shortest(double_of(next_random(&seed) >> (12 + random_below(&seed, 52))));
        check_shortest(ldexp((double)(next_random(&seed) >> 11), -(int)(i % 80)));
    }
    for (int e = -1074; e < 1024; e++)
        check_shortest(ldexp(1, e));
}
END_TEST

/* The digits of a number, without zeros at either end, and the power of ten of the first. */
struct spelled {
    char digits[32];
    long power;
};

static struct spelled spell(const char *text)
{
    struct spelled s = {{0}, -1};
    int n = 0, point = 0;
    const char *p = text;
    for (; *p != '\0' && *p != 'e' && *p != '\n'; p++) {
        if (*p == '.')
            point = 1;
        else if (*p != '-' && (n > 0 || *p != '0'))
            s.digits[n++] = *p;
        s.power += *p >= '0' && *p <= '9' && !point && n > 0;
        s.power -= *p == '0' && point && n == 0;
    }
    while (n > 0 && s.digits[n - 1] == '0')
        s.digits[--n] = '\0';
    if (*p == 'e')
        s.power += strtol(p + 1, NULL, 10);
    return s;
}

static void check_spelled(double v, const char *repr)
{
    char text[NUMBER_TEXT_MAX];
    number_write(text, v);
    struct spelled ours = spell(text), theirs = spell(repr);
    ck_assert_msg(strcmp(ours.digits, theirs.digits) == 0 && ours.power == theirs.power,
                  "%a as %s, not %s", v, text, repr);
}

/* What Python prints: the bits of a double and its repr, a line each. */
static void check_like_repr(const char *doubles)
{
    static const char script[] =
        "/usr/bin/python3 -c 'import random, struct\n"
        "def double(bits): return struct.unpack(\"d\", bits)[0]\n"
        "for v in (%s):\n"
        "    print(struct.unpack(\"Q\", struct.pack(\"d\", v))[0], repr(v))'";
    char command[1024], line[96];
    snprintf(command, sizeof command, script, doubles);
    FILE *python = popen(command, "r");
    ck_assert_ptr_nonnull(python);
    while (fgets(line, sizeof line, python) != NULL) {
        char *repr;
        double v = double_of(strtoull(line, &repr, 10));
        if (isfinite(v) && v != 0)
            check_spelled(v, repr + 1);
    }
    ck_assert_int_eq(pclose(python), 0);
}

START_TEST(like_repr_on_random_bits)
{
    check_like_repr("double(random.randbytes(8)) for _ in range(100000)");
}
END_TEST

/* Each power of two and of ten, and up to three doubles beside it; the least doubles of all. */
START_TEST(like_repr_at_the_edges)
{
    check_like_repr("double(struct.pack(\"Q\", abs((e << 52) + d))) "
                    "for e in range(2047) for d in range(-3, 4)");
    check_like_repr("double(struct.pack(\"Q\", abs((1 << e) + d))) "
                    "for e in range(52) for d in range(-3, 4)");
    check_like_repr("double(struct.pack(\"q\", max(0, d + struct.unpack(\"q\", "
                    "struct.pack(\"d\", float(\"1e%d\" % k)))[0]))) "
                    "for k in range(-324, 309) for d in range(-3, 4)");
}
END_TEST

START_TEST(like_repr_on_millions_more)
{
    const char *millions = getenv("NABLA_LONG_TEST");
    for (long i = strtol(millions, NULL, 10); i > 0; i--)
        check_like_repr("double(random.randbytes(8)) for _ in range(1000000)");
}
END_TEST

static const struct {
    int64_t v;
    const char *text;
} integers[] = {
    {0, "0"},
    {9, "9"},
    {10, "10"},
    {-1, "-1"},
    {99999999, "99999999"},
    {100000000, "100000000"},
    {9999999999999999, "9999999999999999"},
    {10000000000000000, "10000000000000000"},
    {INT64_MAX, "9223372036854775807"},
    {INT64_MIN, "-9223372036854775808"},
};
START_TEST(integer_row)
{
    char got[NUMBER_TEXT_MAX];
    size_t n = number_write_i64(got, integers[_i].v);
    ck_assert_str_eq(got, integers[_i].text);
    ck_assert_uint_eq(n, strlen(got));
}
END_TEST

START_TEST(integers_like_printf)
{
    uint64_t seed = 8;
    for (int i = 0; i < RANDOM_NUMBERS; i++) {
        uint64_t v = next_random(&seed) >> random_below(&seed, 64);
        char got[NUMBER_TEXT_MAX], expected[NUMBER_TEXT_MAX];
        size_t n = number_write_u64(got, v);
        ck_assert_int_eq(snprintf(expected, sizeof expected, "%" PRIu64, v), (int)n);
        ck_assert_str_eq(got, expected);
        n = number_write_i64(got, (int64_t)v);
        ck_assert_int_eq(snprintf(expected, sizeof expected, "%" PRIi64, (int64_t)v), (int)n);
        ck_assert_str_eq(got, expected);
    }
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("number_write");
    TCase *rows = tcase_create("rows");
    tcase_add_loop_test(rows, write_row, 0, ROWS(writes));
    tcase_add_loop_test(rows, integer_row, 0, ROWS(integers));
    suite_add_tcase(s, rows);
    TCase *laws = tcase_create("laws");
    tcase_set_timeout(laws, 240);
    tcase_add_test(laws, what_is_written_reads_back);
    tcase_add_test(laws, nothing_shorter_reads_back);
    tcase_add_test(laws, like_repr_on_random_bits);
    tcase_add_test(laws, like_repr_at_the_edges);
    tcase_add_test(laws, integers_like_printf);
    suite_add_tcase(s, laws);
    if (getenv("NABLA_LONG_TEST") != NULL) {
        TCase *millions = tcase_create("millions");
        tcase_set_timeout(millions, 0);
        tcase_add_test(millions, like_repr_on_millions_more);
        suite_add_tcase(s, millions);
    }
    return s;
}
