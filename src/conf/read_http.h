/* conf/read_http.h -- what the keys of `http` mean together. Private to this room. */
#ifndef CONF_READ_HTTP_H
#define CONF_READ_HTTP_H

#include "conf/reader.h"

/* An address that others can reach needs a web.yml, or somebody who says that it does not. */
void read_http_doors(struct reader *r, const char *section, const yaml_node_t *map);

/* Reads web.yml, if c names one, into c->access. Errors: as conf_read_file; also NABLA_EINVAL for one that
 * lets everybody in at an address that others can reach. */
MUST_CHECK enum nabla_status read_http_web(struct conf *c, struct buf *errors);

#endif
