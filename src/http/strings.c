/* http/strings.c -- open addressing over a list of strings, at most half full. */
#define XXH_INLINE_ALL
#include "http/strings.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

enum { CAP_LEAST = 64 };

static uint64_t hash(const struct strings *s, const char *text, size_t n)
{
    return XXH3_64bits_withSeed(text, n, s->seed);
}

/* Where the string is, or would be put. */
static uint32_t *find(const struct strings *s, uint64_t h, const char *text, size_t n)
{
    uint32_t mask = 2 * s->cap - 1;
    for (uint32_t i = (uint32_t)h & mask;; i = (i + 1) & mask) {
        uint32_t *slot = &s->slots[i];
        if (*slot == 0 ||
            (s->at[*slot - 1].n == n && memcmp(strings_text(s, *slot - 1), text, n) == 0))
            return slot;
    }
}

static enum nabla_status grow(struct strings *s)
{
    uint32_t cap = s->cap ? 2 * s->cap : CAP_LEAST;
    uint32_t *slots = calloc(2 * (size_t)cap, sizeof *slots);
    struct string *at = realloc(s->at, cap * sizeof *at);
    if (at != NULL)
        s->at = at;
    if (slots == NULL || at == NULL) {
        free(slots);
        return NABLA_ENOMEM;
    }
    free(s->slots);
    s->slots = slots;
    s->cap = cap;
    for (uint32_t i = 0; i < s->n; i++) {
        const char *text = strings_text(s, i);
        *find(s, hash(s, text, s->at[i].n), text, s->at[i].n) = i + 1;
    }
    return NABLA_OK;
}

enum nabla_status strings_add(struct strings *s, const char *text, size_t n, uint32_t *number,
                              bool *fresh)
{
    if (s->n == s->cap && grow(s) != NABLA_OK)
        return NABLA_ENOMEM;
    uint32_t *slot = find(s, hash(s, text, n), text, n);
    if (*slot == 0) {
        uint32_t most = s->max_bytes ? s->max_bytes : UINT32_MAX;
        if ((s->max_n != 0 && s->n == s->max_n) || n > most - s->text.n)
            return NABLA_ELIMIT;
        s->at[s->n] = (struct string){(uint32_t)s->text.n, (uint32_t)n};
        buf_add(&s->text, text, n);
        if (s->text.failed)
            return NABLA_ENOMEM;
        *slot = ++s->n;
        if (fresh != NULL)
            *fresh = true;
    } else if (fresh != NULL) {
        *fresh = false;
    }
    *number = *slot - 1;
    return NABLA_OK;
}

static int compare(const void *a, const void *b, void *text)
{
    const struct string *x = a, *y = b;
    const char *base = text;
    uint32_t n = x->n < y->n ? x->n : y->n;
    int by = n == 0 ? 0 : memcmp(base + x->offset, base + y->offset, n);
    return by != 0 ? by : (x->n > y->n) - (x->n < y->n);
}

enum nabla_status strings_runs(struct strings *s, struct runs *runs)
{
    return runs_begin(runs, s->at, s->n, sizeof s->at[0], compare, s->text.at);
}

void strings_fini(struct strings *s)
{
    buf_fini(&s->text);
    free(s->at);
    free(s->slots);
    *s = (struct strings){0};
}
