/* test_csv.c -- tables row by row: cells, columns by name, numbers and times, and where faults are. */
#include "wire/csv.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "../guard.h"
#include "suite.h"

enum { VALUES = 4 };

#define T INT64_C(1704067200000000000) /* 2024-01-01T00:00:00Z */
#define S INT64_C(1000000000)

static const struct row {
    const char *text, *x, *y;
    enum nabla_status status;
    uint64_t line;
    size_t column;
    const char *message; /* a part of it */
    size_t n;
    enum csv_x kind;
    double values[VALUES], x_values[VALUES];
    int64_t times[VALUES];
} rows[] = {
    {"x,y\n1,2\n3,4\n", NULL, NULL, NABLA_OK, 0, 0, NULL, 2, CSV_X_NUMBERS, {2, 4}, {1, 3}, {0}},
    {"x,y\n1,2\n3,4", NULL, NULL, NABLA_OK, 0, 0, NULL, 2, CSV_X_NUMBERS, {2, 4}, {1, 3}, {0}},
    {"x,y\r\n1,2\r\n3,4\r\n",
     NULL,
     NULL,
     NABLA_OK,
     0,
     0,
     NULL,
     2,
     CSV_X_NUMBERS,
     {2, 4},
     {1, 3},
     {0}},
    {"\xef\xbb\xbfx,y\n1,2\n", "x", "y", NABLA_OK, 0, 0, NULL, 1, CSV_X_NUMBERS, {2}, {1}, {0}},
    {"\n\nx,y\n\n1,2\n\r\n3,4\n\n",
     NULL,
     NULL,
     NABLA_OK,
     0,
     0,
     NULL,
     2,
     CSV_X_NUMBERS,
     {2, 4},
     {1, 3},
     {0}},
    {"x;y\n1;2\n", NULL, NULL, NABLA_OK, 0, 0, NULL, 1, CSV_X_NUMBERS, {2}, {1}, {0}},
    {"x\ty, in m\n1\t2\n", NULL, NULL, NABLA_OK, 0, 0, NULL, 1, CSV_X_NUMBERS, {2}, {1}, {0}},
    {"\"x,;\"\ty\n1\t2\n", "x,;", "y", NABLA_OK, 0, 0, NULL, 1, CSV_X_NUMBERS, {2}, {1}, {0}},
    {"\"a \"\"b\"\"\",y\n1,2\n",
     "a \"b\"",
     "y",
     NABLA_OK,
     0,
     0,
     NULL,
     1,
     CSV_X_NUMBERS,
     {2},
     {1},
     {0}},
    {"x,y\n\"1\",\"2\"\n", NULL, NULL, NABLA_OK, 0, 0, NULL, 1, CSV_X_NUMBERS, {2}, {1}, {0}},
    {" x , y \n 1 , 2 \n", "x", "y", NABLA_OK, 0, 0, NULL, 1, CSV_X_NUMBERS, {2}, {1}, {0}},
    {"x,y\n1,\n2,nan\n3,-inf\n4,\"\"\n",
     NULL,
     NULL,
     NABLA_OK,
     0,
     0,
     NULL,
     4,
     CSV_X_NUMBERS,
     {NAN, NAN, -INFINITY, NAN},
     {1, 2, 3, 4},
     {0}},
    {"x,y\n,1\n2,2\n", NULL, NULL, NABLA_OK, 0, 0, NULL, 2, CSV_X_NUMBERS, {1, 2}, {NAN, 2}, {0}},
    {"y\n1\n2e-3\n", NULL, NULL, NABLA_OK, 0, 0, NULL, 2, CSV_X_NONE, {1, 2e-3}, {0}, {0}},
    {"a,b,c\n1,2,3\n", NULL, "b", NABLA_OK, 0, 0, NULL, 1, CSV_X_NONE, {2}, {0}, {0}},
    {"a,b,c\nno,2,3\n", "c", "b", NABLA_OK, 0, 0, NULL, 1, CSV_X_NUMBERS, {2}, {3}, {0}},
    {"a,b\n1,2\n", NULL, "a", NABLA_OK, 0, 0, NULL, 1, CSV_X_NUMBERS, {1}, {2}, {0}},
    {"a,b\n1,2\n", "b", NULL, NABLA_OK, 0, 0, NULL, 1, CSV_X_NUMBERS, {1}, {2}, {0}},
    {"x,y\n", NULL, NULL, NABLA_OK, 0, 0, NULL, 0, CSV_X_NONE, {0}, {0}, {0}},
    /* times */
    {"t,y\n2024-01-01T00:00:00Z,1\n2024-01-01T01:00:00+01:00,2\n",
     NULL,
     NULL,
     NABLA_OK,
     0,
     0,
     NULL,
     2,
     CSV_X_TIMES,
     {1, 2},
     {0},
     {T, T}},
    {"t,y\n2024-01-01,1\n2024-01-01T00:00:01.000000001,2\n",
     NULL,
     NULL,
     NABLA_OK,
     0,
     0,
     NULL,
     2,
     CSV_X_TIMES,
     {1, 2},
     {0},
     {T, T + S + 1}},
    {"t,y\n\"2024-01-01 00:00:02\",1\n",
     NULL,
     NULL,
     NABLA_OK,
     0,
     0,
     NULL,
     1,
     CSV_X_TIMES,
     {1},
     {0},
     {T + 2 * S}},
    /* faults, with their place */
    {"x,y\n2024-01-01,1\n5,2\n",
     NULL,
     NULL,
     NABLA_EINVAL,
     3,
     1,
     "5 is no RFC 3339",
     0,
     0,
     {0},
     {0},
     {0}},
    {"x,y\n2024-01-01,1\n,2\n", NULL, NULL, NABLA_EINVAL, 3, 1, "empty cell", 0, 0, {0}, {0}, {0}},
    {"x,y\n5,1\n2024-01-01,2\n", NULL, NULL, NABLA_EINVAL, 3, 1, "no number", 0, 0, {0}, {0}, {0}},
    {"x,y\n2024-02-30,1\n", NULL, NULL, NABLA_EINVAL, 2, 1, "neither", 0, 0, {0}, {0}, {0}},
    {"x,y\n2300-01-01,1\n", NULL, NULL, NABLA_ERANGE, 2, 1, "64-bit", 0, 0, {0}, {0}, {0}},
    {"x,y\n1,2\n3,  four\n",
     NULL,
     NULL,
     NABLA_EINVAL,
     3,
     5,
     "four is no number",
     0,
     0,
     {0},
     {0},
     {0}},
    {"x;y\n1;2,5\n", NULL, NULL, NABLA_EINVAL, 2, 3, "2,5 is no number", 0, 0, {0}, {0}, {0}},
    {"x,y\n1,0x10\n", NULL, NULL, NABLA_EINVAL, 2, 3, "no number", 0, 0, {0}, {0}, {0}},
    {"x,y\n1,\"2\"\"\"\n", NULL, NULL, NABLA_EINVAL, 2, 3, "no number", 0, 0, {0}, {0}, {0}},
    {"x,y\n1,2,3\n",
     NULL,
     NULL,
     NABLA_ELIMIT,
     2,
     1,
     "3 cells where the header has 2",
     0,
     0,
     {0},
     {0},
     {0}},
    {"x,y\n1\n", NULL, NULL, NABLA_ELIMIT, 2, 1, "1 cells", 0, 0, {0}, {0}, {0}},
    {"x,y\n1,\"2\n", NULL, NULL, NABLA_EINVAL, 2, 3, "never closed", 0, 0, {0}, {0}, {0}},
    {"x,y\n\"1\" 2,3\n",
     NULL,
     NULL,
     NABLA_EINVAL,
     2,
     5,
     "behind a closing quote",
     0,
     0,
     {0},
     {0},
     {0}},
    {"x,\"y\nz\" q\n", NULL, NULL, NABLA_EINVAL, 2, 4, "behind", 0, 0, {0}, {0}, {0}},
    {"\"x\ny\",z\n1,\"2\"3\n", NULL, NULL, NABLA_EINVAL, 3, 6, "behind", 0, 0, {0}, {0}, {0}},
    {"", NULL, NULL, NABLA_EINVAL, 0, 0, "empty", 0, 0, {0}, {0}, {0}},
    {"\n\r\n\n", NULL, NULL, NABLA_EINVAL, 0, 0, "empty", 0, 0, {0}, {0}, {0}},
    {"a,b,c\n1,2,3\n",
     NULL,
     NULL,
     NABLA_EINVAL,
     0,
     0,
     "--y is needed: the columns are a, b, c",
     0,
     0,
     {0},
     {0},
     {0}},
    {"a,b,c\n1,2,3\n",
     NULL,
     "d",
     NABLA_EINVAL,
     0,
     0,
     "--y d: the columns are a, b, c",
     0,
     0,
     {0},
     {0},
     {0}},
    {"a,b\n1,2\n", "d", NULL, NABLA_EINVAL, 0, 0, "--x d", 0, 0, {0}, {0}, {0}},
    {"a,b\n1,2\n", "aa", NULL, NABLA_EINVAL, 0, 0, "--x aa", 0, 0, {0}, {0}, {0}},
    {"aa,b\n1,2\n", "a", NULL, NABLA_EINVAL, 0, 0, "--x a", 0, 0, {0}, {0}, {0}},
};

/* All steps on a text; any x is right. */
static enum nabla_status read_text(const char *text, size_t n, const char *x, const char *y,
                                   struct csv_series *out, struct csv_fault *fault)
{
    struct csv csv;
    struct csv_row header;
    struct csv_columns columns;
    csv_open(&csv, text, n);
    enum nabla_status status = csv_next(&csv, &header, fault);
    if (status == NABLA_OK)
        status = csv_find(&header, x, y, true, &columns, fault);
    if (status == NABLA_OK)
        status = csv_read(&csv, &header, columns, out, fault);
    return status;
}

static bool same(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

static void check_series(const struct row *r, const struct csv_series *s)
{
    ck_assert_msg(s->n == r->n, "%s: %zu rows", r->text, s->n);
    ck_assert_msg(s->kind == r->kind, "%s: kind %d", r->text, s->kind);
    for (size_t i = 0; i < r->n; i++) {
        ck_assert_msg(same(s->y[i], r->values[i]), "%s: y[%zu] %g", r->text, i, s->y[i]);
        ck_assert_msg(s->kind != CSV_X_NUMBERS || same(s->x[i], r->x_values[i]), "%s: x[%zu]",
                      r->text, i);
        ck_assert_msg(s->kind != CSV_X_TIMES || s->t_ns[i] == r->times[i], "%s: t[%zu]", r->text,
                      i);
    }
}

START_TEST(table_row)
{
    const struct row *r = &rows[_i];
    struct guard guard = guard_new(4096);
    struct csv_series s = {0};
    struct csv_fault fault = {0};
    size_t n = strlen(r->text);
    enum nabla_status status = read_text(guard_copy(&guard, r->text, n), n, r->x, r->y, &s, &fault);
    ck_assert_msg(status == r->status, "%s: status %d: %s", r->text, status, fault.message);
    if (status == NABLA_OK) {
        check_series(r, &s);
    } else {
        ck_assert_msg(fault.line == r->line && fault.column == r->column, "%s: at %d:%d", r->text,
                      (int)fault.line, (int)fault.column);
        ck_assert_msg(strstr(fault.message, r->message) != NULL, "%s: %s", r->text, fault.message);
        ck_assert_msg(s.n == 0 && s.y == NULL, "%s: written to", r->text);
    }
    csv_series_fini(&s);
    guard_free(&guard);
}
END_TEST

/* -s takes the place of x: of two columns none is y by itself then. */
START_TEST(no_x_wanted)
{
    struct csv csv;
    struct csv_row header;
    struct csv_columns columns = {7, 7};
    struct csv_fault fault = {0};
    csv_open(&csv, "a,b\n", 4);
    ck_assert_int_eq(csv_next(&csv, &header, &fault), NABLA_OK);
    ck_assert_int_eq(csv_find(&header, NULL, NULL, false, &columns, &fault), NABLA_EINVAL);
    ck_assert(columns.x == 7 && columns.y == 7 && strstr(fault.message, "--y is needed") != NULL);
    ck_assert_int_eq(csv_find(&header, NULL, "a", false, &columns, &fault), NABLA_OK);
    ck_assert(columns.x == -1 && columns.y == 0);
}
END_TEST

START_TEST(too_many_columns)
{
    struct buf text = {0};
    struct csv csv;
    struct csv_row header;
    struct csv_fault fault = {0};
    for (int i = 0; i < CSV_CELLS_MAX - 1; i++)
        buf_text(&text, "a,");
    buf_text(&text, "a");
    csv_open(&csv, text.at, text.n);
    ck_assert_int_eq(csv_next(&csv, &header, &fault), NABLA_OK);
    ck_assert_uint_eq(header.n, CSV_CELLS_MAX);
    buf_text(&text, ",a");
    csv_open(&csv, text.at, text.n);
    ck_assert_int_eq(csv_next(&csv, &header, &fault), NABLA_ELIMIT);
    ck_assert(fault.line == 1 && fault.column == 2 * CSV_CELLS_MAX + 1);
    buf_fini(&text);
}
END_TEST

START_TEST(quotes_come_off)
{
    static const struct {
        const char *cell, *text;
    } cells[] = {{"a", "a"},   {"\"a\"", "a"}, {"\"a\"\"b\"", "a\"b"},
                 {"\"\"", ""}, {"", ""},       {"\"a\nb,c\"", "a\nb,c"}};
    for (int i = 0; i < ROWS(cells); i++) {
        struct csv_cell cell = {.at = cells[i].cell, .n = strlen(cells[i].cell)};
        struct buf out = {0};
        csv_unquote(&out, &cell);
        ck_assert_uint_eq(out.n, strlen(cells[i].text));
        ck_assert(out.n == 0 || memcmp(out.at, cells[i].text, out.n) == 0);
        buf_fini(&out);
    }
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("csv");
    TCase *all = tcase_create("all");
    tcase_add_loop_test(all, table_row, 0, ROWS(rows));
    tcase_add_test(all, no_x_wanted);
    tcase_add_test(all, too_many_columns);
    tcase_add_test(all, quotes_come_off);
    suite_add_tcase(s, all);
    return s;
}
