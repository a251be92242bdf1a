/* wire/block.h -- where the bytes that mean something lie among the next 64: a bit each, the first
 * byte's lowest. Private to wire.
 *
 *     temperature,site=a value=21.4
 *     ...........1.................     comma
 *     ................1.......1....     equals
 *     ..................1..........     blank
 *
 * The same bits by AVX2 where the file that includes this is compiled for it, else in plain C
 * (test_plain.c: both_take_the_same). */
#ifndef WIRE_BLOCK_H
#define WIRE_BLOCK_H

#include "base/digits.h"

#include <stdint.h>
#include <string.h>

#ifdef __AVX2__
#include <immintrin.h>
#endif

enum { BLOCK_BYTES = 64 };

struct block {
    uint64_t comma, equals, blank;
    uint64_t odd; /* backslashes and control characters, tabs and ends of lines among them */
};

#ifdef __AVX2__

static inline uint64_t block_bits(__m256i low, __m256i high)
{
    return (uint32_t)_mm256_movemask_epi8(low) | (uint64_t)(uint32_t)_mm256_movemask_epi8(high)
                                                     << 32;
}

/* In memory: a comparison takes it from there for nothing. */
#define BLOCK_ALL(c)                                                                               \
    {                                                                                              \
        c, c, c, c, c, c, c, c, c, c, c, c, c, c, c, c, c, c, c, c, c, c, c, c, c, c, c, c, c, c,  \
            c, c                                                                                   \
    }
static const _Alignas(32) char block_all[][32] = {BLOCK_ALL(','),  BLOCK_ALL('='),
                                                  BLOCK_ALL(' '),  BLOCK_ALL('\\'),
                                                  BLOCK_ALL(0x1F), BLOCK_ALL('\n')};
enum { BLOCK_COMMA, BLOCK_EQUALS, BLOCK_BLANK, BLOCK_BACKSLASH, BLOCK_CONTROL, BLOCK_LF };

static inline __m256i block_same(__m256i x, int which)
{
    return _mm256_cmpeq_epi8(x, *(const __m256i *)(const void *)block_all[which]);
}

static inline uint64_t block_find(__m256i low, __m256i high, int which)
{
    return block_bits(block_same(low, which), block_same(high, which));
}

static inline __m256i block_odd(__m256i x)
{
    __m256i last = *(const __m256i *)(const void *)block_all[BLOCK_CONTROL];
    return _mm256_or_si256(block_same(_mm256_max_epu8(x, last), BLOCK_CONTROL),
                           block_same(x, BLOCK_BACKSLASH));
}

/* p[0..64) */
static inline void block_scan_whole(const char *p, struct block *b)
{
    __m256i low = _mm256_loadu_si256((const __m256i *)(const void *)p);
    __m256i high = _mm256_loadu_si256((const __m256i *)(const void *)(p + 32));
    b->comma = block_find(low, high, BLOCK_COMMA);
    b->equals = block_find(low, high, BLOCK_EQUALS);
    b->blank = block_find(low, high, BLOCK_BLANK);
    b->odd = block_bits(block_odd(low), block_odd(high));
}

/* The first LF of [p, end), NULL if there is none. */
static inline const char *block_line_end(const char *p, const char *end)
{
    for (; end - p >= BLOCK_BYTES; p += BLOCK_BYTES) {
        __m256i low = _mm256_loadu_si256((const __m256i *)(const void *)p);
        __m256i high = _mm256_loadu_si256((const __m256i *)(const void *)(p + 32));
        uint64_t at = block_find(low, high, BLOCK_LF);
        if (at != 0)
            return p + __builtin_ctzll(at);
    }
    return memchr(p, '\n', (size_t)(end - p));
}

#else

/* As the compiler has it for any processor. */
typedef uint8_t block_bytes __attribute__((vector_size(16)));

/* Bytes of all ones or none, as a bit each. */
static inline uint64_t block_gather(block_bytes ones)
{
    uint64_t halves[2], bits = 0;
    memcpy(halves, &ones, sizeof halves);
    for (int i = 0; i < 2; i++) {
        uint64_t eight = digits_swap(halves[i]) & UINT64_C(0x8040201008040201);
        bits |= (eight * UINT64_C(0x0101010101010101) >> 56) << 8 * i;
    }
    return bits;
}

/* p[0..64) */
static inline void block_scan_whole(const char *p, struct block *b)
{
    *b = (struct block){0};
    for (int i = 0; i < BLOCK_BYTES; i += 16) {
        block_bytes x;
        memcpy(&x, p + i, sizeof x);
        b->comma |= block_gather((block_bytes)(x == ',')) << i;
        b->equals |= block_gather((block_bytes)(x == '=')) << i;
        b->blank |= block_gather((block_bytes)(x == ' ')) << i;
        b->odd |= block_gather((block_bytes)((x == '\\') | (x < 0x20))) << i;
    }
}

/* The first LF of [p, end), NULL if there is none. */
static inline const char *block_line_end(const char *p, const char *end)
{
    return memchr(p, '\n', (size_t)(end - p));
}

#endif

/* [p, end) or as much of it as a block holds; what follows end is odd. */
static inline void block_scan(const char *p, const char *end, struct block *b)
{
    char copy[BLOCK_BYTES];
    if (end - p >= BLOCK_BYTES) {
        block_scan_whole(p, b);
        return;
    }
    memset(copy, 0, sizeof copy);
    memcpy(copy, p, (size_t)(end - p));
    block_scan_whole(copy, b);
}

#endif
