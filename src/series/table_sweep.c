/* series/table_sweep.c -- silence: a series that nothing reaches, or whose sender ends it, goes stale,
 * then is forgotten.
 * Judged by the monotonic clock, by a visit to every record in turn; what a query sees does not wait
 * for the visit (record_state). */
#include "series/push.h"

/* The run is over, its last points go out; the window stays for who asks what was last known. */
static void end_run(struct push *p)
{
    struct points points = {0};
    if ((p->x->flags & RECORD_BROKEN) == 0)
        push_end_points(p, &points);
    push_out(p, &points);
    if (p->extra != NULL)
        extra_points(p, &points);
    if (p->policy->on_silence == ON_SILENCE_STALE && p->x->window.n > 1 && push_is_heard(p->t))
        push_tell_end(p, p->x->window.at[p->x->window.n - 1].t_ns);
    p->x->flags |= RECORD_STALE | RECORD_CHANGED;
    p->tally->events[EVENT_STALED]++;
}

enum cause push_end(struct push *p, int64_t t_ns)
{
    const struct window *w = &p->x->window;
    if (p->extra != NULL)
        extra_release(p, true);
    if ((p->x->flags & RECORD_STALE) != 0 || w->n == 0)
        return CAUSE_COUNT;
    if (t_ns <= w->at[w->n - 1].t_ns)
        return CAUSE_LATE;
    end_run(p);
    return CAUSE_COUNT;
}

/* What a visit costs, in those that find nothing to do, some 15 ns each; the most that a lock is held for. */
enum {
    WORK_ALIAS = 4,
    WORK_EXTRA = 8,
    WORK_RUN_ENDS = 8,
    WORK_WATCHED = 16, /* its rules are asked */
    WORK_SERIES_ENDS = 32,
    WORK_MAX = 4096,
};

/* Returns what it cost. */
static uint32_t visit(struct table *t, struct shard *s, uint32_t place, struct instant now,
                      struct tally *tally)
{
    struct record *x = record_at(s, place);
    if (x->identity == NULL)
        return 1;
    uint32_t work = 1;
    struct push p = {.t = t,
                     .ref = ref_of(s, place),
                     .x = x,
                     .policy = policy_of(t, x),
                     .now = now,
                     .tally = tally};
    int64_t silence = now.mono_ns - x->seen_ns;
    bool silent = silence > p.policy->stale_after_ns;
    if ((x->flags & RECORD_EXTRA) != 0) {
        p.extra = extra_at(s, place);
        extra_release(&p, silent);
        work += WORK_EXTRA;
    }
    if (silent && (x->flags & RECORD_STALE) == 0) {
        end_run(&p);
        work += WORK_RUN_ENDS;
        if ((x->flags & RECORD_WATCHED) != 0) {
            watch_look(t, p.ref, now);
            work += WORK_WATCHED;
        }
    } else if (silence > p.policy->expire_after_ns) {
        /* at a later visit than the one that told it silent: its last point has been read by then */
        birth_end(t, s, place);
        tally->events[EVENT_EXPIRED]++;
        work += WORK_SERIES_ENDS;
    }
    return work;
}

/* An alias goes with its series, which may live in another shard: whether it still does, the
 * catalog's lock protects as well as that shard's. Returns what it cost. */
static uint32_t visit_alias(struct table *t, struct shard *s, uint32_t number)
{
    const struct alias *a = alias_at(s, number);
    if (!a->used)
        return 1;
    pthread_mutex_lock(&t->catalog.lock);
    bool over = record_of(t, a->target) == NULL;
    pthread_mutex_unlock(&t->catalog.lock);
    if (over)
        birth_end_alias(t, s, number);
    return over ? WORK_SERIES_ENDS : WORK_ALIAS;
}

/* Of a shard's records and, counted on from them, its aliases. */
uint32_t table_sweep_slice(struct table *t, struct sweep *at, uint32_t max, struct instant now)
{
    struct shard *s = &t->shards[at->shard];
    struct tally tally = {0};
    pthread_mutex_lock(&s->lock);
    uint32_t n = 0, work = 0, end = s->places + s->aliases_n;
    for (; n < max && work < WORK_MAX && at->place < end; n++, at->place++)
        work += at->place < s->places ? visit(t, s, at->place, now, &tally)
                                      : visit_alias(t, s, at->place - s->places);
    if (at->place >= end)
        *at = (struct sweep){.shard = (at->shard + 1) % t->shards_n};
    pthread_mutex_unlock(&s->lock);
    tally_add(t, &tally);
    return n;
}

uint32_t table_visits(struct table *t)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < t->shards_n; i++) {
        pthread_mutex_lock(&t->shards[i].lock);
        n += t->shards[i].places + t->shards[i].aliases_n;
        pthread_mutex_unlock(&t->shards[i].lock);
    }
    return n;
}

void table_sweep(struct table *t, struct sweep *at, uint32_t max, struct instant now)
{
    uint32_t shards = 0; /* done with */
    while (max > 0 && shards < t->shards_n) {
        max -= table_sweep_slice(t, at, max, now);
        shards += at->place == 0;
    }
}
