/* wire/npy.h -- the header of a .npy file: what array follows, and where. Pure; the elements
 * themselves are never looked at, but for their byte order.
 * Source: NumPy Enhancement Proposal 1, format versions 1.0, 2.0 and 3.0. */
#ifndef WIRE_NPY_H
#define WIRE_NPY_H

#include "base/buf.h"
#include "numeric/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    NPY_UNIT_MAX = 24,          /* bytes of a time's unit, NUL included */
    NPY_HEADER_MAX = 64 * 1024, /* bytes; a longer header says nothing that can be used */
    NPY_ALIGN = 64              /* where the elements of a written file begin: a multiple of this */
};

struct npy {
    enum nabla_dtype dtype;
    bool swapped; /* elements are in the byte order that this machine has not */
    bool fortran; /* the first axis is the one whose elements lie side by side */
    int ndim;
    int64_t shape[NABLA_DIMS_MAX];
    char unit[NPY_UNIT_MAX]; /* datetime64, timedelta64: "ns", "25s", "" if generic; else "" */
    int64_t count;           /* elements */
    size_t offset;           /* of the first, in the file */
    size_t bytes;            /* of them all */
};

/* True if file[0..n) begins as a .npy file does. */
bool npy_is(const void *file, size_t n);

/* Reads the header of a whole file[0..n). The array is known to lie within the n bytes: no shape,
 * however large, is believed beyond that. Bytes behind the array are let be, as numpy does.
 * Errors: NABLA_EINVAL for what is no .npy file or not whole, NABLA_EDTYPE for an array that is of
 * no dtype of nabla's, NABLA_ELIMIT for too long a header or too many axes; *why is then a sentence
 * without a full stop, static. */
MUST_CHECK enum nabla_status npy_read(const void *file, size_t n, struct npy *out,
                                      const char **why);

/* The array that the gradient of one along an axis is: of numpy's dtype (NABLA_DTYPE_COUNT if there is
 * none), in the same order of axes; floats and times keep their byte order. offset is the input's. */
struct npy npy_gradient(const struct npy *in);

/* Strides in bytes of elements that lie without gaps in the array's order of axes. */
void npy_strides(const struct npy *npy, int64_t strides[static NABLA_DIMS_MAX]);

/* Reverses the bytes of each number of bytes[0..n), which are elements of a dtype, aligned or not. */
void npy_swap(void *bytes, size_t n, enum nabla_dtype dtype);

/* Appends the header, in version 1.0, of an array as described by dtype, swapped, fortran, ndim,
 * shape and unit; its length is a multiple of NPY_ALIGN. Fails as buf does. */
void npy_write(struct buf *out, const struct npy *npy);

#endif
