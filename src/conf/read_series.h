/* conf/read_series.h -- policies: `defaults` and `series`. Private to this room. */
#ifndef CONF_READ_SERIES_H
#define CONF_READ_SERIES_H

#include "conf/reader.h"

/* What the keys of `defaults`, each read, mean together. */
void read_defaults_check(struct reader *r, const char *section, const yaml_node_t *map);

/* CONF_RULES into r->conf, whose defaults are complete. */
void read_series(struct reader *r, const yaml_node_t *node);

#endif
