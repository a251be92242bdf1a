/* net/carrier.c -- a socket to a target of lines.
 *
 *     idle ──send──► looking up ──► connecting ──► writing ──► waiting for acknowledgement ──► done
 *       ▲               │ fails         │             │               │
 *       └───────────────┴───────────────┴─────────────┴───────────────┘ closed, told why
 *
 * A TCP connection stays open from body to body. It is read, too, so that its end is noticed; what comes is
 * thrown away. Laws: on_done once a send, from the loop, by the tick; a datagram ends with a line. */
#include "net/carrier.h"

#include "base/clock.h"

#include <linux/sockios.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

enum { WHY_MAX = 128, HOST_MAX = 256 };
enum state { IDLE, LOOKING_UP, CONNECTING, WRITING, ACKNOWLEDGING, DONE, FAILED };

/* A socket with a life of its own: libuv lets go of it some time after it was closed. */
struct line {
    union {
        uv_handle_t handle;
        uv_tcp_t tcp;
        uv_udp_t udp;
    };
    struct carrier *carrier; /* NULL: it was left */
    uv_connect_t connect;
    uv_write_t write;
    char scrap[1024];
};

struct look_up {
    uv_getaddrinfo_t request;
    struct carrier *carrier; /* NULL: nobody waits any more */
};

struct carrier {
    uv_loop_t *loop;
    uv_timer_t tick;
    bool udp;
    char host[HOST_MAX], port[8];
    carrier_done *on_done;
    void *ctx;
    enum state state;
    struct look_up *look_up;
    struct line *line; /* TCP: once connecting; UDP: once there is an address */
    bool connected;
    struct sockaddr_storage to;
    const char *bytes;
    size_t n, sent;
    int64_t deadline_ns;
    char why[WHY_MAX];
};

static void on_line_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void leave_line(struct carrier *o)
{
    if (o->line == NULL)
        return;
    o->line->carrier = NULL;
    uv_close(&o->line->handle, on_line_closed);
    o->line = NULL;
    o->connected = false;
}

static void leave_look_up(struct carrier *o)
{
    if (o->look_up == NULL)
        return;
    o->look_up->carrier = NULL;
    uv_cancel((uv_req_t *)&o->look_up->request);
    o->look_up = NULL;
}

static void fail(struct carrier *o, const char *what, int error)
{
    snprintf(o->why, sizeof o->why, "%s%s%s", what, error != 0 ? ": " : "",
             error != 0 ? uv_strerror(error) : "");
    o->state = FAILED;
    leave_look_up(o);
    leave_line(o);
}

/* ---- TCP */

static void on_scrap(uv_handle_t *handle, size_t wanted, uv_buf_t *out)
{
    struct line *l = handle->data;
    (void)wanted;
    *out = uv_buf_init(l->scrap, sizeof l->scrap);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *bytes)
{
    const struct line *l = stream->data;
    struct carrier *o = l->carrier;
    (void)bytes;
    if (n >= 0 || o == NULL)
        return;
    if (o->state == IDLE || o->state == DONE)
        leave_line(o); /* the next body makes another */
    else
        fail(o, "the connection ended", n == UV_EOF ? 0 : (int)n);
}

static void on_written(uv_write_t *write, int status)
{
    const struct line *l = write->data;
    struct carrier *o = l->carrier;
    if (o == NULL || o->state != WRITING)
        return;
    if (status != 0)
        fail(o, "writing", status);
    else
        o->state = ACKNOWLEDGING;
}

static void write_tcp(struct carrier *o)
{
    uv_buf_t bytes = uv_buf_init((char *)(uintptr_t)o->bytes, (unsigned)o->n);
    o->state = WRITING;
    o->line->write.data = o->line;
    int error = uv_write(&o->line->write, (uv_stream_t *)&o->line->tcp, &bytes, 1, on_written);
    if (error != 0)
        fail(o, "writing", error);
}

static void on_connected(uv_connect_t *connect, int status)
{
    const struct line *l = connect->data;
    struct carrier *o = l->carrier;
    if (o == NULL || o->state != CONNECTING)
        return;
    if (status != 0) {
        fail(o, "connecting", status);
        return;
    }
    o->connected = true;
    uv_read_start((uv_stream_t *)&o->line->tcp, on_scrap, on_read);
    write_tcp(o);
}

static void connect_tcp(struct carrier *o)
{
    o->state = CONNECTING;
    uv_tcp_init(o->loop, &o->line->tcp);
    o->line->connect.data = o->line;
    int error =
        uv_tcp_connect(&o->line->connect, &o->line->tcp, (struct sockaddr *)&o->to, on_connected);
    if (error != 0)
        fail(o, "connecting", error);
}

/* Bytes of TCP that the other side has not acknowledged; -1: the socket is gone. */
static int unacknowledged(const struct carrier *o)
{
    uv_os_fd_t fd;
    int n;
    if (o->line == NULL || uv_fileno(&o->line->handle, &fd) != 0 || ioctl(fd, SIOCOUTQ, &n) != 0)
        return -1;
    return n;
}

/* ---- UDP */

/* The end of the lines that fit a datagram; a longer line goes alone. */
static size_t datagram_end(const struct carrier *o)
{
    size_t left = o->n - o->sent, room = left < CARRIER_DATAGRAM_MAX ? left : CARRIER_DATAGRAM_MAX;
    const char *start = o->bytes + o->sent, *end = memrchr(start, '\n', room);
    if (end == NULL)
        end = memchr(start, '\n', left);
    return end == NULL ? o->n : (size_t)(end - o->bytes) + 1;
}

static void write_udp(struct carrier *o)
{
    o->state = WRITING;
    for (int i = 0; i < CARRIER_BURST && o->sent < o->n; i++) {
        size_t end = datagram_end(o);
        uv_buf_t bytes =
            uv_buf_init((char *)(uintptr_t)o->bytes + o->sent, (unsigned)(end - o->sent));
        int got = uv_udp_try_send(&o->line->udp, &bytes, 1, (struct sockaddr *)&o->to);
        if (got == UV_EAGAIN || got == UV_ENOBUFS)
            return;
        if (got < 0) {
            fail(o, "sending", got);
            return;
        }
        o->sent = end;
    }
    if (o->sent == o->n)
        o->state = DONE;
}

static void open_udp(struct carrier *o)
{
    uv_udp_init(o->loop, &o->line->udp);
    o->connected = true;
    write_udp(o);
}

/* ---- from a name to a socket */

static void open_line(struct carrier *o, const struct sockaddr *to, size_t to_n)
{
    o->line = calloc(1, sizeof *o->line);
    if (o->line == NULL) {
        fail(o, "no memory", 0);
        return;
    }
    memcpy(&o->to, to, to_n < sizeof o->to ? to_n : sizeof o->to);
    o->line->carrier = o;
    o->line->handle.data = o->line; /* libuv leaves it when it begins */
    if (o->udp)
        open_udp(o);
    else
        connect_tcp(o);
}

static void on_looked_up(uv_getaddrinfo_t *request, int status, struct addrinfo *found)
{
    struct look_up *l = request->data;
    struct carrier *o = l->carrier;
    if (o != NULL) {
        o->look_up = NULL;
        if (status != 0)
            fail(o, "looking up its name", status);
        else
            open_line(o, found->ai_addr, found->ai_addrlen);
    }
    uv_freeaddrinfo(found);
    free(l);
}

static void look_up(struct carrier *o)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC,
                             .ai_socktype = o->udp ? SOCK_DGRAM : SOCK_STREAM};
    struct look_up *l = calloc(1, sizeof *l);
    o->state = LOOKING_UP;
    if (l == NULL) {
        fail(o, "no memory", 0);
        return;
    }
    l->carrier = o;
    l->request.data = l;
    int error = uv_getaddrinfo(o->loop, &l->request, on_looked_up, o->host, o->port, &hints);
    if (error != 0) {
        free(l);
        fail(o, "looking up its name", error);
        return;
    }
    o->look_up = l;
}

/* ---- the body on its way */

static void tell(struct carrier *o)
{
    const char *why = o->state == FAILED ? o->why : NULL;
    char copy[WHY_MAX];
    if (why != NULL)
        why = memcpy(copy, o->why, sizeof copy);
    o->state = IDLE;
    uv_timer_stop(&o->tick);
    o->on_done(o->ctx, why);
}

static void on_tick(uv_timer_t *tick)
{
    struct carrier *o = tick->data;
    if (o->state == WRITING && o->udp)
        write_udp(o);
    if (o->state == ACKNOWLEDGING) {
        int left = unacknowledged(o);
        if (left == 0)
            o->state = DONE;
        else if (left < 0)
            fail(o, "the connection ended", 0);
    }
    if (o->state != DONE && o->state != FAILED && clock_now().mono_ns >= o->deadline_ns)
        fail(o, "timeout: it did not take the data", 0);
    if (o->state == DONE || o->state == FAILED)
        tell(o);
}

void carrier_send(struct carrier *o, const char *bytes, size_t n, int64_t timeout_ns)
{
    o->bytes = bytes;
    o->n = n;
    o->sent = 0;
    o->deadline_ns = clock_now().mono_ns + timeout_ns;
    uint64_t every = o->udp ? 1 : CARRIER_TICK_MS;
    uv_timer_start(&o->tick, on_tick, every, every);
    if (!o->connected)
        look_up(o);
    else if (o->udp)
        write_udp(o);
    else
        write_tcp(o);
}

static void on_tick_closed(uv_handle_t *handle)
{
    free(handle->data);
}

enum nabla_status carrier_new(uv_loop_t *loop, bool udp, const char *host, const char *port,
                              carrier_done *on_done, void *ctx, struct carrier **out)
{
    struct carrier *o = calloc(1, sizeof *o);
    if (o == NULL)
        return NABLA_ENOMEM;
    *o = (struct carrier){.loop = loop, .udp = udp, .on_done = on_done, .ctx = ctx};
    snprintf(o->host, sizeof o->host, "%s", host);
    snprintf(o->port, sizeof o->port, "%s", port);
    uv_timer_init(loop, &o->tick);
    o->tick.data = o;
    *out = o;
    return NABLA_OK;
}

void carrier_free(struct carrier *o)
{
    if (o == NULL)
        return;
    leave_look_up(o);
    leave_line(o);
    uv_close((uv_handle_t *)&o->tick, on_tick_closed);
}
