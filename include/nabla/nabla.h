/* nabla/nabla.h -- gradients of arrays: numpy.gradient for C, to the last bit, and beyond it.
 *
 *     double f[5] = {1, 4, 9, 16, 25}, df[5];
 *     nabla_gradient_1d(f, 5, 1.0, 1, df);                       3 4 6 8 9
 *
 * Nothing here allocates, prints, reads a clock or keeps state: memory is the caller's, functions may
 * be called from any thread at once, and the same input gives the same bits on every processor and
 * for any number of threads. Inputs are never written; outputs must not overlap inputs.
 *
 * A function that fails leaves its outputs untouched, returns a status, and says in a struct
 * nabla_fault which argument is wrong and where. */
#ifndef NABLA_NABLA_H
#define NABLA_NABLA_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define NABLA_API        __attribute__((visibility("default")))
#define NABLA_MUST_CHECK __attribute__((warn_unused_result))
#else
#define NABLA_API
#define NABLA_MUST_CHECK
#endif

enum nabla_status {
    NABLA_OK = 0,
    NABLA_ENOMEM, /* no memory, or a workspace that is too small */
    NABLA_EINVAL, /* an argument or an input that cannot be read */
    NABLA_EORDER, /* times or coordinates that do not increase (or decrease) strictly */
    NABLA_ERANGE, /* a number that its type cannot hold */
    NABLA_ELIMIT, /* a named limit was reached */
    NABLA_EIO,    /* the operating system refused; errno says why */
    NABLA_EAXIS,  /* an axis that the array does not have, or one named twice */
    NABLA_ECOUNT, /* neither no spacing, nor one, nor one for each axis */
    NABLA_ELENGTH, /* coordinates or steps whose number does not fit the axis; a shape that differs */
    NABLA_ESMALL, /* an axis with too few elements for the stencil */
    NABLA_EDTYPE, /* a type that cannot be differentiated, or an output of the wrong type */
};

enum { NABLA_DIMS_MAX = 32, NABLA_MESSAGE_MAX = 192 };

/* What was wrong, in a sentence that names the argument. */
struct nabla_fault {
    int argument;  /* position among the arrays, axes or spacings concerned; -1: none */
    int64_t index; /* element concerned; -1: none */
    char message[NABLA_MESSAGE_MAX];
};

/* A short text for a status: "axis too small". Static. */
NABLA_API const char *nabla_status_text(enum nabla_status status);

/* ---- arrays */

enum nabla_dtype {
    NABLA_BOOL, /* refused by every function that differentiates */
    NABLA_INT8,
    NABLA_INT16,
    NABLA_INT32,
    NABLA_INT64,
    NABLA_UINT8,
    NABLA_UINT16,
    NABLA_UINT32,
    NABLA_UINT64,
    NABLA_FLOAT16,
    NABLA_FLOAT32,
    NABLA_FLOAT64,
    NABLA_LONGDOUBLE,
    NABLA_COMPLEX64,
    NABLA_COMPLEX128,
    NABLA_DATETIME64,  /* int64 counts of a unit since 1970; INT64_MIN is NaT */
    NABLA_TIMEDELTA64, /* int64 counts of a unit; INT64_MIN is NaT */
    NABLA_DTYPE_COUNT
};

/* Bytes of an element, 0 for what is no dtype; its name as numpy has it, static. */
NABLA_API size_t nabla_dtype_size(enum nabla_dtype dtype);
NABLA_API const char *nabla_dtype_name(enum nabla_dtype dtype);

/* What the gradient of an array of this dtype is made of, as numpy has it: integers give float64,
 * times give timedelta64, floats stay what they are. NABLA_DTYPE_COUNT for bool. */
NABLA_API enum nabla_dtype nabla_gradient_dtype(enum nabla_dtype dtype);

/* A view of n-dimensional memory in native byte order. Elements must be aligned to their own size (a
 * complex one to its parts'); strides may be zero, negative, or in any order. Owns nothing. */
struct nabla_array {
    void *data;
    enum nabla_dtype dtype;
    int ndim;               /* 0 to NABLA_DIMS_MAX */
    const int64_t *shape;   /* ndim of them, not negative */
    const int64_t *strides; /* ndim of them, in bytes; NULL: C order without gaps */
};

/* ---- spacing: three things that cannot be taken for one another */

enum nabla_spacing_kind {
    NABLA_UNIT = 0,    /* 1 */
    NABLA_STEP,        /* one step for the whole axis */
    NABLA_COORDINATES, /* where each element is: as many as the axis has elements */
    NABLA_STEPS,       /* from each element to the next: one fewer */
};

struct nabla_spacing {
    enum nabla_spacing_kind kind;
    double step;            /* NABLA_STEP */
    const void *data;       /* else: a vector, borrowed for the call */
    enum nabla_dtype dtype; /* of the vector: real; times as counts of their unit */
    int64_t n;              /* its elements */
    int64_t stride;         /* bytes between them; 0: no gaps */
};

static inline struct nabla_spacing nabla_step(double step)
{
    struct nabla_spacing s = {NABLA_STEP, step, NULL, NABLA_FLOAT64, 0, 0};
    return s;
}

static inline struct nabla_spacing nabla_coordinates(const double *x, int64_t n)
{
    struct nabla_spacing s = {NABLA_COORDINATES, 0, x, NABLA_FLOAT64, n, 0};
    return s;
}

static inline struct nabla_spacing nabla_steps(const double *dx, int64_t n)
{
    struct nabla_spacing s = {NABLA_STEPS, 0, dx, NABLA_FLOAT64, n, 0};
    return s;
}

/* ---- gradients */

enum nabla_mode {
    NABLA_NUMPY = 0, /* numpy 2's operations in numpy's order: equal to the last bit */
    NABLA_ACCURATE,  /* divided differences: a constant gives exactly 0 on any grid */
};

/* Zeroed: numpy.gradient(f). */
struct nabla_options {
    /* none, one for all axes (no vector if there are several), or one for each, in the order of axes */
    const struct nabla_spacing *spacing;
    int spacing_n;
    const int *axes; /* in the order that is wanted; negative ones count from the last */
    int axes_n;      /* 0 with axes NULL: all, in order */
    int edge_order;  /* 1 or 2; 0 stands for 1 */
    enum nabla_mode mode;
    int threads; /* 0 or 1: the caller's alone; more: at most so many, where they pay */
};

/* The gradient of f along each axis asked for, one output an axis, in their order. An output has f's
 * shape and the dtype nabla_gradient_dtype(f->dtype); float32 is also taken for integers of 8 and 16
 * bits, whose differences it holds exactly. No axes (a 0-d array, or axes_n 0 with axes given): no
 * outputs. workspace: NULL if nabla_gradient_workspace says 0. fault may be NULL. */
NABLA_API NABLA_MUST_CHECK enum nabla_status nabla_gradient(
    const struct nabla_array *f, const struct nabla_options *options, const struct nabla_array *out,
    int out_n, void *workspace, size_t workspace_bytes, struct nabla_fault *fault);

/* Bytes of workspace that such a call needs: at most 1 MiB a thread. */
NABLA_API size_t nabla_gradient_workspace(const struct nabla_array *f,
                                          const struct nabla_options *options);

/* The shortest way for a line of doubles: df[0..n) of f[0..n) with one step. n > edge_order. */
NABLA_API NABLA_MUST_CHECK enum nabla_status nabla_gradient_1d(const double *f, size_t n,
                                                               double step, int edge_order,
                                                               double *df);

/* The same with coordinates x[0..n). */
NABLA_API NABLA_MUST_CHECK enum nabla_status nabla_gradient_1d_at(const double *f, const double *x,
                                                                  size_t n, int edge_order,
                                                                  double *df);

/* Does nabla_gradient in numpy mode take these coordinates or steps of an axis of n elements for one
 * step: are all differences equal? 1 or 0; 1 for a step, 0 for a vector that it would refuse. */
NABLA_API int nabla_spacing_is_even(const struct nabla_spacing *spacing, int64_t n);

/* Fornberg's weights: the derivative of the given order at point, of the polynomial through values at
 * nodes[0..n), is the sum of weights[i] * value[i]. 0 <= order < n <= 64; nodes distinct and finite. */
NABLA_API NABLA_MUST_CHECK enum nabla_status nabla_weights(const double *nodes, size_t n, int order,
                                                           double point, double *weights);

/* Are the coordinates finite and strictly monotone? NABLA_EORDER, with *first_bad the first i for
 * which x[i], x[i+1] are not in order (or x[i] is not finite), if they are not. */
NABLA_API NABLA_MUST_CHECK enum nabla_status nabla_check_coordinates(const double *x, size_t n,
                                                                     size_t *first_bad);

/* ---- beyond numpy
 *
 * Other orders, accuracies, boundaries and gaps (docs/numerics.md has the formulas). These functions
 * take float16, float32, float64 and all integers, compute in float64, and write float64, or float32
 * on request. A constant gives exactly 0, whatever the spacing. */

/* What stands before the first and after the last element of an axis. */
enum nabla_boundary {
    NABLA_ONE_SIDED = 0, /* nothing: stencils of equal accuracy that stay inside */
    NABLA_PERIODIC,      /* the axis again, one period on; both ends or neither */
    NABLA_REFLECT,       /* the axis mirrored at its end element, which is not repeated: even */
};

/* What a missing value (NaN) does to its neighbours. Infinities are values, whatever the policy. */
enum nabla_nan_policy {
    NABLA_NAN_PROPAGATE = 0, /* each stencil that reads it gives NaN, as in numpy */
    NABLA_NAN_SKIP,          /* such stencils use the nearest valid neighbours instead */
    NABLA_NAN_BREAK,         /* each run between missing values is an array of its own */
};

/* A stencil of NABLA_NAN_SKIP looks for neighbours at most so many elements away. */
enum { NABLA_SKIP_REACH = 64 };

/* Zeroed: the first derivative, second-order accurate everywhere, of elements 1 apart. A periodic axis
 * with a step has a period of n steps; one with NABLA_STEPS has n of them, the last from the last
 * element round to the first. */
struct nabla_derivative_options {
    int order;    /* of the derivative: 1 to 4; 0 stands for 1 */
    int accuracy; /* the error shrinks as step^accuracy: 2, 4 or 6; 0 stands for 2 */
    struct nabla_spacing spacing;
    enum nabla_boundary before, after;
    double period; /* of periodic coordinates: more than they span; otherwise 0 */
    enum nabla_nan_policy nan;
    int64_t halo_before, halo_after; /* see nabla_derivative_halo */
    int threads; /* 0 or 1: the caller's alone; more: at most so many, where they pay */
};

/* One derivative of f along one axis; negative axes count from the last. Along it, f has halo_before +
 * m + halo_after elements and out has m; else their shapes are the same. workspace: at least
 * nabla_derivative_workspace() bytes, aligned as malloc aligns; as many for each thread, or fewer work.
 * One-sided and broken axes need order + accuracy elements, periodic ones as many as the stencil,
 * reflected ones half of that.
 * Accuracy: exact, but for rounding, on polynomials up to degree order + accuracy - 1.
 * Source:   Fornberg 1988, Math. Comp. 51, 699-706. */
NABLA_API NABLA_MUST_CHECK enum nabla_status nabla_derivative(
    const struct nabla_array *f, int axis, const struct nabla_derivative_options *options,
    const struct nabla_array *out, void *workspace, size_t workspace_bytes,
    struct nabla_fault *fault);

/* Bytes of workspace that nabla_derivative needs for one thread: well below 1 MiB. */
NABLA_API size_t nabla_derivative_workspace(void);

/* Elements that a piece of an axis needs beyond its own, on each side, to come out as in the whole, bit
 * for bit; fewer only where the axis ends before. Spacing vectors are cut like f. A piece of a periodic
 * axis brings this halo on both sides, its coordinates going on past the ends. -1: options that are refused. */
NABLA_API int64_t nabla_derivative_halo(const struct nabla_derivative_options *options);

/* The length of the vector of n parts, element by element: the square root of the sum of their
 * squares, without overflow or underflow on the way. An infinite part makes it infinite; else a NaN
 * makes it NaN. All parts have one shape, and out has it, too. n: 1 to NABLA_DIMS_MAX.
 * Computed in float64: the bits of numpy.sqrt(a**2 + b**2 + ...) of float64 wherever the result lies from
 * 1e-140 to 1e140, and within 2 ulp of hypot for two parts. threads: as in nabla_options. */
NABLA_API NABLA_MUST_CHECK enum nabla_status nabla_magnitude(const struct nabla_array *parts, int n,
                                                             int threads,
                                                             const struct nabla_array *out,
                                                             struct nabla_fault *fault);

/* ---- several results of one sweep
 *
 * The data are read once, a piece that stays in the caches at a time; each result has the bits of the call
 * that computes it alone, for any number of threads. */

/* What is wanted of f; NULL: not that. */
struct nabla_field {
    const struct nabla_array *gradient; /* one for each axis asked for, in their order */
    int gradient_n;
    const struct nabla_array *magnitude; /* of that gradient: nabla_magnitude */
    const struct nabla_array *laplacian; /* the sum of the second derivatives: nabla_laplacian */
};

/* A piece of a larger array, along one axis: f brings so many elements before and after those that are
 * wanted, and outputs have what these leave. What f alone would give is computed, and cut: with halos as
 * long as NABLA_FIELD_HALO, fewer only where the larger array ends, it comes out as in the whole, bit for
 * bit. Spacing vectors are cut like f. Numpy mode takes an axis for even or not as a whole: */
struct nabla_halo {
    int64_t before, after;
    int uneven; /* 1: nabla_spacing_is_even says 0 of the larger array's vector, even if not of this */
};

/* Elements, on either side of a piece, that are always enough; 1 is enough for the gradient of pieces
 * that have edge_order elements or more. */
enum { NABLA_FIELD_HALO = 3 };

/* The gradient of f along the axes that options name, computed as nabla_gradient does, and what follows
 * from it. halos: one for each axis asked for, or NULL for none: then this is nabla_gradient for those
 * who have the array in pieces. The Laplacian is second-order accurate everywhere; it refuses coordinates
 * that are not in order, which the gradient, like numpy's, does not. Outputs of the gradient: as in
 * nabla_gradient; magnitude and Laplacian, of integers and floats up to float64: float64 or float32.
 * workspace: nabla_field_workspace() bytes, aligned as malloc aligns; as many for each thread, or fewer
 * work. */
NABLA_API NABLA_MUST_CHECK enum nabla_status nabla_gradient_field(
    const struct nabla_array *f, const struct nabla_options *options,
    const struct nabla_halo *halos, const struct nabla_field *out, void *workspace,
    size_t workspace_bytes, struct nabla_fault *fault);

/* The same by nabla_derivative: any accuracy, boundary and NaN policy. options: one for all axes
 * (options_n 1), one for each (options_n axes_n), or none; order 0 or 1, which the Laplacian takes for 2;
 * halos as nabla_derivative_halo has them, for order 2 if the Laplacian is wanted. axes NULL: all.
 * gradient: float64 or float32. */
NABLA_API NABLA_MUST_CHECK enum nabla_status nabla_derivative_field(
    const struct nabla_array *f, const int *axes, int axes_n,
    const struct nabla_derivative_options *options, int options_n, const struct nabla_field *out,
    void *workspace, size_t workspace_bytes, struct nabla_fault *fault);

/* The divergence: the sum of the first derivatives of parts[i] along axes[i]. All parts have one
 * shape. options: one for all axes (options_n 1), or one for each (options_n axes_n), in the order of
 * axes; order 0 or 1; halos cut all parts alike, and out has what they leave. axes NULL: all, parts one
 * for each. Each part is read once, each element of out written once; the terms are added in the order of
 * axes. threads: the most that any of the options names. */
NABLA_API NABLA_MUST_CHECK enum nabla_status nabla_divergence(
    const struct nabla_array *parts, const int *axes, int axes_n,
    const struct nabla_derivative_options *options, int options_n, const struct nabla_array *out,
    void *workspace, size_t workspace_bytes, struct nabla_fault *fault);

/* The Laplacian: the sum of the second derivatives of f along the axes. As above; order 0 or 2. */
NABLA_API NABLA_MUST_CHECK enum nabla_status nabla_laplacian(
    const struct nabla_array *f, const int *axes, int axes_n,
    const struct nabla_derivative_options *options, int options_n, const struct nabla_array *out,
    void *workspace, size_t workspace_bytes, struct nabla_fault *fault);

/* The divergence as numpy's users have it: the sum of the gradients of parts[i] along the i-th axis asked
 * for, each as nabla_gradient computes it, added in their order. All parts have one shape; out is float64
 * or float32. halos, workspace: as in nabla_gradient_field. */
NABLA_API NABLA_MUST_CHECK enum nabla_status nabla_gradient_divergence(
    const struct nabla_array *parts, const struct nabla_options *options,
    const struct nabla_halo *halos, const struct nabla_array *out, void *workspace,
    size_t workspace_bytes, struct nabla_fault *fault);

/* Bytes of workspace that any call of this section needs for one thread: at most 1 MiB. */
NABLA_API size_t nabla_field_workspace(void);

/* ---- companions */

/* What becomes of missing values before the first and after the last valid one of a line. */
enum nabla_gap_ends {
    NABLA_ENDS_KEEP = 0, /* they stay missing */
    NABLA_ENDS_EXTEND,   /* they take the nearest valid value, as numpy.interp does */
};

/* f with each gap (a run of NaN along the axis) filled on the straight line, in the coordinate, between
 * the valid values at its sides. A gap longer than max_gap elements stays; 0: none is too long. A line
 * without valid values stays as it is. spacing NULL: elements 1 apart. threads: as in nabla_options. */
NABLA_API NABLA_MUST_CHECK enum nabla_status nabla_interpolate_gaps(
    const struct nabla_array *f, int axis, const struct nabla_spacing *spacing,
    enum nabla_gap_ends ends, int64_t max_gap, int threads, const struct nabla_array *out,
    struct nabla_fault *fault);

/* The mean over window elements along the axis, centred: element i has those from i - window/2 to
 * i + (window-1)/2, at the ends those of them that exist. A constant comes out untouched. PROPAGATE: a
 * NaN in the window gives NaN. SKIP: the mean of the valid ones, NaN if there are none. BREAK: of the
 * valid ones up to the nearest gaps, NaN in a gap. threads: as in nabla_options. */
NABLA_API NABLA_MUST_CHECK enum nabla_status nabla_rolling_mean(
    const struct nabla_array *f, int axis, int64_t window, enum nabla_nan_policy nan, int threads,
    const struct nabla_array *out, struct nabla_fault *fault);

#ifdef __cplusplus
}
#endif

#endif
