/* numeric/loops.h -- the arithmetic of gradients on runs (run.h): right for every kind of run and every
 * precision of the spacing. Pure; out overlaps no input.
 *
 *     difference   out[i] = (p[i] - m[i]) / by
 *     weigh        out[i] = (a m[i] + b c[i]) + e p[i]
 *     divide       out[i] = slope at a place, of the parabola through m, c, p, in divided differences
 *
 * The difference rounds to the run's own type, the rest to the precision (numpy's promoted type, never
 * lower), the result to the run's type. A complex run is divided by numpy's (Smith's) complex division and
 * multiplied as by complex weights with imaginary part 0: an infinity in one part makes the other NaN.
 * Time: differences are exact integers, quotients truncate toward 0, NaT and what does not fit gives NaT;
 * there is no weigh, since rounded products of times are worth nothing.
 * Elsewhere: vector code for the pairs that matter (kernel.h). */
#ifndef NUMERIC_LOOPS_H
#define NUMERIC_LOOPS_H

#include "numeric/parabola.h"

struct loops {
    /* by: one number of the precision */
    void (*difference)(const void *p, const void *m, void *out, size_t n, const void *by);

    /* a, b, e: numbers of the precision; step 0: one triple for the run, 1: one for each element */
    void (*weigh)(const void *m, const void *c, const void *p, void *out, size_t n, const void *a,
                  const void *b, const void *e, size_t step);

    /* d: the steps of the precision: d[i step] from m to c, d[i step + 1] from c to p */
    void (*divide)(enum place place, const void *m, const void *c, const void *p, void *out,
                   size_t n, const void *d, size_t step);
};

/* precision: a real run, not lower than run_precision(run); RUN_DOUBLE for RUN_TIME. */
const struct loops *loops_for(enum run run, enum run precision);

#endif
