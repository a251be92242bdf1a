/* base/clock.c -- reads the clocks. */
#include "base/clock.h"

#include <time.h>

static int64_t read_clock(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

int64_t clock_worked_ns(void)
{
    return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

struct instant clock_now(void)
{
    return (struct instant){.wall_ns = read_clock(CLOCK_REALTIME),
                            .mono_ns = read_clock(CLOCK_MONOTONIC)};
}
