/* series/dictionary.h -- texts, numbered: those who hold the same text share a number for as long as
 * any of them does. Not locked, the table's catalog lock is; but what dictionary_at returns neither
 * moves nor changes while somebody holds it. */
#ifndef SERIES_DICTIONARY_H
#define SERIES_DICTIONARY_H

#include "series/index.h"
#include "series/tiers.h"

struct entry {
    char *text; /* owned, not terminated; NULL: a free number */
    uint32_t n;
    uint32_t holders; /* free number: the next one + 1 */
};

/* Accepts a zeroed struct. */
struct dictionary {
    struct tiers entries;
    uint32_t n;    /* numbers ever given */
    uint32_t free; /* first free number + 1, 0: none */
    uint32_t last; /* that somebody joined: the next one often joins the same */
    struct index index;
    uint64_t text_bytes;
};

enum { DICTIONARY_NONE = UINT32_MAX };

void dictionary_fini(struct dictionary *d);
uint64_t dictionary_bytes(const struct dictionary *d);

/* The number of a text, or DICTIONARY_NONE. */
uint32_t dictionary_find(const struct dictionary *d, const char *text, uint32_t n);

/* One more, one fewer holder of a text. Errors: NABLA_ENOMEM. */
MUST_CHECK enum nabla_status dictionary_join(struct dictionary *d, const char *text, uint32_t n,
                                             uint32_t *number);
void dictionary_leave(struct dictionary *d, uint32_t number);

static inline const struct entry *dictionary_at(const struct dictionary *d, uint32_t number)
{
    return tiers_at(&d->entries, number, sizeof(struct entry));
}

#endif
