/* http/series.c -- /api/v1/series: the labels of what selectors find, as Prometheus lists them. */
#include "http/routes.h"
#include "http/scan.h"

static void write_labels(struct buf *b, const struct reading *r, enum time_style style)
{
    (void)style;
    json_labels(b, r->labels);
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
    return list_answer(r, &ask, write_labels);
}
