/* numeric/derive_magnitude.c -- the lengths of vectors whose parts lie in arrays of their own.
 *     plain      sqrt(a^2 + b^2 + ...)                 a block at a time
 *     scaled     s sqrt((a/s)^2 + (b/s)^2 + ...)       s the largest part; where the plain way came near
 *                                                      the ends of the range, or met NaN
 * Laws: equal to hypot to two ulp, scaling by powers of two, infinities over NaN (test_smooth.c). */
#include "numeric/derive_loops.h"
#include "numeric/fault.h"
#include "numeric/share.h"

#include <math.h>
#include <stdlib.h>

enum { BLOCK = 256 };

/* The same elements of all parts, as the lines of each stand. */
struct vectors {
    const struct pair *pairs;
    struct lines *lines;
    int n;
    const struct derive_loops *loops;
};

static double length_scaled(const struct vectors *v, int64_t i)
{
    double largest = 0, sum = 0, part;
    bool missing = false;
    for (int k = 0; k < v->n; k++) {
        elements_load(v->pairs[k].f.dtype, v->lines[k].f + i * v->lines[k].f_step, 0, 1, &part);
        missing |= isnan(part);
        largest = fabs(part) > largest ? fabs(part) : largest;
    }
    if (isinf(largest) || missing || largest == 0)
        return isinf(largest) ? largest : missing ? (double)NAN : 0;
    for (int k = 0; k < v->n; k++) {
        elements_load(v->pairs[k].f.dtype, v->lines[k].f + i * v->lines[k].f_step, 0, 1, &part);
        sum += (part / largest) * (part / largest);
    }
    return largest * sqrt(sum);
}

/* n of them from element at on: plainly, and again with care where that was not safe. */
static void length_block(const struct vectors *v, int64_t at, int64_t n, double *out)
{
    double part[BLOCK], sums[BLOCK], sizes[BLOCK];
    for (int64_t i = 0; i < n; i++)
        sums[i] = sizes[i] = 0;
    for (int k = 0; k < v->n; k++) {
        const struct lines *l = &v->lines[k];
        const void *from = l->f + at * l->f_step;
        const bool plain =
            v->pairs[k].f.dtype == NABLA_FLOAT64 && l->f_step == (int64_t)sizeof *out;
        if (!plain)
            elements_load(v->pairs[k].f.dtype, from, l->f_step, n, part);
        v->loops->squares(plain ? from : part, sums, sizes, n);
    }
    if (v->loops->roots(sums, sizes, out, n))
        return;
    for (int64_t i = 0; i < n; i++)
        if (!(out[i] >= LENGTH_MIN && out[i] <= LENGTH_MAX))
            out[i] = length_scaled(v, at + i);
}

static void length_lines(const struct vectors *v, int64_t n)
{
    double lengths[BLOCK];
    const enum nabla_dtype dtype = v->pairs[0].out.dtype;
    const struct lines *l = &v->lines[0];
    const bool plain = dtype == NABLA_FLOAT64 && l->out_step == (int64_t)sizeof *lengths;
    for (int64_t at = 0; at < n; at += BLOCK) {
        int64_t some = n - at < BLOCK ? n - at : BLOCK;
        void *to = l->out + at * l->out_step;
        length_block(v, at, some, plain ? to : lengths);
        if (!plain)
            elements_store(dtype, lengths, some, to, l->out_step);
    }
}

/* The axis along which the output lies closest; -1 for a single element. */
static int closest_axis(const struct view *out)
{
    int best = -1;
    for (int d = 0; d < out->ndim; d++)
        if (best < 0 || llabs(out->strides[d]) <= llabs(out->strides[best]))
            best = d;
    return best;
}

static enum nabla_status prepare(const struct nabla_array *parts, int n,
                                 const struct nabla_array *out, struct pair *pairs,
                                 struct nabla_fault *fault)
{
    for (int k = 0; k < n; k++) {
        enum nabla_status status = pair_init(&pairs[k], &parts[k], out, -1, fault);
        if (status != NABLA_OK && fault != NULL && fault->argument < 0)
            fault->argument = k; /* "f" of the sentence is this part */
        if (status != NABLA_OK)
            return status;
    }
    return NABLA_OK;
}

/* Lines are shared in bunches of about so many elements. */
enum { BUNCH = 1 << 15 };

struct lengths {
    const struct pair *pairs;
    int n, axis;
    int64_t along, bunch, lines; /* elements of a line, lines of a bunch, lines in all */
};

static void length_bunch(void *context, int64_t k, int thread)
{
    const struct lengths *j = context;
    struct lines lines[NABLA_DIMS_MAX];
    struct vectors v = {j->pairs, lines, j->n, derive_loops_best()};
    const int64_t first = k * j->bunch;
    (void)thread;
    for (int i = 0; i < j->n; i++) {
        lines_init(&lines[i], &j->pairs[i], j->axis);
        lines_seek(&lines[i], first);
    }
    for (int64_t i = first; i < first + j->bunch && i < j->lines; i++) {
        length_lines(&v, j->along);
        for (int part = 0; part < j->n; part++)
            lines_next(&lines[part]);
    }
}

void magnitude_run(const struct pair *pairs, int n, int threads)
{
    struct lines first;
    const struct view *out = &pairs[0].out;
    struct lengths j = {.pairs = pairs, .n = n, .axis = closest_axis(out), .along = 1};
    if (j.axis >= 0)
        j.along = out->shape[j.axis];
    lines_init(&first, &pairs[0], j.axis);
    j.lines = lines_count(&first);
    j.bunch = j.along < BUNCH ? BUNCH / (j.along + 1) + 1 : 1;
    share((j.lines + j.bunch - 1) / j.bunch, share_threads(threads, out->elements, 8), length_bunch,
          &j);
}

enum nabla_status nabla_magnitude(const struct nabla_array *parts, int n, int threads,
                                  const struct nabla_array *out, struct nabla_fault *fault)
{
    struct pair pairs[NABLA_DIMS_MAX];
    if (parts == NULL || n < 1 || n > NABLA_DIMS_MAX)
        return fault_say(fault, NABLA_EINVAL, -1, -1, "there are %i parts: 1 to %i are wanted",
                         FAULT_NUMBERS(parts ? n : 0, NABLA_DIMS_MAX));
    enum nabla_status status = prepare(parts, n, out, pairs, fault);
    if (status == NABLA_OK)
        magnitude_run(pairs, n, threads);
    return status;
}
