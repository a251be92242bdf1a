/* conf/peer.h -- what the keys of somebody whom nablad speaks HTTP to mean together. Pure. Private to this
 * room. */
#ifndef CONF_PEER_H
#define CONF_PEER_H

#include "conf/conf.h"
#include "conf/value.h"

/* What follows the prefix, or NULL. */
const char *peer_after(const char *text, const char *prefix);

/* What follows a URL's scheme names a host, and no password; else why not. */
bool peer_host(const char *rest, char why[static VALUE_WHY_MAX]);

/* http:// or https://, a host, and no password; else why not. */
bool peer_url(const char *url, char why[static VALUE_WHY_MAX]);

/* What is wrong with at[n - 1], those before it being right: the key, why then says how; NULL: nothing. */
const char *peer_fault(const struct conf_peer *at, uint32_t n, char why[static VALUE_WHY_MAX]);

/* The same of how it is to know who nablad is. */
const char *peer_identity(const struct conf_peer *p, char why[static VALUE_WHY_MAX]);

#endif
