/* numeric/derive_array.c -- arrays as lines of doubles.
 *     for (lines_init(&l, &pair, axis); !l.done; lines_next(&l))
 *         ... elements at l.f, l.f + l.f_step, ...
 * The other axes are walked by falling stride of out, so that neighbouring lines share cache lines
 * whatever the order of the axes, and several inputs of one output are walked in step. Laws: every element of out is reached once (test_derive.c: any_strides). */
#include "numeric/derive_array.h"

#include "numeric/fault.h"
#include "numeric/half.h"

#define REAL_TYPES(X)                                                                              \
    X(NABLA_INT8, int8_t, (double)v)                                                               \
    X(NABLA_INT16, int16_t, (double)v)                                                             \
    X(NABLA_INT32, int32_t, (double)v)                                                             \
    X(NABLA_INT64, int64_t, (double)v)                                                             \
    X(NABLA_UINT8, uint8_t, (double)v)                                                             \
    X(NABLA_UINT16, uint16_t, (double)v)                                                           \
    X(NABLA_UINT32, uint32_t, (double)v)                                                           \
    X(NABLA_UINT64, uint64_t, (double)v)                                                           \
    X(NABLA_FLOAT16, uint16_t, (double)half_value(v))                                              \
    X(NABLA_FLOAT32, float, (double)v)                                                             \
    X(NABLA_FLOAT64, double, v)

/* A stride that is known lets the compiler make vectors. */
#define LOAD_RUN(type, value, bytes)                                                               \
    for (int64_t i = 0; i < n; i++) {                                                              \
        const void *at = p + i * (bytes);                                                          \
        type v = *(const type *)at;                                                                \
        to[i] = value;                                                                             \
    }

void elements_load(enum nabla_dtype dtype, const void *from, int64_t stride, int64_t n, double *to)
{
    const char *p = from;
    switch (dtype) {
#define LOAD(name, type, value)                                                                    \
    case name:                                                                                     \
        if (stride == (int64_t)sizeof(type))                                                       \
            LOAD_RUN(type, value, (int64_t)sizeof(type))                                           \
        else                                                                                       \
            LOAD_RUN(type, value, stride)                                                          \
        break;
        REAL_TYPES(LOAD)
#undef LOAD
    default: break;
    }
}

#define STORE_RUN(type, bytes)                                                                     \
    for (int64_t i = 0; i < n; i++) {                                                              \
        void *at = p + i * (bytes);                                                                \
        *(type *)at = (type)from[i];                                                               \
    }

void elements_store(enum nabla_dtype dtype, const double *from, int64_t n, void *to, int64_t stride)
{
    char *p = to;
    if (dtype == NABLA_FLOAT32 && stride == (int64_t)sizeof(float))
        STORE_RUN(float, (int64_t)sizeof(float))
    else if (dtype == NABLA_FLOAT32)
        STORE_RUN(float, stride)
    else if (stride == (int64_t)sizeof(double))
        STORE_RUN(double, (int64_t)sizeof(double))
    else
        STORE_RUN(double, stride)
}

bool dtype_is_derivable(enum nabla_dtype dtype)
{
    switch (dtype) {
#define READABLE(name, type, value) case name:
        REAL_TYPES(READABLE)
#undef READABLE
        return true;
    default: return false;
    }
}

static enum nabla_status check_dtypes(const struct view *f, const struct view *out,
                                      struct nabla_fault *fault)
{
    if (!dtype_is_derivable(f->dtype))
        return fault_say(fault, NABLA_EDTYPE, -1, -1,
                         "f is %t: only integers and floats up to float64 are derived here",
                         FAULT_NUMBERS(f->dtype));
    if (out->dtype != NABLA_FLOAT32 && out->dtype != NABLA_FLOAT64)
        return fault_say(fault, NABLA_EDTYPE, 0, -1, "output 0 is %t: float64 or float32 is wanted",
                         FAULT_NUMBERS(out->dtype));
    return NABLA_OK;
}

static enum nabla_status check_shapes(const struct view *f, const struct view *out, int axis,
                                      struct nabla_fault *fault)
{
    if (out->ndim != f->ndim)
        return fault_say(fault, NABLA_ELENGTH, 0, -1, "output 0 has %i dimensions, f has %i",
                         FAULT_NUMBERS(out->ndim, f->ndim));
    for (int d = 0; d < f->ndim; d++)
        if (d != axis && out->shape[d] != f->shape[d])
            return fault_say(fault, NABLA_ELENGTH, 0, d,
                             "output 0 has %i elements along axis %i, f has %i",
                             FAULT_NUMBERS(out->shape[d], d, f->shape[d]));
    return NABLA_OK;
}

enum nabla_status pair_init(struct pair *p, const struct nabla_array *f,
                            const struct nabla_array *out, int axis, struct nabla_fault *fault)
{
    enum nabla_status status = view_init(&p->f, f, VIEW_INPUT, fault);
    if (status == NABLA_OK)
        status = view_init(&p->out, out, 0, fault);
    if (status == NABLA_OK)
        status = check_dtypes(&p->f, &p->out, fault);
    if (status == NABLA_OK)
        status = check_shapes(&p->f, &p->out, axis, fault);
    if (status == NABLA_OK && (view_overlaps(&p->f, &p->out) || view_overlaps_itself(&p->out)))
        return fault_say(fault, NABLA_EINVAL, 0, -1, "output 0 overlaps f or itself", NULL);
    return status;
}

enum nabla_status axis_find(int ndim, int given, int argument, int *axis, struct nabla_fault *fault)
{
    if (given < -ndim || given >= ndim)
        return fault_say(fault, NABLA_EAXIS, argument, -1,
                         "axis %i is out of bounds for an array of %i dimensions",
                         FAULT_NUMBERS(given, ndim));
    *axis = given < 0 ? given + ndim : given;
    return NABLA_OK;
}

static int64_t size_of(int64_t stride)
{
    return stride < 0 ? -stride : stride;
}

/* Takes its place among those of larger stride. */
static void insert_dim(struct lines *l, int64_t count, int64_t f_stride, int64_t out_stride)
{
    int at = l->dims++;
    for (; at > 0 && size_of(l->out_stride[at - 1]) < size_of(out_stride); at--) {
        l->count[at] = l->count[at - 1];
        l->f_stride[at] = l->f_stride[at - 1];
        l->out_stride[at] = l->out_stride[at - 1];
    }
    l->count[at] = count;
    l->f_stride[at] = f_stride;
    l->out_stride[at] = out_stride;
}

void lines_init(struct lines *l, const struct pair *p, int axis)
{
    *l = (struct lines){
        .f = p->f.data, .out = p->out.data, .done = p->f.elements == 0 || p->out.elements == 0};
    for (int d = 0; d < p->f.ndim; d++)
        if (d != axis)
            insert_dim(l, p->f.shape[d], p->f.strides[d], p->out.strides[d]);
    if (axis >= 0) {
        l->f_step = p->f.strides[axis];
        l->out_step = p->out.strides[axis];
    }
}

void lines_next(struct lines *l)
{
    for (int d = l->dims - 1; d >= 0; d--) {
        l->f += l->f_stride[d];
        l->out += l->out_stride[d];
        if (++l->at[d] < l->count[d])
            return;
        l->f -= l->f_stride[d] * l->count[d];
        l->out -= l->out_stride[d] * l->count[d];
        l->at[d] = 0;
    }
    l->done = true;
}

int64_t lines_count(const struct lines *l)
{
    int64_t n = !l->done;
    for (int d = 0; d < l->dims; d++)
        n *= l->count[d];
    return n;
}

void lines_seek(struct lines *l, int64_t line)
{
    for (int d = l->dims - 1; d >= 0; line /= l->count[d], d--) {
        l->at[d] = line % l->count[d];
        l->f += l->at[d] * l->f_stride[d];
        l->out += l->at[d] * l->out_stride[d];
    }
}
