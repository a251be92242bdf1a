/* cli/arrays_copy.c -- dimensions that lie without gaps on both sides are one run; an odometer turns
 * over the others. Laws: copying back with the same swap gives the same bytes (test_gradient_run.c). */
#include "cli/arrays_copy.h"

#include <math.h>
#include <string.h>

void layout_packed(struct layout *l, int ndim, const int64_t *shape, size_t item)
{
    int64_t stride = (int64_t)item;
    for (int d = ndim - 1; d >= 0; d--) {
        l->strides[d] = stride;
        stride *= shape[d];
    }
}

/* A complex number is two numbers. */
static size_t number_size(enum nabla_dtype dtype)
{
    size_t item = nabla_dtype_size(dtype);
    return dtype == NABLA_COMPLEX64 || dtype == NABLA_COMPLEX128 ? item / 2 : item;
}

static void swap_16(char *to, const char *from, size_t n)
{
    for (uint16_t v; n >= sizeof v; n -= sizeof v, to += sizeof v, from += sizeof v) {
        memcpy(&v, from, sizeof v);
        v = __builtin_bswap16(v);
        memcpy(to, &v, sizeof v);
    }
}

static void swap_32(char *to, const char *from, size_t n)
{
    for (uint32_t v; n >= sizeof v; n -= sizeof v, to += sizeof v, from += sizeof v) {
        memcpy(&v, from, sizeof v);
        v = __builtin_bswap32(v);
        memcpy(to, &v, sizeof v);
    }
}

static void swap_64(char *to, const char *from, size_t n)
{
    for (uint64_t v; n >= sizeof v; n -= sizeof v, to += sizeof v, from += sizeof v) {
        memcpy(&v, from, sizeof v);
        v = __builtin_bswap64(v);
        memcpy(to, &v, sizeof v);
    }
}

static void swap_any(char *to, const char *from, size_t n, size_t size)
{
    for (size_t i = 0; i < n; i += size)
        for (size_t b = 0; b < size; b++)
            to[i + b] = from[i + size - 1 - b];
}

static void copy_run(char *to, const char *from, size_t n, size_t swap)
{
    switch (swap) {
    case 1: memcpy(to, from, n); break;
    case 2: swap_16(to, from, n); break;
    case 4: swap_32(to, from, n); break;
    case 8: swap_64(to, from, n); break;
    default: swap_any(to, from, n, swap); break;
    }
}

void arrays_copy(const struct layout *to, const struct layout *from, int ndim,
                 const int64_t *extents, enum nabla_dtype dtype, bool swapped)
{
    size_t swap = swapped ? number_size(dtype) : 1;
    int64_t run = (int64_t)nabla_dtype_size(dtype), at[NABLA_DIMS_MAX] = {0};
    char *target = to->at;
    const char *source = from->at;
    for (; ndim > 0 && to->strides[ndim - 1] == run && from->strides[ndim - 1] == run; ndim--)
        run *= extents[ndim - 1];
    for (;;) {
        copy_run(target, source, (size_t)run, swap);
        int d = ndim - 1;
        for (; d >= 0 && ++at[d] == extents[d]; d--) {
            at[d] = 0;
            target -= (extents[d] - 1) * to->strides[d];
            source -= (extents[d] - 1) * from->strides[d];
        }
        if (d < 0)
            return;
        target += to->strides[d];
        source += from->strides[d];
    }
}

/* IEEE binary16: 1 sign, 5 exponent, 10 fraction bits. */
static double half_number(uint16_t bits)
{
    int exponent = bits >> 10 & 31, fraction = bits & 1023;
    double size = exponent == 31  ? (fraction != 0 ? (double)NAN : (double)INFINITY)
                  : exponent == 0 ? ldexp(fraction, -24)
                                  : ldexp(1024 + fraction, exponent - 25);
    return bits >> 15 != 0 ? -size : size;
}

static double time_number(int64_t count)
{
    return count == INT64_MIN ? (double)NAN : (double)count;
}

double arrays_number(const void *element, enum nabla_dtype dtype, bool swapped)
{
    union {
        int8_t i1;
        int16_t i2;
        int32_t i4;
        int64_t i8;
        uint8_t u1;
        uint16_t u2;
        uint32_t u4;
        uint64_t u8;
        float f4[2];
        double f8[2];
        long double f16;
        char bytes[16];
    } v;
    size_t size = nabla_dtype_size(dtype);
    copy_run(v.bytes, element, size, swapped ? number_size(dtype) : 1);
    switch (dtype) {
    case NABLA_INT8: return v.i1;
    case NABLA_INT16: return v.i2;
    case NABLA_INT32: return v.i4;
    case NABLA_INT64: return (double)v.i8;
    case NABLA_BOOL:
    case NABLA_UINT8: return v.u1;
    case NABLA_UINT16: return v.u2;
    case NABLA_UINT32: return v.u4;
    case NABLA_UINT64: return (double)v.u8;
    case NABLA_FLOAT16: return half_number(v.u2);
    case NABLA_FLOAT32: return (double)v.f4[0];
    case NABLA_FLOAT64: return v.f8[0];
    case NABLA_LONGDOUBLE: return (double)v.f16;
    case NABLA_COMPLEX64: return hypot((double)v.f4[0], (double)v.f4[1]);
    case NABLA_COMPLEX128: return hypot(v.f8[0], v.f8[1]);
    case NABLA_DATETIME64:
    case NABLA_TIMEDELTA64: return time_number(v.i8);
    default: return NAN;
    }
}
