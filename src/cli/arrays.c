/* cli/arrays.c -- mmap to read, O_TMPFILE, pwrite and rename to write.
 *
 *     open(folder, O_TMPFILE)  ->  posix_fallocate  ->  pwrite  ->  linkat(.out.npy.nabla-1)  ->  rename
 *     no name: whatever ends the program leaves nothing                    for a moment, and whole
 *
 * Elsewhere: who watches for signals where a file had to have a name (cli/gradient_run.c). */
#include "cli/arrays.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22 /* Linux 5.14; the headers of older ones lack it */
#endif

enum { SPOOL_BLOCK = 256 * 1024, NAMES_TRIED = 100 };

static bool write_all(int fd, const char *at, size_t n)
{
    while (n > 0) {
        ssize_t done = write(fd, at, n);
        if (done < 0 && errno != EINTR)
            return false;
        at += done < 0 ? 0 : done;
        n -= done < 0 ? 0 : (size_t)done;
    }
    return true;
}

static const char *spool_folder(void)
{
    const char *folder = getenv("TMPDIR");
    return folder != NULL && *folder != '\0' ? folder : "/tmp";
}

/* A file without a name in a folder; where that cannot be had, one whose name is taken off at once
 * (named NULL) or is written to named. -1 with errno. */
static int open_unnamed(const char *folder, const char *name, char *named)
{
    char path[PATH_MAX];
    int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0666);
    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL && errno != ENOENT))
        return fd;
    if (snprintf(path, sizeof path, "%s/.%s.nabla-XXXXXX", folder, name) >= (int)sizeof path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    fd = mkostemp(path, O_CLOEXEC);
    if (fd < 0)
        return fd;
    if (named == NULL) {
        unlink(path);
    } else {
        mode_t mask = umask(0);
        umask(mask);
        fchmod(fd, 0666 & ~mask);
        strcpy(named, path);
    }
    return fd;
}

/* Copies all that comes from a pipe to an unnamed file. */
static int spool(int from)
{
    char *block = malloc(SPOOL_BLOCK);
    int fd = block == NULL ? -1 : open_unnamed(spool_folder(), "input", NULL);
    ssize_t n = 0;
    while (fd >= 0 && ((n = read(from, block, SPOOL_BLOCK)) > 0 || (n < 0 && errno == EINTR)))
        if (n > 0 && !write_all(fd, block, (size_t)n)) {
            n = -1;
            break;
        }
    free(block);
    if (fd >= 0 && n < 0) {
        int why = errno;
        close(fd);
        errno = why;
        return -1;
    }
    return fd;
}

static const char *map(struct mapped *m, int fd, size_t n)
{
    *m = (struct mapped){.n = n};
    if (n == 0)
        return NULL;
    void *at = mmap(NULL, n, PROT_READ, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED)
        return strerror(errno);
    madvise(at, n, MADV_SEQUENTIAL);
    m->at = at;
    return NULL;
}

/* Can be mapped as it is; standard input is, unless some of it has been read. */
static bool is_whole_file(int fd, const struct stat *st)
{
    return S_ISREG(st->st_mode) && lseek(fd, 0, SEEK_CUR) == 0;
}

/* Maps what fd reads, through an unnamed file if it is a pipe; fd is closed. */
static const char *map_any(struct mapped *m, int fd)
{
    struct stat st;
    const char *why = NULL;
    if (fstat(fd, &st) == 0 && !is_whole_file(fd, &st)) {
        int from = fd;
        errno = S_ISDIR(st.st_mode) ? EISDIR : ENODEV;
        fd = S_ISDIR(st.st_mode) || S_ISBLK(st.st_mode) ? -1 : spool(from);
        why = fd < 0 ? strerror(errno) : NULL;
        close(from);
    }
    if (fd >= 0) {
        why = fstat(fd, &st) != 0 ? strerror(errno) : map(m, fd, (size_t)st.st_size);
        close(fd);
    }
    return why;
}

const char *mapped_open(struct mapped *m, const char *path)
{
    *m = (struct mapped){0};
    int fd = strcmp(path, "-") == 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                                    : open(path, O_RDONLY | O_CLOEXEC);
    return fd < 0 ? strerror(errno) : map_any(m, fd);
}

void mapped_close(struct mapped *m)
{
    if (m->at != NULL)
        munmap((void *)(size_t)m->at, m->n);
    *m = (struct mapped){0};
}

/* The whole pages that at[0..n) touches. */
static void *pages_of(const void *at, size_t n, size_t *bytes)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), from = (size_t)at / page * page;
    *bytes = (size_t)at + n - from;
    return (void *)from;
}

bool mapped_fetch(const char *at, size_t n)
{
    size_t bytes;
    void *from = pages_of(at, n, &bytes);
    return madvise(from, bytes, MADV_POPULATE_READ) == 0 || errno == EINVAL;
}

void mapped_forget(const void *at, size_t n)
{
    size_t bytes;
    void *from = pages_of(at, n, &bytes);
    madvise(from, bytes, MADV_DONTNEED);
}

/* Where the target is, symbolic links followed, and whether it can be replaced. */
static const char *find_target(struct outfile *o, const char *target)
{
    struct stat st;
    if (target == NULL) {
        o->in_place = true;
        return NULL;
    }
    if (realpath(target, o->target) == NULL) {
        if (errno != ENOENT || strlen(target) >= sizeof o->target)
            return strerror(errno);
        strcpy(o->target, target);
        errno = EISDIR;
        return target[strlen(target) - 1] == '/' ? strerror(errno) : NULL;
    }
    if (stat(o->target, &st) != 0)
        return strerror(errno);
    o->in_place = !S_ISREG(st.st_mode);
    errno = EISDIR;
    return S_ISDIR(st.st_mode) ? strerror(errno) : NULL;
}

/* Cuts "folder/name" in two; a bare name is in ".". */
static const char *split(char folder[static PATH_MAX], const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t n = slash == NULL ? 1 : slash == path ? 1 : (size_t)(slash - path);
    memcpy(folder, slash == NULL ? "." : path, n);
    folder[n] = '\0';
    return slash == NULL ? path : slash + 1;
}

/* The cached pages of a file that is going to be replaced are of no use to anybody: let them be those
 * of the new one. Where memory is fresh or short, that is faster than to find others. */
static void forget_old(const char *target)
{
    int fd = open(target, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return;
    posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    close(fd);
}

static const char *give_up(struct outfile *o, int why)
{
    outfile_discard(o);
    errno = why;
    return strerror(why);
}

const char *outfile_new(struct outfile *o, const char *target, size_t n)
{
    char folder[PATH_MAX];
    *o = (struct outfile){.fd = -1};
    const char *why = find_target(o, target);
    if (why != NULL)
        return why;
    if (o->in_place)
        o->fd = open_unnamed(spool_folder(), "output", NULL);
    else {
        const char *name = split(folder, o->target);
        forget_old(o->target);
        o->fd = open_unnamed(folder, name, o->named);
    }
    if (o->fd < 0)
        return strerror(errno);
    int failed = n == 0 ? 0 : posix_fallocate(o->fd, 0, (off_t)n);
    if (failed != 0)
        return give_up(o, failed);
    o->n = n;
    return NULL;
}

bool outfile_write(const struct outfile *o, size_t offset, const void *bytes, size_t n)
{
    for (const char *at = bytes; n > 0;) {
        ssize_t done = pwrite(o->fd, at, n, (off_t)offset);
        if (done < 0 && errno != EINTR)
            return false;
        done = done < 0 ? 0 : done;
        at += done;
        offset += (size_t)done;
        n -= (size_t)done;
    }
    return true;
}

const char *outfile_map(struct outfile *o)
{
    void *at = mmap(NULL, o->n, PROT_READ, MAP_SHARED, o->fd, 0);
    o->at = at == MAP_FAILED ? NULL : at;
    return o->at;
}

/* Copies the first n bytes of a file, wherever it was read before. */
static bool copy_all(int from, int to, size_t n)
{
    char *block = malloc(SPOOL_BLOCK);
    bool done = block != NULL;
    for (off_t at = 0; done && (size_t)at < n;) {
        ssize_t some = pread(from, block, SPOOL_BLOCK, at);
        if (some < 0 && errno == EINTR)
            continue;
        done = some > 0 && write_all(to, block, (size_t)some);
        at += some;
    }
    free(block);
    return done;
}

static bool write_in_place(const struct outfile *o)
{
    int fd = o->target[0] == '\0' ? STDOUT_FILENO : open(o->target, O_WRONLY | O_CLOEXEC);
    bool done = fd >= 0 && copy_all(o->fd, fd, o->n);
    if (fd > STDOUT_FILENO && close(fd) != 0)
        done = false;
    return done;
}

/* A name beside the target, which a file without one takes for a moment. */
static bool name_it(struct outfile *o)
{
    char self[32], folder[PATH_MAX];
    const char *name = split(folder, o->target);
    snprintf(self, sizeof self, "/proc/self/fd/%d", o->fd);
    for (int i = 0; i < NAMES_TRIED; i++) {
        int n = snprintf(o->named, sizeof o->named, "%s/.%s.nabla-%d-%d", folder, name,
                         (int)getpid(), i);
        if (n >= (int)sizeof o->named)
            errno = ENAMETOOLONG;
        else if (linkat(AT_FDCWD, self, AT_FDCWD, o->named, AT_SYMLINK_FOLLOW) == 0)
            return true;
        if (errno != EEXIST)
            break;
    }
    o->named[0] = '\0';
    return false;
}

const char *outfile_publish(struct outfile *o)
{
    bool done = o->in_place
                    ? write_in_place(o)
                    : (o->named[0] != '\0' || name_it(o)) && rename(o->named, o->target) == 0;
    int why = errno;
    if (done)
        o->named[0] = '\0';
    outfile_discard(o);
    errno = why;
    return done ? NULL : strerror(why);
}

void outfile_discard(struct outfile *o)
{
    if (o->named[0] != '\0')
        unlink(o->named);
    if (o->at != NULL)
        munmap(o->at, o->n);
    if (o->fd > 0) /* 0 is what a zeroed one has */
        close(o->fd);
    *o = (struct outfile){.fd = -1};
}
