/* numeric/field.c -- what can be wrong with a call for several results, and those of nabla_gradient's kind.
 * Laws: nothing is written before everything is checked; each result has the bits of the call that computes
 * it alone (test_field.c).
 * Elsewhere: those of nabla_derivative's kind (field_derived.c), the sweep (field_tiles.c). */
#include "numeric/field.h"
#include "numeric/dtype.h"
#include "numeric/fault.h"

#include <string.h>

size_t nabla_field_workspace(void)
{
    return sizeof(struct field_room);
}

enum nabla_status field_init(struct field **out, void *workspace, size_t bytes, int threads,
                             struct nabla_fault *fault)
{
    const size_t wanted = sizeof(struct field_room), rooms = bytes / wanted;
    if (workspace != NULL && (uintptr_t)workspace % _Alignof(struct field_room) != 0)
        return fault_say(fault, NABLA_EINVAL, -1, -1, "the workspace is misaligned", NULL);
    if (workspace == NULL || rooms == 0)
        return fault_say(fault, NABLA_ENOMEM, -1, -1, "the workspace has %i bytes of %i",
                         FAULT_NUMBERS(workspace ? (int64_t)bytes : 0, (int64_t)wanted));
    struct field_room *room = workspace;
    *out = &room->field;
    memset(*out, 0, sizeof **out);
    (*out)->rooms = room;
    (*out)->threads = threads < 2 ? 1 : rooms < (size_t)threads ? (int)rooms : threads;
    return NABLA_OK;
}

enum nabla_status field_cut(struct field *j, int axis, int64_t n, int64_t before, int64_t after,
                            int argument, struct nabla_fault *fault)
{
    if (before < 0 || after < 0 || before > n || after > n - before)
        return fault_say(fault, NABLA_ELENGTH, argument, -1,
                         "halos of %i and %i elements for %i along axis %i",
                         FAULT_NUMBERS(before, after, n, axis));
    j->first[axis] = before;
    j->shape[axis] = n - before - after;
    return NABLA_OK;
}

static enum nabla_status check_shape(const struct field *j, const struct view *v, int who,
                                     struct nabla_fault *fault)
{
    if (v->ndim != j->ndim)
        return fault_say(fault, NABLA_ELENGTH, who, -1, "output %i has %i dimensions; f has %i",
                         FAULT_NUMBERS(who, v->ndim, j->ndim));
    for (int d = 0; d < j->ndim; d++)
        if (v->shape[d] != j->shape[d])
            return fault_say(fault, NABLA_ELENGTH, who, d,
                             "output %i has length %i along axis %i; %i are wanted",
                             FAULT_NUMBERS(who, v->shape[d], d, j->shape[d]));
    return NABLA_OK;
}

/* Against all inputs, and the outputs that were found good before. */
static enum nabla_status check_apart(const struct field *j, const struct view *v, int who,
                                     struct nabla_fault *fault)
{
    bool meets = view_overlaps_itself(v);
    for (int k = 0; k < j->terms_n; k++)
        meets |= view_overlaps(v, &j->terms[k].f);
    for (int k = 0; k < j->seconds_n; k++)
        meets |= view_overlaps(v, &j->seconds[k].f);
    for (int k = 0; k < who && k < j->terms_n && j->keeps_gradient; k++)
        meets |= view_overlaps(v, &j->gradient[k]);
    if (j->has_magnitude && who > j->terms_n)
        meets |= view_overlaps(v, &j->magnitude);
    if (meets)
        return fault_say(fault, NABLA_EINVAL, who, -1,
                         "output %i overlaps f, another output, or itself", FAULT_NUMBERS(who));
    return NABLA_OK;
}

static enum nabla_status check_dtype(const struct field *j, const struct view *v, int who,
                                     bool as_gradient, struct nabla_fault *fault)
{
    const struct term *t = j->terms_n > 0 ? &j->terms[0] : &j->seconds[0];
    const enum nabla_dtype in = t->f.dtype, own = nabla_gradient_dtype(in);
    const bool small =
        in == NABLA_INT8 || in == NABLA_UINT8 || in == NABLA_INT16 || in == NABLA_UINT16;
    const bool real = v->dtype == NABLA_FLOAT32 || v->dtype == NABLA_FLOAT64;
    if (as_gradient ? v->dtype == own || (small && v->dtype == NABLA_FLOAT32) : real)
        return NABLA_OK;
    return as_gradient
               ? fault_say(fault, NABLA_EDTYPE, who, -1, "output %i is %t; the gradient is %t",
                           FAULT_NUMBERS(who, v->dtype, own))
               : fault_say(fault, NABLA_EDTYPE, who, -1,
                           "output %i is %t: float64 or float32 is wanted",
                           FAULT_NUMBERS(who, v->dtype));
}

enum nabla_status field_output(const struct field *j, const struct nabla_array *a, int who,
                               bool as_gradient, struct view *out, struct nabla_fault *fault)
{
    enum nabla_status status = view_init(out, a, who, fault);
    if (status == NABLA_OK)
        status = check_dtype(j, out, who, as_gradient, fault);
    if (status == NABLA_OK)
        status = check_shape(j, out, who, fault);
    if (status == NABLA_OK)
        status = check_apart(j, out, who, fault);
    if (status == NABLA_OK)
        out->shape = j->shape;
    return status;
}

static enum nabla_status check_wanted(const struct field *j, const struct nabla_field *out,
                                      struct nabla_fault *fault)
{
    const struct term *t = j->terms;
    const bool more = out->magnitude != NULL || out->laplacian != NULL;
    if (out->gradient != NULL && out->gradient_n != j->terms_n)
        return fault_say(fault, NABLA_EINVAL, -1, -1, "%i outputs of the gradient for %i axes",
                         FAULT_NUMBERS(out->gradient_n, j->terms_n));
    if (more && j->terms_n == 0)
        return fault_say(fault, NABLA_EAXIS, -1, -1,
                         "magnitude and Laplacian need an axis, and there is none", NULL);
    if (more && !dtype_is_derivable(t->f.dtype))
        return fault_say(fault, NABLA_EDTYPE, -1, -1,
                         "f is %t: only integers and floats up to float64 have these",
                         FAULT_NUMBERS(t->f.dtype));
    return NABLA_OK;
}

enum nabla_status field_outputs(struct field *j, const struct nabla_field *out, bool derived,
                                struct nabla_fault *fault)
{
    const int axes = j->terms_n;
    enum nabla_status status = check_wanted(j, out, fault);
    j->keeps_gradient = out->gradient != NULL;
    for (int k = 0; k < axes && j->keeps_gradient && status == NABLA_OK; k++)
        status = field_output(j, &out->gradient[k], k, !derived, &j->gradient[k], fault);
    if (status == NABLA_OK && out->magnitude != NULL)
        status = field_output(j, out->magnitude, axes, false, &j->magnitude, fault);
    j->has_magnitude = out->magnitude != NULL;
    if (status == NABLA_OK && out->laplacian != NULL)
        status = field_output(j, out->laplacian, axes + 1, false, &j->laplacian, fault);
    j->has_laplacian = out->laplacian != NULL;
    return status;
}

/* ---- of nabla_gradient's kind */

static const struct nabla_spacing *spacing_of(const struct call *call, int k)
{
    static const struct nabla_spacing unit = {.kind = NABLA_UNIT};
    return call->spacing_n == 0 ? &unit : &call->spacing[call->spacing_n > 1 ? k : 0];
}

static enum nabla_status set_term(const struct call *call, int k, const struct nabla_halo *halos,
                                  struct field *j, struct nabla_fault *fault)
{
    struct term *t = &j->terms[k];
    const int64_t n = call->f.shape[call->axes[k]];
    *t = (struct term){
        .f = call->f, .axis = call->axes[k], .edge_order = call->edge_order, .mode = call->mode};
    enum nabla_status status = call_steps(call, k, &t->steps, fault);
    if (status == NABLA_OK && halos != NULL)
        status = field_cut(j, t->axis, n, halos[k].before, halos[k].after, k, fault);
    if (status == NABLA_OK && t->steps.data != NULL)
        t->uneven =
            (halos != NULL && halos[k].uneven) || !nabla_spacing_is_even(spacing_of(call, k), n);
    return status;
}

static enum nabla_status set_second(const struct call *call, int k, struct field *j,
                                    struct nabla_fault *fault)
{
    struct term *t = &j->seconds[k];
    const struct nabla_derivative_options o = {.order = 2, .spacing = *spacing_of(call, k)};
    const int64_t n = call->f.shape[call->axes[k]];
    *t = (struct term){.f = call->f, .axis = call->axes[k], .derived = true};
    return derivation_init(&t->d, &o, n, n, k, fault);
}

/* Terms of a checked call; first and shape are f's, cut by halos. */
static enum nabla_status set_terms(const struct call *call, const struct nabla_halo *halos,
                                   struct field *j, struct nabla_fault *fault)
{
    enum nabla_status status = NABLA_OK;
    j->ndim = call->f.ndim;
    j->dtype = nabla_gradient_dtype(call->f.dtype);
    for (int d = 0; d < j->ndim; d++)
        j->shape[d] = call->f.shape[d];
    for (int k = 0; k < call->axes_n && status == NABLA_OK; k++)
        status = set_term(call, k, halos, j, fault);
    j->terms_n = call->axes_n;
    return status;
}

/* Whole gradients that are kept go straight to their outputs, past the caches where they are large:
 * reading them back for the magnitude costs less than copying tiles. */
static enum nabla_status gradient_first(const struct field *j, const struct nabla_array *f,
                                        const struct nabla_options *options,
                                        const struct nabla_field *out, struct nabla_fault *fault)
{
    enum nabla_status status = nabla_gradient(f, options, out->gradient, out->gradient_n,
                                              j->rooms->scratch, FIELD_SCRATCH, fault);
    if (status == NABLA_OK && j->has_magnitude)
        status = nabla_magnitude(out->gradient, out->gradient_n, j->threads, out->magnitude, fault);
    return status;
}

enum nabla_status nabla_gradient_field(const struct nabla_array *f,
                                       const struct nabla_options *options,
                                       const struct nabla_halo *halos,
                                       const struct nabla_field *out, void *workspace,
                                       size_t workspace_bytes, struct nabla_fault *fault)
{
    static const struct nabla_options none;
    struct call call;
    struct field *j;
    if (out == NULL)
        return fault_say(fault, NABLA_EINVAL, -1, -1, "what is wanted is missing", NULL);
    options = options != NULL ? options : &none;
    enum nabla_status status = call_init(&call, f, options, fault);
    if (status == NABLA_OK)
        status = field_init(&j, workspace, workspace_bytes, options->threads, fault);
    if (status == NABLA_OK)
        status = set_terms(&call, halos, j, fault);
    if (status == NABLA_OK)
        status = field_outputs(j, out, false, fault);
    for (int k = 0; status == NABLA_OK && out->laplacian != NULL && k < call.axes_n;
         k++, j->seconds_n++)
        status = set_second(&call, k, j, fault);
    if (status == NABLA_OK && halos == NULL && j->keeps_gradient && !j->has_laplacian)
        return gradient_first(j, f, options, out, fault);
    if (status == NABLA_OK)
        field_run(j);
    return status;
}

/* The call for part k alone; the others must be like the first. */
static enum nabla_status set_part(const struct nabla_array *part, const struct call *call, int k,
                                  struct field *j, struct nabla_fault *fault)
{
    struct view f;
    enum nabla_status status = view_init(&f, part, VIEW_INPUT, fault);
    bool same = status == NABLA_OK && f.ndim == j->ndim && f.dtype == call->f.dtype;
    for (int d = 0; same && d < j->ndim; d++)
        same = f.shape[d] == call->f.shape[d];
    if (status == NABLA_OK && !same)
        return fault_say(fault, f.dtype == call->f.dtype ? NABLA_ELENGTH : NABLA_EDTYPE, k, -1,
                         "part %i differs from part 0 in its shape or dtype", FAULT_NUMBERS(k));
    if (status != NABLA_OK && fault != NULL)
        fault->argument = k; /* "f" of the sentence is this part */
    j->terms[k].f = f;
    return status;
}

enum nabla_status nabla_gradient_divergence(const struct nabla_array *parts,
                                            const struct nabla_options *options,
                                            const struct nabla_halo *halos,
                                            const struct nabla_array *out, void *workspace,
                                            size_t workspace_bytes, struct nabla_fault *fault)
{
    static const struct nabla_options none;
    struct call call;
    struct field *j;
    options = options != NULL ? options : &none;
    enum nabla_status status = call_init(&call, parts, options, fault);
    if (status == NABLA_OK && call.axes_n == 0)
        return fault_say(fault, NABLA_EAXIS, -1, -1, "there are 0 axes to sum over", NULL);
    if (status == NABLA_OK && !dtype_is_derivable(call.f.dtype))
        return fault_say(fault, NABLA_EDTYPE, 0, -1,
                         "part 0 is %t: only integers and floats up to float64 are summed",
                         FAULT_NUMBERS(call.f.dtype));
    if (status == NABLA_OK)
        status = field_init(&j, workspace, workspace_bytes, options->threads, fault);
    if (status == NABLA_OK)
        status = set_terms(&call, halos, j, fault);
    for (int k = 0; status == NABLA_OK && k < call.axes_n; k++)
        status = set_part(&parts[k], &call, k, j, fault);
    if (status == NABLA_OK)
        status = field_output(j, out, 0, false, &j->sum, fault);
    if (status != NABLA_OK)
        return status;
    j->has_sum = true;
    field_run(j);
    return NABLA_OK;
}

int nabla_spacing_is_even(const struct nabla_spacing *spacing, int64_t n)
{
    struct steps steps;
    long double step;
    if (steps_init(&steps, spacing, n, NABLA_NUMPY, 0, NULL) != NABLA_OK)
        return 0;
    return steps.data == NULL || steps_are_even(&steps, n - 1, &step);
}
