/* numeric/kernel.h -- the inner loops of nabla_gradient: one call does one straight run of elements.
 * Three implementations stand behind one table, chosen at run time by what the processor has:
 * AVX-512, AVX2, and plain C. All give the same bits (a NaN is a NaN: its sign and payload are not
 * promised). They know contiguous runs of the types that are worth vector code; for any other dtype or
 * stride the caller has loops of its own. Pure arithmetic: no allocation, no state; callable from any
 * thread. Pointers are aligned to their elements, and out overlaps no input.
 *
 *     difference   out[i] = (p[i] - m[i]) / d              uniform interior, and edges of order 1
 *     weights      out[i] = (a m[i] + b c[i]) + e p[i]     one triple of weights for the run: across an
 *                                                          uneven axis, and edges of order 2
 *     weighted     the same along the run, each element with weights of its own
 *     coordinates  the same, the weights computed from coordinates on the way
 *     divided      divided differences, from the same coordinates
 *
 * Integers of 8 and 16 bits are subtracted before they are converted, all others after; every
 * operation rounds once, in the type of out, in the order that is written here: none is contracted. */
#ifndef NUMERIC_KERNEL_H
#define NUMERIC_KERNEL_H

#include "numeric/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How outputs are stored. */
enum store {
    STORE_CACHED,
    STORE_STREAMED, /* past the caches, for results that do not fit them anyway; end with finish() */
};

/* Rows side by side, to be differentiated by one step along up to three axes in one pass: across to the
 * rows of two other planes (axis 0), across to the rows beside (axis 1), along the row (axis 2). Their
 * results are streamed. */
struct strip {
    const void *f;  /* the first row's first element */
    size_t rows, n; /* of n elements each, STRIP_LEAST or more */
    size_t
        step[2];  /* elements to the neighbour along axis 0 and axis 1; row k begins at k step[1] */
    void *out[3]; /* of each axis, laid out as f; axis 0 or 1 and any other, unwanted ones NULL */
    double divisor[3]; /* of each axis, 2h, rounded to the type of out */

    /* is the first element of a row the first along axis 2, the last the last? Then edge_order 1: a
     * difference over one distance, 2: weights of the three nearest, in the order of the array */
    bool ends[2];
    int edge_order;
    double edge_divisor[2], edge_weights[2][3];

    size_t ahead; /* bytes of input before it is used that it is asked for */
};

enum { STRIP_LEAST = 64 };

/* in: float32, float64, uint8, int16, int32; out: the same float, or float64 (float32 too for uint8
 * and int16). Each returns false, having done nothing, for any other pair. n may be 0. */
struct kernels {
    const char *name; /* "avx512", "avx2", "portable" */

    /* n elements; d is the divisor, already rounded to the type of out (2h, or h at an edge); the
     * quotient is exactly IEEE division's, for any d and any data. */
    bool (*difference)(enum nabla_dtype in, enum nabla_dtype out_dtype, const void *p,
                       const void *m, void *out, size_t n, double d, enum store store);

    /* One triple of weights, already rounded to the type of out. */
    bool (*weights)(enum nabla_dtype in, enum nabla_dtype out_dtype, const void *m, const void *c,
                    const void *p, void *out, size_t n, const double w[3], enum store store);

    /* Along the run, with coordinates x of the type of out: out[i] from f[i-1..i+1] and x[i-1..i+1]
     * for 0 <= i < n; f, x, out point at the first interior element. With d1 = x[i] - x[i-1] and
     * d2 = x[i+1] - x[i], the weights are numpy's:
     * a = -d2 / (d1 (d1 + d2)), b = (d2 - d1) / (d1 d2), e = d1 / (d2 (d1 + d2)). */
    bool (*coordinates)(enum nabla_dtype in, enum nabla_dtype out_dtype, const void *f,
                        const void *x, void *out, size_t n, enum store store);

    /* Accurate mode's twin of that: (d2 s1 + d1 s2) / (d1 + d2), with the secants
     * s1 = (f[i] - f[i-1]) / d1 and s2 = (f[i+1] - f[i]) / d2. */
    bool (*divided)(enum nabla_dtype in, enum nabla_dtype out_dtype, const void *f, const void *x,
                    void *out, size_t n, enum store store);

    /* Along the run, with vectors of weights in the type of out, w[k][i] that of f[i-1+k]; f, out and
     * the three point at the first interior element. */
    bool (*weighted)(enum nabla_dtype in, enum nabla_dtype out_dtype, const void *f,
                     const void *const w[3], void *out, size_t n, enum store store);

    /* All neighbours must be elements of the array, as must be STRIP_LEAST before and after each row; the
     * outputs at the same distance from a cache line. False, having done nothing, also without vectors,
     * for a set of axes that is not known, and for a divisor that is so large or small that it takes
     * the slow way. */
    bool (*strip)(enum nabla_dtype in, enum nabla_dtype out_dtype, const struct strip *s);

    /* Makes streamed stores visible to other threads; once after a thread's last run. */
    void (*finish)(void);
};

/* The fastest that this processor can run. */
const struct kernels *kernels_best(void);

/* One by name, for tests; NULL if it is not known or this processor lacks it. */
const struct kernels *kernels_named(const char *name);

#endif
