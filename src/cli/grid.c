/* cli/grid.c -- first every column as wide as its widest cell; then, while they do not fit, the one
 * that may shrink shrinks, the columns that may leave do, and at last what shrinks takes what is
 * left.
 *
 * Laws: no line is wider than the width that was asked for, if that is at least one column; what is
 * laid out in any width is laid out alike in every width that is wide enough. */
#include "cli/grid.h"

#include "cli/text.h"

#include <stdbool.h>
#include <string.h>

void grid_begin(struct grid *g, const struct grid_column *columns, uint32_t n)
{
    *g = (struct grid){.columns = columns, .columns_n = n};
}

void grid_fini(struct grid *g)
{
    buf_fini(&g->text);
    buf_fini(&g->starts);
}

void grid_clear(struct grid *g)
{
    buf_clear(&g->text);
    buf_clear(&g->starts);
}

void grid_cell(struct grid *g, const char *text)
{
    size_t start = g->text.n;
    buf_add(&g->text, text, strlen(text) + 1);
    if (!g->text.failed)
        buf_add(&g->starts, &start, sizeof start);
}

uint32_t grid_rows(const struct grid *g)
{
    return (uint32_t)(g->starts.n / sizeof(size_t) / g->columns_n);
}

static const char *cell_at(const struct grid *g, uint32_t row, uint32_t column)
{
    size_t start;
    size_t index = (size_t)row * g->columns_n + column;
    memcpy(&start, g->starts.at + index * sizeof start, sizeof start);
    return g->text.at + start;
}

/* Columns before the point: the digits and the sign of a number, all of what is none. */
static uint32_t before_point(const char *cell)
{
    size_t n = strspn(cell, "+-0123456789");
    return (uint32_t)(n > 0 ? n : text_width(cell, strlen(cell)));
}

static uint32_t larger(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

/* The natural width of one column. */
static void measure(const struct grid *g, uint32_t rows, uint32_t column, struct grid_layout *out)
{
    uint32_t widest = 0, before = 0, after = 0;
    for (uint32_t row = 0; row < rows; row++) {
        const char *cell = cell_at(g, row, column);
        uint32_t width = (uint32_t)text_width(cell, strlen(cell));
        uint32_t left = before_point(cell);
        widest = larger(widest, width);
        before = larger(before, left);
        after = larger(after, width - left);
    }
    uint32_t head = (uint32_t)strlen(g->columns[column].head);
    if (g->columns[column].align == GRID_POINT) {
        out->width[column] = larger(before + after, head);
        out->point[column] = out->width[column] - after;
    } else {
        out->width[column] = larger(widest, head);
        out->point[column] = 0;
    }
}

static uint32_t line_width(const struct grid *g, const struct grid_layout *layout)
{
    uint32_t sum = 0;
    for (uint32_t i = 0; i < g->columns_n; i++)
        if (layout->width[i] > 0)
            sum += layout->width[i] + (sum > 0 ? GRID_GAP : 0);
    return sum;
}

/* Takes up to `excess` columns from those that may shrink, down to `least` (0: to their own). */
static void shrink(const struct grid *g, struct grid_layout *layout, uint32_t excess,
                   uint32_t least)
{
    for (uint32_t i = 0; i < g->columns_n && excess > 0; i++) {
        if (g->columns[i].shrink == 0)
            continue;
        uint32_t floor = least > 0 ? least : g->columns[i].shrink;
        uint32_t spare = layout->width[i] > floor ? layout->width[i] - floor : 0;
        uint32_t taken = spare < excess ? spare : excess;
        layout->width[i] -= taken;
        excess -= taken;
    }
}

/* The column that leaves next, or columns_n. */
static uint32_t next_to_leave(const struct grid *g, const struct grid_layout *layout)
{
    uint32_t next = g->columns_n;
    for (uint32_t i = 0; i < g->columns_n; i++) {
        uint8_t turn = g->columns[i].leaves;
        if (turn > 0 && layout->width[i] > 0 &&
            (next == g->columns_n || turn < g->columns[next].leaves))
            next = i;
    }
    return next;
}

/* Columns leave one by one until the rest fits with what shrinks at its least. */
static void leave(const struct grid *g, struct grid_layout *layout, uint32_t width)
{
    for (;;) {
        struct grid_layout least = *layout;
        shrink(g, &least, UINT32_MAX, 0);
        uint32_t going = next_to_leave(g, layout);
        if (line_width(g, &least) <= width || going == g->columns_n)
            return;
        layout->width[going] = 0;
    }
}

static void shrink_to(const struct grid *g, struct grid_layout *layout, uint32_t width,
                      uint32_t least)
{
    uint32_t line = line_width(g, layout);
    if (line > width)
        shrink(g, layout, line - width, least);
}

void grid_fit(const struct grid *g, uint32_t rows, uint32_t width, struct grid_layout *out)
{
    out->line = width == GRID_ANY_WIDTH ? UINT32_MAX : width;
    for (uint32_t i = 0; i < g->columns_n; i++)
        measure(g, rows, i, out);
    if (width == GRID_ANY_WIDTH)
        return;
    leave(g, out, width);
    shrink_to(g, out, width, 0);
    shrink_to(g, out, width, 1);
}

/* Appends a text in its column, `indent` columns from its left edge, with the gap before it. */
static void put(const struct grid_layout *layout, uint32_t column, const char *text,
                uint32_t indent, struct buf *out, size_t line)
{
    if (out->n > line)
        text_pad(out, GRID_GAP);
    size_t start = out->n;
    text_pad(out, indent);
    text_shorten(out, text, strlen(text), layout->width[column] - indent);
    text_pad(out, layout->width[column] - text_width(out->at + start, out->n - start));
}

/* Cuts a line to its width, for terminals that have no room even for what never leaves. */
static void end_line(const struct grid_layout *layout, struct buf *out, size_t start)
{
    text_clip(out, start, layout->line);
    while (out->n > start && out->at[out->n - 1] == ' ')
        out->n--;
}

void grid_head(const struct grid *g, const struct grid_layout *layout, struct buf *out)
{
    size_t line = out->n;
    for (uint32_t i = 0; i < g->columns_n; i++) {
        const char *head = g->columns[i].head;
        uint32_t spare = layout->width[i] - (uint32_t)strlen(head);
        if (layout->width[i] > 0) /* heads of numbers stand at the right */
            put(layout, i, head, g->columns[i].align == GRID_POINT ? spare : 0, out, line);
    }
    end_line(layout, out, line);
}

void grid_row(const struct grid *g, const struct grid_layout *layout, uint32_t row, struct buf *out)
{
    size_t line = out->n;
    for (uint32_t i = 0; i < g->columns_n; i++) {
        const char *cell = cell_at(g, row, i);
        bool aligned = g->columns[i].align == GRID_POINT;
        if (layout->width[i] > 0)
            put(layout, i, cell, aligned ? layout->point[i] - before_point(cell) : 0, out, line);
    }
    end_line(layout, out, line);
}
