/* http/gradient_work.h -- one gradient, from the bytes of a request to those of its answer. Knows no
 * connection: it is done in a thread of libuv's work queue. */
#ifndef HTTP_GRADIENT_WORK_H
#define HTTP_GRADIENT_WORK_H

#include "base/stats.h"
#include "conf/conf.h"
#include "http/params.h"
#include "http/pool.h"
#include "wire/gradient_body.h"

struct gradient_work {
    /* what is asked: set before, taken over */
    struct buf body;
    bool npy_in, npy_out;    /* else JSON */
    struct gradient_ask ask; /* of a .npy body, its manner; else made of the body */
    struct conf_gradient limits;
    struct pool *pool; /* borrowed */
    uint64_t held; /* its part of the pool: the body's bytes by then; until gradient_work_fini */
    int64_t deadline_ns;   /* monotonic */
    atomic_bool cancelled; /* set by any thread: nobody wants it any more */

    /* what came of it: read when it is done */
    enum gradient_outcome outcome;
    bool full;         /* the pool had no room: the outcome is GRADIENT_BUSY */
    unsigned status;   /* of HTTP */
    struct buf answer; /* the body, or why there is none: a sentence, not terminated */
    uint64_t elements; /* of all results */
    int64_t spent_ns;
};

/* Reads what a query asks of a .npy body: axis=0,1 and spacing=0.5 or spacing=0,1,3, which add up,
 * edge_order and mode. Errors: NABLA_EINVAL for a parameter that is none of these, is given twice or
 * cannot be read, with a sentence in *why; NABLA_ENOMEM. */
MUST_CHECK enum nabla_status gradient_query_read(const struct params *p, struct gradient_manner *m,
                                                 struct buf *why);

/* Does it, or says why not. It stops soon once it is cancelled or late: every 16,384 numbers while
 * text is read and written, but not within the computation, which is bounded by max_elements. */
void gradient_work_run(struct gradient_work *w);
void gradient_work_fini(struct gradient_work *w); /* accepts a zeroed one */

#endif
