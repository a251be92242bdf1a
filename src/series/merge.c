/* series/merge.c -- means told from the first of the group, so that no digits are lost to the date or to a
 * large offset. */
#include "series/merge.h"

#include <math.h>

void merge_begin(struct merge *m, struct obs x)
{
    *m = (struct merge){.from_ns = x.t_ns, .v_origin = x.v, .last = x, .n = 1};
}

void merge_correct(struct merge *m, double v, struct obs *mean)
{
    m->v_sum += v - m->last.v;
    m->last.v = v;
    *mean =
        (struct obs){m->from_ns + llround(m->t_sum_s / m->n * 1e9), m->v_origin + m->v_sum / m->n};
}

bool merge_join(struct merge *m, struct obs x, int64_t min_dt_ns, struct obs *mean)
{
    if (m->n == 0 || x.t_ns < m->from_ns ||
        (uint64_t)x.t_ns - (uint64_t)m->from_ns >= (uint64_t)min_dt_ns)
        return false;
    m->t_sum_s += stencil_seconds(m->from_ns, x.t_ns);
    m->v_sum += x.v - m->v_origin;
    m->last = x;
    m->n++;
    *mean =
        (struct obs){m->from_ns + llround(m->t_sum_s / m->n * 1e9), m->v_origin + m->v_sum / m->n};
    return true;
}
