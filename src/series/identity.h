/* series/identity.h -- a series' labels as the table keeps them: what many series share by number,
 * what is its own by its bytes.
 *
 *     | metric | shape | length value | length value | ...        numbers and lengths are LEB128
 *       │        └─ the names of its other labels, in their order: a number in vocabulary.shapes
 *       └────────── its metric's name: a number in vocabulary.metrics
 *
 * temperature{sensor="s0012345",site="plant-03"} takes 20 bytes, where its labelset takes 61. While a
 * series lives its numbers mean what they mean, so two living series are the same exactly if these
 * bytes are. */
#ifndef SERIES_IDENTITY_H
#define SERIES_IDENTITY_H

#include "base/labelset.h"
#include "series/dictionary.h"

enum { IDENTITY_MAX = LABELSET_MAX };

/* Accepts a zeroed struct. */
struct vocabulary {
    struct dictionary metrics;
    struct dictionary shapes; /* the names, each behind its length, LEB128 */
};

void vocabulary_fini(struct vocabulary *v);
uint64_t vocabulary_bytes(const struct vocabulary *v);

/* Packs labels[0..n), sorted, the metric's first, as labels_sort leaves them, into out; holds their
 * names in the vocabulary. Errors: NABLA_ENOMEM. */
MUST_CHECK enum nabla_status identity_make(struct vocabulary *v, const struct label *labels,
                                           uint32_t n, unsigned char out[static IDENTITY_MAX],
                                           size_t *bytes);
/* Lets go of the names. */
void identity_leave(struct vocabulary *v, const unsigned char *id);

size_t identity_bytes(const struct vocabulary *v, const unsigned char *id);

/* The labels as others know them, in out: room for LABELSET_MAX bytes. */
void identity_unpack(const struct vocabulary *v, const unsigned char *id, struct labelset *out);

/* The value of a label, in out->value; false if it has none. Borrowed. */
bool identity_value(const struct vocabulary *v, const unsigned char *id, const char *name,
                    uint32_t name_n, struct label *out);

/* ---- reading one by hand: metric, shape, then as many values as the shape has names */

static inline uint32_t identity_number(const unsigned char **p)
{
    uint32_t x = *(*p)++;
    if (x < 0x80)
        return x;
    x &= 0x7f;
    for (unsigned shift = 7;; shift += 7) {
        uint32_t c = *(*p)++;
        x |= (c & 0x7f) << shift;
        if (c < 0x80)
            return x;
    }
}

static inline uint32_t identity_metric(const unsigned char *id)
{
    const unsigned char *p = id;
    return identity_number(&p);
}

#endif
