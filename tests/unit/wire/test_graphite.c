/* test_graphite.c -- Graphite's plaintext lines, row by row. */
#include "rows.h"

#define T 1700000000000000000

static const struct line_row rows[] = {
    {"a.b 1 1700000000", CAUSE_COUNT, 0, 0, 1, {{"a.b", "", 1, T}}},
    {"a.b 1 1700000000.25", CAUSE_COUNT, 0, 0, 1, {{"a.b", "", 1, T + 250000000}}},
    {"a.b 1 1700000000.123456789", CAUSE_COUNT, 0, 0, 1, {{"a.b", "", 1, T + 123456789}}},
    {"a.b 1 1.7e9", CAUSE_COUNT, 0, 0, 1, {{"a.b", "", 1, T}}},
    {"a.b 1 -2", CAUSE_COUNT, 0, 0, 1, {{"a.b", "", 1, -2000000000}}},
    {"a.b\t-2.5e3\t1700000000", CAUSE_COUNT, 0, 0, 1, {{"a.b", "", -2500, T}}},
    {" \ta.b \t 1 \t 5 \t", CAUSE_COUNT, 0, 0, 1, {{"a.b", "", 1, 5000000000}}},
    {"a 1", CAUSE_COUNT, 0, 0, 1, {{"a", "", 1, ARRIVAL}}},
    {"a 1 ", CAUSE_COUNT, 0, 0, 1, {{"a", "", 1, ARRIVAL}}},
    {"a 1 -1", CAUSE_COUNT, 0, 0, 1, {{"a", "", 1, ARRIVAL}}},
    {"a 1 -1.0", CAUSE_COUNT, 0, 0, 1, {{"a", "", 1, ARRIVAL}}},
    {"a 1 N", CAUSE_COUNT, 0, 0, 1, {{"a", "", 1, ARRIVAL}}},
    {"a 1 -1.5", CAUSE_COUNT, 0, 0, 1, {{"a", "", 1, -1500000000}}},
    {"a nan 5", CAUSE_COUNT, 0, 0, 1, {{"a", "", NAN, 5000000000}}},
    {"a -inf 5", CAUSE_COUNT, 0, 0, 1, {{"a", "", -INFINITY, 5000000000}}},
    {"a;x=1;y=b=c 1", CAUSE_COUNT, 0, 0, 1, {{"a;x=1;y=b=c", "", 1, ARRIVAL}}},
    {"a;x= 1", CAUSE_COUNT, 0, 0, 1, {{"a;x=", "", 1, ARRIVAL}}},
    {"\xC3\xA9.b 1", CAUSE_COUNT, 0, 0, 1, {{"\xC3\xA9.b", "", 1, ARRIVAL}}},
    /* backslashes, commas and quotes mean nothing here */
    {"a\\ 1 2", CAUSE_COUNT, 0, 0, 1, {{"a\\", "", 1, 2000000000}}},
    {"a,b=\"c\" 1 2", CAUSE_COUNT, 0, 0, 1, {{"a,b=\"c\"", "", 1, 2000000000}}},
    {"", CAUSE_SYNTAX, 0, 0, 0, {{0}}},
    {"a", CAUSE_SYNTAX, 1, 0, 0, {{0}}},
    {"a ", CAUSE_SYNTAX, 2, 0, 0, {{0}}},
    {";x=1 1", CAUSE_SYNTAX, 0, 0, 0, {{0}}},
    {" ;x=1 1", CAUSE_SYNTAX, 1, 0, 0, {{0}}},
    {"a; 1", CAUSE_SYNTAX, 2, 0, 0, {{0}}},
    {"a;x 1", CAUSE_SYNTAX, 3, 0, 0, {{0}}},
    {"a;x;y=1 1", CAUSE_SYNTAX, 3, 0, 0, {{0}}},
    {"a;=1 1", CAUSE_SYNTAX, 2, 0, 0, {{0}}},
    {"a;x=1;;y=1 1", CAUSE_SYNTAX, 6, 0, 0, {{0}}},
    {"a;x=1; 1", CAUSE_SYNTAX, 6, 0, 0, {{0}}},
    {"a 1 2 3", CAUSE_SYNTAX, 6, 0, 0, {{0}}},
    {"a b 1", CAUSE_VALUE, 2, 0, 0, {{0}}},
    {"hello world", CAUSE_VALUE, 6, 0, 0, {{0}}},
    {"a 1x 2", CAUSE_VALUE, 2, 0, 0, {{0}}},
    {"a 12i 2", CAUSE_VALUE, 2, 0, 0, {{0}}},
    {"a true 2", CAUSE_VALUE, 2, 0, 0, {{0}}},
    {"a 1 x", CAUSE_TIME, 4, 0, 0, {{0}}},
    {"a 1 5s", CAUSE_TIME, 4, 0, 0, {{0}}},
    {"a 1 NN", CAUSE_TIME, 4, 0, 0, {{0}}},
    {"a 1 nan", CAUSE_TIME, 4, 0, 0, {{0}}},
    {"a 1 9223372036.854775808", CAUSE_TIME, 4, 0, 0, {{0}}},
    {"a 1 1700000000000000000", CAUSE_TIME, 4, 0, 0, {{0}}},
};

static void run_row(const struct line_row *row, const char *line)
{
    struct batch *batch = batch_with_one();
    uint32_t offset = 0;
    enum cause cause = graphite_read(&plain, line, (uint32_t)strlen(row->line), batch, &offset);
    check_row(row, cause, offset, 0, batch, KEY_GRAPHITE);
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

/* An Influx timestamp's unit is nothing to Graphite. */
START_TEST(precision_is_of_influx_alone)
{
    struct line_options options = plain;
    options.precision_ns = 1000000000;
    struct batch *batch = batch_with_one();
    uint32_t offset = 0;
    ck_assert_int_eq(graphite_read(&options, "a 1 5", 5, batch, &offset), CAUSE_COUNT);
    ck_assert_int_eq(batch->at[1].t_ns, 5000000000);
    free(batch);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("graphite");
    TCase *all = tcase_create("all");
    tcase_add_loop_test(all, line_row, 0, ROWS(rows));
    tcase_add_loop_test(all, line_row_at_a_guard_page, 0, ROWS(rows));
    tcase_add_test(all, precision_is_of_influx_alone);
    suite_add_tcase(s, all);
    return s;
}
