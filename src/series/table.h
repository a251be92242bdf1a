/* series/table.h -- all series: samples in, points out to the feed, readings for who asks.
 *
 * A sample's key, as its bytes came, is hashed with a random secret to 128 bits; that finds its
 * record (two spellings of one label set meet in one record). Only a key never seen before is read
 * into labels. Two different keys are taken for one with probability 2^-128 a pair: for ten million
 * keys 1.5e-25.
 *
 * Threads: table_apply, table_select, table_read and table_sweep from any thread at once. Each
 * locks one shard for one batch or one slice; nothing returned points into the table. */
#ifndef SERIES_TABLE_H
#define SERIES_TABLE_H

#include "base/clock.h"
#include "base/network.h"
#include "base/reading.h"
#include "base/sample.h"
#include "base/stats.h"
#include "series/feed.h"
#include "series/kept.h"
#include "series/marks.h"
#include "series/policy.h"
#include "series/watch.h"

#include <stdint.h>

struct table;
struct selector;
struct log;
struct secrets;

enum { TABLE_SHARDS_MAX = 64, SCRAPERS_MAX = 4 };

struct table_options {
    uint32_t max_series;
    uint32_t shards;               /* a power of two, at most TABLE_SHARDS_MAX */
    uint64_t keep_bytes;           /* of kept points, all together */
    int64_t max_future_ns;         /* a sample further ahead of the wall clock is refused */
    key_reader *read_key;          /* wire/key.h's, so that this room knows no format */
    void *read_key_ctx;            /* borrowed */
    struct policies *policies;     /* taken over, on success and on failure; *policies is emptied */
    struct stats *stats;           /* borrowed */
    struct feed *feed;             /* borrowed; may be NULL */
    struct log *log;               /* borrowed; may be NULL */
    const struct watcher *watcher; /* borrowed; NULL: the policies' watches are for nobody */
    const struct secrets
        *secrets; /* copied: those that saved series' keys were hashed with; NULL: new ones */
};

/* Errors: NABLA_ENOMEM, NABLA_EINVAL, NABLA_EIO (no random bytes). */
MUST_CHECK enum nabla_status table_new(struct table_options *options, struct table **out);
void table_free(struct table *t); /* NULL is fine */

/* What births may take; before anything is applied, or while the table runs: what is there stays.
 * Errors: as networks_init. */
struct birth_limits {
    uint32_t per_source;  /* series, and other spellings, of one sender; 0: no limit */
    uint64_t label_bytes; /* of the labels of all series; 0: no limit */
    uint64_t
        source_label_bytes; /* of those of one sender: what its series added when they were made; 0: no limit */
};
MUST_CHECK enum nabla_status table_limit_births(struct table *t, const struct birth_limits *limits);

/* Pushes a batch. now: when it arrived. rejected[CAUSE_COUNT] grows by how many samples were refused, by
 * cause; NULL: nobody asks. origins: who sent which of its samples; NULL: this machine. */
void table_apply_from(struct table *t, const struct batch *batch, const struct origins *origins,
                      struct instant now, uint64_t *rejected);
static inline void table_apply_told(struct table *t, const struct batch *batch, struct instant now,
                                    uint64_t *rejected)
{
    table_apply_from(t, batch, NULL, now, rejected);
}
static inline void table_apply(struct table *t, const struct batch *batch, struct instant now)
{
    table_apply_told(t, batch, now, NULL);
}

/* New policies (taken over), at once for series to come, and for those that are there slice by slice, as table_follow
 * is called: until then one is treated as before. Any thread, but one change at a time: the next only after
 * table_follow was false. A table that is freed in between needs no more of it. */
void table_configure(struct table *t, struct policies *policies, uint32_t max_series,
                     int64_t max_future_ns, uint64_t keep_bytes);

/* One slice, under its shard's lock: 1024 series, or fewer where there are many rules, some 0.1 ms. False: all
 * series are under the new policies. */
bool table_follow(struct table *t);

/* Visits the next `max` records, or all of them once: ends the runs of series that fell silent (their last points go
 * to the feed) and forgets the expired. *at starts zeroed. */
struct sweep {
    uint32_t shard, place;
};
void table_sweep(struct table *t, struct sweep *at, uint32_t max, struct instant now);

/* The same of one slice, under one hold of its shard's lock: at most `max`, fewer where the shard ends, or where they
 * are much work: some 0.1 ms. Returns how many. */
uint32_t table_sweep_slice(struct table *t, struct sweep *at, uint32_t max, struct instant now);
uint32_t table_visits(struct table *t); /* how many there are to visit in all */

uint32_t table_count(const struct table *t); /* series there are */
/* Bytes that the table has asked for: records, indexes, labels. */
uint64_t table_memory(const struct table *t);

/* What there is of what is limited, and how much there may be. */
struct table_room {
    uint64_t series, max_series;
    uint64_t label_bytes, max_label_bytes; /* as limits.label_memory counts them; max 0: no limit */
    uint64_t kept_bytes, max_kept_bytes;
};
void table_room(struct table *t, struct table_room *out);

/* Which series to read: made by table_select, in a stable order. */
struct found {
    struct ref ref;
    uint32_t family; /* metric name's number: same number, same name */
};
struct findings {
    struct found *at; /* owned */
    uint32_t n;
};
void findings_fini(struct findings *f);

struct query {
    const struct selector *const *any; /* a series matches if one of them does; */
    uint32_t any_n;                    /* none: every series matches */
    uint32_t states;                   /* bit (1 << enum series_state); 0: every state */
    bool by_family; /* grouped by family, in order of family number; else in table order */
    bool
        exposed; /* `any` is about lines, too: see series/filter.h. Some that do not match are found */
    const struct effort
        *effort; /* what `any` is charged to, borrowed as they are; NULL: they are not */
};
/* A query in steps, each a slice of the table under one lock, some 20 us, or ended by what expressions cost
 * (effort_is_slice): a thread with other work goes on with it in between. The query's selectors are borrowed until selection_free; a series that
 * is there from the first step to the last, and matches, is found. Errors: NABLA_ENOMEM. */
struct selection;
MUST_CHECK enum nabla_status selection_new(struct table *t, const struct query *query,
                                           struct instant now, struct selection **out);
MUST_CHECK enum nabla_status selection_step(struct selection *s, bool *done);
uint64_t selection_bytes(const struct selection *s);  /* that it holds by now */
struct findings selection_steal(struct selection *s); /* once it is done */
void selection_free(struct selection *s);             /* NULL is fine */

/* All steps at once. Errors: NABLA_ENOMEM. */
MUST_CHECK enum nabla_status table_select(struct table *t, const struct query *query,
                                          struct instant now, struct findings *out);

/* Gives a watch's view of a series its memory, if there still are both: the watcher knows of the series from
 * before its watches were chosen anew. */
void table_watch_remember(struct table *t, struct ref ref, uint16_t watch, uint8_t memory);

/* The numbers of the watches that look at a series, ascending, in out; returns how many, 0 of a series that is no
 * longer there. */
uint32_t table_watches(struct table *t, struct ref ref, uint16_t out[static WATCHED_MAX]);

/* Copies the readings of found[0..n), n at most READINGS_MAX, in their order; those that are no
 * longer there are left out. Errors: NABLA_ENOMEM. */
MUST_CHECK enum nabla_status table_read(struct table *t, const struct found *found, uint32_t n,
                                        struct instant now, struct readings *out);

/* Recent points of a series whose rule keeps them, copied: those of start_ns <= time <= end_ns, oldest
 * first; none of a series that is not there or keeps none. *out is reused; zeroed at first.
 * Errors: NABLA_ENOMEM. */
struct kept_points {
    struct kept_point *at; /* owned */
    uint32_t n, cap;
};
MUST_CHECK enum nabla_status table_points(struct table *t, struct ref ref, int64_t start_ns,
                                          int64_t end_ns, struct kept_points *out);
void kept_points_fini(struct kept_points *p);
/* The newest samples of a series that did not go the plain way, those of start_ns <= time <= end_ns, in the order
 * in which that was seen; returns how many. Forgotten when others need the room, and at the end of the process. */
uint32_t table_marks(struct table *t, struct ref ref, int64_t start_ns, int64_t end_ns,
                     struct mark out[static MARKS_A_LANE]);
uint64_t table_kept_bytes(const struct table *t); /* of all kept points */

/* The smallest and largest rate, [v/s], of the final points since the last call for this series and
 * scraper (0 to SCRAPERS_MAX - 1); false if there was none. */
bool table_take_extremes(struct table *t, struct ref ref, uint32_t scraper, double *least,
                         double *most);
/* Another scraper has that number from now on: what was before is none of its. */
void table_forget_extremes(struct table *t, uint32_t scraper);

/* A family's metric name, at most LABEL_NAME_MAX bytes, not terminated; returns its length, 0 if no
 * series bears that number any more (it may be given to another name then). */
uint32_t table_family_name(struct table *t, uint32_t family, char out[static LABEL_NAME_MAX]);

#endif
