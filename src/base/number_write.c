/* base/number_write.c -- a double to the shortest decimal that reads back as it.
 *
 *          lower   v   upper         what rounds to v: half way to its neighbours, ends included if
 *     -------[-----+-----]-------    v's fraction is even
 *     |            |s    |s+1        multiples of 10^k, at most one of which ... is not inside
 *     |sp          |                 multiples of 10^(k+1), of which at most one is inside
 *
 * Scaled by 10^-k to 2 extra bits, the three points are compared as integers that were rounded to odd,
 * so that every comparison with a multiple of 4 is exact. Source: Giulietti 2020, "The Schubfach way
 * to render doubles"; round to odd: Boldo, Melquiond 2008, IEEE Transactions on Computers 57.
 * Laid out as Go and Prometheus do: 0.0001, 1e-05, 100000000000000000000, 1e+21.
 * Laws: reads back as the same bits; nothing shorter does, and nothing as short is nearer
 * (test_number_write.c). Elsewhere: the powers (number_powers.c), reading (number_read.c). */
#include "base/number.h"

#include "base/digits.h"
#include "base/number_powers.h"

#include <math.h>
#include <stdbool.h>

enum {
    POSITIONAL_FROM = -4, /* smaller powers of the first digit are written with an exponent, */
    POSITIONAL_TO = 21,   /* as are these and larger ones */
    FRACTION_BITS = 52,
    EXPONENT_BIAS = 1075, /* of a fraction taken as an integer */
    DIGITS_MAX = 17,
    DIGITS_ROOM = 24, /* three stores of eight; a point between them moves up to 16 further */
};

/* floor(log10(2^e)), or of 3/4 of it, for |e| <= 1500. Source: Giulietti 2020, section 9. */
static int floor_log10_power(int e, bool three_quarters)
{
    return (e * 1262611 - (three_quarters ? 524031 : 0)) >> 22;
}

/* The least 128-bit number that is not below the power. */
static struct power power_above(int k)
{
    struct power p = power_of_ten(k);
    bool exact = k >= 0 && k <= POWER_EXACT;
    p.low += !exact;
    p.high += !exact && p.low == 0;
    return p;
}

/* floor(p * c / 2^128), its lowest bit also set if what was cut off is not 0. */
static uint64_t multiply_to_odd(struct power p, uint64_t c)
{
    unsigned __int128 low = (unsigned __int128)p.low * c;
    unsigned __int128 sum = (unsigned __int128)p.high * c + (uint64_t)(low >> 64);
    return (uint64_t)(sum >> 64) | ((uint64_t)sum > 1);
}

/* A decimal: m * 10^power, m < 10^17. */
struct shortest {
    uint64_t m;
    int power;
};

/* All in quarters of 10^k: the double, and the ends of what reads back as it. */
struct interval {
    uint64_t v, lower, upper;
    int k;
};

/* c * 2^q; narrow: the neighbour below is half as far as the one above. */
static struct interval scale(uint64_t c, int q, bool narrow)
{
    struct interval i = {.k = floor_log10_power(q, narrow)};
    int shift = q + floor_log2_power(-i.k) + 1;
    struct power p = power_above(-i.k);
    uint64_t open = c & 1;
    i.v = multiply_to_odd(p, 4 * c << shift);
    i.lower = multiply_to_odd(p, (4 * c - 2 + narrow) << shift) + open;
    i.upper = multiply_to_odd(p, (4 * c + 2) << shift) - open;
    return i;
}

/* The one of s and s + 1 that is inside, or, both being so, the nearer one, or the even one. */
static struct shortest find_shortest(uint64_t c, int q, bool narrow)
{
    struct interval i = scale(c, q, narrow);
    uint64_t s = i.v / 4, tens = s / 10;
    bool below = i.lower <= 40 * tens, above = 40 * tens + 40 <= i.upper;
    if (s >= 10 && below != above)
        return (struct shortest){tens + above, i.k + 1};
    below = i.lower <= 4 * s;
    above = 4 * s + 4 <= i.upper;
    uint64_t middle = 4 * s + 2;
    bool nearer = i.v > middle || (i.v == middle && (s & 1) != 0);
    return (struct shortest){s + (below != above ? above : nearer), i.k};
}

/* The digits of a number about to be written: value = d.ddd * 10^power. */
struct digits {
    char at[2 * DIGITS_ROOM]; /* zeros behind the last one, up to DIGITS_ROOM */
    int n, power;
};

static int count_digits(uint64_t m)
{
    int n = ((64 - __builtin_clzll(m)) * 1233) >> 12; /* floor(log10), or one more */
    return n + (m >= digits_tens[n]);
}

/* How many of the eight digits are left without the zeros at their end. */
static int significant(uint64_t eight)
{
    return eight == 0 ? 0 : 8 - __builtin_clzll(eight) / 8;
}

/* Left-aligned: a number of 17 digits is one, eight and eight. */
static void spell(struct shortest s, struct digits *d)
{
    int n = count_digits(s.m);
    uint64_t m = s.m * digits_tens[DIGITS_MAX - n], rest = m % UINT64_C(10000000000000000);
    uint64_t middle = digits_of((uint32_t)(rest / 100000000));
    uint64_t last = digits_of((uint32_t)(rest % 100000000));
    d->at[0] = (char)('0' + m / UINT64_C(10000000000000000));
    digits_store(d->at + 1, middle);
    digits_store(d->at + 9, last);
    digits_store(d->at + DIGITS_MAX, 0);
    d->n = last != 0 ? 9 + significant(last) : 1 + significant(middle);
    d->power = s.power + n - 1;
}

/* 0.00ddd, dd.dd or ddd00. Copies are of more than is wanted, but of a size that needs no loop. */
static char *put_positional(char *to, const struct digits *d)
{
    static const char zeros[] = {'0', '.', '0', '0', '0'};
    int whole = d->power + 1;
    if (whole <= 0) {
        memcpy(to, zeros, sizeof zeros);
        to += 2 - whole;
        memcpy(to, d->at, DIGITS_ROOM);
        return to + d->n;
    }
    memcpy(to, d->at, DIGITS_ROOM);
    if (whole >= d->n)
        return to + whole;
    to[whole] = '.';
    memcpy(to + whole + 1, d->at + whole, DIGITS_MAX - 1);
    return to + d->n + 1;
}

/* d.ddde+dd, at least two digits of exponent */
static char *put_exponential(char *to, const struct digits *d)
{
    to[0] = d->at[0];
    to[1] = '.';
    memcpy(to + 2, d->at + 1, DIGITS_MAX - 1);
    to += d->n > 1 ? d->n + 1 : 1;
    int power = d->power < 0 ? -d->power : d->power;
    *to++ = 'e';
    *to++ = d->power < 0 ? '-' : '+';
    if (power >= 100)
        *to++ = (char)('0' + power / 100);
    *to++ = (char)('0' + power / 10 % 10);
    *to++ = (char)('0' + power % 10);
    return to;
}

static size_t write_word(char *out, const char *word)
{
    size_t n = strlen(word);
    memcpy(out, word, n + 1);
    return n;
}

/* bits: of a double that is neither 0 nor infinite nor NaN, without its sign. */
static char *put_double(char *to, uint64_t bits)
{
    uint64_t fraction = bits & ((UINT64_C(1) << FRACTION_BITS) - 1);
    int field = (int)(bits >> FRACTION_BITS);
    struct digits d;
    if (field == 0)
        spell(find_shortest(fraction, 1 - EXPONENT_BIAS, false), &d);
    else
        spell(find_shortest(fraction | UINT64_C(1) << FRACTION_BITS, field - EXPONENT_BIAS,
                            fraction == 0 && field > 1),
              &d);
    bool positional = d.power >= POSITIONAL_FROM && d.power < POSITIONAL_TO;
    return positional ? put_positional(to, &d) : put_exponential(to, &d);
}

/* Also writes a NUL, and then some. */
static size_t put_u64(char *to, uint64_t v)
{
    char text[2 * DIGITS_ROOM] = {0};
    uint64_t top = v / UINT64_C(10000000000000000), rest = v % UINT64_C(10000000000000000);
    digits_store(text, digits_of((uint32_t)top));
    digits_store(text + 8, digits_of((uint32_t)(rest / 100000000)));
    digits_store(text + 16, digits_of((uint32_t)(rest % 100000000)));
    int n = count_digits(v | 1); /* 0 has a digit, too */
    memcpy(to, text + DIGITS_ROOM - n, DIGITS_ROOM);
    return (size_t)n;
}

size_t number_write_u64(char out[static NUMBER_TEXT_MAX], uint64_t v)
{
    return put_u64(out, v);
}

size_t number_write_i64(char out[static NUMBER_TEXT_MAX], int64_t v)
{
    out[0] = '-';
    return v < 0 ? 1 + put_u64(out + 1, 0 - (uint64_t)v) : put_u64(out, (uint64_t)v);
}

size_t number_write(char out[static NUMBER_TEXT_MAX], double v)
{
    if (isnan(v))
        return write_word(out, "NaN");
    if (isinf(v))
        return write_word(out, v < 0 ? "-Inf" : "+Inf");
    if (fabs(v) < 1e15 && v == (double)(int64_t)v && (v != 0 || !signbit(v)))
        return number_write_i64(out, (int64_t)v);
    if (v == 0)
        return write_word(out, "-0");
    char *to = out;
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    *to = '-';
    to = put_double(to + signbit(v), bits & INT64_MAX);
    *to = '\0';
    return (size_t)(to - out);
}
