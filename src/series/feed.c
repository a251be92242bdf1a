/* series/feed.c -- a ring under a mutex; whether anybody listens is an atomic beside it. */
#include "series/feed.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct feed {
    atomic_bool wanted;
    pthread_mutex_t lock; /* of what follows */
    void (*on_ready)(void *ctx);
    void *ctx;
    bool told; /* on_ready was called since the last take */
    uint32_t capacity, head, n;
    uint64_t lost;
    struct feed_item ring[];
};

enum nabla_status feed_new(uint32_t capacity, struct feed **out)
{
    struct feed *f = calloc(1, sizeof *f + capacity * sizeof f->ring[0]);
    if (f == NULL)
        return NABLA_ENOMEM;
    f->capacity = capacity;
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

void feed_listen(struct feed *f, void (*on_ready)(void *ctx), void *ctx)
{
    pthread_mutex_lock(&f->lock);
    f->on_ready = on_ready;
    f->ctx = ctx;
    f->told = false;
    f->n = 0;
    f->lost = 0;
    f->wanted = on_ready != NULL;
    pthread_mutex_unlock(&f->lock);
}

bool feed_wanted(const struct feed *f)
{
    return atomic_load_explicit(&f->wanted, memory_order_relaxed);
}

static void append(struct feed *f, struct ref series, const struct point *p)
{
    if (f->n == f->capacity) {
        f->lost++;
        return;
    }
    f->ring[(f->head + f->n++) % f->capacity] = (struct feed_item){series, *p};
}

void feed_put(struct feed *f, struct ref series, const struct points *points)
{
    pthread_mutex_lock(&f->lock);
    for (int i = 0; i < points->n && f->on_ready != NULL; i++)
        append(f, series, &points->at[i]);
    if (f->on_ready != NULL && !f->told && (f->n > 0 || f->lost > 0)) {
        f->told = true;
        f->on_ready(f->ctx);
    }
    pthread_mutex_unlock(&f->lock);
}

uint32_t feed_take(struct feed *f, struct feed_item *out, uint32_t max, uint64_t *lost)
{
    pthread_mutex_lock(&f->lock);
    f->told = false;
    uint32_t n = f->n < max ? f->n : max;
    for (uint32_t i = 0; i < n; i++)
        out[i] = f->ring[(f->head + i) % f->capacity];
    f->head = (f->head + n) % f->capacity;
    f->n -= n;
    *lost = f->lost;
    f->lost = 0;
    pthread_mutex_unlock(&f->lock);
    return n;
}
