/* doors/failures.h -- who failed to get in, by address, so that nobody can guess for long.
 *
 * Each address may fail `burst` times, and one of them is forgiven every minute/burst; The table is bounded: where a set of it is full, the
 * address that has least to be forgiven makes room.
 *
 *     fails ──► owes one more ──► owes `burst`: waits until one is forgiven
 *
 * One thread. */
#ifndef DOORS_FAILURES_H
#define DOORS_FAILURES_H

#include "base/prefix.h"

#include <stdint.h>

enum {
    FAILURES_SETS = 256,
    FAILURES_WAYS = 4, /* 1024 addresses in all */
};

struct failures {
    uint64_t secret; /* of the hash: nobody chooses whom to push out */
    uint32_t burst;
    struct {
        struct ip from;
        int64_t clear_ns; /* monotonic: when all is forgiven */
    } at[FAILURES_SETS][FAILURES_WAYS];
};

/* burst: at least 1; secret: random. */
void failures_init(struct failures *f, uint32_t burst, uint64_t secret);

/* How long those of that network (base/network.h) have to wait before they may try again, 0 if they need not. */
int64_t failures_wait(const struct failures *f, struct ip from, int64_t now_ns);

/* It failed. */
void failures_count(struct failures *f, struct ip from, int64_t now_ns);

#endif
