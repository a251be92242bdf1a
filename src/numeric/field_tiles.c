/* numeric/field_tiles.c -- an array cut into tiles, and each carried to all results.
 *
 *     +--------+--------+     slow dimensions are cut first, and no shorter than FEW while others can be:
 *     |  tile  |        |     what a tile reads beyond its ends is read twice
 *     +--------+--------+
 *
 * Laws: every element of every output is computed once, by the term that computes it alone, so that
 * neither tiles nor threads show (test_field.c).
 * Elsewhere: a term on a tile (field_terms.c). */
#include "numeric/field.h"
#include "numeric/share.h"

#include <stdlib.h>

enum { FEW = 8, FEW_INNERMOST = 512 };

struct tile {
    int64_t lo[NABLA_DIMS_MAX], n[NABLA_DIMS_MAX];
};

/* Dimensions by falling stride. */
static void order_dims(const struct view *f, int order[NABLA_DIMS_MAX])
{
    for (int d = 0; d < f->ndim; d++) {
        int at = d;
        for (; at > 0 && llabs(f->strides[order[at - 1]]) < llabs(f->strides[d]); at--)
            order[at] = order[at - 1];
        order[at] = d;
    }
}

/* Elements of a tile with what the largest part in scratch has beyond its ends. */
static int64_t tile_elements(const struct field *j, const int64_t *extent)
{
    int64_t n = 1, more = 0;
    for (int d = 0; d < j->ndim; d++)
        n *= extent[d];
    for (int k = 0; k < j->terms_n; k++) {
        int64_t rows = extent[j->terms[k].axis], wide = n / (rows ? rows : 1) * (rows + 3);
        more = !j->terms[k].derived && wide > more ? wide : more;
    }
    return n > more ? n : more;
}

static void shorten(struct field *j, int64_t most, int dim, int64_t least)
{
    while (tile_elements(j, j->extent) > most && j->extent[dim] > least) {
        int64_t half = (j->extent[dim] + 1) / 2;
        j->extent[dim] = half > least ? half : least;
    }
}

/* Parts in scratch, and a sum that is rounded once. */
static int64_t tile_limit(const struct field *j)
{
    const int64_t parts = j->terms_n + 1;
    const int64_t bytes = parts * (int64_t)(j->dtype == NABLA_LONGDOUBLE     ? 16
                                            : nabla_dtype_size(j->dtype) > 8 ? 16
                                                                             : 8);
    const int64_t fit = (FIELD_SCRATCH - 64 * parts) / bytes;
    return fit < FIELD_TILE ? fit : FIELD_TILE;
}

static void cut(struct field *j)
{
    int order[NABLA_DIMS_MAX];
    const struct view *f = j->terms_n > 0 ? &j->terms[0].f : &j->seconds[0].f;
    const int64_t most = tile_limit(j);
    order_dims(f, order);
    for (int d = 0; d < j->ndim; d++)
        j->extent[d] = j->shape[d];
    for (int i = 0; i < j->ndim; i++)
        shorten(j, most, order[i], i + 1 < j->ndim ? FEW : FEW_INNERMOST);
    for (int i = 0; i < j->ndim; i++)
        shorten(j, most, order[i], 1);
    for (int d = 0; d < j->ndim; d++)
        j->tiles[d] = (j->shape[d] + j->extent[d] - 1) / j->extent[d];
}

static void tile_init(const struct field *j, int64_t k, struct tile *t)
{
    for (int d = j->ndim - 1; d >= 0; k /= j->tiles[d], d--) {
        t->lo[d] = k % j->tiles[d] * j->extent[d];
        t->n[d] = j->shape[d] - t->lo[d] < j->extent[d] ? j->shape[d] - t->lo[d] : j->extent[d];
    }
}

/* A part of the gradient: in its output if it has one, else in scratch, of which it takes some bytes. */
static size_t make_part(const struct field *j, int k, const struct tile *t, char *scratch,
                        struct field_room *room, struct view *part)
{
    const struct term *term = &j->terms[k];
    const struct view packed = view_packed(&term->f, j->dtype, t->n, scratch);
    struct view out = packed;
    size_t taken = (size_t)packed.elements * nabla_dtype_size(j->dtype);
    if (j->keeps_gradient)
        out = view_part(&j->gradient[k], t->lo, t->n);
    if (!term->derived)
        return term_gradient(term, j, t->lo, t->n, &out, scratch, part);
    term_derive(term, j, t->lo, t->n, &out, false, room);
    *part = out;
    return j->keeps_gradient ? 0 : taken;
}

/* to = part, or to += part */
static void add_part(const struct view *part, const struct view *to, bool first)
{
    struct lines l;
    struct pair pair = {*part, *to};
    double a[PIECE], b[PIECE];
    int axis = part->ndim - 1;
    for (int d = 0; d < part->ndim; d++)
        axis = llabs(to->strides[d]) < llabs(to->strides[axis]) ? d : axis;
    for (lines_init(&l, &pair, axis); !l.done; lines_next(&l))
        for (int64_t at = 0; at < part->shape[axis]; at += PIECE) {
            int64_t n = part->shape[axis] - at < PIECE ? part->shape[axis] - at : PIECE;
            elements_load(part->dtype, l.f + at * l.f_step, l.f_step, n, a);
            if (!first)
                elements_load(to->dtype, l.out + at * l.out_step, l.out_step, n, b);
            for (int64_t i = 0; i < n && !first; i++)
                a[i] = b[i] + a[i];
            elements_store(to->dtype, a, n, l.out + at * l.out_step, l.out_step);
        }
}

/* A sum of derived terms: in its output if that is float64, else first in scratch, and rounded once. */
static void sum_derived(const struct field *j, const struct term *terms, int n,
                        const struct view *out, const struct tile *t, struct field_room *room)
{
    const struct view to = view_part(out, t->lo, t->n);
    const bool rounds = out->dtype != NABLA_FLOAT64;
    const struct view sum =
        rounds ? view_packed(&terms[0].f, NABLA_FLOAT64, t->n, room->scratch) : to;
    for (int k = 0; k < n; k++)
        term_derive(&terms[k], j, t->lo, t->n, &sum, k > 0, room);
    if (rounds)
        add_part(&sum, &to, true);
}

static void make_gradient(const struct field *j, const struct tile *t, struct field_room *room)
{
    struct pair pairs[NABLA_DIMS_MAX];
    size_t taken = 0;
    for (int k = 0; k < j->terms_n; k++) {
        taken += make_part(j, k, t, room->scratch + taken, room, &pairs[k].f);
        taken = (taken + 15) / 16 * 16;
        if (j->has_magnitude)
            pairs[k].out = view_part(&j->magnitude, t->lo, t->n);
    }
    if (j->has_magnitude)
        magnitude_run(pairs, j->terms_n, 1);
}

/* Part by part: one is enough in scratch. */
static void make_sum(const struct field *j, const struct tile *t, struct field_room *room)
{
    const struct view to = view_part(&j->sum, t->lo, t->n);
    struct view part;
    if (j->terms[0].derived) {
        sum_derived(j, j->terms, j->terms_n, &j->sum, t, room);
        return;
    }
    for (int k = 0; k < j->terms_n; k++) {
        make_part(j, k, t, room->scratch, room, &part);
        add_part(&part, &to, k == 0);
    }
}

static void work(void *context, int64_t k, int thread)
{
    const struct field *j = context;
    struct field_room *room = j->rooms + thread;
    struct tile t;
    tile_init(j, k, &t);
    if (j->keeps_gradient || j->has_magnitude)
        make_gradient(j, &t, room);
    if (j->has_sum)
        make_sum(j, &t, room);
    if (j->has_laplacian)
        sum_derived(j, j->seconds, j->seconds_n, &j->laplacian, &t, room);
}

void field_run(struct field *j)
{
    int64_t elements = 1, tiles = 1;
    for (int d = 0; d < j->ndim; d++)
        elements *= j->shape[d];
    if (elements == 0 || j->terms_n + j->seconds_n == 0)
        return;
    cut(j);
    for (int d = 0; d < j->ndim; d++)
        tiles *= j->tiles[d];
    share(tiles, share_threads(j->threads, elements, sizeof(double)), work, j);
}
