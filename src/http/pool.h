/* http/pool.h -- memory that answers and bodies on their way hold together: a number that each of them adds its
 * part to before it asks for the bytes, and takes it from when they are gone. Any thread.
 *
 * Law: who is alone may hold whatever it needs, so that nothing is refused for ever; all together hold no more
 * than max while they are several. */
#ifndef HTTP_POOL_H
#define HTTP_POOL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct pool {
    _Atomic uint64_t held;
    uint64_t max;
};

/* *part, what the caller holds by now, becomes bytes. False: there is no room, and it stays what it was. To hold
 * less is always possible. */
static inline bool pool_hold(struct pool *p, uint64_t *part, uint64_t bytes)
{
    uint64_t held = atomic_load(&p->held), others;
    do {
        others = held - *part;
        if (bytes > *part && others > 0 && others + bytes > p->max)
            return false;
    } while (!atomic_compare_exchange_weak(&p->held, &held, others + bytes));
    *part = bytes;
    return true;
}

static inline void pool_leave(struct pool *p, uint64_t *part)
{
    atomic_fetch_sub(&p->held, *part);
    *part = 0;
}

#endif
