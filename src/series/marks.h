/* series/marks.h -- the newest samples that did not go the plain way: late, merged, held back, refused; so that
 * somebody who looks at a series sees where and why.
 *
 * Each shard has MARK_LANES rings; a series writes into one of them, by its place, so that one that is always
 * late does not push out what is known of most others. Nothing is kept longer than there is room, nothing is
 * saved. The owner's shard is locked. */
#ifndef SERIES_MARKS_H
#define SERIES_MARKS_H

#include "base/cause.h"
#include "series/feed.h"

enum { MARK_LANES = 16, MARKS_A_LANE = 32 };

struct mark {
    struct ref series;
    int64_t t_ns;
    int64_t came_ns; /* by the wall clock, when that was decided */
    double value;
    uint8_t what; /* enum event, or EVENT_COUNT + enum cause */
};

struct marks {
    struct mark at[MARK_LANES][MARKS_A_LANE];
    uint32_t n[MARK_LANES]; /* ever written */
};

void marks_put(struct marks *m, const struct mark *mark);

/* Those of a series with start_ns <= t_ns <= end_ns, in the order in which they were written; returns how many. */
uint32_t marks_of(const struct marks *m, struct ref series, int64_t start_ns, int64_t end_ns,
                  struct mark out[static MARKS_A_LANE]);

/* "merged", "late_dropped": as in /metrics; static. */
const char *mark_label(const struct mark *mark);

#endif
