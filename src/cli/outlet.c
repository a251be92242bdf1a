/* cli/outlet.c -- one connected socket, one buffer: what fits a send goes out together.
 *
 *     [ head | lines ... ]      a datagram's signature is written right before its lines, when they go
 *
 * Blocking: a nablad that cannot keep up stops reading, and this waits for it.
 * Elsewhere: TLS (doors/tls_client.c), MACs (doors/seal.c), what a signature looks like (wire/sealed.c). */
#include "cli/outlet.h"

#include "base/clock.h"
#include "wire/sealed.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

/* Copies text[0..n) terminated; false if it is empty or too long. */
static bool copy(char *out, size_t max, const char *text, size_t n)
{
    if (n == 0 || n >= max)
        return false;
    memcpy(out, text, n);
    out[n] = '\0';
    return true;
}

static bool read_port(const char *text, char out[static 8])
{
    if (*text == '\0')
        return copy(out, 8, "2207", 4);
    size_t n = strlen(++text); /* behind the colon */
    return strspn(text, "0123456789") == n && copy(out, 8, text, n) && atoi(out) <= 65535;
}

static bool starts_with(const char **text, const char *prefix)
{
    size_t n = strlen(prefix);
    if (strncmp(*text, prefix, n) != 0)
        return false;
    *text += n;
    return true;
}

static enum carrier read_carrier(const char **text)
{
    if (starts_with(text, "tcp://"))
        return CARRIER_TCP;
    if (starts_with(text, "tls://"))
        return CARRIER_TLS;
    return starts_with(text, "udp://") ? CARRIER_UDP : CARRIER_ANY;
}

bool target_read(const char *text, struct target *out)
{
    struct target t = {.carrier = read_carrier(&text)};
    size_t bracket = *text == '[';
    const char *host = text + bracket;
    size_t n = strcspn(host, bracket ? "]" : ":");
    const char *rest = host + n + (bracket && host[n] == ']');
    bool closed = !bracket || host[n] == ']';
    if (!closed || strpbrk(rest, "/[]") != NULL || strpbrk(text, " /") != NULL ||
        (*rest != '\0' && *rest != ':') || !copy(t.host, sizeof t.host, host, n) ||
        !read_port(rest, t.port))
        return false;
    *out = t;
    return true;
}

/* Tries the addresses in turn: a connected socket, or -1 with errno. */
static int connect_any(const struct addrinfo *list)
{
    for (const struct addrinfo *a = list; a != NULL; a = a->ai_next) {
        int fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
        if (fd < 0)
            continue;
        if (connect(fd, a->ai_addr, a->ai_addrlen) == 0)
            return fd;
        int why = errno;
        close(fd);
        errno = why;
    }
    return -1;
}

/* Returns false. */
static bool failed(struct outlet *o, const char *why)
{
    o->why = why;
    return false;
}

static bool connect_to(struct outlet *o, const struct target *to)
{
    struct addrinfo hints = {.ai_socktype = o->udp ? SOCK_DGRAM : SOCK_STREAM}, *list;
    int fault = getaddrinfo(to->host, to->port, &hints, &list);
    if (fault != 0)
        return failed(o, fault == EAI_SYSTEM ? strerror(errno) : gai_strerror(fault));
    o->fd = connect_any(list);
    int why = errno;
    freeaddrinfo(list);
    return o->fd >= 0 || failed(o, strerror(why));
}

static bool shake_hands(struct outlet *o, const struct target *to)
{
    const char *name = o->guard.server_name != NULL ? o->guard.server_name : to->host;
    return tls_client_open(o->guard.tls, o->fd, name) || failed(o, tls_client_why(o->guard.tls));
}

bool outlet_open(struct outlet *o, const struct target *to, struct outlet_guard guard)
{
    bool udp = to->carrier == CARRIER_UDP;
    size_t head = udp && guard.keys != NULL ? SEALED_HEAD_MAX + SEALED_TIME_MAX : 0;
    *o = (struct outlet){.fd = -1,
                         .udp = udp,
                         .guard = guard,
                         .head = head,
                         .max = udp ? OUTLET_DATAGRAM_MAX - head : OUTLET_BLOCK};
    o->at = malloc(o->head + o->max);
    if (o->at == NULL)
        return failed(o, "no memory");
    return connect_to(o, to) && (to->carrier != CARRIER_TLS || shake_hands(o, to));
}

void outlet_close(struct outlet *o)
{
    if (o->fd >= 0)
        close(o->fd);
    free(o->at);
    *o = (struct outlet){.fd = -1};
}

bool outlet_fits(const struct outlet *o, size_t n)
{
    return n <= o->max;
}

static bool send_plain(struct outlet *o, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t sent = send(o->fd, bytes, n, MSG_NOSIGNAL);
        if (sent < 0 && errno != EINTR)
            return failed(o, strerror(errno));
        bytes += sent < 0 ? 0 : sent;
        n -= sent < 0 ? 0 : (size_t)sent;
    }
    return true;
}

static bool send_signed(struct outlet *o)
{
    char time[SEALED_TIME_MAX], mac_text[SEALED_HEAD_MAX];
    unsigned char mac[SEALED_MAC];
    size_t time_n = sealed_write_time(time, clock_now().wall_ns);
    char *begin = o->at + o->head - time_n;
    memcpy(begin, time, time_n);
    seal_sign(o->guard.keys, begin, time_n + o->n, mac);
    size_t mac_n = sealed_write_mac(mac_text, mac);
    memcpy(begin - mac_n, mac_text, mac_n);
    return send_plain(o, begin - mac_n, mac_n + time_n + o->n);
}

bool outlet_flush(struct outlet *o)
{
    bool sent = true;
    if (o->n > 0 && o->guard.tls != NULL)
        sent =
            tls_client_send(o->guard.tls, o->at, o->n) || failed(o, tls_client_why(o->guard.tls));
    else if (o->n > 0)
        sent = o->head > 0 ? send_signed(o) : send_plain(o, o->at, o->n);
    o->n = 0;
    return sent;
}

bool outlet_add(struct outlet *o, const char *line, size_t n)
{
    if (n > o->max - o->n && !outlet_flush(o))
        return false;
    memcpy(o->at + o->head + o->n, line, n);
    o->n += n;
    return true;
}

/* A datagram that nobody listens for is refused after it was sent. */
static bool was_taken(struct outlet *o)
{
    int error = 0;
    socklen_t n = sizeof error;
    if (getsockopt(o->fd, SOL_SOCKET, SO_ERROR, &error, &n) != 0)
        error = errno;
    return error == 0 || failed(o, strerror(error));
}

/* Until the peer hangs up, which it does once it has read all; one that never does is left. */
static bool await_farewell(struct outlet *o)
{
    char scrap[256];
    ssize_t n;
    struct timeval patience = {.tv_sec = OUTLET_FAREWELL_S};
    setsockopt(o->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    do
        n = recv(o->fd, scrap, sizeof scrap, 0);
    while (n > 0);
    return n == 0 || errno == EAGAIN || errno == EWOULDBLOCK || failed(o, strerror(errno));
}

bool outlet_finish(struct outlet *o)
{
    if (!outlet_flush(o))
        return false;
    if (o->udp)
        return was_taken(o);
    if (o->guard.tls != NULL)
        return tls_client_finish(o->guard.tls, OUTLET_FAREWELL_S * 1000) ||
               failed(o, tls_client_why(o->guard.tls));
    if (shutdown(o->fd, SHUT_WR) != 0)
        return failed(o, strerror(errno));
    return await_farewell(o);
}
