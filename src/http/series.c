/* http/series.c -- /api/v1/series: the labels of what selectors find, as Prometheus lists them: each
 * series as it came, and by the names that /api/v1/query knows it by. */
#include "http/names.h"
#include "http/routes.h"
#include "http/scan.h"

#include <stdlib.h>

struct listing {
    struct scan scan;
    struct exposed scratch;
    struct buf *out;     /* of the slice that is being written */
    uint32_t left;       /* lines that may still be written */
    bool begun, follows; /* something was written; a line was */
};

static void free_listing(void *ctx)
{
    struct listing *l = ctx;
    scan_fini(&l->scan);
    free(l);
}

static void free_source(struct http *h, void *ctx)
{
    (void)h;
    free_listing(ctx);
}

static enum nabla_status write_set(void *ctx, const struct labelset *set)
{
    struct listing *l = ctx;
    if (l->left == 0)
        return NABLA_OK;
    l->left--;
    buf_text(l->out, l->follows ? ",\n" : "\n");
    json_labels(l->out, set);
    l->follows = true;
    return NABLA_OK;
}

static bool write_some(struct http *h, struct listing *l)
{
    if (scan_read(h, &l->scan) != NABLA_OK)
        return false;
    for (uint32_t i = 0; i < h->readings.n; i++) {
        if (names_visit(&h->readings.at[i], l->scan.ask, &l->scratch, write_set, l) != NABLA_OK)
            return false;
        if (scan_is_due(&l->scan)) {
            scan_put_back(&l->scan, i + 1);
            break;
        }
    }
    return true;
}

static enum step listing_next(struct http *h, void *ctx, struct buf *out)
{
    struct listing *l = ctx;
    l->out = out;
    if (!l->begun)
        envelope_open(out);
    l->begun = true;
    scan_begin_slice(&l->scan);
    if (scan_has_more(&l->scan) && !write_some(h, l))
        return STEP_FAILED;
    if (scan_is_spent(&l->scan))
        return scan_cut(&l->scan);
    if (scan_has_more(&l->scan) && l->left > 0)
        return STEP_MORE;
    envelope_close(out);
    return STEP_DONE;
}

static enum step select_step(struct request *r, void *ctx)
{
    struct listing *l = ctx;
    (void)r;
    return scan_select(&l->scan);
}

static enum MHD_Result select_reply(struct request *r, void *ctx)
{
    struct listing *l = ctx;
    if (l->scan.busy)
        return scan_refuse(r, &l->scan);
    r->job.free = NULL; /* the answer has it now */
    return reply_source(r, TYPE_JSON, (struct source){listing_next, free_source, l});
}

enum MHD_Result series_answer(struct request *r)
{
    struct ask ask;
    struct fault fault;
    enum nabla_status status = ask_read(&r->params, ASK_MATCH | ASK_LIMIT, &ask, &fault);
    if (status != NABLA_OK)
        return reply_fault(r, status, &fault);
    if (ask.any_n == 0)
        return reply_error(r, MHD_HTTP_BAD_REQUEST, "no match[] parameter provided");
    struct listing *l = calloc(1, sizeof *l);
    ask.exposed = true;
    if (l != NULL)
        l->left = ask.limit != 0 ? ask.limit : UINT32_MAX;
    if (l == NULL || scan_new(r->http, &ask, false, &l->scan) != NABLA_OK) {
        ask_fini(&ask);
        free(l);
        return reply_fault(r, NABLA_ENOMEM, NULL);
    }
    return request_prepare(r, (struct job){select_step, select_reply, free_listing, l});
}
