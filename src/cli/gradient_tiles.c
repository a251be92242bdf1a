/* cli/gradient_tiles.c -- from the fastest dimension outwards: whole rows while they fit, then a
 * piece of one dimension, a few rows of the next if its neighbours are read, then single ones.
 *
 *     shape    10  100  1000  1000        box of 100 000 elements, differentiated along all
 *     extent    1    8    12  1000        a slab along the second is 10 x 12, not 3 x 100 rows
 *
 * Laws: the boxes cover each element once; a slab holds edge_order + 1 rows, and all rows that its
 * box's elements read (test_gradient_tiles.c). */
#include "cli/gradient_tiles.h"

enum { FEW_ROWS = 8, HALO_MAX = 4 }; /* rows on both sides together, "more" among them */

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t most(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* The extents, and the dimension that is cut first. */
static int cut_extents(struct tiles *t, int64_t elements)
{
    int cut = t->ndim - 1;
    int64_t room = most(elements, 1);
    for (int d = 0; d < t->ndim; d++)
        t->extent[d] = t->whole[d] ? t->shape[d] : 1;
    for (; cut > 0 && t->shape[cut] <= room; cut--) {
        t->extent[cut] = t->shape[cut];
        room /= t->shape[cut];
    }
    int before = cut - 1;
    if (before >= 0 && t->along[before] && room >= FEW_ROWS * FEW_ROWS) {
        t->extent[before] = most(t->extent[before], least(FEW_ROWS, t->shape[before]));
        room /= t->extent[before];
    }
    if (cut >= 0)
        t->extent[cut] = most(t->extent[cut], least(most(room, 1), t->shape[cut]));
    return cut;
}

static int64_t slab_elements(const struct tiles *t, int from, int to)
{
    int64_t n = 1;
    for (int d = 0; d < t->ndim; d++) {
        bool wide = d >= from && d < to && t->along[d];
        n *= wide ? least(t->extent[d] + HALO_MAX, t->shape[d]) : t->extent[d];
    }
    return n;
}

void tiles_cut(struct tiles *t, int64_t elements)
{
    int cut = cut_extents(t, elements);
    t->near = most(cut - 1, 0) > 0 ? cut - 1 : 0;
    t->boxes = 1;
    t->slab_max = slab_elements(t, t->near, t->ndim);
    for (int d = 0; d < t->ndim; d++)
        t->boxes *= (t->shape[d] + t->extent[d] - 1) / t->extent[d];
    for (int d = 0; d < t->near; d++)
        t->slab_max = most(t->slab_max, slab_elements(t, d, d + 1));
}

void tiles_box(const struct tiles *t, int64_t number, struct box *out)
{
    for (int d = t->ndim - 1; d >= 0; d--) {
        int64_t along = (t->shape[d] + t->extent[d] - 1) / t->extent[d];
        out->lo[d] = number % along * t->extent[d];
        out->hi[d] = least(out->lo[d] + t->extent[d], t->shape[d]);
        number /= along;
    }
}

void tiles_widen(const struct tiles *t, int d, int more, struct box *slab)
{
    int64_t n = t->shape[d], rows = t->edge_order + 1;
    int64_t lo = most(slab->lo[d] - 1, 0), hi = least(slab->hi[d] + 1, n);
    if (hi == n)
        lo = least(lo, most(n - rows, 0));
    if (lo == 0)
        hi = most(hi, least(rows, n));
    if (hi + more <= n)
        hi += more;
    else
        lo = most(lo - more, 0);
    slab->lo[d] = lo;
    slab->hi[d] = hi;
}

int64_t box_elements(const struct box *b, int ndim)
{
    int64_t n = 1;
    for (int d = 0; d < ndim; d++)
        n *= b->hi[d] - b->lo[d];
    return n;
}
