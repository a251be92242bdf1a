/* base/number.c -- text to numbers, exactly. What the files of number_*.c leave over: integers,
 * seconds, and words for numbers.
 * Laws: an integer that is read is the one written, or none is; digits of a second past the ninth are
 * cut, never rounded (test_number.c). Elsewhere: doubles (number_read.c, number_write.c), RFC 3339
 * and durations (time_text.c). */
#include "base/number.h"

#include "base/decimal.h"
#include "base/digits.h"

#include <math.h>

enum { SECONDS_TO_NS = 9 /* powers of ten */ };

/* The length of word if text starts with it in any case, else 0. */
static size_t starts_with(const char *text, size_t n, const char *word)
{
    size_t i = 0;
    for (; word[i] != '\0'; i++)
        if (i == n || (text[i] | 0x20) != word[i])
            return 0;
    return i;
}

size_t number_read_any(const char *text, size_t n, double *out)
{
    static const struct {
        const char *word;
        double value;
    } words[] = {{"nan", NAN}, {"infinity", INFINITY}, {"inf", INFINITY}};
    size_t used = number_read(text, n, out);
    if (used > 0)
        return used;
    bool negative;
    size_t sign = (size_t)(decimal_sign(text, text + n, &negative) - text);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        used = starts_with(text + sign, n - sign, words[i].word);
        if (used > 0) {
            *out = copysign(words[i].value, negative ? -1 : 1);
            return sign + used;
        }
    }
    return 0;
}

/* The same with a look at every digit: leading zeros, or more than 64 bits. */
static size_t read_long_u64(const char *text, size_t n, uint64_t *out)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < n; i++)
        if (__builtin_mul_overflow(sum, 10, &sum) ||
            __builtin_add_overflow(sum, (uint64_t)(text[i] - '0'), &sum))
            return 0;
    *out = sum;
    return n;
}

size_t number_read_u64(const char *text, size_t n, uint64_t *out)
{
    uint64_t sum = 0;
    size_t used = (size_t)(digits_read(text, text + n, &sum) - text);
    if (used > DECIMAL_DIGITS)
        return read_long_u64(text, used, out);
    if (used > 0)
        *out = sum;
    return used;
}

/* Gives a magnitude its sign; false if 64 bits cannot hold it. */
static bool sign_i64(uint64_t magnitude, bool negative, int64_t *out)
{
    if (magnitude > (uint64_t)INT64_MAX + negative)
        return false;
    *out = (int64_t)(negative ? 0 - magnitude : magnitude);
    return true;
}

size_t number_read_i64(const char *text, size_t n, int64_t *out)
{
    uint64_t magnitude;
    size_t sign = n > 0 && text[0] == '-';
    size_t used = number_read_u64(text + sign, n - sign, &magnitude);
    return used > 0 && sign_i64(magnitude, sign, out) ? sign + used : 0;
}

int number_rest_u64(uint64_t v)
{
    double nearest = (double)v;
    /* 2^64, which some are nearest to, is 0 in 64 bits, and the difference is right in them all the same */
    uint64_t there = nearest < 0x1p64 ? (uint64_t)nearest : 0;
    return (int)(int64_t)(v - there);
}

int number_rest_i64(int64_t v)
{
    return v < 0 ? -number_rest_u64(-(uint64_t)v) : number_rest_u64((uint64_t)v);
}

int number_rest(const char *text, size_t n)
{
    uint64_t magnitude;
    size_t sign = n > 0 && (text[0] == '-' || text[0] == '+');
    if (n == sign || number_read_u64(text + sign, n - sign, &magnitude) != n - sign)
        return 0;
    int rest = number_rest_u64(magnitude);
    return text[0] == '-' ? -rest : rest;
}

/* The first keep digits, then zeros. False if they do not fit. */
static bool cut_decimal(const struct decimal *d, int64_t keep, uint64_t *out)
{
    uint64_t sum = 0;
    const char *p = d->first;
    for (; keep > 0; keep--) {
        p += p < d->end && *p == '.';
        uint64_t digit = p < d->end ? (uint64_t)(*p++ - '0') : 0;
        if (__builtin_mul_overflow(sum, 10, &sum) || __builtin_add_overflow(sum, digit, &sum))
            return false;
    }
    *out = sum;
    return true;
}

/* d * 10^9, cut to an integer. False if it does not fit. */
static bool scale_seconds(const struct decimal *d, uint64_t *out)
{
    int64_t power = d->power + SECONDS_TO_NS;
    if (d->n > DECIMAL_DIGITS || power < -DECIMAL_DIGITS || power > DECIMAL_DIGITS)
        return cut_decimal(d, (int64_t)d->n + power, out);
    if (power < 0) {
        *out = d->mantissa / digits_tens[-power];
        return true;
    }
    return !__builtin_mul_overflow(d->mantissa, digits_tens[power], out);
}

size_t number_read_seconds(const char *text, size_t n, int64_t *out_ns)
{
    struct decimal d;
    size_t used = decimal_read(text, n, &d);
    if (used == 0)
        return 0;
    uint64_t ns = 0;
    if (!decimal_is_zero(&d) && !scale_seconds(&d, &ns))
        return 0;
    return sign_i64(ns, d.negative, out_ns) ? used : 0;
}
