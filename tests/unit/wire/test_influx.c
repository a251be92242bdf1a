/* test_influx.c -- the line protocol, row by row. Where the rows differ from InfluxDB 1.8 they say so. */
#include "rows.h"

#include <stdio.h>

#define CPU "cpu,host=a"
#define T   1700000000000000000

static const struct line_row rows[] = {
    /* the shape */
    {"cpu value=1 1700000000000000000", CAUSE_COUNT, 0, 0, 1, {{"cpu", "value", 1, T}}},
    {"cpu,host=a value=1 5", CAUSE_COUNT, 0, 0, 1, {{CPU, "value", 1, 5}}},
    {"cpu,host=a,dc=b value=1 5", CAUSE_COUNT, 0, 0, 1, {{"cpu,host=a,dc=b", "value", 1, 5}}},
    {"cpu,host=a user=1,sys=2.5,idle=3i 5",
     CAUSE_COUNT,
     0,
     0,
     3,
     {{CPU, "user", 1, 5}, {CPU, "sys", 2.5, 5}, {CPU, "idle", 3, 5}}},
    {"cpu value=1", CAUSE_COUNT, 0, 0, 1, {{"cpu", "value", 1, ARRIVAL}}},
    {"cpu value=1 ", CAUSE_COUNT, 0, 0, 1, {{"cpu", "value", 1, ARRIVAL}}},
    {"cpu value=1 -5", CAUSE_COUNT, 0, 0, 1, {{"cpu", "value", 1, -5}}},
    {"cpu value=1 -9223372036854775808", CAUSE_COUNT, 0, 0, 1, {{"cpu", "value", 1, INT64_MIN}}},
    {"  cpu   value=1   5  ", CAUSE_COUNT, 0, 0, 1, {{"cpu", "value", 1, 5}}},
    {"\tcpu \tvalue=1\t5\t", CAUSE_COUNT, 0, 0, 1, {{"cpu", "value", 1, 5}}},
    {"cpu,host= value=1",
     CAUSE_COUNT,
     0,
     0,
     1,
     {{"cpu,host=", "value", 1, ARRIVAL}}}, /* Influx: error */
    {"a=b value=1", CAUSE_COUNT, 0, 0, 1, {{"a=b", "value", 1, ARRIVAL}}},
    {"\xC3\xA9,\xE2\x82\xAC=\xF0\x9F\x98\x80 v=1",
     CAUSE_COUNT,
     0,
     0,
     1,
     {{"\xC3\xA9,\xE2\x82\xAC=\xF0\x9F\x98\x80", "v", 1, ARRIVAL}}},
    /* escapes */
    {"c\\ p\\,u,ho\\ st=a\\=b\\,c val\\ ue=1 5",
     CAUSE_COUNT,
     0,
     0,
     1,
     {{"c\\ p\\,u,ho\\ st=a\\=b\\,c", "val\\ ue", 1, 5}}},
    {"cpu f\\=\\,=1", CAUSE_COUNT, 0, 0, 1, {{"cpu", "f\\=\\,", 1, ARRIVAL}}},
    {"c\\pu,h\\ost=a\\b value=1",
     CAUSE_COUNT,
     0,
     0,
     1,
     {{"c\\pu,h\\ost=a\\b", "value", 1, ARRIVAL}}},
    {"cpu,p=C:\\\\x value=1", CAUSE_COUNT, 0, 0, 1, {{"cpu,p=C:\\\\x", "value", 1, ARRIVAL}}},
    {"cpu,p=a\\\\ b value=1", CAUSE_COUNT, 0, 0, 1, {{"cpu,p=a\\\\ b", "value", 1, ARRIVAL}}},
    {"c\\=u value=1", CAUSE_COUNT, 0, 0, 1, {{"c\\=u", "value", 1, ARRIVAL}}},
    /* values */
    {"m v=-1.5", CAUSE_COUNT, 0, 0, 1, {{"m", "v", -1.5, ARRIVAL}}},
    {"m v=+1.5", CAUSE_COUNT, 0, 0, 1, {{"m", "v", 1.5, ARRIVAL}}},
    {"m v=.5", CAUSE_COUNT, 0, 0, 1, {{"m", "v", 0.5, ARRIVAL}}},
    {"m v=1.", CAUSE_COUNT, 0, 0, 1, {{"m", "v", 1, ARRIVAL}}},
    {"m v=1e-3", CAUSE_COUNT, 0, 0, 1, {{"m", "v", 1e-3, ARRIVAL}}},
    {"m v=-1.25E+10 1", CAUSE_COUNT, 0, 0, 1, {{"m", "v", -1.25e10, 1}}},
    {"m v=1e999", CAUSE_COUNT, 0, 0, 1, {{"m", "v", INFINITY, ARRIVAL}}}, /* Influx: error */
    {"m v=NaN", CAUSE_COUNT, 0, 0, 1, {{"m", "v", NAN, ARRIVAL}}},        /* Influx: error */
    {"m v=-Inf,w=1",
     CAUSE_COUNT,
     0,
     0,
     2,
     {{"m", "v", -INFINITY, ARRIVAL}, {"m", "w", 1, ARRIVAL}}},
    {"m v=12i", CAUSE_COUNT, 0, 0, 1, {{"m", "v", 12, ARRIVAL}}},
    {"m v=-12i", CAUSE_COUNT, 0, 0, 1, {{"m", "v", -12, ARRIVAL}}},
    {"m v=+12i", CAUSE_COUNT, 0, 0, 1, {{"m", "v", 12, ARRIVAL}}},
    {"m v=12u 3", CAUSE_COUNT, 0, 0, 1, {{"m", "v", 12, 3}}},
    {"m v=9223372036854775807i", CAUSE_COUNT, 0, 0, 1, {{"m", "v", 0x1p63, ARRIVAL}}},
    {"m v=-9223372036854775808i", CAUSE_COUNT, 0, 0, 1, {{"m", "v", -0x1p63, ARRIVAL}}},
    {"m v=18446744073709551615u", CAUSE_COUNT, 0, 0, 1, {{"m", "v", 0x1p64, ARRIVAL}}},
    {"m v=t,w=T,x=true",
     CAUSE_COUNT,
     0,
     0,
     3,
     {{"m", "v", 1, ARRIVAL}, {"m", "w", 1, ARRIVAL}, {"m", "x", 1, ARRIVAL}}},
    {"m v=True,w=TRUE,x=f",
     CAUSE_COUNT,
     0,
     0,
     3,
     {{"m", "v", 1, ARRIVAL}, {"m", "w", 1, ARRIVAL}, {"m", "x", 0, ARRIVAL}}},
    {"m v=F,w=false,x=False",
     CAUSE_COUNT,
     0,
     0,
     3,
     {{"m", "v", 0, ARRIVAL}, {"m", "w", 0, ARRIVAL}, {"m", "x", 0, ARRIVAL}}},
    {"m v=FALSE 1", CAUSE_COUNT, 0, 0, 1, {{"m", "v", 0, 1}}},
    /* strings: skipped, the rest kept */
    {"m s=\"a\"", CAUSE_COUNT, 0, 1, 0, {{0}}},
    {"m s=\"\" 5", CAUSE_COUNT, 0, 1, 0, {{0}}},
    {"m s=\"a b,c=d 1\",v=2,t=\"\" 5", CAUSE_COUNT, 0, 2, 1, {{"m", "v", 2, 5}}},
    {"m s=\"a\\\"b\\\\\",v=2", CAUSE_COUNT, 0, 1, 1, {{"m", "v", 2, ARRIVAL}}},
    {"m s=\"C:\\x\",v=2", CAUSE_COUNT, 0, 1, 1, {{"m", "v", 2, ARRIVAL}}},
    {"m v=2,s=\"# no comment\" 7", CAUSE_COUNT, 0, 1, 1, {{"m", "v", 2, 7}}},
    {"m s=\"open", CAUSE_SYNTAX, 9, 0, 0, {{0}}},
    {"m s=\"open\\", CAUSE_SYNTAX, 10, 0, 0, {{0}}},
    {"m v=1,s=\"open\\\" 5", CAUSE_SYNTAX, 17, 0, 0, {{0}}},
    {"m s=\"a\"b 5", CAUSE_SYNTAX, 7, 0, 0, {{0}}},
    {"m v=1,s=\"a\"\"b\" 5", CAUSE_SYNTAX, 11, 0, 0, {{0}}},
    /* no key */
    {",host=a value=1", CAUSE_SYNTAX, 0, 0, 0, {{0}}},
    {"  ,host=a value=1", CAUSE_SYNTAX, 2, 0, 0, {{0}}},
    {"cpu", CAUSE_SYNTAX, 3, 0, 0, {{0}}},
    {"cpu,host=a", CAUSE_SYNTAX, 10, 0, 0, {{0}}},
    {"cpu, value=1", CAUSE_SYNTAX, 4, 0, 0, {{0}}},
    {"cpu,=a value=1", CAUSE_SYNTAX, 4, 0, 0, {{0}}},
    {"cpu,host value=1", CAUSE_SYNTAX, 8, 0, 0, {{0}}},
    {"cpu,host,a=b value=1", CAUSE_SYNTAX, 8, 0, 0, {{0}}},
    {"cpu,host=a=b value=1", CAUSE_SYNTAX, 10, 0, 0, {{0}}},
    {"cpu,host=a,,x=y value=1", CAUSE_SYNTAX, 11, 0, 0, {{0}}},
    {"cpu\\ value=1", CAUSE_SYNTAX, 12, 0, 0, {{0}}},
    /* no field */
    {"cpu ", CAUSE_SYNTAX, 4, 0, 0, {{0}}},
    {"cpu value", CAUSE_SYNTAX, 9, 0, 0, {{0}}},
    {"cpu =1", CAUSE_SYNTAX, 4, 0, 0, {{0}}},
    {"cpu ,v=1", CAUSE_SYNTAX, 4, 0, 0, {{0}}},
    {"cpu v=1, 5", CAUSE_SYNTAX, 8, 0, 0, {{0}}},
    {"cpu v=1,w 5", CAUSE_SYNTAX, 9, 0, 0, {{0}}},
    {"cpu v=1,,w=2", CAUSE_SYNTAX, 8, 0, 0, {{0}}},
    {"cpu v=1,w,x=2", CAUSE_SYNTAX, 9, 0, 0, {{0}}},
    /* no value */
    {"cpu v=", CAUSE_VALUE, 6, 0, 0, {{0}}},
    {"cpu v= 5", CAUSE_VALUE, 6, 0, 0, {{0}}},
    {"cpu v=,w=1", CAUSE_VALUE, 6, 0, 0, {{0}}},
    {"cpu v=x", CAUSE_VALUE, 6, 0, 0, {{0}}},
    {"cpu w=1,v=12a,x=1", CAUSE_VALUE, 10, 0, 0, {{0}}},
    {"cpu v=1.5i", CAUSE_VALUE, 6, 0, 0, {{0}}},
    {"cpu v=1e3i", CAUSE_VALUE, 6, 0, 0, {{0}}},
    {"cpu v=12ii", CAUSE_VALUE, 6, 0, 0, {{0}}},
    {"cpu v=12i3", CAUSE_VALUE, 6, 0, 0, {{0}}},
    {"cpu v=i", CAUSE_VALUE, 6, 0, 0, {{0}}},
    {"cpu v=-i", CAUSE_VALUE, 6, 0, 0, {{0}}},
    {"cpu v=nani", CAUSE_VALUE, 6, 0, 0, {{0}}},
    {"cpu v=+-1i", CAUSE_VALUE, 6, 0, 0, {{0}}},
    {"cpu v=-1u", CAUSE_VALUE, 6, 0, 0, {{0}}},
    {"cpu v=9223372036854775808i", CAUSE_VALUE, 6, 0, 0, {{0}}},
    {"cpu v=18446744073709551616u", CAUSE_VALUE, 6, 0, 0, {{0}}},
    {"cpu v=tRUE", CAUSE_VALUE, 6, 0, 0, {{0}}},
    {"cpu v=tr", CAUSE_VALUE, 6, 0, 0, {{0}}},
    {"cpu v=truest", CAUSE_VALUE, 6, 0, 0, {{0}}},
    {"cpu v=0x10", CAUSE_VALUE, 6, 0, 0, {{0}}},
    {"cpu v=1=2", CAUSE_VALUE, 6, 0, 0, {{0}}},
    {"cpu v='1'", CAUSE_VALUE, 6, 0, 0, {{0}}},
    /* no time */
    {"cpu v=1 x", CAUSE_TIME, 8, 0, 0, {{0}}},
    {"cpu v=1 5x", CAUSE_TIME, 8, 0, 0, {{0}}},
    {"cpu v=1 1.5", CAUSE_TIME, 8, 0, 0, {{0}}},
    {"cpu v=1 -", CAUSE_TIME, 8, 0, 0, {{0}}},
    {"cpu v=1  9223372036854775808", CAUSE_TIME, 9, 0, 0, {{0}}},
    {"cpu v=1 5 6", CAUSE_SYNTAX, 10, 0, 0, {{0}}},
    {"cpu v=1 w=2", CAUSE_TIME, 8, 0, 0, {{0}}},
};

static void run_row(const struct line_row *row, const char *line)
{
    struct batch *batch = batch_with_one();
    uint32_t skipped = 0, offset = 0;
    enum cause cause =
        influx_read(&plain, line, (uint32_t)strlen(row->line), batch, &skipped, &offset);
    check_row(row, cause, offset, skipped, batch, KEY_INFLUX);
    free(batch);
}

START_TEST(line_row)
{
    run_row(&rows[_i], rows[_i].line);
}
END_TEST

START_TEST(line_row_at_a_guard_page)
{
    struct guard guard = guard_new(4096);
    run_row(&rows[_i], guard_copy(&guard, rows[_i].line, strlen(rows[_i].line)));
    guard_free(&guard);
}
END_TEST

static const struct {
    int64_t precision_ns;
    const char *line;
    enum cause cause;
    int64_t t_ns;
} precisions[] = {
    {1, "m v=1 1700000000123456789", CAUSE_COUNT, 1700000000123456789},
    {1000, "m v=1 1700000000123456", CAUSE_COUNT, 1700000000123456000},
    {1000000, "m v=1 1700000000123", CAUSE_COUNT, 1700000000123000000},
    {1000000000, "m v=1 1700000000", CAUSE_COUNT, T},
    {1000000000, "m v=1 -1700000000", CAUSE_COUNT, -T},
    {1000000000, "m v=1 9223372036", CAUSE_COUNT, 9223372036000000000},
    {1000000000, "m v=1 9223372037", CAUSE_TIME, 0},
    {1000000000, "m v=1 -9223372037", CAUSE_TIME, 0},
    {1000, "m v=1 9223372036854776", CAUSE_TIME, 0},
    {1000000000, "m v=1", CAUSE_COUNT, ARRIVAL},
};
START_TEST(precision_row)
{
    struct line_options options = plain;
    options.precision_ns = precisions[_i].precision_ns;
    const char *line = precisions[_i].line;
    struct batch *batch = batch_with_one();
    uint32_t skipped = 0, offset = 0;
    enum cause cause =
        influx_read(&options, line, (uint32_t)strlen(line), batch, &skipped, &offset);
    ck_assert_msg(cause == precisions[_i].cause, "%s", line);
    ck_assert_msg(cause != CAUSE_COUNT || batch->at[1].t_ns == precisions[_i].t_ns, "%s: %lld",
                  line, (long long)batch->at[1].t_ns);
    ck_assert_uint_eq(offset, cause == CAUSE_COUNT ? 0 : 6);
    free(batch);
}
END_TEST

/* "m " and n fields v=1. */
static uint32_t write_fields(char *to, int n)
{
    char *p = to + sprintf(to, "m ");
    for (int i = 0; i < n; i++)
        p += sprintf(p, "%sv=1", i == 0 ? "" : ",");
    return (uint32_t)(p - to);
}

START_TEST(as_many_fields_as_a_line_can_hold)
{
    static char line[LINE_SAMPLES_MAX * 4 + 100];
    struct batch *batch = batch_with_one();
    uint32_t skipped = 0, offset = 0, n = write_fields(line, LINE_SAMPLES_MAX);
    ck_assert_int_eq(influx_read(&plain, line, n, batch, &skipped, &offset), CAUSE_COUNT);
    ck_assert_uint_eq(batch->n, 1 + LINE_SAMPLES_MAX);
    batch->n = 1;
    n = write_fields(line, LINE_SAMPLES_MAX + 1);
    ck_assert_int_eq(influx_read(&plain, line, n, batch, &skipped, &offset), CAUSE_FIELDS);
    ck_assert_uint_eq(batch->n, 1);
    ck_assert_uint_eq(offset, n - 3);
    free(batch);
}
END_TEST

START_TEST(a_field_name_too_long_for_a_sample)
{
    static char line[UINT16_MAX + 100];
    for (size_t name_n = UINT16_MAX; name_n <= UINT16_MAX + 1; name_n++) {
        struct batch *batch = batch_with_one();
        uint32_t skipped = 0, offset = 0;
        memcpy(line, "m ", 2);
        memset(line + 2, 'x', name_n);
        memcpy(line + 2 + name_n, "=1", 2);
        enum cause cause =
            influx_read(&plain, line, (uint32_t)name_n + 4, batch, &skipped, &offset);
        bool fits = name_n == UINT16_MAX;
        ck_assert_int_eq(cause, fits ? CAUSE_COUNT : CAUSE_NAME);
        ck_assert_uint_eq(batch->n, fits ? 2 : 1);
        ck_assert_uint_eq(fits ? batch->at[1].sub_n : offset, fits ? UINT16_MAX : 2);
        free(batch);
    }
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("influx");
    TCase *all = tcase_create("all");
    tcase_add_loop_test(all, line_row, 0, ROWS(rows));
    tcase_add_loop_test(all, line_row_at_a_guard_page, 0, ROWS(rows));
    tcase_add_loop_test(all, precision_row, 0, ROWS(precisions));
    tcase_add_test(all, as_many_fields_as_a_line_can_hold);
    tcase_add_test(all, a_field_name_too_long_for_a_sample);
    suite_add_tcase(s, all);
    return s;
}
