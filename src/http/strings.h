/* http/strings.h -- a set of byte strings that numbers them as they come, bounded. */
#ifndef HTTP_STRINGS_H
#define HTTP_STRINGS_H

#include "base/buf.h"
#include "http/runs.h"

struct strings {
    uint64_t seed;             /* of the hash: the strings are of others' choosing */
    uint32_t max_n, max_bytes; /* 0: no limit of its own */
    struct buf text;           /* all of them, one after the other */
    struct string *at;         /* at[0..n) */
    uint32_t n, cap;
    uint32_t *slots; /* number + 1; 0: free; twice cap of them */
};

struct string {
    uint32_t offset, n;
};

/* *number says which it is; *fresh, if not NULL, whether it is new. Errors: NABLA_ELIMIT for one
 * too many or too many bytes, NABLA_ENOMEM. */
MUST_CHECK enum nabla_status strings_add(struct strings *s, const char *text, size_t n,
                                         uint32_t *number, bool *fresh);

/* Begins to sort them by bytes: the things of *runs are struct string, what s holds, in at[] as it comes. Nothing can
 * be added afterwards. Errors: NABLA_ENOMEM. */
MUST_CHECK enum nabla_status strings_runs(struct strings *s, struct runs *runs);
void strings_fini(struct strings *s); /* accepts a zeroed one */

static inline const char *strings_text(const struct strings *s, uint32_t number)
{
    return s->text.at + s->at[number].offset;
}

#endif
