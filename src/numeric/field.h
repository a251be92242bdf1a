/* numeric/field.h -- several results of one sweep: an array in tiles that stay in the caches, and what is
 * wanted of each. A term is one derivative along one axis: as nabla_gradient has it, or by a derivation.
 *
 *     f tile --> term 0 --> part 0 --+--> gradient, as far as it is wanted
 *            --> term 1 --> part 1 --+--> magnitude
 *                                    +--> sum of first derivatives
 *            --> second derivatives -----> sum of those
 *
 * Parts lie in the outputs, or in the caller's workspace. No allocation. */
#ifndef NUMERIC_FIELD_H
#define NUMERIC_FIELD_H

#include "numeric/call.h"
#include "numeric/derive.h"

enum {
    FIELD_SCRATCH =
        640 << 10,       /* bytes of parts; with f's tile a second-level cache still holds them */
    FIELD_TILE = 1 << 14 /* elements of a tile at most */
};

struct term {
    struct view f;
    int axis;
    bool derived;       /* by d; otherwise as nabla_gradient does it: */
    struct steps steps; /* of all of f's axis */
    bool uneven;        /* not to be taken for one step */
    int edge_order;
    enum nabla_mode mode;
    struct derivation d;
};

/* What is wanted. Zeroed, then filled by the caller, everything checked. */
struct field {
    int ndim;
    int64_t first[NABLA_DIMS_MAX], shape[NABLA_DIMS_MAX]; /* the part of f that is wanted */
    int threads;
    int terms_n, seconds_n;
    bool keeps_gradient, has_magnitude, has_sum, has_laplacian;
    enum nabla_dtype dtype; /* of parts that no output holds */
    struct view magnitude, sum, laplacian;
    struct view gradient[NABLA_DIMS_MAX];
    struct term terms[NABLA_DIMS_MAX], seconds[NABLA_DIMS_MAX];
    int64_t extent[NABLA_DIMS_MAX], tiles[NABLA_DIMS_MAX]; /* field_run's own */
    struct field_room *rooms;
};

/* One thread's; the job itself lies in the first. */
struct field_room {
    struct field field;
    struct derive_room derive;
    _Alignas(16) char scratch[FIELD_SCRATCH];
};

/* Is there a room in the workspace? Clears the job, and sets how many threads have one. */
MUST_CHECK enum nabla_status field_init(struct field **out, void *workspace, size_t bytes,
                                        int threads, struct nabla_fault *fault);

/* An output of the wanted shape that meets neither an input nor another output of the job, of terms that
 * have their f. float64 or float32, if it is not the gradient as nabla_gradient has it. who: the fault's
 * argument, among gradient, magnitude and Laplacian in this order. */
MUST_CHECK enum nabla_status field_output(const struct field *j, const struct nabla_array *a,
                                          int who, bool as_gradient, struct view *out,
                                          struct nabla_fault *fault);

/* All outputs of a struct nabla_field. derived: its gradient is float64 or float32. */
MUST_CHECK enum nabla_status field_outputs(struct field *j, const struct nabla_field *out,
                                           bool derived, struct nabla_fault *fault);

/* Cuts f along an axis: first and shape. */
MUST_CHECK enum nabla_status field_cut(struct field *j, int axis, int64_t n, int64_t before,
                                       int64_t after, int argument, struct nabla_fault *fault);

/* Does it all. */
void field_run(struct field *j);

/* One term on one tile: lo from the first wanted element on, n elements. Fills out, of f's strides'
 * order or the output's, and says in *part where it is. adding: a derived term, to what out holds. */
void term_derive(const struct term *t, const struct field *j, const int64_t *lo, const int64_t *n,
                 const struct view *out, bool adding, struct field_room *room);

/* The same as nabla_gradient, by way of scratch where the tile ends inside of the axis; *part is then
 * there, otherwise out. Returns the bytes of scratch that it took. */
size_t term_gradient(const struct term *t, const struct field *j, const int64_t *lo,
                     const int64_t *n, const struct view *out, char *scratch, struct view *part);

/* The part of a view from lo on, of shape n, which is borrowed. */
struct view view_part(const struct view *v, const int64_t *lo, const int64_t *n);

/* A view of packed memory whose dimensions lie in the order of like's. */
struct view view_packed(const struct view *like, enum nabla_dtype dtype, const int64_t *n,
                        char *memory);

/* Copies elements between views of one shape and dtype. */
void view_copy(const struct view *from, const struct view *to);

#endif
