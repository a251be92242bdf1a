/* numeric/steps.c -- coordinates and steps to differences.
 *     coordinates   x0    x1       x2   x3         int64 1.7e18: differenced before they are rounded
 *     steps            d0     d1     d2
 * Laws: the differences of coordinates, given as steps, are the same steps. */
#include "numeric/steps.h"
#include "numeric/dtype.h"
#include "numeric/fault.h"
#include "numeric/half.h"

#include <math.h>

static enum nabla_status check_vector(const struct nabla_spacing *given, int64_t n, int argument,
                                      struct nabla_fault *fault)
{
    const bool steps = given->kind == NABLA_STEPS;
    if (given->n != n - steps)
        return fault_say(
            fault, NABLA_ELENGTH, argument, -1,
            steps ? "spacing %i has %i steps for an axis of %i elements; one fewer is needed"
                  : "spacing %i has %i coordinates for an axis of %i elements",
            FAULT_NUMBERS(argument, given->n, n));
    if (n < 2)
        return fault_say(fault, NABLA_ESMALL, argument, -1,
                         "spacing %i is for an axis of %i elements; at least 2 are needed",
                         FAULT_NUMBERS(argument, n));
    if (!dtype_is_known(given->dtype) || given->dtype == NABLA_BOOL ||
        dtype_is_complex(given->dtype) || (steps && given->dtype == NABLA_DATETIME64))
        return fault_say(fault, NABLA_EDTYPE, argument, -1,
                         "spacing %i is of %t, which is no %i-d length",
                         FAULT_NUMBERS(argument, given->dtype, 1));
    if (given->data == NULL)
        return fault_say(fault, NABLA_EINVAL, argument, -1, "spacing %i has no data",
                         FAULT_NUMBERS(argument));
    const int64_t alignment = (int64_t)dtype_alignment(given->dtype);
    if ((intptr_t)given->data % alignment != 0 || given->stride % alignment != 0)
        return fault_say(fault, NABLA_EINVAL, argument, -1,
                         "spacing %i is misaligned: %t needs %i bytes",
                         FAULT_NUMBERS(argument, given->dtype, alignment));
    return NABLA_OK;
}

static bool counts_of_64_bits(enum nabla_dtype dtype)
{
    return dtype_is_time(dtype) || dtype == NABLA_INT64 || dtype == NABLA_UINT64;
}

enum nabla_status steps_init(struct steps *s, const struct nabla_spacing *given, int64_t n,
                             enum nabla_mode mode, int argument, struct nabla_fault *fault)
{
    *s = (struct steps){.precision = RUN_DOUBLE, .weak = true, .step = 1};
    if (given == NULL || given->kind == NABLA_UNIT)
        return NABLA_OK;
    if (given->kind == NABLA_STEP) {
        s->step = given->step;
        return NABLA_OK;
    }
    if (given->kind != NABLA_COORDINATES && given->kind != NABLA_STEPS)
        return fault_say(fault, NABLA_EINVAL, argument, -1,
                         "spacing %i is of kind %i, which is none",
                         FAULT_NUMBERS(argument, given->kind));
    const enum nabla_status status = check_vector(given, n, argument, fault);
    if (status != NABLA_OK)
        return status;
    const bool are_steps = given->kind == NABLA_STEPS;
    *s = (struct steps){
        .precision = run_precision(run_of(given->dtype)),
        .data = given->data,
        .dtype = given->dtype,
        .stride = given->stride != 0 ? given->stride : (int64_t)nabla_dtype_size(given->dtype),
        .are_steps = are_steps,
        .exact = !are_steps && (given->dtype == NABLA_DATETIME64 ||
                                (mode == NABLA_ACCURATE && counts_of_64_bits(given->dtype))),
    };
    return NABLA_OK;
}

/* b - a with all of its 65 bits, then rounded. */
static double integer_step(const struct steps *s, const char *a, const char *b)
{
    const int64_t from = *(const int64_t *)(const void *)a, to = *(const int64_t *)(const void *)b;
    if (dtype_is_time(s->dtype) && (from == INT64_MIN || to == INT64_MIN))
        return (double)NAN;
    const bool up = s->dtype == NABLA_UINT64 ? (uint64_t)to >= (uint64_t)from : to >= from;
    return up ? (double)((uint64_t)to - (uint64_t)from) : -(double)((uint64_t)from - (uint64_t)to);
}

static const void *integer_steps(const struct steps *s, const char *x, size_t n,
                                 union block *buffer)
{
    for (size_t i = 0; i < n; i++, x += s->stride)
        buffer->d[i] = integer_step(s, x, x + s->stride);
    return buffer;
}

#define DIFFERENCES(number, round)                                                                 \
    for (size_t i = 0; i < n; i++)                                                                 \
    ((number *)to)[i] = round(((const number *)from)[i + 1] - ((const number *)from)[i])

/* In place is fine: what is written has been read. */
static void differentiate(enum run precision, const void *from, size_t n, void *to)
{
    switch (precision) {
    case RUN_HALF: DIFFERENCES(float, half_round); break;
    case RUN_FLOAT: DIFFERENCES(float, ); break;
    case RUN_DOUBLE: DIFFERENCES(double, ); break;
    default: DIFFERENCES(long double, ); break;
    }
}

const void *steps_read(const struct steps *s, int64_t first, size_t n, union block *buffer)
{
    const char *x = s->data + first * s->stride;
    if (s->exact)
        return integer_steps(s, x, n, buffer);
    if (s->are_steps)
        return run_load(s->precision, x, s->dtype, s->stride, n, buffer);
    differentiate(s->precision, run_load(s->precision, x, s->dtype, s->stride, n + 1, buffer), n,
                  buffer);
    return buffer;
}

static long double number_at(enum run precision, const void *numbers, size_t i)
{
    switch (precision) {
    case RUN_HALF:
    case RUN_FLOAT: return ((const float *)numbers)[i];
    case RUN_DOUBLE: return ((const double *)numbers)[i];
    default: return ((const long double *)numbers)[i];
    }
}

static bool all_are(enum run precision, const void *numbers, size_t n, long double step)
{
    if (precision == RUN_DOUBLE) { /* the common one without long doubles */
        const double *d = numbers, s = (double)step;
        bool same = true;
        for (size_t i = 0; i < n; i++)
            same &= d[i] == s;
        return same;
    }
    for (size_t i = 0; i < n; i++)
        if (number_at(precision, numbers, i) != step)
            return false;
    return true;
}

bool steps_are_even(const struct steps *s, int64_t n, long double *step)
{
    union block buffer;
    *step = number_at(s->precision, steps_read(s, 0, 1, &buffer), 0);
    for (int64_t first = 0; first < n; first += BLOCK) {
        const size_t some = n - first < BLOCK ? (size_t)(n - first) : BLOCK;
        if (!all_are(s->precision, steps_read(s, first, some, &buffer), some, *step))
            return false;
    }
    return true;
}
