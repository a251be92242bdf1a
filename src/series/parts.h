/* series/parts.h -- how the table is made inside; only the files of this room that begin with
 * table_ see it.
 *
 *   raw key ──hash──► shard ──index──► place ──► record ──► identity (labels, family)
 *                       │                ▲
 *                       └──► alias ──────┘  another spelling; its record may be in another shard
 *
 *   labels ──hash──► catalog ──► (shard, place)      asked only when a raw key is new
 *
 * Locks: a shard's, then the catalog's; never two shards' at once. A record and its shard's index
 * belong to the shard's lock. An identity is made and freed under both, so either protects a reader. */
#ifndef SERIES_PARTS_H
#define SERIES_PARTS_H

#include "series/families.h"
#include "series/index.h"
#include "series/record.h"
#include "series/table.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
    PLACE_BITS = 26, /* of a ref's index: the place; above them the shard */
    CHUNK_BITS = 14, /* records in a chunk: 2 MiB, one huge page */
    CHUNK_RECORDS = 1 << CHUNK_BITS,
    CHUNKS_MAX = 1 << (PLACE_BITS - CHUNK_BITS),
    ALIAS_BIT = 1 << 30, /* of an index's place: an alias, not a record */
    SLICE = 1024,        /* records visited under one hold of a lock */
};

/* A second spelling of a series' labels. */
struct alias {
    struct keyhash key;
    struct ref target; /* whose birth may be over: the alias then goes at the next sweep */
    bool used;
    uint32_t next_free;
};

struct shard {
    pthread_mutex_t lock;
    struct index index;
    uint32_t number;
    uint32_t places;     /* ever used: records [0..places) */
    uint32_t first_free; /* place + 1 of a chain of free ones, 0: none */
    uint32_t live;
    uint32_t chunks_n;
    struct record *chunks[CHUNKS_MAX];
    struct alias *aliases; /* owned */
    uint32_t aliases_n, aliases_cap, first_free_alias;
} __attribute__((aligned(64)));

struct catalog {
    pthread_mutex_t lock;
    struct index index; /* of global places: ref.index */
    struct families families;
    struct policies policies[2]; /* [generation] is in force; the other only while a change is on */
    uint32_t generation;
    uint32_t live, aliases, max_series;
    uint64_t identity_bytes;
};

struct table {
    struct secrets secrets;
    key_reader *read_key;
    struct stats *stats;
    struct feed *feed;
    struct log *log;
    _Atomic int64_t max_future_ns;
    _Atomic uint32_t live; /* the catalog's, for readers without a lock */
    struct catalog catalog;
    uint32_t shards_n;
    struct shard shards[];
};

static inline struct record *record_at(const struct shard *s, uint32_t place)
{
    return &s->chunks[place >> CHUNK_BITS][place & (CHUNK_RECORDS - 1)];
}

static inline struct ref ref_of(const struct shard *s, uint32_t place)
{
    return (struct ref){.index = s->number << PLACE_BITS | place,
                        .birth = record_at(s, place)->birth};
}

static inline uint32_t ref_shard(struct ref r)
{
    return r.index >> PLACE_BITS;
}

static inline uint32_t ref_place(struct ref r)
{
    return r.index & ((1u << PLACE_BITS) - 1);
}

/* The record of a ref, if that series still is there; its shard is locked. */
static inline struct record *record_of(const struct table *t, struct ref r)
{
    struct record *x = record_at(&t->shards[ref_shard(r)], ref_place(r));
    return x->identity != NULL && x->birth == r.birth ? x : NULL;
}

/* How a record is treated; its shard is locked. */
static inline const struct policy *policy_of(const struct table *t, const struct record *x)
{
    const struct policies *p = &t->catalog.policies[(x->flags & RECORD_GENERATION) != 0];
    return x->policy == 0 ? &p->defaults : &p->rules[x->policy - 1].policy;
}

/* The state of a live record. */
enum series_state record_state(const struct table *t, const struct record *x, int64_t mono_ns);

/* table_birth.c -- finds or makes the series of a raw key that the shard's index lacks; the shard is
 * locked. *target is where it is, in whatever shard. Returns CAUSE_COUNT or why it was refused. */
enum cause birth_resolve(struct table *t, struct shard *s, const struct sample *sample,
                         struct keyhash key, struct ref *target);
/* Forgets a series, its record and its names; the shard is locked. */
void birth_end(struct table *t, struct shard *s, uint32_t place);
void birth_end_alias(struct table *t, struct shard *s, uint32_t number);
/* Chooses x's policy anew, by the rules in force; shard and catalog are locked. */
void birth_choose_policy(struct table *t, struct record *x);

/* table_apply.c -- one value for one record, by its policy; the shard is locked. Counts into tally
 * what became of it. Returns CAUSE_COUNT or why it was refused. */
struct tally {
    uint64_t points;
    uint64_t rejected[CAUSE_COUNT];
    uint64_t events[EVENT_COUNT];
};
void tally_add(struct stats *stats, const struct tally *tally);
/* Sends points to who listens, and counts them. */
void points_out(struct table *t, struct ref ref, const struct points *points, struct tally *tally);

#endif
