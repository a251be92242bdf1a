/* http/rates.c -- /api/v1/rates: readings, in the table's order or in the one asked for.
 *
 *     select ──► keys ──► sorted ──► the first that are asked for ──► read again, streamed
 *            each slice by slice (a job)
 *
 * Elsewhere: what is first (rank.c). */
#include "http/rank.h"
#include "http/routes.h"
#include "http/scan.h"

#include <stdlib.h>

enum {
    SLICES_A_STEP = 2, /* each thing may find its place among many */
    PLACED_A_STEP = 8192,
    NAMES_MAX = 64 * 1024 * 1024, /* bytes of names to sort by */
};

struct sorting {
    struct scan scan;
    struct ranking ranking; /* .at == NULL: they are still being found */
    uint64_t names_held;
    bool too_many;   /* names to sort by */
    bool ranked;     /* all have been added */
    uint32_t placed; /* of what was found, in order: it takes the places of what was read */
};

/* How many have to be sorted so that those of the answer are known. */
static uint32_t most_of(const struct sorting *s)
{
    const struct ask *ask = s->scan.ask;
    uint64_t most = (uint64_t)ask->offset + ask->limit;
    return ask->limit == 0 || most > s->scan.found.n ? s->scan.found.n : (uint32_t)most;
}

static enum step find(struct sorting *s)
{
    enum step step = scan_select(&s->scan);
    if (step != STEP_DONE || s->scan.busy)
        return step;
    uint64_t bytes = (most_of(s) + (uint64_t)1) * sizeof(struct ranked);
    s->scan.busy = scan_hold(&s->scan, bytes) != NABLA_OK;
    if (s->scan.busy)
        return STEP_DONE;
    return ranking_init(&s->ranking, s->scan.ask, most_of(s), s->scan.found.n) == NABLA_OK
               ? STEP_MORE
               : STEP_FAILED;
}

static enum nabla_status rank_slice(struct http *h, struct sorting *s)
{
    const struct found *found = s->scan.found.at + s->scan.at;
    enum nabla_status status = scan_read(h, &s->scan);
    for (uint32_t i = 0; status == NABLA_OK && i < h->readings.n; i++)
        status = ranking_add(&s->ranking, &found[h->readings.at[i].number], &h->readings.at[i]);
    return status;
}

/* False: the names are too many, or too much beside other answers. */
static bool hold_names(struct sorting *s)
{
    uint64_t bytes = s->ranking.names.n;
    s->too_many = s->ranking.live > NAMES_MAX;
    if (bytes > s->names_held) {
        s->scan.busy = scan_hold(&s->scan, bytes - s->names_held) != NABLA_OK;
        s->names_held = bytes;
    }
    return !s->too_many && !s->scan.busy;
}

static enum step rank_some(struct http *h, struct sorting *s)
{
    for (int i = 0; i < SLICES_A_STEP && scan_has_more(&s->scan); i++) {
        if (rank_slice(h, s) != NABLA_OK)
            return STEP_FAILED;
        if (!hold_names(s))
            return STEP_DONE;
    }
    if (scan_has_more(&s->scan))
        return STEP_MORE;
    s->ranked = true;
    return ranking_close(&s->ranking) == NABLA_OK ? STEP_MORE : STEP_FAILED;
}

static enum step place_some(struct sorting *s)
{
    const struct ranked *x;
    if (ranking_sort_some(&s->ranking))
        return STEP_MORE;
    for (int i = 0; i < PLACED_A_STEP; i++) {
        if ((x = ranking_next(&s->ranking)) == NULL)
            return STEP_DONE;
        s->scan.found.at[s->placed++] = x->found;
    }
    return STEP_MORE;
}

static enum step sort_step(struct request *r, void *ctx)
{
    struct sorting *s = ctx;
    if (s->ranking.at == NULL) {
        enum step step = find(s);
        if (s->ranking.at == NULL)
            return step;
    }
    return s->ranked ? place_some(s) : rank_some(r->http, s);
}

static enum MHD_Result sort_reply(struct request *r, void *ctx)
{
    struct sorting *s = ctx;
    if (s->too_many)
        return reply_error(r, MHD_HTTP_BAD_REQUEST,
                           "invalid parameter \"sort\": %u series are too many to sort by name; "
                           "select fewer by match[], or ask for fewer by limit",
                           most_of(s));
    if (s->scan.busy)
        return scan_refuse(r, &s->scan);
    s->scan.found.n = s->placed;
    return list_reply(r, &s->scan, json_reading);
}

static void sort_free(void *ctx)
{
    struct sorting *s = ctx;
    scan_fini(&s->scan);
    ranking_fini(&s->ranking);
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
        ask_read(&r->params,
                 ASK_MATCH | ASK_STATE | ASK_SORT | ASK_LIMIT | ASK_OFFSET | ASK_TIME | ASK_EXACT,
                 &ask, &fault);
    if (status != NABLA_OK)
        return reply_fault(r, status, &fault);
    return ask.sort != SORT_NONE ? sort(r, &ask) : list_answer(r, &ask, json_reading);
}
