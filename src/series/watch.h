/* series/watch.h -- who looks at series as their samples come: rules of alerts, each about the series
 * that a selector matches.
 *
 *     birth ──match each──► watched[]    beside the record; most series have none and pay one test
 *     sample ─► window ─► on_sample(watched[], reading)      also when it falls silent
 *     end ─► on_end
 *
 * The watcher is called with the series' shard locked, from any thread that ingests or sweeps: it must
 * be quick, and must not call the table. */
#ifndef SERIES_WATCH_H
#define SERIES_WATCH_H

#include "base/clock.h"
#include "base/reading.h"
#include "series/feed.h"

enum { WATCHED_MAX = 64 }; /* rules that one series can be under; those after are left out */

/* One rule's view of one series. */
struct watched {
    uint16_t watch; /* its number: the policies' watches_first and on */
    uint8_t memory; /* the watcher's own; 0 at birth and whenever the watches change */
};

struct watcher {
    void *ctx;
    /* A sample came (refused ones too), or the series was found silent; r->labels is NULL. */
    void (*on_sample)(void *ctx, struct ref series, struct watched *at, uint32_t n,
                      const struct reading *r, struct instant now);
    /* It is forgotten. */
    void (*on_end)(void *ctx, struct ref series, const struct watched *at, uint32_t n);
};

#endif
