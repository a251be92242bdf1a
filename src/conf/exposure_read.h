/* conf/exposure_read.h -- the section `metrics` to a struct exposure. Private to this room. */
#ifndef CONF_EXPOSURE_READ_H
#define CONF_EXPOSURE_READ_H

#include "conf/walk.h"
#include "series/exposure.h"

/* Lists of selectors and of rules into *e, which is made if there is none. Faults are the walk's. */
void exposure_read_include(struct walk *w, const char *name, const yaml_node_t *list,
                           struct exposure **e);
void exposure_read_exclude(struct walk *w, const char *name, const yaml_node_t *list,
                           struct exposure **e);
void exposure_read_relabel(struct walk *w, const char *name, const yaml_node_t *list,
                           struct exposure **e);

#endif
