/* conf/web_tls.h -- the section tls_server_config of web.yml to certificates. Private to this room. */
#ifndef CONF_WEB_TLS_H
#define CONF_WEB_TLS_H

#include "conf/walk.h"
#include "doors/certificates.h"

/* Reads the mapping `value` and the files that it names, beside the file `beside` unless they begin with /;
 * *out, which is NULL before, is held for the caller, and stays NULL after a fault. Faults are the walk's. */
void web_tls_read(struct walk *w, const char *name, const yaml_node_t *value, const char *beside,
                  struct certificates **out);

#endif
