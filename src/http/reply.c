/* http/reply.c -- answers, and what all of them have in common.
 *
 *     source.next ──► slice ──► [ gzip ──► packed ] ──► libmicrohttpd, as much as the client takes
 *
 * Laws: a slice is made only when the one before has been taken, so that an answer of any size
 * costs the memory of one slice. After a slice that took long, or gave nothing to send, its answer waits in
 * a queue of which one goes on in each turn of the loop: dear answers wait for each other, nobody else for
 * them. All slices together may work for http.query_timeout; the answer is cut off then. */
#include "http/reply.h"

#include "http/auth.h"
#include "http/gzip.h"
#include "http/routes.h"
#include "wire/json_out.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GZIP_LEAST = 512, BLOCK = 16 * 1024 }; /* bytes; a smaller answer fits a packet as it is */

struct streamed {
    struct http *http;
    struct request *request;
    struct source source;
    struct gzip *gzip; /* NULL: as it is */
    struct buf slice, packed;
    size_t taken;
    int64_t worked_ns;
    bool ended, gives_way;
};

static bool wants_gzip(const struct request *r)
{
    return gzip_wanted(MHD_lookup_connection_value(r->connection, MHD_HEADER_KIND,
                                                   MHD_HTTP_HEADER_ACCEPT_ENCODING));
}

static void count_request(const struct request *r, unsigned status)
{
    enum http_class class = status < 400 ? HTTP_2XX : status < 500 ? HTTP_4XX : HTTP_5XX;
    enum http_handler handler = r->route != NULL ? r->route->handler : HTTP_OTHER;
    count(&r->http->options.stats->http_requests[handler][class], 1);
}

enum MHD_Result reply_queue(struct request *r, unsigned status, const char *type,
                            struct MHD_Response *response)
{
    if (response == NULL)
        return MHD_NO;
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    if (MHD_get_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL) == NULL)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    MHD_add_response_header(response, MHD_HTTP_HEADER_X_CONTENT_TYPE_OPTIONS, "nosniff");
    auth_add_headers(r->http, status, response);
    if (status == MHD_HTTP_SERVICE_UNAVAILABLE)
        MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "1");
    if (!r->whole || r->http->draining) /* what the rest of a refused request is, nobody knows */
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    enum MHD_Result result = MHD_queue_response(r->connection, status, response);
    if (result == MHD_YES) {
        r->queued = true;
        if (r->peer != NULL)
            r->peer->last |= !r->whole;
        peer_whole(r->peer);
        count_request(r, status);
    }
    MHD_destroy_response(response);
    return result;
}

/* Replaces *body by its gzip form; leaves it if there is no memory for that. */
static bool pack(struct buf *body)
{
    struct gzip *g;
    struct buf packed = {0};
    if (gzip_new(&g) != NABLA_OK)
        return false;
    gzip_add(g, body->at, body->n, true, &packed);
    gzip_free(g);
    if (packed.failed) {
        buf_fini(&packed);
        return false;
    }
    buf_fini(body);
    *body = packed;
    return true;
}

static void mark_packed(struct MHD_Response *response, bool packed)
{
    if (response == NULL)
        return;
    MHD_add_response_header(response, MHD_HTTP_HEADER_VARY, "Accept, Accept-Encoding");
    if (packed)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
}

enum MHD_Result reply_buf(struct request *r, unsigned status, const char *type, struct buf *body,
                          struct extra extra)
{
    if (body->failed) {
        buf_fini(body);
        return status == MHD_HTTP_INTERNAL_SERVER_ERROR ? MHD_NO
                                                        : reply_fault(r, NABLA_ENOMEM, NULL);
    }
    bool packed = body->n >= GZIP_LEAST && wants_gzip(r) && pack(body);
    struct MHD_Response *response =
        MHD_create_response_from_buffer(body->n, body->at, MHD_RESPMEM_MUST_FREE);
    if (response == NULL) {
        buf_fini(body);
        return MHD_NO;
    }
    if (!r->is_head)
        count(&r->http->options.stats->http_bytes, body->n);
    *body = (struct buf){0};
    mark_packed(response, packed);
    if (extra.value != NULL)
        MHD_add_response_header(response, extra.name, extra.value);
    return reply_queue(r, status, type, response);
}

static const char *error_type(unsigned status)
{
    switch (status) {
    case MHD_HTTP_UNAUTHORIZED: return "unauthorized";
    case MHD_HTTP_FORBIDDEN: return "forbidden";
    case MHD_HTTP_TOO_MANY_REQUESTS: return "too_many_requests";
    case MHD_HTTP_NOT_FOUND: return "not_found";
    case MHD_HTTP_UNPROCESSABLE_CONTENT: return "execution";
    case MHD_HTTP_SERVICE_UNAVAILABLE: return "unavailable";
    case MHD_HTTP_INTERNAL_SERVER_ERROR: return "internal";
    default: return "bad_data";
    }
}

void reply_error_begin(struct buf *b, unsigned status, const char *text)
{
    buf_printf(b, "{\"status\":\"error\",\"errorType\":\"%s\",\"error\":", error_type(status));
    json_text(b, text, strlen(text));
}

enum MHD_Result reply_error_extra(struct request *r, unsigned status, const char *text,
                                  struct extra extra)
{
    struct buf b = {0};
    reply_error_begin(&b, status, text);
    buf_text(&b, "}\n");
    return reply_buf(r, status, TYPE_JSON, &b, extra);
}

enum MHD_Result reply_error(struct request *r, unsigned status, const char *format, ...)
{
    struct buf text = {0};
    va_list args;
    va_start(args, format);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *room = buf_room(&text, (size_t)n + 1);
    if (room == NULL)
        return MHD_NO;
    va_start(args, format);
    vsnprintf(room, (size_t)n + 1, format, args);
    va_end(args);
    enum MHD_Result result = reply_error_extra(r, status, room, (struct extra){0});
    buf_fini(&text);
    return result;
}

enum MHD_Result reply_fault(struct request *r, enum nabla_status why, const struct fault *fault)
{
    if (why == NABLA_EINVAL)
        return reply_error(r, MHD_HTTP_BAD_REQUEST, "%s", fault->message);
    if (why == NABLA_ELIMIT)
        return reply_error(r, MHD_HTTP_SERVICE_UNAVAILABLE,
                           "too many large answers are on their way; try again");
    return reply_error(r, MHD_HTTP_INTERNAL_SERVER_ERROR, "out of memory");
}

enum MHD_Result reply_405(struct request *r, const char *allow)
{
    return reply_error_extra(r, MHD_HTTP_METHOD_NOT_ALLOWED,
                             "this resource does not take that method; see Allow",
                             (struct extra){MHD_HTTP_HEADER_ALLOW, allow});
}

enum MHD_Result reply_busy(struct request *r, const char *why)
{
    return reply_error(r, MHD_HTTP_SERVICE_UNAVAILABLE, "%s", why);
}

/* What goes to the client. */
static const struct buf *ready(const struct streamed *s)
{
    return s->gzip != NULL ? &s->packed : &s->slice;
}

/* Makes the next slice; false if it cannot be made. */
static bool make_slice(struct streamed *s)
{
    buf_clear(&s->slice);
    buf_clear(&s->packed);
    s->taken = 0;
    enum step step = s->source.next(s->http, s->source.ctx, &s->slice);
    s->ended = step == STEP_DONE;
    if (s->gzip != NULL && !s->slice.failed)
        gzip_add(s->gzip, s->slice.at, s->slice.n, s->ended, &s->packed);
    return step != STEP_FAILED && !s->slice.failed && !ready(s)->failed;
}

/* The same, within what the answer may cost. */
static bool refill(struct streamed *s)
{
    const struct http_options *o = &s->http->options;
    int64_t begin_ns = clock_worked_ns();
    bool good = make_slice(s);
    int64_t took_ns = clock_worked_ns() - begin_ns;
    s->worked_ns += took_ns;
    s->gives_way = took_ns > SLICE_NS || ready(s)->n == 0;
    bool late = o->query_timeout_ns != 0 && s->worked_ns > o->query_timeout_ns && !s->ended;
    count(&o->stats->limited[LIMIT_HTTP_QUERY], good && late);
    return good && !late;
}

/* Until it is its answer's turn. Nothing may be suspended at the end. */
static bool wait_for_turn(struct streamed *s)
{
    if (!s->gives_way || s->http->finishing)
        return false;
    s->gives_way = false;
    request_park(&s->http->queued, s->request);
    server_nudge(s->http);
    return true;
}

static ssize_t read_stream(void *cls, uint64_t position, char *out, size_t max)
{
    struct streamed *s = cls;
    (void)position;
    pace_progress(&s->http->pace);
    while (s->taken == ready(s)->n) {
        if (s->ended)
            return MHD_CONTENT_READER_END_OF_STREAM;
        if (wait_for_turn(s))
            return 0;
        if (!refill(s))
            return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    size_t left = ready(s)->n - s->taken, n = left < max ? left : max;
    memcpy(out, ready(s)->at + s->taken, n);
    s->taken += n;
    count(&s->http->options.stats->http_bytes, n);
    return (ssize_t)n;
}

static void free_stream(void *cls)
{
    struct streamed *s = cls;
    s->source.free(s->http, s->source.ctx);
    gzip_free(s->gzip);
    buf_fini(&s->slice);
    buf_fini(&s->packed);
    free(s);
}

enum MHD_Result reply_source(struct request *r, const char *type, struct source source)
{
    struct streamed *s = calloc(1, sizeof *s);
    if (s == NULL) {
        source.free(r->http, source.ctx);
        return MHD_NO;
    }
    *s = (struct streamed){.http = r->http, .request = r, .source = source};
    bool packed = wants_gzip(r) && gzip_new(&s->gzip) == NABLA_OK;
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, read_stream, s, free_stream);
    if (response == NULL)
        free_stream(s);
    mark_packed(response, packed);
    if (r->is_head && response != NULL) /* else libmicrohttpd sends the last chunk of no body */
        MHD_set_response_options(response, MHD_RF_HTTP_1_0_COMPATIBLE_STRICT, MHD_RO_END);
    return reply_queue(r, MHD_HTTP_OK, type, response);
}

void envelope_open(struct buf *b)
{
    buf_text(b, "{\"status\":\"success\",\"data\":[");
}

void envelope_close(struct buf *b)
{
    buf_text(b, "\n]}\n");
}
