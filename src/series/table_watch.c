/* series/table_watch.c -- which watches are about a series, chosen when it is born or when they
 * change, and the calls to who watches. The record's shard is locked throughout. */
#include "series/push.h"
#include "series/selector.h"

#include <stdlib.h>
#include <string.h>

/* What lies beside a record that is watched: most often one rule, whose memory is then found without
 * a second miss of the cache. */
struct watching {
    struct watched *many; /* owned; NULL unless n > 1 */
    struct watched one;
    uint32_t n;
};

_Static_assert(sizeof(struct watching) == WATCHING_BYTES, "what is asked for ahead");

static struct watching *watching_at(const struct shard *s, uint32_t place)
{
    return tiers_at(&s->watching, place, sizeof(struct watching));
}

static struct watched *list_of(struct watching *w)
{
    return w->n == 1 ? &w->one : w->many;
}

static void forget(struct shard *s, uint32_t place)
{
    struct watching *w = watching_at(s, place);
    free(w->many);
    *w = (struct watching){0};
    record_at(s, place)->flags &= (uint8_t)~RECORD_WATCHED;
    s->watching_n--;
}

void watch_end(struct table *t, struct shard *s, uint32_t place)
{
    if ((record_at(s, place)->flags & RECORD_WATCHED) == 0)
        return;
    struct watching *w = watching_at(s, place);
    t->watcher->on_end(t->watcher->ctx, ref_of(s, place), list_of(w), w->n);
    forget(s, place);
}

/* Numbers of the watches that match; the catalog is locked. */
static uint32_t match(struct table *t, const struct record *x, uint16_t out[static WATCHED_MAX])
{
    const struct policies *p = &t->catalog.policies[t->catalog.generation];
    union {
        struct labelset labels;
        char room[LABELSET_MAX];
    } w;
    uint32_t n = 0;
    identity_unpack(&t->catalog.names, x->identity, &w.labels);
    for (uint32_t i = 0; i < p->watches_n && n < WATCHED_MAX; i++)
        if (selector_match(p->watches[i], &w.labels))
            out[n++] = (uint16_t)(p->watches_first + i);
    return n;
}

/* False without memory: the series then goes unwatched. */
static bool keep(struct shard *s, uint32_t place, const uint16_t *watches, uint32_t n)
{
    struct watched *many = n > 1 ? calloc(n, sizeof *many) : NULL;
    if ((n > 1 && many == NULL) || !tiers_reach(&s->watching, place, sizeof(struct watching))) {
        free(many);
        return false;
    }
    struct watching *w = watching_at(s, place);
    *w = (struct watching){.many = many, .n = n};
    for (uint32_t i = 0; i < n; i++)
        list_of(w)[i] = (struct watched){.watch = watches[i]};
    record_at(s, place)->flags |= RECORD_WATCHED;
    s->watching_n++;
    return true;
}

void watch_choose(struct table *t, struct shard *s, uint32_t place)
{
    struct record *x = record_at(s, place);
    uint16_t watches[WATCHED_MAX];
    uint32_t n = 0;
    if (t->watcher != NULL && t->catalog.policies[t->catalog.generation].watches_n > 0)
        n = match(t, x, watches);
    if ((x->flags & RECORD_WATCHED) != 0)
        forget(s, place);
    if (n > 0 && !keep(s, place, watches, n))
        count(&t->stats->events[EVENT_UNWATCHED], 1);
}

void watch_look(struct table *t, struct ref ref, struct instant now)
{
    const struct shard *s = &t->shards[ref_shard(ref)];
    struct watching *w = watching_at(s, ref_place(ref));
    struct reading r;
    reading_fill(t, s, ref_place(ref), now.mono_ns, &r);
    t->watcher->on_sample(t->watcher->ctx, ref, list_of(w), w->n, &r, now);
}

void table_watch_remember(struct table *t, struct ref ref, uint16_t watch, uint8_t memory)
{
    struct shard *s = &t->shards[ref_shard(ref)];
    pthread_mutex_lock(&s->lock);
    const struct record *x = record_of(t, ref);
    if (x != NULL && (x->flags & RECORD_WATCHED) != 0) {
        struct watching *w = watching_at(s, ref_place(ref));
        for (uint32_t i = 0; i < w->n; i++)
            if (list_of(w)[i].watch == watch)
                list_of(w)[i].memory = memory;
    }
    pthread_mutex_unlock(&s->lock);
}

uint32_t table_watches(struct table *t, struct ref ref, uint16_t out[static WATCHED_MAX])
{
    struct shard *s = &t->shards[ref_shard(ref)];
    uint32_t n = 0;
    pthread_mutex_lock(&s->lock);
    const struct record *x = record_of(t, ref);
    if (x != NULL && (x->flags & RECORD_WATCHED) != 0) {
        struct watching *w = watching_at(s, ref_place(ref));
        for (; n < w->n; n++)
            out[n] = list_of(w)[n].watch;
    }
    pthread_mutex_unlock(&s->lock);
    return n;
}

void watches_fini(struct shard *s)
{
    for (uint32_t place = 0; place < s->places && s->watching_n > 0; place++)
        if ((record_at(s, place)->flags & RECORD_WATCHED) != 0)
            forget(s, place);
    tiers_fini(&s->watching, sizeof(struct watching));
}

uint64_t watches_bytes(const struct shard *s)
{
    return tiers_bytes(&s->watching, sizeof(struct watching));
}
