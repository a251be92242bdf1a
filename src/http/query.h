/* http/query.h -- the times that a query is about, and its limits. Pure. */
#ifndef HTTP_QUERY_H
#define HTTP_QUERY_H

#include "base/clock.h"
#include "http/params.h"

#define QUERY_LOOKBACK_NS ((int64_t)300 * NS_PER_S) /* Prometheus' own */
#define QUERY_TIMEOUT_NS  ((int64_t)120 * NS_PER_S)

enum {
    QUERY_STEPS_MAX = 11000,      /* a series, as Prometheus has it */
    QUERY_SAMPLES_MAX = 50000000, /* of all series together */
    QUERY_YEARS_MAX = 100,        /* of an offset or a range */
};

/* `time`: now if there is none. Errors of all: NABLA_EINVAL with a fault. */
MUST_CHECK enum nabla_status query_instant(const struct params *p, struct instant now,
                                           int64_t *t_ns, struct fault *fault);

/* `start`, `end` and `step`. */
MUST_CHECK enum nabla_status query_steps(const struct params *p, int64_t *start_ns, int64_t *end_ns,
                                         int64_t *step_ns, struct fault *fault);

/* `lookback_delta` and `timeout`, the latter as the monotonic time by which it must be done. */
MUST_CHECK enum nabla_status query_patience(const struct params *p, struct instant now,
                                            int64_t *lookback_ns, int64_t *deadline_ns,
                                            struct fault *fault);

#endif
