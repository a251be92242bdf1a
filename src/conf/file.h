/* conf/file.h -- a whole file as text, of bounded size. Private to this room. */
#ifndef CONF_FILE_H
#define CONF_FILE_H

#include "base/buf.h"
#include "numeric/status.h"

#include <stddef.h>

/* *text is owned by the caller. Errors: NABLA_EIO, with a line appended to errors; NABLA_ENOMEM. A file
 * of more than CONF_FILE_MAX bytes gives one more than that: who reads the text refuses it. */
MUST_CHECK enum nabla_status file_read(const char *path, char **text, size_t *n,
                                       struct buf *errors);

/* The path of a file that is named in the file `beside`: its folder, unless name begins with /. Owned
 * by the caller; NULL: no memory. */
char *file_beside(const char *beside, const char *name);

#endif
