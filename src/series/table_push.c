/* series/table_push.c -- one sample into one record, by its policy.
 *
 *     over or silent? ─► begin anew      gap? ─► begin anew      late, again, other value ─► window_push
 *
 * Laws: what is refused leaves the record as it was; a run's last points go out when it ends.
 * Elsewhere: batches, and the short way of nearly all samples (table_apply.c, push.h); what a rule asks for
 * besides (table_extra.c). */
#include "series/push.h"

#include "base/log.h"

#include <math.h>

void tally_add(struct table *t, const struct tally *tally)
{
    struct stats *stats = t->stats;
    count(&stats->points, tally->points);
    for (int i = 0; i < CAUSE_COUNT; i++)
        if (tally->rejected[i] != 0)
            count(&stats->rejected[i], tally->rejected[i]);
    for (int i = 0; i < EVENT_COUNT; i++)
        if (tally->events[i] != 0)
            count(&stats->events[i], tally->events[i]);
    if (tally->events[EVENT_KEEP_REFUSED] != 0)
        log_event(t->log, LOG_LEVEL_WARN, "keep_refused", "keep_refused",
                  "points=%llu limit_bytes=%llu why=\"limits.keep_memory is used up: series keep "
                  "fewer points than their rules say\"",
                  (unsigned long long)tally->events[EVENT_KEEP_REFUSED],
                  (unsigned long long)t->budget.limit);
}

/* ---- to those who listen */

void push_flush(const struct push *p)
{
    if (p->bunch != NULL && p->bunch->n > 0) {
        feed_put(p->t->feed, p->bunch->at, p->bunch->n);
        p->bunch->n = 0;
    }
}

/* Where the next item goes; *alone if nothing is gathered. */
static struct feed_item *next_item(const struct push *p, struct feed_item *alone)
{
    if (p->bunch == NULL)
        return alone;
    if (p->bunch->n == FEED_BUNCH)
        push_flush(p);
    return &p->bunch->at[p->bunch->n++];
}

static void tell_if_alone(const struct push *p, const struct feed_item *item)
{
    if (p->bunch == NULL)
        feed_put(p->t->feed, item, 1);
}

void push_tell(const struct push *p, const struct point *point)
{
    struct feed_item alone, *item = next_item(p, &alone);
    item->series = p->ref;
    item->point = *point;
    item->note = extra_note(p, point);
    item->ended = false;
    tell_if_alone(p, item);
}

void push_tell_end(const struct push *p, int64_t t_ns)
{
    struct feed_item alone, *item = next_item(p, &alone);
    *item = (struct feed_item){.series = p->ref, .point = {.t_ns = t_ns}, .ended = true};
    tell_if_alone(p, item);
}

void push_out(const struct push *p, const struct points *points)
{
    p->tally->points += points->n;
    if (points->n == 0 || !push_is_heard(p->t))
        return;
    for (int i = 0; i < points->n; i++)
        push_tell(p, &points->at[i]);
}

/* ---- one sample, one record */

static void give(struct push *p, const struct points *points)
{
    push_out(p, points);
    if (p->extra != NULL)
        extra_points(p, points);
}

void push_end_points(const struct push *p, struct points *out)
{
    struct window ended = p->x->window;
    const double *rest = push_rests(p);
    if (rest == NULL)
        window_end(&ended, manner_of(p->policy), out);
    else
        window_end_exact(&ended, rest, manner_of(p->policy), out);
}

/* Ends the run: its last points go out, unless they did when it was found silent or broken. */
static void end_run(struct push *p)
{
    struct points points;
    if ((p->x->flags & RECORD_OVER) != 0)
        return;
    push_end_points(p, &points);
    give(p, &points);
}

static void begin_anew(struct push *p)
{
    end_run(p);
    p->x->window = (struct window){.resets = p->x->window.resets};
    p->x->flags &= (uint8_t)~RECORD_OVER;
    if (p->extra != NULL)
        extra_begin(p->extra);
}

void push_restart(struct push *p)
{
    begin_anew(p);
}

/* True if the series was silent for too long, whether or not the sweep has come by since. */
static bool was_silent(const struct push *p)
{
    return (p->x->flags & RECORD_STALE) != 0 ||
           (p->x->window.n > 0 && p->now.mono_ns - p->x->seen_ns > p->policy->stale_after_ns);
}

void push_count_resets(struct push *p, int more)
{
    uint32_t *resets = &p->x->window.resets;
    p->tally->events[EVENT_RESET] += more > 0 ? (uint64_t)more : 0;
    if (more < 0 && *resets < (uint32_t)-more) /* they were counted under another policy */
        *resets = 0;
    else
        *resets += (uint32_t)more;
}

/* A counter that is lower than it was at the newest sample was reset, however long ago that is; one that
 * may overflow, only if it was watched. */
static void notice_fall(struct push *p, struct obs x, bool watched)
{
    const struct window *w = &p->x->window;
    if (w->n > 0 && (watched || p->policy->wrap == 0) &&
        exact_less(exact_of(&x, p->rest), push_at(p, w->n - 1))) {
        push_count_resets(p, 1);
        push_mark(p, exact_of(&x, p->rest), EVENT_RESET);
    }
}

/* Falls between samples of the window that are not older than t_ns. */
static int falls_since(const struct push *p, int64_t t_ns)
{
    int falls = 0;
    const struct window *w = &p->x->window;
    for (int i = w->n - 1; i > 0 && w->at[i - 1].t_ns >= t_ns; i--)
        falls += exact_less(push_at(p, i), push_at(p, i - 1));
    return falls;
}

/* What comes when the run is over: the very sample again is nothing new; after a break, time goes on
 * from where it was; after a silence all begins anew, at whatever time. CAUSE_COUNT: take it. */
static enum cause reopen(struct push *p, struct obs x, bool *ignored)
{
    bool silent = was_silent(p);
    *ignored = push_holds(p, exact_of(&x, p->rest));
    if (*ignored) {
        push_note(p, exact_of(&x, p->rest), EVENT_DUPLICATE);
        return CAUSE_COUNT;
    }
    if (!silent && !push_is_newest(&p->x->window, x.t_ns))
        return CAUSE_LATE;
    p->tally->events[EVENT_STALED] += silent && (p->x->flags & RECORD_STALE) == 0;
    if (p->policy->kind == KIND_COUNTER && push_is_newest(&p->x->window, x.t_ns))
        notice_fall(p, x, false);
    begin_anew(p);
    return CAUSE_COUNT;
}

bool push_goes_on(const struct push *p, int64_t t_ns)
{
    if (p->x->window.n == 0 || (p->x->flags & RECORD_OVER) != 0 || was_silent(p))
        return false;
    return !push_is_newest(&p->x->window, t_ns) || !push_is_gap(p, t_ns);
}

/* What a sample newer than all others of a run that goes on may have to do first. */
static void before_append(struct push *p, struct obs x)
{
    const struct window *w = &p->x->window;
    if (w->n == 0)
        return;
    bool gap = push_is_gap(p, x.t_ns);
    if (p->policy->kind == KIND_COUNTER)
        notice_fall(p, x, !gap);
    if (gap) {
        push_note(p, exact_of(&x, p->rest), EVENT_GAP);
        begin_anew(p);
    }
}

static enum arrival enter(struct push *p, struct obs x, struct points *out)
{
    return p->extra != NULL ? extra_push(p, exact_of(&x, p->rest), out)
                            : window_push(&p->x->window, x, manner_of(p->policy), out);
}

/* The same with a counter's sample that is not newer than all others: it may make falls, or mend them. */
static enum arrival enter_late(struct push *p, struct obs x, struct points *out)
{
    const struct window *w = &p->x->window;
    int64_t since_ns = w->at[w->n > WINDOW_SIZE ? w->n - WINDOW_SIZE - 1 : 0].t_ns;
    int falls = falls_since(p, since_ns);
    enum arrival arrival = enter(p, x, out);
    push_count_resets(p, falls_since(p, since_ns) - falls);
    return arrival;
}

static enum cause take(struct push *p, struct obs x)
{
    struct points points;
    if ((p->x->flags & RECORD_OVER) != 0 || was_silent(p)) {
        bool ignored;
        enum cause cause = reopen(p, x, &ignored);
        if (cause != CAUSE_COUNT || ignored)
            return cause;
    }
    bool newest = push_is_newest(&p->x->window, x.t_ns);
    if (newest)
        before_append(p, x);
    enum arrival arrival = newest || p->policy->kind != KIND_COUNTER ? enter(p, x, &points)
                                                                     : enter_late(p, x, &points);
    switch (arrival) {
    case ARRIVAL_APPENDED: break;
    case ARRIVAL_INSERTED: push_note(p, exact_of(&x, p->rest), EVENT_INSERTED); break;
    case ARRIVAL_REPLACED:
        if (!p->adds)
            push_note(p, exact_of(&x, p->rest), EVENT_REPLACED);
        break;
    case ARRIVAL_DUPLICATE: push_note(p, exact_of(&x, p->rest), EVENT_DUPLICATE); break;
    case ARRIVAL_LATE: return CAUSE_LATE;
    }
    p->x->seen_ns = p->now.mono_ns;
    give(p, &points);
    return CAUSE_COUNT;
}

static enum cause push(struct push *p, struct obs x)
{
    const struct window *w = &p->x->window;
    if (isfinite(x.v))
        return take(p, x);
    if (sample_is_end(x.v))
        return push_end(p, x.t_ns);
    if (p->policy->on_nan == ON_NAN_PROPAGATE)
        return take(p, x);
    bool over = (p->x->flags & RECORD_OVER) != 0;
    if (p->policy->on_nan == ON_NAN_BREAK && !over && w->n > 0 && push_is_newest(w, x.t_ns)) {
        p->tally->events[EVENT_BREAK]++;
        end_run(p);
        p->x->flags |= RECORD_BROKEN;
    }
    return CAUSE_NOT_FINITE;
}

enum cause push_plain(struct push *p, struct exact x)
{
    p->rest = x.rest;
    return push(p, exact_near(x));
}

/* ---- increments */

static enum cause refine(struct push *p, struct exact x)
{
    struct exact *came = &p->extra->came;
    if (isfinite(x.v) && (x.t_ns >= came->t_ns || was_silent(p)))
        *came = x;
    return push_refined(p, x);
}

/* What the series stands at: its newest sample, or a later one that is still on its way through the extra;
 * 0, before all times, if nothing has come yet. */
static struct exact standing(const struct push *p)
{
    const struct window *w = &p->x->window;
    struct exact newest = {.t_ns = INT64_MIN};
    if (w->n > 0)
        newest = push_at(p, w->n - 1);
    if (p->extra != NULL && p->extra->came.t_ns >= newest.t_ns)
        newest = p->extra->came;
    return newest;
}

/* Adds to what the series stands at, losing nothing to a sum beyond 2^53. Increments have no order that
 * matters: one that is late counts at the newest time, so that at any time the sum is of all that have come. */
static enum cause push_increment(struct push *p, struct exact x)
{
    struct exact base = standing(p), sum = exact_add(base, x.v);
    if (!isfinite(sum.v))
        return CAUSE_NOT_FINITE;
    sum.t_ns = x.t_ns < base.t_ns && !was_silent(p) ? base.t_ns : x.t_ns;
    if (sum.rest != 0 && p->extra == NULL)
        p->extra = extra_of(p);
    if (p->extra == NULL)
        return push_next(p, exact_near(sum)) ? CAUSE_COUNT : push_plain(p, sum);
    p->extra->adds = true;
    return refine(p, sum);
}

enum cause push_sample(struct push *p, struct exact x)
{
    return p->adds ? push_increment(p, x) : p->extra != NULL ? refine(p, x) : push_plain(p, x);
}
