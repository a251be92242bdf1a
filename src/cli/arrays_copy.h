/* cli/arrays_copy.h -- boxes of elements moved between layouts, their bytes turned round on the way
 * if asked. Pure. */
#ifndef CLI_ARRAYS_COPY_H
#define CLI_ARRAYS_COPY_H

#include <nabla/nabla.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where the elements of a box stand; strides in bytes, dimension 0 the slowest. */
struct layout {
    char *at;
    int64_t strides[NABLA_DIMS_MAX];
};

/* Strides of elements that lie without gaps, the last dimension's side by side. */
void layout_packed(struct layout *l, int ndim, const int64_t *shape, size_t item);

/* Copies extents[0..ndim) elements of a dtype, which may be unaligned, from one layout to another
 * that it does not overlap; swapped: the bytes of each number are reversed. */
void arrays_copy(const struct layout *to, const struct layout *from, int ndim,
                 const int64_t *extents, enum nabla_dtype dtype, bool swapped);

/* An element as a double: a time as its count, a complex number as its size; NaT is NaN. It may be
 * unaligned. */
double arrays_number(const void *element, enum nabla_dtype dtype, bool swapped);

#endif
