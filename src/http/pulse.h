/* http/pulse.h -- what was counted in each of the last seconds, so that who opens a page sees rates and their
 * course at once, and many pages cost no more than one. Pure: the caller tells the time.
 *
 *     struct stats ──once a second──► beats[PULSE_BEATS]   all together, and how late loops were
 *                                ──► doors[PULSE_DOORS]   each listener, format and cause */
#ifndef HTTP_PULSE_H
#define HTTP_PULSE_H

#include "base/clock.h"
#include "base/stats.h"

enum {
    PULSE_BEATS = 121, /* seconds, and one to begin with */
    PULSE_DOORS = 11,  /* the same, of what is told as one rate */
};

struct beat {
    struct instant at;
    uint64_t lines, samples, points, refused, kernel_drops; /* since the start */
    int64_t lag_ns;                                         /* the worst of all loops */
};

struct door_beat {
    int64_t mono_ns; /* 0: it has not been */
    uint64_t lines, samples, points;
    uint64_t rejected[CAUSE_COUNT];
    struct {
        uint64_t lines, bytes, formats[STATS_FORMATS];
    } of[STATS_LISTENERS_MAX];
};

/* Zeroed: nothing has been counted. */
struct pulse {
    struct beat beats[PULSE_BEATS]; /* a ring */
    struct door_beat doors[PULSE_DOORS];
    uint64_t n; /* beats in all */
};

/* Takes what the statistics say now, if the last beat is a second ago. */
void pulse_beat(struct pulse *p, const struct stats *s, struct instant now);

/* The i-th of those that there are, oldest first; NULL: there are no more. */
const struct beat *pulse_at(const struct pulse *p, uint32_t i);

/* The oldest of the short ring, from which rates until now are told; NULL: there is none yet. */
const struct door_beat *pulse_door(const struct pulse *p);

#endif
