/* doors/certificates.c -- one object for any number of sessions.
 * Elsewhere: what the files hold (doors/pem.c), which versions and ciphers (doors/priorities.c), the keys of a
 * file (conf), those who call (doors/tls_client.c). */
#include "doors/certificates.h"

#include "base/time_text.h"
#include "doors/pem.h"

#include <arpa/inet.h>
#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    NAMES_MAX = 1024,      /* of a certificate that are looked at */
    WORK_ROOM = 96 * 1024, /* bytes that there must be for a handshake */
};
#define WRITTEN_S_MAX INT64_C(9000000000) /* in the year 2255: what nanoseconds can say */

struct certificates {
    atomic_uint holds;
    gnutls_certificate_credentials_t credentials;
    gnutls_priority_t priorities;
    enum client_auth client_auth;
    struct pem_times times;
    char *cert_file; /* for messages */
    char **sans;
    uint32_t sans_n;
};

/* ---- what the files hold */

static bool verifies(enum client_auth a)
{
    return a == CLIENT_AUTH_VERIFY || a == CLIENT_AUTH_VERIFY_IF_GIVEN;
}

static enum nabla_status load_ca(struct certificates *c, const struct certificate_files *f,
                                 struct certificate_fault *fault)
{
    static const char key[] = "client_ca_file";
    bool given = f->client_ca_file != NULL && *f->client_ca_file != '\0';
    if (given && f->client_auth == CLIENT_AUTH_NONE)
        return pem_blame(
            fault, key,
            "client_ca_file needs a client_auth_type: nobody is asked for a certificate");
    if (given)
        return pem_trust(c->credentials, key, f->client_ca_file, fault);
    return verifies(f->client_auth)
               ? pem_blame(fault, key,
                           "client_ca_file is missing: without it no certificate can be verified")
               : NABLA_OK;
}

/* ---- clients */

/* GMP ends the process that gives it no memory, and libtasn1 runs on without: neither gets to work unless there is
 * as much as they will ask for. Less than what malloc maps by itself: what it gives back is then near at hand. */
static bool has_room(void)
{
    void *volatile room = malloc(WORK_ROOM);
    bool has = room != NULL;
    free(room);
    return has;
}

/* A client has said its first word, and what is dear comes next. */
static int judge_hello(gnutls_session_t session)
{
    (void)session;
    return has_room() ? 0 : GNUTLS_E_MEMORY_ERROR;
}

/* A name as the list writes it: an address in its usual form, all others as they are. */
static bool same_name(unsigned type, const unsigned char *name, size_t n, const char *allowed)
{
    char address[INET6_ADDRSTRLEN];
    if (type != GNUTLS_SAN_IPADDRESS)
        return strlen(allowed) == n && memcmp(allowed, name, n) == 0;
    int family = n == 4 ? AF_INET : n == 16 ? AF_INET6 : AF_UNSPEC;
    return family != AF_UNSPEC && inet_ntop(family, name, address, sizeof address) != NULL &&
           strcmp(address, allowed) == 0;
}

static bool is_allowed(const struct certificates *c, gnutls_x509_crt_t cert)
{
    unsigned char name[1024];
    for (unsigned i = 0; i < NAMES_MAX; i++) {
        size_t n = sizeof name;
        unsigned type;
        int got = gnutls_x509_crt_get_subject_alt_name2(cert, i, name, &n, &type, NULL);
        if (got == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
            return false;
        for (uint32_t k = 0; got >= 0 && k < c->sans_n; k++)
            if (same_name(type, name, n, c->sans[k]))
                return true;
    }
    return false;
}

static bool has_allowed_name(const struct certificates *c, const gnutls_datum_t *der)
{
    gnutls_x509_crt_t cert;
    if (gnutls_x509_crt_init(&cert) != GNUTLS_E_SUCCESS)
        return false;
    bool allowed = gnutls_x509_crt_import(cert, der, GNUTLS_X509_FMT_DER) == GNUTLS_E_SUCCESS &&
                   is_allowed(c, cert);
    gnutls_x509_crt_deinit(cert);
    return allowed;
}

/* GnuTLS has refused already who showed none although it is required. */
static int judge_client(gnutls_session_t session)
{
    const struct certificates *c = gnutls_db_get_ptr(session);
    unsigned status = 0, n = 0;
    const gnutls_datum_t *shown = gnutls_certificate_get_peers(session, &n);
    if (shown == NULL || n == 0)
        return 0;
    if (!has_room())
        return GNUTLS_E_CERTIFICATE_ERROR;
    gnutls_typed_vdata_st purpose = {.type = GNUTLS_DT_KEY_PURPOSE_OID,
                                     .data = (unsigned char *)(uintptr_t)GNUTLS_KP_TLS_WWW_CLIENT};
    if (verifies(c->client_auth) &&
        (gnutls_certificate_verify_peers(session, &purpose, 1, &status) < 0 || status != 0))
        return GNUTLS_E_CERTIFICATE_ERROR;
    return c->sans_n == 0 || has_allowed_name(c, &shown[0]) ? 0 : GNUTLS_E_CERTIFICATE_ERROR;
}

static enum nabla_status keep_names(struct certificates *c, const struct certificate_files *f)
{
    c->sans = calloc(f->client_sans_n + 1, sizeof *c->sans);
    c->cert_file = strdup(f->cert_file);
    if (c->sans == NULL || c->cert_file == NULL)
        return NABLA_ENOMEM;
    for (uint32_t i = 0; i < f->client_sans_n; i++) {
        if ((c->sans[i] = strdup(f->client_sans[i])) == NULL)
            return NABLA_ENOMEM;
        c->sans_n++;
    }
    return NABLA_OK;
}

static enum nabla_status set_priorities(struct certificates *c, const struct certificate_files *f,
                                        struct certificate_fault *fault)
{
    const char *at, *text = f->priorities != NULL ? f->priorities : CERTIFICATES_PRIORITIES;
    int got = gnutls_priority_init(&c->priorities, text, &at);
    if (got == GNUTLS_E_MEMORY_ERROR)
        return NABLA_ENOMEM;
    return got == GNUTLS_E_SUCCESS ? NABLA_OK
                                   : pem_blame(fault, "", "GnuTLS cannot do this: \"%s\": %s", at,
                                               gnutls_strerror(got));
}

/* ---- life */

enum nabla_status certificates_load(const struct certificate_files *files,
                                    struct certificates **out, struct certificate_fault *fault)
{
    *fault = (struct certificate_fault){.key = ""};
    struct certificates *c = has_room() ? calloc(1, sizeof *c) : NULL;
    if (c == NULL)
        return NABLA_ENOMEM;
    atomic_init(&c->holds, 1);
    c->client_auth = files->client_auth;
    enum nabla_status status =
        gnutls_certificate_allocate_credentials(&c->credentials) == GNUTLS_E_SUCCESS ? NABLA_OK
                                                                                     : NABLA_ENOMEM;
    if (status == NABLA_OK)
        status = pem_pair(c->credentials, files->cert_file, files->key_file, &c->times, fault);
    if (status == NABLA_OK)
        status = load_ca(c, files, fault);
    if (status == NABLA_OK)
        status = set_priorities(c, files, fault);
    if (status == NABLA_OK)
        status = keep_names(c, files);
    if (status != NABLA_OK) {
        certificates_leave(c);
        return status;
    }
    gnutls_certificate_set_verify_function(c->credentials, judge_client);
    *out = c;
    return NABLA_OK;
}

struct certificates *certificates_hold(struct certificates *c)
{
    if (c != NULL)
        atomic_fetch_add(&c->holds, 1);
    return c;
}

void certificates_leave(struct certificates *c)
{
    if (c == NULL || atomic_fetch_sub(&c->holds, 1) > 1)
        return;
    if (c->credentials != NULL)
        gnutls_certificate_free_credentials(c->credentials);
    if (c->priorities != NULL)
        gnutls_priority_deinit(c->priorities);
    for (uint32_t i = 0; i < c->sans_n; i++)
        free(c->sans[i]);
    free(c->sans);
    free(c->cert_file);
    free(c);
}

enum nabla_status certificates_begin(struct certificates *c, gnutls_session_t session)
{
    static const gnutls_certificate_request_t asked[] = {
        [CLIENT_AUTH_NONE] = GNUTLS_CERT_IGNORE,
        [CLIENT_AUTH_REQUEST] = GNUTLS_CERT_REQUEST,
        [CLIENT_AUTH_REQUIRE_ANY] = GNUTLS_CERT_REQUIRE,
        [CLIENT_AUTH_VERIFY_IF_GIVEN] = GNUTLS_CERT_REQUEST,
        [CLIENT_AUTH_VERIFY] = GNUTLS_CERT_REQUIRE,
    };
    if (gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, c->credentials) < 0 ||
        gnutls_priority_set(session, c->priorities) < 0)
        return NABLA_ENOMEM;
    gnutls_certificate_server_set_request(session, asked[c->client_auth]);
    gnutls_handshake_set_post_client_hello_function(session, judge_hello);
    gnutls_db_set_ptr(session, c); /* judge_client's; a session here has no database */
    (void)certificates_hold(c);
    return NABLA_OK;
}

static int find_none(gnutls_session_t session, const gnutls_datum_t *authorities, int n,
                     const gnutls_pk_algorithm_t *algorithms, int algorithms_n,
                     gnutls_pcert_st **chain, unsigned *chain_n, gnutls_privkey_t *key)
{
    (void)session, (void)authorities, (void)n, (void)algorithms, (void)algorithms_n;
    (void)chain, (void)chain_n, (void)key;
    return -1;
}

void *certificates_none(void)
{
    return (void *)find_none;
}

int64_t certificates_end_s(const struct certificates *c)
{
    return c->times.end_s;
}

const char *certificates_warning(const struct certificates *c, int64_t now_s,
                                 char text[static CERTIFICATES_WHY_MAX])
{
    if (now_s >= c->times.begin_s && now_s <= c->times.end_s)
        return NULL;
    bool ended = now_s > c->times.end_s;
    char when[TIME_TEXT_MAX];
    int64_t at_s = ended ? c->times.end_s : c->times.begin_s;
    time_write(when, (at_s < WRITTEN_S_MAX ? at_s : WRITTEN_S_MAX) * INT64_C(1000000000));
    snprintf(text, CERTIFICATES_WHY_MAX, "%s: the certificate %s %s", c->cert_file,
             ended ? "ended on" : "begins only on", when);
    return text;
}

bool certificates_verify(const struct certificates *c)
{
    return c->client_auth == CLIENT_AUTH_VERIFY;
}
