/* net/tcp_tls.c -- connections whose bytes are TLS: what was read goes through the session into a buffer of its
 * own, and from there the way of all lines.
 *
 *     tcp_buf ──secure_take──► session ──tls_read──► [ carry|lines ] ──connection_take──►
 *                                 └──what it has to say──► socket
 *
 * A handshake costs as much as a thousand lines, so a turn of the loop has HANDSHAKES_A_TURN steps of them for all
 * connections together, and one that does not end in ingest.handshake_timeout is closed. A client that does not
 * read what it is told waits for nobody: one write is under way, the rest is bounded by the session.
 * Elsewhere: the session (tls.c), certificates (gate.c). */
#include "net/connection.h"

#include "net/tls.h"

#include <stdlib.h>
#include <string.h>

enum {
    HANDSHAKES_A_TURN = 4,
    RECORD_HANDSHAKE = 0x16, /* the first byte of a client that speaks TLS */
    SLOW_CLOSED_MAX = 256,   /* in one tick */
    DETAIL_MAX = 200,        /* bytes of what came instead of TLS, for the log */
};

struct secure {
    struct connection *connection;
    struct tls *tls;
    bool shaking;
    bool writing;
    uint32_t tick;                  /* of the loop, when it began */
    struct secure *next, *previous; /* of the loop's list of handshakes, the oldest first */
};

/* ---- handshakes under way */

static void link_in(struct ingest *in, struct secure *s)
{
    s->shaking = true;
    s->tick = in->ticks;
    s->previous = in->last_shaking;
    if (s->previous != NULL)
        s->previous->next = s;
    else
        in->first_shaking = s;
    in->last_shaking = s;
}

static void unlink_from(struct ingest *in, struct secure *s)
{
    if (!s->shaking)
        return;
    s->shaking = false;
    if (s->previous != NULL)
        s->previous->next = s->next;
    else
        in->first_shaking = s->next;
    if (s->next != NULL)
        s->next->previous = s->previous;
    else
        in->last_shaking = s->previous;
    s->next = s->previous = NULL;
}

bool secure_begin(struct connection *c)
{
    struct secure *s = calloc(1, sizeof *s);
    if (s == NULL)
        return false;
    s->connection = c;
    if (gate_begin_tls(c->listener->gate, &s->tls) != NABLA_OK) {
        free(s);
        return false;
    }
    c->secure = s;
    link_in(c->listener->ingest, s);
    return true;
}

void secure_free(struct secure *s)
{
    if (s == NULL)
        return;
    tls_free(s->tls);
    free(s);
}

bool secure_may_read(struct connection *c)
{
    struct ingest *in = c->listener->ingest;
    if (!c->secure->shaking)
        return true;
    if (in->steps_turn != in->turn)
        in->steps = 0;
    in->steps_turn = in->turn;
    return in->steps++ < HANDSHAKES_A_TURN;
}

void secure_close_slow(struct ingest *in)
{
    static const char detail[] = "the handshake did not end";
    for (int n = 0; n < SLOW_CLOSED_MAX && in->first_shaking != NULL; n++) {
        struct secure *s = in->first_shaking;
        if (in->ticks - s->tick <= in->house->handshake_ticks)
            return;
        connection_refuse(s->connection, REFUSAL_TLS_TIMEOUT, detail, sizeof detail - 1);
    }
}

/* ---- what the session has to say */

struct word {
    uv_write_t req;
    char *bytes; /* owned */
};

static void send_output(struct connection *c);

static void on_written(uv_write_t *req, int status)
{
    struct word *w = req->data;
    struct connection *c = req->handle->data;
    free(w->bytes);
    free(w);
    c->secure->writing = false;
    if (status == 0 && !c->closing)
        send_output(c);
}

/* The socket takes the rest when it can. */
static void send_later(struct connection *c, char *bytes, size_t sent, size_t n)
{
    struct word *w = calloc(1, sizeof *w);
    uv_buf_t buf = uv_buf_init(bytes + sent, (unsigned)(n - sent));
    if (w != NULL)
        *w = (struct word){.req = {.data = w}, .bytes = bytes};
    if (w == NULL || uv_write(&w->req, (uv_stream_t *)&c->tcp, &buf, 1, on_written) != 0) {
        free(bytes);
        free(w);
        return; /* the client waits in vain, until its time is up */
    }
    c->secure->writing = true;
}

static void send_output(struct connection *c)
{
    size_t n;
    char *bytes = c->secure->writing ? NULL : tls_output(c->secure->tls, &n);
    if (bytes == NULL)
        return;
    uv_buf_t buf = uv_buf_init(bytes, (unsigned)n);
    int sent = uv_try_write((uv_stream_t *)&c->tcp, &buf, 1);
    if (sent == (int)n || (sent < 0 && sent != UV_EAGAIN))
        free(bytes); /* a broken connection is noticed by reading */
    else
        send_later(c, bytes, sent < 0 ? 0 : (size_t)sent, n);
}

/* ---- what comes */

static void opened(struct connection *c)
{
    struct listener *l = c->listener;
    unlink_from(l->ingest, c->secure);
    count(&l->inlet.stats->tls_handshakes, 1);
}

static void failed(struct connection *c)
{
    struct secure *s = c->secure;
    char why[TLS_WHY_MAX];
    enum refusal r = tls_blames_certificate(s->tls) ? REFUSAL_CLIENT_CERTIFICATE
                     : s->shaking                   ? REFUSAL_TLS_HANDSHAKE
                                                    : REFUSAL_TLS_BROKEN;
    tls_why(s->tls, why);
    connection_refuse(c, r, why, strlen(why));
}

static void read_records(struct connection *c)
{
    struct secure *s = c->secure;
    char *lines = c->listener->ingest->tls_buf + CARRY_MAX;
    for (size_t n = 1; n > 0 && !c->closing;) {
        n = tls_read(s->tls, lines, READ_MAX);
        if (s->shaking && (n > 0 || tls_state(s->tls) == TLS_OPEN))
            opened(c);
        if (n > 0)
            connection_take(c, lines, n);
    }
}

void secure_take(struct connection *c, const char *bytes, size_t n)
{
    struct secure *s = c->secure;
    if (c->turn == UINT64_MAX && n > 0 && bytes[0] != RECORD_HANDSHAKE) {
        connection_refuse(c, REFUSAL_NOT_TLS, bytes, n < DETAIL_MAX ? n : DETAIL_MAX);
        return;
    }
    tls_feed(s->tls, bytes, n);
    read_records(c);
    if (c->closing)
        return;
    send_output(c);
    if (tls_state(s->tls) == TLS_FAILED)
        failed(c);
    else if (tls_state(s->tls) == TLS_ENDED)
        connection_end(c);
}

void secure_leave(struct connection *c)
{
    unlink_from(c->listener->ingest, c->secure);
    tls_bye(c->secure->tls);
    send_output(c);
}
