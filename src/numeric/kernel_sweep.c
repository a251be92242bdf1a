/* numeric/kernel_sweep.c -- one pass over the data, in pieces that stay in the caches.
 * Each thread takes a box of the array; a box is cut into tiles, a tile goes row by row (or some short
 * rows at a time), and a row gives all outputs before the next is read:
 *
 *     tile     columns [c, c+w)     so narrow that three rows and the outputs' lines stay in L2
 *              rows    [j, j+h)     so few that three planes of them do
 *              planes  all of the box's: plane i+1 of the tile is read once, and used three times
 *
 * Laws: every element of every output is computed once, by the kernel and with the numbers that its axis
 * alone would use, so that neither tiles nor threads show (test_kernel_sweep.c).
 * Elsewhere: the arithmetic (kernel_runs.inc), the numbers (the caller). */
#include "numeric/kernel_sweep.h"

#include <string.h>

#ifdef _OPENMP
#include <omp.h>
#endif

enum {
    ROW_BYTES = 128 << 10,    /* of an output, a tile's width */
    RUN_BYTES = 8 << 10,      /* of an output, short rows taken together */
    PLANES_BYTES = 384 << 10, /* of f, three planes of a tile */
    ROWS = 256,               /* of a tile, where each has weights of its own */

    /* strips: how far ahead of its use input is asked for, along a row and to the rows after short ones; an
     * output so little further in its pages than f makes each load wait for the store before it */
    LONG_ROW = 8 << 10,
    AHEAD = 512,
    AHEAD_OF_SHORT = 8 << 10,
    CLASH_BYTES = 192,
    PAGE = 4096,
    CACHE_LINE = 64
};

/* [from, to) along each axis */
struct box {
    size_t from[3], to[3];
};

/* Weights of an axis' elements from first on, in the type of the outputs. */
struct weights {
    size_t first;
    void *w[3];
};

/* A box that is swept at once, with the weights of its columns and rows, where they are uneven. */
struct tile {
    struct box box;
    struct weights columns, rows;
};

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* A sweep under way: what each row would compute again. */
struct pass {
    const struct sweep *s;
    size_t in_bytes, out_bytes; /* of an element */
    size_t stride[3];           /* elements from one to the next along each axis */
    bool strips;                /* may rows go to kernels.strip? */
    struct strip strip;         /* what is the same for all of them */
};

static const char *input_at(const struct pass *p, size_t element)
{
    return (const char *)p->s->f + element * p->in_bytes;
}

static char *output_at(const struct pass *p, int axis, size_t element)
{
    return (char *)p->s->axis[axis].out + element * p->out_bytes;
}

/* The weights of the interior elements among [from, to). */
static void weigh(const struct pass *p, int axis, size_t from, size_t to, struct weights *w)
{
    const struct sweep_axis *a = &p->s->axis[axis];
    w->first = from == 0 ? 1 : from;
    to = least(to, p->s->n[axis] - 1);
    if (w->first < to)
        a->weigh(a->spacing, w->first, to - w->first, w->w);
}

static const char *weights_at(const struct pass *p, const struct weights *w, int k, size_t i)
{
    return (const char *)w->w[k] + (i - w->first) * p->out_bytes;
}

static double weight_at(const struct pass *p, const struct weights *w, int k, size_t i)
{
    const void *at = weights_at(p, w, k, i);
    return p->s->out == NABLA_FLOAT32 ? (double)*(const float *)at : *(const double *)at;
}

static void difference(const struct pass *p, int axis, const char *plus, const char *minus,
                       size_t element, size_t n, double divisor)
{
    const struct sweep *s = p->s;
    s->kernels->difference(s->in, s->out, plus, minus, output_at(p, axis, element), n, divisor,
                           s->store);
}

static void weights(const struct pass *p, int axis, const char *f, size_t element, size_t n,
                    const double w[3])
{
    const struct sweep *s = p->s;
    size_t step = p->stride[axis] * p->in_bytes;
    s->kernels->weights(s->in, s->out, f, f + step, f + 2 * step, output_at(p, axis, element), n, w,
                        s->store);
}

/* n elements of a row that lies at an end of the axis; end 0 is the first, 1 the last. */
static void edge(const struct pass *p, int axis, int end, size_t element, size_t n)
{
    const struct sweep_axis *a = &p->s->axis[axis];
    const char *f = input_at(p, element);
    size_t step = p->stride[axis] * p->in_bytes;
    if (p->s->edge_order == 2)
        weights(p, axis, end ? f - 2 * step : f, element, n, a->edge_weights[end]);
    else
        difference(p, axis, end ? f : f + step, end ? f - step : f, element, n,
                   a->edge_divisor[end]);
}

/* n elements of row i across an axis that is not the contiguous one; w has row i, if that is uneven. */
static void across(const struct pass *p, int axis, size_t i, size_t element, size_t n,
                   const struct weights *w)
{
    const struct sweep_axis *a = &p->s->axis[axis];
    const char *f = input_at(p, element);
    size_t step = p->stride[axis] * p->in_bytes;
    if (i == 0 || i + 1 == p->s->n[axis]) {
        edge(p, axis, i != 0, element, n);
    } else if (a->weigh == NULL) {
        difference(p, axis, f + step, f - step, element, n, a->divisor);
    } else {
        const double three[3] = {weight_at(p, w, 0, i), weight_at(p, w, 1, i),
                                 weight_at(p, w, 2, i)};
        weights(p, axis, f - step, element, n, three);
    }
}

/* Do many rows use the same weights along them? */
static bool keeps_columns(const struct sweep *s)
{
    enum { MANY = 8 };
    const struct sweep_axis *a = &s->axis[2];
    return a->weigh != NULL && (a->coordinates == NULL || s->n[0] * s->n[1] >= MANY);
}

/* n interior elements along the contiguous axis, the first of them i-th in its row. */
static void interior(const struct pass *p, const struct weights *columns, size_t i, size_t element,
                     size_t n)
{
    const struct sweep *s = p->s;
    const struct sweep_axis *a = &s->axis[2];
    const char *f = input_at(p, element);
    if (keeps_columns(s)) {
        const void *const w[3] = {weights_at(p, columns, 0, i), weights_at(p, columns, 1, i),
                                  weights_at(p, columns, 2, i)};
        s->kernels->weighted(s->in, s->out, f, w, output_at(p, 2, element), n, s->store);
    } else if (a->coordinates != NULL) {
        s->kernels->coordinates(s->in, s->out, f, (const char *)a->coordinates + i * p->out_bytes,
                                output_at(p, 2, element), n, s->store);
    } else {
        difference(p, 2, f + p->in_bytes, f - p->in_bytes, element, n, a->divisor);
    }
}

/* The tile's columns of the row that begins at an element, along it. */
static void along(const struct pass *p, const struct tile *t, size_t row)
{
    const size_t n = p->s->n[2], from = t->box.from[2], to = t->box.to[2];
    const size_t first = from == 0 ? 1 : from, end = to == n ? n - 1 : to;
    if (from == 0)
        edge(p, 2, 0, row, 1);
    if (first < end)
        interior(p, &t->columns, first, row + first, end - first);
    if (to == n)
        edge(p, 2, 1, row + n - 1, 1);
}

/* Rows [j, end) across axis 1, n elements each; element is where row j begins. Those of a uniform interior
 * are one run, if they follow each other without a gap. */
static void across_rows(const struct pass *p, const struct weights *w, size_t j, size_t end,
                        size_t element, size_t n)
{
    size_t last = p->s->n[1] - 1;
    bool one_run = n == p->stride[1] && p->s->axis[1].weigh == NULL;
    while (j < end) {
        bool at_edge = j == 0 || j == last;
        size_t rows = at_edge || !one_run ? 1 : least(end, last) - j;
        across(p, 1, j, element, rows * n, w);
        element += rows * p->stride[1];
        j += rows;
    }
}

/* Rows [j, end) of plane i, one axis after the other; several only if they follow without a gap. */
static void sweep_rows(const struct pass *p, size_t i, size_t j, size_t end, const struct tile *t,
                       const struct weights *plane)
{
    const struct sweep_axis *axis = p->s->axis;
    size_t from = t->box.from[2], n = t->box.to[2] - from;
    size_t row = i * p->stride[0] + j * p->stride[1];
    if (axis[0].out != NULL)
        across(p, 0, i, row + from, (end - j) * n, plane);
    if (axis[1].out != NULL)
        across_rows(p, &t->rows, j, end, row + from, n);
    for (; axis[2].out != NULL && j < end; j++, row += p->stride[1])
        along(p, t, row);
}

/* Whole rows follow each other in memory, and short ones are taken together: fewer, longer runs. */
static void sweep_few(const struct pass *p, size_t i, size_t j, size_t end, const struct tile *t)
{
    size_t n = t->box.to[2] - t->box.from[2], together = 1;
    double numbers[3];
    struct weights plane = {0, {&numbers[0], &numbers[1], &numbers[2]}};
    if (n == p->s->n[2])
        together += RUN_BYTES / (n * p->out_bytes);
    if (p->s->axis[0].weigh != NULL)
        weigh(p, 0, i, i + 1, &plane);
    for (; j < end; j += together)
        sweep_rows(p, i, j, least(j + together, end), t, &plane);
}

/* Rows [j, end) of plane i, none of them at an end of axis 1, all axes together; false if that cannot be. */
static bool sweep_strip(const struct pass *p, size_t i, size_t j, size_t end, const struct box *t)
{
    struct strip strip = p->strip;
    const bool at_edge = i == 0 || i + 1 == p->s->n[0];
    const size_t element = i * p->stride[0] + j * p->stride[1] + t->from[2];
    strip.n = t->to[2] - t->from[2];
    strip.rows = end - j;
    strip.f = input_at(p, element);
    for (int axis = at_edge ? 1 : 0; axis < 3; axis++)
        strip.out[axis] = p->s->axis[axis].out != NULL ? output_at(p, axis, element) : NULL;
    strip.ends[0] = t->from[2] == 0;
    strip.ends[1] = t->to[2] == p->s->n[2];
    if (!p->strips || j >= end || strip.n < STRIP_LEAST ||
        !p->s->kernels->strip(p->s->in, p->s->out, &strip))
        return false;
    for (; at_edge && p->s->axis[0].out != NULL && j < end; j++)
        edge(p, 0, i != 0, i * p->stride[0] + j * p->stride[1] + t->from[2], strip.n);
    return true;
}

static void sweep_tile(const struct pass *p, const struct box *box)
{
    const size_t edges = p->s->axis[1].out != NULL, last = p->s->n[1] - edges;
    const size_t first = box->from[1] > edges ? box->from[1] : edges;
    const size_t end = least(box->to[1], last);
    double columns[3][SWEEP_WEIGHTS], rows[3][ROWS];
    struct tile t = {
        *box, {0, {columns[0], columns[1], columns[2]}}, {0, {rows[0], rows[1], rows[2]}}};
    if (p->s->axis[1].weigh != NULL)
        weigh(p, 1, box->from[1], box->to[1], &t.rows);
    if (keeps_columns(p->s))
        weigh(p, 2, box->from[2], box->to[2], &t.columns);
    for (size_t i = box->from[0]; i < box->to[0]; i++) {
        if (sweep_strip(p, i, first, end, box)) {
            sweep_few(p, i, box->from[1], first, &t);
            sweep_few(p, i, end, box->to[1], &t);
        } else {
            sweep_few(p, i, box->from[1], box->to[1], &t);
        }
    }
}

/* Columns of a tile: all, unless a row is so long that the rows beside it would be lost before they are
 * used again, or so long that the weights of its columns cannot be kept. */
static size_t tile_width(const struct pass *p)
{
    const struct sweep *s = p->s;
    size_t width = ROW_BYTES / p->out_bytes;
    bool reused = s->axis[0].out != NULL || s->axis[1].out != NULL;
    if (keeps_columns(s))
        return least(s->n[2], SWEEP_WEIGHTS);
    return reused && width + width / 4 < s->n[2] ? width : s->n[2];
}

static size_t tile_height(const struct pass *p)
{
    const struct sweep *s = p->s;
    size_t height = PLANES_BYTES / (3 * s->n[2] * p->in_bytes);
    height = s->axis[0].out == NULL || s->n[0] == 1 ? s->n[1] : height < 4 ? 4 : height;
    return s->axis[1].weigh != NULL ? least(height, ROWS) : height;
}

static void sweep_box(const struct pass *p, const struct box *b)
{
    size_t width = tile_width(p), height = tile_height(p);
    for (size_t j = b->from[1]; j < b->to[1]; j += height) {
        for (size_t c = b->from[2]; c < b->to[2]; c += width) {
            struct box tile = {{b->from[0], j, c},
                               {b->to[0], least(j + height, b->to[1]), least(c + width, b->to[2])}};
            sweep_tile(p, &tile);
        }
    }
    p->s->kernels->finish();
}

/* The part of one of several threads: a slice of the first axis that is long enough to be shared out
 * evenly, else of the longest. Columns are cut where cache lines are, if the rows begin on one. */
static struct box share(const struct sweep *s, size_t thread, size_t threads)
{
    enum { ENOUGH = 8, COLUMNS = 64 };
    size_t longest = s->n[1] >= s->n[2] ? 1 : 2, axis = s->n[0] >= s->n[longest] ? 0 : longest;
    for (size_t a = 2; a-- > 0;)
        axis = s->n[a] >= ENOUGH * threads ? a : axis;
    size_t unit = axis == 2 && s->n[2] >= COLUMNS * threads ? COLUMNS : 1,
           units = s->n[axis] / unit;
    struct box b = {{0, 0, 0}, {s->n[0], s->n[1], s->n[2]}};
    b.from[axis] = units * thread / threads * unit;
    if (thread + 1 < threads)
        b.to[axis] = units * (thread + 1) / threads * unit;
    return b;
}

/* Apart from the call with one thread: entering OpenMP allocates, even for a team of one. */
static void share_out(const struct pass *p)
{
#ifdef _OPENMP
#pragma omp parallel num_threads(p->s->threads)
    {
        struct box b = share(p->s, (size_t)omp_get_thread_num(), (size_t)omp_get_num_threads());
        sweep_box(p, &b);
    }
#else
    const struct box all = share(p->s, 0, 1);
    sweep_box(p, &all);
#endif
}

/* Strips are for large arrays with one step along each axis that is wanted. */
static void prepare_strips(struct pass *p)
{
    const struct sweep *s = p->s;
    struct strip *strip = &p->strip;
    uintptr_t differ = 0, any = 0;
    bool clash = false;
    p->strips = s->store == STORE_STREAMED && s->n[2] >= STRIP_LEAST;
    for (int a = 0; a < 3; a++) {
        if (s->axis[a].out == NULL)
            continue;
        p->strips = p->strips && s->axis[a].weigh == NULL && s->axis[a].coordinates == NULL;
        const uintptr_t apart = ((uintptr_t)s->axis[a].out - (uintptr_t)s->f) % PAGE;
        clash = clash || (p->in_bytes == p->out_bytes && apart > 0 && apart < CLASH_BYTES);
        any = any == 0 ? (uintptr_t)s->axis[a].out : any;
        differ |= any ^ (uintptr_t)s->axis[a].out;
        strip->divisor[a] = s->axis[a].divisor;
    }
    p->strips = p->strips && differ % CACHE_LINE == 0 && !clash;
    memcpy(strip->step, p->stride, sizeof strip->step);
    strip->edge_order = s->edge_order;
    memcpy(strip->edge_divisor, s->axis[2].edge_divisor, sizeof strip->edge_divisor);
    memcpy(strip->edge_weights, s->axis[2].edge_weights, sizeof strip->edge_weights);
    strip->ahead = s->n[2] * p->in_bytes >= LONG_ROW ? AHEAD : AHEAD_OF_SHORT;
}

bool sweep_run(const struct sweep *s)
{
    if (!s->kernels->difference(s->in, s->out, NULL, NULL, NULL, 0, 1, s->store))
        return false;
    struct pass p = {.s = s,
                     .in_bytes = nabla_dtype_size(s->in),
                     .out_bytes = nabla_dtype_size(s->out),
                     .stride = {s->n[1] * s->n[2], s->n[2], 1}};
    prepare_strips(&p);
    if (s->threads > 1) {
        share_out(&p);
        return true;
    }
    const struct box all = share(s, 0, 1);
    sweep_box(&p, &all);
    return true;
}
