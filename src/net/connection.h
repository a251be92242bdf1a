/* net/connection.h -- a TCP connection, as the files that deal with one see it. Of its loop's thread only. */
#ifndef NET_CONNECTION_H
#define NET_CONNECTION_H

#include "net/ingest.h"

struct secure;

struct connection {
    uv_tcp_t tcp;
    struct listener *listener;
    struct secure *secure;              /* owned; NULL: bytes come as they are */
    struct connection *next, *previous; /* of the loop's list */
    struct connection *next_paused;
    bool paused, closing;
    bool skipping; /* the rest of a line that is too long */
    struct place place;
    uint32_t tick;  /* of the loop, when it last brought a whole line */
    uint64_t turn;  /* of the loop, in which it last read; UINT64_MAX: it has not */
    uint32_t taken; /* bytes in that turn */
    uint32_t carry_n, carry_cap;
    char *carry; /* owned: the beginning of a line */
};

/* net/tcp.c. bytes: what its sender wrote, with CARRY_MAX of room in front of them; written over. */
void connection_take(struct connection *c, char *bytes, size_t n);
void connection_pause(struct connection *c); /* until the turn's end */
void connection_end(
    struct connection *c); /* nothing more comes: what is left is judged, and it is closed */

/* Turned away, for a reason that is counted and logged with detail[0..n), and closed. */
void connection_refuse(struct connection *c, enum refusal why, const char *detail, size_t n);

/* ---- net/tcp_tls.c: the same when what comes is TLS */

/* Before its first read. False without memory. */
bool secure_begin(struct connection *c);

/* May it be read in this turn? Handshakes are dear: each turn has so many steps of them. */
bool secure_may_read(struct connection *c);
void secure_take(struct connection *c, const char *bytes, size_t n);

/* It is being closed: the client is told. The struct itself lives until secure_free. */
void secure_leave(struct connection *c);
void secure_free(struct secure *s); /* its connection is closed; NULL is fine */

/* At each tick: handshakes that take too long. */
void secure_close_slow(struct ingest *in);

#endif
