/* series/index.c -- linear probing with backward-shift removal: no tombstones, so an index that
 * has seen much come and go is as quick as a new one. */
#include "series/index.h"

#include "series/pages.h"

enum { FIRST_SLOTS = 512, FULL_NUMERATOR = 3, FULL_DENOMINATOR = 5 };

static size_t bytes_of(uint32_t slots)
{
    return slots * sizeof(struct slot);
}

void index_fini(struct index *x)
{
    pages_free(x->slots, index_bytes(x));
    *x = (struct index){0};
}

uint64_t index_bytes(const struct index *x)
{
    return x->slots == NULL ? 0 : bytes_of(x->mask + 1);
}

static void put(struct slot *slots, uint32_t mask, struct slot s)
{
    uint32_t at = s.tag;
    while (slots[at & mask].place != 0)
        at++;
    slots[at & mask] = s;
}

static enum nabla_status grow(struct index *x)
{
    uint32_t n = x->slots == NULL ? 0 : x->mask + 1;
    uint32_t more = n == 0 ? FIRST_SLOTS : n * 2;
    if (more < n)
        return NABLA_ENOMEM;
    struct slot *slots = pages_new(bytes_of(more), bytes_of(more) >= PAGES_HUGE);
    if (slots == NULL)
        return NABLA_ENOMEM;
    for (uint32_t i = 0; i < n; i++)
        if (x->slots[i].place != 0)
            put(slots, more - 1, x->slots[i]);
    pages_free(x->slots, bytes_of(n));
    x->slots = slots;
    x->mask = more - 1;
    return NABLA_OK;
}

enum nabla_status index_add(struct index *x, uint32_t tag, uint32_t place)
{
    uint64_t slots = x->slots == NULL ? 0 : (uint64_t)x->mask + 1;
    if (((uint64_t)x->used + 1) * FULL_DENOMINATOR > slots * FULL_NUMERATOR) {
        enum nabla_status status = grow(x);
        if (status != NABLA_OK)
            return status;
    }
    put(x->slots, x->mask, (struct slot){.tag = tag, .place = place + 1});
    x->used++;
    return NABLA_OK;
}

/* Moves what follows the hole back into it, as far as each may go: never before its own slot. */
static void close_hole(struct index *x, uint32_t hole)
{
    for (uint32_t at = hole + 1;; at++) {
        struct slot s = x->slots[at & x->mask];
        if (s.place == 0)
            break;
        uint32_t from_home = (at - s.tag) & x->mask, from_hole = (at - hole) & x->mask;
        if (from_home >= from_hole) {
            x->slots[hole & x->mask] = s;
            hole = at;
        }
    }
    x->slots[hole & x->mask] = (struct slot){0};
}

void index_remove(struct index *x, uint32_t tag, uint32_t place)
{
    uint32_t at = tag, found;
    while (index_next(x, tag, &at, &found))
        if (found == place) {
            close_hole(x, at - 1); /* index_next has moved past it */
            x->used--;
            return;
        }
}
