/* http/runs.c -- runs in order where they lie, and their heads in a heap.
 *
 *     base   1 4 7 9 | 0 2 2 8 | 3 5       each run sorted by a call
 *     heads    └─────────┴────────┘        the least first: 0, then 1, 2, …
 *
 * Law: a call costs as much for the last of a million things as for the last of a thousand, but for the heap's height. */
#include "http/runs.h"

#include <stdlib.h>

enum nabla_status runs_begin(struct runs *r, void *base, uint32_t n, uint32_t size,
                             int (*compare)(const void *, const void *, void *), void *ctx)
{
    *r = (struct runs){.base = base, .n = n, .size = size, .compare = compare, .ctx = ctx};
    r->heads = malloc(((size_t)n / RUN + 1) * sizeof *r->heads);
    return r->heads != NULL ? NABLA_OK : NABLA_ENOMEM;
}

void runs_fini(struct runs *r)
{
    free(r->heads);
    *r = (struct runs){0};
}

static void *thing(const struct runs *r, uint32_t place)
{
    return r->base + (size_t)place * r->size;
}

static bool before(const struct runs *r, uint32_t a, uint32_t b)
{
    return r->compare(thing(r, r->heads[a]), thing(r, r->heads[b]), r->ctx) < 0;
}

static void swap(uint32_t *a, uint32_t *b)
{
    uint32_t was = *a;
    *a = *b;
    *b = was;
}

static void rise(struct runs *r, uint32_t i)
{
    for (; i > 0 && before(r, i, (i - 1) / 2); i = (i - 1) / 2)
        swap(&r->heads[i], &r->heads[(i - 1) / 2]);
}

static void sink(struct runs *r)
{
    for (uint32_t i = 0, child; (child = 2 * i + 1) < r->heads_n; i = child) {
        if (child + 1 < r->heads_n && before(r, child + 1, child))
            child++;
        if (!before(r, child, i))
            break;
        swap(&r->heads[i], &r->heads[child]);
    }
}

bool runs_sort_some(struct runs *r)
{
    if (r->sorted == r->n)
        return false;
    uint32_t left = r->n - r->sorted, n = left < RUN ? left : RUN;
    qsort_r(thing(r, r->sorted), n, r->size, r->compare, r->ctx);
    r->heads[r->heads_n++] = r->sorted;
    rise(r, r->heads_n - 1);
    r->sorted += n;
    return true;
}

const void *runs_next(struct runs *r)
{
    if (r->heads_n == 0)
        return NULL;
    uint32_t place = r->heads[0];
    if ((place + 1) % RUN != 0 && place + 1 < r->n)
        r->heads[0]++;
    else
        r->heads[0] = r->heads[--r->heads_n];
    sink(r);
    return thing(r, place);
}
