/* http/query.c -- /api/v1/query and /api/v1/query_range, for who speaks to a Prometheus.
 *
 *     query ──expr──► selector ──scan──► series ──┬─ kept points, then those of the window ─┐
 *                                                 └─ the reading, since its last sample     ▼
 *                                                       each line that the selector means, at each step
 *
 * Laws: a range query says at each step what an instant query says for that time (test_query.c); what a
 * series says at t is its reading if t is not before the arrival of its last sample and it is not stale,
 * else its newest point of t - lookback to t. A series that keeps no points has those of its window.
 * Answers are written some points at a time, and hold one series' points.
 * Elsewhere: the language (expr.c), the names (base/exposed.h). */
#include "http/query.h"

#include "base/exposed.h"
#include "http/expr.h"
#include "http/routes.h"
#include "http/scan.h"
#include "http/seen.h"
#include "series/selector.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SLICE_BYTES = 16 * 1024, SERIES_A_SLICE = 256 };

/* When a query is about. */
struct span {
    int64_t start_ns, end_ns, step_ns; /* an instant: start is end, step is 1 */
    int64_t lookback_ns;
    int64_t deadline_ns; /* monotonic */
    bool is_range;
};

struct evaluation {
    struct scan scan;
    struct expr expr;
    struct span span;
    struct instant now;  /* when it began */
    struct seen seen;    /* the labels of elements that were written */
    bool begun, follows; /* something was written; an element was */
    bool overdue;
    /* the series that is being written, if in_series */
    bool in_series, open, has_points; /* open: an element is chosen; has_points: and begun */
    struct reading reading;           /* its labels are `labels` */
    struct kept_points points;
    unsigned views, view; /* of them the one that is looked at, + 1 */
    uint32_t line;        /* of the view */
    struct exposed_line value;
    struct exposed exposed;
    uint32_t point; /* the next of points */
    int64_t step;   /* the next */
    union {
        struct labelset labels;
        char room[LABELSET_MAX];
    } own;
};

static void free_evaluation(void *ctx)
{
    struct evaluation *e = ctx;
    scan_fini(&e->scan);
    expr_fini(&e->expr);
    seen_clear(&e->seen);
    kept_points_fini(&e->points);
    free(e);
}

/* ---- a series */

/* Appends what the window knows behind the last kept point. */
static bool add_window(struct evaluation *e)
{
    const struct reading *r = &e->reading;
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
    unsigned views = 0, per = e->reading.per;
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
    return e->now.wall_ns - e->reading.age_ns;
}

/* The next series that still is there. */
static bool load(struct http *h, struct evaluation *e)
{
    const struct found *found = &e->scan.found.at[e->scan.at];
    if (scan_read_one(h, &e->scan) != NABLA_OK)
        return false;
    if (h->readings.n == 0)
        return true;
    e->reading = h->readings.at[0];
    memcpy(&e->own, e->reading.labels, e->reading.labels->bytes);
    e->reading.labels = &e->own.labels;
    e->points.n = 0;
    int64_t offset_ns = e->expr.offset_ns;
    int64_t back_ns = e->expr.kind == EXPR_MATRIX ? e->expr.range_ns : e->span.lookback_ns;
    bool needs_past = e->expr.kind == EXPR_MATRIX || e->span.start_ns - offset_ns < seen_ns(e);
    if (needs_past &&
        table_points(h->options.table, found->ref, e->span.start_ns - offset_ns - back_ns,
                     e->span.end_ns - offset_ns, &e->points) != NABLA_OK)
        return false;
    if (needs_past && !add_window(e))
        return false;
    e->views = exposed_views(&e->reading) | views_of_points(e);
    e->views &= ~(((1U << PERS) - 1) << (WHAT_EXTREME * PERS)); /* told once, to who scrapes */
    e->in_series = true;
    e->open = false;
    e->view = e->line = 0;
    return true;
}

/* Is the chosen line one that the query means, and that was not written? */
static bool is_wanted(struct evaluation *e, bool *failed)
{
    bool fresh = false;
    const struct label *extra = e->value.extra.name != NULL ? &e->value.extra : NULL;
    if (!exposed_make(e->reading.labels, e->view, extra, &e->exposed) ||
        !selector_match(e->scan.ask->any[0], &e->exposed.set))
        return false;
    *failed = seen_add(&e->seen, &e->exposed.set, e->exposed.set.bytes, &fresh) != NABLA_OK;
    return fresh;
}

/* To the next line that is wanted; the series is done if there is none. */
static bool choose(struct evaluation *e)
{
    bool failed = false;
    for (; e->view < VIEWS && !failed; e->view++, e->line = 0) {
        while ((e->views & 1U << e->view) != 0 &&
               exposed_line(&e->reading, e->view, e->line, &e->value)) {
            e->line++;
            if (is_wanted(e, &failed)) {
                e->open = true;
                e->has_points = false;
                e->point = 0;
                e->step = 0;
                return true;
            }
        }
    }
    e->in_series = false;
    return !failed;
}

/* ---- points of a line */

static bool value_of(const struct evaluation *e, const struct kept_point *p, double *v)
{
    double unit_s = per_seconds(e->reading.per);
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
    const struct reading *r = &e->reading;
    if (t_ns >= seen_ns(e)) {
        *v = e->value.value;
        return r->state != STATE_STALE && t_ns <= e->now.wall_ns + e->span.lookback_ns &&
               (exposed_views(r) & 1U << e->view) != 0 &&
               !(e->view == VIEW_ETA && isnan(e->value.value));
    }
    while (e->point < e->points.n && e->points.at[e->point].t_ns <= t_ns)
        e->point++;
    for (uint32_t i = e->point; i > 0; i--) { /* the newest that has such a value */
        const struct kept_point *p = &e->points.at[i - 1];
        if (p->t_ns < t_ns - e->span.lookback_ns)
            return false;
        if (value_of(e, p, v))
            return true;
    }
    return false;
}

static void write_time(struct buf *b, int64_t t_ns)
{
    char text[NUMBER_TEXT_MAX];
    int64_t s = t_ns / NS_PER_S, ns = t_ns % NS_PER_S;
    if (ns < 0) {
        s--;
        ns += NS_PER_S;
    }
    buf_int(b, s);
    if (ns == 0)
        return;
    int n = snprintf(text, sizeof text, ".%09lld", (long long)ns);
    while (text[n - 1] == '0')
        n--;
    buf_add(b, text, (size_t)n);
}

static void write_pair(struct buf *b, int64_t t_ns, double v)
{
    buf_char(b, '[');
    write_time(b, t_ns);
    buf_text(b, ",\"");
    buf_double(b, v);
    buf_text(b, "\"]");
}

static bool is_matrix(const struct evaluation *e)
{
    return e->span.is_range || e->expr.kind == EXPR_MATRIX;
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
    write_pair(out, t_ns, v);
}

/* The points themselves, for a matrix. True when all are written. */
static bool write_points(struct evaluation *e, struct buf *out)
{
    int64_t end_ns = e->span.end_ns - e->expr.offset_ns, start_ns = end_ns - e->expr.range_ns;
    double v;
    for (; e->point < e->points.n; e->point++) {
        const struct kept_point *p = &e->points.at[e->point];
        if (out->n >= SLICE_BYTES)
            return false;
        if (p->t_ns >= start_ns && p->t_ns <= end_ns && value_of(e, p, &v))
            write_point(e, out, p->t_ns, v);
    }
    return true;
}

static bool write_steps(struct evaluation *e, struct buf *out)
{
    int64_t steps = (e->span.end_ns - e->span.start_ns) / e->span.step_ns;
    double v;
    for (; e->step <= steps; e->step++) {
        int64_t t_ns = e->span.start_ns + e->step * e->span.step_ns;
        if (out->n >= SLICE_BYTES)
            return false;
        if (at_time(e, t_ns - e->expr.offset_ns, &v))
            write_point(e, out, t_ns, v);
    }
    return true;
}

static void write_element(struct evaluation *e, struct buf *out)
{
    bool done = e->expr.kind == EXPR_MATRIX ? write_points(e, out) : write_steps(e, out);
    if (!done)
        return;
    if (e->has_points)
        buf_text(out, is_matrix(e) ? "]}" : "}");
    e->open = false;
}

/* ---- the answer */

static bool is_overdue(const struct evaluation *e)
{
    return clock_now().mono_ns > e->span.deadline_ns;
}

static enum step evaluation_next(struct http *h, void *ctx, struct buf *out)
{
    struct evaluation *e = ctx;
    if (!e->begun)
        buf_printf(out, "{\"status\":\"success\",\"data\":{\"resultType\":\"%s\",\"result\":[",
                   is_matrix(e) ? "matrix" : "vector");
    e->begun = true;
    if (is_overdue(e))
        return STEP_FAILED;
    for (int n = 0; n < SERIES_A_SLICE && out->n < SLICE_BYTES;) {
        if (e->open) {
            write_element(e, out);
        } else if (e->in_series) {
            if (!choose(e))
                return STEP_FAILED;
        } else if (scan_has_more(&e->scan)) {
            n++;
            if (!load(h, e))
                return STEP_FAILED;
        } else {
            buf_text(out, "\n]}}\n");
            return STEP_DONE;
        }
    }
    return STEP_MORE;
}

static void free_source(struct http *h, void *ctx)
{
    (void)h;
    free_evaluation(ctx);
}

static enum step select_step(struct request *r, void *ctx)
{
    struct evaluation *e = ctx;
    (void)r;
    enum step step = scan_select(&e->scan);
    e->overdue = step == STEP_MORE && is_overdue(e);
    return e->overdue ? STEP_DONE : step;
}

static enum MHD_Result select_reply(struct request *r, void *ctx)
{
    struct evaluation *e = ctx;
    uint64_t steps = (uint64_t)((e->span.end_ns - e->span.start_ns) / e->span.step_ns) + 1;
    if (e->overdue)
        return reply_error(r, MHD_HTTP_SERVICE_UNAVAILABLE, "the query was not done in its time");
    if (e->scan.busy)
        return reply_fault(r, NABLA_ELIMIT, NULL);
    if (e->scan.found.n > QUERY_SAMPLES_MAX / steps) {
        count(&r->http->options.stats->limited[LIMIT_HTTP_SAMPLES], 1);
        return reply_error(r, MHD_HTTP_UNPROCESSABLE_CONTENT,
                           "the query means %u series at %llu times, which is more than %d "
                           "samples",
                           e->scan.found.n, (unsigned long long)steps, QUERY_SAMPLES_MAX);
    }
    r->job.free = NULL; /* the answer has it now */
    return reply_source(r, TYPE_JSON, (struct source){evaluation_next, free_source, e});
}

/* expr is taken over. */
static enum MHD_Result evaluate(struct request *r, struct expr *expr, const struct span *span)
{
    struct evaluation *e = calloc(1, sizeof *e);
    if (e == NULL) {
        expr_fini(expr);
        return reply_fault(r, NABLA_ENOMEM, NULL);
    }
    e->expr = *expr;
    e->span = *span;
    e->now = clock_now();
    e->seen.seed = r->http->secret;
    struct ask ask = {.any = {e->expr.selector}, .any_n = 1, .exposed = true};
    e->expr.selector = NULL; /* the scan's now */
    enum nabla_status status = scan_new(r->http, &ask, false, &e->scan);
    if (status != NABLA_OK) {
        free_evaluation(e);
        return reply_fault(r, status, NULL);
    }
    return request_prepare(r, (struct job){select_step, select_reply, free_evaluation, e});
}

/* A number at each step. */
static void write_constant(struct buf *b, double v, const struct span *s)
{
    int64_t steps = (s->end_ns - s->start_ns) / s->step_ns;
    if (!s->is_range) {
        buf_text(b, "{\"resultType\":\"scalar\",\"result\":");
        write_pair(b, s->start_ns, v);
        return;
    }
    buf_text(b, "{\"resultType\":\"matrix\",\"result\":[{\"metric\":{},\"values\":[");
    for (int64_t i = 0; i <= steps; i++) {
        buf_text(b, i > 0 ? "," : "");
        write_pair(b, s->start_ns + i * s->step_ns, v);
    }
    buf_text(b, "]}]");
}

static enum MHD_Result reply_constant(struct request *r, struct expr *e, const struct span *s)
{
    struct buf b = {0};
    buf_text(&b, "{\"status\":\"success\",\"data\":");
    if (e->kind == EXPR_SCALAR) {
        write_constant(&b, e->scalar, s);
    } else {
        buf_text(&b, "{\"resultType\":\"string\",\"result\":[");
        write_time(&b, s->start_ns);
        buf_char(&b, ',');
        json_text(&b, e->string.at, e->string.n);
        buf_char(&b, ']');
    }
    buf_text(&b, "}}\n");
    expr_fini(e);
    return reply_buf(r, MHD_HTTP_OK, TYPE_JSON, &b, (struct extra){0});
}

static enum MHD_Result answer(struct request *r, const struct span *span)
{
    struct expr e;
    struct fault fault;
    const struct param *query = params_find(&r->params, "query");
    if (query == NULL)
        return reply_error(r, MHD_HTTP_BAD_REQUEST, "no query parameter provided");
    enum nabla_status status = expr_read(query->value, query->value_n, &e, &fault);
    if (status != NABLA_OK)
        return reply_fault(r, status, &fault);
    if (span->is_range && (e.kind == EXPR_STRING || e.kind == EXPR_MATRIX)) {
        enum expr_kind kind = e.kind;
        expr_fini(&e);
        return reply_error(r, MHD_HTTP_BAD_REQUEST,
                           "query: a %s at each step is no answer: query_range takes a selector "
                           "or numbers",
                           kind == EXPR_STRING ? "string" : "range");
    }
    return e.kind == EXPR_SCALAR || e.kind == EXPR_STRING ? reply_constant(r, &e, span)
                                                          : evaluate(r, &e, span);
}

enum MHD_Result query_answer(struct request *r)
{
    struct span span;
    struct fault fault;
    if (query_instant(&r->params, clock_now(), &span.start_ns, &fault) != NABLA_OK ||
        query_patience(&r->params, clock_now(), &span.lookback_ns, &span.deadline_ns, &fault) !=
            NABLA_OK)
        return reply_fault(r, NABLA_EINVAL, &fault);
    span.end_ns = span.start_ns;
    span.step_ns = 1;
    span.is_range = false;
    return answer(r, &span);
}

enum MHD_Result query_range_answer(struct request *r)
{
    struct span span = {.is_range = true};
    struct fault fault;
    if (query_steps(&r->params, &span.start_ns, &span.end_ns, &span.step_ns, &fault) != NABLA_OK ||
        query_patience(&r->params, clock_now(), &span.lookback_ns, &span.deadline_ns, &fault) !=
            NABLA_OK)
        return reply_fault(r, NABLA_EINVAL, &fault);
    return answer(r, &span);
}
