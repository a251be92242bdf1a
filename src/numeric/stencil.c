/* numeric/stencil.c -- three points, their parabola, its slopes.
 * Laws: constants give exactly 0; a line's slope comes out to an ulp; reversing time negates the
 * slopes; scaling values by a power of two scales all of it (test_stencil.c). */
#include "numeric/stencil.h"

double stencil_seconds(int64_t a_ns, int64_t b_ns)
{
    /* dividing is right to half an ulp; multiplying by 1e-9, which no double is, would not be */
    return (double)((uint64_t)b_ns - (uint64_t)a_ns) / 1e9;
}

static double rise(const struct obs *a, const struct obs *b, enum kind kind)
{
    bool reset = kind == KIND_COUNTER && b->v < a->v;
    return reset ? b->v : b->v - a->v;
}

double stencil_secant(const struct obs *a, const struct obs *b, enum kind kind)
{
    return rise(a, b, kind) / stencil_seconds(a->t_ns, b->t_ns);
}

/* Two doubles that are divided at once: divisions are what a point costs most. */
typedef double pair __attribute__((vector_size(16)));

/* The parabola in divided differences. */
struct divided {
    double hs, hd, h; /* [s] */
    double s1, s2;    /* [v/s] */
};

static inline struct divided divide(const struct obs w[static 3], enum kind kind)
{
    uint64_t t0 = (uint64_t)w[0].t_ns, t1 = (uint64_t)w[1].t_ns, t2 = (uint64_t)w[2].t_ns;
    pair h = (pair){(double)(t1 - t0), (double)(t2 - t1)} / 1e9;
    pair s = (pair){rise(&w[0], &w[1], kind), rise(&w[1], &w[2], kind)} / h;
    return (struct divided){
        .hs = h[0], .hd = h[1], .h = (double)(t2 - t0) / 1e9, .s1 = s[0], .s2 = s[1]};
}

/* The rate is the mean of s1 and s2 with weights hd and hs. It starts from the heavier of the two, so
 * that equal slopes come out untouched and a small one is not lost beside a large one. */
static inline void middle(const struct divided *d, double *rate, double *accel)
{
    bool left = d->hs <= d->hd;
    double step = d->s2 - d->s1;
    pair by_h = (pair){left ? d->hs : d->hd, 2 * step} / d->h;
    *rate = left ? d->s1 + step * by_h[0] : d->s2 - step * by_h[0];
    *accel = by_h[1];
}

void stencil_middle(const struct obs w[static 3], enum kind kind, double *rate, double *accel)
{
    struct divided d = divide(w, kind);
    middle(&d, rate, accel);
}

enum nabla_status stencil_apply(const struct obs w[static 3], enum kind kind, int edge_order,
                                struct slopes *out)
{
    if (!(w[0].t_ns < w[1].t_ns && w[1].t_ns < w[2].t_ns))
        return NABLA_EORDER;
    if (edge_order != 1 && edge_order != 2)
        return NABLA_EINVAL;
    struct divided d = divide(w, kind);
    middle(&d, &out->rate, &out->accel);
    out->edge = edge_order == 1 ? d.s2 : d.s2 + (d.s2 - d.s1) * (d.hd / d.h);
    out->first = edge_order == 1 ? d.s1 : d.s1 - (d.s2 - d.s1) * (d.hs / d.h);
    return NABLA_OK;
}
