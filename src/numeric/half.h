/* numeric/half.h -- float16 in software: compilers' own type is not to be had everywhere.
 * Laws: exact one way; the other rounds once, to nearest, ties to even; NaN stays NaN, its sign too. */
#ifndef NUMERIC_HALF_H
#define NUMERIC_HALF_H

#include <stdint.h>
#include <string.h>

enum { HALF_INFINITY = 0x7c00, HALF_NAN = 0x7e00 };

static inline double half_power_of_two(int exponent) /* of a normal double */
{
    uint64_t bits = (uint64_t)(1023 + exponent) << 52;
    double power;
    memcpy(&power, &bits, sizeof power);
    return power;
}

/* The float16 nearest to x, as its bits. Adding 2^52 rounds a double of that size to an integer, in the
 * default rounding mode; a fraction that rounds up to 1 carries into the exponent as it should. */
static inline uint16_t half_from(double x)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    const uint16_t sign = (uint16_t)(bits >> 48 & 0x8000);
    const int exponent = (int)(bits >> 52 & 0x7ff) - 1023;
    const double size = sign ? -x : x;
    if (x != x)
        return (uint16_t)(sign | HALF_NAN);
    if (size >= 65520) /* halfway from the largest, 65504, to the next that there would be */
        return (uint16_t)(sign | HALF_INFINITY);
    if (exponent < -14)
        return (uint16_t)(sign | (uint16_t)((size * 0x1p24 + 0x1p52) - 0x1p52));
    const double fraction = (size * half_power_of_two(10 - exponent) + 0x1p52) - 0x1p52;
    return (uint16_t)(sign | (uint16_t)((exponent + 14) * 1024 + (int)fraction));
}

static inline float half_value(uint16_t half)
{
    const int exponent = half >> 10 & 31, fraction = half & 1023;
    const float sign = half & 0x8000 ? -1.0f : 1.0f;
    if (exponent == 0)
        return sign * ((float)fraction * 0x1p-24f);
    if (exponent == 31)
        return sign * (fraction ? __builtin_nanf("") : __builtin_inff());
    return sign * ((float)(1024 + fraction) * (float)half_power_of_two(exponent - 25));
}

/* x rounded to what a float16 can hold. */
static inline float half_round(double x)
{
    return half_value(half_from(x));
}

#endif
