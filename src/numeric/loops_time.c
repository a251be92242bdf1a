/* numeric/loops_time.c -- rates of change of times: int64 counts, INT64_MIN is NaT.
 * The difference of two counts has 65 bits and is kept whole. A single difference is converted to double
 * and divided there, as numpy does. Three counts are never multiplied by weights: near 2024 a count of
 * nanoseconds times 1.5 is off by hundreds, where numpy gives 0 for a slope of 1. Their differences are
 * divided instead, in long double, so that a slope that is an integer is not truncated to the one below.
 * Laws: a straight line gives its slope wherever that is an integer; a NaT that is used gives NaT. */
#include "numeric/loops_time.h"

#include <math.h>
#include <stdbool.h>

#define NAT INT64_MIN

__extension__ typedef __int128 wide; /* sums of a few 65-bit differences */

static wide span(int64_t from, int64_t to)
{
    return (wide)to - from;
}

/* Toward 0; a finite number that no count can hold has no time either. */
static int64_t truncated(double slope)
{
    return fabs(slope) < 0x1p63 ? (int64_t)slope : NAT;
}

static void difference(const void *pv, const void *mv, void *to, size_t n, const void *by)
{
    const int64_t *p = pv, *m = mv;
    int64_t *restrict out = to;
    const double d = *(const double *)by;
    for (size_t i = 0; i < n; i++)
        out[i] = p[i] == NAT || m[i] == NAT ? NAT : truncated((double)span(m[i], p[i]) / d);
}

/* Of one step twice the sum can be taken before anything is rounded. */
static long double even_slope(enum place place, wide g1, wide g2, long double h)
{
    const wide sum = place == PLACE_FIRST  ? 3 * g1 - g2
                     : place == PLACE_LAST ? 3 * g2 - g1
                                           : g1 + g2;
    return (long double)sum / (2 * h);
}

static long double uneven_slope(enum place place, wide g1, wide g2, const double *d)
{
    const long double d1 = d[0], d2 = d[1], s1 = (long double)g1 / d1, s2 = (long double)g2 / d2;
    if (place == PLACE_FIRST)
        return s1 + (s1 - s2) * d1 / (d1 + d2);
    if (place == PLACE_LAST)
        return s2 + (s2 - s1) * d2 / (d1 + d2);
    return (d2 * s1 + d1 * s2) / (d1 + d2);
}

static void divide(enum place place, const void *mv, const void *cv, const void *pv, void *to,
                   size_t n, const void *dv, size_t step)
{
    const int64_t *m = mv, *c = cv, *p = pv;
    int64_t *restrict out = to;
    const double *d = dv;
    for (size_t i = 0; i < n; i++, d += step) {
        const bool known = m[i] != NAT && c[i] != NAT && p[i] != NAT;
        const wide g1 = known ? span(m[i], c[i]) : 0, g2 = known ? span(c[i], p[i]) : 0;
        const long double slope =
            d[0] == d[1] ? even_slope(place, g1, g2, d[0]) : uneven_slope(place, g1, g2, d);
        out[i] = known ? truncated((double)slope)
                       : NAT; /* by way of double: 0.9999999999999999999 is 1 */
    }
}

const struct loops time_loops = {.difference = difference, .divide = divide};
