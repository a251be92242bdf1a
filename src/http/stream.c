/* http/stream.c -- /api/v1/stream: final points as server-sent events.
 *
 *     event: point            event: lost             : heartbeat
 *     data: {...}             data: {"lost": 12}
 *
 * A connection with nothing to send is suspended; libmicrohttpd then sees neither its timeout nor
 * its end, which is why there are heartbeats and a limit on streams, and why the hub ends every
 * stream before libmicrohttpd is stopped.
 * Elsewhere: which points go where (http/hub.c, http/newest.c). */
#include "http/reply.h"
#include "http/routes.h"

static ssize_t read_events(void *cls, uint64_t position, char *out, size_t max)
{
    struct stream *s = cls;
    (void)position;
    int64_t n = stream_take(s, out, max);
    if (n < 0)
        return MHD_CONTENT_READER_END_OF_STREAM;
    if (n == 0) {
        s->suspended = true;
        MHD_suspend_connection(s->connection);
        return 0;
    }
    count(&s->http->options.stats->http_bytes, (uint64_t)n);
    return (ssize_t)n;
}

static void free_events(void *cls)
{
    hub_leave(cls);
}

static int fd_of(const struct request *r)
{
    return r->peer != NULL ? r->peer->fd : -1;
}

static enum MHD_Result headers_only(struct request *r)
{
    struct buf none = {0};
    return reply_buf(r, MHD_HTTP_OK, TYPE_EVENTS, &none, (struct extra){0});
}

/* Too many streams in all, or from there. *result is then the answer. */
static bool is_full(struct request *r, const struct network *from, enum MHD_Result *result)
{
    struct http *h = r->http;
    bool all = h->hub.n >= h->options.max_streams || h->draining;
    if (!all && hub_admits(h, from))
        return false;
    count(&h->options.stats->limited[all ? LIMIT_HTTP_STREAMS : LIMIT_HTTP_STREAMS_PER_ADDRESS], 1);
    *result = reply_error(r, MHD_HTTP_SERVICE_UNAVAILABLE, "%u event streams %s, the limit",
                          all ? h->hub.n : h->options.max_streams_per_address,
                          all ? "are open" : "of your address are open");
    return true;
}

enum MHD_Result stream_answer(struct request *r)
{
    enum { BLOCK = 16 * 1024 };
    struct ask ask;
    struct fault fault;
    struct http *h = r->http;
    enum nabla_status status =
        ask_read(&r->params, ASK_MATCH | ASK_TIME | ASK_NEWEST | ASK_EXACT, &ask, &fault);
    if (status != NABLA_OK)
        return reply_fault(r, status, &fault);
    enum MHD_Result result = MHD_NO;
    struct network from = request_from(r);
    bool full = is_full(r, &from, &result);
    struct stream *s =
        full || r->is_head ? NULL : hub_join(h, r->connection, fd_of(r), &from, &ask);
    ask_fini(&ask);
    if (full)
        return result;
    if (r->is_head)
        return headers_only(r);
    if (s == NULL)
        return reply_fault(r, NABLA_ENOMEM, NULL);
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, read_events, s, free_events);
    if (response == NULL)
        hub_leave(s);
    if (r->peer != NULL)
        r->peer->endless = true;
    return reply_queue(r, MHD_HTTP_OK, TYPE_EVENTS, response);
}
