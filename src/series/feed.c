/* series/feed.c -- rings under one mutex; whether anybody listens is an atomic beside them. */
#include "series/feed.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct ring {
    void (*on_ready)(void *ctx); /* NULL: nobody listens */
    void *ctx;
    bool told; /* on_ready was called since the last take */
    uint32_t head, n;
    uint64_t lost;
    struct feed_item *at; /* in the feed's memory; touched only while somebody listens */
};

struct feed {
    atomic_bool wanted;
    pthread_mutex_t lock; /* of what follows */
    uint32_t capacity;
    struct ring rings[FEED_EARS];
    struct feed_item items[];
};

enum nabla_status feed_new(uint32_t capacity, struct feed **out)
{
    struct feed *f = calloc(1, sizeof *f + FEED_EARS * capacity * sizeof f->items[0]);
    if (f == NULL)
        return NABLA_ENOMEM;
    f->capacity = capacity;
    for (uint32_t i = 0; i < FEED_EARS; i++)
        f->rings[i].at = f->items + (size_t)i * capacity;
    pthread_mutex_init(&f->lock, NULL);
    *out = f;
    return NABLA_OK;
}

void feed_free(struct feed *f)
{
    if (f == NULL)
        return;
    pthread_mutex_destroy(&f->lock);
    free(f);
}

void feed_listen(struct feed *f, enum feed_ear ear, void (*on_ready)(void *ctx), void *ctx)
{
    bool wanted = false;
    pthread_mutex_lock(&f->lock);
    struct ring *r = &f->rings[ear];
    if (on_ready == NULL || r->on_ready == NULL)
        *r = (struct ring){.at = r->at};
    r->on_ready = on_ready;
    r->ctx = ctx;
    for (int i = 0; i < FEED_EARS; i++)
        wanted = wanted || f->rings[i].on_ready != NULL;
    f->wanted = wanted;
    pthread_mutex_unlock(&f->lock);
}

bool feed_wanted(const struct feed *f)
{
    return atomic_load_explicit(&f->wanted, memory_order_relaxed);
}

static void append(struct ring *r, uint32_t capacity, const struct feed_item *item)
{
    if (r->n == capacity)
        r->lost++;
    else
        r->at[(r->head + r->n++) % capacity] = *item;
}

static void wake(struct ring *r)
{
    if (!r->told && (r->n > 0 || r->lost > 0)) {
        r->told = true;
        r->on_ready(r->ctx);
    }
}

static void append_all(struct ring *r, uint32_t capacity, struct ref series,
                       const struct points *points, const struct point_note *notes)
{
    for (int i = 0; i < points->n; i++)
        append(r, capacity,
               &(struct feed_item){.series = series, .point = points->at[i], .note = notes[i]});
    wake(r);
}

void feed_end(struct feed *f, struct ref series, int64_t t_ns)
{
    pthread_mutex_lock(&f->lock);
    struct ring *r = &f->rings[FEED_PUSH];
    if (r->on_ready != NULL) {
        append(r, f->capacity,
               &(struct feed_item){.series = series, .point = {.t_ns = t_ns}, .ended = true});
        wake(r);
    }
    pthread_mutex_unlock(&f->lock);
}

void feed_put(struct feed *f, struct ref series, const struct points *points,
              const struct point_note *notes)
{
    pthread_mutex_lock(&f->lock);
    for (int i = 0; i < FEED_EARS; i++)
        if (f->rings[i].on_ready != NULL)
            append_all(&f->rings[i], f->capacity, series, points, notes);
    pthread_mutex_unlock(&f->lock);
}

uint32_t feed_take(struct feed *f, enum feed_ear ear, struct feed_item *out, uint32_t max,
                   uint64_t *lost)
{
    pthread_mutex_lock(&f->lock);
    struct ring *r = &f->rings[ear];
    r->told = false;
    uint32_t n = r->n < max ? r->n : max;
    for (uint32_t i = 0; i < n; i++)
        out[i] = r->at[(r->head + i) % f->capacity];
    r->n -= n;
    r->head = r->n == 0 ? 0 : (r->head + n) % f->capacity; /* what is hardly used is not touched */
    *lost = r->lost;
    r->lost = 0;
    pthread_mutex_unlock(&f->lock);
    return n;
}
