/* numeric/smooth.c -- means over a window that rolls along an axis.
 *     mean = c + (sum of v - c) / n        c: the first value of the window
 * A constant comes out untouched, and an offset costs no precision. Each window is summed anew: the
 * errors of a running sum would add up along the line. Laws: test_smooth.c. */
#include "numeric/derive_array.h"
#include "numeric/fault.h"
#include "numeric/share.h"

#include <math.h>

struct rolling {
    int64_t window, n;
    enum nabla_nan_policy nan;
    enum nabla_dtype in, out;
};

static double value_at(const struct rolling *r, const struct lines *l, int64_t i)
{
    double v;
    elements_load(r->in, l->f + i * l->f_step, 0, 1, &v);
    return v;
}

/* The window [*from, *to] of element i, cut back to its own run of valid values. */
static void cut_to_run(const struct rolling *r, const struct lines *l, int64_t i, int64_t *from,
                       int64_t *to)
{
    int64_t a = i, b = i;
    while (a > *from && !isnan(value_at(r, l, a - 1)))
        a--;
    while (b < *to && !isnan(value_at(r, l, b + 1)))
        b++;
    *from = a;
    *to = b;
}

static double mean_of(const struct rolling *r, const struct lines *l, int64_t from, int64_t to)
{
    double base = 0, sum = 0;
    int64_t n = 0;
    for (int64_t i = from; i <= to; i++) {
        double v = value_at(r, l, i);
        if (isnan(v) && r->nan != NABLA_NAN_PROPAGATE)
            continue;
        base = n == 0 ? v : base;
        n++;
        sum += isinf(base) ? v : v - base;
    }
    if (n == 0)
        return (double)NAN;
    return isinf(base) ? sum : base + sum / (double)n;
}

static double roll(const struct rolling *r, const struct lines *l, int64_t i)
{
    int64_t before = r->window / 2, after = (r->window - 1) / 2;
    int64_t from = i > before ? i - before : 0, to = after < r->n - i ? i + after : r->n - 1;
    if (r->nan == NABLA_NAN_BREAK) {
        if (isnan(value_at(r, l, i)))
            return (double)NAN;
        cut_to_run(r, l, i, &from, &to);
    }
    return mean_of(r, l, from, to);
}

/* Elements that are worth a piece of their own. */
enum { STRETCH = 4096 };

struct means {
    struct rolling rolling;
    struct pair pair;
    int axis;
    int64_t stretches; /* of a line */
};

static void roll_stretch(void *context, int64_t k, int thread)
{
    const struct means *j = context;
    const struct rolling *r = &j->rolling;
    const int64_t from = k % j->stretches * STRETCH,
                  to = from + STRETCH < r->n ? from + STRETCH : r->n;
    struct lines l;
    (void)thread;
    lines_init(&l, &j->pair, j->axis);
    lines_seek(&l, k / j->stretches);
    for (int64_t i = from; i < to; i++) {
        double mean = roll(r, &l, i);
        elements_store(r->out, &mean, 1, l.out + i * l.out_step, 0);
    }
}

enum nabla_status nabla_rolling_mean(const struct nabla_array *f, int axis, int64_t window,
                                     enum nabla_nan_policy nan, int threads,
                                     const struct nabla_array *out, struct nabla_fault *fault)
{
    struct means j;
    struct lines l;
    if (f == NULL)
        return fault_say(fault, NABLA_EINVAL, -1, -1, "f is missing", NULL);
    if (window < 1)
        return fault_say(fault, NABLA_EINVAL, -1, -1, "the window has %i elements: at least 1",
                         FAULT_NUMBERS(window));
    if (nan < NABLA_NAN_PROPAGATE || nan > NABLA_NAN_BREAK)
        return fault_say(fault, NABLA_EINVAL, -1, -1, "the NaN policy is of no known kind", NULL);
    enum nabla_status status = axis_find(f->ndim, axis, 0, &j.axis, fault);
    if (status == NABLA_OK)
        status = pair_init(&j.pair, f, out, -1, fault);
    if (status != NABLA_OK)
        return status;
    j.rolling = (struct rolling){window, f->shape[j.axis], nan, f->dtype, out->dtype};
    j.stretches = (j.rolling.n + STRETCH - 1) / STRETCH;
    lines_init(&l, &j.pair, j.axis);
    share(lines_count(&l) * j.stretches, share_threads(threads, j.pair.out.elements, 8),
          roll_stretch, &j);
    return NABLA_OK;
}
