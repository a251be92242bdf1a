/* numeric/dtype.c -- one row a dtype. */
#include "numeric/dtype.h"

enum family { BOOLEAN, INTEGER, REAL, COMPLEX, TIME };

static const struct row {
    const char *name;
    size_t size, alignment;
    enum family family;
} rows[] = {
    [NABLA_BOOL] = {"bool", 1, 1, BOOLEAN},
    [NABLA_INT8] = {"int8", 1, 1, INTEGER},
    [NABLA_INT16] = {"int16", 2, 2, INTEGER},
    [NABLA_INT32] = {"int32", 4, 4, INTEGER},
    [NABLA_INT64] = {"int64", 8, 8, INTEGER},
    [NABLA_UINT8] = {"uint8", 1, 1, INTEGER},
    [NABLA_UINT16] = {"uint16", 2, 2, INTEGER},
    [NABLA_UINT32] = {"uint32", 4, 4, INTEGER},
    [NABLA_UINT64] = {"uint64", 8, 8, INTEGER},
    [NABLA_FLOAT16] = {"float16", 2, 2, REAL},
    [NABLA_FLOAT32] = {"float32", 4, 4, REAL},
    [NABLA_FLOAT64] = {"float64", 8, 8, REAL},
    [NABLA_LONGDOUBLE] = {"longdouble", sizeof(long double), _Alignof(long double), REAL},
    [NABLA_COMPLEX64] = {"complex64", 8, 4, COMPLEX},
    [NABLA_COMPLEX128] = {"complex128", 16, 8, COMPLEX},
    [NABLA_DATETIME64] = {"datetime64", 8, 8, TIME},
    [NABLA_TIMEDELTA64] = {"timedelta64", 8, 8, TIME},
};

bool dtype_is_known(enum nabla_dtype dtype)
{
    return (unsigned)dtype < NABLA_DTYPE_COUNT;
}

size_t nabla_dtype_size(enum nabla_dtype dtype)
{
    return dtype_is_known(dtype) ? rows[dtype].size : 0;
}

const char *nabla_dtype_name(enum nabla_dtype dtype)
{
    return dtype_is_known(dtype) ? rows[dtype].name : "no dtype";
}

size_t dtype_alignment(enum nabla_dtype dtype)
{
    return rows[dtype].alignment;
}

static bool is(enum nabla_dtype dtype, enum family family)
{
    return dtype_is_known(dtype) && rows[dtype].family == family;
}

bool dtype_is_integer(enum nabla_dtype dtype)
{
    return is(dtype, INTEGER);
}

bool dtype_is_complex(enum nabla_dtype dtype)
{
    return is(dtype, COMPLEX);
}

bool dtype_is_time(enum nabla_dtype dtype)
{
    return is(dtype, TIME);
}

enum nabla_dtype nabla_gradient_dtype(enum nabla_dtype dtype)
{
    if (!dtype_is_known(dtype))
        return NABLA_DTYPE_COUNT;
    switch (rows[dtype].family) {
    case INTEGER: return NABLA_FLOAT64;
    case REAL:
    case COMPLEX: return dtype;
    case TIME: return NABLA_TIMEDELTA64;
    case BOOLEAN: break;
    }
    return NABLA_DTYPE_COUNT;
}
