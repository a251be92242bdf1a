/* alerts/list.c -- the lists that alerts are found by: rows of numbers, rule and series, time.
 *
 *     row:   3·x  4·-  7·y  9·z      numbers ascend; a hole keeps its number, so that a search halves the row
 *
 * Laws: who walks a row goes by numbers, so that it may be closed up at any time; a hole is passed once before
 * at least half of a row are holes, and then they go. */
#include "alerts/parts.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 64, FIRST_BUCKETS = 256 };

/* ---- rows */

static bool row_grow(struct row *r)
{
    uint32_t cap = r->cap == 0 ? FIRST_ROOM : 2 * r->cap;
    struct numbered *grown = realloc(r->at, cap * sizeof *grown);
    if (grown == NULL)
        return false;
    r->at = grown;
    r->cap = cap;
    return true;
}

static void close_gaps(struct row *r, enum alert_row which)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < r->n; i++) {
        struct alert *x = r->at[i].alert;
        if (x == NULL)
            continue;
        r->at[n++] = r->at[i];
        x->at[which] = n;
    }
    r->n = n;
    r->gone = 0;
}

static void row_leave(struct alerts *a, enum alert_row which, struct alert *x)
{
    struct row *r = &a->rows[which];
    if (x->at[which] == 0)
        return;
    r->at[x->at[which] - 1].alert = NULL;
    x->at[which] = 0;
    if (++r->gone > FIRST_ROOM && r->gone > r->n / 2)
        close_gaps(r, which);
}

/* number: larger than all before. */
static bool row_add(struct alerts *a, enum alert_row which, uint64_t number, struct alert *x)
{
    struct row *r = &a->rows[which];
    if (r->n == r->cap && !row_grow(r))
        return false;
    r->at[r->n++] = (struct numbered){number, x};
    x->at[which] = r->n;
    return true;
}

uint32_t list_place(const struct alerts *a, enum alert_row row, uint64_t number)
{
    const struct row *r = &a->rows[row];
    uint32_t from = 0, to = r->n;
    while (from < to) {
        uint32_t middle = from + (to - from) / 2;
        if (r->at[middle].number <= number)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

struct alert *list_after(const struct alerts *a, enum alert_row row, uint64_t number)
{
    const struct row *r = &a->rows[row];
    uint32_t from = list_place(a, row, number);
    while (from < r->n && r->at[from].alert == NULL)
        from++;
    return from < r->n ? r->at[from].alert : NULL;
}

struct alert *list_of_id(const struct alerts *a, uint64_t id)
{
    struct alert *x = list_after(a, BY_ID, id - 1);
    return x != NULL && x->id == id ? x : NULL;
}

void list_changed(struct alerts *a, struct alert *x, uint64_t changes)
{
    row_leave(a, BY_CHANGE, x);
    x->changes = changes;
    if (!row_add(a, BY_CHANGE, changes, x))
        count(&a->options.stats->alerts_left_out, 1);
}

void list_edited(struct alerts *a, struct alert *x)
{
    row_leave(a, BY_EDIT, x);
    x->edit = ++a->edits;
    if (!row_add(a, BY_EDIT, x->edit, x))
        a->edit_lost = true;
}

/* While somebody saves, who goes is to be taken from what is saved. */
static void note_gone(struct alerts *a, const struct alert *x)
{
    a->edits++;
    if (a->saves == 0 || a->edit_lost)
        return;
    if (a->gone_n == a->gone_cap) {
        uint32_t cap = a->gone_cap == 0 ? FIRST_ROOM : 2 * a->gone_cap;
        uint64_t *grown = realloc(a->gone, cap * sizeof *grown);
        if (grown == NULL) {
            a->edit_lost = true;
            return;
        }
        a->gone = grown;
        a->gone_cap = cap;
    }
    a->gone[a->gone_n++] = x->id;
}

/* ---- those that are over */

void list_over(struct alerts *a, struct alert *x, int64_t resolved_ns)
{
    if (x->resolved_ns != 0) {
        *(x->sooner != NULL ? &x->sooner->later : &a->over_first) = x->later;
        *(x->later != NULL ? &x->later->sooner : &a->over_last) = x->sooner;
    }
    x->resolved_ns = resolved_ns;
    x->sooner = x->later = NULL;
    if (resolved_ns == 0)
        return;
    x->sooner = a->over_last;
    *(x->sooner != NULL ? &x->sooner->later : &a->over_first) = x;
    a->over_last = x;
}

/* ---- by rule and series */

static uint64_t mixed(uint64_t x)
{
    x = (x ^ x >> 32) * UINT64_C(0x9e3779b97f4a7c15);
    return x ^ x >> 29;
}

static uint64_t hash_of_series(uint16_t number, struct ref series)
{
    return mixed(((uint64_t)series.index << 32 | series.birth) ^ (uint64_t)number << 48);
}

static uint64_t hash_of_labels(uint16_t number, const struct labelset *labels)
{
    uint64_t h = UINT64_C(14695981039346656037) + number;
    for (uint32_t i = 0; i < labels->bytes; i++)
        h = (h ^ ((const unsigned char *)labels)[i]) * UINT64_C(1099511628211);
    return mixed(h);
}

static struct alert **bucket_of(const struct alerts *a, uint64_t hash)
{
    return &a->buckets[hash & (a->buckets_n - 1)];
}

static void put_in_bucket(struct alerts *a, struct alert *x, uint64_t hash)
{
    struct alert **bucket = bucket_of(a, hash);
    x->hash = hash;
    x->hashed = true;
    x->next = *bucket;
    *bucket = x;
}

static bool more_buckets(struct alerts *a)
{
    struct alert **before = a->buckets;
    uint32_t before_n = a->buckets_n, n = before_n == 0 ? FIRST_BUCKETS : 2 * before_n;
    struct alert **fresh = calloc(n, sizeof *fresh);
    if (fresh == NULL)
        return before != NULL; /* longer chains will do */
    a->buckets = fresh;
    a->buckets_n = n;
    for (uint32_t i = 0; i < before_n; i++)
        for (struct alert *x = before[i], *next; x != NULL; x = next) {
            next = x->next;
            put_in_bucket(a, x, x->hash);
        }
    free(before);
    return true;
}

static bool is_of(const struct alert *x, uint16_t number, struct ref series)
{
    return x->bound && x->number == number && x->series.index == series.index &&
           x->series.birth == series.birth;
}

struct alert *list_find(const struct alerts *a, uint16_t number, struct ref series)
{
    if (a->buckets_n == 0)
        return NULL;
    struct alert *x = *bucket_of(a, hash_of_series(number, series));
    while (x != NULL && !is_of(x, number, series))
        x = x->next;
    return x;
}

static bool awaits(const struct alert *x, uint16_t number, const struct labelset *labels)
{
    return !x->bound && x->number == number && x->labels->bytes == labels->bytes &&
           memcmp(x->labels, labels, labels->bytes) == 0;
}

struct alert *list_find_unbound(const struct alerts *a, uint16_t number,
                                const struct labelset *labels)
{
    if (a->buckets_n == 0)
        return NULL;
    struct alert *x = *bucket_of(a, hash_of_labels(number, labels));
    while (x != NULL && !awaits(x, number, labels))
        x = x->next;
    return x;
}

void list_bind(struct alerts *a, struct alert *x, struct ref series)
{
    list_unbind(a, x);
    x->series = series;
    x->bound = true;
    put_in_bucket(a, x, hash_of_series(x->number, series));
}

void list_await(struct alerts *a, struct alert *x)
{
    list_unbind(a, x);
    put_in_bucket(a, x, hash_of_labels(x->number, x->labels));
}

void list_unbind(struct alerts *a, struct alert *x)
{
    x->bound = false;
    if (!x->hashed)
        return;
    struct alert **at = bucket_of(a, x->hash);
    while (*at != x)
        at = &(*at)->next;
    *at = x->next;
    x->hashed = false;
}

/* ---- by time: a binary heap */

static bool heap_grow(struct alerts *a)
{
    uint32_t cap = a->heap_cap == 0 ? FIRST_ROOM : 2 * a->heap_cap;
    struct alert **grown = realloc(a->heap, cap * sizeof *grown);
    if (grown == NULL)
        return false;
    a->heap = grown;
    a->heap_cap = cap;
    return true;
}

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
        if (a->heap_n == a->heap_cap && !heap_grow(a))
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

/* ---- come and go */

struct alert *list_add(struct alerts *a, struct labelset *labels)
{
    if (a->n >= a->buckets_n && !more_buckets(a))
        return NULL;
    struct alert *x = calloc(1, sizeof *x);
    if (x == NULL || !row_add(a, BY_ID, a->last_id + 1, x)) {
        free(x);
        return NULL;
    }
    x->id = ++a->last_id;
    x->number = NUMBER_NONE;
    x->labels = labels;
    x->look_ns = INT64_MAX;
    list_edited(a, x);
    a->n++;
    return x;
}

void list_remove(struct alerts *a, struct alert *x)
{
    note_gone(a, x);
    list_unbind(a, x);
    list_over(a, x, 0);
    leave_heap(a, x);
    for (enum alert_row row = 0; row < ALERT_ROWS; row++)
        row_leave(a, row, x);
    a->n--;
    if (x->set != NULL)
        set_leave(x->set);
    free(x->labels);
    free(x);
}
