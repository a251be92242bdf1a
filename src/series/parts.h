/* series/parts.h -- how the table is made inside; only the files of this room that begin with
 * table_ see it.
 *
 *   raw key ──hash──► shard ──index──► place ──► record ──► identity (labels)
 *                       │                ▲
 *                       └──► alias ──────┘  another spelling; its record may be in another shard
 *
 *   identity ──hash──► catalog ──► (shard, place)    asked only when a raw key is new
 *
 * Locks: a shard's, then the catalog's; never two shards' at once. A record and its shard's index
 * belong to the shard's lock. An identity is made and freed under both, so either protects a reader;
 * and while it lives, so do the entries of the vocabulary that it names. */
#ifndef SERIES_PARTS_H
#define SERIES_PARTS_H

#include "series/cells.h"
#include "series/identity.h"
#include "series/index.h"
#include "series/kept.h"
#include "series/marks.h"
#include "series/record.h"
#include "series/table.h"
#include "series/watch.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
    PLACE_BITS = 26, /* of a ref's index: the place; above them the shard */
    CHUNK_BITS = 14, /* records in a chunk: 2 MiB, one huge page */
    CHUNK_RECORDS = 1 << CHUNK_BITS,
    CHUNKS_MAX = 1 << (PLACE_BITS - CHUNK_BITS),
    ALIAS_BIT = 1 << 30, /* of an index's place: an alias, not a record */
    SOURCES_MAX = 4096,  /* senders whose series are counted each by itself */
    SLICE = 1024,        /* records visited under one hold of a lock */
};

/* Who made something, as struct catalog's sources number them, and what of its labels he is charged with. */
struct owner {
    uint16_t source; /* its number there + 1; 0: nobody is counted */
    uint16_t eights; /* of bytes */
};

/* A second spelling of a series' labels. */
struct alias {
    struct keyhash key;
    struct ref target; /* whose birth may be over: the alias then goes at the next sweep */
    bool used;
    struct owner owner; /* who spelled it */
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
    struct tiers aliases; /* of struct alias */
    uint32_t aliases_n, first_free_alias;
    struct tiers extras; /* of struct extra *, by place */
    uint32_t extras_n;
    struct tiers watching; /* of struct watching, by place */
    uint32_t watching_n;
    struct tiers sources; /* of struct owner, by place */
    struct marks marks;
} __attribute__((aligned(64)));

struct catalog {
    pthread_mutex_t lock;
    struct index index; /* of global places: ref.index */
    struct vocabulary names;
    struct cells cells;          /* identities */
    struct columns *columns;     /* owned; NULL until somebody asks by a label */
    struct policies policies[2]; /* [generation] is in force; the other only while a change is on */
    uint32_t generation;
    uint32_t live, aliases, max_series;
    struct birth_limits limits;
    uint64_t label_bytes; /* of identities */
    struct networks
        sources; /* who has how many series and aliases; their number + 1 stands with each, 0: not
                                counted */
};

/* Where the records are that are still under the old policies: table_change.c. Of whoever changes them. */
struct follow {
    uint32_t shard, place; /* those before follow the new ones */
    uint32_t slice;        /* records under one hold of their lock */
};

struct table {
    struct secrets secrets;
    key_reader *read_key;
    void *read_key_ctx;
    struct stats *stats;
    struct feed *feed;
    struct log *log;
    const struct watcher *watcher; /* NULL: nobody watches */
    _Atomic int64_t max_future_ns;
    _Atomic uint32_t live; /* the catalog's, for readers without a lock */
    struct catalog catalog;
    struct follow follow;
    struct budget budget; /* of kept points */
    _Atomic uint32_t
        readers[SCRAPERS_MAX]; /* of extremes: how many scrapers had each number so far */
    uint32_t shards_n;
    struct shard shards[];
};

static inline struct record *record_at(const struct shard *s, uint32_t place)
{
    return &s->chunks[place >> CHUNK_BITS][place & (CHUNK_RECORDS - 1)];
}

/* For who goes from place to place, up to to. */
static inline void identity_prefetch(const struct shard *s, uint32_t place, uint32_t to)
{
    enum { AHEAD = 8 };
    if (place + AHEAD < to)
        __builtin_prefetch(record_at(s, place + AHEAD)->identity);
}

static inline struct alias *alias_at(const struct shard *s, uint32_t number)
{
    return tiers_at(&s->aliases, number, sizeof(struct alias));
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

/* True if nothing came for stale_after, whether or not the sweep has been there. */
static inline bool record_is_silent(const struct record *x, const struct policy *p, int64_t mono_ns)
{
    return (x->flags & RECORD_STALE) != 0 || mono_ns - x->seen_ns > p->stale_after_ns;
}

/* The state of a live record. */
enum series_state record_state(const struct table *t, const struct record *x, int64_t mono_ns);

/* table_birth.c -- a key that its shard's index lacks, on its way to a series; the shard is locked.
 * In two steps, so that the catalog's memory is asked for by the first and there at the second. */
struct newborn {
    unsigned char *identity; /* owned; NULL: none */
    uint32_t bytes, tag;     /* of the identity; tag: in the catalog's index */
    bool ends;               /* an end, which bears no series */
    uint32_t cost; /* bytes of labels that it added: names that were there already cost nothing */
    struct owner owner; /* who makes it, by source_join */
};
/* Reads the labels. Returns CAUSE_COUNT or why they are refused: *b is then none. */
enum cause birth_prepare(struct table *t, const struct sample *sample, struct newborn *b);
/* Finds the series with these labels, in whatever shard, or makes it. Either way *b is none
 * afterwards. Returns CAUSE_COUNT or why it was refused. */
enum cause birth_settle(struct table *t, struct shard *s, struct keyhash key,
                        const struct network *from, struct newborn *b, struct ref *target);
/* The same of labels that were judged and sorted. */
enum cause birth_prepare_labels(struct table *t, const struct label_list *list, struct newborn *b);
/* birth_settle of a series that was saved: false if there is one with these labels, or no room. */
bool birth_restore(struct table *t, struct shard *s, struct keyhash key, struct newborn *b,
                   struct ref *target);
void birth_drop(struct table *t, struct newborn *b); /* it was settled by another way */
/* Of all labels, each name and each set of names once; the catalog is locked. */
uint64_t birth_label_bytes(const struct catalog *c);
/* Forgets a series, its record and its names; the shard is locked. */
void birth_end(struct table *t, struct shard *s, uint32_t place);
void birth_end_alias(struct table *t, struct shard *s, uint32_t number);
/* Chooses x's policy anew, by the rules in force; shard and catalog are locked. */
void birth_choose_policy(struct table *t, struct record *x);

/* table_source.c -- the catalog is locked, and of what lies beside a record its shard. */
/* Counts one more series or alias of a sender, which added so many bytes of labels. Returns CAUSE_COUNT, or why
 * it has all that it may. *owner is for source_leave. */
enum cause source_join(struct table *t, const struct network *from, uint32_t cost,
                       struct owner *owner);
void source_leave(struct table *t, struct owner owner);
/* Whose the series at a place is. False without memory. */
bool source_note(struct shard *s, uint32_t place, struct owner owner);
struct owner source_take(struct shard *s, uint32_t place); /* and nobody's from then on */

/* table_watch.c -- the shard is locked; for watch_choose the catalog, too. */
void watch_choose(struct table *t, struct shard *s, uint32_t place);
void watch_end(struct table *t, struct shard *s, uint32_t place);
/* Of a series that is watched. */
void watch_look(struct table *t, struct ref ref, struct instant now);
/* What of it lies beside the record at a place, which may not be watched. Inlined by force, as
 * index_prefetch is. */
enum { WATCHING_BYTES = 16 };
__attribute__((always_inline)) static inline void watch_prefetch(const struct shard *s,
                                                                 uint32_t place)
{
    if (s->watching_n > 0 && s->watching.at[tier_of(place)] != NULL)
        __builtin_prefetch(tiers_at(&s->watching, place, WATCHING_BYTES), 1);
}
void watches_fini(struct shard *s);
uint64_t watches_bytes(const struct shard *s);

/* table_read.c -- the reading of the record at a place of its shard, which is locked, but for its
 * labels. */
void reading_fill(const struct table *t, const struct shard *s, uint32_t place, int64_t mono_ns,
                  struct reading *r);

/* table_column.c -- series by the value of a label. Births and ends are told with the catalog locked;
 * the others lock it. */
void columns_born(struct table *t, uint32_t global, const unsigned char *id);
void columns_end(struct table *t, uint32_t global, const unsigned char *id);
void columns_fini(struct table *t);
uint64_t columns_bytes(const struct table *t);

/* Asks for a label's column, begins it if there is none and goes on with it for a slice. */
enum column_state { COLUMN_NONE, COLUMN_IN_THE_MAKING, COLUMN_MADE };
enum column_state columns_ask(struct table *t, const struct label *l, int64_t mono_ns);

/* A list of global places: ref.index. */
struct places {
    uint32_t *at; /* owned */
    uint32_t n, cap;
};
bool places_add(struct places *p, uint32_t global);

/* Adds the places of the series that can have all of labels[0..n), n > 0, whose columns are made: all
 * that have the rarest of the values. */
enum chain { CHAIN_FOUND, CHAIN_TOO_LONG, CHAIN_NO_MEMORY };
enum chain columns_find(struct table *t, const struct label *labels, uint32_t n,
                        struct places *out);

/* table_push.c -- one value for one record, by its policy; the shard is locked. Counts into tally
 * what became of it. Returns CAUSE_COUNT or why it was refused. */
struct tally {
    uint64_t points;
    uint64_t rejected[CAUSE_COUNT];
    uint64_t events[EVENT_COUNT];
};
/* Adds to the statistics; what the log should know goes there. */
void tally_add(struct table *t, const struct tally *tally);

#endif
