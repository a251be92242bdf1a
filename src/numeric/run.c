/* numeric/run.c -- conversions, one loop a pair of types.
 * The rows of TYPES are the types of memory; each becomes float, double or long double by C's own
 * conversion, but for half and for times. */
#include "numeric/run.h"
#include "numeric/dtype.h"

#include "numeric/half.h"
#include <string.h>

#include <math.h>
#include <stdbool.h>

static double time_value(int64_t t)
{
    return t == INT64_MIN ? (double)NAN : (double)t;
}

#define PLAIN(x) (x)

#define LOADS(name, memory, read)                                                                  \
    LOAD(name, memory, read, float)                                                                \
    LOAD(name, memory, read, double)                                                               \
    LOAD(name, memory, read, long_double)

#define LOAD(name, memory, read, number)                                                           \
    static void name##_to_##number(const char *data, int64_t stride, size_t n, void *to)           \
    {                                                                                              \
        number *restrict out = to;                                                                 \
        for (size_t i = 0; i < n; i++, data += stride)                                             \
            out[i] = (number)read(*(const memory *)(const void *)data);                            \
    }

typedef long double long_double; /* a type of one word, for the names above */

#define TYPES(ROW)                                                                                 \
    ROW(int8, int8_t, PLAIN)                                                                       \
    ROW(int16, int16_t, PLAIN)                                                                     \
    ROW(int32, int32_t, PLAIN)                                                                     \
    ROW(int64, int64_t, PLAIN)                                                                     \
    ROW(uint8, uint8_t, PLAIN)                                                                     \
    ROW(uint16, uint16_t, PLAIN)                                                                   \
    ROW(uint32, uint32_t, PLAIN)                                                                   \
    ROW(uint64, uint64_t, PLAIN)                                                                   \
    ROW(half, uint16_t, half_value)                                                                \
    ROW(single, float, PLAIN)                                                                      \
    ROW(twofold, double, PLAIN)                                                                    \
    ROW(extended, long double, PLAIN)                                                              \
    ROW(time, int64_t, time_value)

TYPES(LOADS)

typedef void load_loop(const char *data, int64_t stride, size_t n, void *to);

#define ROW_OF(name)                                                                               \
    {                                                                                              \
        name##_to_float, name##_to_double, name##_to_long_double                                   \
    }
static load_loop *const loads[NABLA_DTYPE_COUNT][3] = {
    [NABLA_INT8] = ROW_OF(int8),       [NABLA_INT16] = ROW_OF(int16),
    [NABLA_INT32] = ROW_OF(int32),     [NABLA_INT64] = ROW_OF(int64),
    [NABLA_UINT8] = ROW_OF(uint8),     [NABLA_UINT16] = ROW_OF(uint16),
    [NABLA_UINT32] = ROW_OF(uint32),   [NABLA_UINT64] = ROW_OF(uint64),
    [NABLA_FLOAT16] = ROW_OF(half),    [NABLA_FLOAT32] = ROW_OF(single),
    [NABLA_FLOAT64] = ROW_OF(twofold), [NABLA_LONGDOUBLE] = ROW_OF(extended),
    [NABLA_DATETIME64] = ROW_OF(time), [NABLA_TIMEDELTA64] = ROW_OF(time),
};

enum run run_of(enum nabla_dtype dtype)
{
    switch (dtype) {
    case NABLA_FLOAT16: return RUN_HALF;
    case NABLA_FLOAT32: return RUN_FLOAT;
    case NABLA_LONGDOUBLE: return RUN_LONG;
    case NABLA_COMPLEX64: return RUN_COMPLEX_FLOAT;
    case NABLA_COMPLEX128: return RUN_COMPLEX_DOUBLE;
    case NABLA_DATETIME64:
    case NABLA_TIMEDELTA64: return RUN_TIME;
    default: return RUN_DOUBLE;
    }
}

enum run run_precision(enum run run)
{
    switch (run) {
    case RUN_COMPLEX_FLOAT: return RUN_FLOAT;
    case RUN_COMPLEX_DOUBLE:
    case RUN_TIME: return RUN_DOUBLE;
    default: return run;
    }
}

size_t run_size(enum run run)
{
    static const size_t sizes[] = {
        [RUN_HALF] = sizeof(float),    [RUN_FLOAT] = sizeof(float),
        [RUN_DOUBLE] = sizeof(double), [RUN_LONG] = sizeof(long double),
        [RUN_COMPLEX_FLOAT] = 8,       [RUN_COMPLEX_DOUBLE] = 16,
        [RUN_TIME] = sizeof(int64_t),
    };
    return sizes[run];
}

/* Are elements of this dtype, side by side, such a run? */
static bool is_run(enum run run, enum nabla_dtype dtype, int64_t stride)
{
    return run_of(dtype) == run && run != RUN_HALF && !dtype_is_integer(dtype) &&
           stride == (int64_t)run_size(run);
}

/* Elements that only move: complex ones and times. */
static void collect(const char *data, int64_t stride, size_t n, size_t size, char *to)
{
    for (size_t i = 0; i < n; i++, data += stride, to += size)
        memcpy(to, data, size);
}

const void *run_load(enum run run, const char *data, enum nabla_dtype dtype, int64_t stride,
                     size_t n, union block *buffer)
{
    if (is_run(run, dtype, stride))
        return data;
    if (run >= RUN_COMPLEX_FLOAT)
        collect(data, stride, n, run_size(run), (char *)buffer);
    else
        loads[dtype][run == RUN_HALF ? 0 : run - RUN_FLOAT](data, stride, n, buffer);
    return buffer;
}

void *run_target(enum run run, char *data, enum nabla_dtype dtype, int64_t stride,
                 union block *buffer)
{
    return is_run(run, dtype, stride) ? (void *)data : (void *)buffer;
}

#define STORE(number)                                                                              \
    static void store_##number(const number *from, char *data, enum nabla_dtype dtype,             \
                               int64_t stride, size_t n)                                           \
    {                                                                                              \
        for (size_t i = 0; i < n; i++, data += stride)                                             \
            switch (dtype) {                                                                       \
            case NABLA_FLOAT16: *(uint16_t *)(void *)data = half_from((double)from[i]); break;     \
            case NABLA_FLOAT32: *(float *)(void *)data = (float)from[i]; break;                    \
            case NABLA_FLOAT64: *(double *)(void *)data = (double)from[i]; break;                  \
            default: *(long double *)(void *)data = (long double)from[i]; break;                   \
            }                                                                                      \
    }
STORE(float)
STORE(double)
STORE(long_double)

void run_store(enum run run, const void *from, char *data, enum nabla_dtype dtype, int64_t stride,
               size_t n)
{
    if (from == data)
        return;
    const size_t size = run_size(run);
    switch (run) {
    case RUN_HALF:
    case RUN_FLOAT: store_float(from, data, dtype, stride, n); break;
    case RUN_DOUBLE: store_double(from, data, dtype, stride, n); break;
    case RUN_LONG: store_long_double(from, data, dtype, stride, n); break;
    default:
        for (size_t i = 0; i < n; i++)
            memcpy(data + (int64_t)i * stride, (const char *)from + i * size, size);
    }
}

const void *run_widen(enum run to, enum run from, const void *data, size_t n, union block *buffer)
{
    static const enum nabla_dtype memory[] = {NABLA_FLOAT32, NABLA_FLOAT32, NABLA_FLOAT64,
                                              NABLA_LONGDOUBLE};
    if (to == from || (from == RUN_HALF && to == RUN_FLOAT))
        return data;
    return run_load(to, data, memory[from], (int64_t)run_size(from), n, buffer);
}

void run_number(enum run precision, long double value, void *to)
{
    switch (precision) {
    case RUN_HALF: *(float *)to = half_round((double)value); break;
    case RUN_FLOAT: *(float *)to = (float)value; break;
    case RUN_DOUBLE: *(double *)to = (double)value; break;
    default: *(long double *)to = value; break;
    }
}
