/* cli/suggest.c -- the distance of Damerau and Levenshtein (optimal string alignment).
 *
 *          r a t s      d[i][j]: how far the first i letters of the one word are from the
 *        0 1 2 3 4      first j of the other; a letter left out comes from above, one put
 *      r 1 0 1 2 3      in from the left, one changed from the corner, two swapped from
 *      t 2 1 1 1 2      the corner's corner */
#include "cli/suggest.h"

#include <stdint.h>
#include <string.h>

static size_t least(size_t a, size_t b, size_t c)
{
    size_t m = a < b ? a : b;
    return m < c ? m : c;
}

size_t suggest_distance(const char *a, size_t a_n, const char *b, size_t b_n)
{
    if (a_n > SUGGEST_WORD_MAX || b_n > SUGGEST_WORD_MAX)
        return SIZE_MAX;
    size_t d[SUGGEST_WORD_MAX + 1][SUGGEST_WORD_MAX + 1];
    for (size_t i = 0; i <= a_n; i++)
        d[i][0] = i;
    for (size_t j = 0; j <= b_n; j++)
        d[0][j] = j;
    for (size_t i = 1; i <= a_n; i++)
        for (size_t j = 1; j <= b_n; j++) {
            size_t change = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            d[i][j] = least(d[i - 1][j] + 1, d[i][j - 1] + 1, change);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                d[i - 2][j - 2] + 1 < d[i][j])
                d[i][j] = d[i - 2][j - 2] + 1;
        }
    return d[a_n][b_n];
}

struct suggestion suggest_for(const char *word, size_t n)
{
    return (struct suggestion){.word = word, .n = n, .distance = SIZE_MAX};
}

void suggest_consider(struct suggestion *s, const char *candidate)
{
    size_t distance = suggest_distance(s->word, s->n, candidate, strlen(candidate));
    if (distance >= s->distance)
        return;
    s->distance = distance;
    s->nearest = candidate;
}

const char *suggest_text(const struct suggestion *s)
{
    if (s->nearest == NULL)
        return NULL;
    size_t n = strlen(s->nearest);
    size_t allowed = n < 4 ? 1 : n < 6 ? 2 : n / 3;
    return s->distance <= allowed ? s->nearest : NULL;
}
