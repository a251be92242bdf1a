/* http/influx_write.c -- POST /write and POST /api/v2/write: lines as InfluxDB's clients send them.
 *
 *     a piece of the body ──► [ inflate ] ──► behind the beginning of a line ──► sink ──► table
 *                                                     ▲                           │
 *                                                     └── what is no line yet ────┘
 *
 * Laws: the body is never held: a line at most, and what one piece unpacks to; good lines are taken
 * when they come, whatever follows; cutting the body anywhere changes nothing (test_influx_write.c).
 * Elsewhere: lines (wire/lines.h), batches and counts (net/sink.h), the other resources of InfluxDB's
 * API (influx_query.c). */
#include "http/durable.h"
#include "http/inflate.h"
#include "http/influx.h"
#include "http/routes.h"
#include "wire/json_out.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { PIECES_A_TURN = 4 }; /* of TEXT_PIECE bytes: a body that unpacks to a thousandfold rests */

struct influx_write {
    struct inlet inlet;
    struct outcome outcome;
    struct inflater *inflater; /* NULL: the body comes as it is */
    struct buf carry;          /* the beginning of a line */
    bool skipping;             /* the rest of a line that is too long */
    uint64_t unpacked;         /* bytes, of a body that was packed */
    unsigned status;           /* not 0: why the rest of the body is not looked at */
    struct fault fault;
};

static void refuse(struct influx_write *w, unsigned status, const char *why)
{
    if (w->status != 0)
        return;
    w->status = status;
    fault_set(&w->fault, "%s", why);
}

static void refuse_length(struct http *h, struct influx_write *w, enum limit limit, const char *why)
{
    if (w->status == 0)
        count(&h->options.stats->limited[limit], 1);
    refuse(w, MHD_HTTP_CONTENT_TOO_LARGE, why);
}

static void free_write(void *ctx)
{
    struct influx_write *w = ctx;
    inflater_free(w->inflater);
    buf_fini(&w->carry);
    free(w);
}

/* ---- the headers and the query */

static const struct param *find_param(const struct request *r, const char *name)
{
    for (uint32_t i = 0; i < r->params.n; i++)
        if (r->params.at[i].name_n == strlen(name) &&
            memcmp(r->params.at[i].name, name, strlen(name)) == 0)
            return &r->params.at[i];
    return NULL;
}

static void read_precision(const struct request *r, struct influx_write *w)
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
    const struct param *p = find_param(r, "precision");
    for (size_t i = 0; p != NULL && i < sizeof units / sizeof units[0]; i++)
        if (strlen(units[i].name) == p->value_n &&
            memcmp(units[i].name, p->value, p->value_n) == 0) {
            w->inlet.options.precision_ns = units[i].ns;
            return;
        }
    if (p != NULL)
        refuse(w, MHD_HTTP_BAD_REQUEST, "the precision is none of n, ns, u, us, ms, s, m and h");
}

static void read_coding(const struct request *r, struct influx_write *w)
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
static struct influx_write *write_of(struct request *r)
{
    struct http *h = r->http;
    if (r->job.ctx != NULL)
        return r->job.ctx;
    struct influx_write *w = calloc(1, sizeof *w);
    if (w == NULL)
        return NULL;
    r->job.ctx = w;
    r->job.free = free_write;
    w->inlet = (struct inlet){
        .options = {.format = LINE_INFLUX, .precision_ns = 1, .max_line = h->options.max_line},
        .stats = h->door,
        .outcome = &w->outcome};
    if (request_params(r, &w->fault) != NABLA_OK)
        w->status = MHD_HTTP_BAD_REQUEST;
    read_precision(r, w);
    read_coding(r, w);
    if (w->status == 0 && !durable_accepts(r))
        refuse(w, MHD_HTTP_SERVICE_UNAVAILABLE, journal_answer_text(r->unjournaled));
    return w;
}

/* ---- the body */

/* Keeps the beginning of a line; one longer than the limit is refused and skipped instead. */
static void keep(struct http *h, struct influx_write *w, const char *text, size_t n)
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
static size_t take_lines(struct request *r, struct influx_write *w, const char *text, size_t n)
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
static void take_text(struct request *r, struct influx_write *w, size_t n)
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
static char *open_text(struct http *h, const struct influx_write *w)
{
    if (w->carry.n > 0)
        memcpy(h->text, w->carry.at, w->carry.n);
    return h->text + w->carry.n;
}

static void take_plain(struct request *r, struct influx_write *w, const char *data, size_t n)
{
    for (size_t done = 0, here; done < n && w->status == 0; done += here) {
        here = n - done < TEXT_PIECE ? n - done : TEXT_PIECE;
        memcpy(open_text(r->http, w), data + done, here);
        take_text(r, w, w->carry.n + here);
    }
}

/* One piece of what data unpacks to. Returns its length; *used: of data. */
static size_t unpack(struct request *r, struct influx_write *w, const char *data, size_t n,
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
static size_t take_packed(struct request *r, struct influx_write *w, const char *data, size_t n)
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
    struct influx_write *w = write_of(r);
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

const struct body_rule influx_write_body = {.max = body_max, .take = take};

/* What the unpacking still holds, and the last line, which needs no LF. */
static void take_end(struct request *r, struct influx_write *w)
{
    size_t used;
    while (w->inflater != NULL && w->status == 0 && unpack(r, w, "", 0, &used) == TEXT_PIECE)
        ;
    if (w->inflater != NULL && w->status == 0 && !inflater_is_whole(w->inflater))
        refuse(w, MHD_HTTP_BAD_REQUEST, "the body ends in the middle of its gzip form");
    if (w->status == 0 && w->carry.n > 0)
        take_plain(r, w, "\n", 1);
}

/* ---- the answer */

/* Not the sender's fault, or not one that it would want to hear of with every line. */
static bool is_quiet(enum cause cause)
{
    return cause == CAUSE_STRING || cause == CAUSE_NOT_FINITE || cause == CAUSE_LATE;
}

/* How many lines and samples were refused; *first: the first cause in the list that is not quiet. */
static uint64_t count_dropped(const struct outcome *o, enum cause *first)
{
    uint64_t dropped = 0;
    *first = CAUSE_COUNT;
    for (enum cause c = 0; c < CAUSE_COUNT; c++) {
        if (is_quiet(c) || o->refused[c] == 0)
            continue;
        dropped += o->refused[c];
        *first = *first == CAUSE_COUNT ? c : *first;
    }
    return dropped;
}

static void describe(struct influx_write *w, enum cause first, uint64_t dropped)
{
    const struct outcome *o = &w->outcome;
    if (o->has_fault) /* without its own quotes */
        fault_set(&w->fault,
                  "partial write: unable to parse '%.*s': line %" PRIu64 ", byte %u: %s "
                  "dropped=%" PRIu64,
                  (int)strlen(o->text) - 2, o->text + 1, o->line + 1, o->offset,
                  cause_text(o->fault), dropped);
    else
        fault_set(&w->fault, "partial write: %s dropped=%" PRIu64, cause_text(first), dropped);
}

/* A word of InfluxDB 2's for a status. */
static const char *code_of(unsigned status)
{
    switch (status) {
    case MHD_HTTP_CONTENT_TOO_LARGE: return "request too large";
    case MHD_HTTP_UNSUPPORTED_MEDIA_TYPE: return "unsupported media type";
    case MHD_HTTP_SERVICE_UNAVAILABLE: return "unavailable";
    default: return "invalid";
    }
}

static enum MHD_Result reply_refused(struct request *r, const struct influx_write *w)
{
    struct buf b = {0};
    const char *text = w->fault.message;
    if (r->route->handler == HTTP_INFLUX_WRITE2) {
        buf_printf(&b, "{\"code\":\"%s\",\"message\":", code_of(w->status));
        json_text(&b, text, strlen(text));
        if (w->outcome.has_fault)
            buf_printf(&b, ",\"line\":%" PRIu64, w->outcome.line + 1);
    } else {
        buf_text(&b, "{\"error\":");
        json_text(&b, text, strlen(text));
    }
    buf_text(&b, "}\n");
    return influx_reply(r, w->status, &b);
}

/* The lines are all in: what is there to say of them? */
static void judge(struct influx_write *w)
{
    enum cause first;
    uint64_t dropped = count_dropped(&w->outcome, &first);
    if (w->status != 0 || dropped == 0)
        return;
    w->status = first == CAUSE_MEMORY ? MHD_HTTP_SERVICE_UNAVAILABLE : MHD_HTTP_BAD_REQUEST;
    describe(w, first, dropped);
}

/* All is known, also of the disk. */
static enum MHD_Result reply(struct request *r, void *ctx)
{
    struct influx_write *w = ctx;
    struct buf empty = {0};
    if (r->unjournaled != JOURNAL_TAKEN) {
        w->status = MHD_HTTP_SERVICE_UNAVAILABLE;
        w->outcome.has_fault = false;
        fault_set(&w->fault, "%s", journal_answer_text(r->unjournaled));
    }
    return w->status != 0 ? reply_refused(r, w) : influx_reply(r, MHD_HTTP_NO_CONTENT, &empty);
}

enum MHD_Result influx_write_answer(struct request *r)
{
    struct influx_write *w = write_of(r);
    if (w == NULL)
        return reply_fault(r, NABLA_ENOMEM, NULL);
    if (r->too_long)
        refuse_length(r->http, w, LIMIT_HTTP_BODY, "the body is longer than http.max_body");
    struct network from = request_from(r);
    sink_from(&r->http->sink, &w->inlet, &from);
    take_end(r, w);
    judge(w);
    if (r->ticket.last == 0)
        return reply(r, w);
    return request_prepare(r, (struct job){durable_wait, reply, free_write, w});
}
