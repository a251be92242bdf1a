/* series/guard.h -- a rate that cannot be is not believed at once. Pure state.
 *
 *     |              x  held back: it would mean a rate beyond max_rate
 *     | x x x x  x                 x          the next agrees with those before: the spike is dropped
 *     |              x x                      the next agrees with the one held: both are taken, a step */
#ifndef SERIES_GUARD_H
#define SERIES_GUARD_H

#include "numeric/exact.h"

#include <stdbool.h>

struct guard {
    struct exact held;
    bool holds;
};

enum verdict {
    VERDICT_TAKE,      /* x alone; what was held, if anything, is dropped */
    VERDICT_HOLD,      /* not yet; what was held, if anything, is dropped */
    VERDICT_TAKE_BOTH, /* *first, which was held, then x */
};

/* Judges x, later than newest and than what is held. max_rate > 0, [v/s]. *dropped: something held was
 * given up. A NaN or infinite value is taken. */
enum verdict guard_judge(struct guard *g, struct exact newest, struct exact x, enum kind kind,
                         double max_rate, struct exact *first, bool *dropped);

#endif
