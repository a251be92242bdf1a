/* doors/tls_client.h -- the calling side of TLS 1.3 and 1.2, over a connected socket that blocks.
 *
 *     tls_client_new(files)      once: whom to believe, what to show
 *     tls_client_open(fd, name)  once: shake hands with whoever is called `name`
 *     tls_client_send ...        any number of times
 *     tls_client_finish          nothing more comes, and the other has read all
 *
 * One thread. After a call that returned false only tls_client_why and tls_client_free are left. By TLS 1.3 a client
 * is through with its handshake before the server has judged its certificate, so a refusal may come out of any later
 * call. */
#ifndef DOORS_TLS_CLIENT_H
#define DOORS_TLS_CLIENT_H

#include "doors/certificates.h"

#include <stddef.h>

enum { TLS_CLIENT_HANDSHAKE_MS = 10000 };

struct tls_client_files {
    const char *ca_file; /* PEM: who vouches for servers; NULL: the system's authorities */
    const char *cert_file, *key_file; /* PEM: what is shown to those who ask; NULL: nothing */
};

struct tls_client;

/* Errors, *out being untouched: as certificates_load, whose *fault it is. */
MUST_CHECK enum nabla_status tls_client_new(const struct tls_client_files *files,
                                            struct tls_client **out,
                                            struct certificate_fault *fault);
void tls_client_free(struct tls_client *c); /* NULL is fine; closes no socket */

/* fd: borrowed until c is freed. name: what the server's certificate must be made for, a DNS name (which the server is
 * told) or an address; borrowed as long. */
MUST_CHECK bool tls_client_open(struct tls_client *c, int fd, const char *name);

/* All of bytes[0..n). */
MUST_CHECK bool tls_client_send(struct tls_client *c, const void *bytes, size_t n);

/* Waits for the other's last word; one who says nothing for so long is left, and that is no failure. */
MUST_CHECK bool tls_client_finish(struct tls_client *c, unsigned patience_ms);

/* Why the last call failed, about the other as "it". No secret is in it. */
const char *tls_client_why(const struct tls_client *c);

#endif
