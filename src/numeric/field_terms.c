/* numeric/field_terms.c -- one derivative on one tile, and views of parts.
 *
 *     axis        . . . . [ t i l e ] . . . .
 *     derived     the stencils reach beyond the tile by themselves
 *     gradient    . . . [ s l a b   . ] . . .   one more on either side, whose own results, taken for
 *                                               ends, stay in scratch
 *
 * Laws: an element has the bits that it has in the whole (test_field.c).
 * Elsewhere: the arithmetic (walk.c, derive_run.c). */
#include "numeric/field.h"
#include "numeric/walk.h"

#include <stdlib.h>
#include <string.h>

static int64_t product(const int64_t *n, int ndim)
{
    int64_t all = 1;
    for (int d = 0; d < ndim; d++)
        all *= n[d];
    return all;
}

struct view view_part(const struct view *v, const int64_t *lo, const int64_t *n)
{
    struct view part = *v;
    for (int d = 0; d < v->ndim; d++)
        part.data += lo[d] * v->strides[d];
    part.shape = n;
    part.elements = product(n, v->ndim);
    return part;
}

struct view view_packed(const struct view *like, enum nabla_dtype dtype, const int64_t *n,
                        char *memory)
{
    struct view v = {.data = memory,
                     .dtype = dtype,
                     .ndim = like->ndim,
                     .shape = n,
                     .elements = product(n, like->ndim)};
    int64_t stride = (int64_t)nabla_dtype_size(dtype);
    bool placed[NABLA_DIMS_MAX] = {false};
    for (int i = 0; i < like->ndim; i++) {
        int next = like->ndim - 1;
        while (placed[next])
            next--;
        for (int d = next - 1; d >= 0; d--)
            if (!placed[d] && llabs(like->strides[d]) < llabs(like->strides[next]))
                next = d;
        placed[next] = true;
        v.strides[next] = stride;
        stride *= n[next];
    }
    return v;
}

static void copy_line(size_t size, const char *from, int64_t from_step, char *to, int64_t to_step,
                      int64_t n)
{
    if (from_step == (int64_t)size && to_step == (int64_t)size) {
        memcpy(to, from, (size_t)n * size);
        return;
    }
    for (int64_t i = 0; i < n; i++)
        memcpy(to + i * to_step, from + i * from_step, size);
}

void view_copy(const struct view *from, const struct view *to)
{
    struct lines l;
    const struct pair pair = {*from, *to};
    int axis = -1;
    for (int d = 0; d < to->ndim; d++)
        if (axis < 0 || llabs(to->strides[d]) <= llabs(to->strides[axis]))
            axis = d;
    for (lines_init(&l, &pair, axis); !l.done; lines_next(&l))
        copy_line(nabla_dtype_size(to->dtype), l.f, l.f_step, l.out, l.out_step,
                  axis < 0 ? 1 : to->shape[axis]);
}

void term_derive(const struct term *t, const struct field *j, const int64_t *lo, const int64_t *n,
                 const struct view *out, bool adding, struct field_room *room)
{
    struct derivation d = t->d;
    int64_t from[NABLA_DIMS_MAX];
    for (int k = 0; k < j->ndim; k++)
        from[k] = k == t->axis ? 0 : j->first[k] + lo[k];
    d.grid.first = j->first[t->axis] + lo[t->axis];
    d.grid.count = n[t->axis];
    const struct pair pair = {view_part(&t->f, from, n), *out};
    derivation_run(&d, &pair, t->axis, adding, &room->derive, 1);
}

/* What a tile's elements from..to of an axis of n read, and as many as a gradient needs. */
static void widen(int64_t n, int edge_order, int64_t *from, int64_t *to)
{
    *from = *from - 1 < n - 1 - edge_order ? *from - 1 : n - 1 - edge_order;
    *to = *to + 1 > edge_order + 1 ? *to + 1 : edge_order + 1;
    *from = *from < 0 ? 0 : *from;
    *to = *to > n ? n : *to;
}

/* Elements from..to of the axis, taken for an axis of their own. */
static void run_slab(const struct term *t, const struct view *f, const struct view *out,
                     int64_t from)
{
    struct steps steps = t->steps;
    struct scheme axis;
    if (steps.data != NULL)
        steps.data += from * steps.stride;
    scheme_init(&axis, f->dtype, out->dtype, f->shape[t->axis], &steps, t->edge_order, t->mode);
    if (t->uneven)
        axis.even = false;
    walk_axis(&axis, f, out, t->axis, 1);
}

size_t term_gradient(const struct term *t, const struct field *j, const int64_t *lo,
                     const int64_t *n, const struct view *out, char *scratch, struct view *part)
{
    int64_t start[NABLA_DIMS_MAX], extent[NABLA_DIMS_MAX], inside[NABLA_DIMS_MAX] = {0};
    for (int d = 0; d < j->ndim; d++) {
        start[d] = j->first[d] + lo[d];
        extent[d] = n[d];
    }
    int64_t from = start[t->axis], to = from + n[t->axis];
    widen(t->f.shape[t->axis], t->edge_order, &from, &to);
    inside[t->axis] = start[t->axis] - from;
    start[t->axis] = from;
    extent[t->axis] = to - from;
    const struct view f = view_part(&t->f, start, extent);
    *part = *out;
    if (extent[t->axis] == n[t->axis]) {
        run_slab(t, &f, out, from);
        return out->data == scratch ? (size_t)out->elements * nabla_dtype_size(out->dtype) : 0;
    }
    const struct view slab = view_packed(&t->f, out->dtype, extent, scratch);
    run_slab(t, &f, &slab, from);
    *part = view_part(&slab, inside, n);
    if (j->keeps_gradient)
        view_copy(part, out);
    return (size_t)slab.elements * nabla_dtype_size(slab.dtype);
}
