/* series/cells.h -- small pieces of memory, none with a header: a million identities of 23 bytes cost
 * 24 bytes each, not malloc's 32.
 *
 *     region 2 MiB   [ block 64 KiB | block | ... ]        straight from the kernel
 *     block          [ head | cell | cell | free | cell | .. | not yet used ]    cells of one size
 *
 * A block whose last cell is given back serves for cells of any size again, so that memory is bounded
 * by what was held at once, plus what stands half empty. Pieces above CELL_MAX come from malloc. Not
 * locked. */
#ifndef SERIES_CELLS_H
#define SERIES_CELLS_H

#include <stddef.h>
#include <stdint.h>

enum {
    CELL_STEP = 4, /* sizes are multiples of it; it is all the alignment that a cell has */
    CELL_MAX = 512,
    CELL_SIZES = CELL_MAX / CELL_STEP + 1,
    BLOCK_BYTES = 64 * 1024,
};

struct block;

/* Accepts a zeroed struct. */
struct cells {
    struct block *open[CELL_SIZES]; /* of each size: those with room, a ring */
    struct block *empty;            /* of no size, a list */
    void **regions;                 /* owned */
    uint32_t regions_n, regions_cap;
    uint32_t blocks; /* of the last region, that were given out */
    uint64_t large_bytes;
};

/* Frees all but pieces above CELL_MAX, which are given back one by one. */
void cells_fini(struct cells *c);
uint64_t cells_bytes(const struct cells *c);

/* bytes > 0. NULL without memory. */
void *cells_take(struct cells *c, size_t bytes);
void cells_give(struct cells *c, void *piece, size_t bytes); /* bytes as given to cells_take */

#endif
