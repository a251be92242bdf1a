/* series/families.c -- an array of names and an index on their hash. */
#include "series/families.h"

#define XXH_INLINE_ALL
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

void families_fini(struct families *f)
{
    for (uint32_t i = 0; i < f->n; i++)
        free(f->at[i].name);
    free(f->at);
    index_fini(&f->index);
    *f = (struct families){0};
}

/* The array's address is as good a seed as any: names that meet cost a comparison, nothing else. */
static uint32_t tag_of(const struct families *f, const char *name, uint32_t n)
{
    return (uint32_t)XXH3_64bits_withSeed(name, n, (uint64_t)(uintptr_t)f);
}

uint32_t families_find(const struct families *f, const char *name, uint32_t n)
{
    uint32_t tag = tag_of(f, name, n), at = tag, number;
    while (index_next(&f->index, tag, &at, &number))
        if (f->at[number].name_n == n && memcmp(f->at[number].name, name, n) == 0)
            return number;
    return FAMILY_NONE;
}

static enum nabla_status take_number(struct families *f, uint32_t *number)
{
    if (f->free != 0) {
        *number = f->free - 1;
        f->free = f->at[*number].series;
        return NABLA_OK;
    }
    if (f->n == f->cap) {
        uint32_t cap = f->cap == 0 ? 64 : f->cap * 2;
        struct family *at = realloc(f->at, cap * sizeof *at);
        if (at == NULL)
            return NABLA_ENOMEM;
        f->at = at;
        f->cap = cap;
    }
    *number = f->n++;
    return NABLA_OK;
}

static void give_number(struct families *f, uint32_t number)
{
    f->at[number] = (struct family){.series = f->free};
    f->free = number + 1;
}

static enum nabla_status add(struct families *f, const char *name, uint32_t n, uint32_t *number)
{
    enum nabla_status status = take_number(f, number);
    if (status != NABLA_OK)
        return status;
    char *copy = malloc(n > 0 ? n : 1);
    if (copy == NULL || index_add(&f->index, tag_of(f, name, n), *number) != NABLA_OK) {
        free(copy);
        give_number(f, *number);
        return NABLA_ENOMEM;
    }
    memcpy(copy, name, n);
    f->at[*number] = (struct family){.name = copy, .name_n = n};
    return NABLA_OK;
}

enum nabla_status families_join(struct families *f, const char *name, uint32_t n, uint32_t *number)
{
    uint32_t found = families_find(f, name, n);
    if (found == FAMILY_NONE) {
        enum nabla_status status = add(f, name, n, &found);
        if (status != NABLA_OK)
            return status;
    }
    f->at[found].series++;
    *number = found;
    return NABLA_OK;
}

void families_leave(struct families *f, uint32_t number)
{
    struct family *x = &f->at[number];
    if (--x->series > 0)
        return;
    index_remove(&f->index, tag_of(f, x->name, x->name_n), number);
    free(x->name);
    give_number(f, number);
}
