/* numeric/derive.c -- a derivative of any order along an axis. All is checked before anything is written.
 * Elsewhere: several of them at once, and sums (field_derived.c); numpy's gradient (gradient.c). */
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

/* Threads that are asked for and have a room. */
static int rooms_for(int threads, size_t bytes)
{
    const size_t rooms = bytes / sizeof(struct derive_room);
    return threads < 2 ? 1 : rooms < (size_t)threads ? (int)rooms : threads;
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
        derivation_run(&d, &pair, along, false, workspace,
                       rooms_for(options->threads, workspace_bytes));
    return status;
}
