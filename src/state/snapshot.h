/* state/snapshot.h -- what has changed in a table, brought to a file: the first one of a process writes all of it to a
 * new file that then takes the place of the old; the others write into that. One thread at a time. */
#ifndef STATE_SNAPSHOT_H
#define STATE_SNAPSHOT_H

#include "state/health.h"
#include "state/state.h"
#include "state/store.h"

#include <stdatomic.h>

enum { SNAPSHOT_PATH_MAX = 1100 };

struct snapshot {
    char path[SNAPSHOT_PATH_MAX], fresh_path[SNAPSHOT_PATH_MAX];
    const char *aside; /* what the file that is replaced is then called; NULL: it goes */
    int folder;        /* owned; -1: it could not be had, which is tried again */
    char directory[SNAPSHOT_PATH_MAX];
    struct state_stats *stats; /* borrowed, as log is */
    struct log *log;
    _Atomic uint64_t key_rules; /* that are in force */
    struct store_meta meta;     /* of the file */
    struct store *store;        /* owned; NULL: there is none of this process yet */
    bool whole;                 /* it has taken its place */
    bool failing;               /* the last one failed */
    struct puts puts;
    struct save_keepers keepers; /* of the chunk at hand */
    struct save_chunk *chunks;   /* whose bytes puts has; owned */
    uint32_t chunks_n, chunks_cap;
};

void snapshot_init(struct snapshot *s, const struct state_options *o);
void snapshot_fini(struct snapshot *s);

/* What the file is like that the first snapshot replaces: set aside unless it is good. */
void snapshot_instead_of(struct snapshot *s, enum health health);

/* True if all that the table held when it began is on the disk. What went wrong is counted and logged; it is tried
 * again by the next call. */
bool snapshot_write(struct snapshot *s, struct table *t);

#endif
