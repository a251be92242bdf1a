/* http/lines_write.c -- POST /write and /api/v2/write, Influx lines as InfluxDB's clients send them, and POST
 * /api/v1/lines, lines of any format.
 *
 *     a piece of the body ──► [ inflate ] ──► behind the beginning of a line ──► sink ──► table
 *                                                     ▲                           │
 *                                                     └── what is no line yet ────┘
 *
 * Laws: the body is never held: a line at most, and what one piece unpacks to; good lines are taken
 * when they come, whatever follows; cutting the body anywhere changes nothing (test_lines_write.c).
 * Elsewhere: lines (wire/lines.h), batches and counts (net/sink.h), what is answered (lines_answer.c), the other
 * resources of InfluxDB's API (influx_query.c). */
#include "http/lines_write.h"
#include "http/durable.h"
#include "http/inflate.h"
#include "http/routes.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { PIECES_A_TURN = 4 }; /* of TEXT_PIECE bytes: a body that unpacks to a thousandfold rests */

static void refuse(struct lines_write *w, unsigned status, const char *why)
{
    if (w->status != 0)
        return;
    w->status = status;
    fault_set(&w->fault, "%s", why);
}

static void refuse_length(struct http *h, struct lines_write *w, enum limit limit, const char *why)
{
    if (w->status == 0)
        count(&h->options.stats->limited[limit], 1);
    refuse(w, MHD_HTTP_CONTENT_TOO_LARGE, why);
}

static void free_write(void *ctx)
{
    struct lines_write *w = ctx;
    inflater_free(w->inflater);
    buf_fini(&w->carry);
    free(w);
}

/* ---- the headers and the query */

static bool is_word(const struct param *p, const char *word)
{
    return strlen(word) == p->value_n && memcmp(word, p->value, p->value_n) == 0;
}

static void read_precision(const struct request *r, struct lines_write *w)
{
    static const struct {
        const char *name;
        int64_t ns;
    } units[] = {{"ns", 1},
                 {"n", 1},
                 {"", 1},
                 {"us", 1000},
                 {"u", 1000},
                 {"ms", NS_PER_MS},
                 {"s", NS_PER_S},
                 {"m", 60 * (int64_t)NS_PER_S},
                 {"h", 3600 * (int64_t)NS_PER_S}};
    const struct param *p = params_find(&r->params, "precision");
    for (size_t i = 0; p != NULL && i < sizeof units / sizeof units[0]; i++)
        if (is_word(p, units[i].name)) {
            w->inlet.options.precision_ns = units[i].ns;
            return;
        }
    if (p != NULL)
        refuse(w, MHD_HTTP_BAD_REQUEST, "the precision is none of n, ns, u, us, ms, s, m and h");
}

static void read_format(const struct request *r, struct lines_write *w)
{
    static const struct {
        const char *name;
        enum line_format format;
    } formats[] = {{"auto", LINE_AUTO},
                   {"influx", LINE_INFLUX},
                   {"graphite", LINE_GRAPHITE},
                   {"json", LINE_JSON},
                   {"statsd", LINE_STATSD}};
    const struct param *p = params_find(&r->params, "format");
    w->inlet.options.format = LINE_AUTO;
    for (size_t i = 0; p != NULL && i < sizeof formats / sizeof formats[0]; i++)
        if (is_word(p, formats[i].name)) {
            w->inlet.options.format = formats[i].format;
            return;
        }
    if (p != NULL)
        refuse(w, MHD_HTTP_BAD_REQUEST,
               "the format is none of auto, influx, graphite, json and statsd");
}

static void read_coding(const struct request *r, struct lines_write *w)
{
    const char *coding = request_header(r, MHD_HTTP_HEADER_CONTENT_ENCODING);
    if (coding == NULL || strcasecmp(coding, "identity") == 0)
        return;
    if (strcasecmp(coding, "gzip") != 0 && strcasecmp(coding, "x-gzip") != 0)
        refuse(w, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE,
               "the body's Content-Encoding is neither gzip nor identity");
    else if (inflater_new(&w->inflater) != NABLA_OK)
        refuse(w, MHD_HTTP_SERVICE_UNAVAILABLE, "no memory to unpack the body");
}

/* The request's, made when it is first needed; NULL without memory. */
static struct lines_write *write_of(struct request *r)
{
    struct http *h = r->http;
    if (r->job.ctx != NULL)
        return r->job.ctx;
    struct lines_write *w = calloc(1, sizeof *w);
    if (w == NULL)
        return NULL;
    r->job.ctx = w;
    r->job.free = free_write;
    w->inlet = (struct inlet){.options = {.format = LINE_INFLUX,
                                          .once = true,
                                          .precision_ns = 1,
                                          .max_line = h->options.max_line},
                              .stats = h->door,
                              .outcome = &w->outcome};
    if (request_params(r, &w->fault) != NABLA_OK)
        w->status = MHD_HTTP_BAD_REQUEST;
    read_precision(r, w);
    if (r->route->handler == HTTP_LINES)
        read_format(r, w);
    read_coding(r, w);
    if (w->status == 0 && !durable_accepts(r))
        refuse(w, MHD_HTTP_SERVICE_UNAVAILABLE, journal_answer_text(r->unjournaled));
    return w;
}

/* ---- the body */

/* Keeps the beginning of a line; one longer than the limit is refused and skipped instead. */
static void keep(struct http *h, struct lines_write *w, const char *text, size_t n)
{
    buf_clear(&w->carry);
    if (n > h->options.max_line) {
        sink_refuse(&h->sink, &w->inlet, CAUSE_LINE_LENGTH, text, n);
        w->skipping = true;
        return;
    }
    buf_add(&w->carry, text, n);
    if (w->carry.failed)
        refuse(w, MHD_HTTP_SERVICE_UNAVAILABLE, "no memory for the beginning of a line");
}

/* Into the table, then into the journal. Returns how many bytes were whole lines. */
static size_t take_lines(struct request *r, struct lines_write *w, const char *text, size_t n)
{
    struct http *h = r->http;
    w->inlet.received = clock_now();
    size_t used = sink_take(&h->sink, &w->inlet, text, n);
    sink_flush(&h->sink, &w->inlet);
    if (used > 0)
        durable_put(r, &(struct journal_entry){.kind = JOURNAL_LINES,
                                               .format = (uint8_t)w->inlet.options.format,
                                               .precision_ns = w->inlet.options.precision_ns,
                                               .received_ns = w->inlet.received.wall_ns,
                                               .body = text,
                                               .n = (uint32_t)used});
    if (r->unjournaled != JOURNAL_TAKEN)
        refuse(w, MHD_HTTP_SERVICE_UNAVAILABLE, journal_answer_text(r->unjournaled));
    return used;
}

/* Whole lines of h->text[0..n), the carry and what came behind it, go on; the rest is kept. */
static void take_text(struct request *r, struct lines_write *w, size_t n)
{
    struct http *h = r->http;
    const char *text = h->text;
    if (w->skipping) {
        const char *lf = memchr(text, '\n', n);
        if (lf == NULL)
            return;
        w->skipping = false;
        n -= (size_t)(lf + 1 - text);
        text = lf + 1;
    }
    size_t used = take_lines(r, w, text, n);
    keep(h, w, text + used, n - used);
}

/* Where the next piece is to be put. */
static char *open_text(struct http *h, const struct lines_write *w)
{
    if (w->carry.n > 0)
        memcpy(h->text, w->carry.at, w->carry.n);
    return h->text + w->carry.n;
}

static void take_plain(struct request *r, struct lines_write *w, const char *data, size_t n)
{
    for (size_t done = 0, here; done < n && w->status == 0; done += here) {
        here = n - done < TEXT_PIECE ? n - done : TEXT_PIECE;
        memcpy(open_text(r->http, w), data + done, here);
        take_text(r, w, w->carry.n + here);
    }
}

/* One piece of what data unpacks to. Returns its length; *used: of data. */
static size_t unpack(struct request *r, struct lines_write *w, const char *data, size_t n,
                     size_t *used)
{
    struct http *h = r->http;
    size_t here = TEXT_PIECE;
    enum nabla_status status = inflater_take(w->inflater, data, n, used, open_text(h, w), &here);
    w->unpacked += here;
    if (status == NABLA_ENOMEM)
        refuse(w, MHD_HTTP_SERVICE_UNAVAILABLE, "no memory to unpack the body");
    else if (status != NABLA_OK)
        refuse(w, MHD_HTTP_BAD_REQUEST, "the body is not gzip");
    else if (w->unpacked > h->options.max_decompressed)
        refuse_length(h, w, LIMIT_HTTP_DECOMPRESSED,
                      "the body unpacks to more bytes than http.max_decompressed");
    else
        take_text(r, w, w->carry.n + here);
    return here;
}

/* Returns how many bytes of data a turn was enough for. */
static size_t take_packed(struct request *r, struct lines_write *w, const char *data, size_t n)
{
    size_t done = 0;
    for (int i = 0; i < PIECES_A_TURN && done < n && w->status == 0; i++) {
        size_t used;
        (void)unpack(r, w, data + done, n - done, &used);
        done += used;
    }
    return w->status == 0 ? done : n;
}

static size_t take(struct request *r, const char *data, size_t n)
{
    struct http *h = r->http;
    struct lines_write *w = write_of(r);
    if (w == NULL) /* no memory, and no 204 at the end, though there may be some then */
        r->body.failed = true;
    if (w == NULL || w->status != 0)
        return n;
    if (durable_is_congested(h))
        return 0;
    size_t used = n;
    struct network from = request_from(r);
    sink_from(&h->sink, &w->inlet, &from);
    if (w->inflater != NULL)
        used = take_packed(r, w, data, n);
    else
        take_plain(r, w, data, n);
    count(&h->door->bytes, used);
    return used;
}

static size_t body_max(const struct http_options *o)
{
    return o->max_body;
}

const struct body_rule lines_body = {.max = body_max, .take = take};

/* What the unpacking still holds, and the last line, which needs no LF. */
static void take_end(struct request *r, struct lines_write *w)
{
    size_t used;
    while (w->inflater != NULL && w->status == 0 && unpack(r, w, "", 0, &used) == TEXT_PIECE)
        ;
    if (w->inflater != NULL && w->status == 0 && !inflater_is_whole(w->inflater))
        refuse(w, MHD_HTTP_BAD_REQUEST, "the body ends in the middle of its gzip form");
    if (w->status == 0 && w->carry.n > 0)
        take_plain(r, w, "\n", 1);
}

/* ---- the end of it */

/* All is known, also of the disk. */
static enum MHD_Result reply(struct request *r, void *ctx)
{
    struct lines_write *w = ctx;
    if (r->unjournaled != JOURNAL_TAKEN) {
        w->status = MHD_HTTP_SERVICE_UNAVAILABLE;
        w->outcome.has_fault = false;
        fault_set(&w->fault, "%s", journal_answer_text(r->unjournaled));
    }
    return lines_reply(r, w);
}

enum MHD_Result lines_answer(struct request *r)
{
    struct lines_write *w = write_of(r);
    if (w == NULL)
        return reply_fault(r, NABLA_ENOMEM, NULL);
    if (r->too_long)
        refuse_length(r->http, w, LIMIT_HTTP_BODY, "the body is longer than http.max_body");
    struct network from = request_from(r);
    sink_from(&r->http->sink, &w->inlet, &from);
    take_end(r, w);
    lines_judge(w);
    if (r->ticket.last == 0)
        return reply(r, w);
    return request_prepare(r, (struct job){durable_wait, reply, free_write, w});
}
