/* wire/csv.c -- cells one by one, then two columns of them as numbers.
 *
 *     2024-01-01T00:00:00Z ; "3.5" CRLF
 *     ^cell                  ^cell, quotes and all: what is not asked for is never unquoted
 *
 * A row is a fixed array of slices; no line is ever copied. Memory grows with the rows that have
 * been read, never with what a text claims.
 * Laws: reads only text[0..n); the same rows whether lines end in LF or CRLF, with or without a last
 * line end (test_csv.c, fuzz_csv.c). Elsewhere: numbers and times (base/number.h, time_text.h). */
#include "wire/csv.h"

#include "base/number.h"
#include "base/time_text.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

__attribute__((format(printf, 5, 6))) static enum nabla_status refuse(struct csv_fault *fault,
                                                                      enum nabla_status status,
                                                                      uint64_t line, size_t column,
                                                                      const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fault->line = line;
    fault->column = column;
    vsnprintf(fault->message, sizeof fault->message, format, args);
    va_end(args);
    return status;
}

static char guess_delimiter(const char *p, const char *end)
{
    bool quoted = false;
    for (; p < end && (quoted || *p != '\n'); p++) {
        if (*p == '"')
            quoted = !quoted;
        else if (!quoted && (*p == '\t' || *p == ';' || *p == ','))
            return *p;
    }
    return ',';
}

void csv_open(struct csv *csv, const char *text, size_t n)
{
    static const char mark[3] = {'\xef', '\xbb', '\xbf'};
    if (n >= sizeof mark && memcmp(text, mark, sizeof mark) == 0) {
        text += sizeof mark;
        n -= sizeof mark;
    }
    *csv = (struct csv){.p = text, .end = text + n, .line_at = text, .line = 1};
    while (csv->p < csv->end && (*csv->p == '\n' || *csv->p == '\r'))
        csv->p++; /* the header is the first line that is not empty */
    csv->delimiter = guess_delimiter(csv->p, csv->end);
    csv->p = text;
}

static bool at_line_end(const struct csv *csv)
{
    return csv->p == csv->end || *csv->p == '\n' ||
           (*csv->p == '\r' && (csv->end - csv->p == 1 || csv->p[1] == '\n'));
}

static void take_line_end(struct csv *csv)
{
    if (csv->p < csv->end && *csv->p == '\r')
        csv->p++;
    if (csv->p < csv->end && *csv->p == '\n')
        csv->p++;
    csv->line++;
    csv->line_at = csv->p;
}

static void skip_blanks(struct csv *csv)
{
    while (csv->p < csv->end && (*csv->p == ' ' || *csv->p == '\t') && *csv->p != csv->delimiter)
        csv->p++;
}

/* Behind the closing quote; p stands on the opening one. False: there is none. */
static bool skip_quoted(struct csv *csv)
{
    for (csv->p++; csv->p < csv->end; csv->p++) {
        if (*csv->p == '\n') {
            csv->line++;
            csv->line_at = csv->p + 1;
        } else if (*csv->p == '"') {
            csv->p++;
            if (csv->p == csv->end || *csv->p != '"')
                return true;
        }
    }
    return false;
}

static enum nabla_status read_cell(struct csv *csv, struct csv_cell *out, struct csv_fault *fault)
{
    skip_blanks(csv);
    struct csv_cell cell = {csv->p, csv->line, 0, (size_t)(csv->p - csv->line_at) + 1};
    if (csv->p < csv->end && *csv->p == '"') {
        if (!skip_quoted(csv))
            return refuse(fault, NABLA_EINVAL, cell.line, cell.column, "a quote is never closed");
        cell.n = (size_t)(csv->p - cell.at);
        skip_blanks(csv);
        if (!at_line_end(csv) && *csv->p != csv->delimiter)
            return refuse(fault, NABLA_EINVAL, csv->line, (size_t)(csv->p - csv->line_at) + 1,
                          "text behind a closing quote");
    } else {
        while (!at_line_end(csv) && *csv->p != csv->delimiter)
            csv->p++;
        cell.n = (size_t)(csv->p - cell.at);
        while (cell.n > 0 && (cell.at[cell.n - 1] == ' ' || cell.at[cell.n - 1] == '\t'))
            cell.n--;
    }
    *out = cell;
    return NABLA_OK;
}

enum nabla_status csv_next(struct csv *csv, struct csv_row *out, struct csv_fault *fault)
{
    out->n = 0;
    while (csv->p < csv->end && at_line_end(csv))
        take_line_end(csv);
    if (csv->p == csv->end)
        return NABLA_OK;
    for (size_t n = 0;; csv->p++) {
        if (n == CSV_CELLS_MAX)
            return refuse(fault, NABLA_ELIMIT, csv->line, (size_t)(csv->p - csv->line_at) + 1,
                          "more than %d columns", CSV_CELLS_MAX);
        enum nabla_status status = read_cell(csv, &out->cells[n++], fault);
        if (status != NABLA_OK)
            return status;
        if (at_line_end(csv)) {
            out->n = n;
            take_line_end(csv);
            return NABLA_OK;
        }
    }
}

static bool is_quoted(const struct csv_cell *cell)
{
    return cell->n >= 2 && cell->at[0] == '"';
}

void csv_unquote(struct buf *out, const struct csv_cell *cell)
{
    if (!is_quoted(cell)) {
        if (cell->n > 0)
            buf_add(out, cell->at, cell->n);
        return;
    }
    for (size_t i = 1; i < cell->n - 1; i++) {
        buf_char(out, cell->at[i]);
        i += cell->at[i] == '"'; /* the first of two */
    }
}

/* Is the cell's text, without its quotes, this name? */
static bool is_named(const struct csv_cell *cell, const char *name)
{
    const char *p = cell->at, *end = cell->at + cell->n;
    if (is_quoted(cell)) {
        p++;
        end--;
    }
    for (; p < end && *name != '\0' && *p == *name; name++)
        p += is_quoted(cell) && *p == '"' ? 2 : 1;
    return p == end && *name == '\0';
}

enum { COLUMN_NONE = -1, COLUMN_TWICE = -2 };

static int find_column(const struct csv_row *header, const char *name)
{
    int found = COLUMN_NONE;
    for (size_t i = 0; i < header->n; i++)
        if (is_named(&header->cells[i], name))
            found = found == COLUMN_NONE ? (int)i : COLUMN_TWICE;
    return found;
}

/* "a, b, c", as far as there is room. */
static void list_columns(const struct csv_row *header, char *out, size_t room)
{
    size_t used = 0;
    for (size_t i = 0; i < header->n && used < room; i++)
        used += (size_t)snprintf(out + used, room - used, "%s%.*s", i > 0 ? ", " : "",
                                 (int)(header->cells[i].n < 64 ? header->cells[i].n : 64),
                                 header->cells[i].at);
}

static enum nabla_status refuse_name(const struct csv_row *header, const char *option,
                                     const char *name, int found, struct csv_fault *fault)
{
    char names[CSV_MESSAGE_MAX / 2];
    if (found == COLUMN_TWICE)
        return refuse(fault, NABLA_EINVAL, 0, 0, "%s %.60s: more than one column has this name",
                      option, name);
    list_columns(header, names, sizeof names);
    if (name == NULL)
        return refuse(fault, NABLA_EINVAL, 0, 0, "%s is needed: the columns are %s", option, names);
    return refuse(fault, NABLA_EINVAL, 0, 0, "%s %.60s: the columns are %s", option, name, names);
}

enum nabla_status csv_find(const struct csv_row *header, const char *x_name, const char *y_name,
                           bool any_x, struct csv_columns *out, struct csv_fault *fault)
{
    struct csv_columns found = {-1, -1};
    if (header->n == 0)
        return refuse(fault, NABLA_EINVAL, 0, 0, "it is empty: a header is needed");
    if (x_name != NULL && (found.x = find_column(header, x_name)) < 0)
        return refuse_name(header, "--x", x_name, found.x, fault);
    if (y_name != NULL)
        found.y = find_column(header, y_name);
    else if (header->n == 1 || (header->n == 2 && (any_x || found.x >= 0)))
        found.y = header->n == 1 ? 0 : found.x == 1 ? 0 : 1;
    if (found.y < 0)
        return refuse_name(header, "--y", y_name, found.y, fault);
    if (x_name == NULL && any_x && header->n == 2)
        found.x = 1 - found.y;
    *out = found;
    return NABLA_OK;
}

/* The text of a cell that may be a number or a time: none of them has a quote in it. */
static const char *plain_text(const struct csv_cell *cell, size_t *n)
{
    bool quoted = is_quoted(cell);
    *n = quoted ? cell->n - 2 : cell->n;
    return quoted ? cell->at + 1 : cell->at;
}

static bool read_number(const struct csv_cell *cell, double *out)
{
    size_t n;
    const char *text = plain_text(cell, &n);
    *out = NAN;
    return n == 0 || number_read_any(text, n, out) == n;
}

/* As RFC 3339 has it, or without its offset, or a date alone. */
static enum nabla_status read_time(const struct csv_cell *cell, int64_t *out)
{
    static const char *const rests[] = {"", "Z", "T00:00:00Z"};
    char text[2 * TIME_TEXT_MAX];
    size_t n;
    const char *given = plain_text(cell, &n);
    enum nabla_status status = NABLA_EINVAL;
    if (n < 10 || n > TIME_TEXT_MAX)
        return status;
    for (size_t i = 0; i < 3 && status == NABLA_EINVAL; i++) {
        memcpy(text, given, n);
        strcpy(text + n, rests[i]);
        status = time_read(text, strlen(text), out);
    }
    return status;
}

static enum nabla_status refuse_cell(const struct csv_cell *cell, enum nabla_status status,
                                     const char *what, struct csv_fault *fault)
{
    if (cell->n == 0)
        return refuse(fault, status, cell->line, cell->column, "an empty cell is %s", what);
    return refuse(fault, status, cell->line, cell->column, "%.*s is %s",
                  (int)(cell->n < 60 ? cell->n : 60), cell->at, what);
}

static enum nabla_status add_time(struct csv_series *s, const struct csv_cell *cell,
                                  struct csv_fault *fault)
{
    int64_t t_ns = 0;
    enum nabla_status status = read_time(cell, &t_ns);
    if (status == NABLA_ERANGE)
        return refuse_cell(cell, status, "beyond what 64-bit nanoseconds hold", fault);
    if (status != NABLA_OK)
        return refuse_cell(cell, status, "no RFC 3339 time, as the rows before it have", fault);
    buf_add(&s->x_bytes, &t_ns, sizeof t_ns);
    return NABLA_OK;
}

static enum nabla_status add_x(struct csv_series *s, const struct csv_cell *cell,
                               struct csv_fault *fault)
{
    double x;
    int64_t t_ns;
    if (s->kind == CSV_X_NONE) {
        enum nabla_status time = read_time(cell, &t_ns);
        s->kind = time == NABLA_EINVAL ? CSV_X_NUMBERS : CSV_X_TIMES;
    }
    if (s->kind == CSV_X_TIMES)
        return add_time(s, cell, fault);
    if (!read_number(cell, &x))
        return refuse_cell(cell, NABLA_EINVAL,
                           s->n == 0 ? "neither a number nor an RFC 3339 time" : "no number",
                           fault);
    buf_add(&s->x_bytes, &x, sizeof x);
    return NABLA_OK;
}

static enum nabla_status add_row(struct csv_series *s, const struct csv_row *row,
                                 struct csv_columns columns, struct csv_fault *fault)
{
    double y;
    if (columns.x >= 0) {
        enum nabla_status status = add_x(s, &row->cells[columns.x], fault);
        if (status != NABLA_OK)
            return status;
    }
    if (!read_number(&row->cells[columns.y], &y))
        return refuse_cell(&row->cells[columns.y], NABLA_EINVAL, "no number", fault);
    buf_add(&s->y_bytes, &y, sizeof y);
    s->n++;
    if (s->y_bytes.failed || s->x_bytes.failed)
        return refuse(fault, NABLA_ENOMEM, row->cells[0].line, 1, "no memory");
    return NABLA_OK;
}

static enum nabla_status read_rows(struct csv *csv, const struct csv_row *header,
                                   struct csv_columns columns, struct csv_row *row,
                                   struct csv_series *s, struct csv_fault *fault)
{
    for (;;) {
        enum nabla_status status = csv_next(csv, row, fault);
        if (status != NABLA_OK || row->n == 0)
            return status;
        if (row->n != header->n)
            return refuse(fault, NABLA_ELIMIT, row->cells[0].line, 1,
                          "%zu cells where the header has %zu", row->n, header->n);
        if ((status = add_row(s, row, columns, fault)) != NABLA_OK)
            return status;
    }
}

enum nabla_status csv_read(struct csv *csv, const struct csv_row *header,
                           struct csv_columns columns, struct csv_series *out,
                           struct csv_fault *fault)
{
    struct csv_series s = {0};
    struct csv_row row;
    enum nabla_status status = read_rows(csv, header, columns, &row, &s, fault);
    if (status != NABLA_OK) {
        csv_series_fini(&s);
        return status;
    }
    s.y = (double *)(void *)s.y_bytes.at;
    if (s.kind == CSV_X_TIMES)
        s.t_ns = (int64_t *)(void *)s.x_bytes.at;
    else
        s.x = (double *)(void *)s.x_bytes.at;
    *out = s;
    return NABLA_OK;
}

void csv_series_fini(struct csv_series *s)
{
    buf_fini(&s->y_bytes);
    buf_fini(&s->x_bytes);
    *s = (struct csv_series){0};
}
