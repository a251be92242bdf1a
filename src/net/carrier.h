/* net/carrier.h -- lines out by TCP or UDP to one place, a body at a time, on a libuv loop.
 *
 * What is known of the other side is little. TCP: a body is sent once the other side's system has
 * acknowledged every byte; whether its program reads them, nobody says. UDP: once this system has taken
 * them. Everything here belongs to the loop's thread. */
#ifndef NET_CARRIER_H
#define NET_CARRIER_H

#include "base/buf.h"

#include <uv.h>

enum {
    CARRIER_DATAGRAM_MAX = 1400, /* bytes: what passes nearly everywhere in one piece */
    CARRIER_BURST = 16,          /* datagrams a millisecond: what reads them must keep up */
    CARRIER_TICK_MS = 5,
};

struct carrier;

/* why: NULL if it was sent; else in words. Borrowed. */
typedef void carrier_done(void *ctx, const char *why);

/* host: an address or a name. Texts are copied. Errors: NABLA_ENOMEM. */
MUST_CHECK enum nabla_status carrier_new(uv_loop_t *loop, bool udp, const char *host,
                                         const char *port, carrier_done *on_done, void *ctx,
                                         struct carrier **out);

/* Closes what is open; gone when the loop runs next. on_done is not called any more. NULL is fine. */
void carrier_free(struct carrier *o);

/* Sends bytes, whole lines, borrowed until on_done; nothing else is on its way. Connects first if need be.
 * on_done is called once, never before this has returned. */
void carrier_send(struct carrier *o, const char *bytes, size_t n, int64_t timeout_ns);

#endif
