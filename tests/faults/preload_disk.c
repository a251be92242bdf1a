/* preload_disk.c -- a disk that is slow, and one that forgets what it could not write.
 *
 *     write ──► kept: what the bytes were before ──► fsync: 0     forgotten: they are safe
 *                                                └─► fsync: EIO   the bytes are again what they were before
 *
 * The second is what Linux may do: a page that could not be written counts as clean, is told of once, and is gone when
 * memory is short; the next fsync returns 0. A file keeps its length then, and zeros where it had nothing.
 * Laws: only files in the page's folder are slow, each call by a delay of its own, half of what was asked to half as
 * much again; what was synced, or is written through (O_DSYNC), is never undone. */
#include "preload.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* ---- slow */

static bool is_in_folder(const char *path)
{
    size_t n = strnlen(page->folder, sizeof page->folder);
    return n > 0 && strncmp(path, page->folder, n) == 0;
}

static bool is_of_folder(int fd)
{
    char link[40], path[sizeof page->folder + 256];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    if (n > 0)
        path[n] = '\0';
    return n > 0 && is_in_folder(path);
}

static void wait_for_disk(void)
{
    uint64_t nth = atomic_fetch_add(&page->disk_waits, 1);
    uint64_t jitter = (nth * UINT64_C(0x9E3779B97F4A7C15)) >> 54; /* of 1024 */
    int64_t ns = page->disk_delay_ns / 2 + page->disk_delay_ns / 1024 * (int64_t)jitter;
    struct timespec left = {.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
    while (clock_nanosleep(CLOCK_MONOTONIC, 0, &left, &left) == EINTR)
        ;
}

static bool is_slow(void)
{
    return page != NULL && page->disk_delay_ns != 0;
}

/* errno stays as it is: the call that follows may succeed. */
static void wait_for(bool is_ours)
{
    int before = errno;
    if (is_ours)
        wait_for_disk();
    errno = before;
}

void disk_opens(int folder, const char *path)
{
    if (is_slow())
        wait_for(path[0] == '/' || folder == AT_FDCWD ? is_in_folder(path) : is_of_folder(folder));
}

/* ---- forgetful */

/* Bytes as they were before a write. */
struct past {
    struct past *next; /* older */
    dev_t dev;
    ino_t ino;
    int fd; /* our own, of the same file */
    off_t at;
    size_t n;
    char bytes[];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of pasts */
static struct past *pasts;                               /* newest first */

static bool is_file(int fd, struct stat *st)
{
    return fstat(fd, st) == 0 && S_ISREG(st->st_mode);
}

static bool is_forgetful(void)
{
    return page != NULL && page->disk_forgets != 0;
}

static void drop(struct past *p)
{
    if (p->fd >= 0)
        close(p->fd);
    free(p);
}

static void keep(int fd, off_t at, size_t n, const struct stat *st)
{
    char link[40];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    struct past *p = calloc(1, sizeof *p + n);
    if (p == NULL)
        return;
    *p = (struct past){.dev = st->st_dev, .ino = st->st_ino, .at = at, .n = n};
    p->fd = open(link, O_RDWR | O_CLOEXEC);
    if (p->fd < 0 || pread(p->fd, p->bytes, n, at) < 0) {
        drop(p);
        return;
    }
    pthread_mutex_lock(&lock);
    p->next = pasts;
    pasts = p;
    pthread_mutex_unlock(&lock);
}

/* The kernel's own: ours would keep what is being undone. */
static void bring_back(const struct past *p)
{
    if (syscall(SYS_pwrite64, p->fd, p->bytes, p->n, p->at) == (long)p->n)
        atomic_fetch_add(&page->disk_forgot, p->n);
}

/* What was written to the file since the last time is safe, or else is gone. */
static void settle(const struct stat *st, bool safe)
{
    pthread_mutex_lock(&lock);
    for (struct past **at = &pasts, *p; (p = *at) != NULL;) {
        if (p->dev != st->st_dev || p->ino != st->st_ino) {
            at = &p->next;
            continue;
        }
        *at = p->next;
        if (!safe)
            bring_back(p);
        drop(p);
    }
    pthread_mutex_unlock(&lock);
}

void disk_takes(int fd, off_t at, size_t n)
{
    struct stat st;
    if (is_slow())
        wait_for(is_of_folder(fd));
    if (!is_forgetful() || !is_file(fd, &st) || (fcntl(fd, F_GETFL) & O_DSYNC) != 0)
        return;
    int before = errno;
    keep(fd, at == DISK_HERE ? lseek(fd, 0, SEEK_CUR) : at, n, &st);
    errno = before;
}

/* ---- its word */

static bool sync_fails(bool is_ours)
{
    static const int errors[] = {EIO, ENOSPC};
    uint64_t chance;
    while (page != NULL && page->disk_stands != 0)
        usleep(1000);
    wait_for(is_ours);
    if (!fails(FAULT_SYNC, &chance))
        return false;
    note(FAULT_SYNC);
    errno = PICK(errors, chance);
    return true;
}

static int sync_file(int fd, int (*next)(int))
{
    struct stat st;
    bool failed = sync_fails(is_slow() && is_of_folder(fd));
    int why = errno, status = failed ? -1 : next(fd);
    if (is_forgetful() && is_file(fd, &st))
        settle(&st, status == 0);
    errno = failed ? why : errno;
    return status;
}

FACE int fsync(int fd)
{
    NEXT(fsync);
    return sync_file(fd, next);
}

FACE int fdatasync(int fd)
{
    NEXT(fdatasync);
    return sync_file(fd, next);
}

FACE int msync(void *at, size_t n, int flags)
{
    NEXT(msync);
    return sync_fails(is_slow()) ? -1 : next(at, n, flags);
}
