/* net/places.h -- places for connections on all ingest loops: how many there are, how many one address may have, and
 * who gives one up where all are taken.
 * Any thread. The lock is held while one comes or goes, never while one reads. */
#ifndef NET_PLACES_H
#define NET_PLACES_H

#include "base/limit.h"
#include "base/network.h"

#include <stdatomic.h>
#include <uv.h>

/* Connections that lost their place and are not closed yet: a turn of a loop takes 64 in, and closes with the next ones
 * what it has of those whose places they got. */
enum { PLACES_LEAVING_MAX = 256 };

/* A connection's. Zeroed, it has none. */
struct place {
    struct network from;
    uint32_t number; /* from's, in places.networks */
    int fd;          /* borrowed */
    bool lost;       /* to somebody else: it is on its way out */
    atomic_llong
        heard_ns; /* when it came, or the tick in which it last brought something; monotonic */
    struct place *next, **at; /* of the same address, the last that came first */
};

struct places {
    uint32_t max, per_address; /* at most */
    uint32_t n, leaving;
    struct networks networks;
    struct place **first; /* owned: by number */
    uv_mutex_t lock;      /* of all above but max and per_address */
};

/* Errors: as networks_init; *p is then zeroed. */
MUST_CHECK enum nabla_status places_init(struct places *p, uint32_t max, uint32_t per_address);
void places_fini(struct places *p); /* all have left; accepts a zeroed struct */

/* A place for fd, a connected socket, which stays open until places_leave.
 * Where all are taken, the address that has most connections, and two more than who knocks, gives one up: that which
 * has been silent longest, of whichever address where several have as many. It is shut down, and its loop then reads
 * its end. This machine gives none up, and may have what others have. *displaces: whether that was done.
 * Returns LIMIT_COUNT, or the limit that is in the way: it has no place. */
MUST_CHECK enum limit places_take(struct places *p, struct place *place, const struct network *from,
                                  int fd, int64_t now_ns, bool *displaces);
void places_leave(struct places *p, struct place *place);

/* It has brought something. Its own thread. */
static inline void place_heard(struct place *place, int64_t now_ns)
{
    atomic_store_explicit(&place->heard_ns, now_ns, memory_order_relaxed);
}

#endif
