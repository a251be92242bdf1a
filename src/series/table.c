/* series/table.c -- makes and frees the table, and says what there is of what is limited.
 * Elsewhere: samples (table_apply.c), births and ends (table_birth.c), silence (table_sweep.c), other policies
 * (table_change.c), readings (table_read.c). How the parts hang together: parts.h. */
#include "series/push.h"

#include "series/pages.h"
#include "series/selector.h"

#include <stdlib.h>

/* A shard is held for microseconds, by ingest for part of a batch and by readers for copies: who waits spins
 * before it sleeps, since a sleep and a wake-up cost more. */
static void init_shard_lock(pthread_mutex_t *lock)
{
    pthread_mutexattr_t kind;
    pthread_mutexattr_init(&kind);
    pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_ADAPTIVE_NP);
    pthread_mutex_init(lock, &kind);
    pthread_mutexattr_destroy(&kind);
}

static struct table *allocate(uint32_t shards)
{
    size_t bytes = sizeof(struct table) + shards * sizeof(struct shard);
    struct table *t = aligned_alloc(64, (bytes + 63) / 64 * 64);
    if (t == NULL)
        return NULL;
    *t = (struct table){.shards_n = shards};
    pthread_mutex_init(&t->catalog.lock, NULL);
    for (uint32_t i = 0; i < shards; i++) {
        t->shards[i] = (struct shard){.number = i};
        init_shard_lock(&t->shards[i].lock);
    }
    return t;
}

enum nabla_status table_new(struct table_options *o, struct table **out)
{
    struct policies policies = policies_steal(o->policies);
    bool power = o->shards > 0 && (o->shards & (o->shards - 1)) == 0;
    if (!power || o->shards > TABLE_SHARDS_MAX || o->max_series == 0) {
        policies_fini(&policies);
        return NABLA_EINVAL;
    }
    struct table *t = allocate(o->shards);
    if (t == NULL) {
        policies_fini(&policies);
        return NABLA_ENOMEM;
    }
    t->read_key = o->read_key;
    t->read_key_ctx = o->read_key_ctx;
    t->stats = o->stats;
    t->feed = o->feed;
    t->log = o->log;
    t->watcher = o->watcher;
    t->max_future_ns = o->max_future_ns;
    t->follow.shard = o->shards; /* nobody has to follow */
    t->catalog.max_series = o->max_series;
    t->budget.limit = o->keep_bytes;
    t->catalog.policies[0] = policies;
    enum nabla_status status = NABLA_OK;
    if (o->secrets != NULL)
        t->secrets = *o->secrets;
    else
        status = secrets_draw(&t->secrets);
    if (status != NABLA_OK) {
        table_free(t);
        return status;
    }
    *out = t;
    return NABLA_OK;
}

/* Identities that are no cells are freed one by one. */
static void free_identities(struct table *t, struct shard *s)
{
    for (uint32_t place = 0; place < s->places; place++) {
        extra_end(t, s, place);
        unsigned char *id = record_at(s, place)->identity;
        if (id != NULL)
            cells_give(&t->catalog.cells, id, identity_bytes(&t->catalog.names, id));
    }
}

static void free_shard(struct shard *s)
{
    watches_fini(s);
    for (uint32_t i = 0; i < s->chunks_n; i++)
        pages_free(s->chunks[i], CHUNK_RECORDS * sizeof(struct record));
    tiers_fini(&s->aliases, sizeof(struct alias));
    tiers_fini(&s->extras, sizeof(struct extra *));
    tiers_fini(&s->sources, sizeof(struct owner));
    index_fini(&s->index);
    pthread_mutex_destroy(&s->lock);
}

void table_free(struct table *t)
{
    if (t == NULL)
        return;
    for (uint32_t i = 0; i < t->shards_n; i++) {
        free_identities(t, &t->shards[i]);
        free_shard(&t->shards[i]);
    }
    columns_fini(t);
    index_fini(&t->catalog.index);
    cells_fini(&t->catalog.cells);
    vocabulary_fini(&t->catalog.names);
    networks_fini(&t->catalog.sources);
    policies_fini(&t->catalog.policies[0]);
    policies_fini(&t->catalog.policies[1]);
    pthread_mutex_destroy(&t->catalog.lock);
    free(t);
}

uint32_t table_count(const struct table *t)
{
    return atomic_load_explicit(&t->live, memory_order_relaxed);
}

uint64_t table_memory(const struct table *t)
{
    struct table *mine = (struct table *)(uintptr_t)t; /* locks are no part of the value */
    uint64_t bytes = sizeof *t;
    for (uint32_t i = 0; i < t->shards_n; i++) {
        struct shard *s = &mine->shards[i];
        pthread_mutex_lock(&s->lock);
        bytes += sizeof *s + index_bytes(&s->index) +
                 tiers_bytes(&s->aliases, sizeof(struct alias)) + extras_bytes(s) +
                 tiers_bytes(&s->sources, sizeof(struct owner)) + watches_bytes(s) +
                 (uint64_t)s->chunks_n * CHUNK_RECORDS * sizeof(struct record);
        pthread_mutex_unlock(&s->lock);
    }
    bytes += atomic_load(&mine->budget.used);
    pthread_mutex_lock(&mine->catalog.lock);
    bytes += index_bytes(&t->catalog.index) + cells_bytes(&t->catalog.cells) +
             vocabulary_bytes(&t->catalog.names) + columns_bytes(t) +
             networks_bytes(&t->catalog.sources);
    pthread_mutex_unlock(&mine->catalog.lock);
    return bytes;
}

void table_room(struct table *t, struct table_room *out)
{
    struct catalog *c = &t->catalog;
    pthread_mutex_lock(&c->lock);
    *out = (struct table_room){.series = c->live,
                               .max_series = c->max_series,
                               .label_bytes = birth_label_bytes(c),
                               .max_label_bytes = c->limits.label_bytes,
                               .kept_bytes = atomic_load(&t->budget.used),
                               .max_kept_bytes = t->budget.limit};
    pthread_mutex_unlock(&c->lock);
}

enum series_state record_state(const struct table *t, const struct record *x, int64_t mono_ns)
{
    const struct policy *p = policy_of(t, x);
    if (p->on_silence == ON_SILENCE_STALE && record_is_silent(x, p, mono_ns))
        return STATE_STALE;
    bool broken = (x->flags & RECORD_BROKEN) != 0;
    bool zero = p->on_silence == ON_SILENCE_ZERO && record_is_silent(x, p, mono_ns);
    return broken || x->window.n < (zero ? 1 : 2) ? STATE_WARMING : STATE_OK;
}
