/* http/framing.h -- where a request ends, by its headers: whoever stands before nablad must have seen the
 * same end, or what follows is a request to the one and a body to the other. */
#ifndef HTTP_FRAMING_H
#define HTTP_FRAMING_H

#include <microhttpd.h>

/* Returns NULL if there is one way to read them, *length being what Content-Length says (0 if nothing does);
 * else why the request is refused, and its connection closed: a static text. */
const char *framing_read(struct MHD_Connection *connection, const char *version,
                         unsigned long long *length);

#endif
