/* numeric/derive_run.c -- lines carried through a derivation, PIECE results at a time.
 *
 *     line       ......[reach|  piece  |reach]..............   as indices: beyond an end, the boundary's
 *     values           [  the same, as doubles ]
 *     stencils               [  piece  ]                       one for all lines
 *
 * Pieces outside, lines inside: weights of an uneven axis are made once a position, not once an
 * element, and lines beside each other find their cache lines warm. Laws: a result depends on the
 * values within reach alone, so any cut gives the same bits (test_derive.c: any_cut); values are
 * read as differences, so a constant gives exactly 0. */
#include "numeric/derive.h"

#include <math.h>

/* The part of a line that is at work. */
struct piece {
    int64_t at; /* index of its first result */
    int n;
    int64_t low, high;   /* indices of values */
    bool all_middle;     /* p->middle is everybody's stencil */
    const double *first; /* the value at index at */
};

static double apply_centred(const struct stencil *s, int order, const double *g)
{
    double sum = 0;
    int radius = -s->from;
    if (order % 2 != 0)
        for (int k = 1; k <= radius; k++)
            sum += s->weight[k] * (g[k] - g[-k]);
    else
        for (int k = 1; k <= radius; k++)
            sum += s->weight[k] * ((g[k] - g[0]) + (g[-k] - g[0]));
    return sum;
}

static double apply(const struct derivation *p, const struct stencil *s, const double *g)
{
    double sum = 0;
    if (s->centred)
        return apply_centred(s, p->order, g) / p->divisor;
    for (int k = 0; k < s->n; k++)
        sum += s->weight[k] * (g[s->from + k] - g[0]);
    return sum / p->divisor;
}

/* The nearest valid elements: order + accuracy of them, one more where the last two are equally far. */
static int gather_valid(const struct derivation *p, const struct piece *w, int i,
                        int where[TAPS_MAX + 1])
{
    const double *g = w->first + i;
    int64_t left = w->at + i - w->low, right = w->high - (w->at + i);
    int n = 0;
    if (!isnan(g[0]))
        where[n++] = 0;
    for (int d = 1; d <= NABLA_SKIP_REACH && n < p->sided; d++) {
        if (d <= left && !isnan(g[-d]))
            where[n++] = -d;
        if (d <= right && !isnan(g[d]))
            where[n++] = d;
    }
    return n;
}

static double skipped(const struct derivation *p, const struct piece *w, int i)
{
    int where[TAPS_MAX + 1];
    double nodes[TAPS_MAX + 1], weights[TAPS_MAX + 1], sum = 0;
    const double *g = w->first + i;
    int n = gather_valid(p, w, i, where);
    if (n < p->sided)
        return (double)NAN;
    for (int k = 0; k < n; k++)
        grid_nodes(&p->grid, w->at + i, w->at + i + where[k], 1, &nodes[k]);
    derivation_weights(p, nodes, n, weights);
    for (int k = 1; k < n; k++)
        sum += weights[k] * (g[where[k]] - g[where[0]]);
    return sum / p->divisor;
}

/* Valid values in a row, from the next one on; more than most of them do not matter. */
static int run_length(const double *g, int direction, int64_t there_are, int most)
{
    int n = 0;
    while (n < most && n < there_are && !isnan(g[(n + 1) * direction]))
        n++;
    return n;
}

static double broken(const struct derivation *p, const struct piece *w, int i,
                     const struct stencil *usual)
{
    struct stencil own;
    const double *g = w->first + i;
    int64_t at = w->at + i;
    if (isnan(g[0]))
        return (double)NAN;
    int left = run_length(g, -1, at - w->low, p->sided - 1);
    int right = run_length(g, 1, w->high - at, p->sided - 1);
    if (left + 1 + right < p->sided)
        return (double)NAN;
    if (usual->from >= -left && usual->from + usual->n - 1 <= right)
        return apply(p, usual, g);
    derivation_stencil(p, at, at - left, at + right, &own);
    return apply(p, &own, g);
}

static double derive_one(const struct derivation *p, const struct piece *w, int i,
                         const struct stencil *usual)
{
    if (p->nan == NABLA_NAN_BREAK)
        return broken(p, w, i, usual);
    double v = apply(p, usual, w->first + i);
    return p->nan == NABLA_NAN_SKIP && isnan(v) ? skipped(p, w, i) : v;
}

/* Values at indices low to high, those beyond the ends one by one. */
static void load(const struct derivation *p, const struct piece *w, const struct view *f,
                 const struct lines *l, double *values)
{
    const struct grid *x = &p->grid;
    int64_t from = w->low > 0 ? w->low : 0, to = w->high < x->n ? w->high : x->n - 1;
    for (int64_t j = w->low; j < 0; j++)
        elements_load(f->dtype, l->f + grid_element(x, j) * l->f_step, 0, 1, &values[j - w->low]);
    elements_load(f->dtype, l->f + from * l->f_step, l->f_step, to - from + 1,
                  &values[from - w->low]);
    for (int64_t j = x->n; j <= w->high; j++)
        elements_load(f->dtype, l->f + grid_element(x, j) * l->f_step, 0, 1, &values[j - w->low]);
}

static void store(const struct piece *w, const struct derivation *p, const struct view *out,
                  const struct lines *l, bool adding, struct derive_room *room)
{
    char *to = l->out + (w->at - p->grid.first) * l->out_step;
    if (adding) {
        elements_load(out->dtype, to, l->out_step, w->n, room->sums);
        for (int i = 0; i < w->n; i++)
            room->results[i] += room->sums[i];
    }
    elements_store(out->dtype, room->results, w->n, to, l->out_step);
}

static struct piece prepare(const struct derivation *p, int64_t at, struct derive_room *room)
{
    const struct grid *x = &p->grid;
    int64_t left = x->first + x->count - at;
    struct piece w = {.at = at, .n = left < PIECE ? (int)left : PIECE};
    int64_t last = at + w.n - 1;
    w.low = at - p->reach > x->low ? at - p->reach : x->low;
    w.high = last + p->reach < x->high ? last + p->reach : x->high;
    w.first = room->values + (at - w.low);
    w.all_middle = !x->uneven && at - x->low >= p->radius && x->high - last >= p->radius;
    for (int i = 0; i < w.n && !w.all_middle; i++)
        derivation_stencil(p, at + i, x->low, x->high, &room->stencils[i]);
    return w;
}

void derivation_run(const struct derivation *p, const struct pair *pair, int axis, bool adding,
                    struct derive_room *room)
{
    struct lines l;
    int64_t end = p->grid.first + p->grid.count;
    for (int64_t at = p->grid.first; at < end; at += PIECE) {
        struct piece w = prepare(p, at, room);
        for (lines_init(&l, pair, axis); !l.done; lines_next(&l)) {
            load(p, &w, &pair->f, &l, room->values);
            for (int i = 0; i < w.n; i++)
                room->results[i] =
                    derive_one(p, &w, i, w.all_middle ? &p->middle : &room->stencils[i]);
            store(&w, p, &pair->out, &l, adding, room);
        }
    }
}
