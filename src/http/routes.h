/* http/routes.h -- paths to resources. */
#ifndef HTTP_ROUTES_H
#define HTTP_ROUTES_H

#include "http/request.h"

enum {
    METHOD_GET = 1, /* and HEAD */
    METHOD_POST = 2,
    METHOD_PUT = 4,
    /* Not a method: a POST's body is the resource's own affair and may be as large as gradient.max_body;
     * answer() is asked for one that is too_long or too_many, too. Else a body is a form, or nothing. */
    OWN_BODY = 8
};

struct route {
    const char *path; /* "/api/v1/label/NAME/values": NAME is any one segment */
    unsigned methods;
    const char *allow; /* the same, for the header of a 405 */
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
enum MHD_Result labels_answer(struct request *r);
enum MHD_Result label_values_answer(struct request *r);
enum MHD_Result metrics_answer(struct request *r);
enum MHD_Result query_answer(struct request *r);
enum MHD_Result query_range_answer(struct request *r);
enum MHD_Result exemplars_answer(struct request *r);
enum MHD_Result metadata_answer(struct request *r);
enum MHD_Result buildinfo_answer(struct request *r);
enum MHD_Result federate_answer(struct request *r);
enum MHD_Result stream_answer(struct request *r);
enum MHD_Result gradient_answer(struct request *r);
enum MHD_Result healthy_answer(struct request *r);
enum MHD_Result ready_answer(struct request *r);
enum MHD_Result reload_answer(struct request *r);
enum MHD_Result home_answer(struct request *r);

#endif
