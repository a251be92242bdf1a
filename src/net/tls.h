/* net/tls.h -- the server's side of TLS for one connection, between two buffers: no socket, no loop, no clock.
 *
 *     what arrived ──tls_feed──► [ session ] ──tls_read──► lines
 *     what is to be sent ◄──tls_output──┘
 *
 * Bounded: a handshake message is at most TLS_MESSAGE_MAX long, a handshake TLS_DRY_BYTES, what waits to be sent at most TLS_OUTPUT_MAX; a
 * client that asks for more has failed. One that renegotiates has failed, too. How long a handshake may take
 * is its owner's business. One thread at a time. */
#ifndef NET_TLS_H
#define NET_TLS_H

#include "doors/certificates.h"

#include <stddef.h>

enum {
    TLS_MESSAGE_MAX = 32 * 1024, /* bytes: a chain of certificates with room */
    TLS_DRY_BYTES =
        64 * 1024, /* of a handshake, or in a row without one that is the client's own */
    TLS_OUTPUT_MAX = 64 * 1024,
    TLS_WHY_MAX = 128,
    TLS_DRY_MAX = 64, /* records without a byte for us that may come one after the other */
};

struct tls;

enum tls_state {
    TLS_SHAKING, /* the handshake goes on */
    TLS_OPEN,
    TLS_ENDED,  /* the client has said that nothing more comes */
    TLS_FAILED, /* for good: see tls_why */
};

/* A session that holds c until it is freed. Errors: NABLA_ENOMEM. */
MUST_CHECK enum nabla_status tls_new(struct certificates *c, struct tls **out);
void tls_free(struct tls *t); /* NULL is fine */

/* Borrows in[0..n) until tls_read has returned 0. */
void tls_feed(struct tls *t, const char *in, size_t n);

/* Goes on with the handshake as far as what was fed lets it; then reads up to n bytes that the client sent. 0: all
 * that was fed is used up, or the session is not open (any more). */
size_t tls_read(struct tls *t, char *out, size_t n);

enum tls_state tls_state(const struct tls *t);

/* Why it has failed: whether it was the client's certificate, and GnuTLS' words. */
bool tls_blames_certificate(const struct tls *t);
const char *tls_why(const struct tls *t, char text[static TLS_WHY_MAX]);

/* The client is told that nothing more comes. */
void tls_bye(struct tls *t);

/* What is to be sent, *n bytes, to be freed by the caller, and forgotten here; NULL if there is nothing. */
char *tls_output(struct tls *t, size_t *n);

#endif
