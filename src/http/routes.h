/* http/routes.h -- paths to resources. */
#ifndef HTTP_ROUTES_H
#define HTTP_ROUTES_H

#include "doors/rights.h"
#include "http/request.h"

enum {
    METHOD_GET = 1, /* and HEAD */
    METHOD_POST = 2,
    METHOD_PUT = 4
};

/* A POST's body that is the resource's own affair; answer() is asked for one that is too_long or
 * too_many, too. */
struct body_rule {
    size_t (*max)(const struct http_options *o); /* bytes that it may have */
    /* Asked before a body that is larger than a form's is kept, n bytes by now: false if there is no
     * place for it, which makes it one too_many. NULL: there is. */
    bool (*place)(struct request *r, size_t n);
    /* Takes data[0..n) as they come; returns how many of them: the others come again when the loop has had
     * a turn. NULL: the body is kept whole in r->body. */
    size_t (*take)(struct request *r, const char *data, size_t n);
};

struct route {
    const char *path; /* "/api/v1/label/NAME/values": NAME is any one segment */
    unsigned rights;  /* doors/rights.h: any of them will do */
    unsigned methods;
    const char *allow;            /* the same, for the header of a 405 */
    const struct body_rule *body; /* NULL: a body is a form, or nothing */
    enum http_handler handler;
    enum MHD_Result (*answer)(struct request *r);
};

/* The route of path[0..n), which is not decoded; NULL if there is none. *name is the segment at
 * NAME, if the route has one. */
const struct route *route_find(char *path, size_t n, char **name, size_t *name_n);

/* What stands for a handler in the metrics: "/api/v1/rates"; "other" for what is no resource. */
const char *route_label(enum http_handler handler);

/* The resources. Each gives its answer to libmicrohttpd, or starts a job. */
enum MHD_Result rates_answer(struct request *r);
enum MHD_Result points_answer(struct request *r);
enum MHD_Result series_answer(struct request *r);
enum MHD_Result series_rules_answer(struct request *r);
enum MHD_Result labels_answer(struct request *r);
enum MHD_Result label_values_answer(struct request *r);
enum MHD_Result rules_answer(struct request *r);
enum MHD_Result rule_series_answer(struct request *r);
enum MHD_Result alerts_answer(struct request *r);
enum MHD_Result notifications_answer(struct request *r);
enum MHD_Result status_answer(struct request *r);
enum MHD_Result metrics_answer(struct request *r);
enum MHD_Result query_answer(struct request *r);
enum MHD_Result query_range_answer(struct request *r);
enum MHD_Result exemplars_answer(struct request *r);
enum MHD_Result metadata_answer(struct request *r);
enum MHD_Result buildinfo_answer(struct request *r);
enum MHD_Result federate_answer(struct request *r);
enum MHD_Result stream_answer(struct request *r);
enum MHD_Result gradient_answer(struct request *r);
enum MHD_Result remote_write_answer(struct request *r);
enum MHD_Result lines_answer(struct request *r);
enum MHD_Result influx_query_answer(struct request *r);
enum MHD_Result influx_ping_answer(struct request *r);
enum MHD_Result influx_health_answer(struct request *r);
enum MHD_Result healthy_answer(struct request *r);
enum MHD_Result ready_answer(struct request *r);
enum MHD_Result reload_answer(struct request *r);
enum MHD_Result home_answer(struct request *r);
enum MHD_Result page_file_answer(struct request *r);

/* Whether / is asked for by a browser, and there is a page for it; and that. */
bool page_is_wanted(const struct request *r);
enum MHD_Result page_answer(struct request *r);

/* The bodies of those that have one of their own. */
extern const struct body_rule gradient_body, remote_write_body, lines_body;

#endif
