/* http/request.c -- one request, as libmicrohttpd tells of it.
 *
 *     request_begin ── headers: judged ── body: kept, taken ── whole: answered ── request_end
 *     the URI, raw                        │  or dropped        └─ job: suspended, step by step
 *                                         └─ more of it than a turn may take: suspended for one
 *
 * Law: an answer is chosen when the request has come whole, so that no client is answered while it still
 * sends, but for a request that is refused by its headers.
 * Elsewhere: where a request ends (framing.c), the deadline of one that comes too slowly (peer.c). */
#include "http/request.h"

#include "http/auth.h"
#include "http/durable.h"
#include "http/framing.h"
#include "http/gradient.h"
#include "http/reply.h"
#include "http/routes.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

void *request_begin(void *cls, const char *uri, struct MHD_Connection *connection)
{
    struct request *r = calloc(1, sizeof *r);
    if (r == NULL || (r->uri = strdup(uri)) == NULL) {
        free(r);
        return NULL;
    }
    r->http = cls;
    r->connection = connection;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    r->peer = info != NULL ? info->socket_context : NULL;
    peer_asks(r->peer);
    return r;
}

static void link_in(struct request **list, struct request *r)
{
    r->at = list;
    r->next = *list;
    if (r->next != NULL)
        r->next->at = &r->next;
    *list = r;
}

static void unlink_from(struct request *r)
{
    if (r->at == NULL)
        return;
    *r->at = r->next;
    if (r->next != NULL)
        r->next->at = r->at;
    r->at = NULL;
}

void request_head_refused(struct http *h)
{
    count(&h->options.stats->http_requests[HTTP_OTHER][HTTP_4XX], 1);
    count(&h->options.stats->limited[LIMIT_HTTP_HEAD], 1);
}

void request_park(struct request **list, struct request *r)
{
    link_in(list, r);
    MHD_suspend_connection(r->connection);
}

void request_unpark(struct request *r)
{
    unlink_from(r);
    MHD_resume_connection(r->connection);
}

struct network request_from(const struct request *r)
{
    return r->peer != NULL ? r->peer->from : network_here();
}

const char *request_header(const struct request *r, const char *name)
{
    return MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND, name);
}

/* Path and query of "/path?query", or of the absolute form "http://host/path?query". */
static char *find_path(char *uri)
{
    if (strncasecmp(uri, "http://", 7) != 0 && strncasecmp(uri, "https://", 8) != 0)
        return uri;
    char *host = strchr(uri, ':') + 3;
    return host + strcspn(host, "/?");
}

/* The rule of a body that the resource reads itself; NULL: it does not. */
static const struct body_rule *body_rule(const struct request *r)
{
    return r->is_post && r->route != NULL ? r->route->body : NULL;
}

static size_t body_max(const struct request *r)
{
    const struct body_rule *rule = body_rule(r);
    return rule != NULL ? rule->max(&r->http->options) : BODY_MAX;
}

/* Whether a body of n bytes by now, or in all, may be kept. */
static bool has_place(struct request *r, unsigned long long n)
{
    const struct body_rule *rule = body_rule(r);
    return n <= BODY_MAX || rule == NULL || rule->place == NULL || n > SIZE_MAX ||
           rule->place(r, (size_t)n);
}

bool request_hold(struct request *r, size_t bytes)
{
    struct http *h = r->http;
    if (pool_hold(&h->pool, &r->held, bytes))
        return true;
    count(&h->options.stats->limited[LIMIT_HTTP_MEMORY], 1);
    return false;
}

static enum MHD_Result refuse_body(struct request *r)
{
    if (body_rule(r) != NULL)
        return r->route->answer(r);
    count(&r->http->options.stats->limited[LIMIT_HTTP_FORM], 1);
    return reply_error(r, MHD_HTTP_CONTENT_TOO_LARGE, "the body is longer than %d bytes", BODY_MAX);
}

/* Who asks is known: what must not be read on is refused before it comes. */
static enum MHD_Result judge_body(struct request *r)
{
    bool is_told = r->length > BODY_SKIP_MAX || request_header(r, MHD_HTTP_HEADER_EXPECT) != NULL;
    if (r->refused != 0)
        return is_told ? auth_refuse(r) : MHD_YES;
    r->too_long = r->length > body_max(r);
    r->too_many = !r->too_long && !has_place(r, r->length);
    return is_told && (r->too_long || r->too_many) ? refuse_body(r) : MHD_YES;
}

/* The headers are here: find the route, and out who asks. */
static enum MHD_Result judge(struct request *r, const char *method, const char *version)
{
    const char *why = framing_read(r->connection, version, &r->length);
    r->is_head = strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
    r->is_post = strcmp(method, MHD_HTTP_METHOD_POST) == 0;
    if (why != NULL)
        return reply_error(r, MHD_HTTP_BAD_REQUEST, "%s", why);
    char *path = find_path(r->uri);
    r->route = route_find(path, strcspn(path, "?"), &r->name, &r->name_n);
    auth_judge(r);
    r->judged = r->check == NULL;
    return r->judged ? judge_body(r) : MHD_YES;
}

/* Until every other connection has had its turn; or, the disk being slower than what comes, until the journal
 * has room. */
static void rest(struct request *r)
{
    struct http *h = r->http;
    request_park(durable_is_congested(h) ? &h->stalled : &h->resting, r);
    server_nudge(h);
}

/* Takes data[0..*n); *n is what is left of them. */
static enum MHD_Result take_body(struct request *r, const char *data, size_t *n)
{
    const struct body_rule *rule = body_rule(r);
    size_t here = *n;
    bool is_wanted = r->is_post && r->refused == 0;
    r->too_long |= is_wanted && r->came + here > body_max(r);
    unsigned long long all = r->came + here > r->length ? r->came + here : r->length;
    r->too_many |= is_wanted && !r->too_long && !r->too_many && !has_place(r, all);
    *n = 0;
    if (!is_wanted || r->too_long || r->too_many) {
        buf_fini(&r->body);
        r->skipped += here;
        return r->skipped <= BODY_SKIP_MAX ? MHD_YES : MHD_NO;
    }
    size_t used = here;
    if (rule != NULL && rule->take != NULL)
        used = rule->take(r, data, here);
    else
        buf_add(&r->body, data, here);
    r->came += used;
    *n = here - used;
    if (*n > 0 && r->http->finishing) /* nothing may be suspended any more */
        return MHD_NO;
    if (*n > 0)
        rest(r);
    return MHD_YES;
}

static bool is_form(const struct request *r)
{
    static const char form[] = MHD_HTTP_POST_ENCODING_FORM_URLENCODED;
    const char *type = request_header(r, MHD_HTTP_HEADER_CONTENT_TYPE);
    size_t n = sizeof form - 1;
    return type != NULL && strncasecmp(type, form, n) == 0 && strchr("; \t", type[n]) != NULL;
}

/* A body where a GET may ask, too. */
static bool has_form(const struct request *r)
{
    return r->body.n > 0 && (r->route->methods & METHOD_GET) != 0;
}

enum nabla_status request_params(struct request *r, struct fault *fault)
{
    if (r->has_params)
        return NABLA_OK;
    r->has_params = true;
    char *path = find_path(r->uri);
    size_t path_n = strcspn(path, "?");
    char *query = path + path_n + (path[path_n] == '?');
    enum nabla_status status = params_read(&r->params, query, strlen(query), fault);
    return status == NABLA_OK && has_form(r) ? params_read(&r->params, r->body.at, r->body.n, fault)
                                             : status;
}

static unsigned method_bit(const char *method)
{
    static const struct {
        const char *method;
        unsigned bit;
    } bits[] = {{MHD_HTTP_METHOD_GET, METHOD_GET},
                {MHD_HTTP_METHOD_HEAD, METHOD_GET},
                {MHD_HTTP_METHOD_POST, METHOD_POST},
                {MHD_HTTP_METHOD_PUT, METHOD_PUT}};
    for (size_t i = 0; i < sizeof bits / sizeof bits[0]; i++)
        if (strcmp(method, bits[i].method) == 0)
            return bits[i].bit;
    return 0;
}

static enum MHD_Result answer(struct request *r, const char *method)
{
    struct fault fault;
    if (r->refused != 0)
        return auth_refuse(r);
    if (r->route == NULL)
        return reply_error(r, MHD_HTTP_NOT_FOUND, "there is nothing here; / says what there is");
    if ((r->route->methods & method_bit(method)) == 0)
        return reply_405(r, r->route->allow);
    if (r->too_long || r->too_many)
        return refuse_body(r);
    if (r->name != NULL && percent_decode(r->name, &r->name_n, false) != NABLA_OK)
        return reply_error(r, MHD_HTTP_BAD_REQUEST,
                           "the label's name has a bad %%-escape or is not UTF-8");
    if (has_form(r) && !is_form(r))
        return reply_error(
            r, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE,
            "the body's Content-Type is not " MHD_HTTP_POST_ENCODING_FORM_URLENCODED);
    enum nabla_status status = r->body.failed ? NABLA_ENOMEM : request_params(r, &fault);
    return status != NABLA_OK ? reply_fault(r, status, &fault) : r->route->answer(r);
}

static enum MHD_Result end_job(struct request *r)
{
    if (r->job_end == STEP_DONE)
        return r->job.reply(r, r->job.ctx);
    if (r->job_late)
        return reply_error(r, MHD_HTTP_SERVICE_UNAVAILABLE,
                           "the answer was not prepared within http.query_timeout");
    if (r->http->draining)
        return reply_error(r, MHD_HTTP_SERVICE_UNAVAILABLE, "nablad is shutting down");
    return reply_fault(r, NABLA_ENOMEM, NULL);
}

enum MHD_Result request_go_on(void *cls, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *data, size_t *n,
                              void **state)
{
    struct request *r = *state;
    (void)cls, (void)connection, (void)url;
    if (r == NULL)
        return MHD_NO; /* no memory: the connection is closed */
    if (!r->seen) {
        r->seen = true;
        return judge(r, method, version);
    }
    if (!r->judged) { /* suspended by its headers: libmicrohttpd tells of them once more */
        r->judged = true;
        return judge_body(r);
    }
    if (*n > 0)
        return take_body(r, data, n);
    if (r->job.step != NULL)
        return r->job_done ? end_job(r) : MHD_YES;
    r->whole = true;
    pace_progress(&r->http->pace); /* the next may wait in the same buffer, without an event */
    r->http->answering++;
    peer_whole(r->peer);
    return answer(r, method);
}

/* All jobs together have a bounded part of a turn, or else a short answer waited for each of them. */
static void share_turn(struct http *h, uint32_t newcomers)
{
    uint32_t n = newcomers;
    for (const struct request *r = h->jobs; r != NULL; r = r->next)
        n++;
    for (const struct request *r = h->stepped; r != NULL; r = r->next)
        n++;
    h->slice_ns = n > 0 ? SLICE_NS / n : SLICE_NS;
}

enum MHD_Result request_prepare(struct request *r, struct job job)
{
    struct http *h = r->http;
    r->job = job;
    r->deadline_ns = INT64_MAX;
    if ((r->route->methods & METHOD_GET) != 0 && h->options.query_timeout_ns != 0)
        r->deadline_ns = clock_now().mono_ns + h->options.query_timeout_ns;
    share_turn(h, 1);
    r->job_end = h->finishing ? STEP_FAILED : job.step(r, job.ctx);
    r->job_done = r->job_end == STEP_DONE || r->job_end == STEP_FAILED;
    if (r->job_done)
        return end_job(r);
    request_park(r->job_end == STEP_WAIT ? &h->waiting : &h->jobs, r);
    server_nudge(h);
    return MHD_YES;
}

static void finish(struct request *r, enum step end)
{
    r->job_end = end;
    r->job_done = true;
    request_unpark(r);
}

void request_wake(struct request *r, enum step end)
{
    finish(r, end);
    server_nudge(r->http);
}

static void move_to(struct request **list, struct request *r)
{
    unlink_from(r);
    link_in(list, r);
}

static void step_job(struct http *h, struct request *r, int64_t now_ns)
{
    r->job_late = now_ns > r->deadline_ns;
    count(&h->options.stats->limited[LIMIT_HTTP_QUERY], r->job_late);
    enum step s = r->job_late ? STEP_FAILED : r->job.step(r, r->job.ctx);
    if (s == STEP_WAIT || s == STEP_MORE)
        move_to(s == STEP_WAIT ? &h->waiting : &h->stepped, r);
    else
        finish(r, s);
}

/* The next round begins. */
static void begin_round(struct http *h)
{
    while (h->stepped != NULL)
        move_to(&h->jobs, h->stepped);
}

void jobs_step(struct http *h)
{
    int64_t now_ns = clock_now().mono_ns, end_ns = now_ns + SLICE_NS;
    share_turn(h, 0);
    for (; h->jobs != NULL && now_ns <= end_ns; now_ns = clock_now().mono_ns)
        step_job(h, h->jobs, now_ns);
    if (h->jobs == NULL)
        begin_round(h);
}

static void resume_all(struct request **list)
{
    while (*list != NULL)
        request_unpark(*list);
}

/* The one that came first: new ones stand at the front. */
static void resume_oldest(struct request *r)
{
    while (r != NULL && r->next != NULL)
        r = r->next;
    if (r != NULL)
        request_unpark(r);
}

void requests_resume(struct http *h)
{
    resume_all(&h->resting);
    resume_oldest(h->queued);
}

void requests_unstall(struct http *h)
{
    if (h->stalled != NULL)
        server_nudge(h);
    resume_all(&h->stalled);
}

void jobs_cancel(struct http *h)
{
    begin_round(h);
    resume_all(&h->resting);
    resume_all(&h->queued);
    auth_cancel(h);
    requests_unstall(h);
    while (h->jobs != NULL || h->waiting != NULL)
        finish(h->jobs != NULL ? h->jobs : h->waiting, STEP_FAILED);
}

void request_end(void *cls, struct MHD_Connection *connection, void **state,
                 enum MHD_RequestTerminationCode why)
{
    struct request *r = *state;
    (void)cls, (void)connection;
    if (r == NULL)
        return;
    if (!r->seen && why == MHD_REQUEST_TERMINATED_COMPLETED_OK)
        request_head_refused(r->http);
    unlink_from(r);
    if (r->job.free != NULL)
        r->job.free(r->job.ctx);
    gradient_leave(r);
    auth_leave(r);
    pool_leave(&r->http->pool, &r->held);
    if (r->whole)
        r->http->answering--;
    peer_answered(r->peer);
    buf_fini(&r->body);
    free(r->uri);
    free(r);
    *state = NULL;
}
