/* series/table_save.c -- a chunk at a time, its shard held for as long as it takes to write some series down:
 * at most SAVE_HOLD bytes, then others have their turn.
 * Elsewhere: the bytes (saved.c), the way back (table_restore.c). */
#include "series/table_save.h"

#include "series/push.h"
#include "series/saved.h"

enum { SAVE_HOLD = 64 * 1024 }; /* bytes written under one hold of a lock: some 50 us */

uint32_t table_shards(const struct table *t)
{
    return t->shards_n;
}

uint32_t table_place(struct ref r)
{
    return ref_place(r);
}

uint32_t table_chunks(struct table *t, uint32_t shard)
{
    struct shard *s = &t->shards[shard];
    pthread_mutex_lock(&s->lock);
    uint32_t n = (s->places + SAVE_CHUNK - 1) / SAVE_CHUNK;
    pthread_mutex_unlock(&s->lock);
    return n;
}

void table_secrets(const struct table *t, struct secrets *out)
{
    *out = t->secrets;
}

static void save_series(struct table *t, struct shard *s, uint32_t place, struct instant now,
                        struct buf *out)
{
    struct record *x = record_at(s, place);
    union {
        struct labelset labels;
        char room[LABELSET_MAX];
    } w;
    struct saved saved = {.key = x->key,
                          .wall_less_mono_ns = now.wall_ns - now.mono_ns,
                          .window = x->window,
                          .place = (uint8_t)(place % SAVE_CHUNK),
                          .stale = (x->flags & RECORD_STALE) != 0,
                          .broken = (x->flags & RECORD_BROKEN) != 0,
                          .unkeyed = (x->flags & RECORD_UNKEYED) != 0,
                          .trend_ns = policy_of(t, x)->trend_ns};
    saved.seen_ns = x->seen_ns + saved.wall_less_mono_ns;
    if ((x->flags & RECORD_EXTRA) != 0) {
        saved.extra = extra_at(s, place);
        saved.keeps = saved.extra->kept.n > 0;
    }
    identity_unpack(&t->catalog.names, x->identity, &w.labels);
    saved_put(out, &saved, &w.labels);
}

/* A free place, or one whose series' first sample is on its way, has nothing to save. */
static bool is_saved(const struct record *x)
{
    return x->identity != NULL && x->seen_ns != 0;
}

static bool has_changed(const struct shard *s, uint32_t from, uint32_t to)
{
    for (uint32_t place = from; place < to; place++)
        if ((record_at(s, place)->flags & RECORD_CHANGED) != 0)
            return true;
    return false;
}

static void note_keeper(const struct shard *s, uint32_t place, bool anyway,
                        struct save_keepers *keepers)
{
    if ((record_at(s, place)->flags & RECORD_EXTRA) == 0)
        return;
    const struct extra *e = extra_at(s, place);
    if (e->kept.n > 0)
        keepers->at[keepers->n++] =
            (struct save_keeper){.ref = ref_of(s, place),
                                 .anew = anyway || e->kept_from_ns == INT64_MIN,
                                 .oldest_ns = kept_at(&e->kept, 0)->t_ns};
}

/* Writes series from *place on until there are enough bytes; the shard is locked. */
static void save_some(struct table *t, struct shard *s, uint32_t *place, uint32_t to, bool anyway,
                      struct instant now, struct buf *out, struct save_keepers *keepers,
                      struct save_tally *tally)
{
    size_t enough = out->n + SAVE_HOLD;
    for (; *place < to && out->n < enough; ++*place) {
        struct record *x = record_at(s, *place);
        identity_prefetch(s, *place, to);
        x->flags &= (uint8_t)~RECORD_CHANGED;
        if (!is_saved(x))
            continue;
        save_series(t, s, *place, now, out);
        note_keeper(s, *place, anyway, keepers);
        tally->series++;
    }
}

static int64_t read_clock(const struct save_tally *tally)
{
    return tally->clock != NULL ? tally->clock() : 0;
}

static void note_hold(struct save_tally *tally, int64_t since_ns)
{
    int64_t held_ns = read_clock(tally) - since_ns;
    tally->longest_ns = held_ns > tally->longest_ns ? held_ns : tally->longest_ns;
}

bool table_save(struct table *t, struct save_chunk at, bool anyway, struct instant now,
                struct buf *out, struct save_keepers *keepers, struct save_tally *tally)
{
    struct shard *s = &t->shards[at.shard];
    keepers->n = 0;
    uint32_t first = at.chunk * SAVE_CHUNK, place = first, to = first + SAVE_CHUNK;
    while (place < to) { /* room for the hold is made without it */
        if (buf_room(out, SAVE_HOLD + SAVED_MAX) == NULL)
            return false;
        pthread_mutex_lock(&s->lock);
        int64_t since_ns = read_clock(tally);
        to = to < s->places ? to : s->places;
        if (place == first && !anyway && !has_changed(s, first, to)) {
            pthread_mutex_unlock(&s->lock);
            return false;
        }
        save_some(t, s, &place, to, anyway, now, out, keepers, tally);
        note_hold(tally, since_ns);
        pthread_mutex_unlock(&s->lock);
    }
    return true;
}

void table_save_again(struct table *t, struct save_chunk at)
{
    struct shard *s = &t->shards[at.shard];
    uint32_t place = at.chunk * SAVE_CHUNK, to = place + SAVE_CHUNK;
    pthread_mutex_lock(&s->lock);
    record_at(s, place)->flags |= RECORD_CHANGED;
    for (; place < to && place < s->places; place++)
        if ((record_at(s, place)->flags & RECORD_EXTRA) != 0)
            extra_at(s, place)->kept_from_ns = INT64_MIN;
    pthread_mutex_unlock(&s->lock);
}

/* ---- kept points
 *
 *     block     | 64 points | 64 points | 64 points | 9 to 72 points |      the last one grows
 *                                                         late samples correct these only: a window has five
 */

enum { SLACK = 8 };

static bool save_block(struct extra *e, bool anew, int64_t *first_ns, struct buf *out,
                       int64_t *next_ns)
{
    const struct kept *k = &e->kept;
    if (*first_ns == INT64_MIN && !anew)
        *first_ns = e->kept_from_ns;
    uint32_t from = kept_from(k, *first_ns);
    if (from == k->n)
        return false;
    if (*first_ns == INT64_MIN)
        *first_ns = kept_at(k, from)->t_ns;
    bool last = k->n - from <= SAVE_BLOCK + SLACK;
    uint32_t to = last ? k->n : from + SAVE_BLOCK;
    for (uint32_t i = from; i < to; i++)
        saved_put_point(out, kept_at(k, i));
    *next_ns = last ? INT64_MAX : kept_at(k, to)->t_ns;
    e->kept_from_ns = *first_ns;
    return true;
}

bool table_save_points(struct table *t, const struct save_keeper *k, int64_t *first_ns,
                       struct buf *out, int64_t *next_ns)
{
    struct shard *s = &t->shards[ref_shard(k->ref)];
    if (buf_room(out, (SAVE_BLOCK + SLACK) * SAVED_POINT) == NULL)
        return false;
    pthread_mutex_lock(&s->lock);
    const struct record *x = record_of(t, k->ref);
    bool there = x != NULL && (x->flags & RECORD_EXTRA) != 0 &&
                 save_block(extra_at(s, ref_place(k->ref)), k->anew, first_ns, out, next_ns);
    pthread_mutex_unlock(&s->lock);
    return there;
}
