/* series/kept.h -- recent points of a series, oldest first, in memory that all series share a bound of.
 * The callers of one struct kept take turns (its shard's lock); the budget is any thread's. */
#ifndef SERIES_KEPT_H
#define SERIES_KEPT_H

#include "numeric/status.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct kept_point {
    int64_t t_ns;
    double value; /* [v] */
    double rate;  /* [v/s] */
    double accel; /* [v/s^2] NaN: not known */
    double error; /* [v/s] one standard error of rate; NaN: not known */
    double trend; /* [v/s] NaN: none */
    float rest;   /* what value lacks, numeric/exact.h */
    uint8_t order;
};

/* What all series may take, and have taken, in bytes. */
struct budget {
    _Atomic uint64_t limit, used;
};

struct kept {
    struct kept_point *ring; /* owned */
    uint32_t cap, first, n;  /* a power of two or 0 */
};

/* Adds a point, or replaces the one at its time (also between others). Points older than p->t_ns - keep_ns
 * go. Errors: NABLA_ENOMEM, NABLA_ELIMIT (the budget): there was no more room, and the oldest point went to
 * make some; with no room at all p is not kept. */
MUST_CHECK enum nabla_status kept_put(struct kept *k, const struct kept_point *p, int64_t keep_ns,
                                      struct budget *budget);

/* The i-th point, oldest first; i < k->n. Borrowed until the next call. */
const struct kept_point *kept_at(const struct kept *k, uint32_t i);

/* Which is the first point that is not before t_ns; k->n if all are. */
uint32_t kept_from(const struct kept *k, int64_t t_ns);

void kept_fini(struct kept *k, struct budget *budget);

#endif
