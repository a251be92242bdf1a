/* state/folder.c -- flock on the folder itself: it needs no file, so that one that can only be read serves, and
 * nothing is left behind. */
#include "state/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static enum nabla_status fail(char why[static STORE_WHY_MAX], const char *what)
{
    snprintf(why, STORE_WHY_MAX, "%.400s: %s", what, strerrordesc_np(errno));
    return NABLA_EIO;
}

enum nabla_status folder_take(const char *directory, int *out, char why[static STORE_WHY_MAX])
{
    if (mkdir(directory, 0700) != 0 && errno != EEXIST)
        return fail(why, directory);
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return fail(why, directory);
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
        *out = fd;
        return NABLA_OK;
    }
    bool taken = errno == EWOULDBLOCK;
    (void)fail(why, directory);
    if (taken)
        snprintf(why, STORE_WHY_MAX, "%.400s: another process uses it", directory);
    close(fd);
    return taken ? NABLA_ELIMIT : NABLA_EIO;
}

enum nabla_status folder_replace(int folder, const char *fresh, const char *name, const char *aside,
                                 char why[static STORE_WHY_MAX])
{
    if (aside != NULL) {
        (void)unlinkat(folder, aside, 0);
        if (linkat(folder, name, folder, aside, 0) != 0 && errno != ENOENT)
            return fail(why, aside);
    }
    if (renameat(folder, fresh, folder, name) != 0)
        return fail(why, name);
    return fsync(folder) == 0 ? NABLA_OK : fail(why, name);
}

bool folder_has(int folder, const char *name, int fd)
{
    struct stat there, opened;
    return fstatat(folder, name, &there, AT_SYMLINK_NOFOLLOW) == 0 && fstat(fd, &opened) == 0 &&
           there.st_dev == opened.st_dev && there.st_ino == opened.st_ino;
}
