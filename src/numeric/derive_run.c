/* numeric/derive_run.c -- all lines of an array carried through a derivation.
 *
 *     along the axis                       across it, where another dimension lies closer in memory
 *     ..[reach|  piece  |reach]..          [ . . . . . . ]   one row a position, its neighbours the
 *     ..[reach|  piece  |reach]..          [ . . . . . . ]   rows above and below: as they lie, or
 *     one stretch of many lines            [ . . . . . . ]   as doubles, each loaded once
 *
 * Pieces outside, lines inside: weights of an uneven axis are made once a position, not once an element,
 * and lines beside each other find their cache lines warm. What lies side by side as doubles is used where
 * it is. Laws: either way gives the same bits, and so does any number of threads (test_derive_ways.c).
 * Elsewhere: what a piece gives (derive_piece.c). */
#include "numeric/derive_loops.h"
#include "numeric/share.h"

#include <math.h>
#include <stdlib.h>

enum {
    LONG = 8192, /* elements of a line that need no buffer, at a time */
    WIDE = 4096, /* elements across that need none */
    SHORT = 16,  /* a run across that is shorter is not worth its rows */
    BUNCHES = 4  /* for each thread to choose from */
};

struct run {
    const struct derivation *p;
    const struct derive_loops *loops;
    const struct pair *pair;
    int axis;
    bool adding, f_plain, out_plain; /* plain: doubles side by side, the way that runs go */
    struct derive_room *rooms;
    struct lines first;              /* without what runs go across */
    int64_t lines, across;           /* how many; across is 1 along the axis */
    int64_t f_across, out_across;    /* strides */
    int64_t segment, bunch, columns; /* sizes of a share of the work */
    int64_t segments, bunches, chunks;
};

/* to += results, of doubles side by side */
static void add_plain(double *restrict to, const double *restrict results, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        to[i] = results[i] + to[i];
}

static void store(const struct run *r, const double *results, int64_t n, char *to, int64_t stride,
                  struct derive_room *room)
{
    const enum nabla_dtype dtype = r->pair->out.dtype;
    if (r->adding && dtype == NABLA_FLOAT64 && stride == (int64_t)sizeof(double)) {
        add_plain((double *)(void *)to, results, n);
        return;
    }
    if (r->adding) {
        elements_load(dtype, to, stride, n, room->sums);
        for (int64_t i = 0; i < n; i++)
            room->results[i] += room->sums[i];
    }
    elements_store(dtype, results, n, to, stride);
}

/* ---- along */

/* Values at indices low to high, those beyond the ends one by one. */
static void load_line(const struct run *r, struct piece *w, const struct lines *l)
{
    const struct grid *x = &r->p->grid;
    const enum nabla_dtype dtype = r->pair->f.dtype;
    int64_t from = w->low > 0 ? w->low : 0, to = w->high < x->n ? w->high : x->n - 1;
    double *values = w->room->values;
    w->first = values + (w->at - w->low);
    for (int64_t j = w->low; j < 0; j++)
        elements_load(dtype, l->f + grid_element(x, j) * l->f_step, 0, 1, &values[j - w->low]);
    elements_load(dtype, l->f + from * l->f_step, l->f_step, to - from + 1, &values[from - w->low]);
    for (int64_t j = x->n; j <= w->high; j++)
        elements_load(dtype, l->f + grid_element(x, j) * l->f_step, 0, 1, &values[j - w->low]);
}

static bool lies_plain(const struct run *r, const struct piece *w)
{
    return r->f_plain && w->low >= 0 && w->high < r->p->grid.n;
}

static void line_piece(const struct run *r, struct piece *w, const struct lines *l)
{
    char *to = l->out + (w->at - r->p->grid.first) * l->out_step;
    if (lies_plain(r, w))
        w->first = (const double *)(const void *)l->f + w->at;
    else
        load_line(r, w, l);
    if (r->out_plain) {
        piece_derive(w, r->p, r->loops, (double *)(void *)to);
        return;
    }
    piece_derive(w, r->p, r->loops, w->room->results);
    store(r, w->room->results, w->n, to, l->out_step, w->room);
}

/* A long piece where neither buffer nor weights are needed, else a short one. */
static void next_piece(const struct run *r, int64_t at, int64_t end, struct derive_room *room,
                       struct piece *w)
{
    const int64_t left = end - at;
    const bool plain = r->f_plain && r->out_plain && !r->p->grid.uneven;
    piece_init(w, r->p, at, left < (plain ? LONG : PIECE) ? (int)left : plain ? LONG : PIECE, room);
    if (w->n > PIECE && !lies_plain(r, w))
        piece_init(w, r->p, at, PIECE, room);
}

static void along(const struct run *r, int64_t from, int64_t to, int64_t bunch,
                  struct derive_room *room)
{
    const int64_t line = bunch * r->bunch;
    const int64_t lines = r->lines - line < r->bunch ? r->lines - line : r->bunch;
    struct piece w;
    for (int64_t at = from; at < to; at += w.n) {
        struct lines l = r->first;
        lines_seek(&l, line);
        next_piece(r, at, to, room, &w);
        for (int64_t i = 0; i < lines; i++, lines_next(&l))
            line_piece(r, &w, &l);
    }
}

/* ---- across */

/* Rows of n elements, by index; those that are held are doubles already. */
struct rows {
    const struct run *r;
    struct derive_room *room;
    const char *f; /* of element 0 of the axis */
    int64_t step, n;
    int64_t held[ROWS_HELD];
};

static const double *row_at(struct rows *s, int64_t index)
{
    const struct run *r = s->r;
    const int64_t slot = index & (ROWS_HELD - 1);
    const char *row = s->f + grid_element(&r->p->grid, index) * s->step;
    if (r->f_plain)
        return (const double *)(const void *)row;
    if (s->held[slot] != index)
        elements_load(r->pair->f.dtype, row, r->f_across, s->n, s->room->rows[slot]);
    s->held[slot] = index;
    return s->room->rows[slot];
}

/* Element k of a row, which came out missing, looks for valid neighbours along its own line. */
static double mended(struct rows *s, const struct piece *w, int i, int64_t k)
{
    struct piece one = *w;
    const struct lines l = {.f = s->f + k * s->r->f_across, .f_step = s->step};
    one.at += i;
    one.n = 1;
    piece_reach(&one, s->r->p);
    load_line(s->r, &one, &l);
    return piece_skip(&one, s->r->p, 0);
}

static void derive_row(struct rows *s, const struct piece *w, int i, const double *const *middle,
                       const struct stencil *stencil, double *results)
{
    derive_loops_apply(s->r->loops, s->r->p, stencil, middle, results, s->n);
    for (int64_t k = 0; s->r->p->nan == NABLA_NAN_SKIP && k < s->n; k++)
        if (isnan(results[k]))
            results[k] = mended(s, w, i, k);
}

static void row(struct rows *s, const struct piece *w, int i, char *to)
{
    const struct run *r = s->r;
    struct stencil own;
    const double *around[2 * TAPS_MAX + 1], **middle = around + TAPS_MAX;
    const struct stencil *stencil = piece_stencil(w, r->p, i, &own);
    middle[0] = row_at(s, w->at + i);
    for (int k = stencil->from; k < stencil->from + stencil->n; k++)
        middle[k] = row_at(s, w->at + i + k);
    if (r->out_plain) {
        derive_row(s, w, i, middle, stencil, (double *)(void *)to);
        return;
    }
    derive_row(s, w, i, middle, stencil, s->room->results);
    store(r, s->room->results, s->n, to, r->out_across, s->room);
}

static void across(const struct run *r, int64_t from, int64_t to, int64_t line, int64_t column,
                   struct derive_room *room)
{
    struct lines l = r->first;
    struct rows s = {.r = r, .room = room, .step = l.f_step};
    struct piece w;
    lines_seek(&l, line);
    s.f = l.f + column * r->f_across;
    s.n = r->across - column < r->columns ? r->across - column : r->columns;
    for (int k = 0; k < ROWS_HELD; k++)
        s.held[k] = INT64_MIN;
    for (int64_t at = from; at < to; at += w.n) {
        piece_init(&w, r->p, at, to - at < PIECE ? (int)(to - at) : PIECE, room);
        char *out = l.out + (at - r->p->grid.first) * l.out_step + column * r->out_across;
        for (int i = 0; i < w.n; i++)
            row(&s, &w, i, out + i * l.out_step);
    }
}

/* ---- who does what */

static void work(void *context, int64_t k, int thread)
{
    const struct run *r = context;
    const struct grid *x = &r->p->grid;
    struct derive_room *room = r->rooms + thread;
    int64_t from = x->first + k % r->segments * r->segment, end = x->first + x->count;
    int64_t to = end - from < r->segment ? end : from + r->segment;
    k /= r->segments;
    if (r->across > 1)
        across(r, from, to, k / r->chunks, k % r->chunks * r->columns, room);
    else
        along(r, from, to, k, room);
}

/* The last of the other dimensions, with those that go on from it. */
static void take_across(struct run *r)
{
    struct lines *l = &r->first;
    int64_t n = l->count[l->dims - 1], f = l->f_stride[l->dims - 1],
            out = l->out_stride[l->dims - 1];
    int dims = l->dims - 1;
    while (dims > 0 && l->f_stride[dims - 1] == n * f && l->out_stride[dims - 1] == n * out)
        n *= l->count[--dims];
    if (n < SHORT || llabs(out) >= llabs(l->out_step))
        return;
    l->dims = dims;
    r->across = n;
    r->f_across = f;
    r->out_across = out;
}

static int64_t parts_of(int64_t n, int64_t part)
{
    return (n + part - 1) / part;
}

static void divide(struct run *r, int threads)
{
    const bool goes_across = r->across > 1;
    const int64_t f_step = goes_across ? r->f_across : r->first.f_step;
    const int64_t out_step = goes_across ? r->out_across : r->first.out_step;
    r->f_plain = r->pair->f.dtype == NABLA_FLOAT64 && f_step == (int64_t)sizeof(double);
    r->out_plain =
        r->pair->out.dtype == NABLA_FLOAT64 && out_step == (int64_t)sizeof(double) && !r->adding;
    r->lines = lines_count(&r->first);
    r->columns = r->f_plain && r->out_plain ? WIDE : PIECE;
    r->segment = LONG;
    r->segments = parts_of(r->p->grid.count, r->segment);
    r->chunks = parts_of(r->across, r->columns);
    r->bunch = threads < 2 || r->segments >= BUNCHES * threads
                   ? r->lines
                   : parts_of(r->lines, BUNCHES * threads);
    r->bunches = goes_across ? r->lines * r->chunks : parts_of(r->lines, r->bunch);
}

void derivation_run(const struct derivation *p, const struct pair *pair, int axis, bool adding,
                    struct derive_room *rooms, int threads)
{
    struct run r = {
        .p = p, .pair = pair, .axis = axis, .adding = adding, .rooms = rooms, .across = 1};
    lines_init(&r.first, pair, axis);
    if (r.first.done)
        return;
    r.loops = derive_loops_best();
    if (p->nan != NABLA_NAN_BREAK && r.first.dims > 0)
        take_across(&r);
    divide(&r, threads);
    share(r.segments * r.bunches, share_threads(threads, pair->out.elements, sizeof(double)), work,
          &r);
}
