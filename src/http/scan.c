/* http/scan.c -- the table read in slices: the one lock that a query takes is held for a slice. */
#include "http/scan.h"

#include <stdlib.h>

enum nabla_status scan_new(struct http *h, struct ask *ask, bool by_family, struct scan *out)
{
    struct scan s = {.http = h, .ask = malloc(sizeof *s.ask), .stride = READINGS_MAX};
    if (s.ask == NULL) {
        ask_fini(ask);
        return NABLA_ENOMEM;
    }
    *s.ask = *ask;
    *ask = (struct ask){0};
    ask_charge(s.ask);
    struct query query = {.any = (const struct selector *const *)s.ask->any,
                          .any_n = s.ask->any_n,
                          .states = s.ask->states,
                          .by_family = by_family,
                          .exposed = s.ask->exposed,
                          .effort = &s.ask->effort};
    enum nabla_status status = selection_new(h->options.table, &query, clock_now(), &s.selection);
    if (status == NABLA_OK)
        *out = s;
    else
        scan_fini(&s);
    return status;
}

enum step scan_select(struct scan *s)
{
    int64_t end = clock_now().mono_ns + s->http->slice_ns;
    bool done = s->selection == NULL;
    while (!done) {
        if (selection_step(s->selection, &done) != NABLA_OK)
            return STEP_FAILED;
        uint64_t bytes = selection_bytes(s->selection);
        s->busy =
            scan_is_spent(s) || (bytes > s->held && scan_hold(s, bytes - s->held) != NABLA_OK);
        if (s->busy)
            return STEP_DONE;
        if (!done && clock_now().mono_ns > end)
            return STEP_MORE;
    }
    if (s->selection != NULL) {
        s->found = selection_steal(s->selection);
        s->total = s->found.n;
    }
    selection_free(s->selection);
    s->selection = NULL;
    return STEP_DONE;
}

void scan_begin_slice(struct scan *s)
{
    s->since = s->ask->effort;
    s->until_ns = clock_now().mono_ns + SLICE_NS;
}

bool scan_is_due(struct scan *s)
{
    const struct effort *now = &s->ask->effort;
    if (!effort_is_slice(now, &s->since))
        return false;
    if (now->dear != s->since.dear || clock_now().mono_ns > s->until_ns)
        return true;
    s->since = *now;
    return false;
}

enum MHD_Result scan_refuse(struct request *r, const struct scan *s)
{
    if (!scan_is_spent(s))
        return reply_fault(r, NABLA_ELIMIT, NULL);
    count(&s->http->options.stats->limited[LIMIT_HTTP_OVERRUNS], 1);
    return reply_error(r, MHD_HTTP_UNPROCESSABLE_CONTENT,
                       "its regular expressions needed more than %d steps for each of %d values",
                       SELECTOR_MATCH_LIMIT, OVERRUNS_MAX);
}

enum step scan_cut(const struct scan *s)
{
    count(&s->http->options.stats->limited[LIMIT_HTTP_OVERRUNS], 1);
    return STEP_FAILED;
}

enum nabla_status scan_hold(struct scan *s, uint64_t bytes)
{
    struct http *h = s->http;
    if (pool_hold(&h->pool, &s->held, s->held + bytes))
        return NABLA_OK;
    count(&h->options.stats->limited[LIMIT_HTTP_MEMORY], 1);
    return NABLA_ELIMIT;
}

void scan_fini(struct scan *s)
{
    if (s->http != NULL)
        pool_leave(&s->http->pool, &s->held);
    findings_fini(&s->found);
    selection_free(s->selection);
    if (s->ask != NULL)
        ask_fini(s->ask);
    free(s->ask);
    *s = (struct scan){0};
}

static enum nabla_status read_some(struct http *h, struct scan *s, uint32_t n)
{
    enum nabla_status status =
        table_read(h->options.table, s->found.at + s->at, n, clock_now(), &h->readings);
    s->first = s->at;
    if (status == NABLA_OK)
        s->at += n;
    return status;
}

enum nabla_status scan_read(struct http *h, struct scan *s)
{
    return read_some(h, s, scan_stride(s, s->found.n - s->at));
}

uint32_t scan_stride(struct scan *s, uint32_t left)
{
    uint32_t n = s->stride;
    s->stride = 2 * n < READINGS_MAX ? 2 * n : READINGS_MAX;
    return left < n ? left : n;
}

void scan_put_back(struct scan *s, uint32_t i)
{
    const struct readings *r = &s->http->readings;
    if (i >= r->n)
        return;
    s->at = s->first + r->at[i].number;
    s->stride = i > 0 ? i : 1;
}

enum nabla_status scan_read_one(struct http *h, struct scan *s)
{
    return read_some(h, s, 1);
}

struct list {
    struct scan scan;
    void (*write)(struct buf *b, const struct reading *r, enum time_style style);
    bool (*write_each)(struct http *h, struct buf *b, const struct found *found,
                       const struct reading *r, const struct ask *ask); /* instead, one by one */
    bool begun, follows; /* something was written; a line was */
};

static void separate(struct list *l, struct buf *out)
{
    buf_text(out, l->follows ? ",\n" : "\n");
    l->follows = true;
}

static bool write_next(struct http *h, struct list *l, struct buf *out)
{
    const struct found *found = &l->scan.found.at[l->scan.at];
    if (scan_read_one(h, &l->scan) != NABLA_OK)
        return false;
    if (h->readings.n == 0) /* it has gone */
        return true;
    separate(l, out);
    return l->write_each(h, out, found, &h->readings.at[0], l->scan.ask);
}

static bool write_some(struct http *h, struct list *l, struct buf *out)
{
    if (l->write_each != NULL)
        return write_next(h, l, out);
    if (scan_read(h, &l->scan) != NABLA_OK)
        return false;
    for (uint32_t i = 0; i < h->readings.n; i++) {
        separate(l, out);
        l->write(out, &h->readings.at[i], l->scan.ask->style);
    }
    return true;
}

static enum step list_next(struct http *h, void *ctx, struct buf *out)
{
    struct list *l = ctx;
    if (!l->begun)
        envelope_open(out);
    l->begun = true;
    if (scan_has_more(&l->scan) && !write_some(h, l, out))
        return STEP_FAILED;
    if (scan_has_more(&l->scan))
        return STEP_MORE;
    if (l->scan.ask->paged)
        buf_printf(out, "\n],\"total\":%u}\n", l->scan.total);
    else
        envelope_close(out);
    return STEP_DONE;
}

static void free_list(void *ctx)
{
    struct list *l = ctx;
    scan_fini(&l->scan);
    free(l);
}

static void free_source(struct http *h, void *ctx)
{
    (void)h;
    free_list(ctx);
}

static enum MHD_Result stream(struct request *r, struct list *l)
{
    const struct ask *ask = l->scan.ask;
    uint32_t n = l->scan.found.n;
    l->scan.at = ask->offset < n ? ask->offset : n;
    if (ask->limit != 0 && n - l->scan.at > ask->limit)
        l->scan.found.n = l->scan.at + ask->limit;
    return reply_source(r, TYPE_JSON, (struct source){list_next, free_source, l});
}

enum MHD_Result list_reply(struct request *r, struct scan *scan,
                           void (*write)(struct buf *b, const struct reading *r,
                                         enum time_style style))
{
    struct list *l = malloc(sizeof *l);
    if (l == NULL) {
        scan_fini(scan);
        return reply_fault(r, NABLA_ENOMEM, NULL);
    }
    *l = (struct list){.scan = *scan, .write = write};
    *scan = (struct scan){0};
    return stream(r, l);
}

static enum step select_step(struct request *r, void *ctx)
{
    struct list *l = ctx;
    (void)r;
    return scan_select(&l->scan);
}

static enum MHD_Result select_reply(struct request *r, void *ctx)
{
    struct list *l = ctx;
    if (l->scan.busy)
        return scan_refuse(r, &l->scan);
    r->job.free = NULL; /* the answer has it now */
    return stream(r, l);
}

static enum MHD_Result select_first(struct request *r, struct ask *ask, struct list all)
{
    struct list *l = malloc(sizeof *l);
    if (l != NULL)
        *l = all;
    if (l == NULL || scan_new(r->http, ask, false, &l->scan) != NABLA_OK) {
        ask_fini(ask);
        free(l);
        return reply_fault(r, NABLA_ENOMEM, NULL);
    }
    return request_prepare(r, (struct job){select_step, select_reply, free_list, l});
}

enum MHD_Result list_answer(struct request *r, struct ask *ask,
                            void (*write)(struct buf *b, const struct reading *r,
                                          enum time_style style))
{
    return select_first(r, ask, (struct list){.write = write});
}

enum MHD_Result list_answer_each(struct request *r, struct ask *ask,
                                 bool (*write)(struct http *h, struct buf *b,
                                               const struct found *found, const struct reading *r,
                                               const struct ask *ask))
{
    return select_first(r, ask, (struct list){.write_each = write});
}
