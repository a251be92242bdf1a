/* conf/read_state.c -- keys of `state` that hold only together. */
#include "conf/read_state.h"

#include "conf/conf.h"

void read_state_check(struct reader *r, const char *section, const yaml_node_t *map)
{
    if (r->conf->state.journal && r->conf->state.directory[0] == '\0')
        reader_refuse(r, section, map, "journal", "it needs state.directory to lie in");
}
