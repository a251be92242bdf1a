/* cli/gradient_chain.c -- from regions backwards to slabs, and forwards through the links.
 *
 *     read     slab, turned round if it must    region[0]
 *     fill     nabla_interpolate_gaps           region[0]     one buffer to the other and back; what a
 *     mean     nabla_rolling_mean               region[1]     link leaves wrong at a slab's ends lies
 *     slope    nabla_derivative                 region[2]     outside of the next region
 *     keep     the box
 *
 * Law: each bit depends on an element's neighbourhood alone (test_gradient_chain.c). Elsewhere: what a
 * link is told about coordinates (cli/gradient_around.c, cli/gradient_spacing.c). */
#include "cli/gradient_box.h"

#include <stdlib.h>
#include <string.h>

bool chain_is_needed(const struct gradient_task *t)
{
    bool needed = t->fill || t->smooth > 1 || t->repeat > 1;
    for (int i = 0; i < t->axes_n; i++)
        needed |= t->scheme[i].beyond || t->scheme[i].edge_order != t->scheme[0].edge_order;
    return needed;
}

static struct link *add_link(struct chain *c, enum link_kind kind, int axis, int d)
{
    struct link *l = &c->link[c->n++];
    *l = (struct link){.kind = kind, .axis = axis, .d = d};
    return l;
}

/* What links other than numpy's make of a dtype. */
static enum nabla_dtype real_dtype(enum nabla_dtype in)
{
    return in == NABLA_FLOAT16 || in == NABLA_FLOAT32 ? NABLA_FLOAT32 : NABLA_FLOAT64;
}

static void add_before(const struct gradient_task *t, const int *dim, struct chain *c)
{
    if (t->fill) {
        struct link *l = add_link(c, LINK_FILL, 0, dim[0]);
        l->before = l->after = t->fill_max > 0 ? t->fill_max : t->spacing[0].n;
        if (t->fill_max == 0)
            l->before = l->after = t->in->shape[t->axes[0]];
    }
    for (int i = 0; i < t->axes_n && t->smooth > 1; i++) {
        struct link *l = add_link(c, LINK_SMOOTH, i, dim[i]);
        l->before = t->smooth / 2;
        l->after = (t->smooth - 1) / 2;
    }
}

void chain_make(const struct gradient_task *t, int i, const int *dim, struct chain *out)
{
    const struct scheme *scheme = &t->scheme[i];
    enum nabla_dtype dtype = t->in->dtype;
    *out = (struct chain){.n = 0};
    add_before(t, dim, out);
    for (int k = 0; k < out->n; k++)
        dtype = out->link[k].out = real_dtype(dtype);
    for (int k = 0; k < (t->repeat > 1 ? t->repeat : 1); k++) {
        struct link *l = add_link(out, scheme->beyond ? LINK_BEYOND : LINK_NUMPY, i, dim[i]);
        bool whole = !scheme->beyond && t->spacing[i].whole;
        l->before = l->after = whole ? t->in->shape[t->axes[i]] : scheme_reach(scheme);
        dtype = scheme->beyond ? real_dtype(dtype) : nabla_gradient_dtype(dtype);
        if (t->result == GRADIENT_LAPLACIAN)
            dtype = NABLA_FLOAT64;
        l->out = dtype;
    }
}

static bool is_real(enum nabla_dtype dtype)
{
    switch (dtype) {
    case NABLA_BOOL:
    case NABLA_LONGDOUBLE:
    case NABLA_COMPLEX64:
    case NABLA_COMPLEX128:
    case NABLA_DATETIME64:
    case NABLA_TIMEDELTA64: return false;
    default: return true;
    }
}

enum nabla_dtype chain_dtype(const struct gradient_task *t, int i, const char **what)
{
    struct chain chain;
    int dim[NABLA_DIMS_MAX] = {0};
    bool real = is_real(t->in->dtype);
    *what = t->fill               ? "--fill"
            : t->smooth > 1       ? "--smooth"
            : t->scheme[i].beyond ? "an order, an accuracy, a boundary or a policy beyond numpy's"
                                  : "it";
    if (!real && (t->fill || t->smooth > 1 || t->scheme[i].beyond))
        return NABLA_DTYPE_COUNT;
    chain_make(t, i, dim, &chain);
    return chain.link[chain.n - 1].out;
}

/* How far around a box a chain reads along a dimension. */
static int64_t reach_of(const struct chain *c, int d)
{
    int64_t sum = 0;
    for (int k = 0; k < c->n; k++)
        sum += c->link[k].d == d ? c->link[k].before + c->link[k].after : 0;
    return sum;
}

/* Elements of the largest slab that boxes of this extent have; INT64_MAX: too many to count. */
static int64_t slab_elements(const struct sweep *s, const int64_t *extent)
{
    int64_t most = 0;
    for (int i = 0; i < s->task->axes_n; i++) {
        int64_t n = 1;
        for (int d = 0; d < s->tiles.ndim; d++) {
            int64_t wide = extent[d] + reach_of(&s->chains[i], d), shape = s->tiles.shape[d];
            if (__builtin_mul_overflow(n, s->round[d] || wide < shape ? wide : shape, &n))
                return INT64_MAX;
        }
        most = n > most ? n : most;
    }
    return most;
}

/* Lets boxes grow along a dimension to `want` elements, as long as their slabs fit. */
static void grow(struct sweep *s, int d, int64_t want, int64_t elements)
{
    int64_t *extent = &s->tiles.extent[d];
    want = want < s->tiles.shape[d] ? want : s->tiles.shape[d];
    while (*extent < want) {
        int64_t before = *extent;
        *extent = 2 * before < want ? 2 * before : want;
        if (slab_elements(s, s->tiles.extent) <= elements)
            continue;
        *extent = before;
        return;
    }
}

/* First a cache line's worth side by side, then as much as is read around it, then all there is. */
int64_t chain_cut(struct sweep *s, int64_t elements)
{
    enum { SIDE_BY_SIDE = 64 };
    struct tiles *t = &s->tiles;
    for (int d = 0; d < t->ndim; d++)
        t->extent[d] = 1;
    grow(s, t->ndim - 1, SIDE_BY_SIDE, elements);
    for (int d = t->ndim - 1; d >= 0; d--)
        for (int i = 0; i < s->task->axes_n; i++)
            grow(s, d, 2 * reach_of(&s->chains[i], d), elements);
    for (int d = t->ndim - 1; d >= 0; d--)
        grow(s, d, t->shape[d], elements);
    t->boxes = 1;
    for (int d = 0; d < t->ndim; d++)
        t->boxes *= (t->shape[d] + t->extent[d] - 1) / t->extent[d];
    return slab_elements(s, t->extent);
}

/* What a link reads for a region of its results. */
static void widen(const struct sweep *s, const struct link *l, struct box *region)
{
    int64_t n = s->tiles.shape[l->d];
    region->lo[l->d] -= l->before;
    region->hi[l->d] += l->after;
    if (s->round[l->d])
        return;
    region->lo[l->d] = region->lo[l->d] > 0 ? region->lo[l->d] : 0;
    region->hi[l->d] = region->hi[l->d] < n ? region->hi[l->d] : n;
}

/* A region's elements on their way to a slab, dimension by dimension; round a period in stretches. */
struct reading {
    const struct sweep *s;
    const struct box *region;
    int64_t extents[NABLA_DIMS_MAX];
    struct layout from, to;
};

static void read_stretches(struct reading *r, int d, char *from, char *to)
{
    const struct sweep *s = r->s;
    int64_t n = s->tiles.shape[d], lo = r->region->lo[d], hi = r->region->hi[d];
    for (int64_t i = lo, some; i < hi; i += some) {
        int64_t element = (i % n + n) % n;
        some = r->extents[d] = n - element < hi - i ? n - element : hi - i;
        char *first = from + element * r->from.strides[d],
             *target = to + (i - lo) * r->to.strides[d];
        if (d + 1 < s->tiles.ndim) {
            read_stretches(r, d + 1, first, target);
            continue;
        }
        r->from.at = first;
        r->to.at = target;
        arrays_copy(&r->to, &r->from, s->tiles.ndim, r->extents, s->task->in->dtype,
                    s->task->in->swapped);
    }
}

static bool read_slab(struct worker *w, const struct box *region)
{
    const struct sweep *s = w->s;
    struct reading r = {.s = s, .region = region, .from = s->in};
    struct box inside = *region;
    for (int d = 0; d < s->tiles.ndim; d++) {
        int64_t n = s->tiles.shape[d];
        bool leaves = inside.lo[d] < 0 || inside.hi[d] > n;
        inside.lo[d] = leaves ? 0 : inside.lo[d];
        inside.hi[d] = leaves ? n : inside.hi[d];
    }
    if (!box_fetch(s, &inside))
        return false;
    extents_of(region, s->tiles.ndim, r.extents);
    layout_packed(&r.to, s->tiles.ndim, r.extents, item(s->task->in));
    read_stretches(&r, 0, s->in.at, w->slab);
    return true;
}

/* One call of the library: a link's input, output, and where they lie on its axis. */
struct call {
    const struct link *link;
    struct nabla_array f, out;
    int64_t lo, hi, kept_hi; /* of f along d, and of what is kept of out */
    int64_t halo_before, halo_after;
};

static enum nabla_status differentiate(struct worker *w, const struct call *c)
{
    const struct gradient_task *t = w->s->task;
    const struct link *l = c->link;
    struct nabla_spacing spacing =
        spacing_slice(&t->spacing[l->axis], c->lo, c->hi, c->kept_hi, w->spacing);
    struct nabla_options options = {.spacing = &spacing,
                                    .spacing_n = 1,
                                    .axes = &l->d,
                                    .axes_n = 1,
                                    .edge_order = t->scheme[l->axis].edge_order,
                                    .mode = t->mode,
                                    .threads = 1};
    if (!worker_has_room(w, nabla_gradient_workspace(&c->f, &options)))
        return NABLA_ENOMEM;
    return nabla_gradient(&c->f, &options, &c->out, 1, w->workspace, w->workspace_n, &w->fault);
}

static enum nabla_status derive(struct worker *w, const struct call *c)
{
    const struct gradient_task *t = w->s->task;
    const struct link *l = c->link;
    struct nabla_derivative_options options = t->scheme[l->axis].options;
    options.spacing = spacing_around(&t->spacing[l->axis], c->lo, c->hi, w->spacing);
    options.halo_before = c->halo_before;
    options.halo_after = c->halo_after;
    if (!worker_has_room(w, nabla_derivative_workspace()))
        return NABLA_ENOMEM;
    return nabla_derivative(&c->f, l->d, &options, &c->out, w->workspace, w->workspace_n,
                            &w->fault);
}

static enum nabla_status call_library(struct worker *w, const struct call *c)
{
    const struct gradient_task *t = w->s->task;
    const struct link *l = c->link;
    struct nabla_spacing spacing;
    switch (l->kind) {
    case LINK_FILL:
        spacing = spacing_around(&t->spacing[l->axis], c->lo, c->hi, w->spacing);
        return nabla_interpolate_gaps(&c->f, l->d, &spacing, t->fill_ends, t->fill_max, 1, &c->out,
                                      &w->fault);
    case LINK_SMOOTH:
        return nabla_rolling_mean(&c->f, l->d, t->smooth, t->smooth_nan, 1, &c->out, &w->fault);
    case LINK_NUMPY: return differentiate(w, c);
    default: return derive(w, c);
    }
}

/* What one link leaves to the next. */
struct between {
    char *at;
    struct box box; /* that lies there without gaps */
    enum nabla_dtype dtype;
};

/* Takes the region that a link reads out of what there is, and puts its results in `room`. */
static enum nabla_status run_link(struct worker *w, const struct link *l, const struct box *region,
                                  const struct box *next, char *room, struct between *b)
{
    int ndim = w->s->tiles.ndim;
    struct layout layout;
    int64_t there[NABLA_DIMS_MAX], extents[NABLA_DIMS_MAX], results[NABLA_DIMS_MAX];
    struct box made = l->kind == LINK_BEYOND ? *next : *region;
    extents_of(&b->box, ndim, there);
    extents_of(region, ndim, extents);
    extents_of(&made, ndim, results);
    layout_packed(&layout, ndim, there, nabla_dtype_size(b->dtype));
    char *first = b->at;
    for (int d = 0; d < ndim; d++)
        first += (region->lo[d] - b->box.lo[d]) * layout.strides[d];
    struct call call = {.link = l,
                        .f = {first, b->dtype, ndim, extents, layout.strides},
                        .out = {room, l->out, ndim, results, NULL},
                        .lo = region->lo[l->d],
                        .hi = region->hi[l->d],
                        .kept_hi = next->hi[l->d]};
    call.halo_before = next->lo[l->d] - call.lo;
    call.halo_after = call.hi - next->hi[l->d];
    *b = (struct between){room, made, l->out};
    return call_library(w, &call);
}

enum nabla_status chain_run(struct worker *w, const struct box *box, int i)
{
    const struct chain *c = &w->s->chains[i];
    struct box region[LINKS_MAX + 1];
    struct between b = {.at = w->slab, .dtype = w->s->task->in->dtype};
    region[c->n] = *box;
    for (int k = c->n - 1; k >= 0; k--) {
        region[k] = region[k + 1];
        widen(w->s, &c->link[k], &region[k]);
    }
    b.box = region[0];
    if (!read_slab(w, &region[0]))
        return NABLA_EIO;
    for (int k = 0; k < c->n; k++) {
        char *room = b.at == w->slab ? w->gradients : w->slab;
        enum nabla_status status = run_link(w, &c->link[k], &region[k], &region[k + 1], room, &b);
        if (status != NABLA_OK)
            return status;
    }
    return box_keep(w, box, &b.box, b.at, i) ? NABLA_OK : NABLA_EIO;
}
