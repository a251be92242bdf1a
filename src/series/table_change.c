/* series/table_change.c -- other policies, while samples come.
 *
 *     table_configure      births from here on: new        policies  [ old | new ]
 *     table_follow         slice after slice: old ─► new             [ old | new ]   a record says which it counts in
 *     table_follow: false  all: new                                  [     | new ]
 *
 * Laws: a series is treated by the old policies or by the new ones, never by some of each: it goes over under its
 * shard's lock, and with it what lies beside its record. What is born meanwhile is new, and not looked at again.
 * A lock is held for some FOLLOW_WORK comparisons. */
#include "series/push.h"
#include "series/selector.h"

enum {
    FOLLOW_WORK = 8192, /* under one hold, in comparisons of a label with a text, some 15 ns each */
    REGEX_WORK = 2,     /* of an expression, most often */
};

/* What the selectors of all rules cost for one series. */
static uint64_t work_of(const struct policies *p)
{
    uint64_t work = 1;
    for (uint32_t i = 0; i < p->rules_n; i++)
        work += 1 + REGEX_WORK * (uint64_t)selector_regexes(p->rules[i].match);
    for (uint32_t i = 0; i < p->watches_n; i++)
        work += 1 + REGEX_WORK * (uint64_t)selector_regexes(p->watches[i]);
    return work;
}

static uint32_t slice_of(const struct policies *p)
{
    uint64_t n = FOLLOW_WORK / work_of(p);
    return n < 1 ? 1 : n > SLICE ? SLICE : (uint32_t)n;
}

void table_configure(struct table *t, struct policies *policies, uint32_t max_series,
                     int64_t max_future_ns, uint64_t keep_bytes)
{
    struct catalog *c = &t->catalog;
    t->max_future_ns = max_future_ns;
    t->budget.limit = keep_bytes;
    pthread_mutex_lock(&c->lock);
    uint32_t fresh = c->generation ^ 1;
    c->policies[fresh] = policies_steal(policies);
    c->generation = fresh;
    c->max_series = max_series;
    t->follow = (struct follow){.slice = slice_of(&c->policies[fresh])};
    pthread_mutex_unlock(&c->lock);
}

static bool is_new(const struct table *t, const struct record *x)
{
    return ((x->flags & RECORD_GENERATION) != 0) == (t->catalog.generation != 0);
}

static void choose(struct table *t, struct shard *s, uint32_t place, struct tally *tally)
{
    struct record *x = record_at(s, place);
    if (x->identity == NULL || is_new(t, x))
        return;
    birth_choose_policy(t, x);
    x->flags |= RECORD_CHANGED;
    extra_fit(t, s, place, tally);
    watch_choose(t, s, place);
}

bool table_follow(struct table *t)
{
    struct follow *f = &t->follow;
    struct catalog *c = &t->catalog;
    if (f->shard == t->shards_n) {
        policies_fini(&c->policies[c->generation ^ 1]); /* no record counts in it any more */
        return false;
    }
    struct shard *s = &t->shards[f->shard];
    struct tally tally = {0};
    pthread_mutex_lock(&s->lock);
    pthread_mutex_lock(&c->lock);
    for (uint32_t n = 0; f->place < s->places && n < f->slice; n++, f->place++) {
        identity_prefetch(s, f->place, s->places);
        choose(t, s, f->place, &tally);
    }
    if (f->place >= s->places)
        *f = (struct follow){.shard = f->shard + 1, .slice = f->slice};
    pthread_mutex_unlock(&c->lock);
    pthread_mutex_unlock(&s->lock);
    tally_add(t, &tally);
    return true;
}
