/* base/decimal.h -- a decimal number found in text, before it is a double or an integer. Pure.
 *
 *     -  0012  .  500  e-3        mantissa 12500, power -6
 *        ^first        ^end
 *
 * Private to base/number*.c. */
#ifndef BASE_DECIMAL_H
#define BASE_DECIMAL_H

#include "base/digits.h"

#include <stdbool.h>
#include <stddef.h>

enum { DECIMAL_DIGITS = 19 }; /* so many always fit an uint64_t */

struct decimal {
    const char *first, *end; /* the digits, maybe with a point between */
    size_t n;                /* how many; of more than DECIMAL_DIGITS, those after leading zeros */
    uint64_t mantissa;       /* the digits as a number, if n <= DECIMAL_DIGITS */
    int64_t power;           /* of ten, of the last digit */
    bool negative;
};

static inline const char *decimal_sign(const char *p, const char *end, bool *negative)
{
    *negative = p < end && *p == '-';
    return p < end && (*p == '-' || *p == '+') ? p + 1 : p;
}

/* What stands at p behind the digits, if it is an exponent: returns its end, or p. */
const char *decimal_exponent(const char *p, const char *end, int64_t *exponent);

/* Only long numbers pay for finding their first significant digit; d->n counts all until here. */
void decimal_drop_zeros(struct decimal *d);

static inline bool decimal_is_zero(const struct decimal *d)
{
    return d->n <= DECIMAL_DIGITS && d->mantissa == 0;
}

/* Returns how many bytes the number has, 0 if there is none. */
static inline size_t decimal_read(const char *text, size_t n, struct decimal *d)
{
    const char *end = text + n, *p = decimal_sign(text, end, &d->negative);
    uint64_t mantissa = 0;
    size_t fraction = 0;
    d->first = p;
    p = digits_read(p, end, &mantissa);
    size_t whole = (size_t)(p - d->first);
    if (p < end && *p == '.') {
        const char *point = p;
        p = digits_read(p + 1, end, &mantissa);
        fraction = (size_t)(p - point - 1);
    }
    d->end = p;
    d->n = whole + fraction;
    d->mantissa = mantissa;
    if (d->n == 0)
        return 0;
    d->power = 0;
    if (p < end && (*p | 0x20) == 'e')
        p = decimal_exponent(p, end, &d->power);
    d->power -= (int64_t)fraction;
    if (d->n > DECIMAL_DIGITS)
        decimal_drop_zeros(d);
    return (size_t)(p - text);
}

#endif
