/* numeric/window.c -- three samples that slide, and the two before them.
 * A change at index j of the kept samples moves the central rates at j-1, j and j+1, and the
 * one-sided rate at the run's first sample if that stencil reaches j:
 *
 *     kept     0    1    2    3    4
 *     change              j
 *     derive        ^    ^    ^         (never the newest: its rate is not final)
 *
 * Where rests are given (values that no double holds), each stencil is told from its own middle: differences
 * are all that it needs, and these are exact. Where they are not, all of that is compiled away.
 * Laws, against numpy and against a model that keeps every sample: test_window.c. */
#include "numeric/window.h"

#include <math.h>
#include <string.h>

/* Twice in the program: without rests, and with. */
#define INLINE static inline __attribute__((always_inline))

const struct obs *window_newest(const struct window *w, int *n)
{
    *n = w->n < WINDOW_SIZE ? w->n : WINDOW_SIZE;
    return w->at + w->n - *n;
}

static bool same_value(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

/* Rests may be NULL: all 0. */
INLINE double rest_at(const double *rest, int i)
{
    return rest == NULL ? 0 : rest[i];
}

INLINE bool holds(const struct window *w, const double *rest, struct exact x)
{
    int oldest = w->n < WINDOW_SIZE ? 0 : w->n - WINDOW_SIZE;
    for (int i = oldest; i < w->n; i++)
        if (w->at[i].t_ns == x.t_ns)
            return same_value(w->at[i].v, x.v) && rest_at(rest, i) == x.rest;
    return false;
}

bool window_holds(const struct window *w, struct obs x)
{
    return holds(w, NULL, exact_of(&x, 0));
}

bool window_holds_exact(const struct window *w, const double rest[static WINDOW_KEPT],
                        struct exact x)
{
    return holds(w, rest, x);
}

INLINE void emit(struct points *out, const struct window *w, const double *rest, int i, double rate,
                 double accel, int order, bool corrected)
{
    out->at[out->n++] = (struct point){.t_ns = w->at[i].t_ns,
                                       .value = w->at[i].v,
                                       .rate = rate,
                                       .accel = accel,
                                       .order = (uint8_t)order,
                                       .corrected = corrected,
                                       .rest = (float)rest_at(rest, i)};
}

/* From at[i] to at[i + 1]. */
static double increase(const struct window *w, const double *rest, int i, enum kind kind)
{
    return exact_increase(exact_of(&w->at[i], rest[i]), exact_of(&w->at[i + 1], rest[i + 1]), kind);
}

void window_told(const struct window *w, const double rest[static WINDOW_KEPT], int i, int n,
                 enum kind kind, struct obs *out)
{
    int from = n - 2;
    for (int k = 0; k < n; k++)
        out[k].t_ns = w->at[i + k].t_ns;
    out[from].v = 0;
    out[from + 1].v = increase(w, rest, i + from, kind);
    for (int k = from; k > 0; k--)
        out[k - 1].v = out[k].v - increase(w, rest, i + k - 1, kind);
}

/* The slopes of at[i-1], at[i], at[i+1]; their times increase, the window seeing to it. */
INLINE struct slopes slopes_around(const struct window *w, const double *rest, int i,
                                   struct manner manner)
{
    struct slopes s = {0};
    struct obs told[WINDOW_SIZE];
    const struct obs *three = w->at + i - 1;
    if (rest != NULL) {
        window_told(w, rest, i - 1, WINDOW_SIZE, manner.kind, told);
        three = told;
        manner.kind = KIND_GAUGE;
    }
    enum nabla_status status = stencil_apply(three, manner.kind, manner.edge_order, &s);
    (void)status;
    return s;
}

INLINE void emit_first(const struct window *w, const double *rest, struct manner manner,
                       bool corrected, struct points *out)
{
    struct slopes s = slopes_around(w, rest, 1, manner);
    emit(out, w, rest, 0, s.first, s.accel, manner.edge_order, corrected);
}

INLINE void emit_central(const struct window *w, const double *rest, int i, struct manner manner,
                         bool corrected, struct points *out)
{
    struct slopes s = slopes_around(w, rest, i, manner);
    emit(out, w, rest, i, s.rate, s.accel, 2, corrected);
}

/* Derives what the change at j moved. fresh: the index whose point was never issued, or -1;
 * first_time: the window has just become full. */
INLINE void derive_around(const struct window *w, const double *rest, int j, int fresh,
                          bool first_time, struct manner manner, struct points *out)
{
    if (w->n < WINDOW_SIZE)
        return;
    if (!w->cut && (j <= manner.edge_order || first_time))
        emit_first(w, rest, manner, !first_time && fresh != 0, out);
    int from = first_time || j <= 1 ? 1 : j - 1;
    int to = j + 1 < w->n - 2 ? j + 1 : w->n - 2;
    for (int i = from; i <= to; i++)
        emit_central(w, rest, i, manner, !first_time && i != fresh, out);
}

INLINE void rests_move(double *rest, int to, int from, int n)
{
    if (rest != NULL)
        memmove(rest + to, rest + from, (size_t)n * sizeof *rest);
}

/* Makes room at index j and writes x there; the oldest goes when all places are taken.
 * Returns where x came to stand. */
INLINE int insert_at(struct window *w, double *rest, int j, struct exact x)
{
    if (w->n == WINDOW_KEPT) {
        memmove(w->at, w->at + 1, (size_t)(j - 1) * sizeof *w->at);
        rests_move(rest, 0, 1, j - 1);
        w->cut = true;
        j--;
    } else {
        memmove(w->at + j + 1, w->at + j, (size_t)(w->n - j) * sizeof *w->at);
        rests_move(rest, j + 1, j, w->n - j);
        w->n++;
    }
    w->at[j] = exact_near(x);
    if (rest != NULL)
        rest[j] = x.rest;
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

static void slide_exact(struct window *w, double *rest, struct exact x, struct manner manner,
                        struct points *out)
{
    memmove(w->at, w->at + 1, (WINDOW_KEPT - 1) * sizeof *w->at);
    memmove(rest, rest + 1, (WINDOW_KEPT - 1) * sizeof *rest);
    w->at[WINDOW_KEPT - 1] = exact_near(x);
    rest[WINDOW_KEPT - 1] = x.rest;
    w->cut = true;
    emit_central(w, rest, WINDOW_KEPT - 2, manner, false, out);
}

INLINE enum arrival append(struct window *w, double *rest, struct exact x, struct manner manner,
                           struct points *out)
{
    if (w->n == WINDOW_KEPT) {
        if (rest == NULL)
            window_slide(w, exact_near(x), manner.kind, &out->at[out->n++]);
        else
            slide_exact(w, rest, x, manner, out);
        return ARRIVAL_APPENDED;
    }
    bool first_time = w->n == WINDOW_SIZE - 1;
    int j = insert_at(w, rest, w->n, x);
    derive_around(w, rest, j, j - 1, first_time, manner, out);
    return ARRIVAL_APPENDED;
}

INLINE enum arrival replace(struct window *w, double *rest, int j, struct exact x,
                            struct manner manner, struct points *out)
{
    if (same_value(w->at[j].v, x.v) && rest_at(rest, j) == x.rest)
        return ARRIVAL_DUPLICATE;
    w->at[j].v = x.v;
    if (rest != NULL)
        rest[j] = x.rest;
    derive_around(w, rest, j, -1, false, manner, out);
    return ARRIVAL_REPLACED;
}

INLINE enum arrival push(struct window *w, double *rest, struct exact x, struct manner manner,
                         struct points *out)
{
    out->n = 0;
    if (w->n == 0 || x.t_ns > w->at[w->n - 1].t_ns)
        return append(w, rest, x, manner, out);
    int oldest = w->n < WINDOW_SIZE ? 0 : w->n - WINDOW_SIZE;
    int j = w->n - 1;
    while (j > oldest && w->at[j].t_ns > x.t_ns)
        j--;
    if (w->at[j].t_ns == x.t_ns)
        return replace(w, rest, j, x, manner, out);
    if (w->at[j].t_ns > x.t_ns)
        return ARRIVAL_LATE;
    bool first_time = w->n == WINDOW_SIZE - 1;
    j = insert_at(w, rest, j + 1, x);
    derive_around(w, rest, j, j, first_time, manner, out);
    return ARRIVAL_INSERTED;
}

enum arrival window_push(struct window *w, struct obs x, struct manner manner, struct points *out)
{
    return push(w, NULL, exact_of(&x, 0), manner, out);
}

enum arrival window_push_exact(struct window *w, double rest[static WINDOW_KEPT], struct exact x,
                               struct manner manner, struct points *out)
{
    return push(w, rest, x, manner, out);
}

INLINE void amend(struct window *w, double *rest, struct exact x, struct manner manner,
                  struct points *out)
{
    out->n = 0;
    w->at[w->n - 1] = exact_near(x);
    if (rest != NULL)
        rest[w->n - 1] = x.rest;
    derive_around(w, rest, w->n - 1, -1, false, manner, out);
}

void window_amend(struct window *w, struct obs x, struct manner manner, struct points *out)
{
    amend(w, NULL, exact_of(&x, 0), manner, out);
}

void window_amend_exact(struct window *w, double rest[static WINDOW_KEPT], struct exact x,
                        struct manner manner, struct points *out)
{
    amend(w, rest, x, manner, out);
}

INLINE void emit_pair(const struct window *w, const double *rest, struct manner manner,
                      struct points *out)
{
    double s = stencil_seconds(w->at[0].t_ns, w->at[1].t_ns);
    double slope = rest == NULL ? stencil_secant(&w->at[0], &w->at[1], manner.kind)
                                : increase(w, rest, 0, manner.kind) / s;
    emit(out, w, rest, 0, slope, NAN, 1, false);
    emit(out, w, rest, 1, slope, NAN, 1, false);
}

INLINE void end(struct window *w, const double *rest, struct manner manner, struct points *out)
{
    out->n = 0;
    if (w->n == 2)
        emit_pair(w, rest, manner, out);
    if (w->n >= WINDOW_SIZE) {
        int last = w->n - 1;
        struct slopes s = slopes_around(w, rest, last - 1, manner);
        emit(out, w, rest, last, s.edge, s.accel, manner.edge_order, false);
    }
    *w = (struct window){0};
}

void window_end(struct window *w, struct manner manner, struct points *out)
{
    end(w, NULL, manner, out);
}

void window_end_exact(struct window *w, const double rest[static WINDOW_KEPT], struct manner manner,
                      struct points *out)
{
    end(w, rest, manner, out);
}
