/* http/rates.c -- /api/v1/rates: readings, in the table's order or in the one asked for.
 *
 *     select ──► keys, slice by slice (a job) ──► sort ──► read again in that order, streamed
 *
 * Laws: a series whose key is not known, or not finite in the case of NaN, comes last in either
 * direction; equal keys stay in the table's order.
 * The sort itself is one call: 0.2 s for a million series, in which other HTTP clients wait. */
#include "http/routes.h"
#include "http/scan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SLICES_A_STEP = 8, NAMES_MAX = 64 * 1024 * 1024 }; /* bytes of names to sort by */

struct ranked {
    struct found found;
    uint32_t place; /* in the table's order; names: where its text begins */
    double key;
    uint32_t name_at, name_n;
};

struct sorting {
    struct scan scan;
    struct ranked *at; /* NULL: they are still being found */
    uint32_t n;
    struct buf names;
    bool too_many; /* names to sort by */
};

static double derivative(const struct derivative *d)
{
    return d->order > 0 ? d->value : NAN;
}

static double key_of(const struct reading *r, enum sort_by by)
{
    switch (by) {
    case SORT_RATE: return derivative(&r->rate);
    case SORT_EDGE: return derivative(&r->edge);
    case SORT_ACCEL: return r->rate.order > 0 ? r->accel : NAN;
    case SORT_VALUE: return r->window_n > 0 ? r->window[r->window_n - 1].v : NAN;
    case SORT_AGE: return (double)r->age_ns;
    default: return NAN;
    }
}

/* Labels so that their bytes compare as the labels do; none holds a NUL. */
static void add_name(struct sorting *s, struct ranked *x, const struct labelset *labels)
{
    struct label_cursor cursor = {0};
    struct label l;
    x->name_at = (uint32_t)s->names.n;
    while (labelset_next(labels, &cursor, &l)) {
        buf_add(&s->names, l.name, l.name_n);
        buf_char(&s->names, '\0');
        buf_add(&s->names, l.value, l.value_n);
        buf_char(&s->names, '\0');
    }
    x->name_n = (uint32_t)s->names.n - x->name_at;
}

static void rank(struct sorting *s, const struct found *found, const struct reading *r)
{
    struct ranked *x = &s->at[s->n];
    *x = (struct ranked){.found = *found, .place = s->n, .key = key_of(r, s->scan.ask->sort)};
    if (s->scan.ask->sort == SORT_NAME)
        add_name(s, x, r->labels);
    s->n++;
}

static enum nabla_status rank_slice(struct http *h, struct sorting *s)
{
    const struct found *found = s->scan.found.at + s->scan.at;
    enum nabla_status status = scan_read(h, &s->scan);
    for (uint32_t i = 0; status == NABLA_OK && i < h->readings.n; i++)
        rank(s, &found[h->readings.at[i].number], &h->readings.at[i]);
    return status;
}

static int compare_names(const struct ranked *x, const struct ranked *y, const char *names)
{
    uint32_t n = x->name_n < y->name_n ? x->name_n : y->name_n;
    int by = memcmp(names + x->name_at, names + y->name_at, n);
    return by != 0 ? by : (x->name_n > y->name_n) - (x->name_n < y->name_n);
}

static int compare(const void *a, const void *b, void *ctx)
{
    const struct ranked *x = a, *y = b;
    const struct sorting *s = ctx;
    int by = 0;
    if (s->scan.ask->sort == SORT_NAME)
        by = compare_names(x, y, s->names.at);
    else if (isnan(x->key) || isnan(y->key))
        return isnan(x->key) && isnan(y->key) ? (x->place > y->place) - (x->place < y->place)
                                              : isnan(x->key) - isnan(y->key);
    else
        by = (x->key > y->key) - (x->key < y->key);
    if (by == 0)
        return (x->place > y->place) - (x->place < y->place);
    return s->scan.ask->descending ? -by : by;
}

static enum step find(struct sorting *s)
{
    enum step step = scan_select(&s->scan);
    if (step != STEP_DONE || s->scan.busy)
        return step;
    uint64_t bytes = (s->scan.found.n + 1u) * sizeof(struct ranked);
    s->scan.busy = scan_hold(&s->scan, bytes) != NABLA_OK;
    if (s->scan.busy)
        return STEP_DONE;
    s->at = malloc(bytes);
    return s->at == NULL ? STEP_FAILED : STEP_MORE;
}

static enum step rank_some(struct http *h, struct sorting *s)
{
    for (int i = 0; i < SLICES_A_STEP && scan_has_more(&s->scan); i++) {
        size_t names = s->names.n;
        if (rank_slice(h, s) != NABLA_OK || s->names.failed)
            return STEP_FAILED;
        s->scan.busy = scan_hold(&s->scan, s->names.n - names) != NABLA_OK;
        s->too_many = s->names.n > NAMES_MAX;
        if (s->too_many || s->scan.busy)
            return STEP_DONE;
    }
    if (scan_has_more(&s->scan))
        return STEP_MORE;
    if (s->n > 1)
        qsort_r(s->at, s->n, sizeof s->at[0], compare, s);
    return STEP_DONE;
}

static enum step sort_step(struct request *r, void *ctx)
{
    struct sorting *s = ctx;
    if (s->at == NULL) {
        enum step step = find(s);
        if (s->at == NULL)
            return step;
    }
    return rank_some(r->http, s);
}

static enum MHD_Result sort_reply(struct request *r, void *ctx)
{
    struct sorting *s = ctx;
    if (s->too_many)
        return reply_error(r, MHD_HTTP_BAD_REQUEST,
                           "invalid parameter \"sort\": %u series are too many to sort by name; "
                           "select fewer by match[]",
                           s->scan.found.n);
    if (s->scan.busy)
        return reply_fault(r, NABLA_ELIMIT, NULL);
    for (uint32_t i = 0; i < s->n; i++)
        s->scan.found.at[i] = s->at[i].found;
    s->scan.found.n = s->n;
    s->scan.at = 0;
    return list_reply(r, &s->scan, json_reading);
}

static void sort_free(void *ctx)
{
    struct sorting *s = ctx;
    scan_fini(&s->scan);
    buf_fini(&s->names);
    free(s->at);
    free(s);
}

static enum MHD_Result sort(struct request *r, struct ask *ask)
{
    struct sorting *s = calloc(1, sizeof *s);
    if (s == NULL || scan_new(r->http, ask, false, &s->scan) != NABLA_OK) {
        ask_fini(ask);
        free(s);
        return reply_fault(r, NABLA_ENOMEM, NULL);
    }
    return request_prepare(r, (struct job){sort_step, sort_reply, sort_free, s});
}

enum MHD_Result rates_answer(struct request *r)
{
    struct ask ask;
    struct fault fault;
    enum nabla_status status =
        ask_read(&r->params, ASK_MATCH | ASK_STATE | ASK_SORT | ASK_LIMIT | ASK_TIME, &ask, &fault);
    if (status != NABLA_OK)
        return reply_fault(r, status, &fault);
    return ask.sort != SORT_NONE ? sort(r, &ask) : list_answer(r, &ask, json_reading);
}
