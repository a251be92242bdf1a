/* base/labelset.h -- a series' labels, packed: sorted by name, the metric's name first.
 *
 *     | bytes u16 | count u16 | name_n u16 | value_n u16 | name value | name_n ... |
 *
 * Two series are the same exactly if these bytes are. A labelset is never changed once packed;
 * it has no padding and no alignment. */
#ifndef BASE_LABELSET_H
#define BASE_LABELSET_H

#include "numeric/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    LABELS_MAX = 64,         /* labels of one series, the metric's name among them */
    LABEL_NAME_MAX = 256,    /* bytes; also of the metric's name */
    LABEL_VALUE_MAX = 4096,  /* bytes */
    LABELSET_MAX = 16 * 1024 /* bytes of a packed set */
};

#define LABEL_METRIC "__name__"

/* Not NUL-terminated; valid UTF-8 once it is in a labelset. */
struct label {
    const char *name, *value;
    uint32_t name_n, value_n;
};

struct labelset {
    uint16_t bytes; /* this header included */
    uint16_t count;
    char packed[];
};

/* Starts at 0; labelset_next moves it. */
struct label_cursor {
    uint32_t index, offset;
};

/* The next label, or false after the last. *out borrows the set. */
bool labelset_next(const struct labelset *set, struct label_cursor *cursor, struct label *out);

/* The value of a label, or false if the set has none of that name. *out borrows the set. */
bool labelset_get(const struct labelset *set, const char *name, size_t name_n, struct label *out);

/* The metric's name: the first label's value. */
struct label labelset_metric(const struct labelset *set);

/* Packs one label after the other, already judged and sorted, the metric's name first. The caller
 * sees to it that they fit. */
struct labelset_writer {
    struct labelset *set;
    char *end;
    uint32_t count;
};
static inline void labelset_begin(struct labelset_writer *w, struct labelset *out)
{
    *w = (struct labelset_writer){.set = out, .end = out->packed};
}
void labelset_add(struct labelset_writer *w, const struct label *l);
void labelset_end(struct labelset_writer *w);

/* How many bytes labels[0..n) take when packed. */
size_t labelset_size(const struct label *labels, uint32_t n);

/* Packs labels[0..n), already judged and sorted, the metric's name first, into at most
 * LABELSET_MAX bytes at out. Errors: NABLA_ELIMIT if they do not fit. */
MUST_CHECK enum nabla_status labelset_pack(const struct label *labels, uint32_t n,
                                           struct labelset *out);

#endif
