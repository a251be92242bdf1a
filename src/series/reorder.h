/* series/reorder.h -- samples held back for a while, to be given on in order of time. Pure state.
 *
 *     came   3 1 2 6 5 4      ──►  held while younger than the wait  ──►   1 2 3 4 5 6 */
#ifndef SERIES_REORDER_H
#define SERIES_REORDER_H

#include "numeric/exact.h"

#include <stdbool.h>
#include <stdint.h>

enum { REORDER_MAX = 256 }; /* samples held at once; one more lets the oldest go */

struct held_sample {
    struct exact x;
    int64_t came_ns; /* monotonic */
};

struct reorder {
    struct held_sample at[REORDER_MAX]; /* in order of time */
    uint32_t n;
};

/* Takes x; true if it stands before one that came earlier. Of two samples at one time the one that came last
 * stands last. r->n < REORDER_MAX. */
bool reorder_put(struct reorder *r, struct exact x, int64_t mono_ns);

/* The oldest sample if its time has come: itself or one behind it was held for wait_ns, or there is no room
 * for another. Call until it says false. */
bool reorder_take(struct reorder *r, int64_t wait_ns, int64_t mono_ns, struct held_sample *out);

#endif
