/* net/bind.c -- socket, options, bind, listen. */
#include "net/bind.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 1024 };

union endpoint {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/* The configuration has judged the host: it is a numeric address of one family or the other. */
static socklen_t endpoint_of(const struct conf_address *address, union endpoint *out)
{
    memset(out, 0, sizeof *out);
    if (inet_pton(AF_INET, address->host, &out->v4.sin_addr) == 1) {
        out->v4.sin_family = AF_INET;
        out->v4.sin_port = htons(address->port);
        return sizeof out->v4;
    }
    inet_pton(AF_INET6, address->host, &out->v6.sin6_addr);
    out->v6.sin6_family = AF_INET6;
    out->v6.sin6_port = htons(address->port);
    return sizeof out->v6;
}

static uint16_t port_of(int fd)
{
    union endpoint e;
    socklen_t n = sizeof e;
    if (getsockname(fd, &e.any, &n) != 0)
        return 0;
    return ntohs(e.any.sa_family == AF_INET6 ? e.v6.sin6_port : e.v4.sin_port);
}

static int set(int fd, int level, int option)
{
    return setsockopt(fd, level, option, &(int){1}, sizeof(int));
}

static bool prepare(int fd, int family, enum transport transport, bool shared)
{
    if (transport == TRANSPORT_TCP && set(fd, SOL_SOCKET, SO_REUSEADDR) != 0)
        return false;
    if (shared && set(fd, SOL_SOCKET, SO_REUSEPORT) != 0)
        return false;
    return family != AF_INET6 || set(fd, IPPROTO_IPV6, IPV6_V6ONLY) == 0;
}

enum nabla_status bind_socket(const struct conf_address *address, enum transport transport,
                              bool shared, int *out, uint16_t *port)
{
    union endpoint e;
    socklen_t n = endpoint_of(address, &e);
    int type = transport == TRANSPORT_TCP ? SOCK_STREAM : SOCK_DGRAM;
    int fd = socket(e.any.sa_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return NABLA_EIO;
    if (!prepare(fd, e.any.sa_family, transport, shared) || bind(fd, &e.any, n) != 0 ||
        (transport == TRANSPORT_TCP && listen(fd, BACKLOG) != 0)) {
        int why = errno;
        close(fd);
        errno = why;
        return NABLA_EIO;
    }
    *out = fd;
    *port = port_of(fd);
    return NABLA_OK;
}

int bind_receive_buffer(int fd, uint32_t bytes)
{
    int want = (int)bytes, got = 0;
    socklen_t n = sizeof got;
    /* past net.core.rmem_max only with CAP_NET_ADMIN */
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &want, sizeof want) != 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &want, sizeof want);
    if (getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &got, &n) != 0)
        return 0;
    return got / 2; /* the kernel counts its own bookkeeping too: socket(7) */
}

bool bind_describe(int fd, struct conf_address *address, enum transport *transport)
{
    union endpoint e;
    int type = 0;
    socklen_t n = sizeof e, type_n = sizeof type;
    if (getsockname(fd, &e.any, &n) != 0 ||
        getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_n) != 0)
        return false;
    bool v6 = e.any.sa_family == AF_INET6;
    const void *host = v6 ? (const void *)&e.v6.sin6_addr : (const void *)&e.v4.sin_addr;
    if ((!v6 && e.any.sa_family != AF_INET) || (type != SOCK_STREAM && type != SOCK_DGRAM))
        return false;
    if (inet_ntop(e.any.sa_family, host, address->host, sizeof address->host) == NULL)
        return false;
    address->port = port_of(fd);
    *transport = type == SOCK_STREAM ? TRANSPORT_TCP : TRANSPORT_UDP;
    return true;
}

void bind_name(char out[static STATS_NAME_MAX], enum transport transport,
               const struct conf_address *address)
{
    bool v6 = strchr(address->host, ':') != NULL;
    snprintf(out, STATS_NAME_MAX, "%s://%s%s%s:%u", transport == TRANSPORT_TCP ? "tcp" : "udp",
             v6 ? "[" : "", address->host, v6 ? "]" : "", address->port);
}

uint32_t bind_drops(int fd)
{
    uint32_t info[SK_MEMINFO_VARS] = {0};
    socklen_t n = sizeof info;
    if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, info, &n) != 0)
        return 0;
    return info[SK_MEMINFO_DROPS];
}
