/* cli/gradient_tiles.h -- an array cut into boxes that are differentiated one by one, each with as
 * much of its neighbours as the stencil reads. Pure geometry.
 *
 *          0      lo        hi                  Dimensions are in the order of memory: 0 the slowest.
 *      ----+-------+--------+-----              A box is what is kept; its slab, one row wider where
 *          |   [ slab . . . . ] |               an axis that is differentiated goes on, is what is
 *          |       [ box ]      |               computed. The slab's own ends come out wrong, and are
 *      ----+-------+--------+-----              dropped with it.
 */
#ifndef CLI_GRADIENT_TILES_H
#define CLI_GRADIENT_TILES_H

#include <nabla/nabla.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct box {
    int64_t lo[NABLA_DIMS_MAX], hi[NABLA_DIMS_MAX]; /* lo <= i < hi */
};

/* Zeroed but for what is marked; tiles_cut fills the rest. */
struct tiles {
    int ndim;                       /* given */
    int64_t shape[NABLA_DIMS_MAX];  /* given, none 0 */
    bool along[NABLA_DIMS_MAX];     /* given: differentiated along this dimension */
    bool whole[NABLA_DIMS_MAX];     /* given: never cut across this dimension */
    int edge_order;                 /* given, 1 or 2 */
    int64_t extent[NABLA_DIMS_MAX]; /* of a box; the last of a dimension may be shorter */
    int64_t boxes;
    int near; /* dimensions from here on are differentiated together, those before one by one */
    int64_t slab_max; /* elements of the largest slab, any dimension widened */
};

/* Cuts into boxes of about `elements` elements, contiguous as far as that goes. */
void tiles_cut(struct tiles *t, int64_t elements);

/* The box of a number from 0 to t->boxes - 1; they are numbered as memory has them. */
void tiles_box(const struct tiles *t, int64_t number, struct box *out);

/* Widens a box along dimension d by what the stencil reads, and by `more` rows where there are any:
 * behind, or else before. */
void tiles_widen(const struct tiles *t, int d, int more, struct box *slab);

int64_t box_elements(const struct box *b, int ndim);

#endif
