/* series/table_extra.c -- series whose rules ask for more than a window.
 * Laws: a series without such rules costs a test of one flag; a sample that is held back, merged or dropped
 * is counted; a run that begins anew forgets all of it but the kept points.
 * Elsewhere: each stage by itself (reorder.c, guard.c, merge.c, kept.c, numeric/trend.c). */
#include "series/push.h"

#include "numeric/uncertainty.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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

struct extra *extra_make(struct table *t, struct shard *s, uint32_t place)
{
    struct extra *e = calloc(1, sizeof *e);
    if (e == NULL || !tiers_reach(&s->extras, place, sizeof e)) {
        free(e);
        return NULL;
    }
    begin_extremes(t, e);
    e->came.t_ns = e->kept_from_ns = INT64_MIN;
    *(struct extra **)tiers_at(&s->extras, place, sizeof e) = e;
    record_at(s, place)->flags |= RECORD_EXTRA;
    s->extras_n++;
    return e;
}

struct extra *extra_of(struct push *p)
{
    if ((p->x->flags & RECORD_EXTRA) != 0)
        return extra_at(shard_of(p), ref_place(p->ref));
    return extra_make(p->t, shard_of(p), ref_place(p->ref));
}

void extra_end(struct table *t, struct shard *s, uint32_t place)
{
    struct record *x = record_at(s, place);
    if ((x->flags & RECORD_EXTRA) == 0)
        return;
    struct extra **at = tiers_at(&s->extras, place, sizeof *at);
    kept_fini(&(*at)->kept, &t->budget);
    free((*at)->reorder);
    free((*at)->echoes);
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
    e->exact = false;
    memset(e->rest, 0, sizeof e->rest);
}

void extra_reduce(struct table *t, struct shard *s, uint32_t place)
{
    struct extra *e = extra_at(s, place);
    if (!e->exact) {
        extra_end(t, s, place);
        return;
    }
    kept_fini(&e->kept, &t->budget);
    free(e->reorder);
    free(e->echoes);
    e->reorder = NULL;
    e->echoes = NULL;
    e->trend.n = 0;
    e->merge.n = 0;
    e->guard.holds = false;
}

/* ---- what a point leaves behind */

/* n samples of the window, from the i-th on, with no more rounding than there is. */
static const struct obs *told(const struct push *p, int i, int n, struct obs room[WINDOW_SIZE])
{
    const struct window *w = &p->x->window;
    if (push_rests(p) == NULL)
        return w->at + i;
    window_told(w, p->extra->rest, i, n, p->policy->kind, room);
    return room;
}

static int index_of(const struct window *w, int64_t t_ns)
{
    int i = 0;
    while (i < w->n - 1 && w->at[i].t_ns != t_ns)
        i++;
    return i;
}

/* One standard error of the rate at t_ns, which the window has: of the parabola's slope there. */
static double error_at(const struct push *p, int64_t t_ns)
{
    struct slope_errors e;
    struct obs room[WINDOW_SIZE];
    int n = p->x->window.n, edge_order = p->policy->edge_order;
    double sigma = policy_sigma(p->policy);
    if (sigma == 0 || n < 2)
        return NAN;
    int i = index_of(&p->x->window, t_ns);
    if (i > 0 && i + 1 < n) {
        uncertainty_of_slopes(told(p, i - 1, 3, room), edge_order, sigma, &e);
        return e.rate;
    }
    if (edge_order == 1 || n < WINDOW_SIZE) {
        const struct obs *at = told(p, i == 0 ? 0 : n - 2, 2, room);
        return uncertainty_of_secant(&at[0], &at[1], sigma);
    }
    const struct obs *at = told(p, i == 0 ? 0 : n - 3, 3, room);
    struct obs mirrored[3] = {at[2], at[1],
                              at[0]}; /* the first is the last of time run backwards */
    for (int k = 0; k < 3; k++)
        mirrored[k].t_ns = (int64_t)((uint64_t)at[2].t_ns - (uint64_t)mirrored[k].t_ns);
    uncertainty_of_slopes(i == 0 ? mirrored : at, 2, sigma, &e);
    return e.edge;
}

struct point_note extra_note(const struct push *p, const struct point *x)
{
    bool measured = p->policy->sigma != 0 || p->policy->resolution != 0;
    struct trend_slope trend = {.slope = NAN};
    if (p->extra != NULL)
        (void)extra_trend(p->extra, p->x, p->policy, &trend);
    return (struct point_note){.error = measured ? error_at(p, x->t_ns) : NAN,
                               .trend = trend.slope};
}

static void keep(struct push *p, const struct point *x)
{
    struct point_note note = extra_note(p, x);
    struct kept_point k = {.t_ns = x->t_ns,
                           .value = x->value,
                           .rate = x->rate,
                           .accel = x->accel,
                           .error = note.error,
                           .trend = note.trend,
                           .rest = x->rest,
                           .order = x->order};
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

/* x as the trend sees it. */
static struct obs without_resets(const struct extra *e, struct exact x)
{
    return (struct obs){x.t_ns, exact_increase(e->trend_from, x, KIND_GAUGE) + e->trend_base};
}

bool extra_trend(const struct extra *e, const struct record *x, const struct policy *p,
                 struct trend_slope *out)
{
    if (p->trend_ns == 0 || e->trend.n == 0 || x->window.n == 0)
        return false;
    struct trend all = e->trend;
    int last = x->window.n - 1;
    struct exact newest = exact_of(&x->window.at[last], e->rest[last]);
    trend_add(&all, without_resets(e, newest), (double)p->trend_ns / 1e9);
    if (!trend_slope(&all, policy_sigma(p), out))
        return false;
    out->level += e->trend_from.v - e->trend_base;
    return true;
}

/* The sample that was newest is newest no more: its value is final enough to count. */
static void trend_follows(struct push *p)
{
    struct extra *e = p->extra;
    int n = p->x->window.n;
    if (n < 2)
        return;
    struct exact before = push_at(p, n - 2), newest = push_at(p, n - 1), zero = {0};
    if (e->trend.n == 0) /* large values are told from the first one, so that doubles hold them */
        e->trend_from = fabs(before.v) < EXACT_FROM ? zero : before;
    struct obs x = without_resets(e, before);
    trend_add(&e->trend, x, (double)p->policy->trend_ns / 1e9);
    if (p->policy->kind == KIND_COUNTER && exact_less(newest, before)) {
        e->trend_from = newest;
        e->trend_base = x.v + newest.v;
    }
}

/* Nothing but the trend is asked for, no value of the run has a rest, and the trend has begun at 0. */
static bool is_slim(const struct extra *e)
{
    return !e->exact && e->trend.n > 0 && e->trend_from.v == 0 && e->trend_base == 0;
}

bool push_next_trend(struct push *p, struct obs x)
{
    if ((p->x->flags & RECORD_EXTRA) == 0)
        return false;
    struct extra *e = extra_at(shard_of(p), ref_place(p->ref));
    if (!is_slim(e) || !push_slides(p, x))
        return false;
    trend_add(&e->trend, p->x->window.at[WINDOW_KEPT - 1], (double)p->policy->trend_ns / 1e9);
    e->came = (struct exact){x.t_ns, x.v, 0};
    merge_begin(&e->merge, e->came);
    p->extra = e;
    push_slide(p, x);
    return true;
}

static void follow(struct push *p, struct exact x, enum arrival arrival, struct exact replaced)
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
        trend_add(&e->trend, without_resets(e, x), tau_s);
    else if (arrival == ARRIVAL_REPLACED && p->policy->kind == KIND_GAUGE &&
             x.t_ns != w->at[w->n - 1].t_ns)
        trend_replace(&e->trend, without_resets(e, replaced), without_resets(e, x).v, tau_s);
}

/* The window's sample of that time; any, if it has none. */
static struct exact standing_at(const struct push *p, int64_t t_ns)
{
    const struct window *w = &p->x->window;
    for (int i = w->n - 1; i > 0; i--)
        if (w->at[i].t_ns == t_ns)
            return push_at(p, i);
    return push_at(p, 0);
}

enum arrival extra_push(struct push *p, struct exact x, struct points *out)
{
    struct window *w = &p->x->window;
    struct exact replaced = push_is_newest(w, x.t_ns) ? x : standing_at(p, x.t_ns);
    p->extra->exact |= x.rest != 0;
    enum arrival arrival = p->extra->exact
                               ? window_push_exact(w, p->extra->rest, x, manner_of(p->policy), out)
                               : window_push(w, exact_near(x), manner_of(p->policy), out);
    follow(p, x, arrival, replaced);
    return arrival;
}

/* ---- merge */

static enum cause merge(struct push *p, struct exact x)
{
    struct extra *e = p->extra;
    struct window *w = &p->x->window;
    struct exact mean;
    struct points points;
    if (p->policy->min_dt_ns == 0 || w->n == 0 || (p->x->flags & RECORD_OVER) != 0)
        return push_plain(p, x);
    if (merge_has(&e->merge, x)) {
        push_note(p, x, EVENT_DUPLICATE);
        return CAUSE_COUNT;
    }
    if (p->adds && e->merge.n > 0 && x.t_ns == e->merge.last.t_ns)
        merge_correct(&e->merge, x, &mean);
    else if (merge_join(&e->merge, x, p->policy->min_dt_ns, &mean))
        push_note(p, x, EVENT_MERGED);
    else
        return push_plain(p, x);
    e->exact |= mean.rest != 0;
    if (e->exact)
        window_amend_exact(w, e->rest, mean, manner_of(p->policy), &points);
    else
        window_amend(w, exact_near(mean), manner_of(p->policy), &points);
    p->x->seen_ns = p->now.mono_ns;
    push_out(p, &points);
    extra_points(p, &points);
    return CAUSE_COUNT;
}

/* ---- guard */

static double per_second(const struct policy *p)
{
    return p->max_rate / per_seconds(p->per);
}

static enum cause guard(struct push *p, struct exact x)
{
    struct exact first, held = p->extra->guard.held;
    bool dropped;
    if (p->policy->max_rate == 0)
        return merge(p, x);
    enum verdict v = guard_judge(&p->extra->guard, push_at(p, p->x->window.n - 1), x,
                                 p->policy->kind, per_second(p->policy), &first, &dropped);
    if (dropped)
        push_note(p, held, EVENT_SPIKE);
    if (v == VERDICT_HOLD) {
        push_note(p, x, EVENT_HELD);
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
static void unwrap(struct push *p, struct exact *x)
{
    struct extra *e = p->extra;
    struct exact came = *x, newest = push_at(p, p->x->window.n - 1);
    double turn = ldexp(1, p->policy->wrap);
    *x = exact_add(came, e->wrapped);
    if (x->t_ns <= newest.t_ns) {
        if (exact_less(newest, *x) && e->wrapped > 0)
            *x = exact_add(*x, -turn);
        return;
    }
    if (!exact_less(*x, newest))
        return;
    struct exact over = exact_add(*x, turn);
    double seconds = stencil_seconds(newest.t_ns, x->t_ns);
    if (exact_increase(newest, over, KIND_GAUGE) / seconds <= per_second(p->policy)) {
        e->wrapped += turn;
        e->wraps += e->wraps < UINT32_MAX;
        p->tally->events[EVENT_WRAPPED]++;
        *x = over;
        return;
    }
    *x = came;
    p->tally->events[EVENT_GAP]++;
    push_count_resets(p, 1);
    push_mark(p, *x, EVENT_RESET);
    push_restart(p);
}

/* ---- what comes again */

/* Rules that make another sample of one, or none, need to know it again by themselves. Without memory they do not. */
static enum echo judge_echo(struct push *p, struct exact x)
{
    struct extra *e = p->extra;
    if (p->adds || !policy_changes_samples(p->policy))
        return ECHO_NEW;
    if (e->echoes == NULL && (e->echoes = calloc(1, sizeof *e->echoes)) == NULL)
        return ECHO_NEW;
    return echo_judge(e->echoes, x);
}

/* ---- the whole way of one sample, in order of time as far as that is asked for */

static enum cause offer(struct push *p, struct exact x)
{
    const struct window *w = &p->x->window;
    if (!isfinite(x.v))
        return push_plain(p, x);
    enum echo echo = judge_echo(p, x);
    if (echo == ECHO_SAME)
        push_note(p, x, EVENT_DUPLICATE);
    if (echo != ECHO_NEW)
        return echo == ECHO_SAME ? CAUSE_COUNT : CAUSE_LATE;
    if (!push_goes_on(p, x.t_ns)) {
        if (p->extra->guard.holds)
            push_note(p, p->extra->guard.held, EVENT_SPIKE);
        p->extra->guard.holds = false;
        return push_plain(p, x);
    }
    if (p->policy->wrap != 0)
        unwrap(p, &x);
    if (w->n == 0)
        return push_plain(p, x);
    bool newer = x.t_ns > w->at[w->n - 1].t_ns;
    if (!newer && p->policy->late_ns == LATE_DROP && x.t_ns < w->at[w->n - 1].t_ns &&
        !push_holds(p, x))
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
        p->x->flags |= RECORD_CHANGED;
        if (cause != CAUSE_COUNT) {
            p->tally->rejected[cause]++;
            push_mark(p, held.x, EVENT_COUNT + cause);
        }
    }
    p->now = now;
}

void extra_settle(struct push *p)
{
    const struct window *w = &p->x->window;
    extra_release(p, true);
    struct exact sum = p->extra->came;
    p->adds = p->extra->adds;
    if (p->adds && !push_holds(p, sum) && (w->n == 0 || sum.t_ns >= w->at[w->n - 1].t_ns))
        (void)push_plain(p, sum);
}

/* What the old policy gathered goes if the new one asks for nothing; what it held back comes first. */
void extra_fit(struct table *t, struct shard *s, uint32_t place, struct tally *tally)
{
    struct record *x = record_at(s, place);
    struct push p = {.t = t,
                     .ref = ref_of(s, place),
                     .x = x,
                     .policy = policy_of(t, x),
                     .now = {.mono_ns = x->seen_ns},
                     .tally = tally};
    if (p.policy->extras || (x->flags & RECORD_EXTRA) == 0)
        return;
    p.extra = extra_at(s, place);
    extra_settle(&p);
    extra_reduce(t, s, place);
}

enum cause push_refined(struct push *p, struct exact x)
{
    struct extra *e = p->extra;
    if (p->policy->late_ns <= 0 || !isfinite(x.v))
        return offer(p, x);
    if (e->reorder == NULL && (e->reorder = calloc(1, sizeof *e->reorder)) == NULL)
        return offer(p, x);
    if (reorder_put(e->reorder, x, p->now.mono_ns))
        push_note(p, x, EVENT_SORTED);
    p->x->seen_ns = p->now.mono_ns;
    extra_release(p, false);
    return CAUSE_COUNT;
}
