/* http/reply.h -- answers: small ones at once, large ones slice by slice, either made smaller by
 * gzip when the client asked for that. Each counts the request and its bytes, and has Content-Type,
 * Cache-Control: no-store unless it has its own, X-Content-Type-Options: nosniff, and the headers of web.yml. */
#ifndef HTTP_REPLY_H
#define HTTP_REPLY_H

#include "http/request.h"

#define TYPE_JSON   "application/json; charset=utf-8"
#define TYPE_PLAIN  "text/plain; charset=utf-8"
#define TYPE_HTML   "text/html; charset=utf-8"
#define TYPE_EVENTS "text/event-stream; charset=utf-8"

/* Where a large answer comes from. */
struct source {
    /* Appends the next slice to out, some 100 KB at most, perhaps nothing. STEP_FAILED ends the
     * connection, so that the client sees that the answer is cut. */
    enum step (*next)(struct http *h, void *ctx, struct buf *out);
    void (*free)(struct http *h, void *ctx);
    void *ctx;
};

/* A header that one answer alone has; value NULL: none. */
struct extra {
    const char *name, *value;
};

/* {"status":"error","errorType":...,"error":...}; the type follows from the status. */
__attribute__((format(printf, 3, 4))) enum MHD_Result reply_error(struct request *r,
                                                                  unsigned status,
                                                                  const char *format, ...);
/* The same as bytes, but for the last brace and LF: an object that may have more. */
void reply_error_begin(struct buf *b, unsigned status, const char *text);
/* The same, with a header of its own. */
enum MHD_Result reply_error_extra(struct request *r, unsigned status, const char *text,
                                  struct extra extra);
/* NABLA_EINVAL is the client's fault: 400; NABLA_ELIMIT: 503; all else ours: 500. */
enum MHD_Result reply_fault(struct request *r, enum nabla_status why, const struct fault *fault);
enum MHD_Result reply_405(struct request *r, const char *allow);
/* 503, to be tried again in a second. */
enum MHD_Result reply_busy(struct request *r, const char *why);

/* body is taken over; a failed one is answered with 500. */
enum MHD_Result reply_buf(struct request *r, unsigned status, const char *type, struct buf *body,
                          struct extra extra);
enum MHD_Result reply_source(struct request *r, const char *type, struct source source);

/* A ready response, taken over: headers are added, the request is counted. */
enum MHD_Result reply_queue(struct request *r, unsigned status, const char *type,
                            struct MHD_Response *response);

/* {"status":"success","data":[ and ]} around the lines of a list. */
void envelope_open(struct buf *b);
void envelope_close(struct buf *b);

#endif
