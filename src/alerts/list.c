/* alerts/list.c -- the lists that alerts are found by: by id, by rule and series, by time. */
#include "alerts/parts.h"

#include <stdlib.h>
#include <string.h>

static bool reserve(struct alert ***at, uint32_t n, uint32_t *cap)
{
    if (n < *cap)
        return true;
    uint32_t more = *cap == 0 ? 64 : 2 * *cap;
    struct alert **grown = realloc(*at, more * sizeof **at);
    if (grown == NULL)
        return false;
    *at = grown;
    *cap = more;
    return true;
}

/* ---- by rule and series */

static uint32_t bucket_of(uint16_t number, struct ref series)
{
    uint64_t x = ((uint64_t)series.index << 32 | series.birth) ^ (uint64_t)number << 48;
    return (uint32_t)(x * UINT64_C(0x9e3779b97f4a7c15) >> 52);
}

static bool is_of(const struct alert *x, uint16_t number, struct ref series)
{
    return x->number == number && x->series.index == series.index &&
           x->series.birth == series.birth;
}

struct alert *list_find(const struct alerts *a, uint16_t number, struct ref series)
{
    struct alert *x = a->buckets[bucket_of(number, series)];
    while (x != NULL && !is_of(x, number, series))
        x = x->next;
    return x;
}

void list_bind(struct alerts *a, struct alert *x, struct ref series)
{
    struct alert **bucket = &a->buckets[bucket_of(x->number, series)];
    x->series = series;
    x->bound = true;
    x->next = *bucket;
    *bucket = x;
}

void list_unbind(struct alerts *a, struct alert *x)
{
    if (!x->bound)
        return;
    struct alert **at = &a->buckets[bucket_of(x->number, x->series)];
    while (*at != x)
        at = &(*at)->next;
    *at = x->next;
    x->bound = false;
}

/* ---- by time: a binary heap */

static void put_at(struct alerts *a, uint32_t i, struct alert *x)
{
    a->heap[i] = x;
    x->due = i + 1;
}

static void rise(struct alerts *a, uint32_t i)
{
    struct alert *x = a->heap[i];
    for (; i > 0 && a->heap[(i - 1) / 2]->look_ns > x->look_ns; i = (i - 1) / 2)
        put_at(a, i, a->heap[(i - 1) / 2]);
    put_at(a, i, x);
}

static void sink(struct alerts *a, uint32_t i)
{
    struct alert *x = a->heap[i];
    for (uint32_t child; (child = 2 * i + 1) < a->heap_n; i = child) {
        if (child + 1 < a->heap_n && a->heap[child + 1]->look_ns < a->heap[child]->look_ns)
            child++;
        if (a->heap[child]->look_ns >= x->look_ns)
            break;
        put_at(a, i, a->heap[child]);
    }
    put_at(a, i, x);
}

static void leave_heap(struct alerts *a, struct alert *x)
{
    if (x->due == 0)
        return;
    uint32_t i = x->due - 1;
    struct alert *last = a->heap[--a->heap_n];
    x->due = 0;
    if (last == x)
        return;
    put_at(a, i, last);
    rise(a, i);
    sink(a, last->due - 1);
}

bool list_due(struct alerts *a, struct alert *x, int64_t look_ns)
{
    x->look_ns = look_ns;
    if (look_ns == INT64_MAX) {
        leave_heap(a, x);
        return true;
    }
    if (x->due == 0) {
        if (!reserve(&a->heap, a->heap_n, &a->heap_cap))
            return false;
        put_at(a, a->heap_n++, x);
    }
    rise(a, x->due - 1);
    sink(a, x->due - 1);
    return true;
}

struct alert *list_first_due(const struct alerts *a)
{
    return a->heap_n > 0 ? a->heap[0] : NULL;
}

/* ---- by id */

/* Ids ascend; where one has gone, the next that is there has its say. */
uint32_t list_after(const struct alerts *a, uint64_t id)
{
    uint32_t from = 0, to = a->all_n;
    while (from < to) {
        uint32_t middle = from + (to - from) / 2, i = middle;
        while (i < to && a->all[i] == NULL)
            i++;
        if (i < to && a->all[i]->id <= id)
            from = i + 1;
        else
            to = middle;
    }
    while (from < a->all_n && a->all[from] == NULL)
        from++;
    return from;
}

static void close_gaps(struct alerts *a)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < a->all_n; i++)
        if (a->all[i] != NULL)
            a->all[n++] = a->all[i];
    a->all_n = n;
    a->gone = 0;
}

struct alert *list_add(struct alerts *a, struct labelset *labels)
{
    if (a->gone > a->all_n / 2) /* here, and not where one goes: somebody may be walking then */
        close_gaps(a);
    if (!reserve(&a->all, a->all_n, &a->all_cap))
        return NULL;
    struct alert *x = calloc(1, sizeof *x);
    if (x == NULL)
        return NULL;
    x->id = ++a->last_id;
    x->number = NUMBER_NONE;
    x->labels = labels;
    x->look_ns = INT64_MAX;
    a->all[a->all_n++] = x;
    return x;
}

void list_remove(struct alerts *a, struct alert *x)
{
    list_unbind(a, x);
    leave_heap(a, x);
    a->all[list_after(a, x->id - 1)] = NULL;
    a->gone++;
    if (x->set != NULL)
        set_leave(x->set);
    free(x->labels);
    free(x);
}
