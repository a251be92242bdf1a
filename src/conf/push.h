/* conf/push.h -- what the keys of a push target mean together. Pure. Private to this room. */
#ifndef CONF_PUSH_H
#define CONF_PUSH_H

#include "conf/conf.h"
#include "conf/value.h"

/* Completes at[n - 1] from its URL; those before it are complete. Returns NULL, or the key that is wrong,
 * why then says how. */
const char *push_complete(struct conf_push *at, uint32_t n, char why[static VALUE_WHY_MAX]);

#endif
