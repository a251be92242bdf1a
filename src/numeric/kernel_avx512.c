/* numeric/kernel_avx512.c -- the patterns in vectors of 64 bytes, a cache line each (AVX-512 F, VL, DQ
 * and BW). Compiled for them by kernel.cmake; empty without.
 * Elsewhere: what each word means (kernel_table.inc), who may call this (kernel_choice.c). */
#include "numeric/kernel_inline.h"
#include "numeric/kernel_tables.h"

#if defined(__AVX512F__) && defined(__AVX512VL__) && defined(__AVX512DQ__) && defined(__AVX512BW__)

#include <immintrin.h>

#define VECTOR_BYTES 64
typedef __m512d many_f64;
typedef __m512 many_f32;

static INLINE many_f64 all_f64(double x)
{
    return _mm512_set1_pd(x);
}
static INLINE many_f32 all_f32(float x)
{
    return _mm512_set1_ps(x);
}

static INLINE many_f64 load_f64_f64(const double *p)
{
    return _mm512_loadu_pd(p);
}
static INLINE many_f32 load_f32_f32(const float *p)
{
    return _mm512_loadu_ps(p);
}
static INLINE many_f64 minus_f64_f64(const double *p, const double *m)
{
    return load_f64_f64(p) - load_f64_f64(m);
}
static INLINE many_f32 minus_f32_f32(const float *p, const float *m)
{
    return load_f32_f32(p) - load_f32_f32(m);
}

/* small integers as int32, eight or sixteen at once: their differences are exact there */
static INLINE __m256i eight_u8(const uint8_t *p)
{
    return _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)p));
}
static INLINE __m256i eight_i16(const int16_t *p)
{
    return _mm256_cvtepi16_epi32(_mm_loadu_si128((const __m128i *)p));
}
static INLINE __m512i sixteen_u8(const uint8_t *p)
{
    return _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)p));
}
static INLINE __m512i sixteen_i16(const int16_t *p)
{
    return _mm512_cvtepi16_epi32(_mm256_loadu_si256((const __m256i *)p));
}

static INLINE many_f64 load_u8_f64(const uint8_t *p)
{
    return _mm512_cvtepi32_pd(eight_u8(p));
}
static INLINE many_f64 minus_u8_f64(const uint8_t *p, const uint8_t *m)
{
    return _mm512_cvtepi32_pd(_mm256_sub_epi32(eight_u8(p), eight_u8(m)));
}
static INLINE many_f64 load_i16_f64(const int16_t *p)
{
    return _mm512_cvtepi32_pd(eight_i16(p));
}
static INLINE many_f64 minus_i16_f64(const int16_t *p, const int16_t *m)
{
    return _mm512_cvtepi32_pd(_mm256_sub_epi32(eight_i16(p), eight_i16(m)));
}
static INLINE many_f64 load_i32_f64(const int32_t *p)
{
    return _mm512_cvtepi32_pd(_mm256_loadu_si256((const __m256i *)p));
}
/* a difference of int32 needs 33 bits */
static INLINE many_f64 minus_i32_f64(const int32_t *p, const int32_t *m)
{
    return load_i32_f64(p) - load_i32_f64(m);
}
static INLINE many_f32 load_u8_f32(const uint8_t *p)
{
    return _mm512_cvtepi32_ps(sixteen_u8(p));
}
static INLINE many_f32 minus_u8_f32(const uint8_t *p, const uint8_t *m)
{
    return _mm512_cvtepi32_ps(_mm512_sub_epi32(sixteen_u8(p), sixteen_u8(m)));
}
static INLINE many_f32 load_i16_f32(const int16_t *p)
{
    return _mm512_cvtepi32_ps(sixteen_i16(p));
}
static INLINE many_f32 minus_i16_f32(const int16_t *p, const int16_t *m)
{
    return _mm512_cvtepi32_ps(_mm512_sub_epi32(sixteen_i16(p), sixteen_i16(m)));
}

static INLINE void store_f64(double *p, many_f64 v)
{
    _mm512_storeu_pd(p, v);
}
static INLINE void store_f32(float *p, many_f32 v)
{
    _mm512_storeu_ps(p, v);
}
static INLINE void stream_f64(double *p, many_f64 v)
{
    _mm512_stream_pd(p, v);
}
static INLINE void stream_f32(float *p, many_f32 v)
{
    _mm512_stream_ps(p, v);
}

static INLINE many_f64 shift_down_f64(many_f64 v, many_f64 after)
{
    return _mm512_castsi512_pd(
        _mm512_alignr_epi64(_mm512_castpd_si512(after), _mm512_castpd_si512(v), 1));
}
static INLINE many_f32 shift_down_f32(many_f32 v, many_f32 after)
{
    return _mm512_castsi512_ps(
        _mm512_alignr_epi32(_mm512_castps_si512(after), _mm512_castps_si512(v), 1));
}
static INLINE many_f64 shift_up_f64(many_f64 before, many_f64 v)
{
    return _mm512_castsi512_pd(
        _mm512_alignr_epi64(_mm512_castpd_si512(v), _mm512_castpd_si512(before), 7));
}
static INLINE many_f32 shift_up_f32(many_f32 before, many_f32 v)
{
    return _mm512_castsi512_ps(
        _mm512_alignr_epi32(_mm512_castps_si512(v), _mm512_castps_si512(before), 15));
}

static INLINE many_f64 multiply_add_f64(many_f64 a, many_f64 b, many_f64 c)
{
    return _mm512_fmadd_pd(a, b, c);
}
static INLINE many_f32 multiply_add_f32(many_f32 a, many_f32 b, many_f32 c)
{
    return _mm512_fmadd_ps(a, b, c);
}

enum { ZERO_OR_SUBNORMAL = 0x26 };
static INLINE bool any_lost_f64(many_f64 x, many_f64 y)
{
    return _mm512_mask_cmp_pd_mask(_mm512_fpclass_pd_mask(y, ZERO_OR_SUBNORMAL), x,
                                   _mm512_setzero_pd(), _CMP_NEQ_UQ) != 0;
}
static INLINE bool any_lost_f32(many_f32 x, many_f32 y)
{
    return _mm512_mask_cmp_ps_mask(_mm512_fpclass_ps_mask(y, ZERO_OR_SUBNORMAL), x,
                                   _mm512_setzero_ps(), _CMP_NEQ_UQ) != 0;
}

/* As integers, without the sign bit (shifted out), numbers are ordered as their sizes are, and one
 * unsigned comparison sees both ends. */
static INLINE bool any_outside_f64(many_f64 x)
{
    __m512i size = _mm512_slli_epi64(_mm512_castpd_si512(x), 1);
    __m512i above =
        _mm512_sub_epi64(size, _mm512_set1_epi64((1023LL - DIVIDEND_EXPONENT_f64) << 53));
    return _mm512_mask_cmpgt_epu64_mask(
               _mm512_test_epi64_mask(size, size), above,
               _mm512_set1_epi64((long long)(2ULL * DIVIDEND_EXPONENT_f64 << 53))) != 0;
}
static INLINE bool any_outside_f32(many_f32 x)
{
    __m512i size = _mm512_slli_epi32(_mm512_castps_si512(x), 1);
    __m512i above = _mm512_sub_epi32(size, _mm512_set1_epi32((127 - DIVIDEND_EXPONENT_f32) << 24));
    return _mm512_mask_cmpgt_epu32_mask(_mm512_test_epi32_mask(size, size), above,
                                        _mm512_set1_epi32(2 * DIVIDEND_EXPONENT_f32 << 24)) != 0;
}

/* q | (sign & (x ^ d)) */
static INLINE many_f64 with_sign_of_product_f64(many_f64 q, many_f64 x, many_f64 d)
{
    return _mm512_or_pd(q, _mm512_and_pd(_mm512_set1_pd(-0.0), _mm512_xor_pd(x, d)));
}
static INLINE many_f32 with_sign_of_product_f32(many_f32 q, many_f32 x, many_f32 d)
{
    return _mm512_or_ps(q, _mm512_and_ps(_mm512_set1_ps(-0.0F), _mm512_xor_ps(x, d)));
}

#include "numeric/kernel_x86.h"

#define SET_NAME  "avx512"
#define SET_TABLE kernels_avx512
#include "numeric/kernel_table.inc"

#else

const struct kernels *kernels_avx512(void)
{
    return NULL;
}

#endif
