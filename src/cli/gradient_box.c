/* cli/gradient_box.c -- a box's way through the cache.
 *
 *     mapped input --(turned round, if it must)--> nabla_gradient --> scratch --> output
 *     a slab                                       the slab's         in cache    the box alone
 *
 * Elsewhere: coordinates of a slab (cli/gradient_spacing.c), what goes beyond one call of
 * nabla_gradient (cli/gradient_chain.c). */
#include "cli/gradient_box.h"

#include "cli/arrays.h"

#include <stdlib.h>

/* Reads the slab's bytes in, so that a disk that fails is an error; not if they lie far apart. */
bool box_fetch(const struct sweep *s, const struct box *slab)
{
    int64_t span = (int64_t)item(s->task->in);
    for (int d = 0; d < s->tiles.ndim; d++)
        span += (slab->hi[d] - slab->lo[d] - 1) * s->in.strides[d];
    int64_t bytes = box_elements(slab, s->tiles.ndim) * (int64_t)item(s->task->in);
    return span > 2 * bytes ||
           mapped_fetch(at_box(s->in.at, s->in.strides, slab, s->tiles.ndim), (size_t)span);
}

bool worker_has_room(struct worker *w, size_t need)
{
    if (need <= w->workspace_n)
        return true;
    free(w->workspace);
    w->workspace = malloc(need);
    w->workspace_n = w->workspace == NULL ? 0 : need;
    return w->workspace != NULL;
}

/* The slab as nabla_gradient takes it: in the file, or copied out of it. */
static void view_slab(struct worker *w, const struct box *slab, int64_t *extents,
                      struct layout *layout)
{
    const struct sweep *s = w->s;
    *layout = s->in;
    layout->at = at_box(s->in.at, s->in.strides, slab, s->tiles.ndim);
    if (s->direct)
        return;
    struct layout copy = {.at = w->slab};
    layout_packed(&copy, s->tiles.ndim, extents, item(s->task->in));
    arrays_copy(&copy, layout, s->tiles.ndim, extents, s->task->in->dtype, s->task->in->swapped);
    *layout = copy;
}

/* What is told of the spacing along the axes of a group. */
static void tell_spacing(struct worker *w, const struct box *box, const struct box *slab,
                         const int *group, int n, struct nabla_spacing *out)
{
    char *room = w->spacing;
    for (int i = 0; i < n; i++) {
        const struct spacing *spacing = &w->s->task->spacing[group[i]];
        int d = w->s->dim[group[i]];
        out[i] = spacing_slice(spacing, slab->lo[d], slab->hi[d], box->hi[d], room);
        room += spacing_room(spacing, slab->hi[d] - slab->lo[d] + 1);
    }
}

/* One axis' results of a box, for a result of all of them. */
static char *piece_of(const struct worker *w, int axis)
{
    return w->pieces + (size_t)axis * w->s->piece_bytes;
}

static enum nabla_dtype part_dtype(const struct sweep *s, int i)
{
    return s->chained ? s->chains[i].link[s->chains[i].n - 1].out
                      : nabla_gradient_dtype(s->task->in->dtype);
}

/* Elements that lie side by side on both sides are one write. */
static bool write_runs(const struct gradient_sink *sink, const struct layout *from, int64_t first,
                       const int64_t *strides, int ndim, const int64_t *extents, size_t size)
{
    int64_t run = (int64_t)size, at[NABLA_DIMS_MAX] = {0};
    const char *source = from->at;
    for (; ndim > 0 && from->strides[ndim - 1] == run && strides[ndim - 1] == run; ndim--)
        run *= extents[ndim - 1];
    for (;;) {
        if (!outfile_write(sink->file, sink->offset + (size_t)first, source, (size_t)run))
            return false;
        int d = ndim - 1;
        for (; d >= 0 && ++at[d] == extents[d]; d--) {
            at[d] = 0;
            first -= (extents[d] - 1) * strides[d];
            source -= (extents[d] - 1) * from->strides[d];
        }
        if (d < 0)
            return true;
        first += strides[d];
        source += from->strides[d];
    }
}

bool box_write(struct worker *w, const struct box *box, const struct layout *from, int i)
{
    const struct gradient_task *t = w->s->task;
    const struct gradient_sink *sink = &t->outputs[i];
    const struct npy *out = &t->out[i];
    int ndim = w->s->tiles.ndim;
    struct layout to, turned = {.at = piece_of(w, w->s->pieces_n - 1)};
    int64_t extents[NABLA_DIMS_MAX], first = 0;
    extents_of(box, ndim, extents);
    layout_packed(&to, ndim, w->s->tiles.shape, item(out));
    for (int d = 0; d < ndim; d++)
        first += box->lo[d] * to.strides[d];
    if (sink->at != NULL) {
        to.at = sink->at + first;
        arrays_copy(&to, from, ndim, extents, out->dtype, out->swapped);
        return true;
    }
    if (out->swapped) {
        layout_packed(&turned, ndim, extents, item(out));
        arrays_copy(&turned, from, ndim, extents, out->dtype, true);
        from = &turned;
    }
    w->fault.argument = i;
    return write_runs(sink, from, first, to.strides, ndim, extents, item(out));
}

bool box_keep(struct worker *w, const struct box *box, const struct box *slab, const char *results,
              int i)
{
    enum nabla_dtype dtype = part_dtype(w->s, i);
    int ndim = w->s->tiles.ndim;
    struct layout from = {.at = (char *)(size_t)results}, to = {.at = piece_of(w, i)};
    int64_t extents[NABLA_DIMS_MAX], slab_extents[NABLA_DIMS_MAX];
    extents_of(box, ndim, extents);
    extents_of(slab, ndim, slab_extents);
    layout_packed(&from, ndim, slab_extents, nabla_dtype_size(dtype));
    for (int d = 0; d < ndim; d++)
        from.at += (box->lo[d] - slab->lo[d]) * from.strides[d];
    if (w->s->task->result == GRADIENT_EACH)
        return box_write(w, box, &from, i);
    layout_packed(&to, ndim, extents, nabla_dtype_size(dtype));
    arrays_copy(&to, &from, ndim, extents, dtype, false);
    return true;
}

/* Differentiates a box along the axes that group[0..n) counts in the task. */
static enum nabla_status run_group(struct worker *w, const struct box *box, const int *group, int n)
{
    const struct gradient_task *t = w->s->task;
    const struct tiles *tiles = &w->s->tiles;
    struct box slab = *box;
    struct layout layout;
    struct nabla_spacing spacing[NABLA_DIMS_MAX];
    struct nabla_array outputs[NABLA_DIMS_MAX];
    int64_t extents[NABLA_DIMS_MAX];
    int dims[NABLA_DIMS_MAX];
    for (int i = 0; i < n; i++) {
        dims[i] = w->s->dim[group[i]];
        bool spare = t->spacing[group[i]].kind == NABLA_COORDINATES && !t->spacing[group[i]].even;
        tiles_widen(tiles, dims[i], spare, &slab);
    }
    extents_of(&slab, tiles->ndim, extents);
    if (!box_fetch(w->s, &slab))
        return NABLA_EIO;
    view_slab(w, &slab, extents, &layout);
    tell_spacing(w, box, &slab, group, n, spacing);
    struct nabla_array f = {layout.at, t->in->dtype, tiles->ndim, extents, layout.strides};
    for (int i = 0; i < n; i++)
        outputs[i] = (struct nabla_array){w->gradients + (size_t)i * w->s->slab_bytes,
                                          part_dtype(w->s, group[i]), tiles->ndim, extents, NULL};
    struct nabla_options options = {.spacing = spacing,
                                    .spacing_n = n,
                                    .axes = dims,
                                    .axes_n = n,
                                    .edge_order = t->scheme[0].edge_order,
                                    .mode = t->mode,
                                    .threads = 1};
    if (!worker_has_room(w, nabla_gradient_workspace(&f, &options)))
        return NABLA_ENOMEM;
    enum nabla_status status =
        nabla_gradient(&f, &options, outputs, n, w->workspace, w->workspace_n, &w->fault);
    for (int i = 0; i < n && status == NABLA_OK; i++)
        if (!box_keep(w, box, &slab, outputs[i].data, group[i]))
            return NABLA_EIO;
    return status;
}

static enum nabla_status run_axes(struct worker *w, const struct box *box)
{
    const struct sweep *s = w->s;
    int near[NABLA_DIMS_MAX], near_n = 0;
    for (int i = 0; i < s->task->axes_n; i++) {
        if (s->dim[i] >= s->tiles.near) {
            near[near_n++] = i;
            continue;
        }
        enum nabla_status status = run_group(w, box, &i, 1);
        if (status != NABLA_OK)
            return status;
    }
    return near_n == 0 ? NABLA_OK : run_group(w, box, near, near_n);
}

static enum nabla_status run_chains(struct worker *w, const struct box *box)
{
    enum nabla_status status = NABLA_OK;
    for (int i = 0; i < w->s->task->axes_n && status == NABLA_OK; i++)
        status = chain_run(w, box, i);
    return status;
}

/* The sum of float64 pieces, in the order of the axes; rounded once if float32 is wanted. */
static void add_pieces(const struct worker *w, int64_t n, void *out, enum nabla_dtype dtype)
{
    double *sum = (double *)(void *)piece_of(w, 0);
    for (int i = 1; i < w->s->task->axes_n; i++) {
        const double *part = (const double *)(const void *)piece_of(w, i);
        for (int64_t k = 0; k < n; k++)
            sum[k] += part[k];
    }
    for (int64_t k = 0; k < n; k++)
        if (dtype == NABLA_FLOAT32)
            ((float *)out)[k] = (float)sum[k];
        else
            ((double *)out)[k] = sum[k];
}

/* Makes one result of the pieces, and puts it in its place. */
static enum nabla_status keep_one(struct worker *w, const struct box *box)
{
    const struct gradient_task *t = w->s->task;
    int ndim = w->s->tiles.ndim;
    const int64_t n = box_elements(box, ndim);
    struct nabla_array parts[NABLA_DIMS_MAX];
    struct nabla_array length = {w->gradients, t->out->dtype, 1, &n, NULL};
    struct layout from = {.at = w->gradients};
    int64_t extents[NABLA_DIMS_MAX];
    enum nabla_status status = NABLA_OK;
    for (int i = 0; i < t->axes_n; i++)
        parts[i] = (struct nabla_array){piece_of(w, i), part_dtype(w->s, i), 1, &n, NULL};
    if (t->result == GRADIENT_LAPLACIAN)
        add_pieces(w, n, w->gradients, t->out->dtype);
    else
        status = nabla_magnitude(parts, t->axes_n, 1, &length, &w->fault);
    if (status != NABLA_OK)
        return status;
    extents_of(box, ndim, extents);
    layout_packed(&from, ndim, extents, item(t->out));
    return box_write(w, box, &from, 0) ? NABLA_OK : NABLA_EIO;
}

enum nabla_status run_box(struct worker *w, const struct box *box)
{
    w->fault.argument = -1;
    enum nabla_status status = w->s->chained ? run_chains(w, box) : run_axes(w, box);
    if (status != NABLA_OK || w->s->task->result == GRADIENT_EACH)
        return status;
    return keep_one(w, box);
}
