/* series/families.h -- metric names, numbered: series of one name share a number for as long as any
 * of them lives. Not locked: the table's catalog lock is. */
#ifndef SERIES_FAMILIES_H
#define SERIES_FAMILIES_H

#include "series/index.h"

#include <stddef.h>
#include <stdint.h>

struct family {
    char *name; /* owned; NULL: a free number */
    uint32_t name_n;
    uint32_t series; /* that bear it; free number: the next one */
};

struct families {
    struct family *at; /* owned */
    uint32_t n, cap;
    uint32_t free; /* first free number + 1, 0: none */
    struct index index;
};

enum { FAMILY_NONE = UINT32_MAX };

void families_fini(struct families *f); /* accepts a zeroed one */

/* The number of a name, or FAMILY_NONE. */
uint32_t families_find(const struct families *f, const char *name, uint32_t n);

/* One more, one fewer series of a name. Errors: NABLA_ENOMEM. */
MUST_CHECK enum nabla_status families_join(struct families *f, const char *name, uint32_t n,
                                           uint32_t *number);
void families_leave(struct families *f, uint32_t number);

#endif
