/* tests/unit/numeric/test_field.c -- several results of one sweep have the bits of the calls that compute
 * them alone, whole and in pieces, in any layout, for any number of threads. */
#include <nabla/nabla.h>

#include "suite.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../guard.h"

enum { DIMS = 3, ROOMS = 3, MOST = 120000 };

static const enum nabla_dtype dtypes[] = {
    NABLA_FLOAT64, NABLA_FLOAT32, NABLA_FLOAT16,   NABLA_UINT8,      NABLA_INT16,
    NABLA_INT32,   NABLA_INT64,   NABLA_COMPLEX64, NABLA_LONGDOUBLE, NABLA_TIMEDELTA64};
enum { DERIVABLE = 7 };

/* An array and all that is made of it; freed together. */
struct rig {
    uint64_t state;
    struct nabla_array f;
    int64_t shape[DIMS], strides[DIMS], n;
    int axes[DIMS], axes_n;
    double x[DIMS][MOST];
    int64_t t[MOST];
    struct nabla_spacing spacing[DIMS];
    struct nabla_options o;
    void *memory, *room;
};

static int64_t below(struct rig *r, uint64_t n)
{
    return (int64_t)random_below(&r->state, n);
}

static void fill(struct rig *r, enum nabla_dtype dtype)
{
    r->memory = calloc((size_t)r->n, 16);
    for (int64_t i = 0; i < r->n; i++) {
        int64_t v = below(r, 100);
        switch (dtype) {
        case NABLA_FLOAT64: ((double *)r->memory)[i] = (double)v * 0.37; break;
        case NABLA_FLOAT32: ((float *)r->memory)[i] = (float)v * 0.37f; break;
        case NABLA_FLOAT16: ((uint16_t *)r->memory)[i] = (uint16_t)(0x3c00 + v); break;
        case NABLA_UINT8: ((uint8_t *)r->memory)[i] = (uint8_t)v; break;
        case NABLA_INT16: ((int16_t *)r->memory)[i] = (int16_t)(v * 300); break;
        case NABLA_INT32: ((int32_t *)r->memory)[i] = (int32_t)(v * 300000); break;
        case NABLA_COMPLEX64: ((float *)r->memory)[2 * i] = (float)v; break;
        case NABLA_LONGDOUBLE: ((long double *)r->memory)[i] = (long double)v / 3; break;
        default: ((int64_t *)r->memory)[i] = v * v; break;
        }
    }
}

/* The axis' elements 1 or 0.5 apart, or unevenly, or that by int64 near 1.7e18. */
static struct nabla_spacing spacing_of(struct rig *r, int k, int64_t n)
{
    const int kind = (int)below(r, 6);
    double *x = r->x[k];
    x[0] = 3;
    for (int64_t i = 1; i < n;
         i++) /* even at first, so that pieces are even where the whole is not */
        x[i] = x[i - 1] + (kind == 3 ? 0.5 : i < n / 2 ? 1 : 1 + 0.125 * (double)below(r, 4));
    if (kind == 0)
        return (struct nabla_spacing){0};
    if (kind == 1)
        return nabla_step(0.1);
    if (kind == 2)
        return nabla_steps(x + 1, n - 1);
    if (kind < 5 || k > 0)
        return nabla_coordinates(x, n);
    for (int64_t i = 0; i < n; i++)
        r->t[i] = 1700000000123456789 + (int64_t)(8 * x[i]);
    return (struct nabla_spacing){NABLA_COORDINATES, 0, r->t, NABLA_INT64, n, 0};
}

/* Some of the dimensions long; strides of a C-ordered, Fortran-ordered or backward array. */
static struct rig *rig_new(int seed, enum nabla_dtype dtype)
{
    struct rig *r = calloc(1, sizeof *r);
    r->state = (uint64_t)seed + 1;
    const int ndim = 1 + (int)below(r, DIMS), order = (int)below(r, 3);
    const int64_t size = (int64_t)nabla_dtype_size(dtype);
    int64_t stride = size, first = 0;
    r->n = 1;
    for (int d = 0; d < ndim; d++) {
        r->shape[d] = 4 + below(r, ndim == 1 ? 90000 : ndim == 2 ? 340 : 44);
        r->n *= r->shape[d];
    }
    for (int i = 0; i < ndim; i++) {
        int d = order == 1 ? i : ndim - 1 - i;
        r->strides[d] = order == 2 ? -stride : stride;
        first += order == 2 ? stride * (r->shape[d] - 1) : 0;
        stride *= r->shape[d];
    }
    fill(r, dtype);
    r->f = (struct nabla_array){(char *)r->memory + first, dtype, ndim, r->shape, r->strides};
    for (int d = 0; d < ndim; d++)
        if (below(r, 4) > 0 || (d == ndim - 1 && r->axes_n == 0))
            r->axes[r->axes_n++] = d;
    if (r->axes_n > 1 && below(r, 2)) { /* in another order */
        int last = r->axes[r->axes_n - 1];
        r->axes[r->axes_n - 1] = r->axes[0] - ndim;
        r->axes[0] = last;
    }
    for (int k = 0; k < r->axes_n; k++)
        r->spacing[k] = spacing_of(r, k, r->shape[(r->axes[k] + ndim) % ndim]);
    r->o = (struct nabla_options){r->spacing,
                                  r->axes_n,
                                  r->axes,
                                  r->axes_n,
                                  1 + (int)below(r, 2),
                                  below(r, 2) ? NABLA_NUMPY : NABLA_ACCURATE,
                                  0};
    r->room = malloc(ROOMS * nabla_field_workspace());
    return r;
}

static void rig_free(struct rig *r)
{
    free(r->memory);
    free(r->room);
    free(r);
}

/* Outputs of one shape in memory of their own. */
struct results {
    struct nabla_array gradient[DIMS], magnitude, laplacian;
    struct nabla_field field;
};

static struct nabla_array new_array(enum nabla_dtype dtype, int ndim, const int64_t *shape)
{
    int64_t n = 1;
    for (int d = 0; d < ndim; d++)
        n *= shape[d];
    return (struct nabla_array){calloc((size_t)n + 1, 16), dtype, ndim, shape, NULL};
}

static void results_init(struct results *s, const struct rig *r, const int64_t *shape,
                         enum nabla_dtype dtype, enum nabla_dtype length)
{
    for (int k = 0; k < r->axes_n; k++)
        s->gradient[k] = new_array(dtype, r->f.ndim, shape);
    s->magnitude = new_array(length, r->f.ndim, shape);
    s->laplacian = new_array(length, r->f.ndim, shape);
    s->field = (struct nabla_field){s->gradient, r->axes_n, &s->magnitude, &s->laplacian};
}

static void results_fini(struct results *s, const struct rig *r)
{
    for (int k = 0; k < r->axes_n; k++)
        free(s->gradient[k].data);
    free(s->magnitude.data);
    free(s->laplacian.data);
}

/* Every byte of an element counts, but for the padding of a long double and the payload of a NaN. */
static void same_bits(const struct nabla_array *got, const struct nabla_array *want,
                      const int64_t *from, const char *what, int seed)
{
    const size_t size = nabla_dtype_size(got->dtype);
    const size_t compared = got->dtype == NABLA_LONGDOUBLE ? 10 : size;
    int64_t n = 1, at[DIMS] = {0};
    for (int d = 0; d < got->ndim; d++)
        n *= got->shape[d];
    for (int64_t i = 0; i < n; i++) {
        int64_t j = 0, rest = i;
        for (int d = got->ndim - 1; d >= 0; rest /= got->shape[d], d--)
            at[d] = rest % got->shape[d];
        for (int d = 0; d < got->ndim; d++)
            j = j * want->shape[d] + at[d] + (from ? from[d] : 0);
        if (memcmp((char *)got->data + (size_t)i * size, (char *)want->data + (size_t)j * size,
                   compared) != 0)
            ck_abort_msg("seed %d: %s differs at %d", seed, what, (int)i);
    }
}

static void must(enum nabla_status status, const struct nabla_fault *fault, int seed)
{
    ck_assert_msg(status == NABLA_OK, "seed %d: status %d: %s", seed, (int)status, fault->message);
}

static void separately(struct rig *r, struct results *s, bool more, int seed)
{
    struct nabla_fault fault;
    struct nabla_derivative_options o[DIMS] = {{0}};
    must(nabla_gradient(&r->f, &r->o, s->gradient, r->axes_n, NULL, 0, &fault), &fault, seed);
    if (!more)
        return;
    must(nabla_magnitude(s->gradient, r->axes_n, 1, &s->magnitude, &fault), &fault, seed);
    for (int k = 0; k < r->axes_n; k++)
        o[k].spacing = r->spacing[k];
    must(nabla_laplacian(&r->f, r->axes, r->axes_n, o, r->axes_n, &s->laplacian, r->room,
                         nabla_field_workspace(), &fault),
         &fault, seed);
}

/* Whole, with outputs left out by chance. */
START_TEST(as_the_separate_calls)
{
    const enum nabla_dtype dtype = dtypes[_i % (int)ROWS(dtypes)];
    const bool more = _i % (int)ROWS(dtypes) < DERIVABLE;
    struct rig *r = rig_new(_i, dtype);
    struct results want, got;
    struct nabla_fault fault;
    const enum nabla_dtype length = _i & 1 ? NABLA_FLOAT32 : NABLA_FLOAT64;
    const int left_out = (int)below(r, 4);
    results_init(&want, r, r->shape, nabla_gradient_dtype(dtype), length);
    results_init(&got, r, r->shape, nabla_gradient_dtype(dtype), length);
    separately(r, &want, more, _i);
    if (left_out == 1)
        got.field.gradient = NULL;
    if (left_out == 2 || !more)
        got.field.magnitude = NULL;
    if (left_out == 3 || !more)
        got.field.laplacian = NULL;
    must(nabla_gradient_field(&r->f, &r->o, NULL, &got.field, r->room, nabla_field_workspace(),
                              &fault),
         &fault, _i);
    for (int k = 0; k < r->axes_n && got.field.gradient != NULL; k++)
        same_bits(&got.gradient[k], &want.gradient[k], NULL, "gradient", _i);
    if (got.field.magnitude != NULL)
        same_bits(&got.magnitude, &want.magnitude, NULL, "magnitude", _i);
    if (got.field.laplacian != NULL)
        same_bits(&got.laplacian, &want.laplacian, NULL, "laplacian", _i);
    results_fini(&want, r);
    results_fini(&got, r);
    rig_free(r);
}
END_TEST

/* A random box, cut out of the array with its halos, and of the spacing. */
struct cutting {
    struct nabla_array f;
    int64_t shape[DIMS], wanted[DIMS], from[DIMS];
    struct nabla_halo halos[DIMS];
    struct nabla_spacing spacing[DIMS];
    struct nabla_options o;
};

static void cut(struct rig *r, int64_t halo, struct cutting *c)
{
    c->f = r->f;
    c->o = r->o;
    c->f.shape = c->shape;
    for (int d = 0; d < r->f.ndim; d++) {
        c->from[d] = 0;
        c->shape[d] = c->wanted[d] = r->shape[d];
    }
    for (int k = 0; k < r->axes_n; k++) {
        const int d = (r->axes[k] + r->f.ndim) % r->f.ndim;
        const int64_t n = r->shape[d], from = below(r, (uint64_t)n);
        const int64_t to = from + 1 + below(r, (uint64_t)(n - from));
        const int64_t low = from > halo ? from - halo : 0, high = n - to > halo ? to + halo : n;
        c->from[d] = from;
        c->wanted[d] = to - from;
        c->shape[d] = high - low;
        c->f.data = (char *)c->f.data + low * r->strides[d];
        c->halos[k] =
            (struct nabla_halo){from - low, high - to, !nabla_spacing_is_even(&r->spacing[k], n)};
        c->spacing[k] = r->spacing[k];
        if (c->spacing[k].data != NULL) {
            c->spacing[k].data = (const char *)c->spacing[k].data + 8 * low;
            c->spacing[k].n = high - low - (c->spacing[k].kind == NABLA_STEPS);
        }
    }
    c->o.spacing = c->spacing;
}

START_TEST(any_piece)
{
    const enum nabla_dtype dtype = dtypes[_i % (int)ROWS(dtypes)];
    const bool more = _i % (int)ROWS(dtypes) < DERIVABLE;
    struct rig *r = rig_new(_i + 1000, dtype);
    struct results want, got;
    struct nabla_fault fault;
    struct cutting c;
    results_init(&want, r, r->shape, nabla_gradient_dtype(dtype), NABLA_FLOAT64);
    separately(r, &want, more, _i);
    for (int round = 0; round < 12; round++) {
        do
            cut(r, NABLA_FIELD_HALO, &c);
        while (c.shape[0] < 4 || (r->f.ndim > 1 && c.shape[1] < 4) ||
               (r->f.ndim > 2 && c.shape[2] < 4)); /* the Laplacian's ends need so many */
        results_init(&got, r, c.wanted, nabla_gradient_dtype(dtype), NABLA_FLOAT64);
        if (!more)
            got.field.magnitude = got.field.laplacian = NULL;
        must(nabla_gradient_field(&c.f, &c.o, c.halos, &got.field, r->room, nabla_field_workspace(),
                                  &fault),
             &fault, _i);
        for (int k = 0; k < r->axes_n; k++)
            same_bits(&got.gradient[k], &want.gradient[k], c.from, "gradient", _i);
        if (more) {
            same_bits(&got.magnitude, &want.magnitude, c.from, "magnitude", _i);
            same_bits(&got.laplacian, &want.laplacian, c.from, "laplacian", _i);
        }
        results_fini(&got, r);
    }
    results_fini(&want, r);
    rig_free(r);
}
END_TEST

/* ---- of nabla_derivative's kind */

static struct nabla_derivative_options derived_options(struct rig *r, int k)
{
    static const enum nabla_boundary ends[] = {NABLA_ONE_SIDED, NABLA_REFLECT};
    struct nabla_derivative_options o = {.accuracy = 2, .spacing = r->spacing[k]};
    o.before = ends[below(r, 2)];
    o.after = ends[below(r, 2)];
    o.nan = (enum nabla_nan_policy)below(r, 3);
    return o;
}

START_TEST(as_separate_derivatives)
{
    const enum nabla_dtype dtype = dtypes[_i % DERIVABLE];
    struct rig *r = rig_new(_i + 2000, dtype);
    struct results want, got;
    struct nabla_fault fault;
    struct nabla_derivative_options o[DIMS] = {{0}};
    results_init(&want, r, r->shape, NABLA_FLOAT64, NABLA_FLOAT64);
    results_init(&got, r, r->shape, NABLA_FLOAT64, NABLA_FLOAT64);
    for (int64_t i = 0; i < 20 && dtype == NABLA_FLOAT64; i++)
        ((double *)r->memory)[below(r, (uint64_t)r->n)] = (double)NAN;
    for (int k = 0; k < r->axes_n; k++) {
        o[k] = derived_options(r, k);
        must(nabla_derivative(&r->f, r->axes[k], &o[k], &want.gradient[k], r->room,
                              nabla_field_workspace(), &fault),
             &fault, _i);
    }
    must(nabla_magnitude(want.gradient, r->axes_n, 1, &want.magnitude, &fault), &fault, _i);
    must(nabla_laplacian(&r->f, r->axes, r->axes_n, o, r->axes_n, &want.laplacian, r->room,
                         nabla_field_workspace(), &fault),
         &fault, _i);
    if (below(r, 2))
        got.field.gradient = NULL;
    must(nabla_derivative_field(&r->f, r->axes, r->axes_n, o, r->axes_n, &got.field, r->room,
                                nabla_field_workspace(), &fault),
         &fault, _i);
    for (int k = 0; k < r->axes_n && got.field.gradient != NULL; k++)
        same_bits(&got.gradient[k], &want.gradient[k], NULL, "gradient", _i);
    same_bits(&got.magnitude, &want.magnitude, NULL, "magnitude", _i);
    same_bits(&got.laplacian, &want.laplacian, NULL, "laplacian", _i);
    results_fini(&want, r);
    results_fini(&got, r);
    rig_free(r);
}
END_TEST

/* Parts that are the same array: the sum of its gradients, in the order of axes. */
START_TEST(divergence_is_the_sum_of_gradients)
{
    const enum nabla_dtype dtype = dtypes[_i % 2];
    struct rig *r = rig_new(_i + 3000, dtype);
    struct results want;
    struct nabla_fault fault;
    struct nabla_array parts[DIMS] = {r->f, r->f, r->f};
    struct nabla_array got = new_array(dtype, r->f.ndim, r->shape);
    results_init(&want, r, r->shape, dtype, NABLA_FLOAT64);
    separately(r, &want, false, _i);
    for (int64_t i = 0; i < r->n; i++)
        for (int k = 1; k < r->axes_n; k++)
            if (dtype == NABLA_FLOAT32)
                ((float *)want.gradient[0].data)[i] += ((float *)want.gradient[k].data)[i];
            else
                ((double *)want.gradient[0].data)[i] += ((double *)want.gradient[k].data)[i];
    must(nabla_gradient_divergence(parts, &r->o, NULL, &got, r->room, nabla_field_workspace(),
                                   &fault),
         &fault, _i);
    same_bits(&got, &want.gradient[0], NULL, "divergence", _i);
    free(got.data);
    results_fini(&want, r);
    rig_free(r);
}
END_TEST

/* ---- refusals */

static const struct refusal {
    const char *label;
    int f_dtype, axes_n, gradient_n, edge_order;
    struct nabla_halo halo;
    bool no_field, no_room, overlap, out_integer, magnitude_integer, long_output;
    enum nabla_status status;
    const char *says;
} refusals[] = {
    {.label = "nothing", .no_field = true, .status = NABLA_EINVAL, .says = "wanted"},
    {.label = "no room", .no_room = true, .status = NABLA_ENOMEM, .says = "workspace"},
    {.label = "negative halo", .halo = {-1, 0, 0}, .status = NABLA_ELENGTH, .says = "halos of -1"},
    {.label = "halos past all", .halo = {3, 4, 0}, .status = NABLA_ELENGTH, .says = "halos of 3"},
    {.label = "halo, output whole",
     .halo = {1, 0, 0},
     .status = NABLA_ELENGTH,
     .says = "5 are wanted"},
    {.label = "edge order", .edge_order = 3, .status = NABLA_EINVAL, .says = "edge_order"},
    {.label = "outputs", .gradient_n = 2, .status = NABLA_EINVAL, .says = "2 outputs"},
    {.label = "overlap", .overlap = true, .status = NABLA_EINVAL, .says = "output 1 overlaps"},
    {.label = "dtype", .out_integer = true, .status = NABLA_EDTYPE, .says = "output 0 is int64"},
    {.label = "magnitude's dtype",
     .magnitude_integer = true,
     .status = NABLA_EDTYPE,
     .says = "output 1 is int64"},
    {.label = "complex", .f_dtype = NABLA_COMPLEX128, .status = NABLA_EDTYPE, .says = "complex128"},
    {.label = "bool", .f_dtype = NABLA_BOOL, .status = NABLA_EDTYPE, .says = "bool"},
    {.label = "no axis", .axes_n = -1, .status = NABLA_EAXIS, .says = "need an axis"},
    {.label = "too long",
     .long_output = true,
     .status = NABLA_ELENGTH,
     .says = "output 0 has length 7"},
};

START_TEST(refused)
{
    const struct refusal *r = &refusals[_i];
    const int64_t n = 6, more = 7;
    const int none[1] = {0};
    double f[12] = {1, 4, 9, 16, 25, 36}, df[7], length[6] = {1e99, 1e99, 1e99, 1e99, 1e99, 1e99};
    for (int i = 0; i < 7; i++)
        df[i] = 1e99;
    struct nabla_fault fault = {0};
    const struct nabla_array in = {f,
                                   r->f_dtype           ? (enum nabla_dtype)r->f_dtype
                                   : r->label[0] == 'b' ? NABLA_BOOL
                                                        : NABLA_FLOAT64,
                                   1, &n, NULL};
    const struct nabla_array gradient[2] = {
        {df, r->out_integer ? NABLA_INT64 : NABLA_FLOAT64, 1, r->long_output ? &more : &n, NULL}};
    const struct nabla_array magnitude = {
        r->overlap ? df : length, r->magnitude_integer ? NABLA_INT64 : NABLA_FLOAT64, 1, &n, NULL};
    const struct nabla_field field = {r->axes_n ? NULL : gradient,
                                      r->gradient_n ? r->gradient_n : 1, &magnitude, NULL};
    const struct nabla_options o = {
        .edge_order = r->edge_order, .axes = r->axes_n ? none : NULL, .axes_n = 0};
    void *room = malloc(nabla_field_workspace());
    enum nabla_status status =
        nabla_gradient_field(&in, &o, &r->halo, r->no_field ? NULL : &field,
                             r->no_room ? NULL : room, nabla_field_workspace(), &fault);
    ck_assert_msg(status == r->status, "%s: %d, \"%s\"", r->label, (int)status, fault.message);
    ck_assert_msg(strstr(fault.message, r->says) != NULL, "%s: \"%s\"", r->label, fault.message);
    ck_assert_msg(df[0] == 1e99 && length[0] == 1e99, "%s: output touched", r->label);
    free(room);
}
END_TEST

START_TEST(refused_parts_and_sums)
{
    const int64_t n = 6, square[2] = {3, 3}, flat[2] = {3, 2}, turned[2] = {2, 3};
    double f[9] = {0}, g[9] = {0}, out[9] = {7};
    static const double twice[3] = {0, 1, 1};
    const size_t bytes = nabla_field_workspace();
    char *room = malloc(bytes + 16);
    struct nabla_fault fault = {0};
    struct nabla_array parts[2] = {{f, NABLA_FLOAT64, 2, flat, NULL},
                                   {g, NABLA_FLOAT64, 2, turned, NULL}};
    struct nabla_array to = {out, NABLA_FLOAT64, 2, flat, NULL},
                       line = {out, NABLA_FLOAT64, 1, &n, NULL};
    ck_assert_int_eq(nabla_gradient_divergence(parts, NULL, NULL, &to, room, bytes, &fault),
                     NABLA_ELENGTH);
    ck_assert_int_eq(fault.argument, 1);
    parts[1].shape = flat;
    parts[1].dtype = NABLA_FLOAT32;
    ck_assert_int_eq(nabla_gradient_divergence(parts, NULL, NULL, &to, room, bytes, &fault),
                     NABLA_EDTYPE);
    parts[1].dtype = NABLA_FLOAT64;
    ck_assert_int_eq(nabla_gradient_divergence(parts, NULL, NULL, &line, room, bytes, &fault),
                     NABLA_ELENGTH);
    ck_assert_int_eq(nabla_gradient_divergence(parts, NULL, NULL, parts, room, bytes, &fault),
                     NABLA_EINVAL);
    ck_assert_int_eq(nabla_gradient_divergence(NULL, NULL, NULL, &to, room, bytes, &fault),
                     NABLA_EINVAL);
    ck_assert_int_eq(nabla_gradient_divergence(parts, NULL, NULL, &to, room, bytes - 1, &fault),
                     NABLA_ENOMEM);
    ck_assert_int_eq(nabla_gradient_divergence(parts, NULL, NULL, &to, room + 1, bytes, &fault),
                     NABLA_EINVAL);
    ck_assert_int_eq(nabla_gradient_divergence(parts, NULL, NULL, &to, room, bytes, &fault),
                     NABLA_OK);
    out[0] = 7;
    /* the gradient takes coordinates that repeat, as numpy does; the Laplacian names the pair */
    const struct nabla_spacing by[2] = {nabla_coordinates(twice, 3), {0}};
    const struct nabla_options o = {.spacing = by, .spacing_n = 2};
    struct nabla_array f2 = {f, NABLA_FLOAT64, 2, square, NULL},
                       l2 = {out, NABLA_FLOAT64, 2, square, NULL};
    const struct nabla_field field = {.laplacian = &l2};
    ck_assert_int_eq(nabla_gradient_field(&f2, &o, NULL, &field, room, bytes, &fault),
                     NABLA_EORDER);
    ck_assert_int_eq(fault.index, 1);
    const struct nabla_derivative_options first = {.order = 1};
    ck_assert_int_eq(nabla_derivative_field(&f2, NULL, 0, &first, 1, &field, room, bytes, &fault),
                     NABLA_EINVAL);
    ck_assert_int_eq(nabla_derivative_field(NULL, NULL, 0, &first, 1, &field, room, bytes, &fault),
                     NABLA_EINVAL);
    ck_assert_int_eq(nabla_derivative_field(&f2, NULL, 0, &first, 3, &field, room, bytes, &fault),
                     NABLA_ECOUNT);
    ck_assert(out[0] == 7);
    ck_assert_int_eq(nabla_spacing_is_even(&by[0], 3), 0);
    ck_assert_int_eq(nabla_spacing_is_even(&by[0], 2), 0);
    ck_assert_int_eq(nabla_spacing_is_even(&by[1], 3), 1);
    ck_assert_int_eq(nabla_spacing_is_even(NULL, 3), 1);
    free(room);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("numeric/field");
    TCase *t = tcase_create("field");
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, as_the_separate_calls, 0, 120);
    tcase_add_loop_test(t, any_piece, 0, 60);
    tcase_add_loop_test(t, as_separate_derivatives, 0, 60);
    tcase_add_loop_test(t, divergence_is_the_sum_of_gradients, 0, 30);
    tcase_add_loop_test(t, refused, 0, ROWS(refusals));
    tcase_add_test(t, refused_parts_and_sums);
    suite_add_tcase(s, t);
    return s;
}
