/* series/table_extra.c -- series whose rules ask for more than a window.
 * Laws: a series without such rules costs a test of one flag; a sample that is held back, merged or dropped
 * is counted; a run that begins anew forgets all of it but the kept points.
 * Elsewhere: each stage by itself (reorder.c, guard.c, merge.c, kept.c, numeric/trend.c). */
#include "series/push.h"

#include "numeric/uncertainty.h"

#include <math.h>
#include <stdlib.h>

/* ---- made and freed */

static struct shard *shard_of(const struct push *p)
{
    return &p->t->shards[ref_shard(p->ref)];
}

static void begin_extremes(const struct table *t, struct extra *e)
{
    for (uint32_t i = 0; i < SCRAPERS_MAX; i++)
        e->extremes[i] = (struct extremes){INFINITY, -INFINITY, atomic_load(&t->readers[i])};
}

struct extremes *extremes_of(const struct table *t, struct extra *e, uint32_t scraper)
{
    struct extremes *at = &e->extremes[scraper];
    uint32_t reader = atomic_load(&t->readers[scraper]);
    if (at->reader != reader)
        *at = (struct extremes){INFINITY, -INFINITY, reader};
    return at;
}

static struct extra *make(struct push *p)
{
    struct shard *s = shard_of(p);
    uint32_t place = ref_place(p->ref);
    struct extra *e = calloc(1, sizeof *e);
    if (e == NULL || !tiers_reach(&s->extras, place, sizeof e)) {
        free(e);
        return NULL;
    }
    begin_extremes(p->t, e);
    e->came.t_ns = INT64_MIN;
    *(struct extra **)tiers_at(&s->extras, place, sizeof e) = e;
    p->x->flags |= RECORD_EXTRA;
    s->extras_n++;
    return e;
}

struct extra *extra_of(struct push *p)
{
    if ((p->x->flags & RECORD_EXTRA) != 0)
        return extra_at(shard_of(p), ref_place(p->ref));
    return make(p);
}

void extra_end(struct table *t, struct shard *s, uint32_t place)
{
    struct record *x = record_at(s, place);
    if ((x->flags & RECORD_EXTRA) == 0)
        return;
    struct extra **at = tiers_at(&s->extras, place, sizeof *at);
    kept_fini(&(*at)->kept, &t->budget);
    free((*at)->reorder);
    free(*at);
    *at = NULL;
    x->flags &= (uint8_t)~RECORD_EXTRA;
    s->extras_n--;
}

uint64_t extras_bytes(const struct shard *s)
{
    return tiers_bytes(&s->extras, sizeof(struct extra *)) + s->extras_n * sizeof(struct extra);
}

void extra_begin(struct extra *e)
{
    e->trend.n = 0;
    e->trend_base = e->wrapped = 0;
    e->merge.n = 0;
    e->guard.holds = false;
}

/* ---- what a point leaves behind */

/* One standard error of the rate at at[i]: of the parabola's slope there. */
static double error_at(const struct window *w, int i, const struct policy *p)
{
    struct slope_errors e;
    double sigma = policy_sigma(p);
    if (sigma == 0 || w->n < 2)
        return NAN;
    if (i > 0 && i + 1 < w->n) {
        uncertainty_of_slopes(w->at + i - 1, p->edge_order, sigma, &e);
        return e.rate;
    }
    int from = i == 0 ? 0 : w->n - 2;
    if (p->edge_order == 1 || w->n < WINDOW_SIZE)
        return uncertainty_of_secant(&w->at[from], &w->at[from + 1], sigma);
    const struct obs *at = i == 0 ? w->at : w->at + w->n - 3;
    struct obs mirrored[3] = {at[2], at[1],
                              at[0]}; /* the first is the last of time run backwards */
    for (int k = 0; k < 3; k++)
        mirrored[k].t_ns = (int64_t)((uint64_t)at[2].t_ns - (uint64_t)mirrored[k].t_ns);
    uncertainty_of_slopes(i == 0 ? mirrored : at, 2, sigma, &e);
    return e.edge;
}

static int index_of(const struct window *w, int64_t t_ns)
{
    int i = 0;
    while (i < w->n - 1 && w->at[i].t_ns != t_ns)
        i++;
    return i;
}

static void keep(struct push *p, const struct point *x)
{
    struct trend_slope trend = {.slope = NAN};
    const struct window *w = &p->x->window;
    struct kept_point k = {.t_ns = x->t_ns,
                           .value = x->value,
                           .rate = x->rate,
                           .accel = x->accel,
                           .error = error_at(w, index_of(w, x->t_ns), p->policy),
                           .order = x->order};
    (void)extra_trend(p->extra, p->x, p->policy, &trend);
    k.trend = trend.slope;
    if (kept_put(&p->extra->kept, &k, p->policy->keep_ns, &p->t->budget) != NABLA_OK)
        p->tally->events[EVENT_KEEP_REFUSED]++;
}

static void widen_extremes(struct push *p, double rate)
{
    for (uint32_t i = 0; i < SCRAPERS_MAX; i++) {
        struct extremes *at = extremes_of(p->t, p->extra, i);
        at->least = fmin(at->least, rate);
        at->most = fmax(at->most, rate);
    }
}

void extra_points(struct push *p, const struct points *points)
{
    for (int i = 0; i < points->n; i++) {
        if (p->policy->keep_ns > 0)
            keep(p, &points->at[i]);
        if (p->policy->extremes != 0)
            widen_extremes(p, points->at[i].rate);
    }
}

/* ---- trend */

static struct obs without_resets(const struct extra *e, struct obs x)
{
    return (struct obs){x.t_ns, x.v + e->trend_base};
}

bool extra_trend(const struct extra *e, const struct record *x, const struct policy *p,
                 struct trend_slope *out)
{
    if (p->trend_ns == 0 || e->trend.n == 0 || x->window.n == 0)
        return false;
    struct trend all = e->trend;
    trend_add(&all, without_resets(e, x->window.at[x->window.n - 1]), (double)p->trend_ns / 1e9);
    if (!trend_slope(&all, policy_sigma(p), out))
        return false;
    out->level -= e->trend_base;
    return true;
}

/* The sample that was newest is newest no more: its value is final enough to count. */
static void trend_follows(struct push *p)
{
    struct extra *e = p->extra;
    const struct window *w = &p->x->window;
    if (w->n < 2)
        return;
    const struct obs *before = &w->at[w->n - 2], *newest = &w->at[w->n - 1];
    trend_add(&e->trend, without_resets(e, *before), (double)p->policy->trend_ns / 1e9);
    if (p->policy->kind == KIND_COUNTER && newest->v < before->v)
        e->trend_base += before->v;
}

void extra_follow(struct push *p, struct obs x, enum arrival arrival, struct obs replaced)
{
    struct extra *e = p->extra;
    const struct window *w = &p->x->window;
    double tau_s = (double)p->policy->trend_ns / 1e9;
    if (arrival == ARRIVAL_APPENDED)
        merge_begin(&e->merge, x);
    if (tau_s == 0)
        return;
    if (arrival == ARRIVAL_APPENDED)
        trend_follows(p);
    else if (arrival == ARRIVAL_INSERTED && p->policy->kind == KIND_GAUGE)
        trend_add(&e->trend, x, tau_s);
    else if (arrival == ARRIVAL_REPLACED && p->policy->kind == KIND_GAUGE &&
             x.t_ns != w->at[w->n - 1].t_ns)
        trend_replace(&e->trend, replaced, x.v, tau_s);
}

/* ---- merge */

static enum cause merge(struct push *p, struct obs x)
{
    struct extra *e = p->extra;
    struct window *w = &p->x->window;
    struct obs mean;
    struct points points;
    if (p->policy->min_dt_ns == 0 || w->n == 0 || (p->x->flags & RECORD_OVER) != 0)
        return push_plain(p, x);
    if (merge_has(&e->merge, x)) {
        p->tally->events[EVENT_DUPLICATE]++;
        return CAUSE_COUNT;
    }
    if (p->adds && e->merge.n > 0 && x.t_ns == e->merge.last.t_ns)
        merge_correct(&e->merge, x.v, &mean);
    else if (merge_join(&e->merge, x, p->policy->min_dt_ns, &mean))
        p->tally->events[EVENT_MERGED]++;
    else
        return push_plain(p, x);
    window_amend(w, mean, manner_of(p->policy), &points);
    p->x->seen_ns = p->now.mono_ns;
    points_out(p->t, p->ref, &points, p->tally);
    extra_points(p, &points);
    return CAUSE_COUNT;
}

/* ---- guard */

static double per_second(const struct policy *p)
{
    return p->max_rate / per_seconds(p->per);
}

static enum cause guard(struct push *p, struct obs x)
{
    struct obs first;
    bool dropped;
    const struct window *w = &p->x->window;
    if (p->policy->max_rate == 0)
        return merge(p, x);
    enum verdict v = guard_judge(&p->extra->guard, &w->at[w->n - 1], x, p->policy->kind,
                                 per_second(p->policy), &first, &dropped);
    p->tally->events[EVENT_SPIKE] += dropped;
    if (v == VERDICT_HOLD) {
        p->tally->events[EVENT_HELD]++;
        p->x->seen_ns = p->now.mono_ns;
        return CAUSE_COUNT;
    }
    if (v == VERDICT_TAKE_BOTH)
        (void)push_plain(p, first);
    return merge(p, x);
}

/* ---- wrap */

/* A counter of so many bits that fell may have overflowed: if the rate that this would mean can be, it did; if
 * not, nothing is known of the time between, and the run is over. */
static void unwrap(struct push *p, struct obs *x)
{
    struct extra *e = p->extra;
    const struct window *w = &p->x->window;
    struct obs newest = w->at[w->n - 1];
    x->v += e->wrapped;
    if (x->t_ns <= newest.t_ns) {
        x->v -= x->v > newest.v && e->wrapped > 0 ? ldexp(1, p->policy->wrap) : 0;
        return;
    }
    if (!(x->v < newest.v))
        return;
    struct obs over = {x->t_ns, x->v + ldexp(1, p->policy->wrap)};
    if (stencil_secant(&newest, &over, KIND_GAUGE) <= per_second(p->policy)) {
        e->wrapped += ldexp(1, p->policy->wrap);
        p->tally->events[EVENT_WRAPPED]++;
        *x = over;
        return;
    }
    x->v -= e->wrapped;
    p->tally->events[EVENT_GAP]++;
    push_restart(p);
}

/* ---- the whole way of one sample, in order of time as far as that is asked for */

static enum cause offer(struct push *p, struct obs x)
{
    const struct window *w = &p->x->window;
    if (!isfinite(x.v))
        return push_plain(p, x);
    if (!push_goes_on(p, x.t_ns)) {
        p->tally->events[EVENT_SPIKE] += p->extra->guard.holds;
        p->extra->guard.holds = false;
        return push_plain(p, x);
    }
    if (p->policy->wrap != 0)
        unwrap(p, &x);
    if (w->n == 0)
        return push_plain(p, x);
    bool newer = x.t_ns > w->at[w->n - 1].t_ns;
    if (!newer && p->policy->late_ns == LATE_DROP && x.t_ns < w->at[w->n - 1].t_ns &&
        !window_holds(w, x))
        return CAUSE_LATE;
    return newer ? guard(p, x) : merge(p, x);
}

void extra_release(struct push *p, bool all)
{
    struct reorder *r = p->extra->reorder;
    struct held_sample held;
    struct instant now = p->now;
    int64_t wait_ns = all ? 0 : p->policy->late_ns;
    while (r != NULL && reorder_take(r, wait_ns, now.mono_ns, &held)) {
        p->adds = p->extra->adds;
        p->now.mono_ns = held.came_ns; /* silence counts from when it came */
        enum cause cause = offer(p, held.x);
        if (cause != CAUSE_COUNT)
            p->tally->rejected[cause]++;
    }
    p->now = now;
}

void extra_settle(struct push *p)
{
    const struct window *w = &p->x->window;
    extra_release(p, true);
    struct obs sum = p->extra->came;
    p->adds = p->extra->adds;
    if (p->adds && !window_holds(w, sum) && (w->n == 0 || sum.t_ns >= w->at[w->n - 1].t_ns))
        (void)push_plain(p, sum);
}

enum cause push_refined(struct push *p, struct obs x)
{
    struct extra *e = p->extra;
    if (p->policy->late_ns <= 0 || !isfinite(x.v))
        return offer(p, x);
    if (e->reorder == NULL && (e->reorder = calloc(1, sizeof *e->reorder)) == NULL)
        return offer(p, x);
    p->tally->events[EVENT_SORTED] += reorder_put(e->reorder, x, p->now.mono_ns);
    p->x->seen_ns = p->now.mono_ns;
    extra_release(p, false);
    return CAUSE_COUNT;
}
