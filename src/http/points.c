/* http/points.c -- /api/v1/points: what series with `keep` remember, thinned so that spikes stay.
 *
 *     {"metric": {...}, "unit": "1/s", "columns": [...], "points": [[time, value, rate, ...], ...]}
 *
 * Elsewhere: the ring (series/kept.c), the thinning (numeric/decimate.c). */
#include "http/routes.h"
#include "http/scan.h"
#include "numeric/decimate.h"

#include <math.h>
#include <stdlib.h>

static void write_point(struct buf *b, const struct kept_point *p, enum per per,
                        enum time_style style)
{
    double unit_s = per_seconds(per);
    const double columns[] = {p->rate * unit_s, p->accel * unit_s * unit_s, p->error * unit_s,
                              p->trend * unit_s};
    buf_char(b, '[');
    json_time(b, p->t_ns, style);
    buf_text(b, ", ");
    json_value_of(b, p->value, (double)p->rest);
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        buf_text(b, ", ");
        json_double(b, columns[i]);
    }
    buf_char(b, ']');
}

/* Which of the points to show, in chosen[]; returns how many, 0 also without memory. */
static uint32_t thin(const struct kept_points *points, const struct ask *ask, uint32_t *chosen)
{
    struct obs *line = malloc(points->n * sizeof *line);
    if (line == NULL)
        return 0;
    for (uint32_t i = 0; i < points->n; i++)
        line[i] = (struct obs){points->at[i].t_ns,
                               ask->by_value ? points->at[i].value : points->at[i].rate};
    uint32_t most = ask->max_points == 0 ? points->n : ask->max_points;
    uint32_t n = (uint32_t)decimate(line, points->n, most, chosen);
    free(line);
    return n;
}

static bool write_points(struct buf *b, const struct kept_points *points, enum per per,
                         const struct ask *ask)
{
    if (points->n == 0)
        return true;
    uint32_t *chosen = malloc(points->n * sizeof *chosen);
    uint32_t n = chosen != NULL ? thin(points, ask, chosen) : 0;
    for (uint32_t i = 0; i < n; i++) {
        buf_text(b, i == 0 ? "" : ", ");
        write_point(b, &points->at[chosen[i]], per, ask->style);
    }
    free(chosen);
    return n > 0;
}

/* Samples that did not go the plain way, and what became of them. */
static void write_marks(struct http *h, struct buf *b, const struct found *found,
                        const struct ask *ask)
{
    struct mark at[MARKS_A_LANE];
    uint32_t n = table_marks(h->options.table, found->ref, ask->start_ns, ask->end_ns, at);
    buf_text(b, ", \"marks\": [");
    for (uint32_t i = 0; i < n; i++) {
        buf_text(b, i == 0 ? "{\"time\": " : ", {\"time\": ");
        json_time(b, at[i].t_ns, ask->style);
        buf_text(b, ", \"value\": ");
        json_double(b, at[i].value);
        buf_printf(b, ", \"what\": \"%s\", \"came\": ", mark_label(&at[i]));
        json_time(b, at[i].came_ns, ask->style);
        buf_char(b, '}');
    }
    buf_char(b, ']');
}

static bool write_series(struct http *h, struct buf *b, const struct found *found,
                         const struct reading *r, const struct ask *ask)
{
    struct kept_points points = {0};
    bool good =
        table_points(h->options.table, found->ref, ask->start_ns, ask->end_ns, &points) == NABLA_OK;
    buf_text(b, "{\"metric\": ");
    json_labels(b, r->labels);
    buf_printf(b, ", \"unit\": \"%s\", \"columns\": ", per_unit(r->per));
    buf_text(b, "[\"time\", \"value\", \"rate\", \"accel\", \"error\", \"trend\"], \"points\": [");
    good = good && write_points(b, &points, r->per, ask);
    buf_char(b, ']');
    if (ask->marks)
        write_marks(h, b, found, ask);
    buf_char(b, '}');
    kept_points_fini(&points);
    return good;
}

enum MHD_Result points_answer(struct request *r)
{
    struct ask ask;
    struct fault fault;
    enum nabla_status status = ask_read(
        &r->params, ASK_MATCH | ASK_LIMIT | ASK_TIME | ASK_POINTS | ASK_EXACT, &ask, &fault);
    if (status != NABLA_OK)
        return reply_fault(r, status, &fault);
    if (ask.any_n == 0) {
        ask_fini(&ask);
        return reply_error(r, MHD_HTTP_BAD_REQUEST, "no match[] parameter provided");
    }
    return list_answer_each(r, &ask, write_series);
}
