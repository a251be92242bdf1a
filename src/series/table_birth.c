/* series/table_birth.c -- a raw key that was never seen: read into labels, met with the series that
 * has them, or made a new one; and the end of a series.
 * Every birth passes the catalog's lock, so rules and names need no lock of their own. */
#include "series/labels.h"
#include "series/pages.h"
#include "series/push.h"
#include "series/selector.h"

#include <string.h>

static enum cause read_labels(struct table *t, const struct sample *sample, struct label_list *list)
{
    switch (t->read_key(t->read_key_ctx, sample, list)) {
    case NABLA_OK: return labels_sort(list);
    case NABLA_ELIMIT: return list->n >= LABELS_MAX ? CAUSE_LABEL_COUNT : CAUSE_LABEL_LENGTH;
    default: return CAUSE_NAME;
    }
}

/* The series with these labels; the catalog is locked. */
static bool find_identity(struct table *t, const struct newborn *b, struct ref *out)
{
    const struct slot *at = NULL;
    uint32_t global;
    while (index_next(&t->catalog.index, b->tag, &at, &global)) {
        struct ref r = {.index = global};
        const struct record *x = record_at(&t->shards[ref_shard(r)], ref_place(r));
        if (identity_bytes(&t->catalog.names, x->identity) == b->bytes &&
            memcmp(x->identity, b->identity, b->bytes) == 0) {
            *out = (struct ref){.index = global, .birth = x->birth};
            return true;
        }
    }
    return false;
}

/* ---- aliases */

static bool take_alias(struct shard *s, uint32_t *number)
{
    if (s->first_free_alias != 0) {
        *number = s->first_free_alias - 1;
        s->first_free_alias = alias_at(s, *number)->next_free;
        return true;
    }
    if (!tiers_reach(&s->aliases, s->aliases_n, sizeof(struct alias)))
        return false;
    *number = s->aliases_n++;
    return true;
}

static void give_alias(struct shard *s, uint32_t number)
{
    *alias_at(s, number) = (struct alias){.next_free = s->first_free_alias};
    s->first_free_alias = number + 1;
}

/* Remembers a spelling. Where that cannot be (no memory, or as many aliases as series are allowed, or as its
 * sender may have) the spelling is read anew each time it comes: slower, and right. */
static void add_alias(struct table *t, struct shard *s, struct keyhash key,
                      const struct network *from, struct ref target)
{
    uint32_t number;
    struct owner owner;
    if (t->catalog.aliases >= t->catalog.max_series ||
        source_join(t, from, 0, &owner) != CAUSE_COUNT)
        return;
    bool taken = take_alias(s, &number);
    if (taken && index_add(&s->index, keyhash_tag(key), ALIAS_BIT | number) == NABLA_OK) {
        *alias_at(s, number) =
            (struct alias){.key = key, .target = target, .used = true, .owner = owner};
        t->catalog.aliases++;
        return;
    }
    source_leave(t, owner);
    if (taken)
        give_alias(s, number);
}

void birth_end_alias(struct table *t, struct shard *s, uint32_t number)
{
    struct owner owner = alias_at(s, number)->owner;
    index_remove(&s->index, keyhash_tag(alias_at(s, number)->key), ALIAS_BIT | number);
    give_alias(s, number);
    pthread_mutex_lock(&t->catalog.lock);
    source_leave(t, owner);
    t->catalog.aliases--;
    pthread_mutex_unlock(&t->catalog.lock);
}

/* ---- places */

static bool add_chunk(struct shard *s)
{
    if (s->chunks_n == CHUNKS_MAX)
        return false;
    /* the first in small pages: a daemon with ten series takes a few KiB, not 2 MiB */
    void *chunk = pages_new(CHUNK_RECORDS * sizeof(struct record), s->chunks_n > 0);
    if (chunk == NULL)
        return false;
    s->chunks[s->chunks_n++] = chunk;
    return true;
}

static bool take_place(struct shard *s, uint32_t *place)
{
    if (s->first_free != 0) {
        *place = s->first_free - 1;
        s->first_free = (uint32_t)record_at(s, *place)->seen_ns;
        return true;
    }
    if (s->places == s->chunks_n * CHUNK_RECORDS && !add_chunk(s))
        return false;
    *place = s->places++;
    return true;
}

static void give_place(struct shard *s, uint32_t place)
{
    struct record *x = record_at(s, place);
    *x = (struct record){.birth = x->birth + 1, .seen_ns = s->first_free, .flags = RECORD_CHANGED};
    s->first_free = place + 1;
}

/* ---- births and ends; the catalog is locked */

void birth_choose_policy(struct table *t, struct record *x)
{
    const struct policies *p = &t->catalog.policies[t->catalog.generation];
    union {
        struct labelset labels;
        char room[LABELSET_MAX];
    } w;
    x->flags &= (uint8_t)~RECORD_GENERATION;
    x->flags |= t->catalog.generation != 0 ? RECORD_GENERATION : 0;
    x->policy = 0;
    if (p->rules_n == 0)
        return;
    identity_unpack(&t->catalog.names, x->identity, &w.labels);
    for (uint32_t i = 0; i < p->rules_n; i++)
        if (selector_match(p->rules[i].match, &w.labels)) {
            x->policy = (uint16_t)(i + 1);
            return;
        }
}

static void free_identity(struct table *t, unsigned char *id)
{
    size_t bytes = identity_bytes(&t->catalog.names, id);
    identity_leave(&t->catalog.names, id);
    cells_give(&t->catalog.cells, id, bytes);
    t->catalog.label_bytes -= bytes;
}

uint64_t birth_label_bytes(const struct catalog *c)
{
    const struct dictionary *metrics = &c->names.metrics, *shapes = &c->names.shapes;
    return c->label_bytes + metrics->text_bytes + shapes->text_bytes +
           (uint64_t)(metrics->index.used + shapes->index.used) * sizeof(struct entry);
}

static bool labels_fit(const struct catalog *c)
{
    return c->limits.label_bytes == 0 || birth_label_bytes(c) <= c->limits.label_bytes;
}

static void count_live(struct table *t, struct shard *s, int by)
{
    s->live += (uint32_t)by;
    t->catalog.live += (uint32_t)by;
    t->live = t->catalog.live;
}

/* Enters the record at place, its key set, in both indexes. */
static bool enter(struct table *t, struct shard *s, uint32_t place, uint32_t tag)
{
    const struct record *x = record_at(s, place);
    if (index_add(&s->index, keyhash_tag(x->key), place) != NABLA_OK)
        return false;
    if (index_add(&t->catalog.index, tag, ref_of(s, place).index) != NABLA_OK) {
        index_remove(&s->index, keyhash_tag(x->key), place);
        return false;
    }
    count_live(t, s, 1);
    return true;
}

/* Takes the newborn's identity over if all goes well. */
static enum cause make(struct table *t, struct shard *s, struct keyhash key, struct newborn *b,
                       struct ref *out)
{
    uint32_t place;
    if (t->catalog.live >= t->catalog.max_series)
        return CAUSE_SERIES_LIMIT;
    if (!labels_fit(&t->catalog))
        return CAUSE_LABEL_MEMORY;
    if (!take_place(s, &place))
        return CAUSE_MEMORY;
    struct record *x = record_at(s, place);
    *x = (struct record){.key = key, .birth = x->birth, .flags = RECORD_CHANGED};
    if (!source_note(s, place, b->owner) || !enter(t, s, place, b->tag)) {
        (void)source_take(s, place);
        give_place(s, place);
        return CAUSE_MEMORY;
    }
    x->identity = b->identity;
    b->identity = NULL;
    columns_born(t, ref_of(s, place).index, x->identity);
    birth_choose_policy(t, x);
    watch_choose(t, s, place);
    *out = ref_of(s, place);
    return CAUSE_COUNT;
}

/* The labels' identity in a cell of its own; the catalog is locked. */
static bool keep_identity(struct table *t, const struct label_list *list, struct newborn *b)
{
    unsigned char id[IDENTITY_MAX];
    size_t bytes;
    uint64_t before = birth_label_bytes(&t->catalog);
    if (identity_make(&t->catalog.names, list->at, list->n, id, &bytes) != NABLA_OK)
        return false;
    unsigned char *cell = cells_take(&t->catalog.cells, bytes);
    if (cell == NULL) {
        identity_leave(&t->catalog.names, id);
        return false;
    }
    memcpy(cell, id, bytes);
    t->catalog.label_bytes += bytes;
    *b = (struct newborn){.identity = cell,
                          .bytes = (uint32_t)bytes,
                          .cost = (uint32_t)(birth_label_bytes(&t->catalog) - before),
                          .tag = keyhash_bytes(&t->secrets, id, bytes)};
    return true;
}

enum cause birth_prepare_labels(struct table *t, const struct label_list *list, struct newborn *b)
{
    pthread_mutex_lock(&t->catalog.lock);
    bool kept = keep_identity(t, list, b);
    if (kept)
        index_prefetch(&t->catalog.index, b->tag);
    pthread_mutex_unlock(&t->catalog.lock);
    return kept ? CAUSE_COUNT : CAUSE_MEMORY;
}

enum cause birth_prepare(struct table *t, const struct sample *sample, struct newborn *b)
{
    struct label_list list;
    b->identity = NULL;
    enum cause cause = read_labels(t, sample, &list);
    if (cause == CAUSE_COUNT)
        cause = birth_prepare_labels(t, &list, b);
    b->ends = sample_is_end(sample->v);
    return cause;
}

static void drop(struct table *t, struct newborn *b)
{
    if (b->identity != NULL)
        free_identity(t, b->identity);
    b->identity = NULL;
}

void birth_drop(struct table *t, struct newborn *b)
{
    if (b->identity == NULL)
        return;
    pthread_mutex_lock(&t->catalog.lock);
    drop(t, b);
    pthread_mutex_unlock(&t->catalog.lock);
}

/* A restored series learns how its labels are spelled, from a key of its own shard. */
static bool give_key(struct table *t, struct shard *s, struct keyhash key, struct ref target)
{
    struct record *x = record_of(t, target);
    if (ref_shard(target) != s->number || (x->flags & RECORD_UNKEYED) == 0 ||
        index_add(&s->index, keyhash_tag(key), ref_place(target)) != NABLA_OK)
        return false;
    index_remove(&s->index, keyhash_tag(x->key), ref_place(target));
    x->key = key;
    x->flags &= (uint8_t)~RECORD_UNKEYED;
    return true;
}

static enum cause make_for(struct table *t, struct shard *s, struct keyhash key,
                           const struct network *from, struct newborn *b, struct ref *out)
{
    if (b->ends)
        return CAUSE_NOT_FINITE;
    enum cause cause = source_join(t, from, b->cost, &b->owner);
    if (cause != CAUSE_COUNT)
        return cause;
    cause = make(t, s, key, b, out);
    if (cause != CAUSE_COUNT)
        source_leave(t, b->owner);
    return cause;
}

enum cause birth_settle(struct table *t, struct shard *s, struct keyhash key,
                        const struct network *from, struct newborn *b, struct ref *target)
{
    enum cause cause = CAUSE_COUNT;
    pthread_mutex_lock(&t->catalog.lock);
    if (find_identity(t, b, target)) {
        if (!give_key(t, s, key, *target))
            add_alias(t, s, key, from, *target);
    } else {
        cause = make_for(t, s, key, from, b, target);
        count(&t->stats->events[EVENT_BORN], cause == CAUSE_COUNT);
    }
    drop(t, b);
    pthread_mutex_unlock(&t->catalog.lock);
    return cause;
}

bool birth_restore(struct table *t, struct shard *s, struct keyhash key, struct newborn *b,
                   struct ref *target)
{
    pthread_mutex_lock(&t->catalog.lock);
    bool made = !find_identity(t, b, target) && make(t, s, key, b, target) == CAUSE_COUNT;
    drop(t, b);
    pthread_mutex_unlock(&t->catalog.lock);
    return made;
}

void birth_end(struct table *t, struct shard *s, uint32_t place)
{
    struct record *x = record_at(s, place);
    extra_end(t, s, place);
    watch_end(t, s, place);
    pthread_mutex_lock(&t->catalog.lock);
    size_t bytes = identity_bytes(&t->catalog.names, x->identity);
    columns_end(t, ref_of(s, place).index, x->identity);
    index_remove(&t->catalog.index, keyhash_bytes(&t->secrets, x->identity, bytes),
                 ref_of(s, place).index);
    free_identity(t, x->identity);
    x->identity = NULL;
    count_live(t, s, -1);
    index_remove(&s->index, keyhash_tag(x->key), place);
    source_leave(t, source_take(s, place));
    give_place(s, place);
    pthread_mutex_unlock(&t->catalog.lock);
}
