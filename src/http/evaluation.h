/* http/evaluation.h -- what a selector says at one time, or at each of many: the elements of a vector or matrix as
 * Prometheus writes them, a slice at a time. */
#ifndef HTTP_EVALUATION_H
#define HTTP_EVALUATION_H

#include "base/exposed.h"
#include "http/expr.h"
#include "http/scan.h"
#include "http/seen.h"

/* When a query is about. */
struct span {
    int64_t start_ns, end_ns, step_ns; /* an instant: start is end, step is 1 */
    int64_t lookback_ns;
    int64_t deadline_ns; /* monotonic */
    bool is_range;
};

struct evaluation {
    struct scan scan;
    struct expr expr;
    struct span span;
    struct instant now;        /* when it began: readings are those of then */
    struct seen seen;          /* the labels of elements that were written */
    struct readings *readings; /* owned; some of the series that are to come */
    uint32_t first, next;      /* of them: the first's place in scan.found; the next to write */
    bool begun, follows;       /* something was written; an element was */
    /* the series that is being written, if reading is not NULL */
    const struct reading *reading;
    bool open, has_points; /* an element is chosen; it is begun */
    struct kept_points points;
    unsigned views, view; /* of them the one that is looked at, + 1 */
    uint32_t line;        /* of the view */
    struct exposed_line value;
    struct exposed exposed;
    uint32_t point, newest; /* the next of points; the last before it that has a value, + 1 */
    int64_t step;           /* the next */
};

/* expr is taken over, on success and on failure; its selector is a vector's or a matrix'. The scan's series are
 * to be found by scan_select. Errors: NABLA_ENOMEM. */
MUST_CHECK enum nabla_status evaluation_new(struct http *h, struct expr *expr,
                                            const struct span *span, struct evaluation **out);
void evaluation_free(void *e);

/* Once the series are found, before the first slice. Errors: NABLA_ELIMIT, NABLA_ENOMEM. */
MUST_CHECK enum nabla_status evaluation_hold(struct evaluation *e);

bool evaluation_is_overdue(const struct evaluation *e);

/* A source's (http/reply.h); e: a struct evaluation. */
enum step evaluation_next(struct http *h, void *e, struct buf *out);

/* "matrix" or "vector". */
const char *evaluation_type(const struct evaluation *e);

/* [t,"v"] and t alone, in seconds. */
void evaluation_pair(struct buf *b, int64_t t_ns, double v);
void evaluation_time(struct buf *b, int64_t t_ns);

#endif
