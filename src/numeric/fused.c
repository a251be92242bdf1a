/* numeric/fused.c -- is a call one for kernel_sweep.c, and with which numbers?
 *
 *     f of 7 x 5 x 4 x 6, axes 0 and 2        seen as    7 x 5 x 24  no: axis 2 is inside
 *     f of 7 x 5 x 4 x 6, axes 1 and 3        seen as    35 x .. no: four groups
 *     f of 5 x 4 x 6, axes 0 and 2            seen as    5 x 4 x 6
 *     f of 5 x 4 x 6, axis 1                  seen as    5 x 4 x 6, outer and inner not wanted
 *
 * A sweep sees three dimensions of memory in C order without gaps; Fortran order is C order with the
 * dimensions turned round. An axis that is asked for is one of
 * them, axes side by side that are not are one together. Every axis needs kernels; uneven ones, weights.
 * Laws: the bits are walk.c's, which does all that is refused here. */
#include "numeric/fused.h"
#include "numeric/kernel_sweep.h"
#include "numeric/scheme.h"

#include <string.h>

/* The dimensions by falling stride: C order keeps theirs, Fortran order turns them round. */
static void order_by_stride(const struct view *v, int order[NABLA_DIMS_MAX])
{
    for (int k = 0; k < v->ndim; k++) {
        int at = k;
        for (; at > 0 && v->strides[order[at - 1]] < v->strides[k]; at--)
            order[at] = order[at - 1];
        order[at] = k;
    }
}

/* Without gaps in that order? A dimension of one element has no stride to speak of. */
static bool is_packed(const struct view *v, const int order[NABLA_DIMS_MAX])
{
    int64_t bytes = (int64_t)nabla_dtype_size(v->dtype);
    for (int k = v->ndim - 1; k >= 0; k--) {
        const int d = order[k];
        if (v->shape[d] > 1 && v->strides[d] != bytes)
            return false;
        bytes *= v->shape[d];
    }
    return true;
}

/* Which of the call's axes dimension d is; -1: none. */
static int position_of(const struct call *call, int d)
{
    for (int k = 0; k < call->axes_n; k++)
        if (call->axes[k] == d)
            return k;
    return -1;
}

/* Groups dimensions from the last; position[i] says which axis of the call group i is. False if three are
 * not enough. */
static bool group(const struct call *call, const int order[NABLA_DIMS_MAX], size_t n[3],
                  int position[3])
{
    int at = 3;
    bool open = false; /* the group at may take another dimension that is not wanted */
    for (int d = call->f.ndim - 1; d >= 0; d--) {
        const int k = position_of(call, order[d]);
        const size_t length = (size_t)call->f.shape[order[d]];
        if (k < 0 && (open || length == 1)) {
            if (open)
                n[at] *= length;
            continue;
        }
        if (--at < 0)
            return false;
        n[at] = length;
        position[at] = k;
        open = k < 0;
    }
    while (--at >= 0) {
        n[at] = 1;
        position[at] = -1;
    }
    return true;
}

static bool suits(const struct scheme *a)
{
    return a->kernels != NULL && !(a->divided && (a->edge_order == 2 || !a->even));
}

static void set_even(const struct scheme *a, struct sweep_axis *s)
{
    s->divisor = scheme_double(a, &a->twice, 0);
    s->edge_divisor[0] = s->edge_divisor[1] = scheme_double(a, &a->once, 0);
    for (size_t i = 0; i < 3; i++) {
        s->edge_weights[0][i] = scheme_double(a, &a->first, i);
        s->edge_weights[1][i] = scheme_double(a, &a->last, i);
    }
}

/* sweep_axis.weigh, block by block. */
static void weigh(const void *spacing, size_t i, size_t n, void *const w[3])
{
    const struct scheme *a = spacing;
    const size_t bytes = run_size(a->precision);
    for (size_t done = 0; done < n;) {
        const size_t some = n - done < BLOCK ? n - done : BLOCK;
        union block read, narrow[3], wide;
        const void *d = steps_read(&a->steps, (int64_t)(i + done) - 1, some + 1, &read);
        parabola_weights(a->steps.precision, PLACE_MIDDLE, d, some, &narrow[0], &narrow[1],
                         &narrow[2]);
        for (int k = 0; k < 3; k++)
            memcpy((char *)w[k] + done * bytes,
                   run_widen(a->precision, a->steps.precision, &narrow[k], some, &wide),
                   some * bytes);
        done += some;
    }
}

static void set_uneven(const struct scheme *a, bool innermost, struct sweep_axis *s)
{
    s->coordinates = innermost && scheme_has_plain_coordinates(a) ? a->steps.data : NULL;
    s->weigh = weigh;
    s->spacing = a;
    for (int end = 0; end < 2; end++) {
        union number step;
        union numbers weights;
        scheme_step(a, end == 0 ? 0 : a->n - 2, &step);
        s->edge_divisor[end] = scheme_double(a, &step, 0);
        if (a->edge_order == 1)
            continue;
        scheme_weights(a, end == 0 ? PLACE_FIRST : PLACE_LAST, end == 0 ? 1 : a->n - 2, &weights);
        for (size_t i = 0; i < 3; i++)
            s->edge_weights[end][i] = scheme_double(a, &weights, i);
    }
}

static bool set_axis(const struct call *call, const struct nabla_array *out,
                     const int order[NABLA_DIMS_MAX], int k, bool innermost, struct scheme *a,
                     struct sweep_axis *s)
{
    struct steps steps;
    struct view view;
    if (out[k].dtype != out[0].dtype || call_steps(call, k, &steps, NULL) != NABLA_OK ||
        view_init(&view, &out[k], k, NULL) != NABLA_OK || !is_packed(&view, order))
        return false;
    scheme_init(a, call->f.dtype, view.dtype, call->f.shape[call->axes[k]], &steps,
                call->edge_order, call->mode);
    if (!suits(a))
        return false;
    s->out = view.data;
    if (a->even)
        set_even(a, s);
    else
        set_uneven(a, innermost, s);
    return true;
}

bool fused_gradient(const struct call *call, const struct nabla_array *out)
{
    struct sweep s = {.in = call->f.dtype, .f = call->f.data, .edge_order = call->edge_order};
    struct scheme schemes[3];
    int position[3], order[NABLA_DIMS_MAX];
    order_by_stride(&call->f, order);
    if (call->f.elements == 0 || call->axes_n == 0 || call->axes_n > 3 ||
        !is_packed(&call->f, order) || !group(call, order, s.n, position))
        return false;
    for (int i = 0; i < 3; i++)
        if (position[i] >= 0 &&
            !set_axis(call, out, order, position[i], i == 2, &schemes[i], &s.axis[i]))
            return false;
    const size_t bytes =
        (size_t)call->f.elements * nabla_dtype_size(out->dtype) * (size_t)call->axes_n;
    s.kernels = kernels_best();
    s.out = out->dtype;
    s.store = bytes >= SWEEP_STREAM_BYTES ? STORE_STREAMED : STORE_CACHED;
    s.threads = bytes >= SWEEP_THREADS_BYTES ? call->threads : 1;
    return sweep_run(&s);
}
