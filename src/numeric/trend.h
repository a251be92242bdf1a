/* numeric/trend.h -- the slope of the line that fits the past best, recent samples counting most.
 * Each sample weighs exp(-age / tau). The sums of such a fit can be kept in constant memory:
 *
 *     weight  .  . : | |   |     value at the newest
 *             x      x x   x        slope of the line through the weighted mean
 *             ------------------> time
 *
 * Central moments about the weighted mean, which is told from the newest sample: nothing grows with
 * time, nothing large is subtracted from something large, so that years of samples cost no digits.
 * Laws: equal to the direct weighted fit of all samples, in whatever order they came; an exact line
 * gives its slope (test_trend.c).
 * Pure state: no clock, allocation or thread of its own. Source of the updates: West 1979,
 * Comm. ACM 22, 532-535, with decay. */
#ifndef NUMERIC_TREND_H
#define NUMERIC_TREND_H

#include "numeric/stencil.h"

#include <stdbool.h>
#include <stdint.h>

/* Weighted moments of points (x, y); their means are relative to the newest sample. */
struct moments {
    double w;          /* sum of weights */
    double x, y;       /* means, [s] and [v] */
    double xx, xy, yy; /* central, not divided by w */
};

struct trend {
    struct obs newest;
    struct moments by_weight;
    double w2, x2, xx2; /* of squared weights: sum, mean of x, central second moment */
    uint32_t n;         /* samples taken, at most UINT32_MAX; 0: empty, all else is then unread */
};

struct trend_slope {
    double slope; /* [v/s] */
    double error; /* [v/s] one standard error, from the scatter about the line and from sigma, the
                     larger of the two; NaN while there are fewer than three samples and no sigma */
    double level; /* [v] of the line at the newest sample */
};

/* Takes a sample, older or newer than those before; a repeated time is a second sample there.
 * tau_s > 0, the same for the life of the trend. Values are finite. */
void trend_add(struct trend *t, struct obs x, double tau_s);

/* A sample that was taken with value old.v has another value. */
void trend_replace(struct trend *t, struct obs old, double v, double tau_s);

/* False, *out untouched, until two samples at different times are known and not forgotten.
 * sigma: what is known of one value's standard error, [v]; 0: nothing. */
bool trend_slope(const struct trend *t, double sigma, struct trend_slope *out);

#endif
