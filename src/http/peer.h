/* http/peer.h -- connections, and the deadline of a request that comes in drops: libmicrohttpd's
 * own timeout is for silence alone: one byte now and then would hold a connection for ever.
 *
 *     accepted ──► asking ──whole──► answered ──┐        begun: when the kernel's count of received
 *                    ▲                          │        bytes was first seen to have grown
 *                    └──────────────────────────┘ */
#ifndef HTTP_PEER_H
#define HTTP_PEER_H

#include <stdbool.h>
#include <stdint.h>

struct peer {
    struct peer *next, **at;
    int fd;
    bool asking;       /* no request of this connection is being answered */
    bool ended;        /* told to go */
    uint64_t received; /* bytes, when the last request had come whole */
    int64_t begun_ns;  /* monotonic; 0: no byte of a request yet */
};

struct peers {
    struct peer *first;
    uint32_t n;
};

struct peer *peer_opened(struct peers *all, int fd); /* NULL if there is no memory */
void peer_closed(struct peers *all, struct peer *p);
void peer_whole(struct peer *p);    /* its request is here, or is answered before it is */
void peer_answered(struct peer *p); /* it may ask again */

/* Ends the connections whose request has been coming for longer than patience_ns, with a 408.
 * Returns how many. */
uint32_t peers_check(struct peers *all, int64_t now_ns, int64_t patience_ns);

#endif
