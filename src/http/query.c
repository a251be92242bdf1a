/* http/query.c -- /api/v1/query and /api/v1/query_range, for who speaks to a Prometheus.
 *
 *     query ──expr──► selector ──scan──► series ──evaluation──► elements
 *                └──► a number, a string: answered at once
 *
 * Elsewhere: the language (expr.c), what a selector says (evaluation.c), times (query_params.c). */
#include "http/query.h"

#include "http/evaluation.h"
#include "http/routes.h"

static void free_source(struct http *h, void *ctx)
{
    (void)h;
    evaluation_free(ctx);
}

static enum step select_step(struct request *r, void *ctx)
{
    struct evaluation *e = ctx;
    (void)r;
    enum step step = scan_select(&e->scan);
    return step == STEP_MORE && evaluation_is_overdue(e) ? STEP_DONE : step;
}

static enum MHD_Result select_reply(struct request *r, void *ctx)
{
    struct evaluation *e = ctx;
    uint64_t steps = (uint64_t)((e->span.end_ns - e->span.start_ns) / e->span.step_ns) + 1;
    if (e->scan.selection != NULL && !e->scan.busy) /* it was stopped */
        return reply_error(r, MHD_HTTP_SERVICE_UNAVAILABLE, "the query was not done in its time");
    if (e->scan.busy)
        return scan_refuse(r, &e->scan);
    if (e->scan.found.n > QUERY_SAMPLES_MAX / steps) {
        count(&r->http->options.stats->limited[LIMIT_HTTP_SAMPLES], 1);
        return reply_error(r, MHD_HTTP_UNPROCESSABLE_CONTENT,
                           "the query means %u series at %llu times, which is more than %d "
                           "samples",
                           e->scan.found.n, (unsigned long long)steps, QUERY_SAMPLES_MAX);
    }
    enum nabla_status status = evaluation_hold(e);
    if (status != NABLA_OK)
        return reply_fault(r, status, NULL);
    r->job.free = NULL; /* the answer has it now */
    return reply_source(r, TYPE_JSON, (struct source){evaluation_next, free_source, e});
}

/* expr is taken over. */
static enum MHD_Result evaluate(struct request *r, struct expr *expr, const struct span *span)
{
    struct evaluation *e;
    enum nabla_status status = evaluation_new(r->http, expr, span, &e);
    if (status != NABLA_OK)
        return reply_fault(r, status, NULL);
    return request_prepare(r, (struct job){select_step, select_reply, evaluation_free, e});
}

/* A number at each step. */
static void write_constant(struct buf *b, double v, const struct span *s)
{
    int64_t steps = (s->end_ns - s->start_ns) / s->step_ns;
    if (!s->is_range) {
        buf_text(b, "{\"resultType\":\"scalar\",\"result\":");
        evaluation_pair(b, s->start_ns, v);
        return;
    }
    buf_text(b, "{\"resultType\":\"matrix\",\"result\":[{\"metric\":{},\"values\":[");
    for (int64_t i = 0; i <= steps; i++) {
        buf_text(b, i > 0 ? "," : "");
        evaluation_pair(b, s->start_ns + i * s->step_ns, v);
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
        evaluation_time(&b, s->start_ns);
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
