/* series/merge.c -- means told from the first of the group, so that no digits are lost to the date or to a
 * large offset. */
#include "series/merge.h"

#include <math.h>

void merge_begin(struct merge *m, struct exact x)
{
    *m = (struct merge){.first = x, .last = x, .n = 1};
}

static struct exact mean_of(const struct merge *m)
{
    struct exact mean = exact_add(m->first, m->v_sum / m->n);
    mean.t_ns += llround(m->t_sum_s / m->n * 1e9);
    return mean;
}

void merge_correct(struct merge *m, struct exact x, struct exact *mean)
{
    m->v_sum += exact_increase(m->last, x, KIND_GAUGE);
    m->last = x;
    *mean = mean_of(m);
}

bool merge_join(struct merge *m, struct exact x, int64_t min_dt_ns, struct exact *mean)
{
    int64_t from_ns = m->first.t_ns;
    if (m->n == 0 || x.t_ns < from_ns ||
        (uint64_t)x.t_ns - (uint64_t)from_ns >= (uint64_t)min_dt_ns)
        return false;
    m->t_sum_s += stencil_seconds(from_ns, x.t_ns);
    m->v_sum += exact_increase(m->first, x, KIND_GAUGE);
    m->last = x;
    m->n++;
    *mean = mean_of(m);
    return true;
}
