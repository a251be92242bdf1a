/* http/request.h -- one request, from its first line to the end of its answer. */
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

#include "base/buf.h"
#include "http/params.h"
#include "http/server.h"

struct route;
struct check;

enum step {
    STEP_MORE,
    STEP_WAIT, /* somebody else goes on, and request_wake says when it is done */
    STEP_DONE,
    STEP_FAILED
};

/* An answer that takes longer to prepare than other clients should wait: it is prepared step by
 * step while the connection is suspended, so that its status can still be chosen at the end. */
struct job {
    enum step (*step)(struct request *r, void *ctx);        /* http->slice_ns or so */
    enum MHD_Result (*reply)(struct request *r, void *ctx); /* after STEP_DONE */
    void (*free)(void *ctx);
    void *ctx;
};

struct request {
    struct http *http;
    struct MHD_Connection *connection;
    struct peer *peer;
    const struct route *route; /* NULL until it is known */
    char *uri;                 /* as it came, decoded in place as it is read */
    char *name;                /* in uri: NAME of /api/v1/label/NAME/values */
    size_t name_n;
    struct buf body;
    unsigned long long length; /* of the body, as the headers say; 0: they do not */
    size_t came;               /* bytes of the body that were kept or taken */
    size_t skipped;            /* bytes of a body that nobody wants */
    uint64_t held;             /* its part of http->pool */
    bool has_params;
    struct params params;
    bool is_head, is_post;
    bool seen;               /* its headers have come */
    bool judged;             /* and who sends it is known, or that nobody does */
    bool whole;              /* counted in http->answering */
    bool queued;             /* an answer has been given to libmicrohttpd */
    bool too_long, too_many; /* why the body was not kept */
    unsigned rights;         /* of who asks: doors/rights.h */
    bool foreign;            /* origin.h */
    unsigned refused;        /* by auth.h: the status that it is answered with; 0: it is not */
    uint32_t retry_s;        /* of a 429 */
    struct check *check;     /* its password is being verified; NULL: none is */
    bool has_place;          /* among those that may have a large body */

    struct journal_ticket ticket;    /* what of it waits for the disk */
    enum journal_answer unjournaled; /* why its samples are not safe; 0: they are, or will be */

    struct job
        job; /* .step == NULL: none, and .ctx whatever the resource keeps while the body comes */
    bool job_done, job_late;
    enum step job_end;
    int64_t deadline_ns;        /* monotonic: its answer is prepared by then, or a 503 is */
    struct request *next, **at; /* in http->jobs, http->stepped, http->waiting, http->resting,
                                 * http->queued, http->stalled or http->checking */
};

/* libmicrohttpd's callbacks; cls is the struct http. */
void *request_begin(void *cls, const char *uri, struct MHD_Connection *connection);
enum MHD_Result request_go_on(void *cls, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *data, size_t *n,
                              void **state);
void request_end(void *cls, struct MHD_Connection *connection, void **state,
                 enum MHD_RequestTerminationCode why);

/* libmicrohttpd has answered itself: the first line or the headers are longer than CONNECTION_MEMORY lets
 * them be. */
void request_head_refused(struct http *h);

/* Prepares an answer by a job, which is taken over; a job that is done in one step is answered in
 * the same call. Returned by a route's answer(). */
enum MHD_Result request_prepare(struct request *r, struct job job);

/* Reads the query's parameters into r->params, once; and those of a form, if the body is one.
 * Errors: as params_read. */
MUST_CHECK enum nabla_status request_params(struct request *r, struct fault *fault);

/* It holds so many bytes in all until it ends; false while answers and bodies on their way hold all
 * that they may. */
bool request_hold(struct request *r, size_t bytes);

/* Who asks. */
struct network request_from(const struct request *r);

/* A header's value, or NULL. */
const char *request_header(const struct request *r, const char *name);

/* A job that waits has come to its end, STEP_DONE or STEP_FAILED: it is answered. */
void request_wake(struct request *r, enum step end);

/* Suspends a request, which is in no list, until it is taken out of this one. */
void request_park(struct request **list, struct request *r);
void request_unpark(struct request *r);

/* Steps of jobs, of each one after the other, for SLICE_NS or one step. */
void jobs_step(struct http *h);
void jobs_cancel(struct http *h); /* they are answered with 503 */

/* Those whose bodies had their share of a turn go on, and the first whose answer is queued. */
void requests_resume(struct http *h);
/* Those whose bodies the journal had no room for. */
void requests_unstall(struct http *h);

#endif
