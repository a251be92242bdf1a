/* numeric/call.c -- what can be wrong with a call, before anything is written.
 * The order is numpy's: axes, the number of spacings, their lengths, edge order, sizes; types last.
 * Laws: only axes that were asked for are judged: others may have any length.
 * Elsewhere: single arrays (array.c), single spacings (steps.c). */
#include "numeric/call.h"
#include "numeric/dtype.h"
#include "numeric/fault.h"

static enum nabla_status take_axis(struct call *p, int k, int axis, struct nabla_fault *fault)
{
    const int ndim = p->f.ndim, from_first = axis < 0 ? axis + ndim : axis;
    if (from_first < 0 || from_first >= ndim)
        return fault_say(fault, NABLA_EAXIS, k, -1,
                         "axis %i is out of bounds for an array of dimension %i",
                         FAULT_NUMBERS(axis, ndim));
    for (int j = 0; j < k; j++)
        if (p->axes[j] == from_first)
            return fault_say(fault, NABLA_EAXIS, k, -1,
                             "axis %i is named twice: at positions %i and %i",
                             FAULT_NUMBERS(from_first, j, k));
    p->axes[k] = from_first;
    return NABLA_OK;
}

static enum nabla_status take_axes(struct call *p, const struct nabla_options *o,
                                   struct nabla_fault *fault)
{
    const bool all = o->axes == NULL && o->axes_n == 0;
    p->axes_n = all ? p->f.ndim : o->axes_n;
    if (p->axes_n < 0 || (o->axes == NULL && !all))
        return fault_say(fault, NABLA_EINVAL, -1, -1, "%i axes are announced, and none is given",
                         FAULT_NUMBERS(o->axes_n));
    if (p->axes_n > p->f.ndim) /* one of the first ndim + 1 is out of bounds or named twice */
        p->axes_n = p->f.ndim + 1;
    for (int k = 0; k < p->axes_n; k++) {
        const enum nabla_status status = take_axis(p, k, all ? k : o->axes[k], fault);
        if (status != NABLA_OK)
            return status;
    }
    return NABLA_OK;
}

static enum nabla_status take_spacing(struct call *p, const struct nabla_options *o,
                                      struct nabla_fault *fault)
{
    p->spacing = o->spacing;
    p->spacing_n = o->spacing_n;
    if (o->spacing_n < 0 || (o->spacing_n > 0 && o->spacing == NULL))
        return fault_say(fault, NABLA_EINVAL, -1, -1,
                         "%i spacings are announced, and none is given",
                         FAULT_NUMBERS(o->spacing_n));
    if (o->spacing_n == 0 || o->spacing_n == p->axes_n)
        return NABLA_OK;
    if (o->spacing_n > 1)
        return fault_say(fault, NABLA_ECOUNT, -1, -1,
                         "%i spacings for %i axes: give none, one for all, or one for each",
                         FAULT_NUMBERS(o->spacing_n, p->axes_n));
    if (o->spacing->kind != NABLA_UNIT && o->spacing->kind != NABLA_STEP)
        return fault_say(fault, NABLA_ECOUNT, 0, -1,
                         "spacing 0 is a vector, which cannot serve %i axes: give one for each",
                         FAULT_NUMBERS(p->axes_n));
    return NABLA_OK;
}

enum nabla_status call_steps(const struct call *p, int k, struct steps *out,
                             struct nabla_fault *fault)
{
    const int which = p->spacing_n > 1 ? k : 0;
    const struct nabla_spacing *given = p->spacing_n > 0 ? &p->spacing[which] : NULL;
    return steps_init(out, given, p->f.shape[p->axes[k]], p->mode, which, fault);
}

static enum nabla_status check_spacing(const struct call *p, struct nabla_fault *fault)
{
    for (int k = 0; k < p->axes_n; k++) {
        struct steps unused;
        const enum nabla_status status = call_steps(p, k, &unused, fault);
        if (status != NABLA_OK)
            return status;
    }
    return NABLA_OK;
}

static enum nabla_status take_manner(struct call *p, const struct nabla_options *o,
                                     struct nabla_fault *fault)
{
    p->edge_order = o->edge_order == 0 ? 1 : o->edge_order;
    p->mode = o->mode;
    p->threads = o->threads < 1 ? 1 : o->threads;
    if (p->edge_order < 1 || p->edge_order > 2)
        return fault_say(fault, NABLA_EINVAL, -1, -1, "edge_order is %i; it must be 1 or 2",
                         FAULT_NUMBERS(o->edge_order));
    if (p->mode != NABLA_NUMPY && p->mode != NABLA_ACCURATE)
        return fault_say(fault, NABLA_EINVAL, -1, -1, "mode is %i, which is none",
                         FAULT_NUMBERS((int64_t)p->mode));
    if (o->threads < 0)
        return fault_say(fault, NABLA_EINVAL, -1, -1, "threads is %i; it must not be negative",
                         FAULT_NUMBERS(o->threads));
    return NABLA_OK;
}

static enum nabla_status check_sizes(const struct call *p, struct nabla_fault *fault)
{
    for (int k = 0; k < p->axes_n; k++) {
        const int64_t n = p->f.shape[p->axes[k]];
        if (n <= p->edge_order)
            return fault_say(fault, NABLA_ESMALL, k, p->axes[k],
                             "axis %i has %i elements; edge_order %i needs at least %i",
                             FAULT_NUMBERS(p->axes[k], n, p->edge_order, p->edge_order + 1));
    }
    return NABLA_OK;
}

enum nabla_status call_init(struct call *p, const struct nabla_array *f,
                            const struct nabla_options *options, struct nabla_fault *fault)
{
    enum nabla_status status;
    p->mode = options->mode;
    if ((status = view_init(&p->f, f, VIEW_INPUT, fault)) != NABLA_OK ||
        (status = take_axes(p, options, fault)) != NABLA_OK ||
        (status = take_spacing(p, options, fault)) != NABLA_OK ||
        (status = check_spacing(p, fault)) != NABLA_OK ||
        (status = take_manner(p, options, fault)) != NABLA_OK ||
        (status = check_sizes(p, fault)) != NABLA_OK)
        return status;
    if (nabla_gradient_dtype(f->dtype) == NABLA_DTYPE_COUNT)
        return fault_say(fault, NABLA_EDTYPE, -1, -1, "f is %t, which has no differences",
                         FAULT_NUMBERS(f->dtype));
    return NABLA_OK;
}

/* float32 holds every difference of 8- and 16-bit integers exactly. */
static bool may_be(enum nabla_dtype out, enum nabla_dtype f)
{
    return out == nabla_gradient_dtype(f) ||
           (out == NABLA_FLOAT32 && dtype_is_integer(f) && nabla_dtype_size(f) <= 2);
}

enum nabla_status call_output(const struct call *p, const struct nabla_array *out, int k,
                              struct view *view, struct nabla_fault *fault)
{
    const enum nabla_status status = view_init(view, out, k, fault);
    if (status != NABLA_OK)
        return status;
    if (!may_be(out->dtype, p->f.dtype))
        return fault_say(
            fault, NABLA_EDTYPE, k, -1, "output %i is %t; the gradient of %t is %t",
            FAULT_NUMBERS(k, out->dtype, p->f.dtype, nabla_gradient_dtype(p->f.dtype)));
    if (out->ndim != p->f.ndim)
        return fault_say(fault, NABLA_ELENGTH, k, -1, "output %i has %i dimensions; f has %i",
                         FAULT_NUMBERS(k, out->ndim, p->f.ndim));
    for (int d = 0; d < out->ndim; d++)
        if (out->shape[d] != p->f.shape[d])
            return fault_say(fault, NABLA_ELENGTH, k, d,
                             "output %i has length %i along axis %i; f has %i",
                             FAULT_NUMBERS(k, out->shape[d], d, p->f.shape[d]));
    return NABLA_OK;
}
