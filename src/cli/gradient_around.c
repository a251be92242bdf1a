/* cli/gradient_around.c -- coordinates in order, and those of a piece that goes round a period.
 *
 *     elements        n-2  n-1 |  0    1   ...  n-1 |  0    1
 *     coordinates   x[n-2]-p   |  x[0]    ...       | x[0]+p            p: the period
 *     64-bit counts (x[n-2]-x[0])-p                                     as counts, from the first
 *
 * Every piece is told in the same way, and of its own neighbourhood alone: the bits of a result do
 * not depend on where an axis was cut. Elsewhere: what numpy's way is told (cli/gradient_spacing.c). */
#include "cli/gradient_spacing.h"

#include "cli/arrays_copy.h"

#include <math.h>
#include <string.h>

enum { FORGET_EVERY = 4 << 20 }; /* coordinates */

static const double *steps_of(const struct spacing *s)
{
    return (const double *)(const void *)s->at;
}

bool spacing_is_counted(const struct spacing *s)
{
    return s->kind == NABLA_COORDINATES &&
           (s->dtype == NABLA_INT64 || s->dtype == NABLA_UINT64 || s->dtype == NABLA_DATETIME64 ||
            s->dtype == NABLA_TIMEDELTA64);
}

/* The bits of a 64-bit coordinate. */
static uint64_t count_at(const struct spacing *s, int64_t i)
{
    uint64_t v;
    memcpy(&v, s->at + i * (int64_t)sizeof v, sizeof v);
    return s->swapped ? __builtin_bswap64(v) : v;
}

static double number_at(const struct spacing *s, int64_t i)
{
    size_t size = nabla_dtype_size(s->dtype);
    return arrays_number(s->at + i * (int64_t)size, s->dtype, s->swapped);
}

/* From one coordinate to another; NaN if one of them is no time. Unsigned: it always fits. */
static double count_between(const struct spacing *s, int64_t i, int64_t j)
{
    const uint64_t none = UINT64_C(1) << 63; /* of times, and the turning point of signs */
    uint64_t a = count_at(s, i), b = count_at(s, j);
    bool is_time = s->dtype == NABLA_DATETIME64 || s->dtype == NABLA_TIMEDELTA64;
    if (is_time && (a == none || b == none))
        return NAN;
    bool up = s->dtype == NABLA_UINT64 ? b >= a : (b ^ none) >= (a ^ none);
    return up ? (double)(b - a) : -(double)(a - b);
}

static double between(const struct spacing *s, int64_t i, int64_t j)
{
    return spacing_is_counted(s) ? count_between(s, i, j) : number_at(s, j) - number_at(s, i);
}

static bool steps_are_ordered(const struct spacing *s, int64_t *bad)
{
    const double *steps = steps_of(s);
    for (*bad = 0; *bad < s->n - 1; ++*bad) {
        double d = steps[*bad];
        if (!isfinite(d) || d == 0 || (d > 0) != (steps[0] > 0))
            return false;
    }
    return true;
}

bool spacing_is_ordered(const struct spacing *s, int64_t *bad)
{
    double sign = 0;
    *bad = 0;
    if (s->kind == NABLA_STEP)
        return isfinite(s->step) && s->step != 0;
    if (s->kind == NABLA_STEPS)
        return steps_are_ordered(s, bad);
    for (int64_t i = 0; s->kind == NABLA_COORDINATES && i < s->n - 1; i++) {
        double d = between(s, i, i + 1);
        sign = i == 0 ? d : sign;
        *bad = i;
        if (!isfinite(d) || d == 0 || (d > 0) != (sign > 0))
            return false;
        if (i % FORGET_EVERY == FORGET_EVERY - 1)
            spacing_forget(s);
    }
    return true;
}

double spacing_span(const struct spacing *s)
{
    double sum = 0;
    for (int64_t i = 0; s->kind == NABLA_STEPS && i < s->n - 1; i++)
        sum += steps_of(s)[i];
    return s->kind == NABLA_COORDINATES && s->n > 0 ? between(s, 0, s->n - 1) : sum;
}

static int64_t floor_div(int64_t a, int64_t n)
{
    return a >= 0 ? a / n : -((-a - 1) / n) - 1;
}

static struct nabla_spacing steps_around(const struct spacing *s, int64_t lo, int64_t hi,
                                         char *room)
{
    double *told = (double *)(void *)room;
    if (lo >= 0 && hi <= s->n)
        return nabla_steps(steps_of(s) + lo, hi - lo - 1);
    for (int64_t i = lo; i < hi - 1; i++) {
        int64_t element = i - floor_div(i, s->n) * s->n;
        told[i - lo] = element < s->n - 1 ? steps_of(s)[element] : s->closing;
    }
    return nabla_steps(told, hi - lo - 1);
}

/* Counts wrap around where they do not fit: the library then finds them out of order. */
static void tell_counts(const struct spacing *s, int64_t lo, int64_t hi, int64_t *told)
{
    const uint64_t first = count_at(s, 0), period = (uint64_t)(int64_t)s->period;
    for (int64_t i = lo; i < hi; i++) {
        int64_t turns = floor_div(i, s->n);
        uint64_t at = count_at(s, i - turns * s->n) - first + (uint64_t)turns * period;
        told[i - lo] = (int64_t)at;
    }
}

static void tell_numbers(const struct spacing *s, int64_t lo, int64_t hi, double *told)
{
    for (int64_t i = lo; i < hi; i++) {
        int64_t turns = floor_div(i, s->n);
        told[i - lo] = number_at(s, i - turns * s->n) + (double)turns * s->period;
    }
}

/* In this machine's byte order and aligned: where they are, or in room. */
static struct nabla_spacing coordinates_inside(const struct spacing *s, int64_t lo, int64_t hi,
                                               char *room)
{
    int64_t size = (int64_t)nabla_dtype_size(s->dtype), n = hi - lo;
    struct layout from = {.at = (char *)(size_t)s->at + lo * size, .strides = {size}};
    struct layout to = {.at = room, .strides = {size}};
    struct nabla_spacing out = {NABLA_COORDINATES, 0, from.at, s->dtype, n, 0};
    if (!s->swapped && (size_t)s->at % (size_t)size == 0)
        return out;
    arrays_copy(&to, &from, 1, &n, s->dtype, s->swapped);
    out.data = room;
    return out;
}

struct nabla_spacing spacing_around(const struct spacing *s, int64_t lo, int64_t hi, char *room)
{
    struct nabla_spacing out = {.kind = s->kind, .step = s->step};
    if (s->kind == NABLA_STEPS)
        return steps_around(s, lo, hi, room);
    if (s->kind != NABLA_COORDINATES)
        return out;
    if (s->period == 0)
        return coordinates_inside(s, lo, hi, room);
    out = (struct nabla_spacing){NABLA_COORDINATES, 0, room, NABLA_FLOAT64, hi - lo, 0};
    if (spacing_is_counted(s)) {
        out.dtype = NABLA_INT64;
        tell_counts(s, lo, hi, (int64_t *)(void *)room);
    } else {
        tell_numbers(s, lo, hi, (double *)(void *)room);
    }
    return out;
}
