/* net/tls.c -- GnuTLS between two buffers. Its pull function takes from what was fed and says EAGAIN when that is used
 * up; its push function adds to what is to be sent.
 * Laws: a session that has failed or ended gives no byte any more; tls_read uses up what was fed in a bounded number
 * of steps, as each record costs at least the five bytes of its head. GnuTLS gathers a message of the handshake before
 * it looks at its length, which can say 16 MiB; so what may be gathered is bounded here, in the pull.
 * Elsewhere: certificates and what is asked of clients (doors/certificates.c), the socket (tcp_tls.c). */
#include "net/tls.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct tls {
    gnutls_session_t session;
    struct certificates *certificates; /* held */
    enum tls_state state;
    int fault;      /* GnuTLS' number; of a failed session */
    const char *in; /* borrowed */
    size_t in_n;
    size_t dry; /* bytes taken since the last ones that were the client's own */
    char *out;  /* owned */
    size_t out_n, out_cap;
};

/* ---- what GnuTLS calls */

static ssize_t pull(gnutls_transport_ptr_t ctx, void *to, size_t n)
{
    struct tls *t = ctx;
    if (t->in_n == 0) {
        gnutls_transport_set_errno(t->session, EAGAIN);
        return -1;
    }
    if (t->dry >= TLS_DRY_BYTES) {
        gnutls_transport_set_errno(t->session, EMSGSIZE);
        return -1;
    }
    size_t taken = n < t->in_n ? n : t->in_n;
    t->dry += taken;
    memcpy(to, t->in, taken);
    t->in += taken;
    t->in_n -= taken;
    return (ssize_t)taken;
}

static bool grow(struct tls *t, size_t n)
{
    size_t cap = t->out_cap > 0 ? t->out_cap : 4096;
    while (cap < n)
        cap *= 2;
    char *out = n <= TLS_OUTPUT_MAX ? realloc(t->out, cap) : NULL;
    if (out == NULL)
        return false;
    t->out = out;
    t->out_cap = cap;
    return true;
}

static ssize_t push(gnutls_transport_ptr_t ctx, const void *from, size_t n)
{
    struct tls *t = ctx;
    if (t->out_n + n > t->out_cap && !grow(t, t->out_n + n)) {
        gnutls_transport_set_errno(t->session, ENOBUFS);
        return -1;
    }
    memcpy(t->out + t->out_n, from, n);
    t->out_n += n;
    return (ssize_t)n;
}

/* Called with the session's own pointer where nothing is left to wait for: a pull never blocks. */
static int pull_wait(gnutls_transport_ptr_t ctx, unsigned ms)
{
    const struct tls *t = ctx;
    (void)ms;
    return t->in_n > 0;
}

/* ---- life */

enum nabla_status tls_new(struct certificates *c, struct tls **out)
{
    struct tls *t = calloc(1, sizeof *t);
    if (t == NULL)
        return NABLA_ENOMEM;
    if (gnutls_init(&t->session, GNUTLS_SERVER | GNUTLS_NONBLOCK | GNUTLS_NO_TICKETS) < 0) {
        free(t);
        return NABLA_ENOMEM;
    }
    if (certificates_begin(c, t->session) != NABLA_OK) {
        tls_free(t);
        return NABLA_ENOMEM;
    }
    t->certificates = c;
    gnutls_handshake_set_max_packet_length(t->session, TLS_MESSAGE_MAX);
    gnutls_transport_set_ptr(t->session, t);
    gnutls_transport_set_pull_function(t->session, pull);
    gnutls_transport_set_pull_timeout_function(t->session, pull_wait);
    gnutls_transport_set_push_function(t->session, push);
    *out = t;
    return NABLA_OK;
}

void tls_free(struct tls *t)
{
    if (t == NULL)
        return;
    gnutls_deinit(t->session);
    certificates_leave(t->certificates);
    free(t->out);
    free(t);
}

/* ---- steps */

static void fail(struct tls *t, int fault)
{
    t->state = TLS_FAILED;
    t->fault = fault;
    if (fault == GNUTLS_E_NO_CERTIFICATE_FOUND) /* for which GnuTLS has no fitting alert */
        fault = GNUTLS_E_CERTIFICATE_ERROR;
    (void)gnutls_alert_send_appropriate(t->session, fault);
}

/* A step that brought nothing for us, and is no fault: GnuTLS also says AGAIN of a change of keys. */
static bool is_dry(ssize_t got)
{
    return got == GNUTLS_E_AGAIN || got == GNUTLS_E_INTERRUPTED ||
           got == GNUTLS_E_WARNING_ALERT_RECEIVED;
}

static void shake(struct tls *t)
{
    int got = gnutls_handshake(t->session);
    for (int dry = 0; is_dry(got) && t->in_n > 0 && dry < TLS_DRY_MAX; dry++)
        got = gnutls_handshake(t->session);
    if (got == GNUTLS_E_SUCCESS)
        t->state = TLS_OPEN;
    else if (t->dry >= TLS_DRY_BYTES)
        fail(t, GNUTLS_E_HANDSHAKE_TOO_LARGE);
    else if (!is_dry(got))
        fail(t, got);
    else if (t->in_n > 0)
        fail(t, GNUTLS_E_TOO_MANY_HANDSHAKE_PACKETS);
}

/* How many bytes the next record with any brought; 0: there is none now, or never again. */
static size_t take_record(struct tls *t, char *out, size_t n)
{
    ssize_t got = gnutls_record_recv(t->session, out, n);
    for (int dry = 0; is_dry(got) && t->in_n > 0 && dry < TLS_DRY_MAX; dry++)
        got = gnutls_record_recv(t->session, out, n);
    if (got > 0) {
        t->dry = 0;
        return (size_t)got;
    }
    if (got == 0)
        t->state = TLS_ENDED;
    else if (!is_dry(got))
        fail(t, (int)got);
    else if (t->in_n > 0)
        fail(t, GNUTLS_E_TOO_MANY_EMPTY_PACKETS);
    return 0;
}

void tls_feed(struct tls *t, const char *in, size_t n)
{
    t->in = in;
    t->in_n = n;
}

size_t tls_read(struct tls *t, char *out, size_t n)
{
    size_t used = 0, got = 1;
    if (t->state == TLS_SHAKING)
        shake(t);
    while (t->state == TLS_OPEN && used < n && got > 0) {
        got = take_record(t, out + used, n - used);
        used += got;
    }
    return used;
}

void tls_bye(struct tls *t)
{
    if (t->state == TLS_OPEN || t->state == TLS_ENDED)
        (void)gnutls_bye(t->session, GNUTLS_SHUT_WR);
}

/* ---- what it says */

enum tls_state tls_state(const struct tls *t)
{
    return t->state;
}

bool tls_blames_certificate(const struct tls *t)
{
    return t->fault == GNUTLS_E_CERTIFICATE_ERROR || t->fault == GNUTLS_E_CERTIFICATE_REQUIRED ||
           t->fault == GNUTLS_E_NO_CERTIFICATE_FOUND ||
           t->fault == GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR;
}

const char *tls_why(const struct tls *t, char text[static TLS_WHY_MAX])
{
    if (t->fault == GNUTLS_E_FATAL_ALERT_RECEIVED)
        snprintf(text, TLS_WHY_MAX, "the client says: %s",
                 gnutls_alert_get_name(gnutls_alert_get(t->session)));
    else
        snprintf(text, TLS_WHY_MAX, "%s", gnutls_strerror(t->fault));
    return text;
}

char *tls_output(struct tls *t, size_t *n)
{
    char *out = t->out_n > 0 ? t->out : NULL;
    *n = t->out_n;
    if (out == NULL)
        return NULL;
    t->out = NULL;
    t->out_n = t->out_cap = 0;
    return out;
}
