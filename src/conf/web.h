/* conf/web.h -- web.yml as a struct access. The file has the shape of Prometheus' exporter-toolkit
 * (tls_server_config, http_server_config, basic_auth_users), and more: rights, bearer_tokens, anonymous.
 * docs/security.md has every key. */
#ifndef CONF_WEB_H
#define CONF_WEB_H

#include "base/buf.h"
#include "doors/access.h"
#include "numeric/status.h"

#include <stddef.h>

/* Reads the file and those that it names, which stand beside it unless they begin with /. *out is held
 * for the caller. Errors: NABLA_EIO, NABLA_EINVAL, NABLA_ENOMEM; *out is then untouched, and every fault
 * found has been appended to errors, in the file's order, a line each: "file:line:column: what is wrong".
 * No secret is ever in it. */
MUST_CHECK enum nabla_status web_read_file(const char *path, struct access **out,
                                           struct buf *errors);

/* The same of bytes; name stands for the file. */
MUST_CHECK enum nabla_status web_read_text(const char *name, const char *text, size_t n,
                                           struct access **out, struct buf *errors);

#endif
