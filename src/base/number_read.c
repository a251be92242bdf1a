/* base/number_read.c -- text to the nearest double.
 *
 *     m * 10^q      m the digits, at most 19 of them
 *     m < 2^53, |q| <= 22     one operation on two exact doubles (Clinger 1990)
 *     else                    m times the 128 leading bits of 10^q: 192 bits, which are the value but
 *                             for less than two units of bit 64, seldom near enough to the middle
 *                             of two doubles to matter (Lemire 2021, "Number parsing at a gigabyte
 *                             per second", Software: Practice and Experience 51, 1700-1727)
 *     more digits             what the first 19 give, if the next larger 19 give the same
 *     else                    strtod, of the digits without a decimal point: no locale matters
 *
 * Laws: equal to strtod in every bit (test_number.c). Elsewhere: the powers (number_powers.c). */
#include "base/number.h"

#include "base/decimal.h"
#include "base/number_powers.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    EXACT_DIGITS = 800,  /* no double or midpoint of two has more than 768 significant digits */
    POWER_CLAMP = 20000, /* beyond the reach of EXACT_DIGITS digits, and short to write */
    LARGEST_POWER = 308, /* 1e309 is infinite */
    FRACTION_BITS = 52,
    EXPONENT_BIAS = 1075, /* of a fraction taken as an integer */
    EXPONENT_INFINITE = 2047,
};

/* Each exact: 5^22 is below 2^53. */
static const double exact_tens[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

const char *decimal_exponent(const char *p, const char *end, int64_t *exponent)
{
    bool negative;
    const char *q = decimal_sign(p + 1, end, &negative), *digits = q;
    int64_t e = 0;
    for (; q < end && (unsigned char)(*q - '0') <= 9; q++)
        if (e < INT64_C(1000000000000000)) /* no text is that long: more is all the same */
            e = e * 10 + (*q - '0');
    *exponent = negative ? -e : e;
    return q == digits ? p : q;
}

void decimal_drop_zeros(struct decimal *d)
{
    for (; d->first < d->end && (*d->first == '0' || *d->first == '.'); d->first++)
        if (*d->first == '0')
            d->n--;
}

static double from_bits(uint64_t bits)
{
    double v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

/* The value is (top + d) * 2^exponent, top >= 2^126; d is 0 if exact, else 0 < d < 2. False if d decides
 * how it rounds. */
static bool round_bits(unsigned __int128 top, int exponent, bool exact, double *out)
{
    int cut = 74 + (int)(top >> 127), field = exponent + cut + EXPONENT_BIAS;
    if (field < 1) { /* subnormal: fewer bits */
        cut += 1 - field;
        field = 1;
    }
    if (cut > 126)
        return false;
    uint64_t mantissa = (uint64_t)(top >> cut);
    unsigned __int128 half = (unsigned __int128)1 << (cut - 1), rest = top & (2 * half - 1);
    if (!exact && rest == half - 1)
        return false;
    uint64_t up = exact && rest == half ? mantissa & 1 : rest >= half;
    /* a leading bit adds 1 to the field, and so does a carry out of the fraction */
    uint64_t bits = ((uint64_t)(field - 1) << FRACTION_BITS) + mantissa + up;
    bool infinite = field >= EXPONENT_INFINITE || bits >> FRACTION_BITS >= EXPONENT_INFINITE;
    *out = infinite ? INFINITY : from_bits(bits);
    return true;
}

/* m * 10^q for any m but 0; false if 128 bits of the power do not decide. */
static bool scale(uint64_t m, int64_t q, double *out)
{
    if (q < POWER_LOW || q > LARGEST_POWER) {
        *out = q < 0 ? 0 : INFINITY;
        return true;
    }
    int zeros = __builtin_clzll(m), k = (int)q;
    struct power power = power_of_ten(k);
    m <<= zeros;
    unsigned __int128 low = (unsigned __int128)m * power.low;
    unsigned __int128 top = (unsigned __int128)m * power.high + (uint64_t)(low >> 64);
    bool exact = k >= 0 && k <= POWER_EXACT && (uint64_t)low == 0;
    return round_bits(top, power_exponent(k) + 64 - zeros, exact, out);
}

/* The digits as one integer and an exponent. Digits past EXACT_DIGITS only tell whether they are
 * all zero, which one further digit tells as well. */
static double scale_by_strtod(const struct decimal *d)
{
    char text[EXACT_DIGITS + 32];
    size_t n = 0, seen = 0;
    bool rest = false;
    for (const char *p = d->first; p < d->end; p++) {
        if (*p == '.')
            continue;
        if (seen++ < EXACT_DIGITS)
            text[n++] = *p;
        else
            rest |= *p != '0';
    }
    int64_t power = d->power;
    if (seen > EXACT_DIGITS) {
        text[n++] = rest ? '1' : '0';
        power += (int64_t)(seen - EXACT_DIGITS) - 1;
    }
    if (power > POWER_CLAMP || power < -POWER_CLAMP)
        power = power < 0 ? -POWER_CLAMP : POWER_CLAMP;
    snprintf(text + n, sizeof text - n, "e%d", (int)power);
    return strtod(text, NULL);
}

/* The first DECIMAL_DIGITS of more. */
static uint64_t leading_digits(const struct decimal *d)
{
    uint64_t m = 0;
    const char *p = d->first;
    for (int i = 0; i < DECIMAL_DIGITS; i++, p++) {
        p += *p == '.';
        m = m * 10 + (uint64_t)(*p - '0');
    }
    return m;
}

static double long_value(const struct decimal *d)
{
    uint64_t m = leading_digits(d);
    int64_t q = d->power + (int64_t)(d->n - DECIMAL_DIGITS);
    double below, above;
    if (scale(m, q, &below) && scale(m + 1, q, &above) && below == above)
        return below;
    return scale_by_strtod(d);
}

static double decimal_value(const struct decimal *d)
{
    if (d->n > DECIMAL_DIGITS)
        return long_value(d);
    if (d->mantissa < UINT64_C(1) << 53 && d->power >= -22 && d->power <= 22)
        return d->power < 0 ? (double)d->mantissa / exact_tens[-d->power]
                            : (double)d->mantissa * exact_tens[d->power];
    double v = 0;
    if (d->mantissa == 0 || scale(d->mantissa, d->power, &v))
        return v;
    return scale_by_strtod(d);
}

size_t number_read(const char *text, size_t n, double *out)
{
    struct decimal d;
    size_t used = decimal_read(text, n, &d);
    if (used > 0)
        *out = d.negative ? -decimal_value(&d) : decimal_value(&d);
    return used;
}
