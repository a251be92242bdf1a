/* numeric/array.h -- is this view of memory one that can be walked, and do two of them meet? No element
 * is read. */
#ifndef NUMERIC_ARRAY_H
#define NUMERIC_ARRAY_H

#include "numeric/status.h"

#include <stdbool.h>

/* A view whose strides are known. */
struct view {
    char *data;
    enum nabla_dtype dtype;
    int ndim;
    int64_t elements; /* 0: nothing to read or write, data may be NULL */
    const int64_t *shape;
    int64_t strides[NABLA_DIMS_MAX]; /* the first ndim are set */
};

/* What a sentence calls the array: "f" or "output 2". */
enum { VIEW_INPUT = -1 };

/* Checks a and gives it strides. who: VIEW_INPUT or the output's position, which is the fault's argument.
 * Errors: NABLA_EDTYPE no dtype; NABLA_ELIMIT too many dimensions; NABLA_EINVAL a negative length, no
 * memory, misaligned; NABLA_ERANGE more bytes than an address can count. */
MUST_CHECK enum nabla_status view_init(struct view *v, const struct nabla_array *a, int who,
                                       struct nabla_fault *fault);

/* May an element of a share a byte with one of b? Exact for all layouts that come up in practice;
 * where the question grows too long the answer is yes. */
bool view_overlaps(const struct view *a, const struct view *b);

/* May two elements of v share a byte? Yes too for layouts that interleave dimensions without order. */
bool view_overlaps_itself(const struct view *v);

#endif
