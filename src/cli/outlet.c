/* cli/outlet.c -- one connected socket, one buffer: what fits a send goes out together.
 * Blocking: a nablad that cannot keep up stops reading, and this waits for it. */
#include "cli/outlet.h"

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

bool target_read(const char *text, struct target *out)
{
    struct target t = {.udp = starts_with(&text, "udp://")};
    if (!t.udp)
        starts_with(&text, "tcp://");
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

const char *outlet_open(struct outlet *o, const struct target *to)
{
    struct addrinfo hints = {.ai_socktype = to->udp ? SOCK_DGRAM : SOCK_STREAM}, *list;
    *o = (struct outlet){
        .fd = -1, .udp = to->udp, .max = to->udp ? OUTLET_DATAGRAM_MAX : OUTLET_BLOCK};
    int failed = getaddrinfo(to->host, to->port, &hints, &list);
    if (failed != 0)
        return failed == EAI_SYSTEM ? strerror(errno) : gai_strerror(failed);
    o->fd = connect_any(list);
    int why = errno;
    freeaddrinfo(list);
    if (o->fd < 0)
        return strerror(why);
    o->at = malloc(o->max);
    return o->at == NULL ? "no memory" : NULL;
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

bool outlet_flush(struct outlet *o)
{
    size_t sent = 0;
    while (sent < o->n) {
        ssize_t n = send(o->fd, o->at + sent, o->n - sent, MSG_NOSIGNAL);
        if (n < 0 && errno != EINTR)
            return false;
        sent += n < 0 ? 0 : (size_t)n;
    }
    o->n = 0;
    return true;
}

bool outlet_add(struct outlet *o, const char *line, size_t n)
{
    if (n > o->max - o->n && !outlet_flush(o))
        return false;
    memcpy(o->at + o->n, line, n);
    o->n += n;
    return true;
}

/* A datagram that nobody listens for is refused after it was sent. */
static bool was_refused(const struct outlet *o)
{
    int error = 0;
    socklen_t n = sizeof error;
    if (getsockopt(o->fd, SOL_SOCKET, SO_ERROR, &error, &n) == 0)
        errno = error;
    return errno != 0;
}

/* Until the peer hangs up, which it does once it has read all; one that never does is left. */
static bool await_farewell(const struct outlet *o)
{
    char scrap[256];
    ssize_t n;
    struct timeval patience = {.tv_sec = OUTLET_FAREWELL_S};
    setsockopt(o->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    do
        n = recv(o->fd, scrap, sizeof scrap, 0);
    while (n > 0);
    return n == 0 || errno == EAGAIN || errno == EWOULDBLOCK;
}

bool outlet_finish(struct outlet *o)
{
    if (!outlet_flush(o))
        return false;
    errno = 0;
    if (o->udp)
        return !was_refused(o);
    return shutdown(o->fd, SHUT_WR) == 0 && await_farewell(o);
}
