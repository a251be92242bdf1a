/* numeric/uncertainty.c -- from the error of a value to that of a slope.
 *
 *     rate  = -hd/(hs h) v0 + (hd-hs)/(hs hd) v1 + hs/(hd h) v2
 *     edge  = -1/hd v1 + 1/hd v2                                      order 1
 *     edge  = hd/(hs h) v0 - h/(hs hd) v1 + (h+hd)/(hd h) v2          order 2
 *     accel = 2/(hs h) v0 - 2/(hs hd) v1 + 2/(hd h) v2
 *
 * Laws: the stated interval holds 63 to 73 of 100 trials, for even and uneven spacing
 * (test_uncertainty.c). */
#include "numeric/uncertainty.h"

#include <float.h>
#include <math.h>

double uncertainty_of_step(double step)
{
    return step / sqrt(12);
}

/* With the rounding of a double, uniform over half an ulp to each side. */
static double error_of(double v, double sigma)
{
    return hypot(sigma, uncertainty_of_step(DBL_EPSILON * v));
}

static double length3(double a, double b, double c)
{
    return hypot(hypot(a, b), c);
}

void uncertainty_of_slopes(const struct obs w[static 3], int edge_order, double sigma,
                           struct slope_errors *out)
{
    double hs = stencil_seconds(w[0].t_ns, w[1].t_ns), hd = stencil_seconds(w[1].t_ns, w[2].t_ns);
    double h = stencil_seconds(w[0].t_ns, w[2].t_ns);
    double e0 = error_of(w[0].v, sigma), e1 = error_of(w[1].v, sigma), e2 = error_of(w[2].v, sigma);
    out->rate = length3(e0 * hd / (hs * h), e1 * (hd - hs) / (hs * hd), e2 * hs / (hd * h));
    out->accel = 2 * length3(e0 / (hs * h), e1 / (hs * hd), e2 / (hd * h));
    out->edge = edge_order == 1
                    ? hypot(e1, e2) / hd
                    : length3(e0 * hd / (hs * h), e1 * h / (hs * hd), e2 * (h + hd) / (hd * h));
}

double uncertainty_of_secant(const struct obs *a, const struct obs *b, double sigma)
{
    return hypot(error_of(a->v, sigma), error_of(b->v, sigma)) / stencil_seconds(a->t_ns, b->t_ns);
}

double uncertainty_of_truncation(const struct obs w[static 4], enum kind kind)
{
    double h[3], s[3];
    for (int i = 0; i < 3; i++) {
        h[i] = stencil_seconds(w[i].t_ns, w[i + 1].t_ns);
        s[i] = stencil_secant(&w[i], &w[i + 1], kind);
    }
    double second[2] = {(s[1] - s[0]) / (h[0] + h[1]), (s[2] - s[1]) / (h[1] + h[2])};
    return h[1] * h[2] * (second[1] - second[0]) / stencil_seconds(w[0].t_ns, w[3].t_ns);
}
