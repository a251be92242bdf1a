/* series/table_apply.c -- a batch of samples into the table.
 *
 *   hash all ─► for 64 at a time:  prefetch slots ─► prefetch records ─► compare, push
 *
 * At a million series each sample costs three cache misses; so staged, those of 64 samples overlap.
 * Shards are taken one after the other, each locked once a batch; samples whose series, met under
 * another spelling, lives in another shard are pushed after that, under its lock. */
#include "series/parts.h"

#include "base/log.h"

#include <math.h>
#include <string.h>

enum { STAGE = 64 };

void tally_add(struct stats *stats, const struct tally *tally)
{
    count(&stats->points, tally->points);
    for (int i = 0; i < CAUSE_COUNT; i++)
        if (tally->rejected[i] != 0)
            count(&stats->rejected[i], tally->rejected[i]);
    for (int i = 0; i < EVENT_COUNT; i++)
        if (tally->events[i] != 0)
            count(&stats->events[i], tally->events[i]);
}

void points_out(struct table *t, struct ref ref, const struct points *points, struct tally *tally)
{
    tally->points += points->n;
    if (points->n > 0 && t->feed != NULL && feed_wanted(t->feed))
        feed_put(t->feed, ref, points);
}

/* ---- one sample, one record */

struct push {
    struct table *t;
    struct ref ref;
    struct record *x;
    const struct policy *policy;
    struct instant now;
    struct tally *tally;
};

static struct manner manner_of(const struct policy *p)
{
    return (struct manner){.kind = p->kind, .edge_order = p->edge_order};
}

/* Ends the run: its last points go out, the next sample starts another. */
static void restart(struct push *p)
{
    struct points points;
    bool ended = (p->x->flags & RECORD_STALE) != 0; /* the sweep has sent its last points */
    window_end(&p->x->window, manner_of(p->policy), &points);
    if (!ended)
        points_out(p->t, p->ref, &points, p->tally);
    p->x->flags &= (uint8_t)~RECORD_STALE;
}

/* True if the series was silent for too long, whether or not the sweep has come by since. */
static bool was_silent(struct push *p)
{
    if ((p->x->flags & RECORD_STALE) != 0)
        return true;
    bool silent = p->now.mono_ns - p->x->seen_ns > p->policy->stale_after_ns;
    p->tally->events[EVENT_STALED] += silent;
    return silent;
}

/* What a sample newer than all others may have to do first. */
static void before_append(struct push *p, struct obs x)
{
    const struct window *w = &p->x->window;
    if (w->n == 0)
        return;
    const struct obs *newest = &w->at[w->n - 1];
    int64_t gap = p->policy->max_gap_ns > 0 ? p->policy->max_gap_ns : p->policy->stale_after_ns;
    if (was_silent(p)) {
        restart(p);
    } else if ((uint64_t)x.t_ns - (uint64_t)newest->t_ns > (uint64_t)gap) {
        p->tally->events[EVENT_GAP]++;
        restart(p);
    } else if (p->policy->kind == KIND_COUNTER && x.v < newest->v) {
        p->tally->events[EVENT_RESET]++;
    }
}

static bool is_newest(const struct window *w, int64_t t_ns)
{
    return w->n == 0 || t_ns > w->at[w->n - 1].t_ns;
}

static enum cause take(struct push *p, struct obs x)
{
    struct points points;
    bool newest = is_newest(&p->x->window, x.t_ns);
    if (newest)
        before_append(p, x);
    switch (window_push(&p->x->window, x, manner_of(p->policy), &points)) {
    case ARRIVAL_APPENDED: break;
    case ARRIVAL_INSERTED: p->tally->events[EVENT_INSERTED]++; break;
    case ARRIVAL_REPLACED: p->tally->events[EVENT_REPLACED]++; break;
    case ARRIVAL_DUPLICATE: p->tally->events[EVENT_DUPLICATE]++; break;
    case ARRIVAL_LATE: return CAUSE_LATE;
    }
    if (newest || (p->x->flags & RECORD_STALE) == 0)
        p->x->seen_ns = p->now.mono_ns;
    points_out(p->t, p->ref, &points, p->tally);
    return CAUSE_COUNT;
}

static enum cause push(struct push *p, struct obs x)
{
    if (isfinite(x.v) || p->policy->on_nan == ON_NAN_PROPAGATE)
        return take(p, x);
    if (p->policy->on_nan == ON_NAN_BREAK && is_newest(&p->x->window, x.t_ns)) {
        p->tally->events[EVENT_BREAK]++;
        restart(p);
    }
    return CAUSE_NOT_FINITE;
}

/* ---- a batch */

/* A sample of the batch on its way through a shard. */
struct staged {
    uint32_t sample;    /* its number in the batch */
    uint32_t candidate; /* place with the right tag, before anybody compared; UINT32_MAX: none */
};

struct away {
    uint32_t sample;
    struct ref target;
};

struct run {
    struct table *t;
    const struct batch *batch;
    struct instant now;
    struct tally tally;
    struct keyhash keys[BATCH_MAX];
    uint32_t order[BATCH_MAX];       /* sample numbers, shard by shard */
    struct away away[2 * BATCH_MAX]; /* samples whose series live in another shard than their key;
                                        in the second half those that are tried again */
    uint32_t away_n;
};

static void log_refused(struct run *r, const struct sample *s, enum cause cause)
{
    char key[LOG_QUOTE_MAX];
    log_event(r->t->log, LOG_LEVEL_WARN, cause_label(cause), "sample_refused",
              "reason=%s key=%s t_ns=%lld why=\"%s\"", cause_label(cause),
              log_quote(key, s->key, s->key_n), (long long)s->t_ns, cause_text(cause));
}

/* Counts a refusal; the first of its cause in a batch is logged too. */
static void refuse(struct run *r, const struct sample *s, enum cause cause)
{
    if (r->tally.rejected[cause]++ == 0)
        log_refused(r, s, cause);
}

static void push_into(struct run *r, struct ref ref, struct record *x, const struct sample *s)
{
    struct push p = {r->t, ref, x, policy_of(r->t, x), r->now, &r->tally};
    enum cause cause = push(&p, (struct obs){.t_ns = s->t_ns, .v = s->v});
    if (cause != CAUSE_COUNT)
        refuse(r, s, cause);
    if (x->seen_ns == 0) /* born, and its first sample was refused: its silence begins now */
        x->seen_ns = r->now.mono_ns;
}

/* The series of a raw key, by the shard's index; false if the key is new. */
static bool find(const struct shard *s, struct keyhash key, struct ref *out)
{
    uint32_t at = keyhash_tag(key), place;
    while (index_next(&s->index, keyhash_tag(key), &at, &place)) {
        if ((place & ALIAS_BIT) != 0) {
            const struct alias *a = &s->aliases[place & ~(uint32_t)ALIAS_BIT];
            if (keyhash_equal(a->key, key)) {
                *out = a->target;
                return true;
            }
        } else if (keyhash_equal(record_at(s, place)->key, key)) {
            *out = ref_of(s, place);
            return true;
        }
    }
    return false;
}

/* Forgets an alias whose series is over, so that its key can be born again. */
static void drop_alias(struct table *t, struct shard *s, struct keyhash key)
{
    uint32_t at = keyhash_tag(key), place;
    while (index_next(&s->index, keyhash_tag(key), &at, &place))
        if ((place & ALIAS_BIT) != 0) {
            uint32_t number = place & ~(uint32_t)ALIAS_BIT;
            if (keyhash_equal(s->aliases[number].key, key)) {
                birth_end_alias(t, s, number);
                return;
            }
        }
}

/* The slow way: an alias, a collision of tags, or a key never seen. */
static void push_found(struct run *r, struct shard *s, uint32_t number)
{
    const struct sample *sample = &r->batch->at[number];
    struct keyhash key = r->keys[number];
    struct ref target;
    bool known = find(s, key, &target);
    if (known && ref_shard(target) == s->number && record_of(r->t, target) == NULL) {
        drop_alias(r->t, s, key);
        known = false;
    }
    if (!known) {
        enum cause cause = birth_resolve(r->t, s, sample, key, &target);
        if (cause != CAUSE_COUNT) {
            refuse(r, sample, cause);
            return;
        }
    }
    if (ref_shard(target) == s->number)
        push_into(r, target, record_of(r->t, target), sample);
    else
        r->away[r->away_n++] = (struct away){number, target};
}

static void prefetch_record(const struct shard *s, struct staged *x, struct keyhash key)
{
    uint32_t at = keyhash_tag(key), place;
    x->candidate = UINT32_MAX;
    if (!index_next(&s->index, keyhash_tag(key), &at, &place) || (place & ALIAS_BIT) != 0)
        return;
    x->candidate = place;
    char *record = (char *)record_at(s, place);
    __builtin_prefetch(record, 1);
    __builtin_prefetch(record + 64, 1);
}

static void push_stage(struct run *r, struct shard *s, const uint32_t *order, uint32_t n)
{
    struct staged stage[STAGE];
    for (uint32_t i = 0; i < n; i++)
        index_prefetch(&s->index, keyhash_tag(r->keys[order[i]]));
    for (uint32_t i = 0; i < n; i++) {
        stage[i].sample = order[i];
        prefetch_record(s, &stage[i], r->keys[order[i]]);
    }
    for (uint32_t i = 0; i < n; i++) {
        uint32_t number = stage[i].sample, place = stage[i].candidate;
        struct record *x = place == UINT32_MAX ? NULL : record_at(s, place);
        /* an empty place has an empty key: it may have ended since */
        if (x != NULL && x->identity != NULL && keyhash_equal(x->key, r->keys[number]))
            push_into(r, ref_of(s, place), x, &r->batch->at[number]);
        else
            push_found(r, s, number);
    }
}

static void push_shard(struct run *r, struct shard *s, const uint32_t *order, uint32_t n)
{
    pthread_mutex_lock(&s->lock);
    for (uint32_t from = 0; from < n; from += STAGE)
        push_stage(r, s, order + from, n - from < STAGE ? n - from : STAGE);
    pthread_mutex_unlock(&s->lock);
}

/* The alias led to a series that is over: its key is resolved again. */
static void push_again(struct run *r, uint32_t number)
{
    struct shard *s = &r->t->shards[keyhash_shard(r->keys[number], r->t->shards_n)];
    pthread_mutex_lock(&s->lock);
    drop_alias(r->t, s, r->keys[number]);
    push_found(r, s, number);
    pthread_mutex_unlock(&s->lock);
}

/* Samples met under another spelling, each under its own shard's lock. One whose series is over is
 * tried again once; that its new series should be over too by then, it gives up. */
static void push_away(struct run *r)
{
    uint32_t first_try = r->away_n;
    for (uint32_t i = 0; i < r->away_n; i++) {
        const struct away *a = &r->away[i];
        struct shard *s = &r->t->shards[ref_shard(a->target)];
        pthread_mutex_lock(&s->lock);
        struct record *x = record_of(r->t, a->target);
        if (x != NULL)
            push_into(r, a->target, x, &r->batch->at[a->sample]);
        pthread_mutex_unlock(&s->lock);
        if (x == NULL && i < first_try)
            push_again(r, a->sample);
        else if (x == NULL)
            refuse(r, &r->batch->at[a->sample], CAUSE_LATE);
    }
}

/* Refuses samples from the future; numbers the others shard by shard: order[start[i]..start[i+1]). */
static void sort_by_shard(struct run *r, uint32_t start[TABLE_SHARDS_MAX + 1])
{
    uint32_t shards = r->t->shards_n, count[TABLE_SHARDS_MAX] = {0}, kept = 0;
    uint32_t numbers[BATCH_MAX];
    int64_t latest;
    if (__builtin_add_overflow(r->now.wall_ns, r->t->max_future_ns, &latest))
        latest = INT64_MAX;
    for (uint32_t i = 0; i < r->batch->n; i++) {
        if (r->batch->at[i].t_ns > latest) {
            refuse(r, &r->batch->at[i], CAUSE_FUTURE);
            continue;
        }
        numbers[kept++] = i;
        count[keyhash_shard(r->keys[i], shards)]++;
    }
    start[0] = 0;
    for (uint32_t s = 0; s < shards; s++) {
        start[s + 1] = start[s] + count[s];
        count[s] = start[s];
    }
    for (uint32_t i = 0; i < kept; i++)
        r->order[count[keyhash_shard(r->keys[numbers[i]], shards)]++] = numbers[i];
}

void table_apply(struct table *t, const struct batch *batch, struct instant now)
{
    struct run r;
    uint32_t start[TABLE_SHARDS_MAX + 1] = {0};
    r.t = t;
    r.batch = batch;
    r.now = now;
    r.away_n = 0;
    memset(&r.tally, 0, sizeof r.tally);
    keyhash_batch(&t->secrets, batch, r.keys);
    sort_by_shard(&r, start);
    for (uint32_t i = 0; i < t->shards_n; i++)
        if (start[i] < start[i + 1])
            push_shard(&r, &t->shards[i], r.order + start[i], start[i + 1] - start[i]);
    push_away(&r);
    tally_add(t->stats, &r.tally);
}
