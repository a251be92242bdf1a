/* series/extra.h -- what a series has beside its record, if its rule asks for it; and the way of a sample
 * through that:
 *
 *     came ─► reorder ─► echo ─► wrap ─► guard ─► merge ─► window ─► trend
 *             late:       any of wrap    max_rate min_dt      └────► kept, extremes
 *
 * A series without such a rule gets one when an integer comes that no double holds (numeric/exact.h).
 * Belongs to its shard's lock. Elsewhere: the window itself (table_apply.c), silence (table_sweep.c). */
#ifndef SERIES_EXTRA_H
#define SERIES_EXTRA_H

#include "numeric/trend.h"
#include "series/echo.h"
#include "series/guard.h"
#include "series/kept.h"
#include "series/merge.h"
#include "series/record.h"
#include "series/reorder.h"
#include "series/table.h"

struct extremes {
    double least, most; /* [v/s]; least > most: no point since */
    uint32_t reader;    /* who they are for, see struct table: of another, they are void */
};

struct extra {
    struct trend
        trend; /* of all samples of the run but the newest; a counter's without its resets */
    struct exact trend_from;  /* values are told to it from this one, */
    double trend_base;        /* [v] which itself is so high; a counter's reset begins another */
    double wrapped;           /* [v] what overflows have taken away in this run */
    uint32_t wraps;           /* overflows since the series began */
    bool exact;               /* a value of this run has a rest: rest[] is in use, else all 0 */
    double rest[WINDOW_KEPT]; /* of the record's window */
    struct exact came;  /* the newest sample, whatever became of it; to it increments are added */
    bool adds;          /* they have come */
    struct merge merge; /* what the newest sample is the mean of */
    struct guard guard;
    struct reorder *reorder; /* owned; NULL unless samples are sorted */
    struct echoes *echoes;   /* owned; NULL unless rules change samples */
    struct kept kept;
    int64_t
        kept_from_ns; /* where the newest saved block of them begins; INT64_MIN: none is saved */
    struct extremes extremes[SCRAPERS_MAX];
};

/* Trend and level of the run at its newest sample. */
bool extra_trend(const struct extra *e, const struct record *x, const struct policy *p,
                 struct trend_slope *out);

#endif
