/* expr: what is read of Prometheus' language, where what is not is told, and that nothing is read past the end. */
#include "http/expr.h"

#include "base/clock.h"
#include "series/selector.h"

#include <math.h>
#include <string.h>

#include "guard.h"
#include "suite.h"

#define S ((int64_t)NS_PER_S)

static const struct row {
    const char *text;
    enum expr_kind kind;
    double scalar;
    int64_t range_ns, offset_ns;
} rows[] = {
    {"1", EXPR_SCALAR, 1, 0, 0},
    {" 1 + 2 * 3 # so much", EXPR_SCALAR, 7, 0, 0},
    {"1 - 2 - 3", EXPR_SCALAR, -4, 0, 0},
    {"8 / 4 / 2", EXPR_SCALAR, 1, 0, 0},
    {"-2 ^ 2", EXPR_SCALAR, -4, 0, 0},
    {"2 ^ 3 ^ 2", EXPR_SCALAR, 512, 0, 0},
    {"2 ^ -1", EXPR_SCALAR, 0.5, 0, 0},
    {"(1 + 2) * -(3)", EXPR_SCALAR, -9, 0, 0},
    {"7 % 4", EXPR_SCALAR, 3, 0, 0},
    {"0x1F", EXPR_SCALAR, 31, 0, 0},
    {"+.5e1", EXPR_SCALAR, 5, 0, 0},
    {"Inf", EXPR_SCALAR, INFINITY, 0, 0},
    {"'a'", EXPR_STRING, 0, 0, 0},
    {"`a`", EXPR_STRING, 0, 0, 0},
    {"up", EXPR_VECTOR, 0, 0, 0},
    {"info", EXPR_VECTOR, 0, 0, 0},
    {"nano:x", EXPR_VECTOR, 0, 0, 0},
    {"up { a = \"}\" , b!~'\\'}' }", EXPR_VECTOR, 0, 0, 0},
    {"{__name__=\"x\"} [5m]", EXPR_MATRIX, 0, 300 * S, 0},
    {"up[1h30m] offset 1y", EXPR_MATRIX, 0, 5400 * S, 365 * 86400 * S},
    {"up offset - 5s", EXPR_VECTOR, 0, 0, -5 * S},
};

START_TEST(read_row)
{
    const struct row *r = &rows[_i];
    struct expr e;
    struct fault fault = {.message = ""};
    struct guard g = guard_new(256);
    char *text = guard_copy(&g, r->text, strlen(r->text));
    ck_assert_msg(expr_read(text, strlen(r->text), &e, &fault) == NABLA_OK, "%s: %s", r->text,
                  fault.message);
    ck_assert_msg(e.kind == r->kind, "%s", r->text);
    ck_assert_msg(e.scalar == r->scalar, "%s: %g", r->text, e.scalar);
    ck_assert_int_eq(e.range_ns, r->range_ns);
    ck_assert_int_eq(e.offset_ns, r->offset_ns);
    ck_assert_int_eq(e.selector != NULL, r->kind == EXPR_VECTOR || r->kind == EXPR_MATRIX);
    if (r->kind == EXPR_STRING)
        ck_assert_msg(e.string.n == 1 && e.string.at[0] == 'a', "%s", r->text);
    expr_fini(&e);
    guard_free(&g);
}
END_TEST

static const struct {
    const char *text, *message; /* how it begins, and a word of it */
    const char *word;
} bad[] = {
    {"", "query: column 1: ", "its end"},
    {"1 +", "query: column 4: ", "its end"},
    {"(1", "query: column 3: ", "its end"},
    {"1 2", "query: column 3: ", "\"2\""},
    {"rate(up[5m])", "query: column 1: ", "\"rate(\""},
    {"up + 1", "query: column 4: ", "\"+\""},
    {"up[5m", "query: column 6: ", "its end"},
    {"up[x]", "query: column 4: ", "a duration"},
    {"up[0s]", "query: column 6: ", "longer"},
    {"up offset", "query: column 10: ", "a duration"},
    {"up{a=1}", "query: column 6: ", "quotes"},
    {"up{a=\"(\"", "query: column 9: ", ""},
    {"'a", "query: column 1: ", "closing"},
    {"0x", "query: column 1: ", "\"0\""},
    {"up \xc3\xa9", "query: column 4: ", "\"\xc3\xa9\""},
};

START_TEST(bad_row)
{
    struct expr e = {.scalar = 42};
    struct fault fault = {.message = ""};
    size_t n = strlen(bad[_i].text);
    struct guard g = guard_new(256);
    char *text = guard_copy(&g, bad[_i].text, n);
    ck_assert_msg(expr_read(text, n, &e, &fault) == NABLA_EINVAL, "%s", bad[_i].text);
    ck_assert_msg(strncmp(fault.message, bad[_i].message, strlen(bad[_i].message)) == 0 &&
                      strstr(fault.message, bad[_i].word) != NULL,
                  "%s: %s", bad[_i].text, fault.message);
    ck_assert(e.scalar == 42);
    guard_free(&g);
}
END_TEST

/* As many parentheses as there may be, and one more. */
START_TEST(depth)
{
    char text[2 * EXPR_DEPTH_MAX + 8];
    struct expr e;
    struct fault fault;
    for (size_t n = EXPR_DEPTH_MAX - 1; n <= EXPR_DEPTH_MAX; n++) {
        memset(text, '(', n);
        text[n] = '1';
        memset(text + n + 1, ')', n);
        ck_assert_int_eq(expr_read(text, 2 * n + 1, &e, &fault),
                         n < EXPR_DEPTH_MAX ? NABLA_OK : NABLA_EINVAL);
    }
    ck_assert_ptr_nonnull(strstr(fault.message, "levels"));
}
END_TEST

static const struct {
    const char *text;
    bool seconds;
    enum nabla_status status;
    int64_t ns;
} durations[] = {
    {"5m", false, NABLA_OK, 300 * S},   {"1y2w", false, NABLA_OK, (365 + 14) * 86400 * S},
    {"15", true, NABLA_OK, 15 * S},     {"0.5", true, NABLA_OK, S / 2},
    {"15", false, NABLA_EINVAL, 0},     {"", true, NABLA_EINVAL, 0},
    {"101y", false, NABLA_ERANGE, 0},   {"100y", false, NABLA_OK, S * 86400 * 36500},
    {"100y1s", false, NABLA_ERANGE, 0}, {"-5m", false, NABLA_EINVAL, 0},
};

START_TEST(duration_row)
{
    int64_t ns = 0;
    ck_assert_msg(expr_duration(durations[_i].text, strlen(durations[_i].text),
                                durations[_i].seconds, &ns) == durations[_i].status,
                  "%s", durations[_i].text);
    ck_assert_int_eq(ns, durations[_i].ns);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("http/expr");
    TCase *t = tcase_create("tables");
    tcase_add_loop_test(t, read_row, 0, ROWS(rows));
    tcase_add_loop_test(t, bad_row, 0, ROWS(bad));
    tcase_add_loop_test(t, duration_row, 0, ROWS(durations));
    tcase_add_test(t, depth);
    suite_add_tcase(s, t);
    return s;
}
