/* tests/unit/guard.h -- bytes whose end is the end of what may be read, and numbers that look
 * random and are the same in every run. */
#ifndef TESTS_GUARD_H
#define TESTS_GUARD_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* A mapping whose last page cannot be touched: one byte past end[-1] is a crash. */
struct guard {
    char *map, *end;
    size_t size;
};

static inline struct guard guard_new(size_t room)
{
    size_t page = 4096, usable = (room / page + 1) * page;
    char *map =
        mmap(NULL, usable + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED || mprotect(map + usable, page, PROT_NONE) != 0)
        abort();
    return (struct guard){map, map + usable, usable + page};
}

/* A copy of bytes[0..n) that ends at the guard. */
static inline char *guard_copy(struct guard *g, const void *bytes, size_t n)
{
    return n == 0 ? g->end : memcpy(g->end - n, bytes, n);
}

static inline void guard_free(struct guard *g)
{
    munmap(g->map, g->size);
}

/* splitmix64: Steele, Lea, Flood 2014. */
static inline uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

static inline uint64_t random_below(uint64_t *state, uint64_t n)
{
    return next_random(state) % n;
}

#endif
