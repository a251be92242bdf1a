/* http/peer.h -- connections, how many an address has, and the deadlines of requests that come in drops
 * and of answers that are taken in drops: libmicrohttpd's own timeout is for silence alone, and one byte
 * now and then would hold a connection, and the memory of its answer, for ever.
 *
 *     accepted ──► asking ──whole──► answered ──┐        begun: when the kernel's count of received
 *                    ▲                          │        bytes was first seen to have grown; or when the
 *                    └──────────────────────────┘        answer was first seen to be on its way */
#ifndef HTTP_PEER_H
#define HTTP_PEER_H

#include "base/network.h"

#include <stdbool.h>
#include <stdint.h>

struct certificates;

struct peer {
    struct peer *next, **at;
    int fd;
    struct network from;
    uint32_t network; /* its number in peers.networks */
    bool asking;      /* no request of this connection is being answered */
    bool reading;     /* a request's first line has come */
    bool endless;     /* its answer has no end: an event stream */
    bool last;        /* its answer is the last: what comes behind is nobody's request */
    bool ended;       /* told to go */
    struct certificates *certificates; /* held: those of its TLS; NULL: it has none */
    uint64_t received;                 /* bytes, when the last request had come whole */
    int64_t begun_ns; /* monotonic; 0: no byte of a request, or no answer, has been seen yet */
};

struct peers {
    struct peer *first;
    uint32_t n;
    uint32_t leaving;     /* of these: told to go, and not gone */
    uint32_t per_address; /* at most */
    struct networks networks;
};

/* At most max of them. Errors: as networks_init. */
MUST_CHECK enum nabla_status peers_init(struct peers *all, uint32_t max, uint32_t per_address);
void peers_fini(struct peers *all); /* none is left, or it is zeroed */

/* Whether one more from there may come. */
bool peers_admit(const struct peers *all, const struct network *from);

struct peer *peer_opened(struct peers *all, int fd); /* NULL if there is no memory */
/* *head_bytes: what it sent of a request whose first line never came; 0: none. Its TLS session has ended. */
void peer_closed(struct peers *all, struct peer *p, uint64_t *head_bytes);
void peer_asks(struct peer *p);     /* the first line of a request is here */
void peer_whole(struct peer *p);    /* its request is here, or is answered before it is */
void peer_answered(struct peer *p); /* it may ask again */

/* Ends the connections whose request or handshake has been coming, with a 408 where it can be read, or whose answer has been on its way for
 * too long. */
struct peer_patience {
    int64_t request_ns, answer_ns;
};
struct peer_overdue {
    uint32_t requests, answers; /* how many were ended */
};
struct peer_overdue peers_check(struct peers *all, int64_t now_ns,
                                const struct peer_patience *patience);

/* Where all places are taken: whether one of them could become somebody else's, who has fewer. */
bool peers_could_yield(const struct peers *all);

/* Whoever has most connections, and two more than who knocks from there, gives one up: one between two requests, else one
 * whose request is not whole, else one that is answered, else a stream; of several the one that was opened first.
 * This machine gives none up, and may have what others have. Returns whether one goes. */
bool peers_displace(struct peers *all, const struct network *from);

/* The one that was opened first goes, of those between two requests, as its client must expect; if there is none
 * and any is true, the first of all. Returns whether one did. */
bool peers_give_way(struct peers *all, bool any);

#endif
