/* numeric/walk.c -- from an array of any shape and strides to runs for the loops.
 *
 *     along the axis                   across it, where another dimension lies closer in memory
 *     [ e i i i i i e ]                [ e e e e e e ]   one run a position: the first edge,
 *     [ e i i i i i e ]                [ i i i i i i ]   interior with its neighbours above
 *     [ e i i i i i e ]                [ i i i i i i ]   and below,
 *       one run a line, ends apart     [ e e e e e e ]   the last edge
 *
 * The other dimensions are merged where they can be and walked by falling stride. The work is cut into
 * pieces, [positions] x [elements across], that touch no common output: they are what threads share.
 * Laws: every output element is written once, whatever the cut.
 * Elsewhere: several axes in one pass (fused.c), arithmetic (loops.h, kernel.h). */
#include "numeric/walk.h"

#include <stdlib.h>
#include <string.h>

enum {
    TILE = 2048,       /* elements across: three rows and an output stay in the first-level cache */
    SEGMENT = 1 << 16, /* positions along: enough to forget what a piece costs to begin */
    SHORT = 16,        /* a run across that is shorter is not worth its calls */
    THREADS_BYTES = 4 << 20, /* of output, from which a second thread pays */
    STREAM_BYTES = 8 << 20,  /* of output, from which the caches do not hold it anyway, */
    STREAM_RUN = 512         /* in runs of so many elements: their ends are parts of lines */
};

struct dim {
    int64_t n, f, out; /* strides */
};

/* A way through the array; the last of dims is what runs go across, if they do. */
struct walk {
    const struct scheme *axis;
    const char *f;
    char *out;
    struct dim along, across; /* across.n is 1 if runs go along */
    struct dim outer[NABLA_DIMS_MAX];
    int outer_n;
    int64_t segment, tile;                /* sizes of a piece */
    int64_t segments, tiles, outer_count; /* pieces */
    enum store store;
};

/* n derivatives side by side, and where their neighbours begin. */
struct cut {
    const char *m, *c, *p;
    char *out;
    int64_t f_stride, out_stride;
    size_t n;
};

static bool without_gaps(const struct scheme *a, const struct cut *t)
{
    return t->f_stride == (int64_t)nabla_dtype_size(a->in) &&
           t->out_stride == (int64_t)nabla_dtype_size(a->out);
}

/* The first n elements of a cut as runs; then the rest of it. */
struct loaded {
    const void *m, *c, *p;
    void *out;
    union block buffer[4];
};

static void load(const struct scheme *a, const struct cut *t, size_t n, bool with_middle,
                 struct loaded *l)
{
    l->m = run_load(a->run, t->m, a->in, t->f_stride, n, &l->buffer[0]);
    l->p = run_load(a->run, t->p, a->in, t->f_stride, n, &l->buffer[1]);
    l->c = with_middle ? run_load(a->run, t->c, a->in, t->f_stride, n, &l->buffer[2]) : NULL;
    l->out = run_target(a->run, t->out, a->out, t->out_stride, &l->buffer[3]);
}

static void store_and_advance(const struct scheme *a, const struct loaded *l, size_t n,
                              struct cut *t)
{
    run_store(a->run, l->out, t->out, a->out, t->out_stride, n);
    t->m += t->f_stride * (int64_t)n;
    t->c += t->f_stride * (int64_t)n;
    t->p += t->f_stride * (int64_t)n;
    t->out += t->out_stride * (int64_t)n;
    t->n -= n;
}

static size_t block_of(const struct cut *t)
{
    return t->n < BLOCK ? t->n : BLOCK;
}

static void difference(const struct walk *w, struct cut t, const void *by)
{
    const struct scheme *a = w->axis;
    if (a->kernels != NULL && without_gaps(a, &t) &&
        a->kernels->difference(a->in, a->out, t.p, t.m, t.out, t.n, scheme_double(a, by, 0),
                               w->store))
        return;
    while (t.n > 0) {
        struct loaded l;
        const size_t n = block_of(&t);
        load(a, &t, n, false, &l);
        a->difference(l.p, l.m, l.out, n * a->parts, by);
        store_and_advance(a, &l, n, &t);
    }
}

/* One triple of weights for the whole cut. */
static void weigh(const struct walk *w, struct cut t, const union numbers *weights)
{
    const struct scheme *a = w->axis;
    const size_t size = run_size(a->precision);
    const char *abc = (const char *)weights;
    if (a->kernels != NULL && without_gaps(a, &t)) {
        const double w3[3] = {scheme_double(a, abc, 0), scheme_double(a, abc, 1),
                              scheme_double(a, abc, 2)};
        if (a->kernels->weights(a->in, a->out, t.m, t.c, t.p, t.out, t.n, w3, w->store))
            return;
    }
    while (t.n > 0) {
        struct loaded l;
        const size_t n = block_of(&t);
        load(a, &t, n, true, &l);
        a->loops->weigh(l.m, l.c, l.p, l.out, n, abc, abc + size, abc + 2 * size, 0);
        store_and_advance(a, &l, n, &t);
    }
}

/* One pair of steps for the whole cut. */
static void divide(const struct walk *w, struct cut t, enum place place, const union numbers *steps)
{
    const struct scheme *a = w->axis;
    while (t.n > 0) {
        struct loaded l;
        const size_t n = block_of(&t);
        load(a, &t, n, true, &l);
        a->loops->divide(place, l.m, l.c, l.p, l.out, n, steps, 0);
        store_and_advance(a, &l, n, &t);
    }
}

/* Three points around position i of an uneven axis, or an end of an even one. */
static void slope(const struct walk *w, struct cut t, enum place place, int64_t i)
{
    const struct scheme *a = w->axis;
    union numbers own;
    const union numbers *numbers = place == PLACE_FIRST ? &a->first : &a->last;
    if (!a->even) {
        if (a->divided)
            scheme_steps(a, i, &own);
        else
            scheme_weights(a, place, i, &own);
        numbers = &own;
    }
    if (a->divided)
        divide(w, t, place, numbers);
    else
        weigh(w, t, numbers);
}

/* The cut whose middle is position c and whose output is position i. */
static struct cut cut_at(const struct walk *w, const char *f, char *out, int64_t c, int64_t i,
                         int64_t n)
{
    const char *middle = f + c * w->along.f;
    return (struct cut){
        middle - w->along.f, middle,   middle + w->along.f, out + i * w->along.out, w->across.f,
        w->across.out,       (size_t)n};
}

/* Position 0 or n - 1, for n elements across. */
static void edge(const struct walk *w, const char *f, char *out, enum place place, int64_t n)
{
    const struct scheme *a = w->axis;
    const int64_t i = place == PLACE_FIRST ? 0 : a->n - 1;
    if (a->edge_order == 2) {
        const int64_t middle = place == PLACE_FIRST ? 1 : a->n - 2;
        slope(w, cut_at(w, f, out, middle, i, n), place, middle);
        return;
    }
    struct cut t = cut_at(w, f, out, i, i, n);
    union number step;
    const union number *by = &a->once;
    if (place == PLACE_FIRST)
        t.m = t.c;
    else
        t.p = t.c;
    if (!a->even) {
        scheme_step(a, place == PLACE_FIRST ? 0 : a->n - 2, &step);
        by = &step;
    }
    difference(w, t, by);
}

static bool kernel_along(const struct walk *w, const struct cut *t, int64_t from)
{
    const struct scheme *a = w->axis;
    if (!scheme_has_plain_coordinates(a) || !without_gaps(a, t))
        return false;
    const char *x = a->steps.data + from * a->steps.stride;
    return (a->divided ? a->kernels->divided : a->kernels->coordinates)(a->in, a->out, t->c, x,
                                                                        t->out, t->n, w->store);
}

/* A block of an uneven line: the steps beside its elements, what they give, applied. */
static void uneven_block(const struct scheme *a, const struct loaded *l, int64_t from, size_t n)
{
    union block read, wide[3], narrow[3];
    const enum run own = a->steps.precision;
    const void *d = steps_read(&a->steps, from - 1, n + 1, &read);
    if (a->divided) {
        d = run_widen(a->precision, own, d, n + 1, &wide[0]);
        a->loops->divide(PLACE_MIDDLE, l->m, l->c, l->p, l->out, n, d, 1);
        return;
    }
    parabola_weights(own, PLACE_MIDDLE, d, n, &narrow[0], &narrow[1], &narrow[2]);
    const void *abc[3];
    for (int k = 0; k < 3; k++)
        abc[k] = run_widen(a->precision, own, &narrow[k], n, &wide[k]);
    a->loops->weigh(l->m, l->c, l->p, l->out, n, abc[0], abc[1], abc[2], 1);
}

/* Interior positions from..to of one line. */
static void line(const struct walk *w, const char *f, char *out, int64_t from, int64_t to)
{
    const struct scheme *a = w->axis;
    struct cut t = cut_at(w, f, out, from, from, to - from);
    t.f_stride = w->along.f;
    t.out_stride = w->along.out;
    if (a->even) {
        difference(w, t, &a->twice);
        return;
    }
    if (kernel_along(w, &t, from))
        return;
    while (t.n > 0) {
        struct loaded l;
        const size_t n = block_of(&t);
        load(a, &t, n, true, &l);
        uneven_block(a, &l, from, n);
        store_and_advance(a, &l, n, &t);
        from += (int64_t)n;
    }
}

/* Interior positions from..to, n elements across each. */
static void rows(const struct walk *w, const char *f, char *out, int64_t from, int64_t to,
                 int64_t n)
{
    for (int64_t i = from; i < to; i++) {
        const struct cut t = cut_at(w, f, out, i, i, n);
        if (w->axis->even)
            difference(w, t, &w->axis->twice);
        else
            slope(w, t, PLACE_MIDDLE, i);
    }
}

/* Piece number k: which outer index, which positions, which elements across. */
static void piece(const struct walk *w, int64_t k)
{
    const char *f = w->f;
    char *out = w->out;
    const int64_t last = w->axis->n - 1;
    const int64_t from = k % w->segments * w->segment,
                  across = k / w->segments % w->tiles * w->tile;
    const int64_t to = from + w->segment <= last ? from + w->segment : last + 1;
    const int64_t n = w->across.n - across < w->tile ? w->across.n - across : w->tile;
    k /= w->segments * w->tiles;
    for (int d = w->outer_n - 1; d >= 0; k /= w->outer[d].n, d--) {
        f += k % w->outer[d].n * w->outer[d].f;
        out += k % w->outer[d].n * w->outer[d].out;
    }
    f += across * w->across.f;
    out += across * w->across.out;
    if (from == 0)
        edge(w, f, out, PLACE_FIRST, n);
    const int64_t first = from == 0 ? 1 : from, end = to > last ? last : to;
    if (w->across.n > 1)
        rows(w, f, out, first, end, n);
    else if (first < end)
        line(w, f, out, first, end);
    if (to > last)
        edge(w, f, out, PLACE_LAST, n);
}

/* Is one step of a dimension as far as all of the next? */
static bool continues(struct dim before, struct dim d)
{
    return before.f == d.n * d.f && before.out == d.n * d.out;
}

/* The other dimensions, by falling stride of f, merged where one continues the next. */
static void arrange(struct walk *w, const struct view *f, const struct view *out, int dim)
{
    for (int k = 0; k < f->ndim; k++) {
        const struct dim d = {f->shape[k], f->strides[k], out->strides[k]};
        int at = w->outer_n;
        if (k == dim || d.n == 1)
            continue;
        for (; at > 0 && llabs(w->outer[at - 1].f) < llabs(d.f); at--)
            w->outer[at] = w->outer[at - 1];
        w->outer[at] = d;
        w->outer_n++;
    }
    int kept = 0;
    for (int k = 0; k < w->outer_n; k++) {
        const struct dim d = w->outer[k];
        if (kept > 0 && continues(w->outer[kept - 1], d))
            w->outer[kept - 1] = (struct dim){w->outer[kept - 1].n * d.n, d.f, d.out};
        else
            w->outer[kept++] = d;
    }
    w->outer_n = kept;
}

/* Along, unless another dimension is closer in memory and long enough. */
static void choose_direction(struct walk *w)
{
    w->across = (struct dim){1, 0, 0};
    if (w->outer_n == 0)
        return;
    const struct dim inner = w->outer[w->outer_n - 1];
    if (inner.n >= SHORT && llabs(inner.f) < llabs(w->along.f)) {
        w->across = inner;
        w->outer_n--;
    }
}

static void cut_into_pieces(struct walk *w)
{
    w->segment = w->across.n > 1 ? w->axis->n : SEGMENT;
    w->tile = TILE;
    w->segments = (w->axis->n + w->segment - 1) / w->segment;
    w->tiles = (w->across.n + w->tile - 1) / w->tile;
    w->outer_count = 1;
    for (int d = 0; d < w->outer_n; d++)
        w->outer_count *= w->outer[d].n;
}

/* Streamed stores are made visible by the thread that stored. */
static void finish(const struct walk *w)
{
    if (w->store == STORE_STREAMED && w->axis->kernels != NULL)
        w->axis->kernels->finish();
}

/* Without OpenMP's own preparations, which cost a microsecond, where there is nothing to share. */
static void share_pieces(const struct walk *w, int64_t pieces, int threads)
{
#ifdef _OPENMP
    if (threads > 1) {
#pragma omp parallel num_threads(threads)
        {
#pragma omp for schedule(static)
            for (int64_t k = 0; k < pieces; k++)
                piece(w, k);
            finish(w);
        }
        return;
    }
#endif
    (void)threads;
    for (int64_t k = 0; k < pieces; k++)
        piece(w, k);
    finish(w);
}

void walk_axis(const struct scheme *a, const struct view *f, const struct view *out, int dim,
               int threads)
{
    struct walk w;
    w.axis = a;
    w.f = f->data;
    w.out = out->data;
    w.outer_n = 0;
    w.along = (struct dim){a->n, f->strides[dim], out->strides[dim]};
    arrange(&w, f, out, dim);
    choose_direction(&w);
    cut_into_pieces(&w);
    const int64_t bytes = f->elements * (int64_t)nabla_dtype_size(a->out);
    const int64_t run = w.across.n > 1 ? w.across.n : w.along.n;
    w.store = bytes >= STREAM_BYTES && run >= STREAM_RUN ? STORE_STREAMED : STORE_CACHED;
    share_pieces(&w, w.segments * w.tiles * w.outer_count, bytes >= THREADS_BYTES ? threads : 1);
}
