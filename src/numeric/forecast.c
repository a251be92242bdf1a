/* numeric/forecast.c -- the first time that a line or a parabola is at a level.
 * Laws: at the answer the course is at the level, and not before (test_forecast.c). */
#include "numeric/forecast.h"

#include <math.h>
#include <stdbool.h>

static bool is_bent(const struct course *c)
{
    return fabs(c->accel) > FORECAST_CLEAR * c->accel_error;
}

/* The smallest t > 0 with a t^2 + b t = far, far not 0; NaN if there is none. The sum of two numbers of one
 * sign gives one root, the product of the roots the other: nothing cancels. */
static double first_root(double a, double b, double far)
{
    double d = b * b + 4 * a * far;
    if (!(d >= 0))
        return NAN;
    double q = -(b + copysign(sqrt(d), b)) / 2;
    double r1 = q / a, r2 = -far / q;
    if (!(r1 > 0))
        return r2 > 0 ? r2 : NAN;
    return r2 > 0 && r2 < r1 ? r2 : r1;
}

double forecast_seconds(const struct course *c, double level)
{
    double far = level - c->value;
    if (far == 0)
        return 0;
    if (!isfinite(far) || !isfinite(c->slope))
        return NAN;
    double t = NAN;
    if (is_bent(c))
        t = first_root(c->accel / 2, c->slope, far);
    else if (!(fabs(c->slope) <= c->slope_error))
        t = far / c->slope;
    return t > 0 && isfinite(t) ? t : NAN;
}
