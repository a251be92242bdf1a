/* wire/npy_elements.c -- how the elements behind a header lie, and their byte order.
 * Laws: swapping twice changes nothing (test_npy_elements.c). Elsewhere: the header (npy.c). */
#include "wire/npy.h"

#include <string.h>

struct npy npy_gradient(const struct npy *in)
{
    struct npy out = *in;
    out.dtype = nabla_gradient_dtype(in->dtype);
    bool is_made = out.dtype != in->dtype && out.dtype != NABLA_TIMEDELTA64;
    out.swapped = in->swapped && !is_made; /* of integers: there is no order to keep */
    out.bytes = (size_t)out.count * nabla_dtype_size(out.dtype);
    return out;
}

void npy_strides(const struct npy *npy, int64_t strides[static NABLA_DIMS_MAX])
{
    int64_t stride = (int64_t)nabla_dtype_size(npy->dtype);
    for (int i = 0; i < npy->ndim; i++) {
        int axis = npy->fortran ? i : npy->ndim - 1 - i;
        strides[axis] = stride;
        stride *= npy->shape[axis];
    }
}

/* A complex number is two numbers. */
static size_t number_size(enum nabla_dtype dtype)
{
    size_t item = nabla_dtype_size(dtype);
    return dtype == NABLA_COMPLEX64 || dtype == NABLA_COMPLEX128 ? item / 2 : item;
}

static void reverse(unsigned char *number, size_t size)
{
    for (size_t low = 0, high = size - 1; low < high; low++, high--) {
        unsigned char byte = number[low];
        number[low] = number[high];
        number[high] = byte;
    }
}

static void swap_64(unsigned char *bytes, size_t n)
{
    for (uint64_t v; n >= sizeof v; n -= sizeof v, bytes += sizeof v) {
        memcpy(&v, bytes, sizeof v);
        v = __builtin_bswap64(v);
        memcpy(bytes, &v, sizeof v);
    }
}

void npy_swap(void *bytes, size_t n, enum nabla_dtype dtype)
{
    size_t size = number_size(dtype);
    unsigned char *p = bytes;
    if (size == sizeof(uint64_t)) { /* the common one */
        swap_64(p, n);
        return;
    }
    for (; n >= size; n -= size, p += size)
        reverse(p, size);
}
