/* series/table_birth.c -- a raw key that was never seen: read into labels, met with the series that
 * has them, or made a new one; and the end of a series.
 * Every birth passes the catalog's lock, so rules and names need no lock of their own. */
#include "series/labels.h"
#include "series/pages.h"
#include "series/parts.h"
#include "series/selector.h"

#include <stdlib.h>
#include <string.h>

/* Where labels are unpacked and packed on their way in. */
struct workspace {
    struct label_list list;
    union {
        struct labelset labels;
        char room[LABELSET_MAX];
    };
};

static enum cause read_labels(struct table *t, const struct sample *sample, struct workspace *w)
{
    switch (t->read_key(sample, &w->list)) {
    case NABLA_OK: return labels_seal(&w->list, &w->labels);
    case NABLA_ELIMIT: return w->list.n >= LABELS_MAX ? CAUSE_LABEL_COUNT : CAUSE_LABEL_LENGTH;
    default: return CAUSE_NAME;
    }
}

/* The series with these labels; the catalog is locked. */
static bool find_labels(struct table *t, uint32_t tag, const struct labelset *labels,
                        struct ref *out)
{
    uint32_t at = tag, global;
    while (index_next(&t->catalog.index, tag, &at, &global)) {
        struct ref r = {.index = global};
        const struct record *x = record_at(&t->shards[ref_shard(r)], ref_place(r));
        if (labelset_equal(&x->identity->labels, labels)) {
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
        s->first_free_alias = s->aliases[*number].next_free;
        return true;
    }
    if (s->aliases_n == s->aliases_cap) {
        uint32_t cap = s->aliases_cap == 0 ? 64 : s->aliases_cap * 2;
        struct alias *aliases = realloc(s->aliases, cap * sizeof *aliases);
        if (aliases == NULL)
            return false;
        s->aliases = aliases;
        s->aliases_cap = cap;
    }
    *number = s->aliases_n++;
    return true;
}

static void give_alias(struct shard *s, uint32_t number)
{
    s->aliases[number] = (struct alias){.next_free = s->first_free_alias};
    s->first_free_alias = number + 1;
}

/* Remembers a spelling. Where that cannot be (no memory, or as many aliases as series are allowed)
 * the spelling is read anew each time it comes: slower, and right. */
static void add_alias(struct table *t, struct shard *s, struct keyhash key, struct ref target)
{
    uint32_t number;
    if (t->catalog.aliases >= t->catalog.max_series || !take_alias(s, &number))
        return;
    if (index_add(&s->index, keyhash_tag(key), ALIAS_BIT | number) != NABLA_OK) {
        give_alias(s, number);
        return;
    }
    s->aliases[number] = (struct alias){.key = key, .target = target, .used = true};
    t->catalog.aliases++;
}

void birth_end_alias(struct table *t, struct shard *s, uint32_t number)
{
    index_remove(&s->index, keyhash_tag(s->aliases[number].key), ALIAS_BIT | number);
    give_alias(s, number);
    pthread_mutex_lock(&t->catalog.lock);
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
    *x = (struct record){.birth = x->birth + 1, .seen_ns = s->first_free};
    s->first_free = place + 1;
}

/* ---- births and ends; the catalog is locked */

void birth_choose_policy(struct table *t, struct record *x)
{
    const struct policies *p = &t->catalog.policies[t->catalog.generation];
    x->flags &= (uint8_t)~RECORD_GENERATION;
    x->flags |= t->catalog.generation != 0 ? RECORD_GENERATION : 0;
    x->policy = 0;
    for (uint32_t i = 0; i < p->rules_n; i++)
        if (selector_match(p->rules[i].match, &x->identity->labels)) {
            x->policy = (uint16_t)(i + 1);
            return;
        }
}

static struct identity *new_identity(struct table *t, uint32_t tag, const struct labelset *labels)
{
    size_t bytes = offsetof(struct identity, labels) + labels->bytes;
    struct identity *id = malloc(bytes > sizeof *id ? bytes : sizeof *id);
    if (id == NULL)
        return NULL;
    struct label name = labelset_metric(labels);
    id->tag = tag;
    memcpy(&id->labels, labels, labels->bytes);
    if (families_join(&t->catalog.families, name.value, name.value_n, &id->family) != NABLA_OK) {
        free(id);
        return NULL;
    }
    t->catalog.identity_bytes += bytes;
    return id;
}

static void free_identity(struct table *t, struct identity *id)
{
    t->catalog.identity_bytes -= offsetof(struct identity, labels) + id->labels.bytes;
    families_leave(&t->catalog.families, id->family);
    free(id);
}

static void count_live(struct table *t, struct shard *s, int by)
{
    s->live += (uint32_t)by;
    t->catalog.live += (uint32_t)by;
    t->live = t->catalog.live;
}

/* Enters the record at place, its identity and key set, in both indexes. */
static bool enter(struct table *t, struct shard *s, uint32_t place)
{
    const struct record *x = record_at(s, place);
    if (index_add(&s->index, keyhash_tag(x->key), place) != NABLA_OK)
        return false;
    if (index_add(&t->catalog.index, x->identity->tag, ref_of(s, place).index) != NABLA_OK) {
        index_remove(&s->index, keyhash_tag(x->key), place);
        return false;
    }
    count_live(t, s, 1);
    return true;
}

static enum cause make(struct table *t, struct shard *s, struct keyhash key, uint32_t tag,
                       const struct labelset *labels, struct ref *out)
{
    uint32_t place;
    if (t->catalog.live >= t->catalog.max_series)
        return CAUSE_SERIES_LIMIT;
    if (!take_place(s, &place))
        return CAUSE_MEMORY;
    struct record *x = record_at(s, place);
    *x = (struct record){.key = key, .birth = x->birth};
    x->identity = new_identity(t, tag, labels);
    if (x->identity == NULL || !enter(t, s, place)) {
        if (x->identity != NULL)
            free_identity(t, x->identity);
        give_place(s, place);
        return CAUSE_MEMORY;
    }
    birth_choose_policy(t, x);
    count(&t->stats->events[EVENT_BORN], 1);
    *out = ref_of(s, place);
    return CAUSE_COUNT;
}

enum cause birth_resolve(struct table *t, struct shard *s, const struct sample *sample,
                         struct keyhash key, struct ref *target)
{
    struct workspace w;
    enum cause cause = read_labels(t, sample, &w);
    if (cause != CAUSE_COUNT)
        return cause;
    uint32_t tag = keyhash_labels(&t->secrets, &w.labels);
    pthread_mutex_lock(&t->catalog.lock);
    if (find_labels(t, tag, &w.labels, target))
        add_alias(t, s, key, *target);
    else
        cause = make(t, s, key, tag, &w.labels, target);
    pthread_mutex_unlock(&t->catalog.lock);
    return cause;
}

void birth_end(struct table *t, struct shard *s, uint32_t place)
{
    struct record *x = record_at(s, place);
    pthread_mutex_lock(&t->catalog.lock);
    index_remove(&t->catalog.index, x->identity->tag, ref_of(s, place).index);
    free_identity(t, x->identity);
    x->identity = NULL;
    count_live(t, s, -1);
    index_remove(&s->index, keyhash_tag(x->key), place);
    give_place(s, place);
    pthread_mutex_unlock(&t->catalog.lock);
}
