/* series/table_save.h -- what the table holds, as bytes for a disk and back: chunk by chunk, only what has
 * changed, a shard locked for microseconds at a time.
 *
 *     shard   | chunk 0: places 0 .. 127 | chunk 1: 128 .. 255 | ...       a chunk's bytes: its series, one
 *                          ^ a series of it has changed                    behind the other (series/saved.h)
 *
 * A sample marks its record as changed, as do silence, a birth, an end and another policy; saving unmarks it. A
 * chunk is saved whole, so that who reads it needs no other. Places mean nothing to another process. */
#ifndef SERIES_TABLE_SAVE_H
#define SERIES_TABLE_SAVE_H

#include "base/buf.h"
#include "series/keyhash.h"
#include "series/table.h"

enum { SAVE_CHUNK = 128 };

struct save_chunk {
    uint32_t shard, chunk;
};

uint32_t table_shards(const struct table *t);
uint32_t table_chunks(struct table *t, uint32_t shard); /* that have ever been used */

/* What a call of table_save found. */
struct save_tally {
    uint64_t series;        /* in the bytes */
    int64_t longest_ns;     /* that a shard was held at once, by `clock` */
    int64_t (*clock)(void); /* monotonic; NULL: nobody asks */
};

/* Appends a chunk's series to out if one of them has changed, or anyway. False: nothing has, and out is as it
 * was. True with nothing appended: the chunk is empty now. now: what silence is told by. out->failed without
 * memory: the chunk is to be saved again. */
bool table_save(struct table *t, struct save_chunk at, bool anyway, struct instant now,
                struct buf *out, struct save_tally *tally);
/* Its bytes did not get where they should: the chunk counts as changed. */
void table_save_again(struct table *t, struct save_chunk at);

/* What keys are hashed with; keys in saved series mean nothing without. */
void table_secrets(const struct table *t, struct secrets *out);

struct restore {
    struct instant now;
    bool keyed; /* the table has the secrets of who saved, and keys are read into labels as then */
    uint64_t series; /* restored; grows, as below */
    uint64_t
        refused; /* no series, or there is no room for it, or there is another one with its labels or key */
};

/* Bears a chunk's series under the policies in force, as they were. Bytes of any kind: what is no series is left
 * out. Silence goes on from when their last sample came, by the wall clock. */
void table_restore(struct table *t, const char *bytes, size_t n, struct restore *r);

#endif
