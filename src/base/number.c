/* base/number.c -- text to numbers and back, exactly.
 *
 *     -  0012  .  500  e-3        one pass finds the significant digits m and the power of ten x:
 *        ^^^^     ^^^  ^^^        value = m * 10^x, here 12500 * 10^-6
 *
 * Reading takes the first way that is exact: m below 2^53 and |x| <= 22 is one operation on two
 * doubles (Clinger 1990); up to 19 digits and |x| <= 19 one on 128-bit integers, rounded once; all
 * else goes to strtod, rewritten without a decimal point, so that no locale matters.
 * Writing finds the fewest digits that read back, and lays them out as Go and Prometheus do.
 * Laws: equal to strtod in every bit; written text reads back as the same bits; nothing shorter
 * does (test_number.c). Elsewhere: RFC 3339 and durations (base/time_text.c). */
#include "base/number.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MANTISSA_DIGITS = 19, /* always fit an uint64_t */
    EXACT_DIGITS = 800,   /* no double or midpoint of two has more than 768 significant digits */
    POWER_CLAMP = 20000,  /* beyond the reach of EXACT_DIGITS digits, and short to write */
    POSITIONAL_FROM = -4, /* smaller powers of the first digit are written with an exponent, */
    POSITIONAL_TO = 21,   /* as are these and larger ones */
    SECONDS_TO_NS = 9,    /* powers of ten */
};

/* The unsigned part of a number: its significant digits, first to end, maybe with a point between. */
struct decimal {
    const char *first, *end;
    size_t n;          /* how many digits, the leading zeros left out */
    uint64_t mantissa; /* the digits as a number, if n <= MANTISSA_DIGITS */
    int64_t power;     /* of ten, of the last digit */
    bool negative;
};

static bool is_digit(char c)
{
    return (unsigned char)(c - '0') <= 9;
}

static const char *skip_sign(const char *p, const char *end, bool *negative)
{
    *negative = p < end && *p == '-';
    return p < end && (*p == '-' || *p == '+') ? p + 1 : p;
}

static const char *read_digits(const char *p, const char *end, uint64_t *m)
{
    uint64_t sum = *m;
    for (; p < end && is_digit(*p); p++)
        sum = sum * 10 + (uint64_t)(*p - '0');
    *m = sum;
    return p;
}

/* Returns p itself if what stands there is no exponent. */
static const char *read_exponent(const char *p, const char *end, int64_t *exponent)
{
    *exponent = 0;
    if (p == end || (*p | 0x20) != 'e')
        return p;
    bool negative;
    const char *q = skip_sign(p + 1, end, &negative);
    if (q == end || !is_digit(*q))
        return p;
    int64_t e = 0;
    for (; q < end && is_digit(*q); q++)
        if (e < INT64_C(1000000000000000)) /* no text is that long: more is all the same */
            e = e * 10 + (*q - '0');
    *exponent = negative ? -e : e;
    return q;
}

/* Only long numbers pay for finding their first significant digit; d->n counts all until here. */
static void drop_leading_zeros(struct decimal *d)
{
    for (; d->first < d->end && (*d->first == '0' || *d->first == '.'); d->first++)
        if (*d->first == '0')
            d->n--;
}

/* Returns how many bytes the number has, 0 if there is none. */
static size_t read_decimal(const char *text, size_t n, struct decimal *d)
{
    const char *end = text + n, *p = skip_sign(text, end, &d->negative);
    size_t fraction = 0;
    d->first = p;
    d->mantissa = 0;
    p = read_digits(p, end, &d->mantissa);
    size_t whole = (size_t)(p - d->first);
    if (p < end && *p == '.') {
        const char *point = p;
        p = read_digits(p + 1, end, &d->mantissa);
        fraction = (size_t)(p - point - 1);
    }
    d->end = p;
    d->n = whole + fraction;
    if (d->n == 0)
        return 0;
    p = read_exponent(p, end, &d->power);
    d->power -= (int64_t)fraction;
    if (d->n > MANTISSA_DIGITS)
        drop_leading_zeros(d);
    return (size_t)(p - text);
}

static const uint64_t tens[] = {1,
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

/* Each exact: 5^22 is below 2^53. */
static const double exact_tens[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* m * 10^power, |power| <= 19, m not 0: an integer of more than 55 bits whose lowest bit also tells
 * whether anything was cut, so that the conversion rounds once and rightly. */
static double scale_integer(uint64_t m, int64_t power)
{
    if (power >= 0)
        return (double)((unsigned __int128)m * tens[power]);
    int shift = 64 + __builtin_clzll(m);
    unsigned __int128 dividend = (unsigned __int128)m << shift;
    unsigned __int128 quotient = dividend / tens[-power];
    bool cut = quotient * tens[-power] != dividend;
    return ldexp((double)(quotient | cut), -shift);
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

static double decimal_value(const struct decimal *d)
{
    if (d->n > MANTISSA_DIGITS)
        return d->first == d->end ? 0 : scale_by_strtod(d);
    if (d->mantissa < UINT64_C(1) << 53 && d->power >= -22 && d->power <= 22)
        return d->power < 0 ? (double)d->mantissa / exact_tens[-d->power]
                            : (double)d->mantissa * exact_tens[d->power];
    if (d->mantissa == 0)
        return 0;
    if (d->power >= -MANTISSA_DIGITS && d->power <= MANTISSA_DIGITS)
        return scale_integer(d->mantissa, d->power);
    return scale_by_strtod(d);
}

size_t number_read(const char *text, size_t n, double *out)
{
    struct decimal d;
    size_t used = read_decimal(text, n, &d);
    if (used > 0)
        *out = d.negative ? -decimal_value(&d) : decimal_value(&d);
    return used;
}

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
    size_t sign = (size_t)(skip_sign(text, text + n, &negative) - text);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        used = starts_with(text + sign, n - sign, words[i].word);
        if (used > 0) {
            *out = copysign(words[i].value, negative ? -1 : 1);
            return sign + used;
        }
    }
    return 0;
}

size_t number_read_u64(const char *text, size_t n, uint64_t *out)
{
    uint64_t sum = 0;
    size_t i = 0, safe = n < MANTISSA_DIGITS ? n : MANTISSA_DIGITS;
    for (; i < safe && is_digit(text[i]); i++)
        sum = sum * 10 + (uint64_t)(text[i] - '0');
    for (; i < n && is_digit(text[i]); i++)
        if (__builtin_mul_overflow(sum, 10, &sum) ||
            __builtin_add_overflow(sum, (uint64_t)(text[i] - '0'), &sum))
            return 0;
    if (i > 0)
        *out = sum;
    return i;
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

size_t number_read_seconds(const char *text, size_t n, int64_t *out_ns)
{
    struct decimal d;
    size_t used = read_decimal(text, n, &d);
    if (used == 0)
        return 0;
    drop_leading_zeros(&d);
    uint64_t ns = 0;
    if (d.n > 0 && !cut_decimal(&d, (int64_t)d.n + d.power + SECONDS_TO_NS, &ns))
        return 0;
    return sign_i64(ns, d.negative, out_ns) ? used : 0;
}

/* The digits of a number about to be written: value = d.ddd * 10^power. */
struct digits {
    char at[20];
    int n, power;
};

/* v to n significant digits, correctly rounded. */
static void round_to(double v, int n, struct digits *out)
{
    char text[40];
    snprintf(text, sizeof text, "%.*e", n - 1, v);
    char *e = strchr(text, 'e');
    out->power = (int)strtol(e + 1, NULL, 10);
    out->n = 0;
    for (const char *p = text; p < e; p++)
        if (is_digit(*p)) /* the point, or whatever the locale has for it, is not */
            out->at[out->n++] = *p;
}

/* The next larger number of as many digits. */
static void bump(struct digits *d)
{
    int i = d->n - 1;
    for (; i >= 0 && d->at[i] == '9'; i--)
        d->at[i] = '0';
    if (i >= 0) {
        d->at[i]++;
        return;
    }
    d->at[0] = '1';
    d->power++;
}

static bool reads_back(const struct digits *d, double v)
{
    char text[40];
    double back = NAN;
    int n = snprintf(text, sizeof text, "%.*se%d", d->n, d->at, d->power - (d->n - 1));
    return number_read(text, (size_t)n, &back) == (size_t)n && back == v;
}

/* Every double of full precision reads back from 17 digits, and none is hurt by trying 15 first: if
 * fewer do, the rest come out as zeros. A power of two has a nearer neighbour below than above, so
 * that the decimal above it may read back when the nearest, below, does not. */
static void find_shortest(double v, struct digits *out)
{
    int fraction_bits;
    bool power_of_two = frexp(v, &fraction_bits) == 0.5;
    for (int n = v < 0x1p-1022 ? 1 : 15; n <= 17; n++) {
        round_to(v, n, out);
        if (reads_back(out, v))
            break;
        if (power_of_two) {
            bump(out);
            if (reads_back(out, v))
                break;
        }
    }
    while (out->at[out->n - 1] == '0') /* the first digit never is */
        out->n--;
}

static char *put(char *to, const char *from, int n)
{
    memcpy(to, from, (size_t)n);
    return to + n;
}

static char *put_zeros(char *to, int n)
{
    memset(to, '0', (size_t)n);
    return to + n;
}

/* 0.00ddd, dd.dd or ddd00 */
static char *put_positional(char *to, const struct digits *d)
{
    int whole = d->power + 1;
    if (whole <= 0) {
        to = put(to, "0.", 2);
        return put(put_zeros(to, -whole), d->at, d->n);
    }
    if (whole >= d->n)
        return put_zeros(put(to, d->at, d->n), whole - d->n);
    to = put(to, d->at, whole);
    *to++ = '.';
    return put(to, d->at + whole, d->n - whole);
}

/* d.ddde+dd */
static char *put_exponential(char *to, const struct digits *d)
{
    *to++ = d->at[0];
    if (d->n > 1) {
        *to++ = '.';
        to = put(to, d->at + 1, d->n - 1);
    }
    return to + sprintf(to, "e%+03d", d->power);
}

static size_t write_word(char *out, const char *word)
{
    size_t n = strlen(word);
    memcpy(out, word, n + 1);
    return n;
}

size_t number_write(char out[static NUMBER_TEXT_MAX], double v)
{
    if (isnan(v))
        return write_word(out, "NaN");
    if (isinf(v))
        return write_word(out, v < 0 ? "-Inf" : "+Inf");
    if (fabs(v) < 1e15 && v == trunc(v)) /* "-0" is read back by its sign alone */
        return (size_t)snprintf(out, NUMBER_TEXT_MAX, "%s%" PRId64, v == 0 && signbit(v) ? "-" : "",
                                (int64_t)v);
    struct digits digits;
    find_shortest(fabs(v), &digits);
    char *to = out;
    if (v < 0)
        *to++ = '-';
    bool positional = digits.power >= POSITIONAL_FROM && digits.power < POSITIONAL_TO;
    to = positional ? put_positional(to, &digits) : put_exponential(to, &digits);
    *to = '\0';
    return (size_t)(to - out);
}
