/* numeric/derive_magnitude.c -- the lengths of vectors whose parts lie in arrays of their own.
 *     plain      sqrt(a^2 + b^2 + ...)                 a block at a time
 *     scaled     s sqrt((a/s)^2 + (b/s)^2 + ...)       s the largest part; where the plain way came near
 *                                                      the ends of the range, or met NaN
 * Laws: equal to hypot to two ulp, scaling by powers of two, infinities over NaN (test_smooth.c). */
#include "numeric/derive_array.h"
#include "numeric/fault.h"

#include <math.h>
#include <stdlib.h>

enum { BLOCK = 256 };

/* Squares of what lies outside leave the range of a double, or its precision. */
#define PLAIN_MIN 1e-140
#define PLAIN_MAX 1e140

/* The same elements of all parts, as the lines of each stand. */
struct vectors {
    const struct pair *pairs;
    struct lines *lines;
    int n;
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
static void length_block(const struct vectors *v, int64_t at, int64_t n, double *sums)
{
    double part[BLOCK];
    for (int64_t i = 0; i < n; i++)
        sums[i] = 0;
    for (int k = 0; k < v->n; k++) {
        const struct lines *l = &v->lines[k];
        elements_load(v->pairs[k].f.dtype, l->f + at * l->f_step, l->f_step, n, part);
        for (int64_t i = 0; i < n; i++)
            sums[i] += part[i] * part[i];
    }
    for (int64_t i = 0; i < n; i++) {
        sums[i] = sqrt(sums[i]);
        if (!(sums[i] >= PLAIN_MIN && sums[i] <= PLAIN_MAX))
            sums[i] = length_scaled(v, at + i);
    }
}

static void length_lines(const struct vectors *v, int64_t n)
{
    double sums[BLOCK];
    const struct lines *l = &v->lines[0];
    for (int64_t at = 0; at < n; at += BLOCK) {
        int64_t some = n - at < BLOCK ? n - at : BLOCK;
        length_block(v, at, some, sums);
        elements_store(v->pairs[0].out.dtype, sums, some, l->out + at * l->out_step, l->out_step);
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

enum nabla_status nabla_magnitude(const struct nabla_array *parts, int n,
                                  const struct nabla_array *out, struct nabla_fault *fault)
{
    struct pair pairs[NABLA_DIMS_MAX];
    struct lines lines[NABLA_DIMS_MAX];
    if (parts == NULL || n < 1 || n > NABLA_DIMS_MAX)
        return fault_say(fault, NABLA_EINVAL, -1, -1, "there are %i parts: 1 to %i are wanted",
                         FAULT_NUMBERS(parts ? n : 0, NABLA_DIMS_MAX));
    enum nabla_status status = prepare(parts, n, out, pairs, fault);
    if (status != NABLA_OK)
        return status;
    int axis = closest_axis(&pairs[0].out);
    struct vectors v = {pairs, lines, n};
    for (int k = 0; k < n; k++)
        lines_init(&lines[k], &pairs[k], axis);
    while (!lines[0].done) {
        length_lines(&v, axis < 0 ? 1 : out->shape[axis]);
        for (int k = 0; k < n; k++)
            lines_next(&lines[k]);
    }
    return NABLA_OK;
}
