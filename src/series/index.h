/* series/index.h -- hash to place: open addressing in 256 segments, eight bytes a slot.
 *
 *     tag      32 bits of the key's hash: the first 8 choose the segment, the others the slot
 *              it wants there, in proportion: slot = others / 2^24 * size
 *     segment  [tag|place] [tag|place] [ empty ] [tag|place] ...     tags ascend
 *
 * Because slots go by proportion, tags stand in their order, whatever a segment's size: a search for
 * what is not there ends at the first larger tag, and a segment grows, by a quarter, in one pass from
 * end to end. Segments grow each by itself, so no growth takes longer than a pass over a 256th
 * (0.3 ms at ten million places), and between two thirds and five sixths of all slots are in use while nothing goes.
 * A segment of which two thirds have gone shrinks to half, so that its memory is that of what it holds and not of the
 * most that it ever held.
 *
 * The index knows no keys: a place with the right tag is a candidate, and the caller compares. Growth
 * and removal need only the tags, so they touch no record. */
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

/* Behind the slots that tags want are some for the overflow of the last, so that no search wraps; the
 * very last is always empty. */
struct segment {
    struct slot *slots; /* owned unless size is 0: an empty one then, shared */
    uint32_t size;      /* slots that tags want */
    uint32_t used;
};

enum { INDEX_SEGMENT_BITS = 8, INDEX_SEGMENTS = 1 << INDEX_SEGMENT_BITS };

struct index {
    struct segment *segments; /* owned; NULL until the first index_add */
    uint32_t used;
};

/* Accept a zeroed struct. */
void index_fini(struct index *x);
uint64_t index_bytes(const struct index *x);

/* Errors: NABLA_ENOMEM. place < UINT32_MAX. The pair must not be there. */
MUST_CHECK enum nabla_status index_add(struct index *x, uint32_t tag, uint32_t place);

/* The pair must be there. */
void index_remove(struct index *x, uint32_t tag, uint32_t place);

static inline struct slot *index_home(const struct index *x, uint32_t tag)
{
    const struct segment *g = &x->segments[tag >> (32 - INDEX_SEGMENT_BITS)];
    return g->slots + ((uint64_t)(tag << INDEX_SEGMENT_BITS) * g->size >> 32);
}

/* Walks the candidates of a tag: start with *at = NULL. False at the end; else *place is one. */
static inline bool index_next(const struct index *x, uint32_t tag, const struct slot **at,
                              uint32_t *place)
{
    if (x->segments == NULL)
        return false;
    const struct slot *s = *at == NULL ? index_home(x, tag) : *at + 1;
    while (s->place != 0 && s->tag < tag)
        s++;
    *at = s;
    *place = s->place - 1;
    return s->place != 0 && s->tag == tag;
}

/* Inlined early by force: GCC 12 takes a function that does nothing but prefetch for one without
 * effect, and drops the call. */
__attribute__((always_inline)) static inline void index_prefetch(const struct index *x,
                                                                 uint32_t tag)
{
    if (x->segments == NULL)
        return;
    const struct slot *home = index_home(x, tag);
    __builtin_prefetch(home);
    __builtin_prefetch(home + 4); /* where it is rather; half of the time in the same line */
}

#endif
