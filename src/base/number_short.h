/* base/number_short.h -- the numbers that sensors send, read where they stand: inline, and only what
 * takes a few operations. Private to what parses lines.
 *
 *     e=21.437 1700000000250000000
 *     ^------^ eight bytes that end with the number: what is before it becomes zeros, the point goes
 *
 * Each reads the whole of [p, end) and is false, with *out as it was, if that is not the simple
 * thing it knows: then base/number.h has the answer. Bytes before p are read, too, as each says. */
#ifndef BASE_NUMBER_SHORT_H
#define BASE_NUMBER_SHORT_H

#include "base/digits.h"

#include <stdbool.h>
#include <stddef.h>

/* Eight bytes that end at end, their first skip < 8 ones taken for zeros. */
static inline uint64_t short_load(const char *end, size_t skip)
{
    return digits_load(end - DIGITS_AT_ONCE) >> 8 * skip << 8 * skip;
}

/* The high bit of the first byte that is no digit, maybe more behind it. */
static inline uint64_t short_others(uint64_t word)
{
    return ((word + UINT64_C(0x7676767676767676)) | word) & UINT64_C(0x8080808080808080);
}

/* -?d.ddd in at most eight bytes. The digits are exact as an integer, and so is the power of ten: one
 * rounding. Reads [end - 8, end). */
static inline bool number_short(const char *p, const char *end, double *out)
{
    static const double powers[] = {1e7, 1e6, 1e5, 1e4, 1e3, 1e2, 1e1, 1};
    bool negative = *p == '-';
    size_t n = (size_t)(end - p) - negative, power = 7;
    if (n - 1 >= DIGITS_AT_ONCE)
        return false;
    uint64_t word = short_load(end, DIGITS_AT_ONCE - n), other = short_others(word);
    if (other != 0) {
        power = (unsigned)__builtin_ctzll(other) / 8;
        if ((other & (other - 1)) != 0 || (word >> 8 * power & 0xFF) != ('.' ^ '0') || n == 1)
            return false;
        uint64_t before = (other >> 7) - 1;
        word = (word & before) << 8 | (word & ~(before << 8 | 0xFF));
    }
    double v = (double)digits_value(word) / powers[power];
    *out = negative ? -v : v;
    return true;
}

/* 17 to 19 digits: a time in nanoseconds. Reads [end - 24, end). */
static inline bool number_short_time(const char *p, const char *end, int64_t *out)
{
    size_t n = (size_t)(end - p);
    if (n - 17 > 2)
        return false;
    uint64_t high = short_load(end - 16, 24 - n);
    uint64_t middle = digits_load(end - 16), low = digits_load(end - 8);
    if ((short_others(high) | short_others(middle) | short_others(low)) != 0)
        return false;
    uint64_t m = (digits_value(high) * UINT64_C(100000000) + digits_value(middle)) * 100000000 +
                 digits_value(low);
    if (m > INT64_MAX)
        return false;
    *out = (int64_t)m;
    return true;
}

/* Ten digits, or those, a point and up to eight more: a time in seconds. Reads [p - 8, end). */
static inline bool number_short_seconds(const char *p, const char *end, int64_t *out_ns)
{
    size_t n = (size_t)(end - p), fraction = n - 11;
    if (n != 10 && fraction > 8)
        return false;
    uint64_t high = short_load(p + 2, 6), low = digits_load(p + 2), rest = 0;
    if (n > 11)
        rest = short_load(end, DIGITS_AT_ONCE - fraction) >> 8 * (DIGITS_AT_ONCE - fraction);
    if ((short_others(high) | short_others(low) | short_others(rest)) != 0 ||
        (n != 10 && p[10] != '.'))
        return false;
    uint64_t s = digits_value(high) * UINT64_C(100000000) + digits_value(low);
    if (s >= UINT64_C(9000000000)) /* near what fits */
        return false;
    *out_ns = (int64_t)(s * 1000000000 + digits_value(rest) * UINT64_C(10));
    return true;
}

#endif
