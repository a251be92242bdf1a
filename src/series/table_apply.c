/* series/table_apply.c -- a batch of samples into the table.
 *
 *   hash all ─► for each:   prefetch its slot ─ 32 later ─► prefetch its record ─ 32 later ─► compare, push
 *
 * At a million series each sample costs three cache misses; so staged, they overlap with each other and
 * with the work on those that came before.
 * With one shard a sample is pushed as soon as its series is found. With several, a key's shard and its
 * series' shard may differ (another spelling): then all are found first, each shard locked once, and
 * pushed after that in the order they came, each shard locked once more. */
#include "series/push.h"

#include "base/log.h"

#include <string.h>

/* What few samples need stays out of the way of the others. */
#define NOINLINE __attribute__((noinline))

enum { AHEAD = 32 };
#define NONE UINT32_MAX /* no sample, no place */

/* ---- a batch */

/* A sample of the batch on its way through its key's shard. */
struct staged {
    uint32_t sample;        /* its number in the batch */
    uint32_t candidate;     /* place with the right tag, before anybody compared; or NONE */
    struct newborn newborn; /* there was no such tag */
};

struct run {
    struct table *t;
    const struct batch *batch;
    const struct origins *origins; /* NULL: this machine */
    struct instant now;
    struct tally tally;
    struct push push; /* of the sample at hand */
    struct feed_bunch bunch;
    /* sample numbers, for the log; or NONE, also where only samples that were held back are counted */
    uint32_t first_refused[CAUSE_COUNT];
    struct keyhash keys[BATCH_MAX];
    struct ref targets[BATCH_MAX]; /* of each sample, once it is resolved */
    bool resolved[BATCH_MAX];      /* several shards: those that wait to be pushed */
};

/* Counts a refusal; the first of its cause in a batch is told, when no lock is held any more. */
static void refuse(struct run *r, uint32_t number, enum cause cause)
{
    r->tally.rejected[cause]++;
    if (r->first_refused[cause] == NONE)
        r->first_refused[cause] = number;
}

NOINLINE static void tell_refused(const struct run *r, enum cause cause)
{
    const struct sample *s = &r->batch->at[r->first_refused[cause]];
    struct example x = {.wall_ns = r->now.wall_ns};
    log_quote(x.text, s->key, s->key_n);
    log_event(r->t->log, LOG_LEVEL_WARN, cause_label(cause), "sample_refused",
              "reason=%s key=%s t_ns=%lld why=\"%s\"", cause_label(cause), x.text,
              (long long)s->t_ns, cause_text(cause));
    examples_note(&r->t->stats->examples, example_kind(cause), &x);
}

static void tell_all_refused(const struct run *r)
{
    for (enum cause c = 0; c < CAUSE_COUNT; c++)
        if (r->first_refused[c] != NONE)
            tell_refused(r, c);
}

NOINLINE static void push_with_care(struct run *r, struct push *p, const struct sample *s,
                                    uint32_t number)
{
    struct exact x = {s->t_ns, s->v, sample_rest(s)};
    bool more = p->policy->extras || (p->x->flags & RECORD_EXTRA) != 0 || s->rest != 0;
    p->extra = more ? extra_of(p) : NULL;
    enum cause cause = push_sample(p, x);
    if (cause != CAUSE_COUNT) {
        refuse(r, number, cause);
        push_mark(p, x, EVENT_COUNT + cause);
    }
    if (p->x->seen_ns == 0) /* born, and its first sample was refused: its silence begins now */
        p->x->seen_ns = r->now.mono_ns;
}

static void push_into(struct run *r, struct ref ref, struct record *x, uint32_t number)
{
    const struct sample *s = &r->batch->at[number];
    struct push *p = &r->push;
    struct obs value = {.t_ns = s->t_ns, .v = s->v};
    p->ref = ref;
    p->x = x;
    p->policy = policy_of(r->t, x);
    x->flags |= RECORD_CHANGED;
    p->adds = (s->form & KEY_ADDS) != 0;
    bool plain = !p->adds && s->rest == 0;
    bool taken = plain && (p->policy->only_trend ? push_next_trend(p, value)
                                                 : !p->policy->extras && push_next(p, value));
    if (!taken)
        push_with_care(r, p, s, number);
    if ((x->flags & RECORD_WATCHED) != 0)
        watch_look(r->t, ref, r->now);
}

/* ---- from a raw key to its series; the key's shard is locked */

/* The place or alias of a raw key in the shard's index; false if the key is new. */
static bool find(const struct shard *s, struct keyhash key, uint32_t *place)
{
    const struct slot *at = NULL;
    while (index_next(&s->index, keyhash_tag(key), &at, place)) {
        uint32_t number = *place & ~(uint32_t)ALIAS_BIT;
        bool alias = (*place & ALIAS_BIT) != 0;
        if (keyhash_equal(alias ? alias_at(s, number)->key : record_at(s, number)->key, key))
            return true;
    }
    return false;
}

/* Whether a series still is there: births and ends pass the catalog's lock as well as its shard's. */
static bool is_there(struct table *t, struct ref target)
{
    pthread_mutex_lock(&t->catalog.lock);
    bool there = record_of(t, target) != NULL;
    pthread_mutex_unlock(&t->catalog.lock);
    return there;
}

/* The slow way: an alias, a collision of tags, or a key never seen, which may have been prepared. */
static enum cause resolve_slowly(struct run *r, struct shard *s, uint32_t number, struct newborn *b)
{
    uint32_t place;
    struct keyhash key = r->keys[number];
    if (find(s, key, &place)) {
        if ((place & ALIAS_BIT) == 0) {
            r->targets[number] = ref_of(s, place);
            return CAUSE_COUNT;
        }
        uint32_t alias = place & ~(uint32_t)ALIAS_BIT;
        r->targets[number] = alias_at(s, alias)->target;
        if (is_there(r->t, r->targets[number]))
            return CAUSE_COUNT;
        birth_end_alias(r->t, s, alias); /* its series is over: the key is born again */
    }
    enum cause cause = CAUSE_COUNT;
    if (b->identity == NULL)
        cause = birth_prepare(r->t, &r->batch->at[number], b);
    if (cause != CAUSE_COUNT)
        return cause;
    struct network from = r->origins != NULL ? origins_find(r->origins, number) : network_here();
    return birth_settle(r->t, s, key, &from, b, &r->targets[number]);
}

static void prefetch_record(struct run *r, const struct shard *s, uint32_t number, struct staged *x)
{
    const struct slot *at = NULL;
    uint32_t place, tag = keyhash_tag(r->keys[number]);
    bool found = index_next(&s->index, tag, &at, &place);
    bool alias = found && (place & ALIAS_BIT) != 0;
    x->sample = number;
    x->candidate = found && !alias ? place : NONE;
    x->newborn.identity = NULL;
    if (x->candidate != NONE) {
        char *record = (char *)record_at(s, place);
        __builtin_prefetch(record, 1);
        __builtin_prefetch(record + 64, 1);
        watch_prefetch(s, place);
    } else if (!found) {
        (void)birth_prepare(r->t, &r->batch->at[number], &x->newborn); /* refused: again, then */
    }
}

/* The candidate, if it is the key's: an empty place has an empty key, it may have ended since. */
static struct record *mine(const struct shard *s, const struct staged *x, struct keyhash key)
{
    if (x->candidate == NONE)
        return NULL;
    struct record *record = record_at(s, x->candidate);
    return record->identity != NULL && keyhash_equal(record->key, key) ? record : NULL;
}

/* What waited for its key's series: pushed, if it lives in this very shard and `now` allows it. */
static void settled(struct run *r, uint32_t number, struct record *record, bool push_now)
{
    if (push_now)
        push_into(r, r->targets[number], record, number);
    else
        r->resolved[number] = true;
}

static void settle_slowly(struct run *r, struct shard *s, struct staged *x, bool push_now)
{
    enum cause cause = resolve_slowly(r, s, x->sample, &x->newborn);
    if (x->newborn.identity != NULL) /* a sample of the same key came before it */
        birth_drop(r->t, &x->newborn);
    if (cause != CAUSE_COUNT)
        refuse(r, x->sample, cause);
    else
        settled(r, x->sample, record_of(r->t, r->targets[x->sample]), push_now);
}

static void settle(struct run *r, struct shard *s, struct staged *x, bool push_now)
{
    struct record *record = mine(s, x, r->keys[x->sample]);
    if (record == NULL) {
        settle_slowly(r, s, x, push_now);
        return;
    }
    r->targets[x->sample] =
        (struct ref){.index = s->number << PLACE_BITS | x->candidate, .birth = record->birth};
    settled(r, x->sample, record, push_now);
}

/* Each sample passes three places on its way: its slot is asked for, AHEAD samples later its record,
 * AHEAD samples later it is settled, when both have come; at once where there are fewer samples. */
static void settle_all(struct run *r, struct shard *s, const uint32_t *numbers, uint32_t n,
                       bool push_now)
{
    struct staged stage[AHEAD];
    uint32_t ahead = n < AHEAD ? n : AHEAD;
    for (uint32_t i = 0; i < n + 2 * ahead; i++) {
        if (i < n)
            index_prefetch(&s->index, keyhash_tag(r->keys[numbers[i]]));
        if (i >= 2 * ahead)
            settle(r, s, &stage[(i - 2 * ahead) % AHEAD], push_now);
        if (i >= ahead && i < n + ahead)
            prefetch_record(r, s, numbers[i - ahead], &stage[(i - ahead) % AHEAD]);
    }
}

static void settle_shard(struct run *r, struct shard *s, const uint32_t *numbers, uint32_t n,
                         bool push_now)
{
    pthread_mutex_lock(&s->lock);
    settle_all(r, s, numbers, n, push_now);
    push_flush(&r->push);
    pthread_mutex_unlock(&s->lock);
}

/* ---- shard by shard */

static uint32_t shard_of_key(const struct run *r, uint32_t number)
{
    return keyhash_shard(r->keys[number], r->t->shards_n);
}

static uint32_t shard_of_target(const struct run *r, uint32_t number)
{
    return ref_shard(r->targets[number]);
}

/* Puts numbers[0..n) in the order of their shards, each shard's in the order they have:
 * sorted[start[i]..start[i+1]) are those of shard i. */
static void sort_by(const struct run *r, uint32_t (*shard_of)(const struct run *, uint32_t),
                    const uint32_t *numbers, uint32_t n, uint32_t *sorted,
                    uint32_t start[TABLE_SHARDS_MAX + 1])
{
    uint32_t next[TABLE_SHARDS_MAX + 1] = {0};
    for (uint32_t i = 0; i < n; i++)
        next[shard_of(r, numbers[i]) + 1]++;
    for (uint32_t s = 0; s < r->t->shards_n; s++)
        next[s + 1] += next[s];
    memcpy(start, next, sizeof next);
    for (uint32_t i = 0; i < n; i++)
        sorted[next[shard_of(r, numbers[i])]++] = numbers[i];
}

/* One resolved sample under its series' lock. The series may have ended since it was resolved: false
 * then. */
static bool push_resolved(struct run *r, uint32_t number)
{
    struct record *x = record_of(r->t, r->targets[number]);
    if (x != NULL)
        push_into(r, r->targets[number], x, number);
    return x != NULL;
}

static void push_again(struct run *r, uint32_t number)
{
    struct shard *s = &r->t->shards[shard_of_key(r, number)];
    pthread_mutex_lock(&s->lock);
    struct newborn b = {0};
    enum cause cause = resolve_slowly(r, s, number, &b);
    if (b.identity != NULL)
        birth_drop(r->t, &b);
    pthread_mutex_unlock(&s->lock);
    s = &r->t->shards[shard_of_target(r, number)];
    pthread_mutex_lock(&s->lock);
    if (cause != CAUSE_COUNT || !push_resolved(r, number))
        refuse(r, number, cause != CAUSE_COUNT ? cause : CAUSE_LATE);
    push_flush(&r->push);
    pthread_mutex_unlock(&s->lock);
}

/* Several shards: all keys are resolved first, then all samples pushed in the order they came, each
 * under the lock of its series' shard, so that two spellings of one series stay in step. */
static void push_resolved_all(struct run *r, const uint32_t *numbers, uint32_t n)
{
    uint32_t sorted[BATCH_MAX], start[TABLE_SHARDS_MAX + 1], missed[BATCH_MAX], missed_n = 0;
    sort_by(r, shard_of_target, numbers, n, sorted, start);
    for (uint32_t i = 0; i < r->t->shards_n; i++) {
        if (start[i] == start[i + 1])
            continue;
        pthread_mutex_lock(&r->t->shards[i].lock);
        for (uint32_t k = start[i]; k < start[i + 1]; k++)
            if (!push_resolved(r, sorted[k]))
                missed[missed_n++] = sorted[k];
        push_flush(&r->push);
        pthread_mutex_unlock(&r->t->shards[i].lock);
    }
    for (uint32_t i = 0; i < missed_n; i++)
        push_again(r, missed[i]);
}

static void push_many_shards(struct run *r, const uint32_t *numbers, uint32_t n)
{
    uint32_t sorted[BATCH_MAX], start[TABLE_SHARDS_MAX + 1], kept = 0;
    memset(r->resolved, 0, sizeof r->resolved);
    sort_by(r, shard_of_key, numbers, n, sorted, start);
    for (uint32_t i = 0; i < r->t->shards_n; i++)
        if (start[i] < start[i + 1])
            settle_shard(r, &r->t->shards[i], sorted + start[i], start[i + 1] - start[i], false);
    for (uint32_t i = 0; i < n; i++)
        if (r->resolved[numbers[i]])
            sorted[kept++] = numbers[i];
    push_resolved_all(r, sorted, kept);
}

/* Numbers of the samples that are not from the future. */
static uint32_t keep_present(struct run *r, uint32_t numbers[BATCH_MAX])
{
    uint32_t n = 0;
    int64_t latest;
    if (__builtin_add_overflow(r->now.wall_ns, r->t->max_future_ns, &latest))
        latest = INT64_MAX;
    for (uint32_t i = 0; i < r->batch->n; i++) {
        if (r->batch->at[i].t_ns > latest)
            refuse(r, i, CAUSE_FUTURE);
        else
            numbers[n++] = i;
    }
    return n;
}

static void add_rejected(uint64_t *to, const struct tally *tally)
{
    for (int i = 0; to != NULL && i < CAUSE_COUNT; i++)
        to[i] += tally->rejected[i];
}

void table_apply_from(struct table *t, const struct batch *batch, const struct origins *origins,
                      struct instant now, uint64_t *rejected)
{
    struct run r;
    uint32_t numbers[BATCH_MAX];
    r.t = t;
    r.batch = batch;
    r.origins = origins;
    r.now = now;
    memset(&r.tally, 0, sizeof r.tally);
    memset(r.first_refused, 0xff, sizeof r.first_refused);
    r.bunch.n = 0;
    r.push = (struct push){
        .t = t, .now = now, .tally = &r.tally, .heard = push_is_heard(t), .bunch = &r.bunch};
    keyhash_batch(&t->secrets, batch, r.keys);
    uint32_t n = keep_present(&r, numbers);
    if (t->shards_n == 1)
        settle_shard(&r, &t->shards[0], numbers, n, true);
    else
        push_many_shards(&r, numbers, n);
    tally_add(t, &r.tally);
    tell_all_refused(&r);
    add_rejected(rejected, &r.tally);
}
