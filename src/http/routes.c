/* http/routes.c -- the table of what is here. */
#include "http/routes.h"

#include <string.h>

static const char name_mark[] = "NAME";

/* Influx' writers create their database by a query. What tells nothing is for everybody who is somebody. */
#define QUERY      METHOD_GET | METHOD_POST, "GET, HEAD, POST", NULL
#define READ       METHOD_GET, "GET, HEAD", NULL
#define POST(body) METHOD_POST, "POST", &(body)

static const struct route routes[] = {
    {"/api/v1/rates", RIGHT_READ, QUERY, HTTP_RATES, rates_answer},
    {"/api/v1/points", RIGHT_READ, QUERY, HTTP_POINTS, points_answer},
    {"/api/v1/series", RIGHT_READ, QUERY, HTTP_SERIES, series_answer},
    {"/api/v1/series/rules", RIGHT_READ, QUERY, HTTP_SERIES_RULES, series_rules_answer},
    {"/api/v1/labels", RIGHT_READ, QUERY, HTTP_LABELS, labels_answer},
    {"/api/v1/label/NAME/values", RIGHT_READ, QUERY, HTTP_LABEL_VALUES, label_values_answer},
    {"/api/v1/query", RIGHT_READ, QUERY, HTTP_QUERY, query_answer},
    {"/api/v1/query_range", RIGHT_READ, QUERY, HTTP_QUERY_RANGE, query_range_answer},
    {"/api/v1/query_exemplars", RIGHT_READ, QUERY, HTTP_EXEMPLARS, exemplars_answer},
    {"/api/v1/metadata", RIGHT_READ, READ, HTTP_METADATA, metadata_answer},
    {"/api/v1/status/buildinfo", RIGHT_READ, READ, HTTP_BUILDINFO, buildinfo_answer},
    {"/api/v1/rules", RIGHT_READ, READ, HTTP_RULES, rules_answer},
    {"/api/v1/rules/series", RIGHT_READ, READ, HTTP_RULE_SERIES, rule_series_answer},
    {"/api/v1/notifications", RIGHT_READ, READ, HTTP_NOTIFICATIONS, notifications_answer},
    {"/api/v1/status", RIGHT_READ, READ, HTTP_STATUS, status_answer},
    {"/api/v1/alerts", RIGHT_READ, READ, HTTP_ALERTS, alerts_answer},
    {"/api/v1/stream", RIGHT_READ, READ, HTTP_STREAM, stream_answer},
    {"/api/v1/gradient", RIGHT_READ, POST(gradient_body), HTTP_GRADIENT, gradient_answer},
    {"/api/v1/write", RIGHT_WRITE, POST(remote_write_body), HTTP_REMOTE_WRITE, remote_write_answer},
    {"/api/v1/lines", RIGHT_WRITE, POST(lines_body), HTTP_LINES, lines_answer},
    {"/write", RIGHT_WRITE, POST(lines_body), HTTP_INFLUX_WRITE, lines_answer},
    {"/api/v2/write", RIGHT_WRITE, POST(lines_body), HTTP_INFLUX_WRITE2, lines_answer},
    {"/query", RIGHT_READ | RIGHT_WRITE, QUERY, HTTP_INFLUX_QUERY, influx_query_answer},
    {"/ping", RIGHTS_ALL, READ, HTTP_INFLUX_PING, influx_ping_answer},
    {"/health", RIGHTS_ALL, READ, HTTP_INFLUX_HEALTH, influx_health_answer},
    {"/metrics", RIGHT_READ, READ, HTTP_METRICS, metrics_answer},
    {"/federate", RIGHT_READ, READ, HTTP_FEDERATE, federate_answer},
    {"/-/healthy", RIGHTS_ALL, READ, HTTP_HEALTHY, healthy_answer},
    {"/-/ready", RIGHTS_ALL, READ, HTTP_READY, ready_answer},
    {"/-/reload", RIGHT_ADMIN, METHOD_POST | METHOD_PUT, "POST, PUT", NULL, HTTP_RELOAD,
     reload_answer},
    {"/page/NAME", RIGHT_READ, READ, HTTP_PAGE, page_file_answer},
    {"/", RIGHT_READ, READ, HTTP_HOME, home_answer},
};
enum { ROUTES = sizeof routes / sizeof routes[0] };

/* True if path is head, one segment that is not empty, and tail. */
static bool match_around(const char *pattern, const char *mark, char *path, size_t n, char **name,
                         size_t *name_n)
{
    size_t head_n = (size_t)(mark - pattern);
    const char *tail = mark + sizeof name_mark - 1;
    size_t tail_n = strlen(tail);
    if (n <= head_n + tail_n || memcmp(path, pattern, head_n) != 0 ||
        memcmp(path + n - tail_n, tail, tail_n) != 0)
        return false;
    *name = path + head_n;
    *name_n = n - head_n - tail_n;
    return memchr(*name, '/', *name_n) == NULL;
}

const struct route *route_find(char *path, size_t n, char **name, size_t *name_n)
{
    for (size_t i = 0; i < ROUTES; i++) {
        const char *mark = strstr(routes[i].path, name_mark);
        if (mark != NULL ? match_around(routes[i].path, mark, path, n, name, name_n)
                         : strlen(routes[i].path) == n && memcmp(path, routes[i].path, n) == 0)
            return &routes[i];
    }
    return NULL;
}

const char *route_label(enum http_handler handler)
{
    for (size_t i = 0; i < ROUTES; i++)
        if (routes[i].handler == handler)
            return routes[i].path;
    return "other";
}
