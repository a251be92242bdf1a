/* state/state.c -- what is in the directory at start, and the thread that keeps it up to date.
 * Elsewhere: one snapshot (snapshot.c), the file (store.c, health.c). */
#include "state/state.h"

#include "base/log.h"
#include "state/folder.h"
#include "state/health.h"
#include "state/snapshot.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct state {
    struct state_stats *stats;
    struct log *log;
    int64_t interval_ns;
    struct health_report found; /* at start; of values: once they are loaded */
    int64_t look_ns;            /* how long it took to find that */
    struct table *table;
    struct snapshot snapshot;
    struct state_journal journal;
    pthread_t thread;
    bool runs;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t wake;
    bool stopping;
    bool hurries; /* the journal fills */
};

static void tell_fault(struct state *s)
{
    char quoted[LOG_QUOTE_MAX];
    const struct health_report *r = &s->found;
    const char *path = s->snapshot.path;
    count(&s->stats->damaged, r->bad_values + r->bad_series + (r->bad_values == 0));
    log_event(s->log, LOG_LEVEL_ERROR, NULL, "state_damaged",
              "file=%s values=%llu bad_values=%llu bad_series=%llu version=%u why=\"%s\"",
              log_quote(quoted, path, strlen(path)), (unsigned long long)r->values,
              (unsigned long long)r->bad_values, (unsigned long long)r->bad_series, r->version,
              health_text(r->health));
}

static bool can_load(const struct state *s)
{
    return s->found.health == HEALTH_GOOD || s->found.health == HEALTH_SPOILT;
}

static void look(struct state *s)
{
    int64_t began_ns = clock_now().mono_ns;
    if (health_walk(s->snapshot.path, &s->found) != NABLA_OK)
        s->found = (struct health_report){.health = HEALTH_SEALED};
    if (s->found.health != HEALTH_GOOD && s->found.health != HEALTH_ABSENT)
        tell_fault(s);
    s->look_ns = clock_now().mono_ns - began_ns;
}

static enum nabla_status take_folder(struct state *s, const struct state_options *o)
{
    char why[STORE_WHY_MAX], quoted[LOG_QUOTE_MAX];
    enum nabla_status status = folder_take(o->directory, &s->snapshot.folder, why);
    if (status != NABLA_OK)
        log_event(s->log, LOG_LEVEL_ERROR, NULL,
                  status == NABLA_ELIMIT ? "state_taken" : "state_not_kept", "why=%s",
                  log_quote(quoted, why, strlen(why)));
    return status;
}

enum nabla_status state_open(const struct state_options *o, struct state **out)
{
    struct state *s = calloc(1, sizeof *s);
    if (s == NULL)
        return NABLA_ENOMEM;
    s->stats = o->stats;
    s->log = o->log;
    s->interval_ns = o->interval_ns;
    s->stats->kept = true;
    s->found.health = HEALTH_SEALED; /* until it was looked at */
    snapshot_init(&s->snapshot, o);
    enum nabla_status status = take_folder(s, o);
    if (status == NABLA_ELIMIT) {
        state_free(s);
        return status;
    }
    if (status == NABLA_OK)
        look(s);
    if (can_load(s))
        s->snapshot.meta.secrets = s->found.meta.secrets;
    snapshot_instead_of(&s->snapshot, s->found.health);
    *out = s;
    return NABLA_OK;
}

/* ---- loading */

/* Series that keep points, as they were named when they were saved; their points come after all series. */
struct keeper {
    uint32_t shard, place;
    struct ref ref;
};

struct loading {
    struct state *state;
    struct restore restore;
    struct key chunk;       /* at hand */
    uint64_t bad_points;    /* values of them */
    struct keeper *keepers; /* owned; in the order of shards and places */
    size_t keepers_n, keepers_cap;
};

/* Without memory its points are left out. */
static void on_keeper(void *ctx, uint32_t place, struct ref ref)
{
    struct loading *l = ctx;
    if (l->keepers_n == l->keepers_cap) {
        size_t cap = l->keepers_cap == 0 ? 1024 : 2 * l->keepers_cap;
        struct keeper *more = realloc(l->keepers, cap * sizeof *more);
        if (more == NULL)
            return;
        l->keepers = more;
        l->keepers_cap = cap;
    }
    l->keepers[l->keepers_n++] =
        (struct keeper){l->chunk.shard, l->chunk.number * SAVE_CHUNK + place, ref};
}

static int compare_keepers(const void *a, const void *b)
{
    const struct keeper *x = a, *y = b;
    if (x->shard != y->shard)
        return x->shard < y->shard ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

static void on_value(void *ctx, const struct store_value *v)
{
    struct loading *l = ctx;
    l->chunk = v->key;
    if (v->key.kind == KEY_CHUNK) {
        table_restore(l->state->table, v->bytes, v->n, &l->restore);
        return;
    }
    if (v->key.kind != KEY_POINTS)
        return;
    struct keeper name = {v->key.shard, v->key.number, {0}}, *k = NULL;
    if (l->keepers_n > 0)
        k = bsearch(&name, l->keepers, l->keepers_n, sizeof name, compare_keepers);
    if (k != NULL)
        l->bad_points += !table_restore_points(l->state->table, k->ref, v->bytes, v->n);
}

static void tell_loaded(struct state *s, const struct restore *r, int64_t took_ns)
{
    count(&s->stats->loaded_series, r->series);
    count(&s->stats->refused_series, r->refused);
    s->stats->load_ns = took_ns;
    log_event(s->log, r->refused > 0 ? LOG_LEVEL_WARN : LOG_LEVEL_INFO, NULL, "state_loaded",
              "series=%llu refused=%llu ms=%lld", (unsigned long long)r->series,
              (unsigned long long)r->refused, (long long)(took_ns / NS_PER_MS));
}

const struct secrets *state_secrets(const struct state *s)
{
    return can_load(s) ? &s->found.meta.secrets : NULL;
}

/* What only shows once values are read. */
static void judge(struct state *s, const struct loading *l, enum nabla_status status,
                  uint64_t bad_sums)
{
    struct health_report *r = &s->found;
    r->bad_values = bad_sums + l->bad_points;
    r->bad_series = l->restore.bad;
    if (status != NABLA_OK)
        r->health = HEALTH_DAMAGED;
    else if (r->bad_values > 0 || r->bad_series > 0)
        r->health = HEALTH_SPOILT;
    snapshot_instead_of(&s->snapshot, r->health);
    if (r->health != HEALTH_GOOD)
        tell_fault(s);
}

void state_load(struct state *s, struct table *t)
{
    s->table = t;
    if (!can_load(s))
        return;
    struct loading l = {.state = s};
    l.restore = (struct restore){.now = clock_now(),
                                 .keyed = s->found.meta.key_rules == s->snapshot.key_rules,
                                 .on_keeper = on_keeper,
                                 .ctx = &l};
    uint64_t bad = 0;
    enum nabla_status status = health_read(s->snapshot.path, on_value, &l, &bad);
    free(l.keepers);
    judge(s, &l, status, bad);
    tell_loaded(s, &l.restore, s->look_ns + clock_now().mono_ns - l.restore.now.mono_ns);
}

/* ---- saving */

/* Until the time has come, the journal fills, or state_stop calls. Returns whether it has. */
static bool wait_until(struct state *s, int64_t mono_ns)
{
    struct timespec until = {.tv_sec = mono_ns / NS_PER_S, .tv_nsec = mono_ns % NS_PER_S};
    pthread_mutex_lock(&s->lock);
    int rc = 0;
    while (!s->stopping && !s->hurries && rc == 0)
        rc = pthread_cond_timedwait(&s->wake, &s->lock, &until);
    bool stopping = s->stopping;
    s->hurries = false;
    pthread_mutex_unlock(&s->lock);
    return stopping;
}

static void save(struct state *s)
{
    uint64_t cut = s->journal.cut != NULL ? s->journal.cut(s->journal.ctx) : 0;
    if (snapshot_write(&s->snapshot, s->table) && s->journal.forget != NULL)
        s->journal.forget(s->journal.ctx, cut);
}

static void *run(void *ctx)
{
    struct state *s = ctx;
    for (bool stopping = false; !stopping;) {
        int64_t next_ns = clock_now().mono_ns + s->interval_ns;
        save(s);
        stopping = wait_until(s, next_ns);
    }
    save(s);
    return NULL;
}

/* The journal's thread. */
static void hurry(void *state)
{
    struct state *s = state;
    pthread_mutex_lock(&s->lock);
    s->hurries = true;
    pthread_cond_signal(&s->wake);
    pthread_mutex_unlock(&s->lock);
}

static void init_wake(struct state *s)
{
    pthread_condattr_t kind;
    pthread_condattr_init(&kind);
    pthread_condattr_setclock(&kind, CLOCK_MONOTONIC);
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->wake, &kind);
    pthread_condattr_destroy(&kind);
}

enum nabla_status state_start(struct state *s, const struct state_journal *journal)
{
    s->journal = journal != NULL ? *journal : (struct state_journal){0};
    table_secrets(s->table, &s->snapshot.meta.secrets);
    init_wake(s);
    s->runs = pthread_create(&s->thread, NULL, run, s) == 0;
    if (s->runs && s->journal.watch != NULL)
        s->journal.watch(s->journal.ctx, hurry, s);
    return s->runs ? NABLA_OK : NABLA_ENOMEM;
}

void state_key_rules(struct state *s, uint64_t key_rules)
{
    s->snapshot.key_rules = key_rules;
}

void state_stop(struct state *s)
{
    if (s == NULL || !s->runs)
        return;
    if (s->journal.watch != NULL)
        s->journal.watch(s->journal.ctx, NULL, NULL);
    pthread_mutex_lock(&s->lock);
    s->stopping = true;
    pthread_cond_signal(&s->wake);
    pthread_mutex_unlock(&s->lock);
    pthread_join(s->thread, NULL);
    s->runs = false;
}

void state_free(struct state *s)
{
    if (s == NULL)
        return;
    state_stop(s);
    snapshot_fini(&s->snapshot);
    free(s);
}
