/* series/merge.h -- samples closer together than a sensor can tell them apart become one: of their mean
 * time and mean value. Pure state.
 *
 *     min_dt   |------|            |------|
 *     came     x x  x      x       x     x
 *     taken      o         x          o        0.1 K in a millisecond is not 100 K/s */
#ifndef SERIES_MERGE_H
#define SERIES_MERGE_H

#include "numeric/exact.h"

#include <stdbool.h>
#include <stdint.h>

/* The samples that the newest one of a window is the mean of. */
struct merge {
    struct exact first;
    double t_sum_s;    /* of times since the first one's */
    double v_sum;      /* of values, told from the first one's */
    struct exact last; /* that came */
    uint32_t n;        /* 0: none yet */
};

/* A new group, of x alone. */
void merge_begin(struct merge *m, struct exact x);

/* Takes x in if it came less than min_dt_ns after the first of the group, whose mean then is *mean. False,
 * and nothing changes, if not, or if x comes before it. */
bool merge_join(struct merge *m, struct exact x, int64_t min_dt_ns, struct exact *mean);

/* The sample that came last, at x's time, has x's value now: *mean is the group's mean then. There is a
 * group. */
void merge_correct(struct merge *m, struct exact x, struct exact *mean);

/* True if x is the very sample that came last: transports may bring one twice. */
static inline bool merge_has(const struct merge *m, struct exact x)
{
    return m->n > 0 && m->last.t_ns == x.t_ns && m->last.v == x.v && m->last.rest == x.rest;
}

#endif
