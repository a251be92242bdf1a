/* http/rank.c -- the first N of many, by a heap.
 *
 *     at[0..n)   all are wanted: in the order of arrival
 *     at[0]      else the last of the N that are kept: once there are N, who is before it takes its place
 *
 * So the twenty largest of a million rates cost a million comparisons and the memory of twenty; if all are
 * wanted, it is a plain sort (runs.c).
 * Law: the result is that of a stable sort of all, cut after N.
 * Names lie one behind the other, those of series that had to go among them, until these are the most: the rest
 * are then moved together. */
#include "http/rank.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NAMES_SPARE = 64 * 1024 }; /* bytes that may lie idle whatever the rest are */

enum nabla_status ranking_init(struct ranking *r, const struct ask *ask, uint32_t most,
                               uint32_t all)
{
    *r = (struct ranking){.by = ask->sort, .descending = ask->descending, .cap = most};
    r->is_heap = most < all;
    r->at = malloc((most + (size_t)1) * sizeof *r->at);
    return r->at != NULL ? NABLA_OK : NABLA_ENOMEM;
}

void ranking_fini(struct ranking *r)
{
    free(r->at);
    buf_fini(&r->names);
    runs_fini(&r->runs);
    *r = (struct ranking){0};
}

/* ---- keys */

static double derivative(const struct derivative *d)
{
    return d->order > 0 ? d->value : NAN;
}

static double soonest(const struct reading *r)
{
    double least = NAN;
    for (uint32_t i = 0; i < r->etas_n; i++)
        least = fmin(least, r->etas[i].seconds); /* of a NaN and a number: the number */
    return least;
}

static double key_of(const struct reading *r, enum sort_by by)
{
    switch (by) {
    case SORT_RATE: return derivative(&r->rate);
    case SORT_EDGE: return derivative(&r->edge);
    case SORT_ACCEL: return r->rate.order > 0 ? r->accel : NAN;
    case SORT_VALUE: return r->window_n > 0 ? r->window[r->window_n - 1].v : NAN;
    case SORT_AGE: return (double)r->age_ns;
    case SORT_MAGNITUDE: return fabs(derivative(&r->rate));
    case SORT_SIGNIFICANCE:
        return r->rate.error > 0 ? fabs(derivative(&r->rate)) / r->rate.error : NAN;
    case SORT_ETA: return soonest(r);
    default: return NAN;
    }
}

/* Labels so that their bytes compare as the labels do; none holds a NUL. */
static void add_name(struct ranking *r, struct ranked *x, const struct labelset *labels)
{
    struct label_cursor cursor = {0};
    struct label l;
    size_t from = r->names.n;
    while (labelset_next(labels, &cursor, &l)) {
        buf_add(&r->names, l.name, l.name_n);
        buf_char(&r->names, '\0');
        buf_add(&r->names, l.value, l.value_n);
        buf_char(&r->names, '\0');
    }
    x->name.at = (uint32_t)from;
    x->name.n = (uint32_t)(r->names.n - from);
}

/* ---- order */

static int compare_names(const struct ranked *x, const struct ranked *y, const char *names)
{
    uint32_t n = x->name.n < y->name.n ? x->name.n : y->name.n;
    int by = memcmp(names + x->name.at, names + y->name.at, n);
    return by != 0 ? by : (x->name.n > y->name.n) - (x->name.n < y->name.n);
}

static int compare_numbers(double x, double y, bool descending)
{
    if (isnan(x) || isnan(y))
        return isnan(x) - isnan(y);
    int by = (x > y) - (x < y);
    return descending ? -by : by;
}

static int compare(const void *a, const void *b, void *ctx)
{
    const struct ranked *x = a, *y = b;
    const struct ranking *r = ctx;
    int by = 0;
    if (r->by == SORT_NAME) {
        by = compare_names(x, y, r->names.at);
        by = r->descending ? -by : by;
    } else {
        by = compare_numbers(x->key, y->key, r->descending);
        by = by != 0 ? by : compare_numbers(x->tie, y->tie, r->descending);
    }
    return by != 0 ? by : (x->place > y->place) - (x->place < y->place);
}

/* ---- the heap */

/* at[i] finds its place: nobody is before who stands above him. */
static void sift(struct ranking *r, uint32_t i)
{
    struct ranked x = r->at[i];
    for (uint64_t child; (child = 2 * (uint64_t)i + 1) < r->n; i = (uint32_t)child) {
        if (child + 1 < r->n && compare(&r->at[child + 1], &r->at[child], r) > 0)
            child++;
        if (compare(&r->at[child], &x, r) <= 0)
            break;
        r->at[i] = r->at[child];
    }
    r->at[i] = x;
}

/* The same of the last, upwards. */
static void rise(struct ranking *r)
{
    uint32_t i = r->n - 1;
    struct ranked x = r->at[i];
    for (uint32_t above; i > 0 && compare(&x, &r->at[above = (i - 1) / 2], r) > 0; i = above)
        r->at[i] = r->at[above];
    r->at[i] = x;
}

static enum nabla_status compact(struct ranking *r)
{
    struct buf names = {0};
    if (buf_room(&names, r->live) == NULL)
        return NABLA_ENOMEM;
    for (uint32_t i = 0; i < r->n; i++) {
        uint32_t at = (uint32_t)names.n;
        buf_add(&names, r->names.at + r->at[i].name.at, r->at[i].name.n);
        r->at[i].name.at = at;
    }
    buf_fini(&r->names);
    r->names = names;
    return NABLA_OK;
}

/* x comes, if it is before the last that is kept, and that one goes. */
static enum nabla_status replace(struct ranking *r, const struct ranked *x)
{
    bool named = r->by == SORT_NAME;
    if (compare(x, &r->at[0], r) >= 0) {
        if (named)
            r->names.n = x->name.at;
        return NABLA_OK;
    }
    if (named)
        r->live = r->live + x->name.n - r->at[0].name.n;
    r->at[0] = *x;
    sift(r, 0);
    return named && r->names.n > 2 * r->live + NAMES_SPARE ? compact(r) : NABLA_OK;
}

enum nabla_status ranking_add(struct ranking *r, const struct found *found,
                              const struct reading *reading)
{
    struct ranked x = {.found = *found, .place = r->seen++, .key = key_of(reading, r->by)};
    if (r->cap == 0)
        return NABLA_OK;
    if (r->by == SORT_NAME)
        add_name(r, &x, reading->labels);
    else if (r->by == SORT_SIGNIFICANCE) /* without an error, or with the same: the larger rate */
        x.tie = fabs(derivative(&reading->rate));
    if (r->names.failed)
        return NABLA_ENOMEM;
    if (r->n == r->cap)
        return replace(r, &x);
    r->at[r->n++] = x;
    if (r->is_heap)
        rise(r);
    r->live += r->by == SORT_NAME ? x.name.n : 0;
    return NABLA_OK;
}

enum nabla_status ranking_close(struct ranking *r)
{
    return runs_begin(&r->runs, r->at, r->n, sizeof r->at[0], compare, r);
}

bool ranking_sort_some(struct ranking *r)
{
    return runs_sort_some(&r->runs);
}

const struct ranked *ranking_next(struct ranking *r)
{
    return runs_next(&r->runs);
}
