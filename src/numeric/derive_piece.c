/* numeric/derive_piece.c -- some elements of an axis side by side: their stencils, and what these make of
 * a line's values.
 *
 *     elements   [ edges | centred . . . . . . . . . . | edges ]
 *     stencils     each    even: one for all               each
 *                  own     uneven: a column of weights     own
 *                          each, made many at a time
 *
 * Laws: a result depends on the values within reach alone, so any cut gives the same bits (test_derive.c:
 * any_cut); values are read as differences, so a constant gives exactly 0.
 * Elsewhere: which elements a stencil is made of (derive_stencil.c), vector code (derive_loops.inc). */
#include "numeric/derive_loops.h"

#include <math.h>

static int clamp(int64_t i, int n)
{
    return i < 0 ? 0 : i > n ? n : (int)i;
}

/* Nodes of LANES centred stencils side by side, the first at an index. */
static void set_nodes(const struct derivation *p, int64_t at, int n,
                      double nodes[TAPS_MAX][DERIVE_LANES])
{
    const struct nabla_spacing *s = &p->grid.spacing;
    const int r = p->radius, taps = 2 * r + 1;
    double own[TAPS_MAX];
    const bool plain = s->kind == NABLA_COORDINATES && s->dtype == NABLA_FLOAT64 &&
                       s->stride == (int64_t)sizeof(double) && at - r >= 0 &&
                       at + n + r <= p->grid.n;
    if (plain) {
        const double *x = (const double *)s->data + at;
        for (int k = 0; k < taps; k++)
            for (int i = 0; i < n; i++)
                nodes[k][i] = x[i + k - r] - x[i];
        return;
    }
    for (int i = 0; i < n; i++) {
        grid_nodes(&p->grid, at + i, at + i - r, taps, own);
        for (int k = 0; k < taps; k++)
            nodes[k][i] = own[k];
    }
}

static void set_weights(const struct piece *w, const struct derivation *p,
                        const struct derive_loops *loops)
{
    double nodes[TAPS_MAX][DERIVE_LANES] = {{0}}, weights[TAPS_MAX][DERIVE_LANES];
    const int taps = 2 * p->radius + 1;
    for (int i = w->mid_from; i < w->mid_to; i += DERIVE_LANES) {
        int n = w->mid_to - i < DERIVE_LANES ? w->mid_to - i : DERIVE_LANES;
        set_nodes(p, w->at + i, n, nodes);
        loops->weights((const double(*)[DERIVE_LANES])nodes, taps, p->order, weights);
        for (int k = 0; k < taps; k++)
            for (int j = 0; j < n; j++)
                w->room->weights[k][i + j] = weights[k][j];
    }
}

/* Where the stencil of an element beside an end is kept. */
static struct stencil *edge_at(const struct piece *w, int i)
{
    return &w->room->edges[i < w->mid_from ? i : TAPS_MAX + i - w->mid_to];
}

void piece_reach(struct piece *w, const struct derivation *p)
{
    const int64_t last = w->at + w->n - 1;
    w->low = w->at - p->reach > p->grid.low ? w->at - p->reach : p->grid.low;
    w->high = last + p->reach < p->grid.high ? last + p->reach : p->grid.high;
}

void piece_init(struct piece *w, const struct derivation *p, int64_t at, int n,
                struct derive_room *room)
{
    const struct grid *x = &p->grid;
    *w = (struct piece){.at = at, .n = n, .room = room};
    piece_reach(w, p);
    w->mid_to = clamp(x->high - p->radius + 1 - at, n);
    w->mid_from = clamp(x->low + p->radius - at, w->mid_to);
    for (int i = 0; i < w->mid_from; i++)
        derivation_stencil(p, at + i, x->low, x->high, edge_at(w, i));
    for (int i = w->mid_to; i < n; i++)
        derivation_stencil(p, at + i, x->low, x->high, edge_at(w, i));
    if (x->uneven)
        set_weights(w, p, derive_loops_best());
}

const struct stencil *piece_stencil(const struct piece *w, const struct derivation *p, int i,
                                    struct stencil *own)
{
    if (i < w->mid_from || i >= w->mid_to)
        return edge_at(w, i);
    if (!p->grid.uneven)
        return &p->middle;
    own->centred = false;
    own->from = -p->radius;
    own->n = 2 * p->radius + 1;
    for (int k = 0; k < own->n; k++)
        own->weight[k] = w->room->weights[k][i];
    return own;
}

static double apply(const struct derivation *p, const struct stencil *s, const double *g)
{
    const double *row[2 * TAPS_MAX + 1], **middle = row + TAPS_MAX;
    double result;
    const int to = s->from + s->n - 1;
    for (int k = s->from < 0 ? s->from : 0; k <= (to > 0 ? to : 0); k++)
        middle[k] = g + k;
    derive_loops_apply(derive_loops_portable(), p, s, middle, &result, 1);
    return result;
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

double piece_skip(const struct piece *w, const struct derivation *p, int i)
{
    int where[TAPS_MAX + 1];
    double nodes[TAPS_MAX + 1] = {0}, weights[TAPS_MAX + 1], sum = 0;
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

static double broken(const struct derivation *p, const struct piece *w, int i)
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
    const struct stencil *usual = piece_stencil(w, p, i, &own);
    if (usual->from >= -left && usual->from + usual->n - 1 <= right)
        return apply(p, usual, g);
    derivation_stencil(p, at, at - left, at + right, &own);
    return apply(p, &own, g);
}

static bool any_missing(const struct piece *w)
{
    const double *v = w->first - (w->at - w->low);
    bool missing = false;
    for (int64_t i = 0; i <= w->high - w->low; i++)
        missing |= v[i] != v[i];
    return missing;
}

/* A line's own neighbours are its rows. */
static void derive_centred(const struct piece *w, const struct derivation *p,
                           const struct derive_loops *loops, double *results)
{
    const double *row[2 * TAPS_MAX + 1], *weights[TAPS_MAX];
    const int n = w->mid_to - w->mid_from, taps = 2 * p->radius + 1;
    for (int k = -p->radius; k <= p->radius; k++)
        row[TAPS_MAX + k] = w->first + w->mid_from + k;
    for (int k = 0; k < taps; k++)
        weights[k] = w->room->weights[k] + (p->grid.uneven ? w->mid_from : 0);
    if (p->grid.uneven)
        loops->weighted(row + TAPS_MAX, -p->radius, taps, weights, results + w->mid_from, n);
    else
        derive_loops_apply(loops, p, &p->middle, row + TAPS_MAX, results + w->mid_from, n);
}

void piece_derive(const struct piece *w, const struct derivation *p,
                  const struct derive_loops *loops, double *results)
{
    if (p->nan == NABLA_NAN_BREAK && any_missing(w)) {
        for (int i = 0; i < w->n; i++)
            results[i] = broken(p, w, i);
        return;
    }
    for (int i = 0; i < w->mid_from; i++)
        results[i] = apply(p, edge_at(w, i), w->first + i);
    if (w->mid_from < w->mid_to)
        derive_centred(w, p, loops, results);
    for (int i = w->mid_to; i < w->n; i++)
        results[i] = apply(p, edge_at(w, i), w->first + i);
    for (int i = 0; p->nan == NABLA_NAN_SKIP && i < w->n; i++)
        if (isnan(results[i]))
            results[i] = piece_skip(w, p, i);
}
