/* tests/unit/base/numbers.h -- doubles as bits, for the tests of numbers. */
#ifndef TESTS_BASE_NUMBERS_H
#define TESTS_BASE_NUMBERS_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t bits_of(double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    return bits;
}

static inline double double_of(uint64_t bits)
{
    double v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

/* NaNs are one. */
static inline bool same(double a, double b)
{
    return isnan(a) ? isnan(b) && signbit(a) == signbit(b) : bits_of(a) == bits_of(b);
}

#endif
