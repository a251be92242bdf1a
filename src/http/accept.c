/* http/accept.c -- who knocks is taken in, waits for a place, or waits for a descriptor.
 *
 *     somebody knocks ──► accept4 ──► MHD_add_connection
 *          ▲                 ├─ http.max_connections ──► of somebody who has many one ends, else
 *          │                 │                           rest until a connection ends
 *          └─────────────────┴─ no descriptor ─────────► rest until the tick
 *
 * Not libmicrohttpd's own: without a descriptor it asks for one in a circle if it has no connection that could end,
 * and takes none until one ends if it has.
 * Law: a door that can take nobody in costs a try a tick. */
#include "http/accept.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ACCEPTS_A_TURN = 64 };

static void rest(struct http *h)
{
    uv_poll_stop(&h->knock);
    h->listens = false;
}

static void want_descriptor(struct http *h, int why)
{
    rest(h);
    h->starved = true;
    count(&h->door->refused_connections, 1);
    log_event(h->options.log, LOG_LEVEL_ERROR, "accept", "accept_failed", "listener=%s why=\"%s\"",
              h->door->name, strerrordesc_np(why));
}

/* Whoever goes before the door opens is nobody; the others that fail here will fail again. */
static bool is_passing(int error)
{
    return error == EINTR || error == ECONNABORTED;
}

/* Those that were told to go do not count, up to as many as libmicrohttpd takes more. */
static bool is_full(const struct http *h)
{
    uint32_t most = h->options.max_connections, leaving = h->peers.leaving;
    return h->peers.n >= most + (leaving < ACCEPT_SPARE ? leaving : ACCEPT_SPARE);
}

/* Whoever has as many connections as anybody else gets none of theirs. */
static bool is_turned_away(struct http *h, const struct sockaddr *from)
{
    struct network network = network_of(from);
    if (!peers_admit(&h->peers, &network)) /* which on_accept says */
        return false;
    count(&h->options.stats->limited[LIMIT_HTTP_CONNECTIONS], 1);
    if (peers_displace(&h->peers, &network))
        return false;
    count(&h->door->refused_connections, 1);
    return true;
}

static void take(struct http *h, int fd, const struct sockaddr *from, socklen_t n, bool full)
{
    if (full && is_turned_away(h, from))
        close(fd);
    else
        (void)MHD_add_connection(h->daemon, fd, from, n); /* or closes it */
}

void accept_some(struct http *h)
{
    for (uint32_t taken = 0; taken < ACCEPTS_A_TURN; taken++) {
        struct sockaddr_storage from;
        socklen_t n = sizeof from;
        bool full = is_full(h);
        if (full && (h->peers.leaving >= ACCEPT_SPARE || !peers_could_yield(&h->peers))) {
            rest(h);
            return;
        }
        int fd = accept4(h->listen_fd, (struct sockaddr *)&from, &n, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0) {
            take(h, fd, (struct sockaddr *)&from, n, full);
        } else if (errno == EAGAIN) {
            return;
        } else if (!is_passing(errno)) {
            want_descriptor(h, errno);
            return;
        }
    }
}

static void on_knock(uv_poll_t *knock, int status, int events)
{
    struct http *h = knock->data;
    (void)status, (void)events;
    accept_some(h);
    server_nudge(h);
}

static bool listens(struct http *h)
{
    return uv_poll_start(&h->knock, UV_READABLE, on_knock) == 0;
}

enum nabla_status accept_begin(struct http *h)
{
    if (uv_poll_init(&h->loop, &h->knock, h->listen_fd) != 0)
        return NABLA_EIO;
    h->knock.data = h;
    h->listens = listens(h);
    return h->listens ? NABLA_OK : NABLA_EIO;
}

void accept_go_on(struct http *h)
{
    if (h->listens || h->starved || h->listen_fd < 0 || is_full(h))
        return;
    h->listens = listens(h);
}

/* Scrapers keep their connections for ever. So streams without a reader are found out, and one connection gives way,
 * tick by tick, until nobody has to knock twice. */
static void make_room(struct http *h, int64_t now_ns)
{
    h->stuck_ticks++;
    if (h->stuck_ticks < 2)
        return;
    hub_beat(h, now_ns, 0);
    if (peers_give_way(&h->peers, h->stuck_ticks > STUCK_TICKS))
        h->stuck_ticks = 1;
}

void accept_tick(struct http *h, int64_t now_ns)
{
    bool waits = !h->listens && is_full(h) && peers_could_yield(&h->peers);
    bool tries = (h->starved || waits) && h->listen_fd >= 0;
    h->starved = false;
    if (tries) {
        accept_some(h);
        server_nudge(h);
    }
    if (h->starved)
        make_room(h, now_ns);
    else
        h->stuck_ticks = 0;
}

void accept_end(struct http *h)
{
    rest(h);
    close(h->listen_fd);
    h->listen_fd = -1;
}
