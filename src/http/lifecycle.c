/* http/lifecycle.c -- /-/healthy, /-/ready and /-/reload, as Prometheus has them. */
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

enum MHD_Result reload_answer(struct request *r)
{
    struct buf errors = {0};
    if (r->http->options.reload == NULL)
        return reply_error(r, MHD_HTTP_SERVICE_UNAVAILABLE, "there is no configuration to reload");
    enum nabla_status status = r->http->options.reload(r->http->options.reload_ctx, &errors);
    buf_char(&errors, '\0');
    enum MHD_Result result =
        status == NABLA_OK ? say(r, MHD_HTTP_OK, "nablad has reloaded its configuration.\n")
        : status == NABLA_EINVAL || status == NABLA_EIO
            ? reply_error(
                  r, status == NABLA_EINVAL ? MHD_HTTP_BAD_REQUEST : MHD_HTTP_INTERNAL_SERVER_ERROR,
                  "%s", errors.failed ? "the configuration is bad" : errors.at)
            : reply_fault(r, NABLA_ENOMEM, NULL);
    buf_fini(&errors);
    return result;
}
