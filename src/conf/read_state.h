/* conf/read_state.h -- what outlives a restart. Private to this room. */
#ifndef CONF_READ_STATE_H
#define CONF_READ_STATE_H

#include "conf/reader.h"

/* A journal without a folder is a fault. */
void read_state_check(struct reader *r, const char *section, const yaml_node_t *map);

#endif
