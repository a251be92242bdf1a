/* series/dictionary.c -- entries in tiers and an index on their hash. */
#include "series/dictionary.h"

#define XXH_INLINE_ALL
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

static struct entry *at(const struct dictionary *d, uint32_t number)
{
    return tiers_at(&d->entries, number, sizeof(struct entry));
}

void dictionary_fini(struct dictionary *d)
{
    for (uint32_t i = 0; i < d->n; i++)
        free(at(d, i)->text);
    tiers_fini(&d->entries, sizeof(struct entry));
    index_fini(&d->index);
    *d = (struct dictionary){0};
}

uint64_t dictionary_bytes(const struct dictionary *d)
{
    return tiers_bytes(&d->entries, sizeof(struct entry)) + index_bytes(&d->index) + d->text_bytes;
}

/* The address is as good a seed as any: texts that meet cost a comparison, nothing else. */
static uint32_t tag_of(const struct dictionary *d, const char *text, uint32_t n)
{
    return (uint32_t)XXH3_64bits_withSeed(text, n, (uint64_t)(uintptr_t)d);
}

static bool is_text(const struct entry *x, const char *text, uint32_t n)
{
    return x->text != NULL && x->n == n && memcmp(x->text, text, n) == 0;
}

static uint32_t find(const struct dictionary *d, uint32_t tag, const char *text, uint32_t n)
{
    const struct slot *slot = NULL;
    uint32_t number;
    while (index_next(&d->index, tag, &slot, &number))
        if (is_text(at(d, number), text, n))
            return number;
    return DICTIONARY_NONE;
}

uint32_t dictionary_find(const struct dictionary *d, const char *text, uint32_t n)
{
    return find(d, tag_of(d, text, n), text, n);
}

static bool take_number(struct dictionary *d, uint32_t *number)
{
    if (d->free != 0) {
        *number = d->free - 1;
        d->free = at(d, *number)->holders;
        return true;
    }
    if (!tiers_reach(&d->entries, d->n, sizeof(struct entry)))
        return false;
    *number = d->n++;
    return true;
}

static void give_number(struct dictionary *d, uint32_t number)
{
    *at(d, number) = (struct entry){.holders = d->free};
    d->free = number + 1;
}

static enum nabla_status add(struct dictionary *d, uint32_t tag, const char *text, uint32_t n,
                             uint32_t *number)
{
    if (!take_number(d, number))
        return NABLA_ENOMEM;
    char *copy = malloc(n > 0 ? n : 1);
    if (copy == NULL || index_add(&d->index, tag, *number) != NABLA_OK) {
        free(copy);
        give_number(d, *number);
        return NABLA_ENOMEM;
    }
    memcpy(copy, text, n);
    *at(d, *number) = (struct entry){.text = copy, .n = n};
    d->text_bytes += n;
    return NABLA_OK;
}

enum nabla_status dictionary_join(struct dictionary *d, const char *text, uint32_t n,
                                  uint32_t *number)
{
    uint32_t found = d->last;
    if (d->n == 0 || !is_text(at(d, found), text, n)) {
        uint32_t tag = tag_of(d, text, n);
        found = find(d, tag, text, n);
        enum nabla_status status =
            found == DICTIONARY_NONE ? add(d, tag, text, n, &found) : NABLA_OK;
        if (status != NABLA_OK)
            return status;
    }
    d->last = found;
    at(d, found)->holders++;
    *number = found;
    return NABLA_OK;
}

void dictionary_leave(struct dictionary *d, uint32_t number)
{
    struct entry *x = at(d, number);
    if (--x->holders > 0)
        return;
    index_remove(&d->index, tag_of(d, x->text, x->n), number);
    d->text_bytes -= x->n;
    free(x->text);
    give_number(d, number);
}
