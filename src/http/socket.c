/* http/socket.c -- bind and listen. */
#include "http/socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_storage room;
};

/* Returns the length, 0 if host is no numeric address. */
static socklen_t read_address(const struct conf_address *from, union address *out)
{
    *out = (union address){0};
    if (inet_pton(AF_INET, from->host, &out->v4.sin_addr) == 1) {
        out->v4.sin_family = AF_INET;
        out->v4.sin_port = htons(from->port);
        return sizeof out->v4;
    }
    if (inet_pton(AF_INET6, from->host, &out->v6.sin6_addr) == 1) {
        out->v6.sin6_family = AF_INET6;
        out->v6.sin6_port = htons(from->port);
        return sizeof out->v6;
    }
    return 0;
}

enum nabla_status socket_listen(const struct conf_address *address, int *out)
{
    union address a;
    socklen_t n = read_address(address, &a);
    errno = EINVAL;
    int fd = n == 0 ? -1 : socket(a.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return NABLA_EIO;
    int on = 1; /* a restart need not wait for the last connections of the one before */
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 && bind(fd, &a.any, n) == 0 &&
        listen(fd, SOMAXCONN) == 0) {
        *out = fd;
        return NABLA_OK;
    }
    int why = errno;
    close(fd);
    errno = why;
    return NABLA_EIO;
}

enum nabla_status socket_take(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
        return NABLA_EIO;
    return NABLA_OK;
}

uint16_t socket_port(int fd)
{
    union address a = {0};
    socklen_t n = sizeof a;
    if (getsockname(fd, &a.any, &n) != 0)
        return 0;
    return a.any.sa_family == AF_INET    ? ntohs(a.v4.sin_port)
           : a.any.sa_family == AF_INET6 ? ntohs(a.v6.sin6_port)
                                         : 0;
}
