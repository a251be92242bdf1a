/* net/bind.h -- bound sockets for libuv to take over: libuv 1.44 has no flag for a shared port. */
#ifndef NET_BIND_H
#define NET_BIND_H

#include "base/stats.h"
#include "conf/conf.h"

#include <stdbool.h>

/* Binds a non-blocking socket, listening if it is TCP. shared: several loops bind the same address
 * (SO_REUSEPORT); else a second daemon on it is an error. *port is the one in use, for port 0.
 * Errors: NABLA_EIO, errno says why. */
MUST_CHECK enum nabla_status bind_socket(const struct conf_address *address,
                                         enum transport transport, bool shared, int *out,
                                         uint16_t *port);

/* Asks for a receive buffer; returns the bytes that the kernel granted. */
int bind_receive_buffer(int fd, uint32_t bytes);

/* What a socket that somebody else bound is. False if it is neither TCP nor UDP over IP. */
bool bind_describe(int fd, struct conf_address *address, enum transport *transport);

/* "tcp://127.0.0.1:2207", "udp://[::1]:2207" */
void bind_name(char out[static STATS_NAME_MAX], enum transport transport,
               const struct conf_address *address);

/* UDP datagrams that the kernel has dropped at this socket since it was made, modulo 2^32. */
uint32_t bind_drops(int fd);

#endif
