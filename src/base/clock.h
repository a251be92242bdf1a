/* base/clock.h -- the only reader of clocks; everything else is told what time it is. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

enum { NS_PER_MS = 1000000, NS_PER_S = 1000000000 };

struct instant {
    int64_t wall_ns; /* since the Unix epoch: the samples' time */
    int64_t mono_ns; /* monotonic: silence and age are judged by it */
};

struct instant clock_now(void);

/* How long the calling thread has worked, in ns: only differences mean something. */
int64_t clock_worked_ns(void);

#endif
