/* base/digits.h -- decimal digits eight at a time, in a plain 64-bit register. Pure.
 *
 *     "21.437 1"  ->  02 01 FE 07 ..    digits_load: each byte less '0', the first one lowest
 *                     2                 digits_count: how many digits lead
 *
 * Source of the sums and of the test: Lemire 2022, "Parsing numbers quickly". */
#ifndef BASE_DIGITS_H
#define BASE_DIGITS_H

#include <stdint.h>
#include <string.h>

enum { DIGITS_AT_ONCE = 8 };

/* In memory's order whatever the processor's. */
static inline uint64_t digits_swap(uint64_t word)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    return __builtin_bswap64(word);
#else
    return word;
#endif
}

/* p[0..8) */
static inline uint64_t digits_load(const char *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof word);
    return digits_swap(word) ^ UINT64_C(0x3030303030303030);
}

/* 0 to 8. Above a byte that is none the sums may carry, which only the first one's place matters to. */
static inline unsigned digits_count(uint64_t word)
{
    uint64_t none = ((word + UINT64_C(0x7676767676767676)) | word) & UINT64_C(0x8080808080808080);
    return none == 0 ? DIGITS_AT_ONCE : (unsigned)__builtin_ctzll(none) / 8;
}

/* The first n < 8 bytes of word, zeros before them. */
static inline uint64_t digits_keep(uint64_t word, unsigned n)
{
    return word << (56 - 8 * n) << 8;
}

/* Eight digits as a number: pairs, fours and eights. */
static inline uint32_t digits_value(uint64_t word)
{
    const uint64_t pair = UINT64_C(0x000000FF000000FF);
    word = word * 10 + (word >> 8);
    uint64_t ends = (word & pair) * ((UINT64_C(1000000) << 32) + 100);
    uint64_t middles = (word >> 16 & pair) * ((UINT64_C(10000) << 32) + 1);
    return (uint32_t)((ends + middles) >> 32);
}

/* v < 10^8 as eight digits 0 to 9, the first one lowest: the way back. */
static inline uint64_t digits_of(uint32_t v)
{
    uint64_t fours = v / 10000 | (uint64_t)(v % 10000) << 32;
    uint64_t hundreds = (fours * 10486 >> 20) & UINT64_C(0x0000007F0000007F);
    uint64_t pairs = hundreds | (fours - hundreds * 100) << 16;
    uint64_t tens = (pairs * 103 >> 10) & UINT64_C(0x000F000F000F000F);
    return tens | (pairs - tens * 10) << 8;
}

/* Writes what digits_of gave as text. */
static inline void digits_store(char *to, uint64_t word)
{
    word = digits_swap(word | UINT64_C(0x3030303030303030));
    memcpy(to, &word, sizeof word);
}

static const uint64_t digits_tens[] = {1,
                                       10,
                                       100,
                                       1000,
                                       10000,
                                       100000,
                                       1000000,
                                       10000000,
                                       100000000,
                                       1000000000,
                                       10000000000,
                                       100000000000,
                                       1000000000000,
                                       10000000000000,
                                       100000000000000,
                                       1000000000000000,
                                       10000000000000000,
                                       100000000000000000,
                                       1000000000000000000,
                                       10000000000000000000u};

/* Appends the digits at p to *m, modulo 2^64, and returns their end. */
static inline const char *digits_read(const char *p, const char *end, uint64_t *m)
{
    uint64_t sum = *m;
    while (end - p >= DIGITS_AT_ONCE) {
        uint64_t word = digits_load(p);
        unsigned n = digits_count(word);
        if (n < DIGITS_AT_ONCE) {
            *m = sum * digits_tens[n] + digits_value(digits_keep(word, n));
            return p + n;
        }
        sum = sum * 100000000 + digits_value(word);
        p += DIGITS_AT_ONCE;
    }
    for (; p < end && (unsigned char)(*p - '0') <= 9; p++)
        sum = sum * 10 + (uint64_t)(*p - '0');
    *m = sum;
    return p;
}

/* The end of the digits at p. */
static inline const char *digits_skip(const char *p, const char *end)
{
    while (end - p >= DIGITS_AT_ONCE) {
        unsigned n = digits_count(digits_load(p));
        p += n;
        if (n < DIGITS_AT_ONCE)
            return p;
    }
    while (p < end && (unsigned char)(*p - '0') <= 9)
        p++;
    return p;
}

#endif
