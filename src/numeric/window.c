/* numeric/window.c -- three samples that slide, and the two before them.
 * A change at index j of the kept samples moves the central rates at j-1, j and j+1, and the
 * one-sided rate at the run's first sample if that stencil reaches j:
 *
 *     kept     0    1    2    3    4
 *     change              j
 *     derive        ^    ^    ^         (never the newest: its rate is not final)
 *
 * Laws, against numpy and against a model that keeps every sample: test_window.c. */
#include "numeric/window.h"

#include <math.h>
#include <string.h>

const struct obs *window_newest(const struct window *w, int *n)
{
    *n = w->n < WINDOW_SIZE ? w->n : WINDOW_SIZE;
    return w->at + w->n - *n;
}

static bool same_value(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

bool window_holds(const struct window *w, struct obs x)
{
    int n;
    const struct obs *at = window_newest(w, &n);
    for (int i = 0; i < n; i++)
        if (at[i].t_ns == x.t_ns)
            return same_value(at[i].v, x.v);
    return false;
}

static void emit(struct points *out, const struct obs *x, double rate, double accel, int order,
                 bool corrected)
{
    out->at[out->n++] = (struct point){.t_ns = x->t_ns,
                                       .value = x->v,
                                       .rate = rate,
                                       .accel = accel,
                                       .order = (uint8_t)order,
                                       .corrected = corrected};
}

/* The slopes of at[i-1], at[i], at[i+1]; their times increase, the window seeing to it. */
static struct slopes slopes_around(const struct window *w, int i, struct manner manner)
{
    struct slopes s = {0};
    enum nabla_status status = stencil_apply(w->at + i - 1, manner.kind, manner.edge_order, &s);
    (void)status;
    return s;
}

static void emit_first(const struct window *w, struct manner manner, bool corrected,
                       struct points *out)
{
    struct slopes s = slopes_around(w, 1, manner);
    emit(out, &w->at[0], s.first, s.accel, manner.edge_order, corrected);
}

static void emit_central(const struct window *w, int i, struct manner manner, bool corrected,
                         struct points *out)
{
    struct slopes s = slopes_around(w, i, manner);
    emit(out, &w->at[i], s.rate, s.accel, 2, corrected);
}

/* Derives what the change at j moved. fresh: the index whose point was never issued, or -1;
 * first_time: the window has just become full. */
static void derive_around(const struct window *w, int j, int fresh, bool first_time,
                          struct manner manner, struct points *out)
{
    if (w->n < WINDOW_SIZE)
        return;
    if (!w->cut && (j <= manner.edge_order || first_time))
        emit_first(w, manner, !first_time && fresh != 0, out);
    int from = first_time || j <= 1 ? 1 : j - 1;
    int to = j + 1 < w->n - 2 ? j + 1 : w->n - 2;
    for (int i = from; i <= to; i++)
        emit_central(w, i, manner, !first_time && i != fresh, out);
}

/* Makes room at index j and writes x there; the oldest goes when all places are taken.
 * Returns where x came to stand. */
static int insert_at(struct window *w, int j, struct obs x)
{
    if (w->n == WINDOW_KEPT) {
        memmove(w->at, w->at + 1, (size_t)(j - 1) * sizeof x);
        w->cut = true;
        w->at[j - 1] = x;
        return j - 1;
    }
    memmove(w->at + j + 1, w->at + j, (size_t)(w->n - j) * sizeof x);
    w->at[j] = x;
    w->n++;
    return j;
}

void window_slide(struct window *w, struct obs x, enum kind kind, struct point *out)
{
    for (int i = 1; i < WINDOW_KEPT; i++)
        w->at[i - 1] = w->at[i];
    w->at[WINDOW_KEPT - 1] = x;
    w->cut = true;
    const struct obs *middle = &w->at[WINDOW_KEPT - 2];
    *out = (struct point){.t_ns = middle->t_ns, .value = middle->v, .order = 2};
    stencil_middle(middle - 1, kind, &out->rate, &out->accel);
}

static enum arrival append(struct window *w, struct obs x, struct manner manner, struct points *out)
{
    if (w->n == WINDOW_KEPT) {
        window_slide(w, x, manner.kind, &out->at[out->n++]);
        return ARRIVAL_APPENDED;
    }
    bool first_time = w->n == WINDOW_SIZE - 1;
    int j = insert_at(w, w->n, x);
    derive_around(w, j, j - 1, first_time, manner, out);
    return ARRIVAL_APPENDED;
}

static enum arrival replace(struct window *w, int j, double v, struct manner manner,
                            struct points *out)
{
    if (same_value(w->at[j].v, v))
        return ARRIVAL_DUPLICATE;
    w->at[j].v = v;
    derive_around(w, j, -1, false, manner, out);
    return ARRIVAL_REPLACED;
}

enum arrival window_push(struct window *w, struct obs x, struct manner manner, struct points *out)
{
    out->n = 0;
    if (w->n == 0 || x.t_ns > w->at[w->n - 1].t_ns)
        return append(w, x, manner, out);
    int oldest = w->n < WINDOW_SIZE ? 0 : w->n - WINDOW_SIZE;
    int j = w->n - 1;
    while (j > oldest && w->at[j].t_ns > x.t_ns)
        j--;
    if (w->at[j].t_ns == x.t_ns)
        return replace(w, j, x.v, manner, out);
    if (w->at[j].t_ns > x.t_ns)
        return ARRIVAL_LATE;
    bool first_time = w->n == WINDOW_SIZE - 1;
    j = insert_at(w, j + 1, x);
    derive_around(w, j, j, first_time, manner, out);
    return ARRIVAL_INSERTED;
}

void window_amend(struct window *w, struct obs x, struct manner manner, struct points *out)
{
    out->n = 0;
    w->at[w->n - 1] = x;
    derive_around(w, w->n - 1, -1, false, manner, out);
}

static void emit_pair(const struct window *w, struct manner manner, struct points *out)
{
    double slope = stencil_secant(&w->at[0], &w->at[1], manner.kind);
    emit(out, &w->at[0], slope, NAN, 1, false);
    emit(out, &w->at[1], slope, NAN, 1, false);
}

void window_end(struct window *w, struct manner manner, struct points *out)
{
    out->n = 0;
    if (w->n == 2)
        emit_pair(w, manner, out);
    if (w->n >= WINDOW_SIZE) {
        int last = w->n - 1;
        struct slopes s = slopes_around(w, last - 1, manner);
        emit(out, &w->at[last], s.edge, s.accel, manner.edge_order, false);
    }
    *w = (struct window){0};
}
