/* numeric/trend.c -- exponentially weighted least squares, a sample at a time.
 * A new sample first ages all that was: weights shrink by d = exp(-dt / tau), squared weights by d^2,
 * and the means move back by (dt, dv), the central moments being what they were. Then it joins with
 * weight 1 at (0, 0). One that comes late joins with the weight it would have kept.
 *
 *     slope = xy / xx        of values with independent errors s:  error^2 = s^2 q / xx^2,
 *     q = sum of squared weights (x - mean)^2
 *     s^2 = (yy - xy^2 / xx) / (w - w2 / w - q / xx)      the scatter, without bias */
#include "numeric/trend.h"

#include <math.h>

/* Signed seconds from a to b, differenced as integers. */
static double seconds(int64_t a_ns, int64_t b_ns)
{
    return a_ns <= b_ns ? stencil_seconds(a_ns, b_ns) : -stencil_seconds(b_ns, a_ns);
}

static void moments_join(struct moments *m, double x, double y, double w)
{
    double sum = m->w + w, dx = x - m->x, dy = y - m->y, part = m->w * w / sum;
    m->xx += part * dx * dx;
    m->xy += part * dx * dy;
    m->yy += part * dy * dy;
    m->x += dx * w / sum;
    m->y += dy * w / sum;
    m->w = sum;
}

static void squares_join(struct trend *t, double x, double w)
{
    double w2 = w * w, sum = t->w2 + w2, dx = x - t->x2;
    if (sum == 0) /* underflow: far too old to matter */
        return;
    t->xx2 += t->w2 * w2 / sum * dx * dx;
    t->x2 += dx * w2 / sum;
    t->w2 = sum;
}

/* The newest sample, at (0, 0) with weight 1: nearly every sample. */
static void newest_joins(struct trend *t)
{
    struct moments *m = &t->by_weight;
    double share = 1 / (m->w + 1), part = m->w * share, share2 = 1 / (t->w2 + 1);
    m->xx += part * m->x * m->x;
    m->xy += part * m->x * m->y;
    m->yy += part * m->y * m->y;
    m->x -= m->x * share;
    m->y -= m->y * share;
    m->w += 1;
    t->xx2 += t->w2 * share2 * t->x2 * t->x2;
    t->x2 -= t->x2 * share2;
    t->w2 += 1;
}

/* The newest sample becomes x: all others are older by so much. */
static void age(struct trend *t, struct obs x, double tau_s)
{
    double dt = stencil_seconds(t->newest.t_ns, x.t_ns), d = exp(-dt / tau_s);
    struct moments *m = &t->by_weight;
    m->x -= dt;
    m->y -= x.v - t->newest.v;
    m->w *= d;
    m->xx *= d;
    m->xy *= d;
    m->yy *= d;
    t->x2 -= dt;
    t->w2 *= d * d;
    t->xx2 *= d * d;
    t->newest = x;
}

void trend_add(struct trend *t, struct obs x, double tau_s)
{
    if (t->n == 0) {
        *t = (struct trend){.newest = x, .by_weight = {.w = 1}, .w2 = 1, .n = 1};
        return;
    }
    if (t->n < UINT32_MAX)
        t->n++;
    if (x.t_ns > t->newest.t_ns) {
        age(t, x, tau_s);
        newest_joins(t);
        return;
    }
    double at = seconds(t->newest.t_ns, x.t_ns), w = exp(at / tau_s);
    moments_join(&t->by_weight, at, x.v - t->newest.v, w);
    squares_join(t, at, w);
}

void trend_replace(struct trend *t, struct obs old, double v, double tau_s)
{
    struct moments *m = &t->by_weight;
    double at = seconds(t->newest.t_ns, old.t_ns), w = exp(at / tau_s), dv = v - old.v;
    double y = old.v - t->newest.v;
    m->xy += w * (at - m->x) * dv;
    m->yy += w * dv * (2 * (y - m->y) + dv * (1 - w / m->w));
    m->y += w * dv / m->w;
    if (old.t_ns == t->newest.t_ns) { /* values are told from it */
        m->y -= dv;
        t->newest.v = v;
    }
}

/* The variance of one value, from the scatter about the line; NaN where nothing is left over. */
static double scatter(const struct trend *t, double q)
{
    const struct moments *m = &t->by_weight;
    double left = m->w - t->w2 / m->w - q / m->xx, sum = m->yy - m->xy * (m->xy / m->xx);
    if (t->n < 3 || !(left > 1e-9 * m->w))
        return NAN;
    return sum > 0 ? sum / left : 0;
}

bool trend_slope(const struct trend *t, double sigma, struct trend_slope *out)
{
    const struct moments *m = &t->by_weight;
    if (t->n < 2 || !(m->xx > 0))
        return false;
    double apart = t->x2 - m->x, q = t->xx2 + t->w2 * apart * apart;
    double variance = fmax(scatter(t, q), sigma > 0 ? sigma * sigma : NAN); /* a NaN loses */
    out->slope = m->xy / m->xx;
    out->error = sqrt(variance * q) / m->xx;
    out->level = t->newest.v + m->y - out->slope * m->x;
    return true;
}
