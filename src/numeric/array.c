/* numeric/array.c -- checks of shapes, strides and addresses, before anything is touched.
 * Elsewhere: whether two arrays meet (overlap.c). */
#include "numeric/array.h"
#include "numeric/dtype.h"
#include "numeric/fault.h"

static enum nabla_status say(struct nabla_fault *fault, enum nabla_status status, int who,
                             int64_t index, const char *of_input, const char *of_output, int64_t a,
                             int64_t b)
{
    if (who == VIEW_INPUT)
        return fault_say(fault, status, -1, index, of_input, FAULT_NUMBERS(a, b));
    return fault_say(fault, status, who, index, of_output, FAULT_NUMBERS(who, a, b));
}
#define SAY(status, index, text, a, b)                                                             \
    say(fault, status, who, index, "f " text, "output %i " text, (int64_t)(a), (int64_t)(b))

static enum nabla_status check_header(const struct nabla_array *a, int who,
                                      struct nabla_fault *fault)
{
    if (a == NULL)
        return SAY(NABLA_EINVAL, -1, "is missing", 0, 0);
    if (!dtype_is_known(a->dtype))
        return SAY(NABLA_EDTYPE, -1, "has dtype %i, which is none", (int)a->dtype, 0);
    if (a->ndim > NABLA_DIMS_MAX)
        return SAY(NABLA_ELIMIT, -1, "has %i dimensions; at most %i", a->ndim, NABLA_DIMS_MAX);
    if (a->ndim < 0)
        return SAY(NABLA_EINVAL, -1, "has %i dimensions", a->ndim, 0);
    if (a->ndim > 0 && a->shape == NULL)
        return SAY(NABLA_EINVAL, -1, "has no shape", 0, 0);
    return NABLA_OK;
}

/* Counts elements and gives strides to an array that has none; a length of 0 does not hide an overflow
 * of the others. */
static enum nabla_status lay_out(struct view *v, const struct nabla_array *a, int who,
                                 struct nabla_fault *fault)
{
    int64_t bytes = (int64_t)nabla_dtype_size(a->dtype);
    v->elements = 1;
    for (int k = a->ndim - 1; k >= 0; k--) {
        if (a->shape[k] < 0)
            return SAY(NABLA_EINVAL, k, "has length %i along axis %i", a->shape[k], k);
        v->strides[k] = a->strides != NULL ? a->strides[k] : bytes;
        if (a->shape[k] > 0 && __builtin_mul_overflow(bytes, a->shape[k], &bytes))
            return SAY(NABLA_ERANGE, k, "has more elements than memory, from axis %i on", k, 0);
        v->elements *= a->shape[k];
    }
    return NABLA_OK;
}

/* The way from the first to the last element must be countable, too. */
static enum nabla_status check_strides(const struct view *v, int who, struct nabla_fault *fault)
{
    const int64_t alignment = (int64_t)dtype_alignment(v->dtype);
    int64_t way = 0;
    for (int k = 0; k < v->ndim; k++) {
        int64_t s = v->strides[k], part;
        if (v->shape[k] < 2)
            continue;
        if (s == INT64_MIN || __builtin_mul_overflow(s < 0 ? -s : s, v->shape[k] - 1, &part) ||
            __builtin_add_overflow(way, part, &way))
            return SAY(NABLA_ERANGE, k, "has stride %i along axis %i, which leaves memory", s, k);
        if (s % alignment != 0)
            return SAY(NABLA_EINVAL, k, "is misaligned: its stride along axis %i is %i bytes", k,
                       s);
    }
    return NABLA_OK;
}

enum nabla_status view_init(struct view *v, const struct nabla_array *a, int who,
                            struct nabla_fault *fault)
{
    enum nabla_status status = check_header(a, who, fault);
    if (status != NABLA_OK)
        return status;
    v->data = a->data;
    v->dtype = a->dtype;
    v->ndim = a->ndim;
    v->shape = a->shape;
    if ((status = lay_out(v, a, who, fault)) != NABLA_OK || v->elements == 0)
        return status;
    if (v->data == NULL)
        return SAY(NABLA_EINVAL, -1, "has no data", 0, 0);
    if ((uintptr_t)v->data % dtype_alignment(v->dtype) != 0)
        return SAY(NABLA_EINVAL, -1, "is misaligned: its address is no multiple of %i bytes",
                   dtype_alignment(v->dtype), 0);
    return check_strides(v, who, fault);
}
