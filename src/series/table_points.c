/* series/table_points.c -- kept points, and extremes, copied out under the shard's lock. */
#include "series/push.h"

#include <math.h>
#include <stdlib.h>

void kept_points_fini(struct kept_points *p)
{
    free(p->at);
    *p = (struct kept_points){0};
}

static bool make_room(struct kept_points *p, uint32_t n)
{
    if (n <= p->cap)
        return true;
    struct kept_point *at = realloc(p->at, n * sizeof *at);
    if (at == NULL)
        return false;
    p->at = at;
    p->cap = n;
    return true;
}

/* The extra of a series that still is there, or NULL; its shard is locked. */
static struct extra *extra_of_ref(const struct table *t, struct ref ref)
{
    const struct record *x = record_of(t, ref);
    if (x == NULL || (x->flags & RECORD_EXTRA) == 0)
        return NULL;
    return extra_at(&t->shards[ref_shard(ref)], ref_place(ref));
}

static enum nabla_status copy(const struct kept *k, int64_t start_ns, int64_t end_ns,
                              struct kept_points *out)
{
    if (!make_room(out, k->n))
        return NABLA_ENOMEM;
    for (uint32_t i = 0; i < k->n; i++) {
        const struct kept_point *p = kept_at(k, i);
        if (p->t_ns >= start_ns && p->t_ns <= end_ns)
            out->at[out->n++] = *p;
    }
    return NABLA_OK;
}

enum nabla_status table_points(struct table *t, struct ref ref, int64_t start_ns, int64_t end_ns,
                               struct kept_points *out)
{
    struct shard *s = &t->shards[ref_shard(ref)];
    enum nabla_status status = NABLA_OK;
    out->n = 0;
    pthread_mutex_lock(&s->lock);
    const struct extra *e = extra_of_ref(t, ref);
    if (e != NULL)
        status = copy(&e->kept, start_ns, end_ns, out);
    pthread_mutex_unlock(&s->lock);
    return status;
}

bool table_take_extremes(struct table *t, struct ref ref, uint32_t scraper, double *least,
                         double *most)
{
    struct shard *s = &t->shards[ref_shard(ref)];
    pthread_mutex_lock(&s->lock);
    struct extra *e = extra_of_ref(t, ref);
    struct extremes *at = e != NULL ? extremes_of(t, e, scraper) : NULL;
    bool known = at != NULL && at->least <= at->most;
    if (known) {
        *least = at->least;
        *most = at->most;
        at->least = INFINITY;
        at->most = -INFINITY;
    }
    pthread_mutex_unlock(&s->lock);
    return known;
}

void table_forget_extremes(struct table *t, uint32_t scraper)
{
    atomic_fetch_add(&t->readers[scraper], 1);
}

uint64_t table_kept_bytes(const struct table *t)
{
    return atomic_load(&((struct table *)(uintptr_t)t)->budget.used);
}
