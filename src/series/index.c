/* series/index.c -- linear probing with tags in order, and backward-shift removal: no tombstones, so
 * an index that has seen much come and go is as quick as a new one.
 * Laws: within a segment tags ascend over the slots in use; no slot between the one that a tag wants
 * and the one that it has is empty. */
#include "series/index.h"

#include "series/pages.h"

#include <string.h>

/* Five sixths full at most, where a search looks at 3.5 slots, in one cache line more often than
 * not. */
enum { FULL_NUMERATOR = 5, FULL_DENOMINATOR = 6, FIRST_SIZE = 4, OVERFLOW_MOST = 60 };

/* Less than a third full a segment shrinks, to half: it is then at most two thirds full, and has to lose or win a
 * third of what it holds before it changes again. */
enum { SPARSE = 3 };

static const struct slot nothing;

/* Slots behind those that tags want, for `size` of these. The last tag is moved on by k slots with a
 * probability of some exp(-0.4 k), the segment being as full as it gets. */
static uint32_t overflow_of(uint32_t size)
{
    return size < OVERFLOW_MOST * 16 ? 4 + size / 16 : 4 + OVERFLOW_MOST;
}

static size_t bytes_of(uint32_t size)
{
    return size == 0 ? 0 : ((size_t)size + overflow_of(size)) * sizeof(struct slot);
}

static void free_segment(struct segment *g)
{
    if (g->size > 0)
        pages_give(g->slots, bytes_of(g->size));
}

void index_fini(struct index *x)
{
    for (int i = 0; x->segments != NULL && i < INDEX_SEGMENTS; i++)
        free_segment(&x->segments[i]);
    pages_give(x->segments, INDEX_SEGMENTS * sizeof x->segments[0]);
    *x = (struct index){0};
}

uint64_t index_bytes(const struct index *x)
{
    uint64_t bytes = 0;
    if (x->segments == NULL)
        return 0;
    for (int i = 0; i < INDEX_SEGMENTS; i++)
        bytes += bytes_of(x->segments[i].size);
    return bytes + INDEX_SEGMENTS * sizeof x->segments[0];
}

static bool make_segments(struct index *x)
{
    x->segments = pages_take(INDEX_SEGMENTS * sizeof x->segments[0]);
    if (x->segments == NULL)
        return false;
    for (int i = 0; i < INDEX_SEGMENTS; i++)
        x->segments[i].slots = (struct slot *)(uintptr_t)&nothing; /* nobody writes there */
    return true;
}

static struct slot *home_in(const struct segment *g, uint32_t tag)
{
    return g->slots + ((uint64_t)(tag << INDEX_SEGMENT_BITS) * g->size >> 32);
}

/* The last slot, which stays empty. */
static struct slot *last_of(const struct segment *g)
{
    return g->slots + g->size + overflow_of(g->size) - 1;
}

/* Copies what is in use, in order, each as near as may be to the slot that it wants. False if the
 * overflow is too small. */
static bool spread(const struct segment *from, struct segment *to)
{
    struct slot *next = to->slots, *last = last_of(to);
    if (from->size == 0)
        return true;
    for (const struct slot *s = from->slots, *end = last_of(from); s < end; s++) {
        if (s->place == 0)
            continue;
        struct slot *home = home_in(to, s->tag);
        next = home > next ? home : next;
        if (next == last)
            return false;
        *next++ = *s;
    }
    return true;
}

enum moved { MOVED, TOO_CROWDED, NO_MEMORY };

static enum moved move(struct segment *g, uint32_t size)
{
    struct segment other = {.size = size, .used = g->used};
    if ((other.slots = pages_take(bytes_of(size))) == NULL)
        return NO_MEMORY;
    bool fits = spread(g, &other);
    free_segment(fits ? g : &other);
    if (fits)
        *g = other;
    return fits ? MOVED : TOO_CROWDED;
}

static bool grow(struct segment *g)
{
    enum moved moved = TOO_CROWDED;
    for (uint32_t size = g->size, next; moved == TOO_CROWDED; size = next) {
        next = size < FIRST_SIZE ? FIRST_SIZE : size + size / 4;
        moved = next < size ? NO_MEMORY : move(g, next);
    }
    return moved == MOVED;
}

/* Where that cannot be, it stays as it is. */
static void shrink_if_sparse(struct segment *g)
{
    if (g->size >= 2 * FIRST_SIZE && (uint64_t)g->used * SPARSE < g->size)
        (void)move(g, g->size / 2);
}

/* Puts s behind all that are not larger, what is larger moving on by one. False if that would take
 * the last slot. */
static bool insert(struct segment *g, struct slot s)
{
    struct slot *at = home_in(g, s.tag), *end;
    while (at->place != 0 && at->tag <= s.tag)
        at++;
    for (end = at; end->place != 0;)
        end++;
    if (end == last_of(g))
        return false;
    memmove(at + 1, at, (size_t)(end - at) * sizeof *at);
    *at = s;
    return true;
}

enum nabla_status index_add(struct index *x, uint32_t tag, uint32_t place)
{
    if (x->segments == NULL && !make_segments(x))
        return NABLA_ENOMEM;
    struct segment *g = &x->segments[tag >> (32 - INDEX_SEGMENT_BITS)];
    bool full = ((uint64_t)g->used + 1) * FULL_DENOMINATOR > (uint64_t)g->size * FULL_NUMERATOR;
    if (full && !grow(g))
        return NABLA_ENOMEM;
    while (!insert(g, (struct slot){.tag = tag, .place = place + 1}))
        if (!grow(g))
            return NABLA_ENOMEM;
    g->used++;
    x->used++;
    return NABLA_OK;
}

/* Moves what follows the hole back by one, up to the first that stands where it wants to. */
static void close_hole(struct segment *g, struct slot *hole)
{
    struct slot *end = hole + 1;
    while (end->place != 0 && end > home_in(g, end->tag))
        end++;
    memmove(hole, hole + 1, (size_t)(end - hole - 1) * sizeof *hole);
    end[-1] = (struct slot){0};
}

void index_remove(struct index *x, uint32_t tag, uint32_t place)
{
    const struct slot *at = NULL;
    uint32_t found;
    while (index_next(x, tag, &at, &found))
        if (found == place) {
            struct segment *g = &x->segments[tag >> (32 - INDEX_SEGMENT_BITS)];
            close_hole(g, g->slots + (at - g->slots));
            g->used--;
            x->used--;
            shrink_if_sparse(g);
            return;
        }
}
