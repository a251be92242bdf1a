/* numeric/exact.h -- integers that no double holds: the nearest one, and what it lacks.
 *
 *     1152921504606846983  =  v 1152921504606846976  +  rest 7
 *
 * A counter of bytes passes 2^53 one day; from there on the differences of doubles are wrong, then 0. Differences
 * of such pairs are right, and they are all that a rate is made of. Pure arithmetic. */
#ifndef NUMERIC_EXACT_H
#define NUMERIC_EXACT_H

#include "numeric/stencil.h"

#include <math.h>

/* Every integer below it is a double. */
#define EXACT_FROM 0x1p53

struct exact {
    int64_t t_ns;
    double v;    /* the double nearest to the value */
    double rest; /* value - v; 0 while |v| < EXACT_FROM */
};

static inline struct exact exact_of(const struct obs *x, double rest)
{
    return (struct exact){x->t_ns, x->v, rest};
}

static inline struct obs exact_near(struct exact x)
{
    return (struct obs){x.t_ns, x.v};
}

/* False if either is NaN. */
static inline bool exact_less(struct exact a, struct exact b)
{
    return a.v < b.v || (a.v == b.v && a.rest < b.rest);
}

/* From a to b, [v]; a counter that fell counts from 0. Where all rests are 0 it is what stencil_secant
 * divides, in every bit. */
static inline double exact_increase(struct exact a, struct exact b, enum kind kind)
{
    if (kind == KIND_COUNTER && exact_less(b, a))
        return b.v + b.rest;
    return (b.v - a.v) + (b.rest - a.rest);
}

/* x with d added to its value, rounded only where a double would do (Knuth 1997, The Art of Computer
 * Programming 2, 4.2.2: the error of a sum). */
static inline struct exact exact_add(struct exact x, double d)
{
    double sum = x.v + d, part = sum - x.v;
    double low = (x.v - (sum - part)) + (d - part) + x.rest;
    if (!isfinite(sum) || fabs(sum) < EXACT_FROM)
        return (struct exact){x.t_ns, sum + x.rest, 0};
    return (struct exact){x.t_ns, sum + low, low - ((sum + low) - sum)};
}

#endif
