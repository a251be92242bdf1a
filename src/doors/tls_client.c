/* doors/tls_client.c -- GnuTLS on a blocking socket; its numbers to words that say what to do.
 * Laws: nothing is sent before the server's certificate was found to be signed by one of ours, in time, made for servers
 * and for the name that was called; a certificate that there is to show is shown to whoever asks, so that a refusal
 * names it. */
#include "doors/tls_client.h"

#include "doors/pem.h"

#include <arpa/inet.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WHY_MAX = 256 };

struct tls_client {
    gnutls_certificate_credentials_t credentials;
    gnutls_session_t session;
    gnutls_typed_vdata_st asked[2]; /* of the server's certificate */
    bool shows;
    char why[WHY_MAX];
};

/* ---- whom to believe, what to show */

static enum nabla_status load(struct tls_client *c, const struct tls_client_files *files,
                              struct certificate_fault *fault)
{
    struct pem_times times;
    if (gnutls_certificate_allocate_credentials(&c->credentials) != GNUTLS_E_SUCCESS)
        return NABLA_ENOMEM;
    enum nabla_status status = NABLA_OK;
    if (files->ca_file != NULL)
        status = pem_trust(c->credentials, "ca_file", files->ca_file, fault);
    else if (gnutls_certificate_set_x509_system_trust(c->credentials) <= 0)
        status = pem_blame(fault, "ca_file", "this system has no authorities to believe");
    c->shows = files->cert_file != NULL;
    return status == NABLA_OK && c->shows
               ? pem_pair(c->credentials, files->cert_file, files->key_file, &times, fault)
               : status;
}

enum nabla_status tls_client_new(const struct tls_client_files *files, struct tls_client **out,
                                 struct certificate_fault *fault)
{
    *fault = (struct certificate_fault){.key = ""};
    struct tls_client *c = calloc(1, sizeof *c);
    if (c == NULL)
        return NABLA_ENOMEM;
    enum nabla_status status = load(c, files, fault);
    if (status == NABLA_OK)
        *out = c;
    else
        tls_client_free(c);
    return status;
}

void tls_client_free(struct tls_client *c)
{
    if (c == NULL)
        return;
    if (c->session != NULL)
        gnutls_deinit(c->session);
    if (c->credentials != NULL)
        gnutls_certificate_free_credentials(c->credentials);
    free(c);
}

/* ---- what went wrong, in words */

static void explain_certificate(struct tls_client *c)
{
    static const struct {
        unsigned flag;
        const char *text;
    } reasons[] = {
        {GNUTLS_CERT_SIGNER_NOT_FOUND, "nobody who is believed here signed it"},
        {GNUTLS_CERT_SIGNER_NOT_CA, "who signed it is no authority"},
        {GNUTLS_CERT_EXPIRED, "it has expired"},
        {GNUTLS_CERT_NOT_ACTIVATED, "it is not valid yet"},
        {GNUTLS_CERT_UNEXPECTED_OWNER, "it is for another name"},
        {GNUTLS_CERT_PURPOSE_MISMATCH, "it is not made for servers"},
        {GNUTLS_CERT_INSECURE_ALGORITHM, "it is signed by means that are broken"},
        {GNUTLS_CERT_SIGNATURE_FAILURE, "its signature is wrong"},
    };
    unsigned status = gnutls_session_get_verify_cert_status(c->session);
    const char *text = "it is not valid";
    for (size_t i = sizeof reasons / sizeof reasons[0]; i-- > 0;)
        if ((status & reasons[i].flag) != 0)
            text = reasons[i].text;
    snprintf(c->why, WHY_MAX, "its certificate is refused: %s", text);
}

static void explain_alert(struct tls_client *c)
{
    gnutls_alert_description_t alert = gnutls_alert_get(c->session);
    const char *name = gnutls_alert_get_name(alert);
    bool judged = (alert >= GNUTLS_A_BAD_CERTIFICATE && alert <= GNUTLS_A_CERTIFICATE_UNKNOWN) ||
                  alert == GNUTLS_A_UNKNOWN_CA || alert == GNUTLS_A_CERTIFICATE_REQUIRED;
    if (judged && !c->shows)
        snprintf(c->why, WHY_MAX, "it wants a certificate, and none was shown");
    else if (judged)
        snprintf(c->why, WHY_MAX, "it refuses the certificate that was shown: %s", name);
    else
        snprintf(c->why, WHY_MAX, "it says: %s", name != NULL ? name : "an unknown alert");
}

static bool is_passing(ssize_t got)
{
    return got == GNUTLS_E_INTERRUPTED || got == GNUTLS_E_AGAIN;
}

static bool is_lost(ssize_t fault)
{
    return fault == GNUTLS_E_PREMATURE_TERMINATION || fault == GNUTLS_E_PUSH_ERROR ||
           fault == GNUTLS_E_PULL_ERROR;
}

/* Returns false. */
static bool explain(struct tls_client *c, ssize_t fault, const char *lost)
{
    if (fault == GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR)
        explain_certificate(c);
    else if (fault == GNUTLS_E_FATAL_ALERT_RECEIVED)
        explain_alert(c);
    else
        snprintf(c->why, WHY_MAX, "%s", is_lost(fault) ? lost : gnutls_strerror((int)fault));
    return false;
}

const char *tls_client_why(const struct tls_client *c)
{
    return c->why;
}

/* ---- a session */

static bool is_address(const char *name)
{
    struct in_addr bytes;
    return strchr(name, ':') != NULL || inet_pton(AF_INET, name, &bytes) == 1;
}

static int prepare(struct tls_client *c, int fd, const char *name)
{
    /* a single certificate is shown whether or not the server lists who signed it */
    int got = gnutls_init(&c->session, GNUTLS_CLIENT | GNUTLS_NO_SIGNAL | GNUTLS_FORCE_CLIENT_CERT);
    if (got == GNUTLS_E_SUCCESS)
        got = gnutls_priority_set_direct(c->session, CERTIFICATES_PRIORITIES, NULL);
    if (got == GNUTLS_E_SUCCESS)
        got = gnutls_credentials_set(c->session, GNUTLS_CRD_CERTIFICATE, c->credentials);
    if (got == GNUTLS_E_SUCCESS && !is_address(name))
        got = gnutls_server_name_set(c->session, GNUTLS_NAME_DNS, name, strlen(name));
    if (got != GNUTLS_E_SUCCESS)
        return got;
    c->asked[0] = (gnutls_typed_vdata_st){.type = GNUTLS_DT_DNS_HOSTNAME,
                                          .data = (unsigned char *)(uintptr_t)name};
    c->asked[1] =
        (gnutls_typed_vdata_st){.type = GNUTLS_DT_KEY_PURPOSE_OID,
                                .data = (unsigned char *)(uintptr_t)GNUTLS_KP_TLS_WWW_SERVER};
    gnutls_session_set_verify_cert2(c->session, c->asked, 2, 0);
    gnutls_handshake_set_timeout(c->session, TLS_CLIENT_HANDSHAKE_MS);
    gnutls_transport_set_int(c->session, fd);
    return GNUTLS_E_SUCCESS;
}

bool tls_client_open(struct tls_client *c, int fd, const char *name)
{
    int got = prepare(c, fd, name);
    if (got != GNUTLS_E_SUCCESS)
        return explain(c, got, "");
    do
        got = gnutls_handshake(c->session);
    while (got < 0 && gnutls_error_is_fatal(got) == 0);
    if (got == GNUTLS_E_SUCCESS)
        return true;
    if (got == GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR)
        (void)gnutls_alert_send_appropriate(c->session, got);
    return explain(c, got, "it hung up in the handshake: does it speak TLS?");
}

/* A server that has hung up has said why, perhaps. Returns false. */
static bool hung_up(struct tls_client *c)
{
    char scrap[256];
    ssize_t got;
    do
        got = gnutls_record_recv(c->session, scrap, sizeof scrap);
    while (got > 0 || is_passing(got));
    return explain(c, got == GNUTLS_E_FATAL_ALERT_RECEIVED ? got : GNUTLS_E_PUSH_ERROR,
                   "it hung up");
}

bool tls_client_send(struct tls_client *c, const void *bytes, size_t n)
{
    const char *at = bytes;
    while (n > 0) {
        ssize_t got = gnutls_record_send(c->session, at, n);
        if (is_passing(got))
            continue;
        if (got < 0)
            return is_lost(got) ? hung_up(c) : explain(c, got, "");
        at += got;
        n -= (size_t)got;
    }
    return true;
}

bool tls_client_finish(struct tls_client *c, unsigned patience_ms)
{
    char scrap[256];
    ssize_t got;
    do
        got = gnutls_bye(c->session, GNUTLS_SHUT_WR);
    while (is_passing(got));
    if (got < 0)
        return is_lost(got) ? hung_up(c) : explain(c, got, "");
    gnutls_record_set_timeout(c->session, patience_ms);
    do
        got = gnutls_record_recv(c->session, scrap, sizeof scrap);
    while (got > 0 || is_passing(got)); /* a ticket is one, too */
    return got == 0 || got == GNUTLS_E_TIMEDOUT || explain(c, got, "it hung up");
}
