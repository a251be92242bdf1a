/* faults.h -- what a test asks of the preloaded library, and what it counts: one shared page, a file that both
 * map. preloaded.py knows the same layout. */
#ifndef FAULTS_H
#define FAULTS_H

#include <stdatomic.h>
#include <stdint.h>

enum fault_kind {
    FAULT_MALLOC, /* ENOMEM: malloc and its kin, anonymous mmap; not where libuv calls, which aborts */
    FAULT_READ,   /* of sockets and files: errors that they have; of a file half of it, too */
    FAULT_WRITE,  /* of sockets */
    FAULT_ACCEPT, /* EMFILE, ENFILE, ECONNABORTED, ENOBUFS, ENOMEM, EPROTO, EINTR */
    FAULT_SYNC,   /* EIO, ENOSPC: fsync, fdatasync, msync */
    FAULT_OPEN,   /* EMFILE, ENFILE, ENOMEM, EIO: open, openat, socket */
    FAULT_DISK,   /* writes of files: ENOSPC, EIO, EDQUOT, EINTR, half of it */
    FAULT_KINDS,
};

struct fault_page {
    struct {
        _Atomic uint32_t every,
            seed; /* one call of so many fails, by chance from the seed; 0: none does */
        _Atomic uint64_t calls, failed; /* while every is not 0 */
        _Atomic uint64_t most;          /* no call fails once so many have; 0: no end */
    } kind[FAULT_KINDS];
    _Atomic int64_t wall_step_ns; /* added to what CLOCK_REALTIME says */
    _Atomic int64_t disk_stands;  /* not 0: fsync and its kin do not return */
    _Atomic int64_t
        disk_delay_ns;            /* open, write, fsync and their kin take so long, in the folder */
    _Atomic uint64_t disk_waits;  /* calls that did */
    _Atomic int64_t disk_forgets; /* not 0: what an fsync failed for is not in the file any more */
    _Atomic uint64_t disk_forgot; /* bytes */
    char folder[512];             /* of state; absolute */
};

#endif
