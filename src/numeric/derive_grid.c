/* numeric/derive_grid.c -- where the elements of an axis stand, also beyond its ends.
 *
 *     spacing       from i to j
 *     unit, step    (j - i), in steps
 *     coordinates   x[j] - x[i], in their own type: nanoseconds of an epoch keep their last digit
 *     steps         d[i] + ... + d[j-1], added from i outward
 *
 * All of it depends on the neighbourhood alone, so that a piece of an axis has the same bits as the
 * whole (test_derive.c: any_cut). */
#include "numeric/derive.h"
#include "numeric/dtype.h"
#include "numeric/fault.h"

#include <float.h>
#include <math.h>

static const void *address(const struct nabla_spacing *s, int64_t i)
{
    return (const char *)s->data + i * s->stride;
}

static double number_at(const struct nabla_spacing *s, int64_t i)
{
    double v;
    if (s->dtype == NABLA_LONGDOUBLE)
        return (double)*(const long double *)address(s, i);
    if (dtype_is_time(s->dtype))
        return (double)*(const int64_t *)address(s, i);
    elements_load(s->dtype, address(s, i), 0, 1, &v);
    return v;
}

/* The difference as unsigned: from INT64_MIN to INT64_MAX still fits. */
static double signed_between(int64_t a, int64_t b)
{
    return a <= b ? (double)((uint64_t)b - (uint64_t)a) : -(double)((uint64_t)a - (uint64_t)b);
}

static double coordinates_between(const struct nabla_spacing *s, int64_t i, int64_t j)
{
    const void *a = address(s, i), *b = address(s, j);
    switch (s->dtype) {
    case NABLA_INT64:
    case NABLA_DATETIME64:
    case NABLA_TIMEDELTA64: return signed_between(*(const int64_t *)a, *(const int64_t *)b);
    case NABLA_UINT64: {
        uint64_t from = *(const uint64_t *)a, to = *(const uint64_t *)b;
        return from <= to ? (double)(to - from) : -(double)(from - to);
    }
    case NABLA_LONGDOUBLE: return (double)(*(const long double *)b - *(const long double *)a);
    default: return number_at(s, j) - number_at(s, i);
    }
}

double spacing_between(const struct nabla_spacing *s, int64_t i, int64_t j)
{
    if (s->kind == NABLA_COORDINATES)
        return coordinates_between(s, i, j);
    if (s->kind != NABLA_STEPS)
        return (double)(j - i);
    double sum = 0;
    for (int64_t k = i; k < j; k++)
        sum += number_at(s, k);
    for (int64_t k = i; k > j; k--)
        sum -= number_at(s, k - 1);
    return sum;
}

static enum nabla_status check_vector(struct nabla_spacing *s, int64_t wanted, int argument,
                                      struct nabla_fault *fault)
{
    if (!dtype_is_known(s->dtype) || dtype_is_complex(s->dtype) || s->dtype == NABLA_BOOL)
        return fault_say(fault, NABLA_EDTYPE, argument, -1, "spacing %i is not of real numbers",
                         FAULT_NUMBERS(argument));
    if (s->n != wanted)
        return fault_say(fault, NABLA_ELENGTH, argument, -1,
                         "spacing %i has %i elements where the axis wants %i",
                         FAULT_NUMBERS(argument, s->n, wanted));
    if (s->data == NULL && wanted > 0)
        return fault_say(fault, NABLA_EINVAL, argument, -1, "spacing %i has no data",
                         FAULT_NUMBERS(argument));
    if (s->stride == 0)
        s->stride = (int64_t)nabla_dtype_size(s->dtype);
    size_t alignment = dtype_alignment(s->dtype);
    if ((uintptr_t)s->data % alignment != 0 || s->stride % (int64_t)alignment != 0)
        return fault_say(fault, NABLA_EINVAL, argument, -1, "spacing %i is misaligned",
                         FAULT_NUMBERS(argument));
    return NABLA_OK;
}

static bool is_nat(const struct nabla_spacing *s, int64_t i)
{
    return dtype_is_time(s->dtype) && *(const int64_t *)address(s, i) == INT64_MIN;
}

/* The common case, for the compiler to make vectors of: are doubles without gaps finite and in order? */
static bool doubles_in_order(const struct nabla_spacing *s)
{
    const double *x = s->data;
    const bool up = s->n > 1 && x[1] > x[0];
    bool good = true;
    for (int64_t i = 0; i + 1 < s->n; i++) {
        double d = up ? x[i + 1] - x[i] : x[i] - x[i + 1];
        good &= d > 0 && d <= DBL_MAX;
    }
    return good;
}

/* Each difference has the sign of the first: strictly monotone, and finite. */
static enum nabla_status check_order(const struct nabla_spacing *s, int argument,
                                     struct nabla_fault *fault)
{
    bool steps = s->kind == NABLA_STEPS;
    double sign = 0;
    if (!steps && s->dtype == NABLA_FLOAT64 && s->stride == (int64_t)sizeof(double) &&
        doubles_in_order(s))
        return NABLA_OK;
    for (int64_t i = 0; i < s->n - !steps; i++) {
        double d = steps ? number_at(s, i) : coordinates_between(s, i, i + 1);
        bool number = isfinite(d) && !is_nat(s, i) && !(!steps && is_nat(s, i + 1));
        if (sign == 0)
            sign = d;
        if (!number || d == 0 || (d > 0) != (sign > 0))
            return fault_say(fault, NABLA_EORDER, argument, i,
                             steps ? "spacing %i: step %i is not finite, or not of one sign with "
                                     "those before it"
                                   : "spacing %i: elements %i and %i are not finite and in order",
                             FAULT_NUMBERS(argument, i, i + 1));
    }
    return NABLA_OK;
}

enum nabla_status spacing_check(struct nabla_spacing *s, int64_t n, bool closed, int argument,
                                struct nabla_fault *fault)
{
    switch (s->kind) {
    case NABLA_UNIT: return NABLA_OK;
    case NABLA_STEP:
        if (isfinite(s->step) && s->step != 0)
            return NABLA_OK;
        return fault_say(fault, NABLA_EINVAL, argument, -1,
                         "spacing %i: the step is 0 or not finite", FAULT_NUMBERS(argument));
    case NABLA_COORDINATES:
    case NABLA_STEPS: {
        int64_t wanted = s->kind == NABLA_COORDINATES || closed || n == 0 ? n : n - 1;
        enum nabla_status status = check_vector(s, wanted, argument, fault);
        return status == NABLA_OK ? check_order(s, argument, fault) : status;
    }
    }
    return fault_say(fault, NABLA_EINVAL, argument, -1, "spacing %i is of no known kind",
                     FAULT_NUMBERS(argument));
}

/* The period wants no sign from the caller: it takes the coordinates'. */
static enum nabla_status check_period(struct grid *x, double period, int argument,
                                      struct nabla_fault *fault)
{
    bool wanted = x->wraps && x->spacing.kind == NABLA_COORDINATES;
    if (!wanted && (x->wraps || x->before != NABLA_PERIODIC) && period != 0)
        return fault_say(fault, NABLA_EINVAL, argument, -1,
                         "a period belongs to periodic coordinates alone", NULL);
    if (!wanted)
        return NABLA_OK;
    double span = x->n > 0 ? coordinates_between(&x->spacing, 0, x->n - 1) : 0;
    if (!isfinite(period) || !(period > fabs(span)))
        return fault_say(fault, NABLA_EORDER, argument, -1,
                         "spacing %i: the period is not longer than the coordinates span",
                         FAULT_NUMBERS(argument));
    x->period = span < 0 ? -period : period;
    return NABLA_OK;
}

static bool boundary_is_known(enum nabla_boundary b)
{
    return b == NABLA_ONE_SIDED || b == NABLA_PERIODIC || b == NABLA_REFLECT;
}

enum nabla_status grid_init(struct grid *x, const struct nabla_derivative_options *options,
                            int64_t n, int64_t count, int argument, struct nabla_fault *fault)
{
    enum nabla_boundary before = options->before, after = options->after;
    bool cut = options->halo_before > 0 || options->halo_after > 0;
    *x = (struct grid){.spacing = options->spacing, .before = before, .after = after, .n = n};
    x->first = options->halo_before;
    x->count = count;
    if (!boundary_is_known(before) || !boundary_is_known(after))
        return fault_say(fault, NABLA_EINVAL, argument, -1, "a boundary is of no known kind", NULL);
    if ((before == NABLA_PERIODIC) != (after == NABLA_PERIODIC))
        return fault_say(fault, NABLA_EINVAL, argument, -1,
                         "an axis is periodic at both ends or at neither", NULL);
    x->wraps = before == NABLA_PERIODIC && !cut;
    x->uneven = x->spacing.kind == NABLA_COORDINATES || x->spacing.kind == NABLA_STEPS;
    x->step = x->spacing.kind == NABLA_STEP ? x->spacing.step : 1;
    x->low = x->wraps ? -FAR_AWAY : before == NABLA_REFLECT ? -(n - 1) : 0;
    x->high = x->wraps ? n + FAR_AWAY : after == NABLA_REFLECT ? 2 * (n - 1) : n - 1;
    enum nabla_status status = spacing_check(&x->spacing, n, x->wraps, argument, fault);
    return status == NABLA_OK ? check_period(x, options->period, argument, fault) : status;
}

static int64_t floor_div(int64_t a, int64_t n)
{
    return a >= 0 ? a / n : -((-a - 1) / n) - 1;
}

int64_t grid_element(const struct grid *x, int64_t index)
{
    if (x->wraps)
        return index - floor_div(index, x->n) * x->n;
    if (index < 0)
        return -index;
    return index < x->n ? index : 2 * (x->n - 1) - index;
}

/* From index to index + 1. */
static double step_at(const struct grid *x, int64_t index)
{
    if (x->wraps)
        return number_at(&x->spacing, grid_element(x, index));
    int64_t a = grid_element(x, index), b = grid_element(x, index + 1);
    return number_at(&x->spacing, a < b ? a : b);
}

/* From element i of the axis to any index; beyond an end it is the way there and on. */
static double way(const struct grid *x, int64_t i, int64_t index)
{
    const struct nabla_spacing *s = &x->spacing;
    int64_t e = grid_element(x, index), last = x->n - 1;
    if (x->wraps)
        return coordinates_between(s, i, e) + (double)floor_div(index, x->n) * x->period;
    if (index < 0)
        return coordinates_between(s, i, 0) + coordinates_between(s, e, 0);
    if (index > last)
        return coordinates_between(s, i, last) + coordinates_between(s, e, last);
    return coordinates_between(s, i, e);
}

static void nodes_from_steps(const struct grid *x, int64_t at, int64_t from, int n, double *nodes)
{
    double sum = 0;
    for (int64_t j = at; j < from + n; j++) {
        if (j >= from)
            nodes[j - from] = sum;
        sum += j + 1 < from + n ? step_at(x, j) : 0;
    }
    sum = 0;
    for (int64_t j = at - 1; j >= from; j--) {
        sum -= step_at(x, j);
        if (j < from + n)
            nodes[j - from] = sum;
    }
}

void grid_nodes(const struct grid *x, int64_t at, int64_t from, int n, double *nodes)
{
    if (x->spacing.kind == NABLA_STEPS) {
        nodes_from_steps(x, at, from, n, nodes);
        return;
    }
    for (int k = 0; k < n; k++)
        nodes[k] = x->uneven ? way(x, at, from + k) : (double)(from + k - at);
}
