/* http/lifecycle.c -- /-/healthy and /-/ready, as Prometheus has them. */
#include "http/reply.h"
#include "http/routes.h"

static enum MHD_Result say(struct request *r, unsigned status, const char *text)
{
    struct buf b = {0};
    buf_text(&b, text);
    return reply_buf(r, status, TYPE_PLAIN, &b, (struct extra){0});
}

enum MHD_Result healthy_answer(struct request *r)
{
    return say(r, MHD_HTTP_OK, "nablad is healthy.\n");
}

enum MHD_Result ready_answer(struct request *r)
{
    if (atomic_load(r->http->options.ready) && !r->http->draining)
        return say(r, MHD_HTTP_OK, "nablad is ready.\n");
    return say(r, MHD_HTTP_SERVICE_UNAVAILABLE, "nablad is not ready.\n");
}
