/* http/remote_write.c -- POST /api/v1/write: what a Prometheus, or an agent of its kind, forwards.
 *
 *     body ──► headers, sizes ──► unpacked ──► some batches a turn ──► table ──► [ journal ] ──► answered
 *
 * What the sender makes of an answer decides which it gets. It sends again for ever on 5xx, and waits
 * with all that comes after; it gives up a request on 4xx (on 429, too, unless it was told otherwise)
 * and goes on. So what will never be taken gets 400, new series past limits.max_series among it: the
 * request's other samples have been taken by then, and those of the next are not held up by them. 503
 * is for what will pass: no memory, too many bodies at once, the end of nablad.
 * Elsewhere: the bytes (wire/remote_write.h), the end of a series (series/table_apply.c). */
#include "wire/remote_write.h"
#include "http/durable.h"
#include "http/reply.h"
#include "http/routes.h"

#include <snappy-c.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct remote_job {
    char *bytes; /* unpacked */
    size_t n;
    struct remote_write reader;
    enum remote_state state;
    struct instant received;
    uint64_t refused[CAUSE_COUNT]; /* by the table */
    struct origins origins;
};

static size_t body_max(const struct http_options *o)
{
    return o->max_body;
}

/* What was held for the announced length stays held. */
static bool place(struct request *r, size_t n)
{
    return n <= r->held || request_hold(r, n);
}

const struct body_rule remote_write_body = {.max = body_max, .place = place};

/* ---- the headers */

/* application/x-protobuf, of version 1, which may be said or not. */
static bool is_version_1(const char *type)
{
    static const char protobuf[] = "application/x-protobuf";
    if (type == NULL || strncasecmp(type, protobuf, sizeof protobuf - 1) != 0)
        return false;
    const char *rest = type + sizeof protobuf - 1;
    const char *proto = strstr(rest, "proto=");
    return strchr("; \t", *rest) != NULL &&
           (proto == NULL || strncmp(proto + 6, "prometheus.WriteRequest", 23) == 0);
}

static bool is_snappy(const char *coding)
{
    return coding != NULL && strcasecmp(coding, "snappy") == 0;
}

/* ---- the work */

static void free_job(void *ctx)
{
    struct remote_job *j = ctx;
    free(j->bytes);
    free(j);
}

static void decode_batch(struct sink *sink, struct remote_job *j)
{
    sink->batch.n = 0;
    j->state = remote_write_read(&j->reader, &sink->batch);
    if (sink->batch.n > 0)
        table_apply_from(sink->table, &sink->batch, &j->origins, j->received, j->refused);
    sink->batch.n = 0;
}

/* The body as it came: it is smaller than what it unpacks to. */
static void journal_body(struct request *r, const struct remote_job *j)
{
    durable_put(r, &(struct journal_entry){.kind = JOURNAL_REMOTE_WRITE,
                                           .received_ns = j->received.wall_ns,
                                           .body = r->body.at,
                                           .n = (uint32_t)r->body.n});
    buf_fini(&r->body);
}

/* As many batches as the turn has time for, one at least; the last step of all is to wait for the disk. */
static enum step decode(struct request *r, void *ctx)
{
    struct remote_job *j = ctx;
    int64_t end_ns = clock_now().mono_ns + r->http->slice_ns;
    do
        decode_batch(&r->http->sink, j);
    while (j->state == REMOTE_MORE && clock_now().mono_ns < end_ns);
    if (j->state == REMOTE_MORE)
        return STEP_MORE;
    journal_body(r, j);
    return durable_wait(r, ctx);
}

static void publish(const struct http *h, const struct remote_write *w)
{
    struct stats *stats = h->options.stats;
    count(&stats->samples, w->samples);
    for (int i = 0; i < CAUSE_COUNT; i++)
        if (w->refused[i] != 0)
            count(&stats->rejected[i], w->refused[i]);
}

/* Causes that a sender cannot do anything about, or that it is used to: what comes again after a 503
 * is late or the same, a NaN is a value, exemplars and histograms have no rate. */
static bool is_quiet(enum cause cause)
{
    return cause == CAUSE_LATE || cause == CAUSE_NOT_FINITE || cause == CAUSE_EXEMPLAR ||
           cause == CAUSE_HISTOGRAM;
}

/* The first cause that the sender is to hear of; CAUSE_COUNT: none. */
static enum cause find_cause(const struct remote_job *j, uint64_t *n)
{
    for (enum cause c = 0; c < CAUSE_COUNT; c++) {
        *n = j->refused[c] + j->reader.refused[c];
        if (*n > 0 && !is_quiet(c))
            return c;
    }
    return CAUSE_COUNT;
}

static enum MHD_Result refuse(struct request *r, unsigned status, const char *why)
{
    log_event(r->http->options.log, LOG_LEVEL_WARN, "remote_write", "write_refused",
              "listener=%s status=%u why=\"%s\"", r->http->door->name, status, why);
    return status == MHD_HTTP_SERVICE_UNAVAILABLE ? reply_busy(r, why)
                                                  : reply_error(r, status, "%s", why);
}

static enum MHD_Result reply(struct request *r, void *ctx)
{
    struct remote_job *j = ctx;
    struct buf empty = {0};
    char why[FAULT_MAX];
    uint64_t n;
    publish(r->http, &j->reader);
    if (r->unjournaled != JOURNAL_TAKEN)
        return refuse(r, MHD_HTTP_SERVICE_UNAVAILABLE, journal_answer_text(r->unjournaled));
    if (j->state == REMOTE_BAD)
        return refuse(r, MHD_HTTP_BAD_REQUEST, "the body is not a remote write's protobuf");
    if (j->refused[CAUSE_MEMORY] > 0)
        return refuse(r, MHD_HTTP_SERVICE_UNAVAILABLE, "no memory for a new series; try again");
    enum cause cause = find_cause(j, &n);
    if (cause == CAUSE_COUNT)
        return reply_buf(r, MHD_HTTP_NO_CONTENT, TYPE_PLAIN, &empty, (struct extra){0});
    snprintf(why, sizeof why, "%llu samples were refused, the others taken: %s",
             (unsigned long long)n, cause_text(cause));
    return reply_error(r, MHD_HTTP_BAD_REQUEST, "%s", why);
}

/* ---- the request */

/* Unpacks the body, whose unpacked length n was checked. NULL: *status and *why say what is wrong. */
static struct remote_job *unpack(struct request *r, size_t n, unsigned *status, const char **why)
{
    struct remote_job *j = calloc(1, sizeof *j);
    *status = MHD_HTTP_SERVICE_UNAVAILABLE;
    *why = "no memory for the body; try again";
    if (j == NULL || (j->bytes = malloc(n + 1)) == NULL) {
        free(j);
        return NULL;
    }
    j->n = n;
    j->received = clock_now();
    if (snappy_uncompress(r->body.at, r->body.n, j->bytes, &j->n) == SNAPPY_OK) {
        remote_write_begin(&j->reader, j->bytes, j->n);
        return j;
    }
    *status = MHD_HTTP_BAD_REQUEST;
    *why = "the body is not snappy's block format";
    free_job(j);
    return NULL;
}

static enum MHD_Result refuse_body(struct request *r)
{
    if (r->too_long)
        count(&r->http->options.stats->limited[LIMIT_HTTP_BODY], 1);
    return r->too_long
               ? refuse(r, MHD_HTTP_CONTENT_TOO_LARGE, "the body is longer than http.max_body")
               : refuse(r, MHD_HTTP_SERVICE_UNAVAILABLE, "too many bodies at once; try again");
}

enum MHD_Result remote_write_answer(struct request *r)
{
    size_t n;
    unsigned status;
    const char *why;
    if (!is_version_1(request_header(r, MHD_HTTP_HEADER_CONTENT_TYPE)))
        return refuse(
            r, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE,
            "the body's Content-Type is not application/x-protobuf, or not remote write 1");
    if (!is_snappy(request_header(r, MHD_HTTP_HEADER_CONTENT_ENCODING)))
        return refuse(r, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE,
                      "the body's Content-Encoding is not snappy");
    if (r->too_long || r->too_many)
        return refuse_body(r);
    count(&r->http->door->bytes, r->body.n);
    if (snappy_uncompressed_length(r->body.at, r->body.n, &n) != SNAPPY_OK)
        return refuse(r, MHD_HTTP_BAD_REQUEST, "the body is not snappy's block format");
    if (n > r->http->options.max_decompressed) {
        count(&r->http->options.stats->limited[LIMIT_HTTP_DECOMPRESSED], 1);
        return refuse(r, MHD_HTTP_CONTENT_TOO_LARGE,
                      "the body unpacks to more bytes than http.max_decompressed");
    }
    r->too_many = !place(r, r->body.n + n);
    if (r->too_many)
        return refuse_body(r);
    if (!durable_accepts(r))
        return refuse(r, MHD_HTTP_SERVICE_UNAVAILABLE, journal_answer_text(r->unjournaled));
    struct remote_job *j = unpack(r, n, &status, &why);
    if (j == NULL)
        return refuse(r, status, why);
    struct network from = request_from(r);
    (void)origins_add(&j->origins, 0, &from); /* the first fits */
    return request_prepare(r, (struct job){decode, reply, free_job, j});
}
