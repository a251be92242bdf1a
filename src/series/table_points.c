/* series/table_points.c -- kept points, marks and extremes, copied out under the shard's lock, which is held for
 * POINTS_A_TURN points and no longer. */
#include "series/push.h"

#include <math.h>
#include <stdlib.h>

void kept_points_fini(struct kept_points *p)
{
    free(p->at);
    *p = (struct kept_points){0};
}

enum { POINTS_A_TURN = 4096 };

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

/* Some points from start_ns on. *more: there can be others behind them. */
static enum nabla_status copy(const struct kept *k, int64_t start_ns, int64_t end_ns,
                              struct kept_points *out, bool *more)
{
    uint32_t i = kept_from(k, start_ns), n = k->n - i;
    uint32_t most = n < POINTS_A_TURN ? n : POINTS_A_TURN;
    *more = n > most;
    if (!make_room(out, out->n + n))
        return NABLA_ENOMEM;
    for (uint32_t end = i + most; i < end; i++) {
        const struct kept_point *p = kept_at(k, i);
        if (p->t_ns > end_ns)
            *more = false;
        if (p->t_ns > end_ns)
            break;
        out->at[out->n++] = *p;
    }
    return NABLA_OK;
}

static enum nabla_status copy_turn(struct table *t, struct ref ref, int64_t start_ns,
                                   int64_t end_ns, struct kept_points *out, bool *more)
{
    struct shard *s = &t->shards[ref_shard(ref)];
    enum nabla_status status = NABLA_OK;
    *more = false;
    pthread_mutex_lock(&s->lock);
    const struct extra *e = extra_of_ref(t, ref);
    if (e != NULL)
        status = copy(&e->kept, start_ns, end_ns, out, more);
    pthread_mutex_unlock(&s->lock);
    return status;
}

enum nabla_status table_points(struct table *t, struct ref ref, int64_t start_ns, int64_t end_ns,
                               struct kept_points *out)
{
    enum nabla_status status = NABLA_OK;
    bool more = start_ns <= end_ns;
    for (out->n = 0; more && status == NABLA_OK;) {
        status = copy_turn(t, ref, start_ns, end_ns, out, &more);
        start_ns = out->n > 0 ? out->at[out->n - 1].t_ns + 1 : start_ns;
    }
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

uint32_t table_marks(struct table *t, struct ref ref, int64_t start_ns, int64_t end_ns,
                     struct mark out[static MARKS_A_LANE])
{
    struct shard *s = &t->shards[ref_shard(ref)];
    pthread_mutex_lock(&s->lock);
    uint32_t n = marks_of(&s->marks, ref, start_ns, end_ns, out);
    pthread_mutex_unlock(&s->lock);
    return n;
}
