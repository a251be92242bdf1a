/* numeric/derive.h -- a derivative along one axis, in four steps: a grid that knows where the elements
 * are (derive_grid.c), a derivation that knows their stencils (derive_stencil.c), a piece of the axis with
 * its values (derive_piece.c), all lines carried through (derive_run.c). No allocation: what is large lives
 * in the caller's workspace.
 *
 *     index    -2  -1 | 0   1   2   ...  n-1 | n  n+1
 *     periodic n-2 n-1| 0   1   2   ...  n-1 | 0   1       all indices exist
 *     reflect   2   1 | 0   1   2   ...  n-1 |n-2 n-3      as far as the axis is long
 *     one-sided         0   1   2   ...  n-1               none beyond
 */
#ifndef NUMERIC_DERIVE_H
#define NUMERIC_DERIVE_H

#include "numeric/derive_array.h"

struct derive_loops;

enum {
    ORDER_MAX = 4,
    TAPS_MAX = 11,      /* order 4, accuracy 6, uneven and centred */
    PIECE = 512,        /* results that are worked on at once */
    ROWS_HELD = 16,     /* a power of two above TAPS_MAX */
    FAR_AWAY = 1 << 30, /* of indices: no stencil reaches so far past an end */
};

/* An axis of n elements, of which those from first on to first + count are wanted. */
struct grid {
    struct nabla_spacing spacing; /* its stride filled in */
    bool uneven;                  /* coordinates or steps: whether they are even is not asked */
    double step;                  /* if not uneven */
    double period;                /* negative if coordinates fall */
    enum nabla_boundary before, after;
    bool wraps; /* periodic, and whole */
    int64_t n, first, count;
    int64_t low, high; /* the indices that exist, beyond the ends as the boundary has them */
};

/* Fills *x for an axis of n elements. Errors: NABLA_EINVAL, NABLA_ELENGTH, NABLA_EORDER, NABLA_EDTYPE;
 * argument becomes the fault's. */
MUST_CHECK enum nabla_status grid_init(struct grid *x,
                                       const struct nabla_derivative_options *options, int64_t n,
                                       int64_t count, int argument, struct nabla_fault *fault);

/* Is this a spacing for n elements? Fills in its stride. closed: steps have one more, which closes the
 * period. Errors: as grid_init. */
MUST_CHECK enum nabla_status spacing_check(struct nabla_spacing *s, int64_t n, bool closed,
                                           int argument, struct nabla_fault *fault);

/* From element i to element j of an axis, 0 <= i, j < n; coordinates are differenced in their own
 * type, integers exactly. Steps are added up from i outward. */
double spacing_between(const struct nabla_spacing *s, int64_t i, int64_t j);

/* The element that stands at an index, low <= index <= high. */
int64_t grid_element(const struct grid *x, int64_t index);

/* nodes[k] = where index from + k stands, relative to index at, for k < n; low <= all <= high. In
 * units of the step on an even axis. */
void grid_nodes(const struct grid *x, int64_t at, int64_t from, int n, double *nodes);

/* The derivative at an element: the sum of weight[k] (f[from + k] - f[0]), indices relative to it. Of a
 * centred one on an even axis weight[k], k from 1 on, is that of f[k] and, but for sign, of f[-k]. */
struct stencil {
    int from, n;
    bool centred;
    double weight[TAPS_MAX + 1];
};

struct derivation {
    struct grid grid;
    int order, accuracy;
    int radius; /* of the centred stencil */
    int sided;  /* elements of any other: order + accuracy */
    int reach;  /* how far from an element anything may be read */
    enum nabla_nan_policy nan;
    double divisor;        /* step^order on an even axis, else 1 */
    struct stencil middle; /* the centred one of an even axis */
};

/* Errors: as grid_init, and NABLA_EINVAL for orders, NABLA_ESMALL, NABLA_ERANGE for a step whose
 * power no double can hold. Along the axis there are n elements, of which count are wanted. */
MUST_CHECK enum nabla_status derivation_init(struct derivation *p,
                                             const struct nabla_derivative_options *options,
                                             int64_t n, int64_t count, int argument,
                                             struct nabla_fault *fault);

/* The stencil of an element, if low..high are the only indices that may be read. At least p->sided of
 * them, at among them. */
void derivation_stencil(const struct derivation *p, int64_t at, int64_t low, int64_t high,
                        struct stencil *out);

/* Weights at any nodes: of an even axis times divisor. */
void derivation_weights(const struct derivation *p, const double *nodes, int n, double *weights);

/* One thread's room for PIECE elements; in the caller's workspace. */
struct derive_room {
    double weights[TAPS_MAX][PIECE]; /* of the centred stencils of an uneven axis */
    struct stencil
        edges[2 * TAPS_MAX]; /* of elements beside the ends: the first ones, and the last */
    double values[PIECE + 2 * NABLA_SKIP_REACH];
    double results[PIECE], sums[PIECE];
    double rows[ROWS_HELD][PIECE];
};

/* PIECE elements of an axis or fewer, more where the axis is even, and their stencils. */
struct piece {
    int64_t at; /* index of its first element */
    int n;
    int64_t low, high;    /* indices of values that may be read */
    int mid_from, mid_to; /* elements whose stencil is centred */
    const double *first;  /* the value at index at, and around it those at low to high */
    struct derive_room *room;
};

/* Makes the stencils of n elements from index at on. */
void piece_init(struct piece *w, const struct derivation *p, int64_t at, int n,
                struct derive_room *room);

/* Sets low and high for at and n. */
void piece_reach(struct piece *w, const struct derivation *p);

/* The derivative at element i from its nearest valid neighbours: NABLA_NAN_SKIP. */
double piece_skip(const struct piece *w, const struct derivation *p, int i);

/* The stencil of element i of it; room for it where it is not kept. */
const struct stencil *piece_stencil(const struct piece *w, const struct derivation *p, int i,
                                    struct stencil *own);

/* What the piece's values give, by the stencils and the NaN policy. */
void piece_derive(const struct piece *w, const struct derivation *p,
                  const struct derive_loops *loops, double *results);

/* Carries all lines of a checked pair through the derivation; adding: to what out holds. The elements
 * wanted are those of p->grid. rooms: one for each of so many threads at most. */
void derivation_run(const struct derivation *p, const struct pair *pair, int axis, bool adding,
                    struct derive_room *rooms, int threads);

#endif
