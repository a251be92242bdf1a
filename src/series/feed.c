/* series/feed.c -- rings under one mutex; whether anybody listens is an atomic beside them.
 *
 *     ring   [ head .. waits .. ) touched, now free .. | never touched, or given back
 *            0                                         reach
 *
 * Law: emptied, a ring begins at 0 again, so that one whose reader keeps up never reaches far. */
#include "series/feed.h"

#include "series/pages.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum {
    REACH_KEPT = 8192, /* items, some 600 KB: what a reader that keeps up lets come together */
    REACH_STEP =
        4096, /* items that are given back at once: some 70 pages, a hundredth of a millisecond */
};

struct ring {
    void (*on_ready)(void *ctx); /* NULL: nobody listens */
    void *ctx;
    bool told; /* on_ready was called since the last take */
    uint32_t head, n;
    uint32_t reach; /* items [0..reach) have been touched */
    uint64_t lost;
    struct feed_item *at; /* owned */
};

struct feed {
    atomic_bool wanted;
    pthread_mutex_t lock; /* of what follows */
    uint32_t capacity;
    struct ring rings[FEED_EARS];
};

static size_t bytes_of(uint32_t items)
{
    return items * sizeof(struct feed_item);
}

enum nabla_status feed_new(uint32_t capacity, struct feed **out)
{
    struct feed *f = calloc(1, sizeof *f);
    if (f == NULL)
        return NABLA_ENOMEM;
    f->capacity = capacity;
    pthread_mutex_init(&f->lock, NULL);
    for (int i = 0; i < FEED_EARS; i++)
        if ((f->rings[i].at = pages_take(bytes_of(capacity))) == NULL) {
            feed_free(f);
            return NABLA_ENOMEM;
        }
    *out = f;
    return NABLA_OK;
}

void feed_free(struct feed *f)
{
    if (f == NULL)
        return;
    for (int i = 0; i < FEED_EARS; i++)
        pages_give(f->rings[i].at, bytes_of(f->capacity));
    pthread_mutex_destroy(&f->lock);
    free(f);
}

/* Gives back items [to..reach); the ring is empty. */
static void draw_back(const struct feed *f, struct ring *r, uint32_t to)
{
    pages_leave(r->at, bytes_of(f->capacity), bytes_of(to));
    r->reach = to;
}

void feed_listen(struct feed *f, enum feed_ear ear, void (*on_ready)(void *ctx), void *ctx)
{
    bool wanted = false;
    pthread_mutex_lock(&f->lock);
    struct ring *r = &f->rings[ear];
    if (on_ready == NULL || r->on_ready == NULL)
        *r = (struct ring){.at = r->at, .reach = r->reach};
    if (on_ready == NULL && r->reach > 0)
        draw_back(f, r, 0);
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
    if (r->n == capacity) {
        r->lost++;
        return;
    }
    uint32_t i = r->head + r->n++;
    i -= i < capacity ? 0 : capacity;
    r->at[i] = *item;
    r->reach = i < r->reach ? r->reach : i + 1;
}

static void wake(struct ring *r)
{
    if (!r->told && (r->n > 0 || r->lost > 0)) {
        r->told = true;
        r->on_ready(r->ctx);
    }
}

void feed_put(struct feed *f, const struct feed_item *items, uint32_t n)
{
    pthread_mutex_lock(&f->lock);
    for (int ear = 0; ear < FEED_EARS; ear++) {
        struct ring *r = &f->rings[ear];
        for (uint32_t i = 0; r->on_ready != NULL && i < n; i++)
            if (!items[i].ended || ear == FEED_PUSH)
                append(r, f->capacity, &items[i]);
        if (r->on_ready != NULL)
            wake(r);
    }
    pthread_mutex_unlock(&f->lock);
}

uint64_t feed_bytes(const struct feed *f)
{
    struct feed *mine = (struct feed *)(uintptr_t)f; /* the lock is no part of the value */
    uint64_t bytes = 0;
    pthread_mutex_lock(&mine->lock);
    for (int i = 0; i < FEED_EARS; i++)
        bytes += bytes_of(f->rings[i].reach);
    pthread_mutex_unlock(&mine->lock);
    return bytes;
}

/* The next item goes to the beginning, and what a slow moment touched goes back bit by bit. */
static void begin_again(const struct feed *f, struct ring *r)
{
    r->head = 0;
    if (r->reach > REACH_KEPT)
        draw_back(f, r, r->reach - REACH_KEPT > REACH_STEP ? r->reach - REACH_STEP : REACH_KEPT);
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
    if (r->n == 0)
        begin_again(f, r);
    else
        r->head = (r->head + n) % f->capacity;
    *lost = r->lost;
    r->lost = 0;
    pthread_mutex_unlock(&f->lock);
    return n;
}
