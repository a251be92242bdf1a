/* cli/gradient_box.c -- a box's way through the cache.
 *
 *     mapped input --(turned round, if it must)--> nabla_gradient --> scratch --> mapped output
 *     a slab                                       the slab's         in cache    the box alone
 *
 * Elsewhere: coordinates of a slab (cli/gradient_spacing.c). */
#include "cli/gradient_box.h"

#include "cli/arrays.h"

#include <stdlib.h>

/* Where a box begins. */
static char *at_box(char *first, const int64_t *strides, const struct box *b, int ndim)
{
    for (int d = 0; d < ndim; d++)
        first += b->lo[d] * strides[d];
    return first;
}

static void extents_of(const struct box *b, int ndim, int64_t *extents)
{
    for (int d = 0; d < ndim; d++)
        extents[d] = b->hi[d] - b->lo[d];
}

/* Reads the slab's bytes in, so that a disk that fails is an error; not if they lie far apart. */
static bool fetch(const struct sweep *s, const struct box *slab)
{
    int64_t span = (int64_t)item(s->task->in);
    for (int d = 0; d < s->tiles.ndim; d++)
        span += (slab->hi[d] - slab->lo[d] - 1) * s->in.strides[d];
    int64_t bytes = box_elements(slab, s->tiles.ndim) * (int64_t)item(s->task->in);
    return span > 2 * bytes ||
           mapped_fetch(at_box(s->in.at, s->in.strides, slab, s->tiles.ndim), (size_t)span);
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

static enum nabla_status call_library(struct worker *w, const struct nabla_array *f,
                                      const struct nabla_options *options,
                                      const struct nabla_array *out)
{
    size_t need = nabla_gradient_workspace(f, options);
    if (need > w->workspace_n) {
        free(w->workspace);
        w->workspace = malloc(need);
        w->workspace_n = w->workspace == NULL ? 0 : need;
    }
    return nabla_gradient(f, options, out, options->axes_n, w->workspace, w->workspace_n,
                          &w->fault);
}

/* One axis' gradients of a box, for the magnitude. */
static char *piece_of(const struct worker *w, int axis)
{
    return w->pieces + (size_t)axis * (size_t)w->s->tiles.slab_max * item(w->s->task->out);
}

/* Keeps the box out of a slab of gradients: in its place, or for the magnitude. */
static void keep(struct worker *w, const struct box *box, const struct box *slab, char *gradients,
                 const int64_t *slab_extents, int axis)
{
    const struct gradient_task *t = w->s->task;
    int ndim = w->s->tiles.ndim;
    struct layout from = {.at = gradients}, to = w->s->out;
    int64_t extents[NABLA_DIMS_MAX];
    extents_of(box, ndim, extents);
    layout_packed(&from, ndim, slab_extents, item(t->out));
    for (int d = 0; d < ndim; d++)
        from.at += (box->lo[d] - slab->lo[d]) * from.strides[d];
    if (t->magnitude) {
        to.at = piece_of(w, axis);
        layout_packed(&to, ndim, extents, item(t->out));
    } else {
        to.at = at_box(t->outputs[axis], to.strides, box, ndim);
    }
    arrays_copy(&to, &from, ndim, extents, t->out->dtype, !t->magnitude && t->out->swapped);
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
    if (!fetch(w->s, &slab))
        return NABLA_EIO;
    view_slab(w, &slab, extents, &layout);
    tell_spacing(w, box, &slab, group, n, spacing);
    struct nabla_array f = {layout.at, t->in->dtype, tiles->ndim, extents, layout.strides};
    for (int i = 0; i < n; i++)
        outputs[i] =
            (struct nabla_array){w->gradients + (size_t)i * (size_t)tiles->slab_max * item(t->out),
                                 t->out->dtype, tiles->ndim, extents, NULL};
    struct nabla_options options = {.spacing = spacing,
                                    .spacing_n = n,
                                    .axes = dims,
                                    .axes_n = n,
                                    .edge_order = t->edge_order,
                                    .mode = t->mode,
                                    .threads = 1};
    enum nabla_status status = call_library(w, &f, &options, outputs);
    for (int i = 0; i < n && status == NABLA_OK; i++)
        keep(w, box, &slab, outputs[i].data, extents, group[i]);
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

/* Makes the magnitude of the pieces, and puts it in its place. */
static enum nabla_status keep_magnitude(struct worker *w, const struct box *box)
{
    const struct gradient_task *t = w->s->task;
    int ndim = w->s->tiles.ndim;
    const int64_t n = box_elements(box, ndim);
    struct nabla_array parts[NABLA_DIMS_MAX];
    struct nabla_array length = {w->gradients, t->out->dtype, 1, &n, NULL};
    struct layout from = {.at = w->gradients}, to = w->s->out;
    int64_t extents[NABLA_DIMS_MAX];
    for (int i = 0; i < t->axes_n; i++)
        parts[i] = (struct nabla_array){piece_of(w, i), t->out->dtype, 1, &n, NULL};
    enum nabla_status status = nabla_magnitude(parts, t->axes_n, &length, &w->fault);
    if (status != NABLA_OK)
        return status;
    extents_of(box, ndim, extents);
    layout_packed(&from, ndim, extents, item(t->out));
    to.at = at_box(t->outputs[0], to.strides, box, ndim);
    arrays_copy(&to, &from, ndim, extents, t->out->dtype, t->out->swapped);
    return NABLA_OK;
}

enum nabla_status run_box(struct worker *w, const struct box *box)
{
    enum nabla_status status = run_axes(w, box);
    return status == NABLA_OK && w->s->task->magnitude ? keep_magnitude(w, box) : status;
}
