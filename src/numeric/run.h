/* numeric/run.h -- runs: elements side by side, in the type that is computed with. Arrays come in
 * seventeen types and with any stride; arithmetic knows seven kinds of runs. What has to be converted or
 * collected passes through a block on the stack; what lies side by side already is used where it is.
 *
 *     int16, stride -6   --load-->   double double double ...   --loops-->   ...   --store-->   array
 */
#ifndef NUMERIC_RUN_H
#define NUMERIC_RUN_H

#include "numeric/status.h"

/* The first four are also the precisions of real arithmetic, in the order of promotion. */
enum run {
    RUN_HALF, /* floats that hold halves: each operation rounds to half */
    RUN_FLOAT,
    RUN_DOUBLE,
    RUN_LONG,
    RUN_COMPLEX_FLOAT, /* pairs */
    RUN_COMPLEX_DOUBLE,
    RUN_TIME, /* int64, INT64_MIN is NaT */
};

enum { BLOCK = 256 }; /* elements that pass through the stack at a time */

/* Room for a block and its two neighbours, of any kind. */
union block {
    float f[BLOCK + 2];
    double d[2 * (BLOCK + 2)];
    long double l[BLOCK + 2];
    int64_t t[BLOCK + 2];
};

/* The run that elements of a dtype are, when nothing needs to be converted. Integers: RUN_DOUBLE. */
enum run run_of(enum nabla_dtype dtype);

/* Real arithmetic's precision for a run: of a complex one its parts', of time double. */
enum run run_precision(enum run run);

/* Bytes of an element. */
size_t run_size(enum run run);

/* n elements of dtype, stride bytes apart, as a run of that kind: n <= BLOCK + 2. The answer is buffer, or
 * data itself if that is such a run already. Values are converted as C does. Real, complex and time stay
 * what they are; NaT becomes NaN where a time is read as a number. */
const void *run_load(enum run run, const char *data, enum nabla_dtype dtype, int64_t stride,
                     size_t n, union block *buffer);

/* Where to compute a run that is to be stored there: data itself, or buffer. */
void *run_target(enum run run, char *data, enum nabla_dtype dtype, int64_t stride,
                 union block *buffer);

/* Stores what was computed into run_target's answer. */
void run_store(enum run run, const void *from, char *data, enum nabla_dtype dtype, int64_t stride,
               size_t n);

/* A run of real numbers in another, not lower precision: exact. In place of a copy: from itself. */
const void *run_widen(enum run to, enum run from, const void *data, size_t n, union block *buffer);

/* One number in a precision, rounded once (half: by way of double, as numpy does). */
void run_number(enum run precision, long double value, void *to);

#endif
