/* series/merge.h -- samples closer together than a sensor can tell them apart become one: of their mean
 * time and mean value. Pure state.
 *
 *     min_dt   |------|            |------|
 *     came     x x  x      x       x     x
 *     taken      o         x          o        0.1 K in a millisecond is not 100 K/s */
#ifndef SERIES_MERGE_H
#define SERIES_MERGE_H

#include "numeric/stencil.h"

#include <stdbool.h>
#include <stdint.h>

/* The samples that the newest one of a window is the mean of. */
struct merge {
    int64_t from_ns; /* the first one's time */
    double t_sum_s;  /* of times since then */
    double v_origin; /* the first one's value */
    double v_sum;    /* of values, told from v_origin */
    struct obs last; /* that came */
    uint32_t n;      /* 0: none yet */
};

/* A new group, of x alone. */
void merge_begin(struct merge *m, struct obs x);

/* Takes x in if it came less than min_dt_ns after the first of the group, whose mean then is *mean. False,
 * and nothing changes, if not, or if x comes before it. */
bool merge_join(struct merge *m, struct obs x, int64_t min_dt_ns, struct obs *mean);

/* The sample that came last has the value v now: *mean is the group's mean then. There is a group. */
void merge_correct(struct merge *m, double v, struct obs *mean);

/* True if x is the very sample that came last: transports may bring one twice. */
static inline bool merge_has(const struct merge *m, struct obs x)
{
    return m->n > 0 && m->last.t_ns == x.t_ns && m->last.v == x.v;
}

#endif
