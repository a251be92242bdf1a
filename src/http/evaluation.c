/* http/evaluation.c -- a selector at each step of a span.
 *
 *     series found, SERIES_A_READ at a time ──┬─ kept points, then those of the window ─┐
 *                                             └─ the reading, since its last sample     ▼
 *                                                       each line that the selector means, at each step
 *
 * Laws: a range query says at each step what an instant query says for that time (test_query.py); what a
 * series says at t is its reading if t is not before the arrival of its last sample and it is not stale,
 * else its newest point of t - lookback to t. A series that keeps no points has those of its window.
 * A slice is some points of one series or some series: STEPS_A_SLICE bounds what is looked at for it,
 * SLICE_BYTES what is written. What is held is a bunch of readings, one series' points and eight to 32 bytes a line,
 * by which one is known that was written before.
 * Elsewhere: the language (expr.c), the names (base/exposed.h), requests (query.c). */
#include "http/evaluation.h"

#include "series/selector.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SLICE_BYTES = 16 * 1024, SERIES_A_READ = 64, STEPS_A_SLICE = 32 * 1024, LINE_STEPS = 64 };

void evaluation_free(void *ctx)
{
    struct evaluation *e = ctx;
    scan_fini(&e->scan);
    expr_fini(&e->expr);
    seen_clear(&e->seen);
    kept_points_fini(&e->points);
    if (e->readings != NULL)
        readings_fini(e->readings);
    free(e->readings);
    free(e);
}

enum nabla_status evaluation_new(struct http *h, struct expr *expr, const struct span *span,
                                 struct evaluation **out)
{
    struct evaluation *e = calloc(1, sizeof *e);
    if (e == NULL) {
        expr_fini(expr);
        return NABLA_ENOMEM;
    }
    e->expr = *expr;
    e->span = *span;
    e->now = clock_now();
    e->seen.seed = h->secret;
    e->readings = calloc(1, sizeof *e->readings);
    struct ask ask = {.any = {e->expr.selector}, .any_n = 1, .exposed = true};
    e->expr.selector = NULL; /* the scan's now */
    enum nabla_status status = scan_new(h, &ask, false, &e->scan);
    if (status == NABLA_OK && e->readings == NULL)
        status = NABLA_ENOMEM;
    if (status == NABLA_OK)
        *out = e;
    else
        evaluation_free(e);
    return status;
}

enum nabla_status evaluation_hold(struct evaluation *e)
{
    enum nabla_status status = seen_reserve(&e->seen, e->scan.found.n);
    return status == NABLA_OK ? scan_hold(&e->scan, seen_bytes(&e->seen)) : status;
}

bool evaluation_is_overdue(const struct evaluation *e)
{
    return clock_now().mono_ns > e->span.deadline_ns;
}

/* ---- a series */

/* Appends what the window knows behind the last kept point. */
static bool add_window(struct evaluation *e)
{
    const struct reading *r = e->reading;
    double unit_s = per_seconds(r->per);
    struct kept_points *p = &e->points;
    if (p->n + WINDOW_SIZE > p->cap) {
        struct kept_point *at = realloc(p->at, (p->n + WINDOW_SIZE) * sizeof *at);
        if (at == NULL)
            return false;
        p->at = at;
        p->cap = p->n + WINDOW_SIZE;
    }
    for (uint32_t i = 0; i < r->window_n; i++) {
        const struct obs *w = &r->window[i];
        bool is_rate = r->rate.order != 0 && r->rate.t_ns == w->t_ns;
        bool is_trend = r->trend.order != 0 && r->trend.t_ns == w->t_ns;
        if (p->n > 0 && w->t_ns <= p->at[p->n - 1].t_ns)
            continue;
        p->at[p->n++] = (struct kept_point){
            .t_ns = w->t_ns,
            .value = w->v,
            .rate = is_rate ? r->rate.value / unit_s : NAN,
            .trend = is_trend ? r->trend.value / unit_s : NAN,
            .order = is_rate ? r->rate.order : 0,
        };
    }
    return true;
}

/* Which views its points have. */
static unsigned views_of_points(const struct evaluation *e)
{
    unsigned views = 0, per = e->reading->per;
    for (uint32_t i = 0; i < e->points.n; i++) {
        const struct kept_point *p = &e->points.at[i];
        views |= 1U << VIEW_VALUE;
        views |= p->order != 0 ? 1U << (WHAT_RATE * PERS + per) : 0;
        views |= !isnan(p->trend) ? 1U << (WHAT_TREND * PERS + per) : 0;
    }
    return views;
}

/* When its last sample came, by the wall clock. */
static int64_t seen_ns(const struct evaluation *e)
{
    return e->now.wall_ns - e->reading->age_ns;
}

static bool read_points(struct http *h, struct evaluation *e)
{
    const struct found *found = &e->scan.found.at[e->first + e->reading->number];
    int64_t offset_ns = e->expr.offset_ns;
    int64_t back_ns = e->expr.kind == EXPR_MATRIX ? e->expr.range_ns : e->span.lookback_ns;
    e->points.n = 0;
    if (e->expr.kind != EXPR_MATRIX && e->span.start_ns - offset_ns >= seen_ns(e))
        return true;
    return table_points(h->options.table, found->ref, e->span.start_ns - offset_ns - back_ns,
                        e->span.end_ns - offset_ns, &e->points) == NABLA_OK &&
           add_window(e);
}

/* Begins the next of the readings. */
static bool begin_series(struct http *h, struct evaluation *e)
{
    e->reading = &e->readings->at[e->next++];
    if (!read_points(h, e))
        return false;
    e->views = exposed_views(e->reading) | views_of_points(e);
    e->views &= ~(((1U << PERS) - 1) << (WHAT_EXTREME * PERS)); /* told once, to who scrapes */
    e->open = false;
    e->view = e->line = 0;
    return true;
}

static bool read_series(struct http *h, struct evaluation *e)
{
    struct scan *s = &e->scan;
    uint32_t n = s->found.n - s->at < SERIES_A_READ ? s->found.n - s->at : SERIES_A_READ;
    e->first = s->at;
    e->next = 0;
    s->at += n;
    return table_read(h->options.table, s->found.at + e->first, n, e->now, e->readings) == NABLA_OK;
}

/* Can a line of this name be meant? */
static bool may_be_named(const struct selector *s, const char *name, size_t n)
{
    for (size_t i = 0; i < selector_size(s); i++) {
        struct label l = selector_label(s, i);
        if (l.name_n == sizeof LABEL_METRIC - 1 && memcmp(l.name, LABEL_METRIC, l.name_n) == 0 &&
            !selector_holds(s, i, name, n))
            return false;
    }
    return true;
}

/* Can the selector mean lines of the view? */
static bool may_be_wanted(const struct evaluation *e)
{
    char name[EXPOSED_NAME_MAX + EXPOSED_SUFFIX_MAX];
    struct label metric = labelset_metric(e->reading->labels);
    size_t n = exposed_metric(name, metric.value, metric.value_n);
    exposed_suffix(e->view, name + n);
    return may_be_named(e->scan.ask->any[0], name, n + strlen(name + n));
}

/* Is the chosen line one that the query means, and that was not written? */
static bool is_wanted(struct evaluation *e, bool *failed)
{
    bool fresh = false;
    const struct label *extra = e->value.extra.name != NULL ? &e->value.extra : NULL;
    if (!exposed_make(e->reading->labels, e->view, extra, &e->exposed) ||
        !selector_match(e->scan.ask->any[0], &e->exposed.set))
        return false;
    *failed = seen_add(&e->seen, &e->exposed.set, e->exposed.set.bytes, &fresh) != NABLA_OK;
    return fresh;
}

/* To the next line that is wanted, or as far as the slice goes; the series is done if there is none. */
static bool choose(struct evaluation *e)
{
    bool failed = false;
    for (; e->view < VIEWS && !failed; e->view++, e->line = 0) {
        if (scan_is_due(&e->scan))
            return true;
        if ((e->views & 1U << e->view) == 0 || (e->line == 0 && !may_be_wanted(e)))
            continue;
        while (exposed_line(e->reading, e->view, e->line, &e->value)) {
            e->line++;
            if (is_wanted(e, &failed)) {
                e->open = true;
                e->has_points = false;
                e->point = e->newest = 0;
                e->step = 0;
                return true;
            }
            if (scan_is_due(&e->scan))
                return !failed;
        }
    }
    e->reading = NULL;
    return !failed;
}

/* ---- points of a line */

static bool value_of(const struct evaluation *e, const struct kept_point *p, double *v)
{
    double unit_s = per_seconds(e->reading->per);
    switch ((enum what)(e->view / PERS)) {
    case WHAT_RATE: *v = p->rate * unit_s; return p->order != 0;
    case WHAT_TREND: *v = p->trend * unit_s; return !isnan(p->trend);
    case WHAT_VALUE: *v = p->value; return true;
    default: return false;
    }
}

/* What the line says at t, steps in ascending order. */
static bool at_time(struct evaluation *e, int64_t t_ns, double *v)
{
    const struct reading *r = e->reading;
    if (t_ns >= seen_ns(e)) {
        *v = e->value.value;
        return r->state != STATE_STALE && t_ns <= e->now.wall_ns + e->span.lookback_ns &&
               (exposed_views(r) & 1U << e->view) != 0 &&
               !(e->view == VIEW_ETA && isnan(e->value.value));
    }
    for (; e->point < e->points.n && e->points.at[e->point].t_ns <= t_ns; e->point++)
        if (value_of(e, &e->points.at[e->point], v))
            e->newest = e->point + 1;
    if (e->newest == 0)
        return false;
    const struct kept_point *p = &e->points.at[e->newest - 1];
    return p->t_ns >= t_ns - e->span.lookback_ns && value_of(e, p, v);
}

void evaluation_time(struct buf *b, int64_t t_ns)
{
    char text[10] = ".";
    int64_t s = t_ns / NS_PER_S, ns = t_ns % NS_PER_S;
    size_t n = 10;
    if (ns < 0) {
        s--;
        ns += NS_PER_S;
    }
    buf_int(b, s);
    if (ns == 0)
        return;
    for (size_t i = n; --i > 0; ns /= 10)
        text[i] = (char)('0' + ns % 10);
    while (text[n - 1] == '0')
        n--;
    buf_add(b, text, n);
}

void evaluation_pair(struct buf *b, int64_t t_ns, double v)
{
    buf_char(b, '[');
    evaluation_time(b, t_ns);
    buf_text(b, ",\"");
    buf_double(b, v);
    buf_text(b, "\"]");
}

static bool is_matrix(const struct evaluation *e)
{
    return e->span.is_range || e->expr.kind == EXPR_MATRIX;
}

const char *evaluation_type(const struct evaluation *e)
{
    return is_matrix(e) ? "matrix" : "vector";
}

static void write_point(struct evaluation *e, struct buf *out, int64_t t_ns, double v)
{
    if (!e->has_points) {
        buf_text(out, e->follows ? ",\n{\"metric\":" : "\n{\"metric\":");
        json_labels(out, &e->exposed.set);
        buf_text(out, is_matrix(e) ? ",\"values\":[" : ",\"value\":");
    } else {
        buf_char(out, ',');
    }
    e->follows = e->has_points = true;
    evaluation_pair(out, t_ns, v);
}

/* The points themselves, for a matrix. True when all are written. */
static bool write_points(struct evaluation *e, struct buf *out, uint32_t *steps)
{
    int64_t end_ns = e->span.end_ns - e->expr.offset_ns, start_ns = end_ns - e->expr.range_ns;
    double v;
    for (; e->point < e->points.n; e->point++, ++*steps) {
        const struct kept_point *p = &e->points.at[e->point];
        if (out->n >= SLICE_BYTES || *steps >= STEPS_A_SLICE)
            return false;
        if (p->t_ns >= start_ns && p->t_ns <= end_ns && value_of(e, p, &v))
            write_point(e, out, p->t_ns, v);
    }
    return true;
}

static bool write_steps(struct evaluation *e, struct buf *out, uint32_t *steps)
{
    int64_t last = (e->span.end_ns - e->span.start_ns) / e->span.step_ns;
    double v;
    for (; e->step <= last; e->step++, ++*steps) {
        int64_t t_ns = e->span.start_ns + e->step * e->span.step_ns;
        if (out->n >= SLICE_BYTES || *steps >= STEPS_A_SLICE)
            return false;
        if (at_time(e, t_ns - e->expr.offset_ns, &v))
            write_point(e, out, t_ns, v);
    }
    return true;
}

static void write_element(struct evaluation *e, struct buf *out, uint32_t *steps)
{
    bool done =
        e->expr.kind == EXPR_MATRIX ? write_points(e, out, steps) : write_steps(e, out, steps);
    if (!done)
        return;
    if (e->has_points)
        buf_text(out, is_matrix(e) ? "]}" : "}");
    e->open = false;
}

/* ---- the answer */

static void open_answer(struct evaluation *e, struct buf *out)
{
    if (!e->begun)
        buf_printf(out, "{\"status\":\"success\",\"data\":{\"resultType\":\"%s\",\"result\":[",
                   evaluation_type(e));
    e->begun = true;
}

enum step evaluation_next(struct http *h, void *ctx, struct buf *out)
{
    struct evaluation *e = ctx;
    open_answer(e, out);
    if (evaluation_is_overdue(e))
        return STEP_FAILED;
    scan_begin_slice(&e->scan);
    for (uint32_t steps = 0;
         steps < STEPS_A_SLICE && out->n < SLICE_BYTES && !scan_is_due(&e->scan);) {
        bool fits = true;
        if (e->open) {
            write_element(e, out, &steps);
        } else if (e->reading != NULL) {
            fits = choose(e);
        } else if (e->next < e->readings->n) {
            fits = begin_series(h, e);
            steps += LINE_STEPS + e->points.n;
        } else if (scan_has_more(&e->scan)) {
            fits = read_series(h, e);
            steps += LINE_STEPS;
        } else {
            buf_text(out, "\n]}}\n");
            return STEP_DONE;
        }
        if (!fits)
            return STEP_FAILED;
    }
    if (scan_is_spent(&e->scan))
        return scan_cut(&e->scan);
    return STEP_MORE;
}
