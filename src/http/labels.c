/* http/labels.c -- /api/v1/labels and /api/v1/label/NAME/values: what there is, sorted, each once:
 * of the series as they came, and by the names that /api/v1/query knows.
 * The distinct texts are collected by a job; more than DISTINCT_MAX of them, or DISTINCT_BYTES, are
 * refused, because all have to be held to be sorted. */
#include "http/names.h"
#include "http/routes.h"
#include "http/scan.h"
#include "http/strings.h"

#include <stdlib.h>

enum {
    SLICES_A_STEP = 8,
    DISTINCT_MAX = 200000,
    DISTINCT_BYTES = 32 * 1024 * 1024,
    LINES_A_SLICE = 1024
};

struct collecting {
    struct scan scan;
    struct strings found;
    struct runs runs; /* of found, once there is no more */
    struct exposed scratch;
    const char *name; /* whose values; NULL: the names of labels. Borrowed from the request */
    size_t name_n;
    uint32_t limit;
    bool too_many;
};

static enum nabla_status add(struct collecting *c, const char *text, size_t n)
{
    uint32_t number;
    return strings_add(&c->found, text, n, &number, NULL);
}

static enum nabla_status collect(void *ctx, const struct labelset *labels)
{
    struct collecting *c = ctx;
    struct label_cursor cursor = {0};
    struct label l;
    if (c->name != NULL)
        return labelset_get(labels, c->name, c->name_n, &l) ? add(c, l.value, l.value_n) : NABLA_OK;
    while (labelset_next(labels, &cursor, &l)) {
        enum nabla_status s = add(c, l.name, l.name_n);
        if (s != NABLA_OK)
            return s;
    }
    return NABLA_OK;
}

/* What a series is known by; with exposed=0 as it came alone. */
static enum nabla_status visit(struct collecting *c, const struct reading *r)
{
    return c->scan.ask->as_came ? collect(c, r->labels)
                                : names_visit(r, c->scan.ask, &c->scratch, collect, c);
}

static enum nabla_status visit_some(struct http *h, struct collecting *c)
{
    enum nabla_status status = scan_read(h, &c->scan);
    for (uint32_t i = 0; status == NABLA_OK && i < h->readings.n; i++) {
        status = visit(c, &h->readings.at[i]);
        if (scan_is_due(&c->scan)) {
            scan_put_back(&c->scan, i + 1);
            break;
        }
    }
    return status;
}

static enum step sort_some(struct collecting *c)
{
    return runs_sort_some(&c->runs) ? STEP_MORE : STEP_DONE;
}

static enum step collect_step(struct request *r, void *ctx)
{
    struct collecting *c = ctx;
    if (c->runs.heads != NULL)
        return sort_some(c);
    enum step step = scan_select(&c->scan);
    if (step != STEP_DONE || c->scan.busy)
        return step;
    scan_begin_slice(&c->scan);
    for (int slice = 0; slice < SLICES_A_STEP && scan_has_more(&c->scan); slice++) {
        enum nabla_status s = visit_some(r->http, c);
        c->too_many = s == NABLA_ELIMIT;
        c->scan.busy = scan_is_spent(&c->scan);
        if (s != NABLA_OK || c->scan.busy)
            return s == NABLA_OK || c->too_many ? STEP_DONE : STEP_FAILED;
        if (scan_is_due(&c->scan))
            break;
    }
    if (scan_has_more(&c->scan))
        return STEP_MORE;
    return strings_runs(&c->found, &c->runs) == NABLA_OK ? STEP_MORE : STEP_FAILED;
}

static void free_collecting(void *ctx)
{
    struct collecting *c = ctx;
    scan_fini(&c->scan);
    runs_fini(&c->runs);
    strings_fini(&c->found);
    free(c);
}

struct words {
    struct strings texts;
    struct runs runs; /* of texts */
    uint32_t at, n;
};

static enum step words_next(struct http *h, void *ctx, struct buf *out)
{
    struct words *w = ctx;
    (void)h;
    if (w->at == 0)
        envelope_open(out);
    for (uint32_t end = w->at + LINES_A_SLICE; w->at < end && w->at < w->n; w->at++) {
        const struct string *s = runs_next(&w->runs);
        buf_text(out, w->at > 0 ? ",\n" : "\n");
        json_text(out, w->texts.text.at + s->offset, s->n);
    }
    if (w->at < w->n)
        return STEP_MORE;
    envelope_close(out);
    return STEP_DONE;
}

static void free_words(struct http *h, void *ctx)
{
    struct words *w = ctx;
    (void)h;
    runs_fini(&w->runs);
    strings_fini(&w->texts);
    free(w);
}

static enum MHD_Result words_reply(struct request *r, void *ctx)
{
    struct collecting *c = ctx;
    if (c->scan.busy)
        return scan_refuse(r, &c->scan);
    if (c->too_many)
        return reply_error(r, MHD_HTTP_BAD_REQUEST,
                           "more than %d distinct texts, or %d bytes of them; select fewer series "
                           "by match[]",
                           DISTINCT_MAX, DISTINCT_BYTES);
    struct words *w = calloc(1, sizeof *w);
    if (w == NULL)
        return reply_fault(r, NABLA_ENOMEM, NULL);
    *w = (struct words){.texts = c->found, .runs = c->runs, .n = c->found.n};
    c->found = (struct strings){0};
    c->runs = (struct runs){0};
    if (c->limit != 0 && w->n > c->limit)
        w->n = c->limit;
    return reply_source(r, TYPE_JSON, (struct source){words_next, free_words, w});
}

static enum MHD_Result distinct(struct request *r, const char *name, size_t name_n)
{
    struct ask ask;
    struct fault fault;
    struct scan scan;
    enum nabla_status status =
        ask_read(&r->params, ASK_MATCH | ASK_LIMIT | ASK_EXPOSED, &ask, &fault);
    if (status != NABLA_OK)
        return reply_fault(r, status, &fault);
    uint32_t limit = ask.limit;
    ask.exposed = !ask.as_came;
    struct collecting *c = calloc(1, sizeof *c);
    if (c == NULL || scan_new(r->http, &ask, false, &scan) != NABLA_OK) {
        ask_fini(&ask);
        free(c);
        return reply_fault(r, NABLA_ENOMEM, NULL);
    }
    *c = (struct collecting){.scan = scan, .name = name, .name_n = name_n, .limit = limit};
    c->found = (struct strings){
        .seed = r->http->secret, .max_n = DISTINCT_MAX, .max_bytes = DISTINCT_BYTES};
    return request_prepare(r, (struct job){collect_step, words_reply, free_collecting, c});
}

enum MHD_Result labels_answer(struct request *r)
{
    return distinct(r, NULL, 0);
}

enum MHD_Result label_values_answer(struct request *r)
{
    return distinct(r, r->name, r->name_n);
}
