/* alerts/lookout.c -- the judgement on the ingest threads, and the queue behind it.
 *
 *     memory of a series under a rule:   | engaged | clear (2 bits) | when (2 bits) |
 *
 * Laws: a series that is not engaged is told when `when` becomes yes; from then on every change of
 * either is told, so whoever decides never misses a moment at which one of them held. What finds the
 * queue full leaves the memory as it was, and so is tried again. */
#include "alerts/lookout.h"

#include "rules/step.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { FIRST_ROOM = 64, ENGAGED = LOOKOUT_ENGAGED, JUDGED = 0x40 };

struct place {
    _Atomic(const struct rule *) rule;
    atomic_bool eager;
};

struct lookout {
    struct watcher watcher;
    void (*on_ready)(void *ctx);
    void *ctx;
    pthread_mutex_t lock; /* of what follows, up to places */
    struct look *at;      /* owned: a ring of room places */
    uint32_t room, first, n;
    uint64_t lost;
    bool told; /* on_ready was called, nothing was taken since */
    struct place places[LOOKOUT_PLACES];
};

/* ---- the queue */

/* The ring doubles until it has LOOKS_MAX places. */
static bool grow(struct lookout *l)
{
    uint32_t room = l->room == 0 ? FIRST_ROOM : 2 * l->room;
    struct look *at = room <= LOOKS_MAX ? malloc(room * sizeof *at) : NULL;
    if (at == NULL)
        return false;
    for (uint32_t i = 0; i < l->n; i++)
        at[i] = l->at[(l->first + i) % l->room];
    free(l->at);
    l->at = at;
    l->room = room;
    l->first = 0;
    return true;
}

static bool put(struct lookout *l, const struct look *look)
{
    pthread_mutex_lock(&l->lock);
    bool fits = l->n < l->room || grow(l);
    if (fits)
        l->at[(l->first + l->n++) % l->room] = *look;
    bool tell = fits && !l->told;
    l->told |= tell;
    pthread_mutex_unlock(&l->lock);
    if (tell)
        l->on_ready(l->ctx);
    return fits;
}

static void lose(struct lookout *l)
{
    pthread_mutex_lock(&l->lock);
    l->lost++;
    pthread_mutex_unlock(&l->lock);
}

uint32_t lookout_take(struct lookout *l, struct look *out, uint32_t max, uint64_t *lost)
{
    pthread_mutex_lock(&l->lock);
    uint32_t n = l->n < max ? l->n : max;
    for (uint32_t i = 0; i < n; i++)
        out[i] = l->at[(l->first + i) % l->room];
    l->first = n == l->n ? 0 : (l->first + n) % l->room;
    l->n -= n;
    l->told = l->n > 0;
    *lost = l->lost;
    l->lost = 0;
    pthread_mutex_unlock(&l->lock);
    return n;
}

/* ---- the judgement */

static uint8_t judge(const struct rule *rule, const struct facts *f)
{
    enum truth when, clear;
    alert_judge(rule, f, &when, &clear);
    return (uint8_t)(JUDGED | (unsigned)when | (unsigned)clear << 2);
}

static bool is_yes(uint8_t judgement)
{
    return (judgement & 3) == TRUTH_YES;
}

/* Rules that time alone can make true are asked again by whoever decides, who must know the series. */
static bool begins_engaged(const struct place *p, const struct rule *rule)
{
    return p->eager || rule->when.watches_n > 0 || rule->clear.watches_n > 0;
}

/* Out of the way of samples that change nothing, which are nearly all. */
__attribute__((noinline)) static bool put_look(struct lookout *l, struct ref series, uint16_t rule,
                                               const struct facts *f, int64_t wall_ns)
{
    struct look look = {.series = series, .rule = rule, .wall_ns = wall_ns, .facts = *f};
    return put(l, &look);
}

static void look_at(struct lookout *l, struct ref series, struct watched *w, const struct facts *f,
                    int64_t wall_ns)
{
    const struct place *p = &l->places[w->watch];
    const struct rule *rule = atomic_load_explicit(&p->rule, memory_order_acquire);
    if (rule == NULL)
        return;
    bool silent = f->presence == PRESENCE_SILENT;
    uint8_t now = judge(rule, f);
    bool engaged = (w->memory & ENGAGED) != 0 || is_yes(now) || begins_engaged(p, rule) ||
                   (silent && rule->no_data == NO_DATA_ALERT);
    bool changed = now != (w->memory & ~ENGAGED) || silent;
    if (engaged && changed && !put_look(l, series, w->watch, f, wall_ns)) {
        if (silent)
            lose(l);
        return;
    }
    w->memory = (uint8_t)(now | (engaged ? ENGAGED : 0));
}

static void on_sample(void *ctx, struct ref series, struct watched *at, uint32_t n,
                      const struct reading *r, struct instant now)
{
    struct facts f;
    facts_of_reading(r, &f);
    for (uint32_t i = 0; i < n; i++)
        look_at(ctx, series, &at[i], &f, now.wall_ns);
}

static void on_end(void *ctx, struct ref series, const struct watched *at, uint32_t n)
{
    struct look look = {.series = series};
    facts_of_nothing(PRESENCE_GONE, 0, &look.facts);
    for (uint32_t i = 0; i < n; i++) {
        look.rule = at[i].watch;
        if ((at[i].memory & ENGAGED) != 0 && !put(ctx, &look))
            lose(ctx);
    }
}

/* ---- made, set up, freed */

enum nabla_status lookout_new(void (*on_ready)(void *ctx), void *ctx, struct lookout **out)
{
    struct lookout *l = calloc(1, sizeof *l);
    if (l == NULL)
        return NABLA_ENOMEM;
    l->watcher = (struct watcher){.ctx = l, .on_sample = on_sample, .on_end = on_end};
    l->on_ready = on_ready;
    l->ctx = ctx;
    pthread_mutex_init(&l->lock, NULL);
    *out = l;
    return NABLA_OK;
}

void lookout_free(struct lookout *l)
{
    if (l == NULL)
        return;
    pthread_mutex_destroy(&l->lock);
    free(l->at);
    free(l);
}

const struct watcher *lookout_watcher(const struct lookout *l)
{
    return &l->watcher;
}

void lookout_set(struct lookout *l, uint16_t number, const struct rule *rule, bool eager)
{
    l->places[number].eager = eager;
    atomic_store_explicit(&l->places[number].rule, rule, memory_order_release);
}
