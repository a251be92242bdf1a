/* http/reload.c -- POST /-/reload: a thread of libuv's pool reads the configuration, one reload at a time.
 *
 *     wish ─┬─ none is under way ──► it begins ──────────────┐
 *           └─ one is ──► waits for the next, as all such do ─┴─► done ──► answered
 *
 * Laws: who is answered wished before that reload began, so the file was read as it is since then; however many wish,
 * two reloads are the most that any of them waits for. */
#include "http/reply.h"
#include "http/routes.h"

#include <stdlib.h>

struct wish {
    uint64_t number; /* of the reload that it is for */
    enum nabla_status status;
    struct buf errors;
};

static enum step wait_for_reload(struct request *r, void *ctx);

/* ---- a thread of the pool, and back */

static void on_work(uv_work_t *work)
{
    struct http *h = work->data;
    h->reloads.status = h->options.reload(h->options.reload_ctx, &h->reloads.errors);
}

static bool is_wish(const struct request *r)
{
    return r->job.step == wait_for_reload;
}

/* Tells those whose reload is done; returns whether others wait for the next. */
static bool settle(struct http *h)
{
    bool more = false;
    for (struct request *r = h->waiting, *next; r != NULL; r = next) {
        next = r->next;
        struct wish *w = is_wish(r) ? r->job.ctx : NULL;
        if (w == NULL)
            continue;
        if (w->number > h->reloads.begun) {
            more = true;
            continue;
        }
        w->status = h->reloads.status;
        if (h->reloads.errors.n > 0)
            buf_add(&w->errors, h->reloads.errors.at, h->reloads.errors.n);
        request_wake(r, STEP_DONE);
    }
    buf_fini(&h->reloads.errors);
    return more;
}

static void on_worked(uv_work_t *work, int status);

static void begin(struct http *h)
{
    h->reloads.work.data = h;
    h->reloads.begun++;
    h->reloads.running = uv_queue_work(&h->loop, &h->reloads.work, on_work, on_worked) == 0;
}

static void on_worked(uv_work_t *work, int status)
{
    struct http *h = work->data;
    (void)status;
    h->reloads.running = false;
    if (settle(h))
        begin(h);
}

/* ---- a request */

static enum step wait_for_reload(struct request *r, void *ctx)
{
    struct wish *w = ctx;
    struct http *h = r->http;
    w->number = h->reloads.begun + 1;
    if (!h->reloads.running)
        begin(h);
    return h->reloads.running ? STEP_WAIT : STEP_FAILED;
}

static enum MHD_Result reply(struct request *r, void *ctx)
{
    struct wish *w = ctx;
    struct buf b = {0};
    buf_char(&w->errors, '\0');
    switch (w->status) {
    case NABLA_OK:
        buf_text(&b, "nablad has reloaded its configuration.\n");
        return reply_buf(r, MHD_HTTP_OK, TYPE_PLAIN, &b, (struct extra){0});
    case NABLA_EINVAL:
    case NABLA_EIO:
        return reply_error(
            r, w->status == NABLA_EINVAL ? MHD_HTTP_BAD_REQUEST : MHD_HTTP_INTERNAL_SERVER_ERROR,
            "%s", w->errors.failed ? "the configuration is bad" : w->errors.at);
    default: return reply_fault(r, NABLA_ENOMEM, NULL);
    }
}

static void free_wish(void *ctx)
{
    struct wish *w = ctx;
    buf_fini(&w->errors);
    free(w);
}

enum MHD_Result reload_answer(struct request *r)
{
    if (r->http->options.reload == NULL)
        return reply_error(r, MHD_HTTP_SERVICE_UNAVAILABLE, "there is no configuration to reload");
    struct wish *w = calloc(1, sizeof *w);
    if (w == NULL)
        return reply_fault(r, NABLA_ENOMEM, NULL);
    return request_prepare(r, (struct job){wait_for_reload, reply, free_wish, w});
}
