/* doors/certificates.h -- what a server shows of itself by TLS, and what it asks of its clients: loaded
 * from files once, never changed after, held by each session that began with it.
 *
 *     files ──certificates_load──► struct certificates ◄──holds── sessions that began with it
 *     files' next state ─────────► another one ◄────────────────── sessions from now on
 *
 * A reload is: load; on an error keep the old one and say why; else leave the old one and hand the new
 * one to sessions that begin. Those that live keep theirs, so a certificate that was replaced ends with
 * its last session.
 *
 *     struct certificates *c;                                            a door's own hold
 *     accept:  gnutls_init(&s, GNUTLS_SERVER | GNUTLS_NONBLOCK);
 *              certificates_begin(c, s)   before gnutls_handshake; the session holds c from now on
 *     end:     gnutls_deinit(s), then certificates_leave of what the session held
 *
 * The bounds that a door itself must keep: how long a handshake may take (a client can send half of a
 * hello and stop), how many run at once, and an end to sessions whose client asks for renegotiation
 * (GNUTLS_E_REHANDSHAKE from gnutls_record_recv: close it). Sessions are not resumed: there are no
 * tickets, so that every session shows its certificate again.
 *
 * Threads: a struct certificates is read only, and its holds are counted atomically; sessions of several
 * threads may share one. */
#ifndef DOORS_CERTIFICATES_H
#define DOORS_CERTIFICATES_H

#include "numeric/status.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    CERTIFICATES_WHY_MAX = 1024, /* bytes, the NUL among them */
    CERTIFICATES_SANS_MAX = 64,
};

/* What is asked of a client; the words are Go's, as Prometheus' files have them. */
enum client_auth {
    CLIENT_AUTH_NONE,            /* NoClientCert */
    CLIENT_AUTH_REQUEST,         /* RequestClientCert: asked for, never looked at */
    CLIENT_AUTH_REQUIRE_ANY,     /* RequireAnyClientCert: there must be one, whoever signed it */
    CLIENT_AUTH_VERIFY_IF_GIVEN, /* VerifyClientCertIfGiven */
    CLIENT_AUTH_VERIFY,          /* RequireAndVerifyClientCert: mutual TLS */
};

/* All texts are borrowed for the call. */
struct certificate_files {
    const char *cert_file; /* PEM: the server's certificate, then those between it and its CA */
    const char *key_file;  /* PEM, not encrypted: the key of the first of them */
    const char *client_ca_file; /* PEM: who may sign clients' certificates; NULL or "": nobody */
    enum client_auth client_auth;
    /* Names of which a client's certificate must have one (DNS, IP address, e-mail or URI, each as it
     * stands); 0: any. Looked at whenever a certificate is shown. */
    const char *const *client_sans;
    uint32_t client_sans_n; /* at most CERTIFICATES_SANS_MAX */
    const char
        *priorities; /* as GnuTLS writes versions and ciphers; NULL: CERTIFICATES_PRIORITIES */
};
#define CERTIFICATES_PRIORITIES "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:%SERVER_PRECEDENCE"

/* Which of the files is to blame. */
struct certificate_fault {
    const char *key; /* static: the member's name, "cert_file"; "" if it is none of them */
    char text
        [CERTIFICATES_WHY_MAX]; /* "server.key: No such file or directory"; no secret is in it */
};

struct certificates;
/* A pointer to it is a gnutls_session_t; <gnutls/gnutls.h> gives too many names away to be included. */
struct gnutls_session_int;

/* Errors, *out being untouched: NABLA_EIO (a file cannot be read), NABLA_EINVAL (it is no certificate or
 * key, the key is another certificate's, a client's certificate is to be verified and there is no CA),
 * both with *fault; NABLA_ENOMEM. An expired certificate is no error: see certificates_warning. */
MUST_CHECK enum nabla_status certificates_load(const struct certificate_files *files,
                                               struct certificates **out,
                                               struct certificate_fault *fault);

struct certificates *certificates_hold(struct certificates *c); /* c; NULL is fine */
void certificates_leave(struct certificates *c); /* the last one frees; NULL is fine */

/* Gives a server's session these credentials, versions, ciphers and what is asked of its client, and
 * counts it as one that holds c. Call it before the handshake. It takes gnutls_db_set_ptr and
 * gnutls_handshake_set_post_client_hello_function for itself: a handshake fails while there is no memory for it.
 * Errors: NABLA_ENOMEM; the session then holds nothing. */
MUST_CHECK enum nabla_status certificates_begin(struct certificates *c,
                                                struct gnutls_session_int *session);

/* For a library that gives each session credentials of its own before certificates_begin is called: a
 * gnutls_certificate_retrieve_function2 that finds no certificate, so that they are good for nothing. */
void *certificates_none(void);

/* When the first of the server's certificates ends, in seconds since the Unix epoch. */
int64_t certificates_end_s(const struct certificates *c);

/* What an operator should be told although it works: the certificate has ended at now_s, or has not
 * begun. Returns text[], or NULL if there is nothing to tell. */
const char *certificates_warning(const struct certificates *c, int64_t now_s,
                                 char text[static CERTIFICATES_WHY_MAX]);

/* Whether every session has shown a certificate that was verified. */
bool certificates_verify(const struct certificates *c);

#endif
