/* numeric/gaps.c -- missing values filled on the straight line between their neighbours.
 *
 *     v       v[a]  NaN  NaN  NaN  v[b]
 *     x       x[a]       x[i]      x[b]      v[i] = v[a] + (v[b] - v[a]) (x[i]-x[a]) / (x[b]-x[a])
 *
 * Laws: valid values come out untouched; a gap in a line, or in a constant, is filled with it; what
 * was filled lies between its neighbours (test_gaps.c). */
#include "numeric/derive.h"
#include "numeric/fault.h"
#include "numeric/share.h"

#include <math.h>

struct filling {
    struct nabla_spacing spacing;
    enum nabla_gap_ends ends;
    int64_t max_gap, n;
    enum nabla_dtype in, out;
};

static double value_at(const struct filling *g, const struct lines *l, int64_t i)
{
    double v;
    elements_load(g->in, l->f + i * l->f_step, 0, 1, &v);
    return v;
}

static void put(const struct filling *g, const struct lines *l, int64_t i, double v)
{
    elements_store(g->out, &v, 1, l->out + i * l->out_step, 0);
}

static void put_all(const struct filling *g, const struct lines *l, int64_t from, int64_t to,
                    double v)
{
    for (int64_t i = from; i < to; i++)
        put(g, l, i, v);
}

/* From one neighbour to the next; steps are added up on the way. */
static void fill_between(const struct filling *g, const struct lines *l, int64_t a, int64_t b)
{
    double from = value_at(g, l, a), to = value_at(g, l, b);
    double whole = spacing_between(&g->spacing, a, b), way = 0;
    for (int64_t i = a + 1; i < b; i++) {
        way = g->spacing.kind == NABLA_STEPS ? way + spacing_between(&g->spacing, i - 1, i)
                                             : spacing_between(&g->spacing, a, i);
        double t = way / whole;
        put(g, l, i, from + (to - from) * t);
    }
}

/* The gap from..to-1; from 0 or to n: it has one neighbour, or none. */
static void fill(const struct filling *g, const struct lines *l, int64_t from, int64_t to)
{
    bool inside = from > 0 && to < g->n, alone = from == 0 && to == g->n;
    if (g->max_gap > 0 && to - from > g->max_gap)
        put_all(g, l, from, to, (double)NAN);
    else if (inside)
        fill_between(g, l, from - 1, to);
    else if (alone || g->ends == NABLA_ENDS_KEEP)
        put_all(g, l, from, to, (double)NAN);
    else
        put_all(g, l, from, to, value_at(g, l, from > 0 ? from - 1 : to));
}

static void fill_line(const struct filling *g, const struct lines *l)
{
    int64_t gap = 0; /* where the present gap began */
    for (int64_t i = 0; i < g->n; i++) {
        double v = value_at(g, l, i);
        if (isnan(v))
            continue;
        if (gap < i)
            fill(g, l, gap, i);
        put(g, l, i, v);
        gap = i + 1;
    }
    if (gap < g->n)
        fill(g, l, gap, g->n);
}

struct gaps {
    struct filling filling;
    struct pair pair;
    int axis;
};

static void fill_one(void *context, int64_t line, int thread)
{
    const struct gaps *j = context;
    struct lines l;
    (void)thread;
    lines_init(&l, &j->pair, j->axis);
    lines_seek(&l, line);
    fill_line(&j->filling, &l);
}

enum nabla_status nabla_interpolate_gaps(const struct nabla_array *f, int axis,
                                         const struct nabla_spacing *spacing,
                                         enum nabla_gap_ends ends, int64_t max_gap, int threads,
                                         const struct nabla_array *out, struct nabla_fault *fault)
{
    struct gaps j;
    struct lines l;
    if (f == NULL)
        return fault_say(fault, NABLA_EINVAL, -1, -1, "f is missing", NULL);
    if (max_gap < 0 || (ends != NABLA_ENDS_KEEP && ends != NABLA_ENDS_EXTEND))
        return fault_say(fault, NABLA_EINVAL, -1, -1,
                         "the longest gap is negative (%i), or the ends are of no known kind",
                         FAULT_NUMBERS(max_gap));
    enum nabla_status status = axis_find(f->ndim, axis, 0, &j.axis, fault);
    if (status == NABLA_OK)
        status = pair_init(&j.pair, f, out, -1, fault);
    if (status != NABLA_OK)
        return status;
    j.filling =
        (struct filling){.ends = ends, .max_gap = max_gap, .in = f->dtype, .out = out->dtype};
    j.filling.n = f->shape[j.axis];
    if (spacing != NULL)
        j.filling.spacing = *spacing;
    status = spacing_check(&j.filling.spacing, j.filling.n, false, 0, fault);
    if (status != NABLA_OK)
        return status;
    lines_init(&l, &j.pair, j.axis);
    share(lines_count(&l), share_threads(threads, j.pair.out.elements, 8), fill_one, &j);
    return NABLA_OK;
}
