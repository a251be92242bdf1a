/* conf/read_ingest.h -- the doors for samples. Private to this room. */
#ifndef CONF_READ_INGEST_H
#define CONF_READ_INGEST_H

#include "conf/reader.h"

/* CONF_LISTENERS and CONF_TEMPLATES into r->conf. */
void read_listeners(struct reader *r, const struct conf_key *key, const yaml_node_t *node);
void read_templates(struct reader *r, const struct conf_key *key, const yaml_node_t *node);

/* HTTP and a TCP listener with one address are a fault. Of a file without any other. */
void read_http_check(struct reader *r, const yaml_node_t *root);

#endif
