/* numeric/parabola.c -- the weights in half, float, double and long double.
 * Laws: the bits are numpy's (tests/e2e/test_arrays.py); the weights of a constant add up to 0 only up to
 * rounding, which is why accurate mode does without them.
 * Elsewhere: the formulas (parabola.inc), what the weights are applied to (loops.c). */
#include "numeric/parabola.h"
#include "numeric/half.h"

#define NUMBER     float
#define ROUND(x)   half_round((double)(x))
#define NAME(verb) half_##verb
#include "numeric/parabola.inc"

#define NUMBER     float
#define ROUND(x)   (x)
#define NAME(verb) float_##verb
#include "numeric/parabola.inc"

#define NUMBER     double
#define ROUND(x)   (x)
#define NAME(verb) double_##verb
#include "numeric/parabola.inc"

#define NUMBER     long double
#define ROUND(x)   (x)
#define NAME(verb) long_##verb
#include "numeric/parabola.inc"

void parabola_weights(enum run precision, enum place place, const void *steps, size_t n, void *a,
                      void *b, void *c)
{
    switch (precision) {
    case RUN_HALF: half_weights(place, steps, n, a, b, c); break;
    case RUN_FLOAT: float_weights(place, steps, n, a, b, c); break;
    case RUN_DOUBLE: double_weights(place, steps, n, a, b, c); break;
    default: long_weights(place, steps, n, a, b, c); break;
    }
}

void parabola_even(enum run precision, long double step, struct even *out)
{
    switch (precision) {
    case RUN_HALF: half_even(step, out); break;
    case RUN_FLOAT: float_even(step, out); break;
    case RUN_DOUBLE: double_even(step, out); break;
    default: long_even(step, out); break;
    }
}
