/* http/scan.c -- the table read in slices: the one lock that a query takes is held for a slice. */
#include "http/scan.h"

#include <stdlib.h>

enum nabla_status scan_new(struct http *h, const struct ask *ask, bool by_family, struct scan *out)
{
    struct query query = {.any = (const struct selector *const *)ask->any,
                          .any_n = ask->any_n,
                          .states = ask->states,
                          .by_family = by_family};
    struct scan s = {.http = h};
    enum nabla_status status = table_select(h->options.table, &query, clock_now(), &s.found);
    if (status == NABLA_OK)
        status = scan_hold(&s, s.found.n * sizeof s.found.at[0]);
    if (status == NABLA_OK)
        *out = s;
    else
        scan_fini(&s);
    return status;
}

enum nabla_status scan_hold(struct scan *s, uint64_t bytes)
{
    struct http *h = s->http;
    uint64_t others = h->held_bytes - s->held;
    if (others > 0 && h->held_bytes + bytes > h->options.max_held_bytes)
        return NABLA_ELIMIT;
    h->held_bytes += bytes;
    s->held += bytes;
    return NABLA_OK;
}

void scan_fini(struct scan *s)
{
    if (s->http != NULL)
        s->http->held_bytes -= s->held;
    findings_fini(&s->found);
    *s = (struct scan){0};
}

static enum nabla_status read_some(struct http *h, struct scan *s, uint32_t n)
{
    enum nabla_status status =
        table_read(h->options.table, s->found.at + s->at, n, clock_now(), &h->readings);
    if (status == NABLA_OK)
        s->at += n;
    return status;
}

enum nabla_status scan_read(struct http *h, struct scan *s)
{
    uint32_t left = s->found.n - s->at;
    return read_some(h, s, left < READINGS_MAX ? left : READINGS_MAX);
}

enum nabla_status scan_read_one(struct http *h, struct scan *s)
{
    return read_some(h, s, 1);
}

struct list {
    struct scan scan;
    enum time_style style;
    void (*write)(struct buf *b, const struct reading *r, enum time_style style);
    bool begun, follows; /* something was written; a line was */
};

static enum step list_next(struct http *h, void *ctx, struct buf *out)
{
    struct list *l = ctx;
    if (!l->begun)
        envelope_open(out);
    l->begun = true;
    if (scan_has_more(&l->scan)) {
        if (scan_read(h, &l->scan) != NABLA_OK)
            return STEP_FAILED;
        for (uint32_t i = 0; i < h->readings.n; i++) {
            buf_text(out, l->follows ? ",\n" : "\n");
            l->follows = true;
            l->write(out, &h->readings.at[i], l->style);
        }
    }
    if (scan_has_more(&l->scan))
        return STEP_MORE;
    envelope_close(out);
    return STEP_DONE;
}

static void list_free(struct http *h, void *ctx)
{
    struct list *l = ctx;
    (void)h;
    scan_fini(&l->scan);
    free(l);
}

enum MHD_Result list_reply(struct request *r, struct scan *scan, const struct ask *ask,
                           void (*write)(struct buf *b, const struct reading *r,
                                         enum time_style style))
{
    struct list *l = calloc(1, sizeof *l);
    if (l == NULL) {
        scan_fini(scan);
        return reply_fault(r, NABLA_ENOMEM, NULL);
    }
    *l = (struct list){.scan = *scan, .style = ask->style, .write = write};
    *scan = (struct scan){0};
    if (ask->limit != 0 && l->scan.found.n > ask->limit)
        l->scan.found.n = ask->limit;
    return reply_source(r, TYPE_JSON, (struct source){list_next, list_free, l});
}
