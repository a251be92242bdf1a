/* http/home.c -- /: the page, for a browser (page.c); a list of what is here for all others, and where there is no
 * page. The list has no script, no style, nothing from elsewhere; its policy says so. */
#include "http/reply.h"
#include "http/routes.h"

static const char list[] =
    "<!DOCTYPE html>\n"
    "<html lang=\"en\">\n"
    "<head><meta charset=\"utf-8\"><title>nablad</title></head>\n"
    "<body>\n"
    "<h1>nablad " NABLA_VERSION "</h1>\n"
    "<p>Samples in, rates of change out.</p>\n"
    "<ul>\n"
    "<li><a href=\"/api/v1/rates?sort=-rate&amp;limit=20\">/api/v1/rates</a>: the rates of change, "
    "here the twenty largest; <code>match[]=temperature{site=\"a\"}</code> selects</li>\n"
    "<li><a href=\"/api/v1/labels\">/api/v1/labels</a>, "
    "<a href=\"/api/v1/label/__name__/values\">/api/v1/label/__name__/values</a>, "
    "<code>/api/v1/series</code>: which series there are</li>\n"
    "<li><code>/api/v1/query</code>, <code>/api/v1/query_range</code>, "
    "<a href=\"/api/v1/metadata\">/api/v1/metadata</a>: as a Prometheus answers Grafana</li>\n"
    "<li><code>/api/v1/alerts</code>, <code>/api/v1/rules</code>: what alarms, and by which "
    "rules; <code>/api/v1/rules/series</code>: how far each series is from that, "
    "<code>/api/v1/series/rules</code>: how one stands under all; "
    "<a href=\"/api/v1/notifications\">/api/v1/notifications</a>: who was told, and answered "
    "what</li>\n"
    "<li><a href=\"/api/v1/status\">/api/v1/status</a>: how nablad is</li>\n"
    "<li><code>/api/v1/points</code>: recent points of series that keep them</li>\n"
    "<li><a href=\"/api/v1/stream\">/api/v1/stream</a>: each rate as it is born, as server-sent "
    "events</li>\n"
    "<li><code>POST /api/v1/lines</code>: samples in, as lines of JSON, Influx or Graphite; "
    "<code>/api/v1/write</code>, <code>/write</code>, <code>/api/v2/write</code>: from Prometheus "
    "and InfluxDB's clients; <code>/ping</code>, <code>/health</code> and <code>/query</code> for "
    "those</li>\n"
    "<li><code>POST /api/v1/gradient</code>: numpy.gradient of an array that is sent</li>\n"
    "<li><a href=\"/metrics\">/metrics</a>: the rates, and nablad's own state, for "
    "Prometheus; <code>/federate?match[]=</code>: some of it</li>\n"
    "<li><a href=\"/-/healthy\">/-/healthy</a>, <a href=\"/-/ready\">/-/ready</a>, "
    "<code>POST /-/reload</code></li>\n"
    "</ul>\n"
    "</body>\n"
    "</html>\n";

enum MHD_Result home_answer(struct request *r)
{
    struct buf b = {0};
    if (page_is_wanted(r))
        return page_answer(r);
    buf_add(&b, list, sizeof list - 1);
    return reply_buf(r, MHD_HTTP_OK, TYPE_HTML, &b,
                     (struct extra){MHD_HTTP_HEADER_CONTENT_SECURITY_POLICY,
                                    "default-src 'none'; base-uri 'none'; form-action 'none'; "
                                    "frame-ancestors 'none'"});
}
