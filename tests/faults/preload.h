/* preload.h -- what the parts of the preloaded library share. */
#ifndef PRELOAD_H
#define PRELOAD_H

#include "faults.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define FACE __attribute__((visibility("default")))

/* The next library's function of that name and of the type of its declaration. */
#define NEXT(name)                                                                                 \
    static __typeof__(&(name)) next;                                                               \
    if (next == NULL)                                                                              \
    *(void **)&next = dlsym(RTLD_NEXT, #name)

#define PICK(errors, chance) pick(errors, sizeof(errors) / sizeof(errors)[0], chance)

extern struct fault_page *page; /* set once, before main; NULL: nothing ever fails */

/* Whether this call fails; *chance then says how. */
bool fails(enum fault_kind kind, uint64_t *chance);
void note(enum fault_kind kind); /* it has failed */
int pick(const int *errors, size_t n, uint64_t chance);

/* ---- preload_disk.c: calls on anything but files of the state folder do nothing */

enum { DISK_HERE = -1 }; /* where the file's own position is */

/* Before n bytes are written there. */
void disk_takes(int fd, off_t at, size_t n);
/* Before something is opened by its name. */
void disk_opens(int folder, const char *path);

#endif
