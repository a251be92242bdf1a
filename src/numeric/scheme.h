/* numeric/scheme.h -- how one axis is differentiated: the spacing judged, the precision chosen, the numbers
 * that do not change computed. */
#ifndef NUMERIC_SCHEME_H
#define NUMERIC_SCHEME_H

#include "numeric/array.h"
#include "numeric/kernel.h"
#include "numeric/loops.h"
#include "numeric/steps.h"

/* One number in the precision that an axis computes in. */
union number {
    float f;
    double d;
    long double l;
};

/* Up to three of them, side by side. */
union numbers {
    float f[3];
    double d[3];
    long double l[3];
};

struct scheme {
    int64_t n;
    int edge_order;
    enum nabla_dtype in, out;
    enum run run;       /* what elements become */
    enum run precision; /* of the spacing's numbers below */
    bool even;          /* one step */
    bool divided;       /* three points by divided differences, not by weights */
    struct steps steps; /* where it is not even */

    const struct loops *loops;
    size_t parts; /* of an element, for difference: 2 where complex parts are divided one by one */
    void (*difference)(const void *p, const void *m, void *out, size_t n, const void *by);

    /* Vector code that does the same to runs without gaps, or NULL */
    const struct kernels *kernels;

    /* where it is even: */
    union number twice, once;  /* to divide by */
    union numbers first, last; /* weights of the ends, of edge order 2; if divided two steps each */
    struct even plain;         /* the same before they took the precision */
};

/* in and out: dtypes that go together. s: of n > edge_order elements. */
void scheme_init(struct scheme *a, enum nabla_dtype in, enum nabla_dtype out, int64_t n,
                 const struct steps *s, int edge_order, enum nabla_mode mode);

/* Step i of an uneven axis, from element i to the next, in the axis' precision. */
void scheme_step(const struct scheme *a, int64_t i, union number *out);

/* The two steps beside element i of an uneven axis, in the axis' precision. */
void scheme_steps(const struct scheme *a, int64_t i, union numbers *out);

/* The weights of i - 1, i, i + 1 for the slope at a place, i being in the middle. */
void scheme_weights(const struct scheme *a, enum place place, int64_t i, union numbers *out);

/* Can kernels take an uneven axis' coordinates as they are? */
bool scheme_has_plain_coordinates(const struct scheme *a);

/* A number of the axis' precision as a double, which kernels take: float or double there. */
double scheme_double(const struct scheme *a, const void *numbers, size_t i);

#endif
