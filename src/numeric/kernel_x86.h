/* numeric/kernel_x86.h -- the words of kernel_table.inc that are the same whatever the vectors. */
#ifndef NUMERIC_KERNEL_X86_H
#define NUMERIC_KERNEL_X86_H

#include "numeric/kernel_inline.h"

#include <immintrin.h>
#include <stdint.h>
#include <string.h>

static INLINE void stream_one_f64(double *p, double x)
{
    long long bits;
    memcpy(&bits, &x, sizeof bits);
    _mm_stream_si64((long long *)(void *)p, bits);
}
static INLINE void stream_one_f32(float *p, float x)
{
    int bits;
    memcpy(&bits, &x, sizeof bits);
    _mm_stream_si32((int *)(void *)p, bits);
}

static INLINE double one_multiply_add_f64(double a, double b, double c)
{
    return __builtin_fma(a, b, c);
}
static INLINE float one_multiply_add_f32(float a, float b, float c)
{
    return __builtin_fmaf(a, b, c);
}

static void finish(void)
{
    _mm_sfence();
}

#endif
