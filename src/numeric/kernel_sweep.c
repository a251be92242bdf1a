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

#ifdef _OPENMP
#include <omp.h>
#endif

enum {
    ROW_BYTES = 128 << 10,   /* of an output, a tile's width */
    RUN_BYTES = 8 << 10,     /* of an output, short rows taken together */
    PLANES_BYTES = 384 << 10 /* of f, three planes of a tile */
};

/* [from, to) along each axis */
struct box {
    size_t from[3], to[3];
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
};

static const char *input_at(const struct pass *p, size_t element)
{
    return (const char *)p->s->f + element * p->in_bytes;
}

static char *output_at(const struct pass *p, int axis, size_t element)
{
    return (char *)p->s->axis[axis].out + element * p->out_bytes;
}

static double number_at(const struct pass *p, const void *numbers, size_t i)
{
    return p->s->out == NABLA_FLOAT32 ? (double)((const float *)numbers)[i]
                                      : ((const double *)numbers)[i];
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

/* n elements of row i across an axis that is not the contiguous one. */
static void across(const struct pass *p, int axis, size_t i, size_t element, size_t n)
{
    const struct sweep_axis *a = &p->s->axis[axis];
    const char *f = input_at(p, element);
    size_t step = p->stride[axis] * p->in_bytes;
    if (i == 0 || i + 1 == p->s->n[axis]) {
        edge(p, axis, i != 0, element, n);
    } else if (a->weights[0] == NULL) {
        difference(p, axis, f + step, f - step, element, n, a->divisor);
    } else {
        const double w[3] = {number_at(p, a->weights[0], i), number_at(p, a->weights[1], i),
                             number_at(p, a->weights[2], i)};
        weights(p, axis, f - step, element, n, w);
    }
}

/* n interior elements along the contiguous axis, the first of them i-th in its row. */
static void interior(const struct pass *p, size_t i, size_t element, size_t n)
{
    const struct sweep *s = p->s;
    const struct sweep_axis *a = &s->axis[2];
    const char *f = input_at(p, element);
    size_t at = i * p->out_bytes;
    if (a->coordinates != NULL) {
        s->kernels->coordinates(s->in, s->out, f, (const char *)a->coordinates + at,
                                output_at(p, 2, element), n, s->store);
    } else if (a->weights[0] != NULL) {
        const void *w[3] = {(const char *)a->weights[0] + at, (const char *)a->weights[1] + at,
                            (const char *)a->weights[2] + at};
        s->kernels->weighted(s->in, s->out, f, w, output_at(p, 2, element), n, s->store);
    } else {
        difference(p, 2, f + p->in_bytes, f - p->in_bytes, element, n, a->divisor);
    }
}

/* Columns [from, to) of the row that begins at an element, along it. */
static void along(const struct pass *p, size_t row, size_t from, size_t to)
{
    size_t n = p->s->n[2], first = from == 0 ? 1 : from, end = to == n ? n - 1 : to;
    if (from == 0)
        edge(p, 2, 0, row, 1);
    if (first < end)
        interior(p, first, row + first, end - first);
    if (to == n)
        edge(p, 2, 1, row + n - 1, 1);
}

/* Rows [j, end) across axis 1, n elements each; element is where row j begins. Those of a uniform interior
 * are one run, if they follow each other without a gap. */
static void across_rows(const struct pass *p, size_t j, size_t end, size_t element, size_t n)
{
    size_t last = p->s->n[1] - 1;
    bool one_run = n == p->stride[1] && p->s->axis[1].weights[0] == NULL;
    while (j < end) {
        bool at_edge = j == 0 || j == last;
        size_t rows = at_edge || !one_run ? 1 : least(end, last) - j;
        across(p, 1, j, element, rows * n);
        element += rows * p->stride[1];
        j += rows;
    }
}

static void sweep_rows(const struct pass *p, size_t i, size_t j, size_t end, const struct box *t)
{
    const struct sweep_axis *axis = p->s->axis;
    size_t from = t->from[2], n = t->to[2] - from;
    size_t row = i * p->stride[0] + j * p->stride[1];
    if (axis[0].out != NULL)
        across(p, 0, i, row + from, (end - j) * n);
    if (axis[1].out != NULL)
        across_rows(p, j, end, row + from, n);
    for (; axis[2].out != NULL && j < end; j++, row += p->stride[1])
        along(p, row, from, t->to[2]);
}

/* Whole rows follow each other in memory, and short ones are taken together: fewer, longer runs. */
static void sweep_tile(const struct pass *p, const struct box *t)
{
    size_t n = t->to[2] - t->from[2], together = 1;
    if (n == p->s->n[2])
        together += RUN_BYTES / (n * p->out_bytes);
    for (size_t i = t->from[0]; i < t->to[0]; i++)
        for (size_t j = t->from[1]; j < t->to[1]; j += together)
            sweep_rows(p, i, j, least(j + together, t->to[1]), t);
}

/* Columns of a tile: all, unless a row is so long that the rows beside it would be lost before they are
 * used again. */
static size_t tile_width(const struct pass *p)
{
    const struct sweep *s = p->s;
    size_t width = ROW_BYTES / p->out_bytes;
    bool reused = s->axis[0].out != NULL || s->axis[1].out != NULL;
    return reused && width + width / 4 < s->n[2] ? width : s->n[2];
}

static size_t tile_height(const struct pass *p)
{
    const struct sweep *s = p->s;
    size_t height = PLANES_BYTES / (3 * s->n[2] * p->in_bytes);
    return s->axis[0].out == NULL || s->n[0] == 1 ? s->n[1] : height < 4 ? 4 : height;
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

bool sweep_run(const struct sweep *s)
{
    if (!s->kernels->difference(s->in, s->out, NULL, NULL, NULL, 0, 1, s->store))
        return false;
    const struct pass p = {
        s, nabla_dtype_size(s->in), nabla_dtype_size(s->out), {s->n[1] * s->n[2], s->n[2], 1}};
    if (s->threads > 1) {
        share_out(&p);
        return true;
    }
    const struct box all = share(s, 0, 1);
    sweep_box(&p, &all);
    return true;
}
