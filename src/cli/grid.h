/* cli/grid.h -- cells in rows, laid out in columns that fit a width. Pure: appends to a buffer.
 *
 *     SERIES                     VALUE      RATE  STATE
 *     temperature{site="a"}     21.437    0.0125  ok
 *     pressure{site="pl…03"}  1013.2     -1.5     ok       numbers stand point under point */
#ifndef CLI_GRID_H
#define CLI_GRID_H

#include "base/buf.h"

#include <stdint.h>

enum { GRID_COLUMNS_MAX = 16, GRID_GAP = 2, GRID_ANY_WIDTH = 0 };

enum grid_align { GRID_LEFT, GRID_POINT };

struct grid_column {
    const char *head;
    enum grid_align align;
    uint8_t leaves;  /* when the width is short: 1 leaves first, then 2 ...; 0 never leaves */
    uint16_t shrink; /* may be shortened to so many columns before others leave; 0: never */
};

struct grid {
    const struct grid_column *columns; /* borrowed */
    uint32_t columns_n;                /* at most GRID_COLUMNS_MAX */
    struct buf text;                   /* the cells, each terminated */
    struct buf starts;                 /* size_t each: where in text a cell starts */
};

void grid_begin(struct grid *g, const struct grid_column *columns, uint32_t n);
void grid_fini(struct grid *g);  /* accepts a zeroed one */
void grid_clear(struct grid *g); /* forgets the cells */

/* Appends a cell, row by row; text is escaped (cli/text.h) and terminated. */
void grid_cell(struct grid *g, const char *text);
uint32_t grid_rows(const struct grid *g); /* whole ones */

struct grid_layout {
    uint32_t line;                    /* columns of a line at most */
    uint32_t width[GRID_COLUMNS_MAX]; /* of each column; 0: it is left out */
    uint32_t point[GRID_COLUMNS_MAX]; /* of GRID_POINT: columns before the point */
};

/* Lays out rows [0..rows) and the heads in `width` columns, or in as many as they need for
 * GRID_ANY_WIDTH. */
void grid_fit(const struct grid *g, uint32_t rows, uint32_t width, struct grid_layout *out);

/* Appends the heads, or a row: without blanks at its end and without a line feed. */
void grid_head(const struct grid *g, const struct grid_layout *layout, struct buf *out);
void grid_row(const struct grid *g, const struct grid_layout *layout, uint32_t row,
              struct buf *out);

#endif
