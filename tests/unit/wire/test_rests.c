/* tests/unit/wire/test_rests.c -- integers that no double holds, in each format and by each way of reading it:
 * the double nearest to them, and what it lacks. */
#include "rows.h"

#include <stdio.h>
#include <string.h>

static const struct row {
    const char *line; /* one sample */
    double v;
    int rest;
} rows[] = {
    {"m v=1152921504606846983i", 0x1p60, 7},
    {"m v=-1152921504606846983i 5", -0x1p60, -7},
    {"m v=+1152921504606846983i", 0x1p60, 7},
    {"m v=1152921504606846983u", 0x1p60, 7},
    {"m v=18446744073709551615u", 0x1p64, -1},
    {"m v=9223372036854775807i 5", 0x1p63, -1},
    {"m v=-9223372036854775808i", -0x1p63, 0},
    {"m v=12i 5", 12, 0},
    {"m v=1152921504606846983", 0x1p60, 0}, /* without its letter it is a float */
    {"m v=1152921504606846983 5", 0x1p60, 0},
    {"m.n 1152921504606846983", 0x1p60, 7},
    {"m.n -1152921504606846983 1700000000", -0x1p60, -7},
    {"m.n\t18446744073709551615", 0x1p64, -1},
    {"m.n 1152921504606846983.0", 0x1p60, 0},
    {"m.n 1152921504606846983e0 1700000000", 0x1p60, 0},
    {"m.n 18446744073709551616", 0x1p64, 0},
    {"m.n 21", 21, 0},
    {"m.n inf", INFINITY, 0},
    {"{\"metric\":\"m\",\"value\":1152921504606846983}", 0x1p60, 7},
    {"{\"metric\":\"m\",\"value\":-9007199254740993}", -0x1p53, -1},
    {"{\"metric\":\"m\",\"value\":9007199254740993.0}", 0x1p53, 0},
    {"{\"metric\":\"m\",\"value\":null}", NAN, 0},
};

START_TEST(rest_row)
{
    static struct batch batch;
    struct line_report report = {0};
    char line[100];
    int n = snprintf(line, sizeof line, "%s\n", rows[_i].line);
    batch.n = 0;
    memset(&batch.at[0], 0xff, sizeof batch.at[0]); /* what was there before is no rest */
    ck_assert_uint_eq(lines_read(&plain, line, (size_t)n, &batch, &report), n);
    ck_assert_uint_eq(batch.n, 1);
    const struct sample *s = &batch.at[0];
    ck_assert_msg(same_value(s->v, rows[_i].v) && sample_rest(s) == rows[_i].rest,
                  "%s: %.17g and %d", rows[_i].line, s->v, sample_rest(s));
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("wire/rests");
    TCase *t = tcase_create("rests");
    tcase_add_loop_test(t, rest_row, 0, ROWS(rows));
    suite_add_tcase(s, t);
    return s;
}
