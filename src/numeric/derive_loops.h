/* numeric/derive_loops.h -- the inner loops of nabla_derivative: one stencil over a run of elements.
 * row[k] is where the run's neighbours begin, k steps along the axis from it: along a line row[0] + k,
 * across one the next row. Two implementations, portable and AVX2, give the same bits. Pure arithmetic. */
#ifndef NUMERIC_DERIVE_LOOPS_H
#define NUMERIC_DERIVE_LOOPS_H

#include "numeric/derive.h"

/* Squares of what lies outside leave the range of a double, or its precision. */
#define LENGTH_MIN 1e-140
#define LENGTH_MAX 1e140

enum { DERIVE_LANES = 8 }; /* stencils whose weights are made side by side */

struct derive_loops {
    /* out[i] = (sum over k from 1 to radius of w[k] (row[k][i] - row[-k][i])) / divisor; radius 1 to 4 */
    void (*odd)(const double *const *row, int radius, const double *w, double divisor, double *out,
                int64_t n);

    /* the same of w[k] ((row[k][i] - row[0][i]) + (row[-k][i] - row[0][i])) */
    void (*even)(const double *const *row, int radius, const double *w, double divisor, double *out,
                 int64_t n);

    /* out[i] = (sum over k from 0 to taps - 1 of w[k] (row[from + k][i] - row[0][i])) / divisor */
    void (*any)(const double *const *row, int from, int taps, const double *w, double divisor,
                double *out, int64_t n);

    /* the same with weights w[k][i] for each element */
    void (*weighted)(const double *const *row, int from, int taps, const double *const *w,
                     double *out, int64_t n);

    /* sums[i] += part[i]^2, sizes[i] += |part[i]| */
    void (*squares)(const double *part, double *sums, double *sizes, int64_t n);

    /* out[i] = sqrt(sums[i]). Are all of them from LENGTH_MIN to LENGTH_MAX, or their sizes 0? */
    bool (*roots)(const double *sums, const double *sizes, double *out, int64_t n);

    /* weights_table()'s weights of the order-th derivative, for DERIVE_LANES sets of nodes */
    void (*weights)(const double (*nodes)[DERIVE_LANES], int taps, int order,
                    double out[TAPS_MAX][DERIVE_LANES]);
};

const struct derive_loops *derive_loops_portable(void);
const struct derive_loops *derive_loops_avx2(void); /* NULL where the compiler has none */

/* The fastest that this processor can run. */
const struct derive_loops *derive_loops_best(void);

/* A stencil over a run of n. */
void derive_loops_apply(const struct derive_loops *loops, const struct derivation *p,
                        const struct stencil *s, const double *const *row, double *out, int64_t n);

#endif
