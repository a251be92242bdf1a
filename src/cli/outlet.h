/* cli/outlet.h -- where lines go: a TCP connection, or datagrams of whole lines. */
#ifndef CLI_OUTLET_H
#define CLI_OUTLET_H

#include <stdbool.h>
#include <stddef.h>

enum {
    OUTLET_HOST_MAX = 256,
    OUTLET_DATAGRAM_MAX = 1400, /* bytes: no network on the way has to cut it up */
    OUTLET_BLOCK = 128 * 1024,  /* bytes written at once over TCP */
    OUTLET_FAREWELL_S = 5       /* for the peer to read the rest and hang up */
};

struct target {
    bool udp;
    char host[OUTLET_HOST_MAX];
    char port[8];
};

/* Reads tcp://HOST:PORT, udp://HOST:PORT or HOST:PORT (TCP); an IPv6 address stands in brackets; the
 * port may be left out (2207). False if text is none of these. */
bool target_read(const char *text, struct target *out);

struct outlet {
    int fd;
    size_t max; /* bytes a send */
    bool udp;
    char *at; /* owned: lines that wait for the next send */
    size_t n;
};

/* Connects. Returns NULL, or why not: static, or strerror's. */
const char *outlet_open(struct outlet *o, const struct target *to);

bool outlet_fits(const struct outlet *o,
                 size_t n); /* can a line of n bytes, LF included, be sent? */

/* Appends a line that fits, its LF included, sending what was there first if it must. The calls
 * below return false, with errno, if the peer is gone. */
bool outlet_add(struct outlet *o, const char *line, size_t n);
bool outlet_flush(struct outlet *o);

/* Sends the rest and waits until the peer has read it and hung up (TCP). */
bool outlet_finish(struct outlet *o);
void outlet_close(struct outlet *o); /* accepts one that failed to open */

#endif
