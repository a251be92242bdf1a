/* series/feed.h -- final points on their way to those who listen: for each ear a bounded ring between the
 * threads that ingest and the one that reads. With no listener a point costs one load; with one, a copy, and its part
 * of a lock that a bunch takes once. No reader, however slow, makes ingest wait for more than a copy of a bunch.
 *
 *     table_apply ──a bunch──┬► [ . . . . ] ──feed_take──► HTTP streams
 *                            └► [ . . . . ] ──feed_take──► push targets
 *                               full: the newest are lost, and counted
 *
 * A ring takes memory for as much as waits in it: what a slow moment filled is given back, piece by piece, each time
 * that it is emptied, and all of it when nobody listens any more. */
#ifndef SERIES_FEED_H
#define SERIES_FEED_H

#include "base/reading.h"
#include "numeric/status.h"

#include <stdbool.h>
#include <stdint.h>

/* Names a series from outside the table: survives the series' end, then finds nothing. */
struct ref {
    uint32_t index; /* shard and place */
    uint32_t birth; /* which series had that place */
};

struct feed_item {
    struct ref series;
    struct point point;
    struct point_note note;
    bool
        ended; /* no point: the series fell silent, or was ended, and point.t_ns was its last sample's time */
};

/* What goes into the rings together. */
enum { FEED_BUNCH = 128 };
struct feed_bunch {
    uint32_t n;
    struct feed_item at[FEED_BUNCH];
};

/* Who listens. */
enum feed_ear { FEED_STREAMS, FEED_PUSH, FEED_EARS };

struct feed;

/* capacity: points in each ring. Errors: NABLA_ENOMEM. */
MUST_CHECK enum nabla_status feed_new(uint32_t capacity, struct feed **out);
void feed_free(struct feed *f);

/* on_ready(ctx) is called, from any thread and at most once until the next feed_take, when there is
 * something to take; it must only wake its thread. Who listens already goes on with what waits. NULL: nobody
 * listens any more, and what waits is forgotten. */
void feed_listen(struct feed *f, enum feed_ear ear, void (*on_ready)(void *ctx), void *ctx);

bool feed_wanted(const struct feed *f); /* cheap; any thread */
/* To whoever listens; that a series has ended is told to FEED_PUSH alone. Any thread. */
void feed_put(struct feed *f, const struct feed_item *items, uint32_t n);

uint64_t feed_bytes(
    const struct feed *f); /* that the rings have touched and not given back; any thread */

/* Moves up to max items to out; *lost counts those dropped since the last call. The listener's
 * thread. Returns how many; feed_take until it returns less than max. */
uint32_t feed_take(struct feed *f, enum feed_ear ear, struct feed_item *out, uint32_t max,
                   uint64_t *lost);

#endif
