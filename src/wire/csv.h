/* wire/csv.h -- a table of text with a header, and two of its columns as numbers. Pure.
 *
 *     time,temperature
 *     2024-01-01T00:00:00Z,3.5
 *     2024-01-01T00:10:00Z,
 *
 * The header tells what stands between the cells: a tab, a semicolon or a comma, whichever comes
 * first in it outside of quotes. Lines end in LF or CRLF; cells may be quoted, with "" for a quote,
 * and then hold anything; empty lines are skipped; a byte order mark is, too.
 * Source: RFC 4180. */
#ifndef WIRE_CSV_H
#define WIRE_CSV_H

#include "base/buf.h"
#include "numeric/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CSV_CELLS_MAX = 1024, CSV_MESSAGE_MAX = 192 };

/* Borrows the text. */
struct csv_cell {
    const char *at; /* quotes included, blanks around it not */
    uint64_t line;  /* from 1 */
    size_t n;
    size_t column; /* byte of its line, from 1 */
};

struct csv_row {
    struct csv_cell cells[CSV_CELLS_MAX];
    size_t n;
};

struct csv {
    const char *p, *end;
    const char *line_at; /* where the line that holds p begins */
    uint64_t line;       /* its number, from 1 */
    char delimiter;
};

/* What is wrong with the text, and where. */
struct csv_fault {
    uint64_t line; /* 0: with all of it */
    size_t column;
    char message[CSV_MESSAGE_MAX];
};

/* Begins to read text[0..n), which is borrowed. */
void csv_open(struct csv *csv, const char *text, size_t n);

/* Reads the next row that is not empty. NABLA_OK with out->n 0: there is none. Errors: NABLA_EINVAL
 * for quotes out of place, NABLA_ELIMIT for too many cells. */
MUST_CHECK enum nabla_status csv_next(struct csv *csv, struct csv_row *out,
                                      struct csv_fault *fault);

/* Appends a cell's text without its quotes. */
void csv_unquote(struct buf *out, const struct csv_cell *cell);

/* Which columns are meant; -1: none. */
struct csv_columns {
    int x, y;
};

/* Finds columns by name. y_name NULL: the only one, or the second of two. x_name NULL: the other
 * one of two if any_x, else none. Errors: NABLA_EINVAL, the name in the fault: no column has it, or
 * more than one. */
MUST_CHECK enum nabla_status csv_find(const struct csv_row *header, const char *x_name,
                                      const char *y_name, bool any_x, struct csv_columns *out,
                                      struct csv_fault *fault);

enum csv_x { CSV_X_NONE, CSV_X_NUMBERS, CSV_X_TIMES };

/* Two columns, one element a row. Zeroed: none; csv_series_fini frees. */
struct csv_series {
    size_t n;
    enum csv_x kind;
    double *y;     /* NaN where the cell is empty */
    double *x;     /* CSV_X_NUMBERS; NaN where the cell is empty */
    int64_t *t_ns; /* CSV_X_TIMES: nanoseconds since the Unix epoch, exact */
    struct buf y_bytes, x_bytes;
};

/* Reads all rows of a text whose header has been read. Numbers are as base/number.h has them, nan
 * and inf among them. Times are RFC 3339, a date alone is its midnight; without an offset they are
 * UTC; the first row tells whether x holds times. Errors: NABLA_EINVAL, NABLA_ELIMIT (a row of more
 * or fewer cells than the header), NABLA_ERANGE (a time before 1677 or after 2262), NABLA_ENOMEM. */
MUST_CHECK enum nabla_status csv_read(struct csv *csv, const struct csv_row *header,
                                      struct csv_columns columns, struct csv_series *out,
                                      struct csv_fault *fault);
void csv_series_fini(struct csv_series *s);

#endif
