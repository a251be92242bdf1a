/* http/seen.h -- a set of lines that were written, by a 64-bit hash of their labels under the server's
 * secret: two lines that differ are taken for one with probability 2^-64 a pair. */
#ifndef HTTP_SEEN_H
#define HTTP_SEEN_H

#include "base/labelset.h"

enum { SEEN_LINE_BYTES = 32 }; /* that a line takes at most, unless there are few */

struct seen {
    uint64_t seed;
    uint64_t *slots; /* owned; 0: free; at most half of cap are taken */
    uint32_t n, cap;
};

/* Room for n, so that it does not grow while they come. Errors: NABLA_ENOMEM. */
MUST_CHECK enum nabla_status seen_reserve(struct seen *s, uint32_t n);

/* Adds text[0..n); *fresh says whether it is new. Errors: NABLA_ENOMEM. */
MUST_CHECK enum nabla_status seen_add(struct seen *s, const void *text, size_t n, bool *fresh);
void seen_clear(struct seen *s); /* forgets all, and frees the memory */
uint64_t seen_bytes(const struct seen *s);

#endif
