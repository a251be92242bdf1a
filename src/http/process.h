/* http/process.h -- this process as the kernel sees it. */
#ifndef HTTP_PROCESS_H
#define HTTP_PROCESS_H

#include <stdint.h>

/* What the kernel does not say is 0. */
struct process_figures {
    double cpu_s; /* user and system */
    uint64_t resident_bytes;
    uint64_t open_files, max_files; /* descriptors */
};
void process_look(struct process_figures *out);

#endif
