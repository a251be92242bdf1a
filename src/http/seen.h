/* http/seen.h -- a set of lines that were written, by a 64-bit hash of their labels under the server's
 * secret: two lines that differ are taken for one with probability 2^-64 a pair. */
#ifndef HTTP_SEEN_H
#define HTTP_SEEN_H

#include "base/labelset.h"

struct seen {
    uint64_t seed;
    uint64_t *slots; /* owned; 0: free; at most half of cap are taken */
    uint32_t n, cap;
};

/* Adds text[0..n); *fresh says whether it is new. Errors: NABLA_ENOMEM. */
MUST_CHECK enum nabla_status seen_add(struct seen *s, const void *text, size_t n, bool *fresh);
void seen_clear(struct seen *s); /* forgets all, and frees the memory */
uint64_t seen_bytes(const struct seen *s);

#endif
