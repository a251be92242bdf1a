/* series/push.h -- one sample on its way into one record: what table_apply.c, table_push.c and table_extra.c
 * share. The record's shard is locked. */
#ifndef SERIES_PUSH_H
#define SERIES_PUSH_H

#include "series/extra.h"
#include "series/parts.h"

#include <math.h>

struct push {
    struct table *t;
    struct ref ref;
    struct record *x;
    const struct policy *policy;
    struct instant now;
    struct tally *tally;
    struct extra *extra; /* NULL: the policy asks for none, and doubles hold all values */
    double rest;         /* what the sample on its way lacks */
    bool heard;          /* somebody listens to the feed */
    bool adds;           /* the sample is a sum that an increment has just moved */
    struct feed_bunch
        *bunch; /* gathers what listeners are told, until push_flush; NULL: told at once */
};

/* The rests of the window, NULL if all are 0. */
static inline double *push_rests(const struct push *p)
{
    return p->extra != NULL && p->extra->exact ? p->extra->rest : NULL;
}

/* at[i] of the window. */
static inline struct exact push_at(const struct push *p, int i)
{
    const double *rest = push_rests(p);
    return exact_of(&p->x->window.at[i], rest == NULL ? 0 : rest[i]);
}

/* True if the window has this very sample. */
static inline bool push_holds(const struct push *p, struct exact x)
{
    const double *rest = push_rests(p);
    return rest != NULL ? window_holds_exact(&p->x->window, rest, x)
                        : x.rest == 0 && window_holds(&p->x->window, exact_near(x));
}

static inline struct manner manner_of(const struct policy *p)
{
    return (struct manner){.kind = p->kind, .edge_order = p->edge_order};
}

static inline bool push_is_heard(const struct table *t)
{
    return t->feed != NULL && feed_wanted(t->feed);
}

static inline bool push_is_newest(const struct window *w, int64_t t_ns)
{
    return w->n == 0 || t_ns > w->at[w->n - 1].t_ns;
}

/* After the newest sample of the window, and too long after it. */
static inline bool push_is_gap(const struct push *p, int64_t t_ns)
{
    const struct window *w = &p->x->window;
    int64_t gap = p->policy->max_gap_ns > 0 ? p->policy->max_gap_ns : p->policy->stale_after_ns;
    return (uint64_t)t_ns - (uint64_t)w->at[w->n - 1].t_ns > (uint64_t)gap;
}

/* table_push.c: a sample as it came, by p's policy. p->extra is there if it is needed. Returns CAUSE_COUNT or
 * why it was refused. */
enum cause push_sample(struct push *p, struct exact x);
/* Sends points to who listens, and counts them. */
void push_out(const struct push *p, const struct points *points);
/* The same for one point, counted already, when somebody does listen. */
void push_tell(const struct push *p, const struct point *point);
/* Tells them that the series has ended; its last sample was of t_ns. */
void push_tell_end(const struct push *p, int64_t t_ns);
/* What was gathered goes out, before the shard is let go: a series' points keep their order. */
void push_flush(const struct push *p);

/* True if x is newer than a window that is full, and there was no gap, no silence, no reset. */
static inline bool push_slides(const struct push *p, struct obs x)
{
    const struct record *r = p->x;
    const struct obs *newest = &r->window.at[WINDOW_KEPT - 1];
    return r->window.n == WINDOW_KEPT && (r->flags & RECORD_OVER) == 0 && x.t_ns > newest->t_ns &&
           !push_is_gap(p, x.t_ns) && p->now.mono_ns - r->seen_ns <= p->policy->stale_after_ns &&
           isfinite(x.v) && !(p->policy->kind == KIND_COUNTER && x.v < newest->v);
}

static inline void push_slide(struct push *p, struct obs x)
{
    struct point point;
    window_slide(&p->x->window, x, p->policy->kind, &point);
    p->x->seen_ns = p->now.mono_ns;
    p->tally->points++;
    if (p->heard)
        push_tell(p, &point);
}

/* x did not go the plain way: an event, or EVENT_COUNT + a cause. Counting it is the caller's. */
static inline void push_mark(const struct push *p, struct exact x, unsigned what)
{
    struct mark mark = {p->ref, x.t_ns, p->now.wall_ns, x.v, (uint8_t)what};
    marks_put(&p->t->shards[ref_shard(p->ref)].marks, &mark);
}

/* An event of x, counted and marked. */
static inline void push_note(const struct push *p, struct exact x, enum event event)
{
    p->tally->events[event]++;
    push_mark(p, x, event);
}

/* The way of nearly all samples: they slide, without an extra. False: push_sample. */
static inline bool push_next(struct push *p, struct obs x)
{
    if ((p->x->flags & RECORD_EXTRA) != 0 || !push_slides(p, x))
        return false;
    push_slide(p, x);
    return true;
}

/* table_extra.c: the same where the policy asks for a trend and for nothing else. */
bool push_next_trend(struct push *p, struct obs x);

/* A sample into the window, finite or not, past what the policy asks for besides. */
enum cause push_plain(struct push *p, struct exact x);
/* True if a sample newer than all others, at t_ns, goes on with the run that there is. */
bool push_goes_on(const struct push *p, int64_t t_ns);

/* Ends the run, whose last points go out; the next sample begins another. */
void push_restart(struct push *p);
/* The points that wait for a next sample, which will not come. */
void push_end_points(const struct push *p, struct points *out);
/* So many resets of a counter more than were counted, or, negative, fewer. */
void push_count_resets(struct push *p, int more);

/* table_sweep.c: the sender says that the series has ended, at t_ns: as if it had been silent for long
 * enough. One that is told again ends nothing; nor does one that comes late, which is CAUSE_LATE. */
enum cause push_end(struct push *p, int64_t t_ns);

/* table_extra.c: the same through all that the policy asks for. */
enum cause push_refined(struct push *p, struct exact x);
/* A sample into the window, and what follows from it: window_push of a series with an extra. */
enum arrival extra_push(struct push *p, struct exact x, struct points *out);
/* The run begins anew. */
void extra_begin(struct extra *e);
/* What is known beside a final point, with or without an extra. */
struct point_note extra_note(const struct push *p, const struct point *x);
/* Points on their way out. */
void extra_points(struct push *p, const struct points *points);
/* A visit of the sweep: samples that were held long enough, or all of them, go on. */
void extra_release(struct push *p, bool all);

/* What is told of a series' extremes under a scraper's number, fit for who has that number now. */
struct extremes *extremes_of(const struct table *t, struct extra *e, uint32_t scraper);

/* Before the extra goes: what is held back goes on, and the window ends with the sum of all increments. */
void extra_settle(struct push *p);

/* The extra of p's series, made if it is not there; NULL without memory. */
struct extra *extra_of(struct push *p);
struct extra *extra_make(struct table *t, struct shard *s, uint32_t place);
void extra_end(struct table *t, struct shard *s, uint32_t place);
/* The policy may be another than before: if it asks for no extra, what is held back goes on, then the extra
 * goes, too. */
void extra_fit(struct table *t, struct shard *s, uint32_t place, struct tally *tally);
/* The policy asks for it no more: it goes, but for what values need that no double holds. */
void extra_reduce(struct table *t, struct shard *s, uint32_t place);
uint64_t extras_bytes(const struct shard *s);

static inline struct extra *extra_at(const struct shard *s, uint32_t place)
{
    struct extra **at = tiers_at(&s->extras, place, sizeof *at);
    return *at;
}

#endif
