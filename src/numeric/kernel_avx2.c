/* numeric/kernel_avx2.c -- the patterns in vectors of 32 bytes (AVX2, with the fused multiply-add that every
 * processor with AVX2 has). Compiled for them by kernel.cmake; empty without.
 * Elsewhere: what each word means (kernel_table.inc), who may call this (kernel_choice.c). */
#include "numeric/kernel_inline.h"
#include "numeric/kernel_tables.h"

#if defined(__AVX2__) && defined(__FMA__)

#include <float.h>
#include <immintrin.h>
#include <string.h>

#define VECTOR_BYTES 32
typedef __m256d many_f64;
typedef __m256 many_f32;

static INLINE many_f64 all_f64(double x)
{
    return _mm256_set1_pd(x);
}
static INLINE many_f32 all_f32(float x)
{
    return _mm256_set1_ps(x);
}

static INLINE many_f64 load_f64_f64(const double *p)
{
    return _mm256_loadu_pd(p);
}
static INLINE many_f32 load_f32_f32(const float *p)
{
    return _mm256_loadu_ps(p);
}
static INLINE many_f64 minus_f64_f64(const double *p, const double *m)
{
    return load_f64_f64(p) - load_f64_f64(m);
}
static INLINE many_f32 minus_f32_f32(const float *p, const float *m)
{
    return load_f32_f32(p) - load_f32_f32(m);
}

/* small integers as int32, four or eight at once: their differences are exact there */
static INLINE __m128i four_u8(const uint8_t *p)
{
    int bytes;
    memcpy(&bytes, p, sizeof bytes);
    return _mm_cvtepu8_epi32(_mm_cvtsi32_si128(bytes));
}
static INLINE __m128i four_i16(const int16_t *p)
{
    return _mm_cvtepi16_epi32(_mm_loadl_epi64((const __m128i *)p));
}
static INLINE __m256i eight_u8(const uint8_t *p)
{
    return _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)p));
}
static INLINE __m256i eight_i16(const int16_t *p)
{
    return _mm256_cvtepi16_epi32(_mm_loadu_si128((const __m128i *)p));
}

static INLINE many_f64 load_u8_f64(const uint8_t *p)
{
    return _mm256_cvtepi32_pd(four_u8(p));
}
static INLINE many_f64 minus_u8_f64(const uint8_t *p, const uint8_t *m)
{
    return _mm256_cvtepi32_pd(_mm_sub_epi32(four_u8(p), four_u8(m)));
}
static INLINE many_f64 load_i16_f64(const int16_t *p)
{
    return _mm256_cvtepi32_pd(four_i16(p));
}
static INLINE many_f64 minus_i16_f64(const int16_t *p, const int16_t *m)
{
    return _mm256_cvtepi32_pd(_mm_sub_epi32(four_i16(p), four_i16(m)));
}
static INLINE many_f64 load_i32_f64(const int32_t *p)
{
    return _mm256_cvtepi32_pd(_mm_loadu_si128((const __m128i *)p));
}
/* a difference of int32 needs 33 bits */
static INLINE many_f64 minus_i32_f64(const int32_t *p, const int32_t *m)
{
    return load_i32_f64(p) - load_i32_f64(m);
}
static INLINE many_f32 load_u8_f32(const uint8_t *p)
{
    return _mm256_cvtepi32_ps(eight_u8(p));
}
static INLINE many_f32 minus_u8_f32(const uint8_t *p, const uint8_t *m)
{
    return _mm256_cvtepi32_ps(_mm256_sub_epi32(eight_u8(p), eight_u8(m)));
}
static INLINE many_f32 load_i16_f32(const int16_t *p)
{
    return _mm256_cvtepi32_ps(eight_i16(p));
}
static INLINE many_f32 minus_i16_f32(const int16_t *p, const int16_t *m)
{
    return _mm256_cvtepi32_ps(_mm256_sub_epi32(eight_i16(p), eight_i16(m)));
}

static INLINE void store_f64(double *p, many_f64 v)
{
    _mm256_storeu_pd(p, v);
}
static INLINE void store_f32(float *p, many_f32 v)
{
    _mm256_storeu_ps(p, v);
}
static INLINE void stream_f64(double *p, many_f64 v)
{
    _mm256_stream_pd(p, v);
}
static INLINE void stream_f32(float *p, many_f32 v)
{
    _mm256_stream_ps(p, v);
}

/* across the halves: what lies between v and its neighbour, first */
static INLINE many_f64 shift_down_f64(many_f64 v, many_f64 after)
{
    return _mm256_shuffle_pd(v, _mm256_permute2f128_pd(v, after, 0x21), 5);
}
static INLINE many_f64 shift_up_f64(many_f64 before, many_f64 v)
{
    return _mm256_shuffle_pd(_mm256_permute2f128_pd(before, v, 0x21), v, 5);
}
static INLINE many_f32 shift_down_f32(many_f32 v, many_f32 after)
{
    const __m256i between = _mm256_castps_si256(_mm256_permute2f128_ps(v, after, 0x21));
    return _mm256_castsi256_ps(_mm256_alignr_epi8(between, _mm256_castps_si256(v), 4));
}
static INLINE many_f32 shift_up_f32(many_f32 before, many_f32 v)
{
    const __m256i between = _mm256_castps_si256(_mm256_permute2f128_ps(before, v, 0x21));
    return _mm256_castsi256_ps(_mm256_alignr_epi8(_mm256_castps_si256(v), between, 12));
}

static INLINE many_f64 multiply_add_f64(many_f64 a, many_f64 b, many_f64 c)
{
    return _mm256_fmadd_pd(a, b, c);
}
static INLINE many_f32 multiply_add_f32(many_f32 a, many_f32 b, many_f32 c)
{
    return _mm256_fmadd_ps(a, b, c);
}

static INLINE bool any_lost_f64(many_f64 x, many_f64 y)
{
    const __m256d size = _mm256_andnot_pd(all_f64(-0.0), y);
    const __m256d small = _mm256_cmp_pd(size, all_f64(DBL_MIN), _CMP_LT_OQ);
    return _mm256_testz_pd(small, _mm256_cmp_pd(x, all_f64(0), _CMP_NEQ_UQ)) == 0;
}
static INLINE bool any_lost_f32(many_f32 x, many_f32 y)
{
    const __m256 size = _mm256_andnot_ps(all_f32(-0.0F), y);
    const __m256 small = _mm256_cmp_ps(size, all_f32(FLT_MIN), _CMP_LT_OQ);
    return _mm256_testz_ps(small, _mm256_cmp_ps(x, all_f32(0), _CMP_NEQ_UQ)) == 0;
}

/* As integers, without the sign bit (shifted out), numbers are ordered as their sizes are. Moved so that
 * the least size comes to stand at the least integer, one signed comparison sees both ends. */
static INLINE bool any_outside_f64(many_f64 x)
{
    const __m256i least = _mm256_set1_epi64x((1023LL - DIVIDEND_EXPONENT_f64) << 53);
    const __m256i span = _mm256_set1_epi64x((2LL * DIVIDEND_EXPONENT_f64 - 1024) * (1LL << 53));
    __m256i size = _mm256_slli_epi64(_mm256_castpd_si256(x), 1);
    __m256i moved = _mm256_sub_epi64(size, _mm256_xor_si256(least, _mm256_set1_epi64x(INT64_MIN)));
    __m256i zero = _mm256_cmpeq_epi64(size, _mm256_setzero_si256());
    return _mm256_testc_si256(zero, _mm256_cmpgt_epi64(moved, span)) == 0;
}
static INLINE bool any_outside_f32(many_f32 x)
{
    const __m256i least = _mm256_set1_epi32((127 - DIVIDEND_EXPONENT_f32) << 24);
    const __m256i span = _mm256_set1_epi32((2 * DIVIDEND_EXPONENT_f32 - 128) * (1 << 24));
    __m256i size = _mm256_slli_epi32(_mm256_castps_si256(x), 1);
    __m256i moved = _mm256_sub_epi32(size, _mm256_xor_si256(least, _mm256_set1_epi32(INT32_MIN)));
    __m256i zero = _mm256_cmpeq_epi32(size, _mm256_setzero_si256());
    return _mm256_testc_si256(zero, _mm256_cmpgt_epi32(moved, span)) == 0;
}

/* q | (sign & (x ^ d)) */
static INLINE many_f64 with_sign_of_product_f64(many_f64 q, many_f64 x, many_f64 d)
{
    return _mm256_or_pd(q, _mm256_and_pd(_mm256_set1_pd(-0.0), _mm256_xor_pd(x, d)));
}
static INLINE many_f32 with_sign_of_product_f32(many_f32 q, many_f32 x, many_f32 d)
{
    return _mm256_or_ps(q, _mm256_and_ps(_mm256_set1_ps(-0.0F), _mm256_xor_ps(x, d)));
}

#include "numeric/kernel_x86.h"

#define SET_NAME  "avx2"
#define SET_TABLE kernels_avx2
#include "numeric/kernel_table.inc"

#else

const struct kernels *kernels_avx2(void)
{
    return NULL;
}

#endif
