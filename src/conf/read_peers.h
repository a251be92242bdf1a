/* conf/read_peers.h -- those whom nablad speaks to: `push` and `alerting`. Private to this room. */
#ifndef CONF_READ_PEERS_H
#define CONF_READ_PEERS_H

#include "conf/reader.h"

/* CONF_PUSHES into r->conf; CONF_PEERS into the member of `into`. */
void read_pushes(struct reader *r, const struct conf_key *key, const yaml_node_t *node);
void read_peers(struct reader *r, const struct conf_key *key, const yaml_node_t *node, void *into);

/* What the keys of `alerting`, each read, mean together. */
void read_alerting_check(struct reader *r, const char *section, const yaml_node_t *map);

#endif
