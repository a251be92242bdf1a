/* http/runs.h -- a sort in slices, so that others have their turn meanwhile. No allocation but at the begin. */
#ifndef HTTP_RUNS_H
#define HTTP_RUNS_H

#include "numeric/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RUN = 4096 }; /* things that are sorted at once: half a millisecond */

struct runs {
    char *base; /* borrowed: n things of size bytes */
    uint32_t n, size;
    int (*compare)(const void *a, const void *b, void *ctx); /* 0 of nothing but itself */
    void *ctx;
    uint32_t sorted; /* the things before it are in runs, each in order */
    uint32_t *
        heads; /* owned; of each run that has more to tell the first, the least of all at the root */
    uint32_t heads_n;
};

/* Errors: NABLA_ENOMEM. */
MUST_CHECK enum nabla_status runs_begin(struct runs *r, void *base, uint32_t n, uint32_t size,
                                        int (*compare)(const void *, const void *, void *),
                                        void *ctx);
void runs_fini(struct runs *r); /* accepts a zeroed one */

/* Puts a run in order. False: there was none left, and the first thing can be told. */
bool runs_sort_some(struct runs *r);

/* The next in order; NULL: that was all. */
const void *runs_next(struct runs *r);

#endif
