/* alerts/lookout.h -- looks at each sample of the series that rules are about, and tells only what
 * changes: the threads that ingest judge, the one that alerts decides.
 *
 *     table ──on_sample──► when, clear ──as before──► nothing
 *     (shard locked)            └─────changed──► [ look look ... ] ──lookout_take──► alerts
 *                                                 full: judged anew at the next sample
 *
 * A rule is known by a number, its place here. Rules that replace others get other numbers, so that a
 * series which still has an old number is judged by the old rule, until it is chosen anew. */
#ifndef ALERTS_LOOKOUT_H
#define ALERTS_LOOKOUT_H

#include "rules/facts.h"
#include "rules/rule.h"
#include "series/watch.h"

enum {
    LOOKOUT_ENGAGED = 0x80,   /* memory of a series that has an alert: what comes next is told */
    LOOKOUT_HALF = RULES_MAX, /* numbers of one set of rules: [0, HALF) or [HALF, 2 HALF) */
    LOOKOUT_PLACES = 2 * LOOKOUT_HALF,
    LOOKS_MAX = 16 * 1024, /* that wait to be taken */
};

/* What was seen. */
struct look {
    struct ref series;
    uint16_t rule; /* its number */
    int64_t wall_ns;
    struct facts facts; /* PRESENCE_GONE: the series ended */
};

struct lookout;

/* on_ready(ctx) is called from any thread, at most once until the next lookout_take, when there is
 * something to take; it must only wake its thread. Errors: NABLA_ENOMEM. */
MUST_CHECK enum nabla_status lookout_new(void (*on_ready)(void *ctx), void *ctx,
                                         struct lookout **out);
void lookout_free(struct lookout *l); /* NULL is fine; the table does not call it any more */

/* For the table; borrowed from l. */
const struct watcher *lookout_watcher(const struct lookout *l);

/* The number's rule from now on; NULL: none. A rule is borrowed until its number has another; no series
 * has the number while it changes. eager: every first judgement of a series is told, and every change
 * after it, though nothing of it concerns an alert that could begin now. */
void lookout_set(struct lookout *l, uint16_t number, const struct rule *rule, bool eager);

/* Moves up to max looks to out, in the order they came; those of one series in the order of its samples.
 * Returns how many; take until it returns less than max. *lost counts what found no room since the last
 * call and cannot come again: silences and ends. */
uint32_t lookout_take(struct lookout *l, struct look *out, uint32_t max, uint64_t *lost);

#endif
