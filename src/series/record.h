/* series/record.h -- what the table holds for a series: two cache lines that every sample touches,
 * and an identity that only births, queries and ends do. */
#ifndef SERIES_RECORD_H
#define SERIES_RECORD_H

#include "numeric/window.h"
#include "series/keyhash.h"

#include <stdint.h>

enum {
    RECORD_STALE = 1,      /* silent for too long: its run is over, its last points are out */
    RECORD_GENERATION = 2, /* which of the table's two sets of policies `policy` counts in */
    RECORD_BROKEN = 4, /* NaN ended its run: the window says where time was, and counts as empty */
    RECORD_EXTRA = 8,  /* it has a struct extra */
    RECORD_WATCHED = 16, /* rules look at each of its samples: series/watch.h */
    RECORD_CHANGED = 32, /* not as it was last saved: series/table_save.h; of a free place, too */
    RECORD_UNKEYED =
        64, /* restored, and nobody knows how its labels are spelled: key is made of them */
    RECORD_OVER = RECORD_STALE | RECORD_BROKEN, /* the next sample begins anew */
};

struct record {
    struct window window;
    struct keyhash key;      /* of the spelling it was born with */
    unsigned char *identity; /* its labels, series/identity.h; NULL: the place is free */
    int64_t seen_ns;         /* monotonic, when its last sample came; free place: the next one */
    uint32_t birth;  /* counts the births at this place: a struct ref to an older one is void */
    uint16_t policy; /* 0: the defaults, else 1 + rule */
    uint8_t flags;
};

_Static_assert(sizeof(struct record) == 128, "a record is two cache lines");

#endif
