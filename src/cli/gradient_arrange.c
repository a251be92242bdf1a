/* cli/gradient_arrange.c -- a task's boxes, and the memory of whoever works on one.
 *
 *     slab | results, a slab an axis (or one, if a chain goes back and forth) | pieces | spacing
 *
 * Boxes are made smaller until all fits what is allowed. Elsewhere: how boxes are cut
 * (cli/gradient_tiles.c; cli/gradient_chain.c where links read far around). */
#include "cli/gradient_box.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    SLAB_BYTES = 4 << 20, /* of a slab and its gradients: about what a core has of the last cache */
    MEMORY_A_THREAD = 256 << 20,
    ROWS_MORE = 8 /* than a box has rows: a slab never has so many, with one to spare */
};

static size_t round_up(size_t n)
{
    return (n + 63) / 64 * 64;
}

/* Tiles and layouts have dimensions in the order of memory; Fortran's is the axes' order reversed. */
static void place_axes(struct sweep *s)
{
    const struct gradient_task *t = s->task;
    struct tiles *tiles = &s->tiles;
    tiles->ndim = t->in->ndim;
    tiles->edge_order = t->scheme[0].edge_order;
    for (int d = 0; d < tiles->ndim; d++)
        tiles->shape[d] = t->in->shape[t->in->fortran ? tiles->ndim - 1 - d : d];
    for (int i = 0; i < t->axes_n; i++) {
        int d = t->in->fortran ? tiles->ndim - 1 - t->axes[i] : t->axes[i];
        s->dim[i] = d;
        tiles->along[d] = true;
        tiles->whole[d] = t->spacing[i].whole;
        s->round[d] = scheme_is_periodic(&t->scheme[i]);
    }
    s->in.at = (char *)(size_t)t->data;
    layout_packed(&s->in, tiles->ndim, tiles->shape, item(t->in));
}

static bool make_chains(struct sweep *s)
{
    s->chained = chain_is_needed(s->task);
    if (!s->chained)
        return true;
    s->chains = calloc((size_t)s->task->axes_n, sizeof *s->chains);
    for (int i = 0; i < s->task->axes_n && s->chains != NULL; i++)
        chain_make(s->task, i, s->dim, &s->chains[i]);
    return s->chains != NULL;
}

/* Bytes of the largest element on its way. */
static size_t largest_item(const struct sweep *s)
{
    const struct gradient_task *t = s->task;
    size_t most = item(t->in);
    for (int i = 0; i < t->axes_n; i++) {
        const struct chain *c = s->chained ? &s->chains[i] : NULL;
        size_t gradient = nabla_dtype_size(nabla_gradient_dtype(t->in->dtype));
        for (int k = 0; c != NULL && k < c->n; k++) {
            size_t size = nabla_dtype_size(c->link[k].out);
            most = size > most ? size : most;
        }
        most = c == NULL && gradient > most ? gradient : most;
    }
    for (int i = 0; i < gradient_outputs_n(t); i++)
        most = item(&t->out[i]) > most ? item(&t->out[i]) : most;
    return most;
}

/* Elements of a dimension that spacing is told of at once. */
static int64_t told_elements(const struct sweep *s, int i)
{
    int64_t wide = s->tiles.extent[s->dim[i]] + ROWS_MORE;
    for (int k = 0; s->chained && k < s->chains[i].n; k++)
        if (s->chains[i].link[k].d == s->dim[i])
            wide += s->chains[i].link[k].before + s->chains[i].link[k].after;
    return wide;
}

/* Boxes for about so many bytes a worker. */
static void cut(struct sweep *s, size_t bytes)
{
    const struct gradient_task *t = s->task;
    size_t largest = largest_item(s);
    int slabs = s->pieces_n + (s->chained ? 2 : 1 + t->axes_n);
    int64_t elements = (int64_t)(bytes / largest) / slabs, box = 1;
    if (s->chained) {
        elements = chain_cut(s, elements);
    } else {
        tiles_cut(&s->tiles, elements);
        elements = s->tiles.slab_max;
    }
    for (int d = 0; d < s->tiles.ndim; d++)
        box *= s->tiles.extent[d];
    s->spacing_bytes = 0;
    for (int i = 0; i < t->axes_n; i++)
        s->spacing_bytes += spacing_room(&t->spacing[i], told_elements(s, i));
    s->piece_bytes = round_up((size_t)box * largest);
    s->slab_bytes =
        elements > INT64_MAX / 1024 ? SIZE_MAX / 1024 : round_up((size_t)elements * largest);
}

size_t sweep_divide(const struct sweep *s, struct worker *w)
{
    const struct gradient_task *t = s->task;
    size_t slab = s->direct ? 0 : s->slab_bytes;
    size_t results = s->slab_bytes * (size_t)(s->chained ? 1 : t->axes_n);
    size_t pieces = s->piece_bytes * (size_t)s->pieces_n;
    if (w != NULL) {
        w->slab = w->memory;
        w->gradients = w->slab + slab;
        w->pieces = w->gradients + results;
        w->spacing = w->pieces + pieces;
    }
    return round_up(slab + results + pieces + s->spacing_bytes + 64);
}

static bool is_turned(const struct gradient_task *t)
{
    bool turned = false;
    for (int i = 0; i < gradient_outputs_n(t); i++)
        turned |= t->out[i].swapped && t->outputs[i].at == NULL;
    return turned;
}

enum nabla_status sweep_arrange(struct sweep *s)
{
    const struct gradient_task *t = s->task;
    size_t threads = (size_t)t->threads;
    size_t limit = t->memory > 0 ? t->memory / threads : MEMORY_A_THREAD;
    size_t bytes = t->slab_bytes > 0 ? t->slab_bytes : SLAB_BYTES;
    place_axes(s);
    if (!make_chains(s))
        return NABLA_ENOMEM;
    s->direct = !s->chained && !t->in->swapped && (size_t)t->data % item(t->in) == 0;
    s->pieces_n = (t->result == GRADIENT_EACH ? 0 : t->axes_n) + is_turned(t);
    do
        cut(s, bytes < limit ? bytes : limit);
    while (sweep_divide(s, NULL) > limit && (bytes /= 2) > 0);
    size_t need = sweep_divide(s, NULL);
    if (need <= limit)
        return NABLA_OK;
    snprintf(s->fault.message, sizeof s->fault.message,
             "blocks with all that is read around them take %zu MiB: --memory %zuM allows it",
             (need * threads >> 20) + 1, (need * threads >> 20) + 1);
    return NABLA_ELIMIT;
}
