/* cli/suggest.h -- did you mean ...? The nearest of some words to one that is none of them. Pure. */
#ifndef CLI_SUGGEST_H
#define CLI_SUGGEST_H

#include <stddef.h>

enum { SUGGEST_WORD_MAX = 32 }; /* bytes; longer words are like nothing */

struct suggestion {
    const char *word; /* what was written: borrowed, not terminated */
    size_t n;
    const char *nearest; /* borrowed; NULL: none considered yet */
    size_t distance;
};

/* Letters left out, put in, changed or swapped with their neighbour. SIZE_MAX if one is longer than
 * SUGGEST_WORD_MAX. */
size_t suggest_distance(const char *a, size_t a_n, const char *b, size_t b_n);

struct suggestion suggest_for(const char *word, size_t n);
void suggest_consider(struct suggestion *s, const char *candidate); /* terminated, borrowed */

/* The nearest candidate if it is near enough to have been meant (a third of it wrong at most, and
 * two letters in any case if it has four), else NULL. */
const char *suggest_text(const struct suggestion *s);

#endif
