/* numeric/steps.h -- the spacing of one axis, whatever it was given as, as the steps from each element to
 * the next. Borrows the caller's vector; converts a block at a time. */
#ifndef NUMERIC_STEPS_H
#define NUMERIC_STEPS_H

#include "numeric/run.h"

#include <stdbool.h>

struct steps {
    enum run precision; /* real: what the steps are computed in, numpy's dtype of them */
    bool weak;          /* a plain number, which takes the data's precision */
    long double step;   /* where no vector was given */
    const char *data;   /* the vector, or NULL */
    enum nabla_dtype dtype;
    int64_t stride;
    bool are_steps; /* the vector holds steps, not coordinates */
    bool exact;     /* 64-bit coordinates, differenced as integers */
};

/* Checks what was given for an axis of n elements. argument: its position among the spacings.
 * In numpy mode coordinates become doubles before they are differenced, as numpy has it; instants, which
 * numpy refuses, and all 64-bit coordinates in accurate mode, are differenced first.
 * Errors: NABLA_EINVAL, NABLA_ELENGTH, NABLA_ESMALL, NABLA_EDTYPE. */
MUST_CHECK enum nabla_status steps_init(struct steps *s, const struct nabla_spacing *given,
                                        int64_t n, enum nabla_mode mode, int argument,
                                        struct nabla_fault *fault);

/* Steps first..first+n of the vector, in precision; n <= BLOCK + 1. */
const void *steps_read(const struct steps *s, int64_t first, size_t n, union block *buffer);

/* Are all n steps of the vector equal, to the last bit of their value? Then *step is that. A NaN equals
 * nothing, not even when it is alone. */
bool steps_are_even(const struct steps *s, int64_t n, long double *step);

#endif
