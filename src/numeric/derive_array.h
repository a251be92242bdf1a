/* numeric/derive_array.h -- arrays as lines of doubles: what derivatives, gaps and means walk over. */
#ifndef NUMERIC_DERIVE_ARRAY_H
#define NUMERIC_DERIVE_ARRAY_H

#include "numeric/array.h"

/* n elements, stride bytes apart, from and to doubles; 64-bit integers are rounded. Loads integers,
 * float16, float32 and float64; stores float32 and float64. */
void elements_load(enum nabla_dtype dtype, const void *from, int64_t stride, int64_t n, double *to);
void elements_store(enum nabla_dtype dtype, const double *from, int64_t n, void *to,
                    int64_t stride);

/* One input and the output of its result. */
struct pair {
    struct view f, out;
};

/* Can arrays of this dtype be read as doubles? */
bool dtype_is_derivable(enum nabla_dtype dtype);

/* Can f be read as doubles, and the result be written to out? Their shapes must be the same; along
 * axis, if it is not -1, they may differ, and are the caller's to check.
 * Errors: view_init's; NABLA_EDTYPE; NABLA_ELENGTH; NABLA_EINVAL if the two overlap. */
MUST_CHECK enum nabla_status pair_init(struct pair *p, const struct nabla_array *f,
                                       const struct nabla_array *out, int axis,
                                       struct nabla_fault *fault);

/* The length of vectors whose n parts are the pairs' f; all have the same out. */
void magnitude_run(const struct pair *pairs, int n, int threads);

/* The axis that given, which may count from the last, stands for. */
MUST_CHECK enum nabla_status axis_find(int ndim, int given, int argument, int *axis,
                                       struct nabla_fault *fault);

/* All lines of a pair along one axis, side by side. */
struct lines {
    const char *f; /* first element of the present line */
    char *out;
    int64_t f_step, out_step; /* bytes along it */
    bool done;
    int dims; /* the other axes, those with large strides first; at[] of them the walk stands */
    int64_t count[NABLA_DIMS_MAX], at[NABLA_DIMS_MAX];
    int64_t f_stride[NABLA_DIMS_MAX], out_stride[NABLA_DIMS_MAX];
};

void lines_init(struct lines *l, const struct pair *p, int axis);
void lines_next(struct lines *l);

/* How many lines there are, and the way to one of them from the first. */
int64_t lines_count(const struct lines *l);
void lines_seek(struct lines *l, int64_t line);

#endif
