/* http/socket.h -- the listening socket. */
#ifndef HTTP_SOCKET_H
#define HTTP_SOCKET_H

#include "conf/conf.h"

/* Binds and listens, not blocking. Errors: NABLA_EIO, errno says why. */
MUST_CHECK enum nabla_status socket_listen(const struct conf_address *address, int *out);

/* Makes a listening socket of others' making fit: not blocking. Errors: NABLA_EIO. */
MUST_CHECK enum nabla_status socket_take(int fd);

/* The port that a socket is bound to; 0 if it has none. */
uint16_t socket_port(int fd);

#endif
