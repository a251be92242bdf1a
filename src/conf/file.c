/* conf/file.c -- reads once, to the end or one byte past the limit. */
#include "conf/file.h"

#include "conf/conf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum nabla_status file_read(const char *path, char **text, size_t *n, struct buf *errors)
{
    char *room = malloc(CONF_FILE_MAX + 1);
    if (room == NULL)
        return NABLA_ENOMEM;
    FILE *f = fopen(path, "rbe");
    *n = f == NULL ? 0 : fread(room, 1, CONF_FILE_MAX + 1, f);
    bool failed = f == NULL || ferror(f);
    if (failed)
        buf_printf(errors, "%s: cannot be read: %s\n", path, strerrordesc_np(errno));
    if (f != NULL)
        fclose(f);
    if (failed)
        free(room);
    else
        *text = room;
    return failed ? NABLA_EIO : NABLA_OK;
}

char *file_beside(const char *beside, const char *name)
{
    const char *slash = strrchr(beside, '/');
    size_t folder = name[0] == '/' || slash == NULL ? 0 : (size_t)(slash - beside) + 1;
    char *path = malloc(folder + strlen(name) + 1);
    if (path == NULL)
        return NULL;
    memcpy(path, beside, folder);
    strcpy(path + folder, name);
    return path;
}
