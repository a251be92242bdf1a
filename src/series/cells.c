/* series/cells.c -- a slab allocator: blocks of equal cells, each block's free ones in a chain that
 * runs through them, behind them those that were never used.
 * Laws: cells do not overlap; a block is in the ring of its size exactly while it has room, and in
 * the list of the empty exactly while no cell of it is held. */
#include "series/cells.h"

#include "series/pages.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCKS_A_REGION = PAGES_HUGE / BLOCK_BYTES };

struct block {
    struct block *next, *previous; /* in the ring, or the list of the empty */
    uint32_t size;                 /* of its cells, in CELL_STEPs */
    uint32_t held;
    uint32_t free;  /* offset of the first free cell, 0: none */
    uint32_t fresh; /* offset of the first that was never used */
};

/* ---- blocks */

static bool add_region(struct cells *c)
{
    if (c->regions_n == c->regions_cap) {
        uint32_t cap = c->regions_cap == 0 ? 16 : c->regions_cap * 2;
        void **regions = realloc(c->regions, cap * sizeof *regions);
        if (regions == NULL)
            return false;
        c->regions = regions;
        c->regions_cap = cap;
    }
    /* aligned, so that a cell's address tells its block's; the first in small pages: a daemon with ten
     * series takes a few KiB, not 2 MiB */
    void *region = pages_new(PAGES_HUGE, c->regions_n > 0);
    if (region == NULL)
        return false;
    c->regions[c->regions_n++] = region;
    c->blocks = 0;
    return true;
}

static struct block *take_block(struct cells *c)
{
    struct block *b = c->empty;
    if (b != NULL) {
        c->empty = b->next;
        return b;
    }
    if ((c->regions_n == 0 || c->blocks == BLOCKS_A_REGION) && !add_region(c))
        return NULL;
    return (struct block *)(void *)((char *)c->regions[c->regions_n - 1] +
                                    (size_t)c->blocks++ * BLOCK_BYTES);
}

static void link_block(struct cells *c, struct block *b)
{
    struct block *first = c->open[b->size];
    b->next = first == NULL ? b : first;
    b->previous = first == NULL ? b : first->previous;
    b->next->previous = b->previous->next = b;
    c->open[b->size] = b;
}

static void unlink_block(struct cells *c, struct block *b)
{
    b->next->previous = b->previous;
    b->previous->next = b->next;
    if (c->open[b->size] == b)
        c->open[b->size] = b->next == b ? NULL : b->next;
}

static bool has_room(const struct block *b)
{
    return b->free != 0 || b->fresh + b->size * CELL_STEP <= BLOCK_BYTES;
}

/* ---- cells */

static uint32_t size_of(size_t bytes)
{
    return (uint32_t)((bytes + CELL_STEP - 1) / CELL_STEP);
}

static struct block *open_block(struct cells *c, uint32_t size)
{
    struct block *b = c->open[size];
    if (b != NULL || (b = take_block(c)) == NULL)
        return b;
    *b = (struct block){.size = size, .fresh = sizeof *b};
    link_block(c, b);
    return b;
}

void *cells_take(struct cells *c, size_t bytes)
{
    if (bytes > CELL_MAX) {
        void *piece = malloc(bytes);
        c->large_bytes += piece != NULL ? bytes : 0;
        return piece;
    }
    struct block *b = open_block(c, size_of(bytes));
    if (b == NULL)
        return NULL;
    char *cell = (char *)b + (b->free != 0 ? b->free : b->fresh);
    if (b->free != 0)
        memcpy(&b->free, cell, sizeof b->free);
    else
        b->fresh += b->size * CELL_STEP;
    b->held++;
    if (!has_room(b))
        unlink_block(c, b);
    return cell;
}

void cells_give(struct cells *c, void *piece, size_t bytes)
{
    if (bytes > CELL_MAX) {
        c->large_bytes -= bytes;
        free(piece);
        return;
    }
    struct block *b = (struct block *)((uintptr_t)piece & ~(uintptr_t)(BLOCK_BYTES - 1));
    bool was_full = !has_room(b);
    memcpy(piece, &b->free, sizeof b->free);
    b->free = (uint32_t)((char *)piece - (char *)b);
    if (was_full)
        link_block(c, b);
    if (--b->held > 0)
        return;
    unlink_block(c, b);
    b->next = c->empty;
    c->empty = b;
}

void cells_fini(struct cells *c)
{
    for (uint32_t i = 0; i < c->regions_n; i++)
        pages_free(c->regions[i], PAGES_HUGE);
    free(c->regions);
    *c = (struct cells){0};
}

uint64_t cells_bytes(const struct cells *c)
{
    return (uint64_t)c->regions_n * PAGES_HUGE + c->large_bytes;
}
