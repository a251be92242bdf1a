/* series/effort.h -- what the regular expressions of one request have cost by now, in counts: the selectors
 * that are charged to it (selector_charge) write it down, whoever goes through series ends a slice by it.
 *
 *     a value ──► within EFFORT_EASY ──► easy: 0.2 ms at most, most of them far less
 *             └──► else once more, within SELECTOR_MATCH_LIMIT ──► dear
 *                                                             └──► not even then: an overrun
 *
 * A step of PCRE2's can look at a whole value, so that what a step may cost is the value's length: 10,000 steps
 * are 30 us for most expressions, and 27 ms for the worst of them on 4096 bytes. Pure; one thread at a time. */
#ifndef SERIES_EFFORT_H
#define SERIES_EFFORT_H

#include <stdbool.h>
#include <stdint.h>

enum {
    EFFORT_EASY = 256 * 1024, /* steps times bytes of the value */
    EFFORT_SLICE = 64,        /* easy ones that may be asked in one go */
    OVERRUNS_MAX = 1000, /* of a request; from then on none of its expressions is asked any more */
};

struct effort {
    uint64_t asked;    /* expressions, of values */
    uint64_t dear;     /* of them, those that were not easy */
    uint32_t overruns; /* of these, those that ended without an answer */
};

/* Has so much been asked since, that others should have their turn? A dear one ends a slice at once. */
static inline bool effort_is_slice(const struct effort *e, const struct effort *since)
{
    return e->dear != since->dear || e->asked - since->asked >= EFFORT_SLICE;
}

static inline bool effort_is_spent(const struct effort *e)
{
    return e->overruns >= OVERRUNS_MAX;
}

#endif
