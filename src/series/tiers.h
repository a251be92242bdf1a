/* series/tiers.h -- an array that grows and never moves: tier k holds 64 << k items, so that growth
 * copies nothing, a pointer to an item stays good, and a reader needs no lock but the one that told
 * it of the item.
 *
 *     tier 0: 0..63 | tier 1: 64..191 | tier 2: 192..447 | ...
 *
 * Not locked: the owner's lock is its. */
#ifndef SERIES_TIERS_H
#define SERIES_TIERS_H

#include "series/pages.h"

#include <stdbool.h>
#include <stdint.h>

enum { TIER_FIRST = 64, TIERS_MAX = 26 }; /* 4e9 items */

/* Accepts a zeroed struct. */
struct tiers {
    char *at[TIERS_MAX]; /* owned; zeroed when made */
};

static inline uint32_t tier_of(uint32_t i)
{
    return 31u - (uint32_t)__builtin_clz(i / TIER_FIRST + 1);
}

static inline uint32_t tier_items(uint32_t k)
{
    return (uint32_t)TIER_FIRST << k;
}

/* Item i of `bytes` bytes, its tier being there. */
static inline void *tiers_at(const struct tiers *t, uint32_t i, size_t bytes)
{
    uint32_t k = tier_of(i);
    return t->at[k] + (size_t)(i - (tier_items(k) - TIER_FIRST)) * bytes;
}

/* Sees to it that item i is there. False without memory. */
static inline bool tiers_reach(struct tiers *t, uint32_t i, size_t bytes)
{
    uint32_t k = tier_of(i);
    if (k >= TIERS_MAX)
        return false;
    if (t->at[k] == NULL)
        t->at[k] = pages_take(tier_items(k) * bytes);
    return t->at[k] != NULL;
}

static inline uint64_t tiers_bytes(const struct tiers *t, size_t bytes)
{
    uint64_t all = 0;
    for (uint32_t k = 0; k < TIERS_MAX; k++)
        all += t->at[k] != NULL ? tier_items(k) * bytes : 0;
    return all;
}

static inline void tiers_fini(struct tiers *t, size_t bytes)
{
    for (uint32_t k = 0; k < TIERS_MAX; k++)
        pages_give(t->at[k], tier_items(k) * bytes);
    *t = (struct tiers){{NULL}};
}

#endif
