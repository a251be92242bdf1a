/* series/table_read.c -- what is known of each series, copied out: refs become readings whenever the
 * reader is ready for some more, so that a slow client holds numbers, never the table.
 *
 *     shard   ├─ copy records ─┤
 *     catalog                 ├─ derive, unpack labels ─┤
 *
 * A shard, which ingest waits for, is held while records are copied. The catalog is taken before it is let
 * go, and keeps what the copies name: no series ends and no policy changes without it.
 * Elsewhere: which series a query means (table_select.c). */
#include "numeric/forecast.h"
#include "numeric/uncertainty.h"
#include "series/push.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { AHEAD = 8 }; /* records asked for before they are copied */

/* What derivatives are made of: the window, or where doubles do not hold its values, the same told from its
 * middle, as a gauge. */
struct told {
    const struct obs *at;     /* window_n of them, the newest */
    const struct obs *before; /* WINDOW_SIZE + 1 of them; NULL: so many are not known */
    enum kind kind;
    struct obs room[WINDOW_SIZE], room_before[WINDOW_SIZE + 1];
};

static void tell(const struct window *w, const double *rest, enum kind kind, struct told *out)
{
    int n;
    out->at = window_newest(w, &n);
    out->before = w->n > WINDOW_SIZE ? out->at - 1 : NULL;
    out->kind = kind;
    if (rest == NULL || n < 2)
        return;
    window_told(w, rest, w->n - n, n, kind, out->room);
    out->at = out->room;
    out->kind = KIND_GAUGE;
    if (out->before == NULL)
        return;
    window_told(w, rest, w->n - n - 1, n + 1, kind, out->room_before);
    out->before = out->room_before;
}

/* The errors that a sensor's step leaves in what is derived, the rounding of doubles included. */
static void estimate(struct reading *r, const struct obs *w, const struct policy *p)
{
    double sigma = policy_sigma(p);
    struct slope_errors e;
    if (sigma == 0)
        return;
    if (r->window_n == 2)
        r->edge.error = uncertainty_of_secant(&w[0], &w[1], sigma);
    if (r->rate.order == 0)
        return;
    uncertainty_of_slopes(w, p->edge_order, sigma, &e);
    r->rate.error = e.rate;
    r->edge.error = e.edge;
    r->accel_error = e.accel;
}

/* The derivatives of a window, in [v] a second; rate and edge keep order 0 if not known. */
static void derive(struct reading *r, const struct told *told, const struct policy *p)
{
    const struct obs *w = told->at;
    struct slopes s;
    r->accel = NAN;
    if (r->window_n == 2)
        r->edge = (struct derivative){
            .t_ns = w[1].t_ns, .value = stencil_secant(&w[0], &w[1], told->kind), .order = 1};
    if (r->window_n == WINDOW_SIZE && stencil_apply(w, told->kind, p->edge_order, &s) == NABLA_OK) {
        r->rate = (struct derivative){.t_ns = w[1].t_ns, .value = s.rate, .order = 2};
        r->edge = (struct derivative){
            .t_ns = w[2].t_ns, .value = s.edge, .order = (uint8_t)p->edge_order};
        r->accel = s.accel;
    }
    if (r->window_n == WINDOW_SIZE && told->before != NULL)
        r->truncation = uncertainty_of_truncation(told->before, told->kind);
    estimate(r, w, p);
}

/* A series that its rule has live on in silence. */
static void fall_silent(struct reading *r, const struct policy *p)
{
    if (p->on_silence != ON_SILENCE_ZERO)
        return;
    int64_t since = r->window[r->window_n - 1].t_ns + p->stale_after_ns;
    struct derivative none = {.t_ns = since, .order = 1};
    r->rate = r->edge = none; /* known by the silence, even after a single sample */
    r->trend = r->trend.order != 0 ? none : r->trend;
    r->accel = r->accel_error = 0;
}

/* Along the trend where there is one, else along the newest slope. */
static void foresee(struct reading *r, const struct policy *p, double level)
{
    const struct derivative *d = r->trend.order != 0 ? &r->trend : &r->edge;
    r->etas_n = p->limits.n;
    for (uint32_t i = 0; i < p->limits.n; i++) {
        struct course c = {.value = level,
                           .slope = d->value,
                           .slope_error = d->error > 0 ? d->error : NAN,
                           .accel = r->accel,
                           .accel_error = r->accel_error > 0 ? r->accel_error : NAN};
        r->etas[i].limit = p->limits.at[i];
        r->etas[i].seconds = d->order != 0 ? forecast_seconds(&c, p->limits.at[i]) : NAN;
    }
}

static double find_trend(const struct shard *s, const struct record *x, uint32_t place,
                         const struct policy *p, struct reading *r)
{
    double newest = r->window_n > 0 ? r->window[r->window_n - 1].v : NAN;
    struct trend_slope trend;
    if ((x->flags & RECORD_EXTRA) == 0 || r->window_n == 0 ||
        !extra_trend(extra_at(s, place), x, p, &trend))
        return newest;
    r->trend = (struct derivative){.t_ns = r->window[r->window_n - 1].t_ns,
                                   .value = trend.slope,
                                   .order = 1,
                                   .error = isnan(trend.error) ? 0 : trend.error};
    r->trend_level = trend.level;
    return trend.level;
}

static void scale(struct derivative *d, double per)
{
    d->value *= per;
    d->error *= per;
}

static void to_unit(struct reading *r, double per)
{
    scale(&r->rate, per);
    scale(&r->edge, per);
    scale(&r->trend, per);
    r->truncation *= per;
    r->accel *= per * per;
    r->accel_error *= per * per;
}

/* x: a record or a copy of one; s, place: whose extra it has, if it has one. */
static void fill(const struct table *t, const struct record *x, const struct shard *s,
                 uint32_t place, int64_t mono_ns, struct reading *r)
{
    const struct policy *p = policy_of(t, x);
    const struct extra *e = (x->flags & RECORD_EXTRA) != 0 ? extra_at(s, place) : NULL;
    struct told told;
    int n;
    const struct obs *newest = window_newest(&x->window, &n);
    tell(&x->window, e != NULL && e->exact ? e->rest : NULL, p->kind, &told);
    if ((x->flags & RECORD_OVER) == RECORD_BROKEN)
        n = 0;
    *r = (struct reading){.state = record_state(t, x, mono_ns),
                          .kind = p->kind,
                          .per = p->per,
                          .silent =
                              p->on_silence != ON_SILENCE_STALE && record_is_silent(x, p, mono_ns),
                          .truncation = NAN,
                          .extremes = p->extremes != 0,
                          .age_ns = mono_ns - x->seen_ns,
                          .resets = x->window.resets,
                          .wraps = e != NULL ? e->wraps : 0,
                          .window_n = (uint8_t)n};
    memcpy(r->window, newest, (size_t)n * sizeof *newest);
    if (e != NULL && e->exact)
        memcpy(r->rest, e->rest + x->window.n - n, (size_t)n * sizeof *r->rest);
    derive(r, &told, p);
    double level = p->extras ? find_trend(s, x, place, p, r) : n > 0 ? newest[n - 1].v : NAN;
    if (r->silent && n > 0)
        fall_silent(r, p);
    if (p->limits.n > 0)
        foresee(r, p, level);
    to_unit(r, per_seconds(p->per));
}

void reading_fill(const struct table *t, const struct shard *s, uint32_t place, int64_t mono_ns,
                  struct reading *r)
{
    fill(t, record_at(s, place), s, place, mono_ns, r);
}

/* Unpacks labels behind the others; readings point to them by offset until all have come. */
static bool keep_labels(const struct table *t, struct readings *out, size_t *used,
                        const unsigned char *identity)
{
    if (*used + LABELSET_MAX > out->text_cap) {
        size_t cap = (*used + LABELSET_MAX) * 2;
        char *text = realloc(out->text, cap);
        if (text == NULL)
            return false;
        out->text = text;
        out->text_cap = cap;
    }
    struct labelset *set = (struct labelset *)(void *)(out->text + *used);
    identity_unpack(&t->catalog.names, identity, set);
    out->at[out->n].labels = (const struct labelset *)(uintptr_t)*used;
    *used += (set->bytes + _Alignof(struct labelset) - 1) & ~(_Alignof(struct labelset) - 1);
    return true;
}

static void point_at_labels(struct readings *out)
{
    for (uint32_t i = 0; i < out->n; i++)
        out->at[i].labels =
            (const struct labelset *)(void *)(out->text + (uintptr_t)out->at[i].labels);
}

/* Records of one shard as they were while it was locked. */
struct copies {
    struct record at[READINGS_MAX];
    uint32_t number[READINGS_MAX]; /* among those that were asked for */
    uint32_t n;
};

/* Copies found[0..n); the first of them is asked for as number first. What lies beside a record is read at
 * once. */
static void copy_run(const struct table *t, const struct shard *s, const struct found *found,
                     uint32_t n, uint32_t first, int64_t mono_ns, struct reading *r,
                     struct copies *c)
{
    c->n = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (i + AHEAD < n)
            __builtin_prefetch(record_at(s, ref_place(found[i + AHEAD].ref)));
        const struct record *x = record_of(t, found[i].ref);
        if (x == NULL)
            continue;
        __builtin_prefetch(x->identity);
        if ((x->flags & RECORD_EXTRA) != 0)
            reading_fill(t, s, ref_place(found[i].ref), mono_ns, &r[c->n]);
        c->at[c->n] = *x;
        c->number[c->n++] = first + i;
    }
}

static bool read_copies(const struct table *t, const struct copies *c, int64_t mono_ns,
                        struct readings *out, size_t *used)
{
    bool fits = true;
    for (uint32_t i = 0; i < c->n && fits; i++) {
        const struct record *x = &c->at[i];
        struct reading *r = &out->at[out->n];
        if ((x->flags & RECORD_EXTRA) == 0)
            fill(t, x, NULL, 0, mono_ns, r);
        r->number = c->number[i];
        fits = keep_labels(t, out, used, x->identity);
        out->n += fits;
    }
    return fits;
}

static bool read_run(struct table *t, struct shard *s, const struct found *found, uint32_t n,
                     uint32_t first, int64_t mono_ns, struct readings *out, size_t *used)
{
    struct copies copies;
    pthread_mutex_lock(&s->lock);
    copy_run(t, s, found, n, first, mono_ns, out->at + out->n, &copies);
    pthread_mutex_lock(&t->catalog.lock);
    pthread_mutex_unlock(&s->lock);
    bool fits = read_copies(t, &copies, mono_ns, out, used);
    pthread_mutex_unlock(&t->catalog.lock);
    return fits;
}

enum nabla_status table_read(struct table *t, const struct found *found, uint32_t n,
                             struct instant now, struct readings *out)
{
    size_t used = 0;
    bool fits = true;
    out->n = 0;
    for (uint32_t from = 0, to; from < n && fits; from = to) {
        uint32_t shard = ref_shard(found[from].ref);
        for (to = from + 1; to < n && ref_shard(found[to].ref) == shard;)
            to++;
        fits =
            read_run(t, &t->shards[shard], found + from, to - from, from, now.mono_ns, out, &used);
    }
    point_at_labels(out);
    return fits ? NABLA_OK : NABLA_ENOMEM;
}

uint32_t table_family_name(struct table *t, uint32_t family, char out[static LABEL_NAME_MAX])
{
    const struct dictionary *metrics = &t->catalog.names.metrics;
    uint32_t n = 0;
    pthread_mutex_lock(&t->catalog.lock);
    const struct entry *x = family < metrics->n ? dictionary_at(metrics, family) : NULL;
    if (x != NULL && x->text != NULL) {
        n = x->n;
        memcpy(out, x->text, n);
    }
    pthread_mutex_unlock(&t->catalog.lock);
    return n;
}
