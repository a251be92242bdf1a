/* series/feed.h -- final points on their way to those who listen: for each ear a bounded ring between the
 * threads that ingest and the one that reads. With no listener a point costs one load.
 *
 *     table_apply ──feed_put──┬► [ . . . . ] ──feed_take──► HTTP streams
 *                             └► [ . . . . ] ──feed_take──► push targets
 *                                full: the newest are lost, and counted
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
/* Any thread; notes[i] is points->at[i]'s. */
void feed_put(struct feed *f, struct ref series, const struct points *points,
              const struct point_note *notes);

/* Tells FEED_PUSH alone that a series has ended. Any thread. */
void feed_end(struct feed *f, struct ref series, int64_t t_ns);

uint64_t feed_bytes(
    const struct feed *f); /* that the rings have touched and not given back; any thread */

/* Moves up to max items to out; *lost counts those dropped since the last call. The listener's
 * thread. Returns how many; feed_take until it returns less than max. */
uint32_t feed_take(struct feed *f, enum feed_ear ear, struct feed_item *out, uint32_t max,
                   uint64_t *lost);

#endif
