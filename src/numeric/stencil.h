/* numeric/stencil.h -- the derivatives of the parabola through three points, in divided
 * differences. Pure arithmetic: no allocation, clock, errno or state; callable from any thread.
 *
 *     v0 ---s1--- v1 ---s2--- v2        slope of each secant
 *     t0 ---hs--- t1 ---hd--- t2        its length
 *
 * Source: Quarteroni, Sacco, Saleri 2007, Numerical Mathematics; Fornberg 1988, Math. Comp. 51. */
#ifndef NUMERIC_STENCIL_H
#define NUMERIC_STENCIL_H

#include "numeric/status.h"

#include <stdbool.h>
#include <stdint.h>

struct obs {
    int64_t t_ns; /* nanoseconds since the Unix epoch */
    double v;     /* in the sender's unit, called [v] below */
};

/* What a fall of the value means. */
enum kind {
    KIND_GAUGE,   /* it fell */
    KIND_COUNTER, /* it was reset to 0: the increase is the new value, as Prometheus counts it */
};

struct slopes {
    double rate;  /* [v/s]    at the middle observation, second-order accurate */
    double edge;  /* [v/s]    at the newest, of the asked order */
    double first; /* [v/s]    at the oldest, of the asked order */
    double accel; /* [v/s^2]  of the parabola through all three */
};

/* Seconds from a to b, a <= b, differenced as integers: exact up to 2^53 ns, to an ulp beyond.
 * INT64_MIN to INT64_MAX still fits, the difference being unsigned. */
double stencil_seconds(int64_t a_ns, int64_t b_ns);

/* [v/s] from a to b; a earlier than b. */
double stencil_secant(const struct obs *a, const struct obs *b, enum kind kind);

/* Differentiates w[0..2], oldest first; the spacing need not be even.
 * Accuracy: rate is off by v'''/6 (t1-t0)(t2-t1), and by rounding of the values.
 * Exact:    a constant gives 0, a line of exact samples its slope to an ulp, whatever the spacing.
 * Errors:   NABLA_EORDER unless t0 < t1 < t2; NABLA_EINVAL unless edge_order is 1 or 2.
 *           A NaN or an infinity propagates. */
MUST_CHECK enum nabla_status stencil_apply(const struct obs w[static 3], enum kind kind,
                                           int edge_order, struct slopes *out);

/* The same rate and second derivative alone, of three whose times are known to increase. */
void stencil_middle(const struct obs w[static 3], enum kind kind, double *rate, double *accel);

#endif
