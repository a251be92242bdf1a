/* tests/unit/cli/test_grid.c -- columns: whole when there is room, never wider than asked. */
#include "cli/grid.h"
#include "cli/text.h"

#include <locale.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "suite.h"

static const struct grid_column columns[] = {
    {.head = "SERIES", .align = GRID_LEFT, .shrink = 12},
    {.head = "VALUE", .align = GRID_POINT, .leaves = 2},
    {.head = "RATE", .align = GRID_POINT},
    {.head = "STATE", .align = GRID_LEFT, .leaves = 1},
};
enum { COLUMNS = ROWS(columns) };

static const char *const cells[][COLUMNS] = {
    {"temperature{site=\"plant-03\",sensor=\"s17\"}", "21.437", "0.0125", "ok"},
    {"pressure{site=\"plant-03\"}", "1013", "-1.5", "ok"},
    {"\xe6\xb8\xa9\xe5\xba\xa6{site=\"Z\xc3\xbcrich\"}", "-", "-", "warming"},
    {"tiny", "1.5e-07", "-1.23457e+12", "stale"},
};

static void set_up(void)
{
    ck_assert_ptr_nonnull(setlocale(LC_CTYPE, "C.UTF-8"));
}

static void fill(struct grid *g)
{
    grid_begin(g, columns, COLUMNS);
    for (int row = 0; row < ROWS(cells); row++)
        for (int column = 0; column < COLUMNS; column++)
            grid_cell(g, cells[row][column]);
    ck_assert_uint_eq(grid_rows(g), ROWS(cells));
}

/* The grid as lines. */
static void write_all(struct grid *g, uint32_t width, struct buf *out)
{
    struct grid_layout layout;
    grid_fit(g, grid_rows(g), width, &layout);
    grid_head(g, &layout, out);
    buf_char(out, '\n');
    for (uint32_t row = 0; row < grid_rows(g); row++) {
        grid_row(g, &layout, row, out);
        buf_char(out, '\n');
    }
    buf_char(out, '\0');
}

static const struct picture {
    uint32_t width;
    const char *text;
} pictures[] = {
    {GRID_ANY_WIDTH,
     "SERIES                                          VALUE          RATE  STATE\n"
     "temperature{site=\"plant-03\",sensor=\"s17\"}    21.437     0.0125       ok\n"
     "pressure{site=\"plant-03\"}                  1013        -1.5          ok\n"
     "\xe6\xb8\xa9\xe5\xba\xa6{site=\"Z\xc3\xbcrich\"}                           -         -       "
     "     warming\n"
     "tiny                                          1.5e-07  -1.23457e+12  stale\n"},
    {48, "SERIES              VALUE          RATE  STATE\n"
         "temper\xe2\x80\xa6\"s17\"}    21.437     0.0125       ok\n"
         "pressu\xe2\x80\xa6t-03\"}  1013        -1.5          ok\n"},
    {42, "SERIES                 VALUE          RATE\n"
         "temperat\xe2\x80\xa6=\"s17\"}    21.437     0.0125\n"},
    {37, "SERIES                           RATE\n"
         "temperature\xe2\x80\xa6nsor=\"s17\"}   0.0125\n"},
    {10, "\xe2\x80\xa6\n\xe2\x80\xa6   0.0125\n\xe2\x80\xa6  -1.5\n"},
};

START_TEST(as_drawn)
{
    struct grid g;
    struct buf out = {0};
    fill(&g);
    write_all(&g, pictures[_i].width, &out);
    size_t n = strlen(pictures[_i].text);
    ck_assert_msg(strncmp(out.at, pictures[_i].text, n) == 0, "\n%s\n%s", out.at,
                  pictures[_i].text);
    grid_fini(&g);
    buf_fini(&out);
}
END_TEST

/* The column in which a row's number of the RATE column has its point, or would have it. */
static size_t point_column(const char *line, const char *number)
{
    const char *at = strstr(line, number);
    ck_assert_ptr_nonnull(at);
    return text_width(line, (size_t)(at - line)) + strspn(number, "+-0123456789");
}

START_TEST(points_stand_in_line)
{
    struct grid g;
    struct buf out = {0};
    struct grid_layout layout;
    fill(&g);
    grid_fit(&g, grid_rows(&g), GRID_ANY_WIDTH, &layout);
    size_t expected = 0;
    for (uint32_t row = 0; row < grid_rows(&g); row++) {
        if (strcmp(cells[row][2], "-") == 0)
            continue;
        buf_clear(&out);
        grid_row(&g, &layout, row, &out);
        buf_char(&out, '\0');
        size_t column = point_column(out.at, cells[row][2]);
        expected = expected == 0 ? column : expected;
        ck_assert_msg(column == expected, "row %u: %zu, not %zu", row, column, expected);
    }
    grid_fini(&g);
    buf_fini(&out);
}
END_TEST

/* At every width: no line too wide, no tab, no blank at an end, and RATE, which never leaves, is
 * whole from 40 columns on. */
START_TEST(every_width)
{
    uint32_t width = (uint32_t)_i;
    struct grid g;
    struct buf out = {0};
    fill(&g);
    write_all(&g, width, &out);
    int row = -1;
    for (char *line = strtok(out.at, "\n"); line != NULL; line = strtok(NULL, "\n"), row++) {
        size_t n = strlen(line), got = text_width(line, n);
        ck_assert_msg(got <= width, "width %u, row %d: %zu columns: %s", width, row, got, line);
        ck_assert(strchr(line, '\t') == NULL && (n == 0 || line[n - 1] != ' '));
        ck_assert_msg(width < 40 || row < 0 || strstr(line, cells[row][2]) != NULL,
                      "width %u, row %d: %s", width, row, line);
    }
    ck_assert_int_eq(row, ROWS(cells));
    grid_fini(&g);
    buf_fini(&out);
}
END_TEST

/* Wide enough is wide enough: the same lines as with no bound; and a column that has come back
 * as the width grows does not leave again. */
START_TEST(columns_come_back_in_order)
{
    struct grid g;
    struct grid_layout free_layout, layout;
    uint32_t there = 0;
    fill(&g);
    grid_fit(&g, grid_rows(&g), GRID_ANY_WIDTH, &free_layout);
    for (uint32_t width = 1; width <= 200; width++) {
        uint32_t now = 0;
        grid_fit(&g, grid_rows(&g), width, &layout);
        for (int i = 0; i < COLUMNS; i++)
            now += layout.width[i] > 0;
        ck_assert_msg(now >= there, "width %u: %u columns after %u", width, now, there);
        there = now;
    }
    ck_assert_uint_eq(there, COLUMNS);
    ck_assert_int_eq(memcmp(layout.width, free_layout.width, COLUMNS * sizeof layout.width[0]), 0);
    grid_fini(&g);
}
END_TEST

/* Two columns that shrink: each to its own least before either gives more. */
START_TEST(shrinking_is_shared)
{
    static const struct grid_column two[] = {{.head = "A", .align = GRID_LEFT, .shrink = 4},
                                             {.head = "B", .align = GRID_LEFT, .shrink = 4}};
    static const uint32_t widths[][3] = {{22, 10, 10}, {18, 6, 10}, {12, 4, 6}, {10, 4, 4},
                                         {8, 2, 4},    {6, 1, 3},   {4, 1, 1}};
    struct grid g;
    struct grid_layout layout;
    grid_begin(&g, two, 2);
    grid_cell(&g, "0123456789");
    grid_cell(&g, "0123456789");
    for (int i = 0; i < ROWS(widths); i++) {
        grid_fit(&g, 1, widths[i][0], &layout);
        ck_assert_msg(layout.width[0] == widths[i][1] && layout.width[1] == widths[i][2],
                      "width %u: %u and %u", widths[i][0], layout.width[0], layout.width[1]);
    }
    grid_fini(&g);
}
END_TEST

START_TEST(no_rows)
{
    struct grid g;
    struct buf out = {0};
    grid_begin(&g, columns, COLUMNS);
    write_all(&g, 80, &out);
    ck_assert_str_eq(out.at, "SERIES  VALUE  RATE  STATE\n");
    grid_fini(&g);
    buf_fini(&out);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("cli/grid");
    TCase *t = tcase_create("grid");
    tcase_add_checked_fixture(t, set_up, NULL);
    tcase_add_loop_test(t, as_drawn, 0, ROWS(pictures));
    tcase_add_test(t, points_stand_in_line);
    tcase_add_loop_test(t, every_width, 1, 201);
    tcase_add_test(t, columns_come_back_in_order);
    tcase_add_test(t, shrinking_is_shared);
    tcase_add_test(t, no_rows);
    suite_add_tcase(s, t);
    return s;
}
