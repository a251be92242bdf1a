/* cli/outlet.h -- where lines go: a TCP connection, with TLS or without, or datagrams of whole lines, signed or not. */
#ifndef CLI_OUTLET_H
#define CLI_OUTLET_H

#include "doors/seal.h"
#include "doors/tls_client.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    OUTLET_HOST_MAX = 256,
    OUTLET_DATAGRAM_MAX = 1400, /* bytes: no network on the way has to cut it up */
    OUTLET_BLOCK = 128 * 1024,  /* bytes written at once over TCP */
    OUTLET_FAREWELL_S = 5       /* for the peer to read the rest and hang up */
};

enum carrier { CARRIER_ANY, CARRIER_TCP, CARRIER_TLS, CARRIER_UDP };

struct target {
    enum carrier carrier;
    char host[OUTLET_HOST_MAX];
    char port[8];
};

/* Reads tcp://HOST:PORT, tls://, udp:// or HOST:PORT alone (CARRIER_ANY); an IPv6 address stands in brackets; the
 * port may be left out (2207). False if text is none of these. */
bool target_read(const char *text, struct target *out);

/* What makes an outlet safe; borrowed, as long as it is open. */
struct outlet_guard {
    struct tls_client *tls;  /* new; of CARRIER_TLS */
    const char *server_name; /* whose certificate it has to show; NULL: its host's */
    struct seal_keys *keys;  /* the first signs each datagram; NULL: none does */
};

struct outlet {
    int fd;
    size_t max, head; /* bytes of lines in a send, and what is kept free before them */
    bool udp;
    struct outlet_guard guard;
    char *at; /* owned: lines that wait for the next send, behind the head */
    size_t n;
    const char *why; /* of the call that failed last; borrowed from the outlet, or static */
};

/* Connects, and shakes hands. to: not CARRIER_ANY; borrowed until the outlet is closed. */
bool outlet_open(struct outlet *o, const struct target *to, struct outlet_guard guard);

bool outlet_fits(const struct outlet *o,
                 size_t n); /* can a line of n bytes, LF included, be sent? */

/* Appends a line that fits, its LF included, sending what was there first if it must. The calls
 * below return false, with why, if the peer is gone or wants none of it. */
bool outlet_add(struct outlet *o, const char *line, size_t n);
bool outlet_flush(struct outlet *o);

/* Sends the rest and waits until the peer has read it and hung up (TCP). */
bool outlet_finish(struct outlet *o);
void outlet_close(struct outlet *o); /* accepts one that failed to open */

#endif
