/* http/tls.h -- TLS of libmicrohttpd's connections by certificates that can be replaced. */
#ifndef HTTP_TLS_H
#define HTTP_TLS_H

#include "http/server.h"

/* What libmicrohttpd has to be told for TLS, if there is to be any; ended by MHD_OPTION_END. */
void tls_options(const struct http *h, struct MHD_OptionItem out[static 2]);

/* A connection begins: it gets the certificate of now. False: it must not go on. */
bool tls_begin(struct http *h, struct MHD_Connection *connection, struct peer *peer);

#endif
