/* numeric/gradient.c -- numpy.gradient for arrays of any shape, strides and type.
 *
 *     nabla_gradient   call.c, array.c, steps.c   is the call one that can be done?
 *                      scheme.c                     which arithmetic, for each axis
 *                      fused.c                    all axes in one pass, where the layout is plain
 *                      walk.c                     else axis by axis, any layout
 *                      loops.c, kernel_*.c        the arithmetic
 *
 * Laws: nothing is written before everything is checked; axes do not influence each other.
 * Elsewhere: lines of doubles without ceremony (gradient_1d.c). */
#include "numeric/call.h"
#include "numeric/fault.h"
#include "numeric/fused.h"
#include "numeric/walk.h"

static enum nabla_status meets(const struct call *p, const struct nabla_array *out, int k,
                               const struct view *view, struct nabla_fault *fault)
{
    if (view_overlaps_itself(view))
        return fault_say(fault, NABLA_EINVAL, k, -1, "output %i has elements that share memory",
                         FAULT_NUMBERS(k));
    if (view_overlaps(view, &p->f))
        return fault_say(fault, NABLA_EINVAL, k, -1, "output %i overlaps f", FAULT_NUMBERS(k));
    for (int j = 0; j < k; j++) {
        struct view other;
        const enum nabla_status status = view_init(&other, &out[j], j, fault);
        if (status != NABLA_OK)
            return status;
        if (view_overlaps(view, &other))
            return fault_say(fault, NABLA_EINVAL, k, -1, "output %i overlaps output %i",
                             FAULT_NUMBERS(k, j));
    }
    return NABLA_OK;
}

static enum nabla_status check_outputs(const struct call *p, const struct nabla_array *out,
                                       int out_n, struct nabla_fault *fault)
{
    if (out_n != p->axes_n || (out == NULL && out_n > 0))
        return fault_say(fault, NABLA_EINVAL, -1, -1, "%i outputs for %i axes",
                         FAULT_NUMBERS(out == NULL ? 0 : out_n, p->axes_n));
    for (int k = 0; k < out_n; k++) {
        struct view view;
        enum nabla_status status = call_output(p, &out[k], k, &view, fault);
        if (status == NABLA_OK)
            status = meets(p, out, k, &view, fault);
        if (status != NABLA_OK)
            return status;
    }
    return NABLA_OK;
}

static enum nabla_status differentiate(const struct call *p, const struct nabla_array *out, int k,
                                       struct nabla_fault *fault)
{
    struct steps steps;
    struct view view;
    struct scheme axis;
    enum nabla_status status = call_steps(p, k, &steps, fault);
    if (status != NABLA_OK || (status = view_init(&view, &out[k], k, fault)) != NABLA_OK)
        return status;
    if (view.elements == 0)
        return NABLA_OK;
    scheme_init(&axis, p->f.dtype, view.dtype, p->f.shape[p->axes[k]], &steps, p->edge_order,
                p->mode);
    walk_axis(&axis, &p->f, &view, p->axes[k], p->threads);
    return NABLA_OK;
}

enum nabla_status nabla_gradient(const struct nabla_array *f, const struct nabla_options *options,
                                 const struct nabla_array *out, int out_n, void *workspace,
                                 size_t workspace_bytes, struct nabla_fault *fault)
{
    static const struct nabla_options none;
    struct call p;
    (void)workspace;
    (void)workspace_bytes;
    enum nabla_status status = call_init(&p, f, options != NULL ? options : &none, fault);
    if (status == NABLA_OK)
        status = check_outputs(&p, out, out_n, fault);
    if (status == NABLA_OK && fused_gradient(&p, out))
        return NABLA_OK;
    for (int k = 0; status == NABLA_OK && k < out_n; k++)
        status = differentiate(&p, out, k, fault);
    return status;
}

/* Blocks on the stack are all that is needed. */
size_t nabla_gradient_workspace(const struct nabla_array *f, const struct nabla_options *options)
{
    (void)f;
    (void)options;
    return 0;
}
