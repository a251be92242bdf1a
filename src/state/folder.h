/* state/folder.h -- the folder that a state lies in: one process' at a time. */
#ifndef STATE_FOLDER_H
#define STATE_FOLDER_H

#include "state/store.h"

/* Takes the folder, made if it is missing; close(*out) gives it back, as does the end of the process. Errors:
 * NABLA_ELIMIT: another process has it; NABLA_EIO; *why says why. */
MUST_CHECK enum nabla_status folder_take(const char *directory, int *out,
                                         char why[static STORE_WHY_MAX]);

/* In the folder, `fresh` takes the place of `name`, which stays as `aside` if that is not NULL: at no moment there
 * is none. When it has returned, the disk has it. Errors: NABLA_EIO. */
MUST_CHECK enum nabla_status folder_replace(int folder, const char *fresh, const char *name,
                                            const char *aside, char why[static STORE_WHY_MAX]);

/* True if `name` in the folder is the file that was opened as fd. */
bool folder_has(int folder, const char *name, int fd);

#endif
