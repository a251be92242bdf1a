/* tests/unit/no_map.h -- an mmap in front of libc's: while no_map says so, no file gets any memory. For one file of
 * a test program, which libraries then call, too. */
#ifndef TESTS_NO_MAP_H
#define TESTS_NO_MAP_H

#include <errno.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool no_map;

/* ThreadSanitizer calls it before it is itself ready for calls */
__attribute__((no_sanitize("thread"))) void *mmap(void *at, size_t n, int access, int flags, int fd,
                                                  off_t offset)
{
    if (no_map && fd >= 0) {
        errno = ENOMEM;
        return MAP_FAILED;
    }
    return (void *)syscall(SYS_mmap, at, n, access, flags, fd, offset);
}

#endif
