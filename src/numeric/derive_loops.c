/* numeric/derive_loops.c -- the loops for any processor, and which of them this one runs. */
#include "numeric/derive_loops.inc"

#include "numeric/kernel.h"

const struct derive_loops *derive_loops_portable(void)
{
    return &loops;
}

const struct derive_loops *derive_loops_best(void)
{
    const struct derive_loops *fast = kernels_named("avx2") != NULL ? derive_loops_avx2() : NULL;
    return fast != NULL ? fast : &loops;
}

void derive_loops_apply(const struct derive_loops *l, const struct derivation *p,
                        const struct stencil *s, const double *const *row, double *out, int64_t n)
{
    if (!s->centred)
        l->any(row, s->from, s->n, s->weight, p->divisor, out, n);
    else if (p->order % 2 != 0)
        l->odd(row, -s->from, s->weight, p->divisor, out, n);
    else
        l->even(row, -s->from, s->weight, p->divisor, out, n);
}
