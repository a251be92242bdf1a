/* wire/gradient_body.h -- the JSON body of a gradient's request, and what it asks for. Pure.
 *
 *     {"f": [[1, 2, 6], [3, 4, 5]], "spacing": [2, [0, 1, 3]], "axis": [0, -1], "edge_order": 2}
 *
 * f alone is required; null stands for what is left out. */
#ifndef WIRE_GRADIENT_BODY_H
#define WIRE_GRADIENT_BODY_H

#include "wire/nested.h"

enum { GRADIENT_AXES_MAX = NABLA_DIMS_MAX + 1 }; /* one more: of so many, one is wrong */

/* How an array is to be differentiated: from a body, or from a query's parameters. */
struct gradient_manner {
    int axes[GRADIENT_AXES_MAX]; /* as they were given; more than there is room for are dropped */
    int axes_n;
    bool has_axes;                                /* else all, in order */
    struct nabla_spacing spacing[NABLA_DIMS_MAX]; /* vectors are in coordinates */
    struct nested coordinates[NABLA_DIMS_MAX];    /* owned */
    int spacing_n;
    int edge_order; /* 1 or 2 */
    enum nabla_mode mode;
};

struct gradient_ask {
    struct nested f;        /* owned; its numbers are of dtype */
    enum nabla_dtype dtype; /* float64 or float32 */
    struct gradient_manner manner;
};

void gradient_manner_init(struct gradient_manner *m); /* edge_order 1, as numpy has it */
void gradient_manner_fini(struct gradient_manner *m); /* accepts a zeroed one */
void gradient_ask_fini(struct gradient_ask *a);       /* accepts a zeroed one */

/* What the values of "edge_order" and "mode" mean, shared with a query's parameters: text[0..n) is a
 * number, or a word without quotes. Errors: NABLA_EINVAL, with a sentence in *why. */
MUST_CHECK enum nabla_status gradient_edge_order_read(const char *text, size_t n, int *out,
                                                      struct buf *why);
MUST_CHECK enum nabla_status gradient_mode_read(const char *text, size_t n, enum nabla_mode *out,
                                                struct buf *why);
/* One more axis. Errors: NABLA_EINVAL for what is no integer. */
MUST_CHECK enum nabla_status gradient_axis_read(const char *text, size_t n,
                                                struct gradient_manner *m, struct buf *why);

/* Reads a whole body; NULL is fine if n is 0. Errors as nested_read's; also NABLA_EINVAL for a key that is not known or given
 * twice, and a value that is of no use. What fits together is judged by nabla_gradient. */
MUST_CHECK enum nabla_status gradient_body_read(const char *body, size_t n,
                                                const struct nested_limits *limits,
                                                struct gradient_ask *out, struct buf *why);

#endif
