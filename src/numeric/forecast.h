/* numeric/forecast.h -- when will a value get there? Pure arithmetic.
 *
 *     value ..........______------   a level
 *            \  ^course
 *             -> seconds from now, along a straight line or, where the bend stands clear of its
 *                error, a parabola; NaN where the course does not lead there. */
#ifndef NUMERIC_FORECAST_H
#define NUMERIC_FORECAST_H

/* Where a series is and how it moves, at its newest sample. */
struct course {
    double value;       /* [v] */
    double slope;       /* [v/s] */
    double slope_error; /* [v/s] one standard error; NaN: not known, any slope counts */
    double accel;       /* [v/s^2]; NaN: not known */
    double accel_error; /* [v/s^2]; NaN: not known, the bend does not count */
};

/* How many errors a bend must be away from none to count. */
#define FORECAST_CLEAR 3.0

/* Seconds until the course is at level, 0 if it is there, NaN if it never will be: it moves away, turns
 * back before, or its slope is not larger than its error. */
double forecast_seconds(const struct course *c, double level);

#endif
