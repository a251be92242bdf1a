/* series/pages.c -- mmap, aligned; malloc below a few pages. */
#include "series/pages.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* Less than this wastes too much of its last page. */
enum { MAPPED_LEAST = 32 * 1024 };

static void *map(size_t bytes)
{
    /* an anonymous mapping has no file: -1 is what mmap(2) wants there */
    /* cppcheck-suppress [invalidFunctionArg, memleak] */
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    /* it is the caller's: cppcheck takes mmap for an allocation that is lost here */
    /* cppcheck-suppress memleak */
    return p == MAP_FAILED ? NULL : p;
}

void *pages_new(size_t bytes, bool huge)
{
    char *wide = map(bytes + PAGES_HUGE); /* more than wanted: the ends are given back */
    if (wide == NULL)
        return NULL;
    size_t skip = (PAGES_HUGE - (uintptr_t)wide % PAGES_HUGE) % PAGES_HUGE;
    char *p = wide + skip;
    if (skip > 0)
        munmap(wide, skip);
    munmap(p + bytes, PAGES_HUGE - skip);
    if (huge)
        madvise(p, bytes, MADV_HUGEPAGE); /* only advice: without it all works, slower */
    return p;
}

void pages_free(void *pages, size_t bytes)
{
    if (pages != NULL)
        munmap(pages, bytes);
}

void *pages_take(size_t bytes)
{
    return bytes < MAPPED_LEAST ? calloc(1, bytes) : map(bytes);
}

void pages_give(void *piece, size_t bytes)
{
    if (bytes < MAPPED_LEAST)
        free(piece);
    else
        pages_free(piece, bytes);
}

void pages_leave(void *piece, size_t bytes, size_t from)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    from = (from + page - 1) / page * page;
    if (bytes >= MAPPED_LEAST && from < bytes)
        madvise((char *)piece + from, bytes - from, MADV_DONTNEED); /* only advice */
}
