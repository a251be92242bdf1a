/* http/rank.h -- the first so many of a set of series by some key, in the memory of so many. Pure but for that. */
#ifndef HTTP_RANK_H
#define HTTP_RANK_H

#include "base/buf.h"
#include "http/params.h"
#include "http/runs.h"
#include "series/table.h"

struct ranked {
    struct found found;
    uint32_t place; /* in the order in which they were added */
    double key;
    union {
        double tie; /* decides where keys do not; NaN: last */
        struct {
            uint32_t at, n; /* SORT_NAME: its labels, in names */
        } name;
    };
};

struct ranking {
    enum sort_by by;
    bool descending;
    struct ranked *at; /* owned */
    uint32_t n, cap, seen;
    bool is_heap; /* at[0] is the last of them */
    struct buf names;
    uint64_t live; /* bytes of names that somebody in at[] has */
    struct runs runs;
};

/* By what ask says, the first `most` of `all`, at the most, that are going to be added. Errors: NABLA_ENOMEM. */
MUST_CHECK enum nabla_status ranking_init(struct ranking *r, const struct ask *ask, uint32_t most,
                                          uint32_t all);
void ranking_fini(struct ranking *r); /* accepts a zeroed one */

/* Errors: NABLA_ENOMEM. */
MUST_CHECK enum nabla_status ranking_add(struct ranking *r, const struct found *found,
                                         const struct reading *reading);

/* All have been added. Errors: NABLA_ENOMEM. */
MUST_CHECK enum nabla_status ranking_close(struct ranking *r);

/* Goes on sorting for half a millisecond; false: that is done. */
bool ranking_sort_some(struct ranking *r);

/* The next in order, when all are sorted; NULL: that was all. A series whose key is not known comes last in either
 * direction; equal ones stay in the order in which they were added. */
const struct ranked *ranking_next(struct ranking *r);

#endif
