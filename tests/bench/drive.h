/* tests/bench/drive.h -- parser and table as nablad's ingest threads use them, without sockets: what
 * net/sink.c does, over bytes in memory. */
#ifndef BENCH_DRIVE_H
#define BENCH_DRIVE_H

#include "base/stats.h"
#include "series/table.h"
#include "wire/lines.h"

#include <stdbool.h>

/* A table of its own, with nablad's defaults. */
struct drive {
    struct stats stats;
    struct feed *feed; /* owned, as is the table */
    struct table *table;
};

bool drive_init(struct drive *d, uint32_t max_series, uint32_t shards);
/* The same with a policy that asks for more than none. */
bool drive_init_by(struct drive *d, uint32_t max_series, uint32_t shards, struct policy policy);
void drive_fini(struct drive *d);

/* Somebody listens to all points, and takes none: there is room for DRIVE_FEED of them, less `taken`. */
enum { DRIVE_FEED = 128 * 1024 };
void drive_follow(struct drive *d, uint32_t taken);

/* How long batches took, the worst of all, and at how many series the one was that took most CPU. */
struct pauses {
    int64_t worst_ns, worst_cpu_ns;
    uint32_t worst_at;
};

/* All lines of bytes[0..n), a read's worth at a time. pauses: timed batch by batch, unless NULL. False if
 * one was refused. */
bool drive_lines(struct drive *d, const char *bytes, size_t n, struct pauses *pauses);

/* Parses only: lines to samples, which are dropped. */
bool drive_parse(const char *bytes, size_t n);

#endif
