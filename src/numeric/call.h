/* numeric/call.h -- a checked call of nabla_gradient. */
#ifndef NUMERIC_CALL_H
#define NUMERIC_CALL_H

#include "numeric/array.h"
#include "numeric/steps.h"

struct call {
    struct view f;
    int axes_n;
    int axes[NABLA_DIMS_MAX]; /* dimensions of f, in the caller's order; the first axes_n are set */
    int edge_order;           /* 1 or 2 */
    enum nabla_mode mode;
    int threads; /* at least 1 */
    const struct nabla_spacing *spacing;
    int spacing_n; /* 0, 1 or axes_n */
};

/* Checks everything but the outputs, in the order in which numpy would complain. options: not NULL. */
MUST_CHECK enum nabla_status call_init(struct call *p, const struct nabla_array *f,
                                       const struct nabla_options *options,
                                       struct nabla_fault *fault);

/* The spacing of the k-th axis asked for. */
MUST_CHECK enum nabla_status call_steps(const struct call *p, int k, struct steps *out,
                                        struct nabla_fault *fault);

/* Checks output k against f and gives its strides. Whether it meets f or another is view_overlaps' to say. */
MUST_CHECK enum nabla_status call_output(const struct call *p, const struct nabla_array *out, int k,
                                         struct view *view, struct nabla_fault *fault);

#endif
