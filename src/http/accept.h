/* http/accept.h -- the socket that listens for HTTP, and whoever knocks: taken in here and handed to
 * libmicrohttpd, which never sees the socket. All on the server's thread. */
#ifndef HTTP_ACCEPT_H
#define HTTP_ACCEPT_H

#include "http/server.h"

enum {
    ACCEPT_SPARE = 64
}; /* connections that may be on their way out beside those that there may be */

/* Begins to listen; the loop and libmicrohttpd are there. Errors: NABLA_EIO. */
MUST_CHECK enum nabla_status accept_begin(struct http *h);

/* Takes in who waits, for as many as there are places and a turn allows; where all are taken, one from where most come
 * from makes room for one from elsewhere. The server runs libmicrohttpd after it. */
void accept_some(struct http *h);

/* A connection may have ended: whoever waits for its place knocks again. */
void accept_go_on(struct http *h);

/* Every tick: tries again where there was no descriptor, or no place, and makes room if there is no descriptor for
 * long. */
void accept_tick(struct http *h, int64_t now_ns);

void accept_end(struct http *h); /* takes nobody in any more; the socket is closed */

#endif
