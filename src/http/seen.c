/* http/seen.c -- open addressing, at most half full; a hash stands for its line. */
#define XXH_INLINE_ALL
#include "http/seen.h"

#include <stdlib.h>
#include <xxhash.h>

enum { CAP_LEAST = 64, CAP_MOST = 1 << 30 };

static uint64_t *slot_of(uint64_t *slots, uint32_t cap, uint64_t hash)
{
    uint32_t i = (uint32_t)(hash >> 32) & (cap - 1);
    while (slots[i] != 0 && slots[i] != hash)
        i = (i + 1) & (cap - 1);
    return &slots[i];
}

static enum nabla_status grow_to(struct seen *s, uint32_t cap)
{
    uint64_t *slots = calloc(cap, sizeof *slots);
    if (slots == NULL)
        return NABLA_ENOMEM;
    for (uint32_t i = 0; i < s->cap; i++)
        if (s->slots[i] != 0)
            *slot_of(slots, cap, s->slots[i]) = s->slots[i];
    free(s->slots);
    s->slots = slots;
    s->cap = cap;
    return NABLA_OK;
}

enum nabla_status seen_reserve(struct seen *s, uint32_t n)
{
    uint32_t cap = s->cap ? s->cap : CAP_LEAST;
    while (cap / 2 < n && cap < CAP_MOST)
        cap *= 2;
    return cap > s->cap ? grow_to(s, cap) : NABLA_OK;
}

enum nabla_status seen_add(struct seen *s, const void *text, size_t n, bool *fresh)
{
    if (s->n >= s->cap / 2 && grow_to(s, s->cap ? 2 * s->cap : CAP_LEAST) != NABLA_OK)
        return NABLA_ENOMEM;
    uint64_t hash = XXH3_64bits_withSeed(text, n, s->seed);
    hash += hash == 0;
    uint64_t *slot = slot_of(s->slots, s->cap, hash);
    *fresh = *slot == 0;
    s->n += *fresh;
    *slot = hash;
    return NABLA_OK;
}

void seen_clear(struct seen *s)
{
    free(s->slots);
    *s = (struct seen){.seed = s->seed};
}

uint64_t seen_bytes(const struct seen *s)
{
    return (uint64_t)s->cap * sizeof *s->slots;
}
