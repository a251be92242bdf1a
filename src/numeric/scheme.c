/* numeric/scheme.c -- which arithmetic an axis gets.
 *
 *     run         the data's own type (integers: double, or float on request)
 *     precision   numpy's promotion of that and of the steps' type; a plain number takes the data's
 *     accurate    data are first widened to the precision, 64-bit integers to long double
 *
 * Laws: numpy mode treats coordinates with equal steps as one step, as numpy does; accurate mode never
 * does, so that a change of one coordinate in its last bit changes little.
 * Elsewhere: walking over the array (walk.c). */
#include "numeric/scheme.h"
#include "numeric/dtype.h"

#include <string.h>

static enum run higher(enum run a, enum run b)
{
    return a > b ? a : b;
}

static enum run run_for(enum nabla_dtype in, enum nabla_dtype out, enum nabla_mode mode)
{
    if (dtype_is_integer(in) && out == NABLA_FLOAT32)
        return RUN_FLOAT;
    if (mode == NABLA_ACCURATE && (in == NABLA_INT64 || in == NABLA_UINT64))
        return RUN_LONG;
    if (mode == NABLA_ACCURATE && in == NABLA_FLOAT16)
        return RUN_FLOAT;
    return run_of(in);
}

static void choose_precision(struct scheme *a, const struct steps *s, enum nabla_mode mode)
{
    a->precision = run_precision(a->run);
    if (!s->weak && a->run != RUN_TIME)
        a->precision = higher(a->precision, s->precision);
    if (mode == NABLA_ACCURATE && a->run <= RUN_LONG)
        a->run = a->precision;
    a->loops = loops_for(a->run, a->precision);
    a->difference = a->loops->difference;
    a->parts = 1;
    if (mode == NABLA_ACCURATE && dtype_is_complex(a->in)) {
        a->difference = loops_for(run_precision(a->run), a->precision)->difference;
        a->parts = 2;
    }
}

static void choose_kernels(struct scheme *a)
{
    const bool plain = a->run == RUN_FLOAT || a->run == RUN_DOUBLE;
    /* kernels compute in the type of the output: never in less than the run's precision */
    const bool exact = a->precision == a->run && run_of(a->out) == a->run;
    a->kernels = plain && exact ? kernels_best() : NULL;
}

static void *number_in(const struct scheme *a, union numbers *numbers, size_t i)
{
    return (char *)numbers + i * run_size(a->precision);
}

static void set_even(struct scheme *a, enum run spacing, long double step)
{
    parabola_even(spacing, step, &a->plain);
    run_number(a->precision, a->plain.twice, &a->twice);
    run_number(a->precision, a->plain.once, &a->once);
    for (size_t i = 0; i < 3; i++) {
        run_number(a->precision, a->divided ? step : a->plain.first[i], number_in(a, &a->first, i));
        run_number(a->precision, a->divided ? step : a->plain.last[i], number_in(a, &a->last, i));
    }
}

void scheme_init(struct scheme *a, enum nabla_dtype in, enum nabla_dtype out, int64_t n,
                 const struct steps *s, int edge_order, enum nabla_mode mode)
{
    long double step = s->step;
    a->in = in;
    a->out = out;
    a->n = n;
    a->edge_order = edge_order;
    a->run = run_for(in, out, mode);
    a->divided = mode == NABLA_ACCURATE || a->run == RUN_TIME;
    a->steps = *s;
    a->even = s->data == NULL || (mode == NABLA_NUMPY && steps_are_even(s, n - 1, &step));
    choose_precision(a, s, mode);
    choose_kernels(a);
    if (a->even)
        set_even(a, s->precision, step);
}

void scheme_step(const struct scheme *a, int64_t i, union number *out)
{
    union block read, widened;
    const void *step = steps_read(&a->steps, i, 1, &read);
    step = run_widen(a->precision, a->steps.precision, step, 1, &widened);
    memcpy(out, step, run_size(a->precision));
}

void scheme_steps(const struct scheme *a, int64_t i, union numbers *out)
{
    union block read, widened;
    const void *steps = steps_read(&a->steps, i - 1, 2, &read);
    const void *wide = run_widen(a->precision, a->steps.precision, steps, 2, &widened);
    memcpy(out, wide, 2 * run_size(a->precision));
}

void scheme_weights(const struct scheme *a, enum place place, int64_t i, union numbers *out)
{
    union block read, widened;
    union numbers narrow;
    const size_t size = run_size(a->steps.precision);
    char *to = (char *)&narrow;
    parabola_weights(a->steps.precision, place, steps_read(&a->steps, i - 1, 2, &read), 1, to,
                     to + size, to + 2 * size);
    memcpy(out, run_widen(a->precision, a->steps.precision, &narrow, 3, &widened),
           3 * run_size(a->precision));
}

bool scheme_has_plain_coordinates(const struct scheme *a)
{
    const struct steps *s = &a->steps;
    return a->kernels != NULL && !s->are_steps && !s->exact && s->dtype == a->out &&
           s->stride == (int64_t)nabla_dtype_size(a->out);
}

double scheme_double(const struct scheme *a, const void *numbers, size_t i)
{
    return a->precision == RUN_FLOAT ? (double)((const float *)numbers)[i]
                                     : ((const double *)numbers)[i];
}
