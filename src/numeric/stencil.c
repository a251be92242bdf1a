/* numeric/stencil.c -- three points, their parabola, its slopes.
 * Laws: constants give exactly 0; a line's slope comes out to an ulp; reversing time negates the
 * slopes; scaling values by a power of two scales all of it (test_stencil.c). */
#include "numeric/stencil.h"

double stencil_seconds(int64_t a_ns, int64_t b_ns)
{
    /* dividing is right to half an ulp; multiplying by 1e-9, which no double is, would not be */
    return (double)((uint64_t)b_ns - (uint64_t)a_ns) / 1e9;
}

double stencil_secant(const struct obs *a, const struct obs *b, enum kind kind)
{
    bool reset = kind == KIND_COUNTER && b->v < a->v;
    return (reset ? b->v : b->v - a->v) / stencil_seconds(a->t_ns, b->t_ns);
}

/* The mean of s1 and s2 with weights hd and hs. It starts from the heavier of the two, so that
 * equal slopes come out untouched and a small one is not lost beside a large one. */
static double central(double hs, double s1, double hd, double s2, double h)
{
    return hs <= hd ? s1 + (s2 - s1) * (hs / h) : s2 + (s1 - s2) * (hd / h);
}

enum nabla_status stencil_apply(const struct obs w[static 3], enum kind kind, int edge_order,
                                struct slopes *out)
{
    if (!(w[0].t_ns < w[1].t_ns && w[1].t_ns < w[2].t_ns))
        return NABLA_EORDER;
    if (edge_order != 1 && edge_order != 2)
        return NABLA_EINVAL;
    double hs = stencil_seconds(w[0].t_ns, w[1].t_ns), hd = stencil_seconds(w[1].t_ns, w[2].t_ns);
    double h = stencil_seconds(w[0].t_ns, w[2].t_ns);
    double s1 = stencil_secant(&w[0], &w[1], kind), s2 = stencil_secant(&w[1], &w[2], kind);
    out->rate = central(hs, s1, hd, s2, h);
    out->edge = edge_order == 1 ? s2 : s2 + (s2 - s1) * (hd / h);
    out->first = edge_order == 1 ? s1 : s1 - (s2 - s1) * (hs / h);
    out->accel = 2 * (s2 - s1) / h;
    return NABLA_OK;
}
