/* series/index.h -- hash to place: open addressing, linear probing, eight bytes a slot.
 *
 *     tag        32 bits of the key's hash; its low bits are the slot it wants
 *     [tag|place] [tag|place] [  empty  ] [tag|place] ...
 *
 * The index knows no keys: a place with the right tag is a candidate, and the caller compares. Growth
 * and removal need only the tags, so they touch no record. At most INDEX_FULL of the slots are used. */
#ifndef SERIES_INDEX_H
#define SERIES_INDEX_H

#include "numeric/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct slot {
    uint32_t tag;
    uint32_t place; /* one more than the caller's number; 0: empty */
};

struct index {
    struct slot *slots;
    uint32_t mask; /* slots - 1, a power of two */
    uint32_t used;
};

/* Accept a zeroed struct; an empty index has no slots until the first index_add. */
void index_fini(struct index *x);
uint64_t index_bytes(const struct index *x);

/* Errors: NABLA_ENOMEM. place < UINT32_MAX. The pair must not be there. */
MUST_CHECK enum nabla_status index_add(struct index *x, uint32_t tag, uint32_t place);

/* The pair must be there. */
void index_remove(struct index *x, uint32_t tag, uint32_t place);

/* Walks the candidates of a tag: start with *at = tag. False at the end; else *place is one. */
static inline bool index_next(const struct index *x, uint32_t tag, uint32_t *at, uint32_t *place)
{
    if (x->slots == NULL)
        return false;
    for (;; ++*at) {
        struct slot s = x->slots[*at & x->mask];
        if (s.place == 0)
            return false;
        if (s.tag == tag) {
            *place = s.place - 1;
            ++*at;
            return true;
        }
    }
}

static inline void index_prefetch(const struct index *x, uint32_t tag)
{
    if (x->slots != NULL)
        __builtin_prefetch(&x->slots[tag & x->mask]);
}

#endif
