/* numeric/parabola.h -- the weights that numpy gives three neighbours, in numpy's order of operations and
 * in the precision of the spacing: each operation rounds once.
 *
 *     f0 ---d1--- f1 ---d2--- f2        a f0 + b f1 + c f2
 *
 * GRADIENT formulas: first  a = -(2 d1 + d2) / (d1 (d1 + d2))   b = (d1 + d2) / (d1 d2)    c = -d1 / (d2 (d1 + d2))
 *                    middle a = -d2 / (d1 (d1 + d2))            b = (d2 - d1) / (d1 d2)    c = d1 / (d2 (d1 + d2))
 *                    last   a = d2 / (d1 (d1 + d2))             b = -(d2 + d1) / (d1 d2)   c = (2 d2 + d1) / (d2 (d1 + d2)) */
#ifndef NUMERIC_PARABOLA_H
#define NUMERIC_PARABOLA_H

#include "numeric/run.h"

/* Which of the three points the derivative is asked at. */
enum place { PLACE_FIRST, PLACE_MIDDLE, PLACE_LAST };

/* n triples of weights from n + 1 steps, all of them of that precision (a real run). */
void parabola_weights(enum run precision, enum place place, const void *steps, size_t n, void *a,
                      void *b, void *c);

/* What one step h gives: 2h and h to divide by, and the weights -1.5/h, 2/h, -0.5/h and 0.5/h, -2/h,
 * 1.5/h of the ends; rounded to the precision, in which step must be exact. */
struct even {
    long double twice, once, first[3], last[3];
};

void parabola_even(enum run precision, long double step, struct even *out);

#endif
