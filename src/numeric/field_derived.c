/* numeric/field_derived.c -- several results of nabla_derivative's kind: gradient, magnitude, divergence,
 * Laplacian, for any accuracy, boundary and NaN policy.
 * Elsewhere: what outputs must be (field.c), the sweep (field_tiles.c). */
#include "numeric/fault.h"
#include "numeric/field.h"

/* As it was asked for: term i is a derivative of parts[i * stride] along axes[i]. */
struct asked {
    const struct nabla_array *parts;
    int stride; /* 1: a part an axis; 0: one for all */
    const int *axes;
    int n;
    const struct nabla_derivative_options *options;
    int options_n;
};

static struct nabla_derivative_options options_of(const struct asked *s, int i)
{
    static const struct nabla_derivative_options usual;
    return s->options_n > 0 ? s->options[s->options_n == 1 ? 0 : i] : usual;
}

static enum nabla_status check_counts(const struct asked *s, int least, struct nabla_fault *fault)
{
    if (s->n < least || s->n > NABLA_DIMS_MAX)
        return fault_say(fault, NABLA_EAXIS, -1, -1, "there are %i axes, not %i to %i",
                         FAULT_NUMBERS(s->n, least, NABLA_DIMS_MAX));
    if (s->options_n == 0 || (s->options != NULL && (s->options_n == 1 || s->options_n == s->n)))
        return NABLA_OK;
    return fault_say(fault, NABLA_ECOUNT, -1, -1, "there are %i options for %i axes",
                     FAULT_NUMBERS(s->options_n, s->n));
}

/* The axis of term i, which none before it has. */
static enum nabla_status take_axis(const struct asked *s, int i, const struct field *j,
                                   const struct term *terms, int *axis, struct nabla_fault *fault)
{
    enum nabla_status status = axis_find(j->ndim, s->axes ? s->axes[i] : i, i, axis, fault);
    for (int k = 0; status == NABLA_OK && k < i; k++)
        if (terms[k].axis == *axis)
            return fault_say(fault, NABLA_EAXIS, i, -1, "axis %i is named twice",
                             FAULT_NUMBERS(*axis));
    return status;
}

static enum nabla_status take_input(const struct asked *s, int i, struct field *j, struct view *f,
                                    struct nabla_fault *fault)
{
    enum nabla_status status = view_init(f, s->parts + i * s->stride, VIEW_INPUT, fault);
    if (status == NABLA_OK && !dtype_is_derivable(f->dtype))
        status = fault_say(fault, NABLA_EDTYPE, -1, -1,
                           "f is %t: only integers and floats up to float64 are derived here",
                           FAULT_NUMBERS(f->dtype));
    bool same = i == 0 || f->ndim == j->ndim;
    for (int d = 0; status == NABLA_OK && same && i > 0 && d < f->ndim; d++)
        same = f->shape[d] == j->terms[0].f.shape[d];
    if (status == NABLA_OK && !same)
        status = fault_say(fault, NABLA_ELENGTH, -1, -1, "part %i differs from part 0 in its shape",
                           FAULT_NUMBERS(i));
    if (status != NABLA_OK && s->stride > 0 && fault != NULL)
        fault->argument = i; /* "f" of the sentence is this part */
    return status;
}

static enum nabla_status take_term(const struct asked *s, int i, int order, struct field *j,
                                   struct term *terms, struct nabla_fault *fault)
{
    struct nabla_derivative_options o = options_of(s, i);
    struct term *t = &terms[i];
    t->derived = true;
    enum nabla_status status = take_input(s, i, j, &t->f, fault);
    if (status != NABLA_OK)
        return status;
    if (i == 0 && terms == j->terms)
        j->ndim = t->f.ndim;
    if ((status = take_axis(s, i, j, terms, &t->axis, fault)) != NABLA_OK)
        return status;
    const int64_t n = t->f.shape[t->axis];
    for (int d = 0; i == 0 && terms == j->terms && d < j->ndim; d++)
        j->shape[d] = t->f.shape[d];
    if (o.order != 0 && o.order != order)
        return fault_say(fault, NABLA_EINVAL, i, -1, "order is %i: leave it 0, or let it be %i",
                         FAULT_NUMBERS(o.order, order));
    o.order = order;
    if ((status = field_cut(j, t->axis, n, o.halo_before, o.halo_after, i, fault)) != NABLA_OK)
        return status;
    return derivation_init(&t->d, &o, n, j->shape[t->axis], i, fault);
}

/* Terms of one order. The first ones say what shape is wanted. */
static enum nabla_status take_terms(const struct asked *s, int order, struct field *j,
                                    struct term *terms, int *terms_n, struct nabla_fault *fault)
{
    enum nabla_status status = NABLA_OK;
    j->dtype = NABLA_FLOAT64;
    for (int i = 0; i < s->n && status == NABLA_OK; i++) {
        status = take_term(s, i, order, j, terms, fault);
        *terms_n = i + 1;
    }
    return status;
}

static int threads_of(const struct asked *s)
{
    int most = 0;
    for (int i = 0; i < s->options_n && s->options != NULL; i++)
        most = s->options[i].threads > most ? s->options[i].threads : most;
    return most;
}

static enum nabla_status begin(const struct asked *s, int least, void *workspace, size_t bytes,
                               struct field **j, struct nabla_fault *fault)
{
    enum nabla_status status = check_counts(s, least, fault);
    return status == NABLA_OK ? field_init(j, workspace, bytes, threads_of(s), fault) : status;
}

enum nabla_status nabla_derivative_field(const struct nabla_array *f, const int *axes, int axes_n,
                                         const struct nabla_derivative_options *options,
                                         int options_n, const struct nabla_field *out,
                                         void *workspace, size_t workspace_bytes,
                                         struct nabla_fault *fault)
{
    struct field *j;
    if (f == NULL || out == NULL)
        return fault_say(fault, NABLA_EINVAL, -1, -1, "f, or what is wanted, is missing", NULL);
    struct asked s = {f, 0, axes, axes ? axes_n : f->ndim, options, options_n};
    enum nabla_status status = begin(&s, 1, workspace, workspace_bytes, &j, fault);
    if (status != NABLA_OK)
        return status;
    if ((status = take_terms(&s, 1, j, j->terms, &j->terms_n, fault)) != NABLA_OK)
        return status;
    for (int i = 0; i < options_n && out->laplacian != NULL; i++)
        if (options[i].order != 0)
            return fault_say(fault, NABLA_EINVAL, i, -1,
                             "order is %i: leave it 0 where the Laplacian is wanted, too",
                             FAULT_NUMBERS(options[i].order));
    if (out->laplacian != NULL)
        status = take_terms(&s, 2, j, j->seconds, &j->seconds_n, fault);
    if (status == NABLA_OK)
        status = field_outputs(j, out, true, fault);
    if (status == NABLA_OK)
        field_run(j);
    return status;
}

static enum nabla_status sum(const struct asked *s, int order, const struct nabla_array *out,
                             void *workspace, size_t bytes, struct nabla_fault *fault)
{
    struct field *j;
    enum nabla_status status = begin(s, 1, workspace, bytes, &j, fault);
    if (status == NABLA_OK)
        status = take_terms(s, order, j, j->terms, &j->terms_n, fault);
    if (status == NABLA_OK)
        status = field_output(j, out, 0, false, &j->sum, fault);
    if (status != NABLA_OK)
        return status;
    j->has_sum = true;
    field_run(j);
    return NABLA_OK;
}

enum nabla_status nabla_divergence(const struct nabla_array *parts, const int *axes, int axes_n,
                                   const struct nabla_derivative_options *options, int options_n,
                                   const struct nabla_array *out, void *workspace,
                                   size_t workspace_bytes, struct nabla_fault *fault)
{
    if (parts == NULL)
        return fault_say(fault, NABLA_EINVAL, -1, -1, "parts are missing", NULL);
    const struct asked s = {parts, 1, axes, axes ? axes_n : parts->ndim, options, options_n};
    return sum(&s, 1, out, workspace, workspace_bytes, fault);
}

enum nabla_status nabla_laplacian(const struct nabla_array *f, const int *axes, int axes_n,
                                  const struct nabla_derivative_options *options, int options_n,
                                  const struct nabla_array *out, void *workspace,
                                  size_t workspace_bytes, struct nabla_fault *fault)
{
    if (f == NULL)
        return fault_say(fault, NABLA_EINVAL, -1, -1, "f is missing", NULL);
    const struct asked s = {f, 0, axes, axes ? axes_n : f->ndim, options, options_n};
    return sum(&s, 2, out, workspace, workspace_bytes, fault);
}
