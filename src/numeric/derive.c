/* numeric/derive.c -- derivatives of any order along an axis, and sums of them over axes. All is
 * checked before anything is written. Elsewhere: numpy's gradient, faster and of order 1 only. */
#include "numeric/derive.h"
#include "numeric/fault.h"

size_t nabla_derivative_workspace(void)
{
    return sizeof(struct derive_room);
}

static enum nabla_status check_room(const void *workspace, size_t bytes, struct nabla_fault *fault)
{
    size_t wanted = sizeof(struct derive_room);
    if (workspace != NULL && (uintptr_t)workspace % _Alignof(struct derive_room) != 0)
        return fault_say(fault, NABLA_EINVAL, -1, -1, "the workspace is misaligned", NULL);
    if (workspace != NULL && bytes >= wanted)
        return NABLA_OK;
    return fault_say(fault, NABLA_ENOMEM, -1, -1, "the workspace has %i bytes of %i",
                     FAULT_NUMBERS(workspace ? (int64_t)bytes : 0, (int64_t)wanted));
}

static enum nabla_status check_halo(const struct nabla_derivative_options *o, int64_t n,
                                    int64_t count, struct nabla_fault *fault)
{
    if (o->halo_before < 0 || o->halo_after < 0 || o->halo_before > n ||
        o->halo_after > n - o->halo_before || n - o->halo_before - o->halo_after != count)
        return fault_say(fault, NABLA_ELENGTH, 0, -1,
                         "output 0 has %i elements along the axis, f has %i, halos included",
                         FAULT_NUMBERS(count, n));
    return NABLA_OK;
}

enum nabla_status nabla_derivative(const struct nabla_array *f, int axis,
                                   const struct nabla_derivative_options *options,
                                   const struct nabla_array *out, void *workspace,
                                   size_t workspace_bytes, struct nabla_fault *fault)
{
    static const struct nabla_derivative_options usual = {0};
    struct derivation d;
    struct pair pair;
    int along;
    if (f == NULL)
        return fault_say(fault, NABLA_EINVAL, -1, -1, "f is missing", NULL);
    options = options ? options : &usual;
    enum nabla_status status = axis_find(f->ndim, axis, 0, &along, fault);
    if (status == NABLA_OK)
        status = pair_init(&pair, f, out, along, fault);
    if (status == NABLA_OK)
        status = check_halo(options, f->shape[along], out->shape[along], fault);
    if (status == NABLA_OK)
        status = derivation_init(&d, options, f->shape[along], out->shape[along], 0, fault);
    if (status == NABLA_OK)
        status = check_room(workspace, workspace_bytes, fault);
    if (status == NABLA_OK)
        derivation_run(&d, &pair, along, false, workspace);
    return status;
}

/* A sum over axes, as it was asked for: part i of it is the derivative of parts[i * stride]. */
struct sum {
    const struct nabla_array *parts, *out;
    int stride; /* 1: a part an axis; 0: one for all */
    const int *axes;
    int n;
    const struct nabla_derivative_options *options;
    int options_n;
    int order;
};

static enum nabla_status prepare_term(const struct sum *s, int i, struct derivation *d,
                                      struct pair *pair, int *along, struct nabla_fault *fault)
{
    struct nabla_derivative_options o = {0};
    const struct nabla_array *f = s->parts + i * s->stride;
    enum nabla_status status = axis_find(f->ndim, s->axes ? s->axes[i] : i, i, along, fault);
    if (status != NABLA_OK)
        return status;
    if (s->options_n > 0)
        o = s->options[s->options_n == 1 ? 0 : i];
    if (o.order != 0 && o.order != s->order)
        return fault_say(fault, NABLA_EINVAL, i, -1, "order is %i: leave it 0, or let it be %i",
                         FAULT_NUMBERS(o.order, s->order));
    if (o.halo_before != 0 || o.halo_after != 0)
        return fault_say(fault, NABLA_EINVAL, i, -1, "a sum over axes takes no halos", NULL);
    o.order = s->order;
    if ((status = pair_init(pair, f, s->out, -1, fault)) != NABLA_OK)
        return status;
    return derivation_init(d, &o, f->shape[*along], f->shape[*along], i, fault);
}

static enum nabla_status check_counts(const struct sum *s, struct nabla_fault *fault)
{
    if (s->n < 1 || s->n > NABLA_DIMS_MAX)
        return fault_say(fault, NABLA_EAXIS, -1, -1, "there are %i axes to sum over, not 1 to %i",
                         FAULT_NUMBERS(s->n, NABLA_DIMS_MAX));
    if (s->options_n == 0 || (s->options != NULL && (s->options_n == 1 || s->options_n == s->n)))
        return NABLA_OK;
    return fault_say(fault, NABLA_ECOUNT, -1, -1, "there are %i options for %i axes",
                     FAULT_NUMBERS(s->options_n, s->n));
}

static enum nabla_status check_axis_once(int i, int along, uint32_t *seen,
                                         struct nabla_fault *fault)
{
    uint32_t bit = UINT32_C(1) << along;
    if (*seen & bit)
        return fault_say(fault, NABLA_EAXIS, i, -1, "axis %i is named twice", FAULT_NUMBERS(along));
    *seen |= bit;
    return NABLA_OK;
}

/* Twice over the axes: the first time to check them, the second to compute. */
static enum nabla_status run_sum(const struct sum *s, void *workspace, size_t workspace_bytes,
                                 struct nabla_fault *fault)
{
    struct derivation d;
    struct pair pair;
    int along = 0;
    uint32_t seen = 0;
    enum nabla_status status = check_counts(s, fault);
    if (status == NABLA_OK)
        status = check_room(workspace, workspace_bytes, fault);
    for (int i = 0; i < s->n && status == NABLA_OK; i++) {
        status = prepare_term(s, i, &d, &pair, &along, fault);
        if (status == NABLA_OK)
            status = check_axis_once(i, along, &seen, fault);
    }
    for (int i = 0; i < s->n && status == NABLA_OK; i++) {
        status = prepare_term(s, i, &d, &pair, &along, fault);
        if (status == NABLA_OK)
            derivation_run(&d, &pair, along, i > 0, workspace);
    }
    return status;
}

enum nabla_status nabla_divergence(const struct nabla_array *parts, const int *axes, int axes_n,
                                   const struct nabla_derivative_options *options, int options_n,
                                   const struct nabla_array *out, void *workspace,
                                   size_t workspace_bytes, struct nabla_fault *fault)
{
    if (parts == NULL)
        return fault_say(fault, NABLA_EINVAL, -1, -1, "parts are missing", NULL);
    struct sum s = {.parts = parts,
                    .out = out,
                    .stride = 1,
                    .axes = axes,
                    .n = axes ? axes_n : parts->ndim,
                    .options = options,
                    .options_n = options_n,
                    .order = 1};
    return run_sum(&s, workspace, workspace_bytes, fault);
}

enum nabla_status nabla_laplacian(const struct nabla_array *f, const int *axes, int axes_n,
                                  const struct nabla_derivative_options *options, int options_n,
                                  const struct nabla_array *out, void *workspace,
                                  size_t workspace_bytes, struct nabla_fault *fault)
{
    if (f == NULL)
        return fault_say(fault, NABLA_EINVAL, -1, -1, "f is missing", NULL);
    struct sum s = {.parts = f,
                    .out = out,
                    .stride = 0,
                    .axes = axes,
                    .n = axes ? axes_n : f->ndim,
                    .options = options,
                    .options_n = options_n,
                    .order = 2};
    return run_sum(&s, workspace, workspace_bytes, fault);
}
