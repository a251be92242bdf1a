/* conf/beside.h -- files that a configuration names stand beside it. Private to this room. */
#ifndef CONF_BESIDE_H
#define CONF_BESIDE_H

#include "base/buf.h"
#include "conf/conf.h"

/* Puts the folder of the file `path` before every file's name in c that does not begin with /. Errors:
 * NABLA_EINVAL, with a line appended to errors for each that is then longer than its member. */
MUST_CHECK enum nabla_status files_beside(const char *path, struct conf *c, struct buf *errors);

#endif
