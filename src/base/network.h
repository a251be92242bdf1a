/* base/network.h -- where things come from, and how many of them: a bounded count by source, so that one
 * stranger cannot take what is there for all.
 *
 *     sockaddr ──network_of──► 192.0.2.7        an IPv4 address
 *                              2001:db8:0:7::   of IPv6 the first 64 bits: who has one has them all
 *
 * 127.0.0.1 and ::1, this machine itself, are never limited: what relays for others stands there, too.
 * No lock, no clock; one thread at a time. */
#ifndef BASE_NETWORK_H
#define BASE_NETWORK_H

#include "base/prefix.h"
#include "numeric/status.h"

#include <stdbool.h>
#include <stdint.h>

struct sockaddr;

struct network {
    struct ip ip; /* no bit behind the first 64 of IPv6 */
};

/* Of what is no IP address: this machine's. */
struct network network_of(const struct sockaddr *from);
struct network network_here(void);
bool network_is_here(const struct network *n);

/* Those at the other end of a connected socket; of a socket that is none: this machine. */
struct network network_of_socket(int fd);

enum { NETWORKS_OTHERS = 0 }; /* the number of those for whom there was no number of their own */

struct networks {
    struct networks_entry *at; /* owned; [0] is the others' */
    uint32_t *heads;           /* owned: chains by hash */
    uint32_t cap, buckets, free;
    uint64_t seed;
};

/* At most cap sources are told apart, by a hash under a secret: none can be crafted to share a chain.
 * Errors: NABLA_ENOMEM, NABLA_EIO (no random bytes). */
MUST_CHECK enum nabla_status networks_init(struct networks *n, uint32_t cap);
void networks_fini(struct networks *n); /* accepts a zeroed struct */

/* Whether it has fewer than max things, or is this machine. */
bool networks_has_room(const struct networks *n, const struct network *from, uint32_t max);

/* One more of its things, if there is room. *number is then what
 * networks_leave wants; NETWORKS_OTHERS where cap sources have things already: these share one count.
 * False: it has max. */
bool networks_join(struct networks *n, const struct network *from, uint32_t max, uint32_t *number);
void networks_leave(struct networks *n, uint32_t number);

/* Of things in a row, where each part of them came from; zeroed: all from this machine. */
enum { ORIGINS_MAX = 32 };
struct origins {
    struct origin {
        uint32_t first; /* from this one on */
        struct network from;
    } at[ORIGINS_MAX];
    uint32_t n;
};

/* Those from number `first` on came from there. False, and nothing has changed: there is no room. */
bool origins_add(struct origins *o, uint32_t first, const struct network *from);
struct network origins_find(const struct origins *o, uint32_t number);
/* A new row begins, and goes on from where the last one came. */
void origins_restart(struct origins *o);

uint32_t networks_count(const struct networks *n, uint32_t number);

/* The most things that a source has, 0 if none has any; neither this machine's nor the others' count. */
uint32_t networks_most(const struct networks *n);

/* The number of the next of those that have so many, after `number`, in no order that means anything: NETWORKS_OTHERS
 * is before the first, and behind the last. */
uint32_t networks_next(const struct networks *n, uint32_t number, uint32_t things);

/* A weight that a source's things have together, whatever its unit: 0 when it has its first, forgotten with its
 * last. Of one that has none yet: 0. */
uint64_t networks_weight(const struct networks *n, const struct network *from);
void networks_weigh(struct networks *n, uint32_t number, int64_t more);
uint64_t networks_bytes(const struct networks *n);

#endif
