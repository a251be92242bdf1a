/* series/table_restore.c -- series are born again from their bytes, one by one: their labels are judged as any
 * that come, their rule chosen among those in force; then the record becomes what it was.
 * Laws: a key that is known leads to its series as before; what a rule does not ask for any more goes the way it
 * goes when rules change; bytes do no harm, whatever they are (fuzz_saved.c). */
#include "series/labels.h"
#include "series/push.h"
#include "series/saved.h"
#include "series/table_save.h"

#include <stdlib.h>
#include <string.h>

static bool is_known(const struct shard *s, struct keyhash key)
{
    const struct slot *at = NULL;
    uint32_t place;
    while (index_next(&s->index, keyhash_tag(key), &at, &place))
        if ((place & ALIAS_BIT) == 0 && keyhash_equal(record_at(s, place)->key, key))
            return true;
    return false;
}

/* A time by the wall clock, by the monotonic one; one in the future counts as now: clocks are set back. */
static int64_t to_mono(struct instant now, int64_t wall_ns)
{
    int64_t age_ns;
    if (__builtin_sub_overflow(now.wall_ns, wall_ns, &age_ns) || age_ns > INT64_MAX / 2)
        age_ns = INT64_MAX / 2;
    int64_t mono_ns = now.mono_ns - (age_ns > 0 ? age_ns : 0);
    return mono_ns != 0 ? mono_ns : -1; /* 0: its first sample has not come */
}

static struct reorder *copy_reorder(const struct reorder *from, struct instant now)
{
    struct reorder *r = malloc(sizeof *r);
    if (r == NULL)
        return NULL;
    memcpy(r, from, sizeof *r);
    for (uint32_t i = 0; i < r->n; i++)
        r->at[i].came_ns = to_mono(now, r->at[i].came_ns);
    return r;
}

/* NULL: there are none, its rule asks for none any more, or there is no memory. */
static struct echoes *copy_echoes(const struct echoes *from, const struct policy *p)
{
    bool wanted = from != NULL && policy_changes_samples(p);
    struct echoes *e = wanted ? malloc(sizeof *e) : NULL;
    if (e != NULL)
        memcpy(e, from, sizeof *e);
    return e;
}

/* Without memory the series goes on with its window alone. */
static void restore_extra(struct table *t, struct shard *s, uint32_t place,
                          const struct saved *saved, struct instant now)
{
    struct record *x = record_at(s, place);
    const struct extra *from = saved->extra;
    struct extra *e = extra_make(t, s, place);
    if (e == NULL)
        return;
    struct extra fresh = *e;
    *e = *from;
    memcpy(e->extremes, fresh.extremes, sizeof e->extremes);
    e->kept = fresh.kept;
    e->kept_from_ns = fresh.kept_from_ns;
    e->echoes = copy_echoes(from->echoes, policy_of(t, x));
    e->reorder = from->reorder != NULL ? copy_reorder(from->reorder, now) : NULL;
    if (saved->trend_ns != policy_of(t, x)->trend_ns)
        e->trend.n = 0;
}

static void restore_record(struct table *t, struct shard *s, struct ref ref,
                           const struct saved *saved, const struct restore *r)
{
    struct record *x = record_at(s, ref_place(ref));
    struct tally tally = {0};
    x->window = saved->window;
    x->seen_ns = to_mono(r->now, saved->seen_ns);
    x->flags |= (saved->stale ? RECORD_STALE : 0) | (saved->broken ? RECORD_BROKEN : 0);
    x->flags |= r->keyed && !saved->unkeyed ? 0 : RECORD_UNKEYED;
    if (saved->extra != NULL)
        restore_extra(t, s, ref_place(ref), saved, r->now);
    extra_fit(t, s, ref_place(ref), &tally);
    tally_add(t, &tally);
    if ((x->flags & RECORD_WATCHED) != 0)
        watch_look(t, ref, r->now);
}

static bool restore_one(struct table *t, struct saved_series *in, const struct restore *r)
{
    struct newborn b = {0};
    struct ref ref;
    struct keyhash key = in->saved.key;
    if (labels_sort(&in->labels) != CAUSE_COUNT ||
        birth_prepare_labels(t, &in->labels, &b) != CAUSE_COUNT)
        return false;
    if (!r->keyed || in->saved.unkeyed)
        key = keyhash_of_labels(&t->secrets, b.identity, b.bytes);
    struct shard *s = &t->shards[keyhash_shard(key, t->shards_n)];
    pthread_mutex_lock(&s->lock);
    bool known = is_known(s, key);
    if (known)
        birth_drop(t, &b);
    bool born = !known && birth_restore(t, s, key, &b, &ref);
    if (born)
        restore_record(t, s, ref, &in->saved, r);
    pthread_mutex_unlock(&s->lock);
    if (born && in->saved.keeps && r->on_keeper != NULL)
        r->on_keeper(r->ctx, in->saved.place, ref);
    return born;
}

void table_restore(struct table *t, const char *bytes, size_t n, struct restore *r)
{
    const char *at = bytes, *end = bytes + n;
    struct saved_series in;
    while (at < end) {
        bool readable = saved_get(&at, end, &in) == NABLA_OK;
        bool good = readable && restore_one(t, &in, r);
        r->series += good;
        r->refused += !good;
        r->bad += !readable;
    }
}

/* The extra of a series whose rule keeps points; NULL: it keeps none, or there is no memory. */
static struct extra *keeper(struct table *t, struct shard *s, struct ref ref, int64_t *keep_ns)
{
    struct record *x = record_of(t, ref);
    if (x == NULL || (*keep_ns = policy_of(t, x)->keep_ns) == 0)
        return NULL;
    if ((x->flags & RECORD_EXTRA) != 0)
        return extra_at(s, ref_place(ref));
    return extra_make(t, s, ref_place(ref));
}

bool table_restore_points(struct table *t, struct ref ref, const char *bytes, size_t n)
{
    struct shard *s = &t->shards[ref_shard(ref)];
    const char *at = bytes, *end = bytes + n;
    struct kept_point p;
    int64_t keep_ns;
    bool good = true;
    pthread_mutex_lock(&s->lock);
    struct extra *e = keeper(t, s, ref, &keep_ns);
    while (e != NULL && at < end && (good = saved_get_point(&at, end, &p)))
        if (e->kept.n == 0 || p.t_ns > kept_at(&e->kept, e->kept.n - 1)->t_ns) {
            enum nabla_status status = kept_put(&e->kept, &p, keep_ns, &t->budget);
            (void)status; /* without room the oldest makes some, or there is none */
        }
    pthread_mutex_unlock(&s->lock);
    return good;
}
