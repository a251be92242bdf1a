/* http/lines_answer.c -- what a sender of lines is told: nothing, or of the first bad line and how many there were.
 *
 *     /write            {"error":"partial write: ..."}                                  InfluxDB 1
 *     /api/v2/write     {"code":"invalid","message":"partial write: ...","line":2}      InfluxDB 2
 *     /api/v1/lines     {"status":"error","errorType":"bad_data","error":"...","line":2} */
#include "http/influx.h"
#include "http/lines_write.h"
#include "http/routes.h"
#include "wire/json_out.h"

#include <inttypes.h>
#include <string.h>

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

static void describe(struct lines_write *w, enum cause first, uint64_t dropped)
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

void lines_judge(struct lines_write *w)
{
    enum cause first;
    uint64_t dropped = count_dropped(&w->outcome, &first);
    if (w->status != 0 || dropped == 0)
        return;
    w->status = first == CAUSE_MEMORY ? MHD_HTTP_SERVICE_UNAVAILABLE : MHD_HTTP_BAD_REQUEST;
    describe(w, first, dropped);
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

static void put_line(struct buf *b, const struct lines_write *w)
{
    if (w->outcome.has_fault)
        buf_printf(b, ",\"line\":%" PRIu64, w->outcome.line + 1);
}

static enum MHD_Result reply_refused(struct request *r, const struct lines_write *w)
{
    struct buf b = {0};
    const char *text = w->fault.message;
    if (r->route->handler == HTTP_LINES) {
        reply_error_begin(&b, w->status, text);
        put_line(&b, w);
    } else if (r->route->handler == HTTP_INFLUX_WRITE2) {
        buf_printf(&b, "{\"code\":\"%s\",\"message\":", code_of(w->status));
        json_text(&b, text, strlen(text));
        put_line(&b, w);
    } else {
        buf_text(&b, "{\"error\":");
        json_text(&b, text, strlen(text));
    }
    buf_text(&b, "}\n");
    return r->route->handler == HTTP_LINES
               ? reply_buf(r, w->status, TYPE_JSON, &b, (struct extra){0})
               : influx_reply(r, w->status, &b);
}

enum MHD_Result lines_reply(struct request *r, struct lines_write *w)
{
    struct buf empty = {0};
    if (w->status != 0)
        return reply_refused(r, w);
    return r->route->handler == HTTP_LINES
               ? reply_buf(r, MHD_HTTP_NO_CONTENT, TYPE_JSON, &empty, (struct extra){0})
               : influx_reply(r, MHD_HTTP_NO_CONTENT, &empty);
}
