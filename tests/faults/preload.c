/* preload.c -- a library in front of libc's: calls fail as the page of the environment's NABLA_FAULTS says.
 *
 *     nablad, libmicrohttpd, lmdb, libcurl ──malloc, read, ...──► here ──► chance says so? errno : libc
 *                                                                  ▲
 *     the test ──how often, and what the clock says──► a page ─────┘
 *
 * A library and not hooks in nablad: what is tested is what is installed, and the libraries that it uses meet the
 * same. What the kernel never does is not done: an eventfd, a pipe or a timer does not fail.
 * Laws: without the page every call is libc's; a seed and a number of calls always give the same faults.
 * Elsewhere: a disk that is slow, and one that forgets what it could not write (preload_disk.c). */
#include "preload.h"

#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

struct fault_page *page;

/* A crash says where, in the log. */
static void on_crash(int sig)
{
    void *at[64];
    backtrace_symbols_fd(at, backtrace(at, 64), STDERR_FILENO);
    signal(sig, SIG_DFL);
    raise(sig);
}

__attribute__((constructor)) static void tell_of_crashes(void)
{
    void *at[1];
    (void)backtrace(at, 1); /* loads what it needs */
    signal(SIGSEGV, on_crash);
    signal(SIGABRT, on_crash);
    signal(SIGBUS, on_crash);
}

__attribute__((constructor)) static void map_page(void)
{
    const char *path = getenv("NABLA_FAULTS");
    int fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    void *at = mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (at != MAP_FAILED)
        page = at;
}

/* splitmix64: Steele, Lea, Flood 2014. */
static uint64_t scramble(uint64_t z)
{
    z += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

bool fails(enum fault_kind kind, uint64_t *chance)
{
    uint32_t every = page != NULL ? page->kind[kind].every : 0;
    if (every == 0)
        return false;
    uint64_t most = page->kind[kind].most;
    if (most != 0 && page->kind[kind].failed >= most)
        return false;
    uint64_t call = atomic_fetch_add(&page->kind[kind].calls, 1);
    uint64_t drawn = scramble(call ^ (uint64_t)page->kind[kind].seed << 32);
    *chance = drawn >> 32;
    return (uint32_t)drawn % every == 0;
}

void note(enum fault_kind kind)
{
    atomic_fetch_add(&page->kind[kind].failed, 1);
}

int pick(const int *errors, size_t n, uint64_t chance)
{
    return errors[chance % n];
}

/* ---- memory */

static bool is_of(const void *caller, const char *library)
{
    Dl_info from;
    return dladdr(caller, &from) != 0 && strstr(from.dli_fname, library) != NULL;
}

/* libuv and GMP (to which GnuTLS lends its own malloc) end the process when they get nothing, and libtasn1 runs on
 * with NULL: theirs to mend, and no more than a few bytes at a time. */
static bool is_fatal(const void *caller)
{
    void *at[8];
    if (is_of(caller, "libuv") || is_of(caller, "libtasn1"))
        return true;
    int n = is_of(caller, "libgnutls") || is_of(caller, "libgmp") ? backtrace(at, 8) : 0;
    for (int i = 0; i < n; i++)
        if (is_of(at[i], "libgmp"))
            return true;
    return false;
}

static bool no_memory(const void *caller)
{
    uint64_t chance;
    if (!fails(FAULT_MALLOC, &chance) || is_fatal(caller))
        return false;
    note(FAULT_MALLOC);
    errno = ENOMEM;
    return true;
}

#define NO_MEMORY() no_memory(__builtin_return_address(0))

FACE void *malloc(size_t n)
{
    NEXT(malloc);
    return NO_MEMORY() ? NULL : next(n);
}

FACE void *calloc(size_t n, size_t size)
{
    NEXT(calloc);
    return NO_MEMORY() ? NULL : next(n, size);
}

FACE void *realloc(void *at, size_t n)
{
    NEXT(realloc);
    return n > 0 && NO_MEMORY() ? NULL : next(at, n);
}

FACE void *aligned_alloc(size_t alignment, size_t n)
{
    NEXT(aligned_alloc);
    return NO_MEMORY() ? NULL : next(alignment, n);
}

FACE int posix_memalign(void **at, size_t alignment, size_t n)
{
    NEXT(posix_memalign);
    return NO_MEMORY() ? ENOMEM : next(at, alignment, n);
}

FACE void *mmap(void *at, size_t n, int access, int flags, int fd, off_t offset)
{
    NEXT(mmap);
    if ((flags & MAP_ANONYMOUS) != 0 && NO_MEMORY())
        return MAP_FAILED;
    return next(at, n, access, flags, fd, offset);
}

/* ---- reading and writing */

static const int stream_read[] = {ECONNRESET, ETIMEDOUT};
static const int stream_write[] = {EPIPE, ECONNRESET, ETIMEDOUT};
static const int packet_read[] = {ENOMEM, ECONNREFUSED};
static const int packet_write[] = {ENOBUFS, ECONNREFUSED, EPERM};
static const int file_read[] = {EIO, EINTR};
static const int file_write[] = {ENOSPC, EIO, EDQUOT, EINTR};

/* A file's call may be cut short. A stream's is only where the kernel also tells when it goes on, which who waits
 * for an edge relies upon. */
enum verdict { PASS, FAIL, SHORT };

static int error_of(enum fault_kind kind, int type, uint64_t chance)
{
    bool reads = kind == FAULT_READ;
    if (type == 0)
        return reads ? PICK(file_read, chance) : PICK(file_write, chance);
    if (type == SOCK_STREAM)
        return reads ? PICK(stream_read, chance) : PICK(stream_write, chance);
    return reads ? PICK(packet_read, chance) : PICK(packet_write, chance);
}

static enum verdict judge(enum fault_kind on_socket, enum fault_kind on_file, int fd)
{
    uint64_t chance;
    struct stat st;
    int type = 0; /* of a socket; a file has none */
    socklen_t n = sizeof type;
    if (page == NULL || (page->kind[on_socket].every == 0 && page->kind[on_file].every == 0) ||
        fstat(fd, &st) != 0)
        return PASS;
    if (!S_ISREG(st.st_mode) &&
        (!S_ISSOCK(st.st_mode) || getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &n) != 0))
        return PASS;
    enum fault_kind kind = type == 0 ? on_file : on_socket;
    if (!fails(kind, &chance))
        return PASS;
    note(kind);
    if (type == 0 && chance % 4 == 0)
        return SHORT;
    errno = error_of(kind, type, chance / 4);
    return FAIL;
}

static size_t cut(enum verdict v, size_t n)
{
    return v == SHORT && n > 1 ? n / 2 : n;
}

#define JUDGED(on_socket, on_file, fd)                                                             \
    enum verdict v = judge(on_socket, on_file, fd);                                                \
    if (v == FAIL)                                                                                 \
    return -1

FACE ssize_t read(int fd, void *to, size_t n)
{
    NEXT(read);
    JUDGED(FAULT_READ, FAULT_READ, fd);
    return next(fd, to, cut(v, n));
}

FACE ssize_t pread(int fd, void *to, size_t n, off_t at)
{
    NEXT(pread);
    JUDGED(FAULT_READ, FAULT_READ, fd);
    return next(fd, to, cut(v, n), at);
}

FACE ssize_t recv(int fd, void *to, size_t n, int flags)
{
    NEXT(recv);
    JUDGED(FAULT_READ, FAULT_READ, fd);
    return next(fd, to, cut(v, n), flags);
}

FACE ssize_t recvmsg(int fd, struct msghdr *to, int flags)
{
    NEXT(recvmsg);
    JUDGED(FAULT_READ, FAULT_READ, fd);
    return next(fd, to, flags);
}

FACE ssize_t write(int fd, const void *from, size_t n)
{
    NEXT(write);
    JUDGED(FAULT_WRITE, FAULT_DISK, fd);
    disk_takes(fd, DISK_HERE, n);
    return next(fd, from, cut(v, n));
}

FACE ssize_t pwrite(int fd, const void *from, size_t n, off_t at)
{
    NEXT(pwrite);
    JUDGED(FAULT_WRITE, FAULT_DISK, fd);
    disk_takes(fd, at, n);
    return next(fd, from, cut(v, n), at);
}

FACE ssize_t send(int fd, const void *from, size_t n, int flags)
{
    NEXT(send);
    JUDGED(FAULT_WRITE, FAULT_DISK, fd);
    return next(fd, from, cut(v, n), flags);
}

FACE ssize_t sendmsg(int fd, const struct msghdr *from, int flags)
{
    NEXT(sendmsg);
    JUDGED(FAULT_WRITE, FAULT_DISK, fd);
    return next(fd, from, flags);
}

FACE ssize_t writev(int fd, const struct iovec *from, int n)
{
    NEXT(writev);
    JUDGED(FAULT_WRITE, FAULT_DISK, fd);
    size_t bytes = 0;
    for (int i = 0; i < n; i++)
        bytes += from[i].iov_len;
    disk_takes(fd, DISK_HERE, bytes);
    return next(fd, from, v == SHORT && n > 1 ? n / 2 : n);
}

/* ---- the rest */

static bool accept_fails(void)
{
    static const int errors[] = {EMFILE, ENFILE, ECONNABORTED, ENOBUFS, ENOMEM, EPROTO, EINTR};
    uint64_t chance;
    if (!fails(FAULT_ACCEPT, &chance))
        return false;
    note(FAULT_ACCEPT);
    errno = PICK(errors, chance);
    return true;
}

FACE int accept4(int fd, struct sockaddr *from, socklen_t *n, int flags)
{
    NEXT(accept4);
    return accept_fails() ? -1 : next(fd, from, n, flags);
}

FACE int accept(int fd, struct sockaddr *from, socklen_t *n)
{
    NEXT(accept);
    return accept_fails() ? -1 : next(fd, from, n);
}

static bool open_fails(void)
{
    static const int errors[] = {EMFILE, ENFILE, ENOMEM};
    uint64_t chance;
    if (!fails(FAULT_OPEN, &chance))
        return false;
    note(FAULT_OPEN);
    errno = PICK(errors, chance);
    return true;
}

FACE int open(const char *path, int flags, ...)
{
    NEXT(open);
    va_list more;
    va_start(more, flags);
    mode_t mode = (flags & O_CREAT) != 0 ? va_arg(more, mode_t) : 0;
    va_end(more);
    disk_opens(AT_FDCWD, path);
    return open_fails() ? -1 : next(path, flags, mode);
}

FACE int openat(int folder, const char *path, int flags, ...)
{
    NEXT(openat);
    va_list more;
    va_start(more, flags);
    mode_t mode = (flags & O_CREAT) != 0 ? va_arg(more, mode_t) : 0;
    va_end(more);
    disk_opens(folder, path);
    return open_fails() ? -1 : next(folder, path, flags, mode);
}

FACE int socket(int domain, int type, int protocol)
{
    NEXT(socket);
    return open_fails() ? -1 : next(domain, type, protocol);
}

FACE int clock_gettime(clockid_t id, struct timespec *out)
{
    NEXT(clock_gettime);
    int status = next(id, out);
    int64_t step_ns = page != NULL && id == CLOCK_REALTIME ? page->wall_step_ns : 0;
    if (status != 0 || step_ns == 0)
        return status;
    int64_t ns = (int64_t)out->tv_sec * 1000000000 + out->tv_nsec + step_ns;
    *out = (struct timespec){.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
    return status;
}

/* The same calls by their names for large files, which libuv uses. */
FACE int open64(const char *path, int flags, ...) __attribute__((alias("open")));
FACE int openat64(int folder, const char *path, int flags, ...) __attribute__((alias("openat")));
FACE ssize_t pread64(int fd, void *to, size_t n, off64_t at) __attribute__((alias("pread")));
FACE ssize_t pwrite64(int fd, const void *from, size_t n, off64_t at)
    __attribute__((alias("pwrite")));
