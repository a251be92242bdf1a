/* conf/read.h -- a document's tree into struct conf, by the table of keys. Private to this room. */
#ifndef CONF_READ_H
#define CONF_READ_H

#include "conf/faults.h"
#include "conf/keys.h"
#include "numeric/status.h"

/* Writes the default of every key that has one and stands directly in parent. */
void read_defaults(const char *parent, void *into);

/* Reads text over *c, which holds the defaults and may be changed on failure, too; its owner ends
 * it. Errors: NABLA_EINVAL, faults says why; NABLA_ENOMEM. */
MUST_CHECK enum nabla_status read_document(const char *text, size_t n, struct conf *c,
                                           struct faults *faults);

#endif
