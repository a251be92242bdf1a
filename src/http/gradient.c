/* http/gradient.c -- POST /api/v1/gradient: the request around the work.
 *
 *     body ──► headers judged ──► suspended ── uv_queue_work ──► resumed ──► answered
 *              place taken                     a thread of the pool           place given back
 *
 * The job is its request's, but while a thread works on it: a request that goes meanwhile (the daemon
 * ends) leaves it behind, cancelled, to be freed when the thread is done with it.
 * Laws: the loop does nothing that takes longer the larger the array is, but to hand on bytes.
 * Elsewhere: the work itself (gradient_work.c), bodies (request.c). */
#include "http/gradient.h"

#include "http/gradient_work.h"
#include "http/reply.h"
#include "http/routes.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define TYPE_NPY "application/x-npy"

/* A larger answer goes out, and through gzip, slice by slice. */
enum { WHOLE_MAX = 128 * 1024, SLICE = 64 * 1024 };

struct gradient {
    struct gradient_work work;
    uv_work_t queued;
    struct request *request; /* NULL: it has gone */
    struct stats *stats;
    bool running, counted;
    size_t taken; /* of the answer */
};

bool gradient_place(struct request *r, size_t n)
{
    struct http *h = r->http;
    if (!r->has_place && h->gradients < h->options.gradient.max_jobs) {
        r->has_place = true;
        h->gradients++;
    }
    return r->has_place && request_hold(r, n);
}

void gradient_leave(struct request *r)
{
    r->http->gradients -= r->has_place;
    r->has_place = false;
}

static size_t body_max(const struct http_options *o)
{
    return o->gradient.max_body;
}

const struct body_rule gradient_body = {.max = body_max, .place = gradient_place};

static void count_outcome(struct stats *stats, enum gradient_outcome outcome)
{
    count(&stats->gradients[outcome], 1);
}

static void destroy(struct gradient *g)
{
    if (!g->counted)
        count_outcome(g->stats, GRADIENT_CANCELLED);
    gradient_work_fini(&g->work);
    free(g);
}

/* ---- a thread of the pool, and back */

static void on_work(uv_work_t *queued)
{
    struct gradient *g = queued->data;
    gradient_work_run(&g->work);
}

static void on_worked(uv_work_t *queued, int status)
{
    struct gradient *g = queued->data;
    (void)status;
    g->running = false;
    if (g->request == NULL)
        destroy(g);
    else
        request_wake(g->request, STEP_DONE);
}

static enum step start(struct request *r, void *ctx)
{
    struct gradient *g = ctx;
    g->queued.data = g;
    g->running = uv_queue_work(&r->http->loop, &g->queued, on_work, on_worked) == 0;
    return g->running ? STEP_WAIT : STEP_FAILED;
}

/* The request has gone; one that a thread still works on is freed by on_worked. */
static void leave(void *ctx)
{
    struct gradient *g = ctx;
    g->request = NULL;
    atomic_store(&g->work.cancelled, true);
    if (g->running)
        uv_cancel((uv_req_t *)&g->queued); /* if no thread has begun; on_worked is called anyway */
    else
        destroy(g);
}

/* ---- the answer */

static enum step next_slice(struct http *h, void *ctx, struct buf *out)
{
    struct gradient *g = ctx;
    const struct buf *answer = &g->work.answer;
    size_t left = answer->n - g->taken, n = left < SLICE ? left : SLICE;
    (void)h;
    buf_add(out, answer->at + g->taken, n);
    g->taken += n;
    return g->taken == answer->n ? STEP_DONE : STEP_MORE;
}

static void free_source(struct http *h, void *ctx)
{
    (void)h;
    destroy(ctx);
}

static enum MHD_Result reply_done(struct request *r, struct gradient *g)
{
    const char *type = g->work.npy_out ? TYPE_NPY : TYPE_JSON;
    if (g->work.answer.n <= WHOLE_MAX)
        return reply_buf(r, MHD_HTTP_OK, type, &g->work.answer, (struct extra){0});
    r->job.free = NULL; /* the answer's from here on */
    return reply_source(r, type, (struct source){next_slice, free_source, g});
}

static enum MHD_Result reply(struct request *r, void *ctx)
{
    struct gradient *g = ctx;
    const struct gradient_work *w = &g->work;
    g->counted = true;
    count_outcome(g->stats, w->outcome);
    count(&g->stats->gradient_elements, w->elements);
    count(&g->stats->gradient_ns, (uint64_t)w->spent_ns);
    switch (w->outcome) {
    case GRADIENT_OK: return reply_done(r, g);
    case GRADIENT_FAILED: return reply_fault(r, NABLA_ENOMEM, NULL);
    case GRADIENT_BUSY:
        count(&g->stats->limited[LIMIT_HTTP_MEMORY], 1);
        return reply_fault(r, NABLA_ELIMIT, NULL);
    case GRADIENT_TIMEOUT:
        return reply_error(r, w->status, "it was not done within gradient.timeout");
    default: return reply_error(r, w->status, "%.*s", (int)w->answer.n, w->answer.at);
    }
}

/* ---- the headers */

/* A media type, whatever its parameters. */
static bool is_type(const char *value, const char *type)
{
    size_t n = strlen(type);
    return value != NULL && strncasecmp(value, type, n) == 0 && strchr("; \t,", value[n]) != NULL;
}

static bool accepts(const char *accept, const char *type)
{
    while (accept != NULL && !is_type(accept, type)) {
        accept = strchr(accept, ',');
        accept += accept != NULL ? 1 + strspn(accept + 1, " \t") : 0;
    }
    return accept != NULL;
}

/* The body's own type, unless Accept names the other one alone. */
static bool wants_npy(const struct request *r, bool npy_in)
{
    const char *accept = request_header(r, MHD_HTTP_HEADER_ACCEPT);
    bool npy = accepts(accept, TYPE_NPY), json = accepts(accept, "application/json");
    return npy == json ? npy_in : npy;
}

/* Errors: NABLA_EINVAL, *why then says which header is of no use. */
static enum nabla_status read_headers(const struct request *r, struct gradient_work *w,
                                      const char **why)
{
    const char *type = request_header(r, MHD_HTTP_HEADER_CONTENT_TYPE);
    const char *coding = request_header(r, MHD_HTTP_HEADER_CONTENT_ENCODING);
    w->npy_in = is_type(type, TYPE_NPY);
    w->npy_out = wants_npy(r, w->npy_in);
    *why = "the body's Content-Type is neither application/json nor " TYPE_NPY;
    if (!w->npy_in && !is_type(type, "application/json"))
        return NABLA_EINVAL;
    *why = "the body has a Content-Encoding; it is taken only as it is";
    return coding == NULL || strcasecmp(coding, "identity") == 0 ? NABLA_OK : NABLA_EINVAL;
}

static enum nabla_status read_query(const struct request *r, struct gradient_work *w)
{
    if (w->npy_in)
        return gradient_query_read(&r->params, &w->ask.manner, &w->answer);
    if (r->params.n == 0)
        return NABLA_OK;
    buf_text(&w->answer, "a body of JSON says in itself what is asked, not in the query");
    return NABLA_EINVAL;
}

/* ---- the request */

static enum MHD_Result refuse(struct request *r, enum gradient_outcome outcome, unsigned status,
                              const char *why)
{
    count_outcome(r->http->options.stats, outcome);
    return outcome == GRADIENT_BUSY ? reply_busy(r, why) : reply_error(r, status, "%s", why);
}

static enum MHD_Result refuse_query(struct request *r, struct gradient *g, enum nabla_status status)
{
    struct gradient_work *w = &g->work;
    bool failed = status == NABLA_ENOMEM || w->answer.failed;
    g->counted = true;
    count_outcome(g->stats, failed ? GRADIENT_FAILED : GRADIENT_REFUSED);
    enum MHD_Result result =
        failed ? reply_fault(r, NABLA_ENOMEM, NULL)
               : reply_error(r, MHD_HTTP_BAD_REQUEST, "%.*s", (int)w->answer.n, w->answer.at);
    destroy(g);
    return result;
}

static struct gradient *new_gradient(struct request *r)
{
    struct gradient *g = calloc(1, sizeof *g);
    if (g == NULL)
        return NULL;
    g->request = r;
    g->stats = r->http->options.stats;
    g->work.limits = r->http->options.gradient;
    g->work.pool = &r->http->pool;
    g->work.deadline_ns = clock_now().mono_ns + g->work.limits.timeout_ns;
    gradient_manner_init(&g->work.ask.manner);
    return g;
}

static enum MHD_Result refuse_body(struct request *r)
{
    char why[96];
    if (!r->too_long)
        return refuse(r, GRADIENT_BUSY, 0,
                      r->has_place ? "too many large answers and arrays are on their way; try again"
                                   : "too many gradients at once; try again");
    snprintf(why, sizeof why, "the body is longer than %u bytes",
             (unsigned)r->http->options.gradient.max_body);
    return refuse(r, GRADIENT_TOO_LARGE, MHD_HTTP_CONTENT_TOO_LARGE, why);
}

enum MHD_Result gradient_answer(struct request *r)
{
    struct gradient_work headers = {0};
    const char *why;
    if (read_headers(r, &headers, &why) != NABLA_OK)
        return refuse(r, GRADIENT_REFUSED, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE, why);
    if (r->too_long || r->too_many || !gradient_place(r, r->body.n))
        return refuse_body(r);
    struct gradient *g = new_gradient(r);
    if (g == NULL) {
        count_outcome(r->http->options.stats, GRADIENT_FAILED);
        return reply_fault(r, NABLA_ENOMEM, NULL);
    }
    g->work.npy_in = headers.npy_in;
    g->work.npy_out = headers.npy_out;
    enum nabla_status status = read_query(r, &g->work);
    if (status != NABLA_OK)
        return refuse_query(r, g, status);
    g->work.body = r->body;
    r->body = (struct buf){0};
    g->work.held = r->held; /* with the body */
    r->held = 0;
    return request_prepare(r, (struct job){start, reply, leave, g});
}
