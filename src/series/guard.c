/* series/guard.c -- what agrees with what. */
#include "series/guard.h"

#include <math.h>

static bool agree(struct exact a, struct exact b, enum kind kind, double max_rate)
{
    return b.t_ns > a.t_ns &&
           !(fabs(exact_increase(a, b, kind) / stencil_seconds(a.t_ns, b.t_ns)) > max_rate);
}

enum verdict guard_judge(struct guard *g, struct exact newest, struct exact x, enum kind kind,
                         double max_rate, struct exact *first, bool *dropped)
{
    bool fits = agree(newest, x, kind, max_rate);
    bool confirms = !fits && g->holds && agree(g->held, x, kind, max_rate);
    *dropped = g->holds && !confirms;
    *first = g->held;
    g->holds = !fits && !confirms;
    g->held = x;
    return fits ? VERDICT_TAKE : confirms ? VERDICT_TAKE_BOTH : VERDICT_HOLD;
}
