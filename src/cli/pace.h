/* cli/pace.h -- recorded time to sending time. Pure.
 *
 *     recorded   t0 ----------- t            span = t - t0
 *     sent       start --- due               due  = start + span / speed */
#ifndef CLI_PACE_H
#define CLI_PACE_H

#include <stdbool.h>
#include <stdint.h>

/* Reads a speed: 60x, 60, 0.5x; "max" gives 0. False for anything else. */
bool pace_read_speed(const char *text, double *out);

/* t - t0; the nearest that fits if it does not fit 64 bits. */
int64_t pace_span(int64_t t0_ns, int64_t t_ns);

/* start + span / speed, cut to whole nanoseconds; exact at whole speeds; the nearest that fits.
 * speed above 0. */
int64_t pace_due(int64_t start_ns, int64_t span_ns, double speed);

/* What follows a recording when it is repeated: how long it lasts, and one mean step more so that
 * its end and its new beginning do not fall together; 1 s where there is no step. */
struct pace_period {
    int64_t first_ns, last_ns; /* the earliest and latest of its times */
    uint64_t steps;            /* times that were later than all before them */
    bool started;
};
void pace_see(struct pace_period *p, int64_t t_ns);
int64_t pace_period(const struct pace_period *p);

#endif
