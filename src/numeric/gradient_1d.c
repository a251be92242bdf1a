/* numeric/gradient_1d.c -- lines of doubles: a few nanoseconds before and after the arithmetic.
 * Laws: the bits are nabla_gradient's, hence numpy's.
 * Elsewhere: the interior's arithmetic (kernel.h); arrays (gradient.c). */
#include "numeric/kernel.h"
#include "numeric/parabola.h"

#include <math.h>

/* From here on vector code wins over being called for. */
enum { FEW = 16 };

static void interior(const double *f, size_t n, double by, double *df)
{
    if (n > FEW && kernels_best()->difference(NABLA_FLOAT64, NABLA_FLOAT64, f + 2, f, df + 1, n - 2,
                                              by, STORE_CACHED))
        return;
    for (size_t i = 1; i + 1 < n; i++)
        df[i] = (f[i + 1] - f[i - 1]) / by;
}

static double weighed(const double *w, const double *f)
{
    return w[0] * f[0] + w[1] * f[1] + w[2] * f[2];
}

static void even_line(const double *f, size_t n, double step, int edge_order, double *df)
{
    interior(f, n, 2 * step, df);
    if (edge_order == 1) {
        df[0] = (f[1] - f[0]) / step;
        df[n - 1] = (f[n - 1] - f[n - 2]) / step;
        return;
    }
    df[0] = weighed((const double[]){-1.5 / step, 2 / step, -0.5 / step}, f);
    df[n - 1] = weighed((const double[]){0.5 / step, -2 / step, 1.5 / step}, f + n - 3);
}

static double uneven_slope(enum place place, const double *f, const double *x)
{
    const double d[2] = {x[1] - x[0], x[2] - x[1]};
    double w[3];
    parabola_weights(RUN_DOUBLE, place, d, 1, &w[0], &w[1], &w[2]);
    return weighed(w, f);
}

static void uneven_line(const double *f, const double *x, size_t n, int edge_order, double *df)
{
    const size_t last = n - 1;
    if (n <= FEW || !kernels_best()->coordinates(NABLA_FLOAT64, NABLA_FLOAT64, f + 1, x + 1, df + 1,
                                                 n - 2, STORE_CACHED))
        for (size_t i = 1; i < last; i++)
            df[i] = uneven_slope(PLACE_MIDDLE, f + i - 1, x + i - 1);
    if (edge_order == 1) {
        df[0] = (f[1] - f[0]) / (x[1] - x[0]);
        df[last] = (f[last] - f[last - 1]) / (x[last] - x[last - 1]);
        return;
    }
    df[0] = uneven_slope(PLACE_FIRST, f, x);
    df[last] = uneven_slope(PLACE_LAST, f + n - 3, x + n - 3);
}

static bool overlap(const double *a, const double *b, size_t n)
{
    return (uintptr_t)a < (uintptr_t)(b + n) && (uintptr_t)b < (uintptr_t)(a + n);
}

static enum nabla_status check(const double *f, size_t n, int edge_order, const double *df)
{
    if (edge_order < 1 || edge_order > 2)
        return NABLA_EINVAL;
    if (n <= (size_t)edge_order)
        return NABLA_ESMALL;
    if (n > PTRDIFF_MAX / sizeof *f)
        return NABLA_ERANGE;
    return f == NULL || df == NULL || overlap(f, df, n) ? NABLA_EINVAL : NABLA_OK;
}

enum nabla_status nabla_gradient_1d(const double *f, size_t n, double step, int edge_order,
                                    double *df)
{
    const enum nabla_status status = check(f, n, edge_order, df);
    if (status == NABLA_OK)
        even_line(f, n, step, edge_order, df);
    return status;
}

/* numpy's uniform detection; false for a NaN. */
static bool is_even(const double *x, size_t n)
{
    const double step = x[1] - x[0];
    for (size_t i = 0; i + 1 < n; i++)
        if (!(x[i + 1] - x[i] == step))
            return false;
    return true;
}

enum nabla_status nabla_gradient_1d_at(const double *f, const double *x, size_t n, int edge_order,
                                       double *df)
{
    enum nabla_status status = check(f, n, edge_order, df);
    if (status != NABLA_OK)
        return status;
    if (x == NULL || overlap(x, df, n))
        return NABLA_EINVAL;
    if (is_even(x, n))
        even_line(f, n, x[1] - x[0], edge_order, df);
    else
        uneven_line(f, x, n, edge_order, df);
    return NABLA_OK;
}

enum nabla_status nabla_check_coordinates(const double *x, size_t n, size_t *first_bad)
{
    const bool falls = n > 1 && x[1] < x[0];
    for (size_t i = 0; i < n; i++) {
        const bool ordered =
            i + 1 == n || !isfinite(x[i + 1]) || (falls ? x[i + 1] < x[i] : x[i] < x[i + 1]);
        if (!isfinite(x[i]) || !ordered) {
            *first_bad = i;
            return NABLA_EORDER;
        }
    }
    return NABLA_OK;
}
