/* numeric/uncertainty.h -- how far the slopes of three samples may be off.
 * Each value has an independent error of one standard deviation sigma, and the rounding of the double
 * that holds it; a slope is a weighted sum of values, so its error is sigma times the length of the
 * vector of weights, which the actual spacing gives. Pure arithmetic. */
#ifndef NUMERIC_UNCERTAINTY_H
#define NUMERIC_UNCERTAINTY_H

#include "numeric/stencil.h"

/* One standard error each. */
struct slope_errors {
    double rate;  /* [v/s] */
    double edge;  /* [v/s] */
    double accel; /* [v/s^2] */
};

/* The standard deviation of a value that was rounded to the nearest multiple of step: uniform over one
 * step, step / sqrt(12). */
double uncertainty_of_step(double step);

/* w as for stencil_apply, times increasing; sigma >= 0 in [v]. A reset of a counter counts like any
 * difference. */
void uncertainty_of_slopes(const struct obs w[static 3], int edge_order, double sigma,
                           struct slope_errors *out);

/* The same of a secant. */
double uncertainty_of_secant(const struct obs *a, const struct obs *b, double sigma);

/* What the truncation of the central rate at w[2] may be, signed: the difference to the rate of one order
 * more through w[0..3], (t2-t1)(t3-t2) times the third divided difference. */
double uncertainty_of_truncation(const struct obs w[static 4], enum kind kind);

#endif
