/* http/pace.h -- how long the loop waits before it runs libmicrohttpd again. Pure.
 *
 * "At once" must not be a timer of 0 ms: libuv runs one that is armed anew in its own callback
 * again in the same phase, and nothing else gets a turn while a large answer streams. An idle
 * handle gives every other handle its turn. But libmicrohttpd can go on asking for "at once" with
 * nothing to do (an unfinished TLS handshake does it), so that after PACE_PATIENCE times without
 * an event and without a byte of an answer the wait becomes a millisecond. */
#ifndef HTTP_PACE_H
#define HTTP_PACE_H

#include <stdbool.h>
#include <stdint.h>

enum { PACE_PATIENCE = 8 };

struct pace {
    unsigned vain; /* times in a row that "at once" brought nothing */
};

/* A socket had an event, or an answer went on. */
static inline void pace_progress(struct pace *p)
{
    p->vain = 0;
}

/* has: whether libmicrohttpd wants to be run after ms milliseconds. Returns milliseconds for a
 * timer, 0 for an idle handle, -1 for neither: the next event will do. */
static inline int64_t pace_wait(struct pace *p, bool has, uint64_t ms)
{
    enum { LONGEST_MS = 60 * 60 * 1000 };
    if (!has)
        return -1;
    if (ms > 0)
        return ms < LONGEST_MS ? (int64_t)ms : LONGEST_MS;
    if (p->vain >= PACE_PATIENCE)
        return 1;
    p->vain++;
    return 0;
}

#endif
