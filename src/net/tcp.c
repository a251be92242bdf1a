/* net/tcp.c -- connections: read, hand on whole lines, keep the beginning of the next.
 *
 *     tcp_buf   [            carry|bytes just read            ]
 *                            ^ put here only once its line is whole
 *
 * All connections of a loop read into one buffer; a silent one costs its struct. A line too long is
 * counted when it passes the limit and skipped to its end. One that brings no whole line for too long is
 * closed, however many bytes it sends; who may come at all, places.c says. When the table is busy the loop waits in
 * it, and the kernel's window closes: back-pressure, nothing is dropped. */
#include "net/connection.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    FRAME_HEAD = 4,
    CARRY_KEPT = 4096, /* bytes of an empty carry that stay allocated */
    KEEPALIVE_S =
        60, /* of silence: a sender that lost its power must not hold its place for ever */
};

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf);
static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf);

/* ---- life of a connection */

static void link_in(struct ingest *in, struct connection *c)
{
    c->previous = NULL;
    c->next = in->first;
    if (in->first != NULL)
        in->first->previous = c;
    else
        in->last = c;
    in->first = c;
    c->tick = in->ticks;
}

static void unlink_from(struct ingest *in, struct connection *c)
{
    if (c->previous != NULL)
        c->previous->next = c->next;
    else
        in->first = c->next;
    if (c->next != NULL)
        c->next->previous = c->previous;
    else
        in->last = c->previous;
}

/* It has brought a whole line: the list stays in order of that, so that the idle are found at its end.
 * Within one tick order is no matter. */
static void note_line(struct ingest *in, struct connection *c)
{
    if (c->tick == in->ticks)
        return;
    unlink_from(in, c);
    link_in(in, c);
    place_heard(&c->place, in->tick_ns);
}

static void on_closed(uv_handle_t *handle)
{
    struct connection *c = handle->data;
    secure_free(c->secure);
    free(c->carry);
    free(c);
}

static void unpause(struct ingest *in, struct connection *c)
{
    struct connection **p = &in->paused;
    while (*p != NULL && *p != c)
        p = &(*p)->next_paused;
    if (*p == c)
        *p = c->next_paused;
    c->paused = false;
}

static void close_connection(struct connection *c)
{
    struct ingest *in = c->listener->ingest;
    if (c->closing)
        return;
    c->closing = true;
    if (c->paused)
        unpause(in, c);
    if (c->secure != NULL)
        secure_leave(c);
    unlink_from(in, c);
    places_leave(&in->house->places, &c->place);
    atomic_fetch_sub(&c->listener->inlet.stats->open_connections, 1);
    uv_close((uv_handle_t *)&c->tcp, on_closed);
}

/* ---- reading */

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct connection *c = handle->data;
    (void)suggested;
    bool later = c->secure != NULL && !secure_may_read(c);
    *buf = uv_buf_init(c->listener->ingest->tcp_buf + CARRY_MAX, later ? 0 : READ_MAX);
}

static bool grow_carry(struct connection *c, uint32_t n)
{
    if (n <= c->carry_cap)
        return true;
    uint32_t cap = c->carry_cap < 256 ? 256 : c->carry_cap;
    while (cap < n)
        cap *= 2;
    char *carry = realloc(c->carry, cap);
    if (carry == NULL)
        return false;
    c->carry = carry;
    c->carry_cap = cap;
    return true;
}

static void drop_carry(struct connection *c)
{
    c->carry_n = 0;
    if (c->carry_cap > CARRY_KEPT) {
        free(c->carry);
        c->carry = NULL;
        c->carry_cap = 0;
    }
}

/* Keeps the beginning of a line; one longer than the limit is refused and skipped instead. */
static void keep(struct connection *c, const char *bytes, size_t n)
{
    struct ingest *in = c->listener->ingest;
    uint32_t max_line = in->house->max_line;
    bool too_long = c->carry_n + n > max_line;
    if (!too_long && grow_carry(c, c->carry_n + (uint32_t)n)) {
        memcpy(c->carry + c->carry_n, bytes, n);
        c->carry_n += (uint32_t)n;
        return;
    }
    const char *start = c->carry_n > 0 ? c->carry : bytes;
    sink_refuse(&in->sink, &c->listener->inlet, too_long ? CAUSE_LINE_LENGTH : CAUSE_MEMORY, start,
                c->carry_n > 0 ? c->carry_n : n);
    drop_carry(c);
    c->skipping = true;
}

/* Whole lines of bytes[0..n) go on, the carry in front of the first; the rest is kept. */
static void take(struct connection *c, char *bytes, size_t n)
{
    struct ingest *in = c->listener->ingest;
    char *lf = memchr(bytes, '\n', n);
    if (c->skipping) {
        if (lf == NULL)
            return;
        c->skipping = false;
        n -= (size_t)(lf + 1 - bytes);
        bytes = lf + 1;
        lf = memchr(bytes, '\n', n);
    }
    if (lf == NULL) {
        if (n > 0)
            keep(c, bytes, n);
        return;
    }
    if (c->carry_n > 0) { /* what was read stands at tcp_buf + CARRY_MAX: there is room before it */
        bytes -= c->carry_n;
        n += c->carry_n;
        memcpy(bytes, c->carry, c->carry_n);
        drop_carry(c);
    }
    note_line(in, c);
    size_t used = sink_take(&in->sink, &c->listener->inlet, bytes, n);
    sink_flush(&in->sink, &c->listener->inlet);
    if (used < n)
        keep(c, bytes + used, n - used);
}

/* ---- frames: four bytes of length, the most significant first, then so many bytes */

static uint32_t frame_bytes(const char *head)
{
    uint32_t n;
    memcpy(&n, head, sizeof n);
    return ntohl(n);
}

/* A frame that cannot be kept ends the connection: where the next one begins is not known then. */
static void refuse_frame(struct connection *c, enum cause cause)
{
    struct ingest *in = c->listener->ingest;
    sink_refuse(&in->sink, &c->listener->inlet, cause, c->carry, 0);
    c->carry_n = 0;
    close_connection(c);
}

/* Adds so many of bytes[0..n) to the carry as its frame, or at first its length, still needs. Returns how many;
 * 0, and the connection closes, if it is too long or there is no memory. */
static size_t gather_frame(struct connection *c, const char *bytes, size_t n)
{
    uint32_t whole = FRAME_HEAD;
    if (c->carry_n >= FRAME_HEAD)
        whole += frame_bytes(c->carry);
    size_t wanted = whole - c->carry_n, taken = n < wanted ? n : wanted;
    if (!grow_carry(c, c->carry_n + (uint32_t)taken)) {
        refuse_frame(c, CAUSE_MEMORY);
        return 0;
    }
    memcpy(c->carry + c->carry_n, bytes, taken);
    c->carry_n += (uint32_t)taken;
    if (c->carry_n >= FRAME_HEAD && frame_bytes(c->carry) > PICKLE_FRAME_MAX) {
        refuse_frame(c, CAUSE_FRAME_LENGTH);
        return 0;
    }
    return taken;
}

/* The next whole frame with its length in front, in place if it lies there whole, or else in the carry; *bytes and
 * *n move behind it. NULL: it is not whole yet, or the connection closes. */
static const char *next_frame(struct connection *c, const char **bytes, size_t *n)
{
    const char *frame = *bytes;
    size_t whole = SIZE_MAX, taken;
    if (c->carry_n == 0 && *n >= FRAME_HEAD && frame_bytes(frame) <= PICKLE_FRAME_MAX)
        whole = FRAME_HEAD + frame_bytes(frame);
    if (whole <= *n) {
        *bytes += whole;
        *n -= whole;
        return frame;
    }
    do {
        taken = gather_frame(c, *bytes, *n);
        *bytes += taken;
        *n -= taken;
        if (taken > 0 && c->carry_n >= FRAME_HEAD &&
            c->carry_n == FRAME_HEAD + frame_bytes(c->carry))
            return c->carry;
    } while (taken > 0 && *n > 0);
    return NULL;
}

static void take_frames(struct connection *c, const char *bytes, size_t n)
{
    struct ingest *in = c->listener->ingest;
    while (n > 0 && !c->closing) {
        const char *frame = next_frame(c, &bytes, &n);
        if (frame == NULL)
            return;
        note_line(in, c);
        sink_take_frame(&in->sink, &c->listener->inlet, frame + FRAME_HEAD, frame_bytes(frame));
        drop_carry(c);
    }
}

void connection_pause(struct connection *c)
{
    struct ingest *in = c->listener->ingest;
    uv_read_stop((uv_stream_t *)&c->tcp);
    c->paused = true;
    c->next_paused = in->paused;
    in->paused = c;
}

/* A busy connection waits for the others, the timers and the next turn. */
static void pause_if_greedy(struct connection *c, size_t n)
{
    struct ingest *in = c->listener->ingest;
    c->taken = c->turn == in->turn ? c->taken + (uint32_t)n : (uint32_t)n;
    c->turn = in->turn;
    if (c->taken >= TURN_MAX)
        connection_pause(c);
}

void tcp_resume(struct ingest *in)
{
    while (in->paused != NULL) {
        struct connection *c = in->paused;
        in->paused = c->next_paused;
        c->paused = false;
        if (uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_read) != 0)
            close_connection(c);
    }
}

void connection_end(struct connection *c)
{
    if (c->carry_n > 0)
        sink_refuse(&c->listener->ingest->sink, &c->listener->inlet, CAUSE_UNTERMINATED, c->carry,
                    c->carry_n);
    close_connection(c);
}

void tcp_close_idle(struct ingest *in)
{
    const struct house *house = in->house;
    for (int n = 0; n < IDLE_CLOSED_MAX && in->last != NULL; n++) {
        struct connection *c = in->last;
        if (house->idle_ticks == 0 || in->ticks - c->tick <= house->idle_ticks)
            return;
        struct listener_stats *stats = c->listener->inlet.stats;
        count(&stats->idle_closed, 1);
        count(&house->stats->limited[LIMIT_INGEST_IDLE], 1);
        log_event(house->log, LOG_LEVEL_INFO, "connection_idle", "connection_idle",
                  "listener=%s why=\"no line for ingest.idle_timeout\"", stats->name);
        connection_end(c);
    }
}

void tcp_close_connections(struct ingest *in)
{
    while (in->first != NULL)
        connection_end(in->first);
}

void connection_take(struct connection *c, char *bytes, size_t n)
{
    if (c->listener->inlet.options.format == LINE_PICKLE)
        take_frames(c, bytes, n);
    else if (n > 0)
        take(c, bytes, n);
}

/* The beginning of a TLS handshake. */
static bool is_hello(const char *bytes, size_t n)
{
    return n >= 2 && bytes[0] == 0x16 && bytes[1] == 0x03;
}

/* What a connection reads first shows whether it speaks of what its listener is for. */
static void take_plain(struct connection *c, char *bytes, size_t n)
{
    if (c->turn == UINT64_MAX && is_hello(bytes, n))
        connection_refuse(c, REFUSAL_TLS, "", 0);
    else
        connection_take(c, bytes, n);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct connection *c = stream->data;
    if (n == UV_ENOBUFS) { /* there are too many handshakes in this turn: on_alloc */
        connection_pause(c);
        return;
    }
    if (n < 0) {
        connection_end(c);
        return;
    }
    c->listener->ingest->bytes += (uint64_t)n;
    count(&c->listener->inlet.stats->bytes, (uint64_t)n);
    sink_from(&c->listener->ingest->sink, &c->listener->inlet, &c->place.from);
    if (c->secure != NULL)
        secure_take(c, buf->base, (size_t)n);
    else
        take_plain(c, buf->base, (size_t)n);
    if (!c->closing)
        pause_if_greedy(c, (size_t)n);
}

/* ---- accepting */

static void on_refused_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void tell_limit(struct listener *l, enum limit limit)
{
    struct house *house = l->ingest->house;
    count(&l->inlet.stats->refused_connections, 1);
    count(&house->stats->limited[limit], 1);
    log_event(house->log, LOG_LEVEL_WARN, "connection_refused", "connection_refused",
              "listener=%s why=\"%s is reached\"", l->inlet.stats->name, limit_label(limit));
}

union peer {
    struct sockaddr any;
    struct sockaddr_storage room;
};

/* NULL: it has gone already. */
static const struct sockaddr *find_peer(const uv_tcp_t *tcp, union peer *out)
{
    int n = sizeof *out;
    *out = (union peer){.any = {.sa_family = AF_UNSPEC}};
    return uv_tcp_getpeername(tcp, &out->any, &n) == 0 ? &out->any : NULL;
}

void connection_refuse(struct connection *c, enum refusal why, const char *detail, size_t n)
{
    union peer peer;
    gate_refuse(c->listener->ingest->house->log, c->listener->ingest->house->stats,
                c->listener->inlet.stats, why, find_peer(&c->tcp, &peer), detail, n);
    connection_end(c);
}

static void tell_displaced(struct listener *l)
{
    struct house *house = l->ingest->house;
    count(&house->stats->limited[LIMIT_INGEST_CONNECTIONS], 1);
    log_event(house->log, LOG_LEVEL_WARN, "connection_displaced", "connection_displaced",
              "listener=%s why=\"%s is reached\"", l->inlet.stats->name,
              limit_label(LIMIT_INGEST_CONNECTIONS));
}

/* A place for whoever is at the other end; false: it is refused. */
static bool is_let_in(struct listener *l, struct connection *c, int fd)
{
    bool displaces;
    union peer peer;
    const struct sockaddr *from = find_peer(&c->tcp, &peer);
    if (!gate_admits(l->gate, &peer.any)) {
        gate_refuse(l->ingest->house->log, l->ingest->house->stats, l->inlet.stats, REFUSAL_NETWORK,
                    from, "", 0);
        return false;
    }
    struct network network = network_of(from);
    enum limit limit = places_take(&l->ingest->house->places, &c->place, &network, fd,
                                   clock_now().mono_ns, &displaces);
    if (displaces)
        tell_displaced(l);
    if (limit != LIMIT_COUNT)
        tell_limit(l, limit);
    return limit == LIMIT_COUNT;
}

void tcp_cannot_take(struct listener *l, const char *why)
{
    count(&l->inlet.stats->refused_connections, 1);
    log_event(l->ingest->house->log, LOG_LEVEL_ERROR, "accept", "accept_failed",
              "listener=%s why=\"%s\"", l->inlet.stats->name, why);
}

static struct connection *connection_new(struct listener *l, int fd)
{
    struct connection *c = calloc(1, sizeof *c);
    if (c == NULL) {
        close(fd);
        return NULL;
    }
    uv_tcp_init(&l->ingest->loop, &c->tcp);
    c->tcp.data = c;
    c->listener = l;
    c->turn = UINT64_MAX;
    if (uv_tcp_open(&c->tcp, fd) == 0)
        return c;
    close(fd);
    uv_close((uv_handle_t *)&c->tcp, on_refused_closed);
    return NULL;
}

void tcp_take(struct listener *l, int fd)
{
    struct connection *c = connection_new(l, fd);
    if (c == NULL) {
        tcp_cannot_take(l, "no memory");
        return;
    }
    if (!is_let_in(l, c, fd)) {
        uv_close((uv_handle_t *)&c->tcp, on_refused_closed);
        return;
    }
    l->ingest->bytes++; /* a sign of life for the drain: there may be more to read */
    count(&l->inlet.stats->connections, 1);
    atomic_fetch_add(&l->inlet.stats->open_connections, 1);
    link_in(l->ingest, c);
    uv_tcp_keepalive(&c->tcp, 1, KEEPALIVE_S);
    if ((l->gate->tls && !secure_begin(c)) ||
        uv_read_start((uv_stream_t *)&c->tcp, on_alloc, on_read) != 0)
        close_connection(c);
}
