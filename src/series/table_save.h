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

enum { SAVE_CHUNK = 128, SAVE_BLOCK = 64 };

struct save_chunk {
    uint32_t shard, chunk;
};

uint32_t table_shards(const struct table *t);
uint32_t table_place(struct ref r);                     /* in its shard */
uint32_t table_chunks(struct table *t, uint32_t shard); /* that have ever been used */

/* What a call of table_save found. */
struct save_tally {
    uint64_t series;        /* in the bytes */
    int64_t longest_ns;     /* that a shard was held at once, by `clock` */
    int64_t (*clock)(void); /* monotonic; NULL: nobody asks */
};

/* Series of a chunk that keep points, which are saved beside it: block by block, the newest of which grows. */
struct save_keepers {
    struct save_keeper {
        struct ref ref;
        bool anew; /* no block of it is on the disk, or all of them are to be written again */
        int64_t oldest_ns; /* its oldest point's */
    } at[SAVE_CHUNK];
    uint32_t n;
};

/* Appends a chunk's series to out if one of them has changed, or anyway. False: nothing has, and out is as it
 * was. True with nothing appended: the chunk is empty now. now: what silence is told by. out->failed without
 * memory: the chunk is to be saved again. */
bool table_save(struct table *t, struct save_chunk at, bool anyway, struct instant now,
                struct buf *out, struct save_keepers *keepers, struct save_tally *tally);

/* Appends the points of the block of a keeper that begins at *first_ns; INT64_MIN: of the one that grew last, or of
 * the first one if it is anew. *first_ns then says where it begins, *next_ns where the next one does. False if there are no
 * such points, or no memory. */
bool table_save_points(struct table *t, const struct save_keeper *k, int64_t *first_ns,
                       struct buf *out, int64_t *next_ns);
/* Its bytes, or its points', did not get where they should: the chunk counts as changed, with all points. */
void table_save_again(struct table *t, struct save_chunk at);

/* What keys are hashed with; keys in saved series mean nothing without. */
void table_secrets(const struct table *t, struct secrets *out);

struct restore {
    struct instant now;
    bool keyed; /* the table has the secrets of who saved, and keys are read into labels as then */
    /* A series that keeps points was restored; its place in its chunk. NULL: nobody asks. */
    void (*on_keeper)(void *ctx, uint32_t place, struct ref ref);
    void *ctx;
    uint64_t series; /* restored; grows, as below */
    uint64_t bad;    /* whose bytes are no series */
    uint64_t
        refused; /* those, and those that there is no room for, or another one with their labels or key */
};

/* Bears a chunk's series under the policies in force, as they were. Bytes of any kind: what is no series is left
 * out. Silence goes on from when their last sample came, by the wall clock. */
void table_restore(struct table *t, const char *bytes, size_t n, struct restore *r);

/* A block of points of a series that was restored, after those before it; if its rule still keeps points. False if
 * some of the bytes are no points; those before them are taken. */
bool table_restore_points(struct table *t, struct ref ref, const char *bytes, size_t n);

#endif
