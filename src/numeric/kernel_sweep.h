/* numeric/kernel_sweep.h -- the gradient along several axes at once, reading the data once.
 * A C-ordered array without gaps, seen as n[0] x n[1] x n[2] (leading 1s for fewer axes); the last axis
 * is the contiguous one. Bit for bit what the kernels give axis by axis, for any number of threads.
 *
 *              row j-1   m  m  m  m
 *     f        row j     <- f[i-1..i+1] -> along axis 2, while rows j-1 and j+1, just read
 *              row j+1   p  p  p  p        or about to be, give axis 1, and planes axis 0
 *
 * The caller checks everything and computes the numbers; nothing is allocated here (OpenMP, where it was
 * compiled in, keeps its threads). Outputs must not overlap f or each other. */
#ifndef NUMERIC_KERNEL_SWEEP_H
#define NUMERIC_KERNEL_SWEEP_H

#include "numeric/kernel.h"

/* How one axis is differentiated. Numbers and vectors are rounded to the type of the outputs. */
struct sweep_axis {
    void *out; /* of f's shape, C order; NULL: this axis is not wanted, and the rest is not read */

    double divisor; /* of the interior, 2h, where weigh and coordinates are NULL */

    /* of the interior of an uneven axis: writes the weights of elements [i, i + n), w[k] those of
     * f[i-1+k], in the type of the outputs. 0 < i, i + n < n[axis], n <= SWEEP_WEIGHTS */
    void (*weigh)(const void *spacing, size_t i, size_t n, void *const w[3]);
    const void *spacing;

    /* for the contiguous axis alone: n[2] coordinates, from which kernels compute weights on the way. With
     * weigh beside them, that is called instead where many rows use the same weights */
    const void *coordinates;

    /* edges, the first element's and the last's. Edge order 1: a difference over one distance */
    double edge_divisor[2];
    /* edge order 2: weights of the three elements nearest, in the order of the array */
    double edge_weights[2][3];
};

struct sweep {
    const struct kernels *kernels;
    enum nabla_dtype in, out; /* a pair that kernels.difference takes */
    const void *f;
    size_t n[3];               /* at least edge_order + 1 along an axis that is wanted; none is 0 */
    struct sweep_axis axis[3]; /* at least one is wanted */
    int edge_order;            /* 1 or 2 */
    enum store store;
    int threads; /* at least 1 */
};

/* Fills the outputs. Returns false, having done nothing, if the kernels do not know in and out. */
bool sweep_run(const struct sweep *s);

/* What pays on the machines that were measured: streaming from outputs larger than a second-level cache,
 * threads from where waking them is lost in the noise. */
enum {
    SWEEP_STREAM_BYTES = 8 << 20,  /* of all outputs together */
    SWEEP_THREADS_BYTES = 4 << 20, /* the same, from which a second thread pays */
    SWEEP_WEIGHTS = 4096,          /* that a tile keeps of an axis, on the stack: 96 KiB */
};

#endif
