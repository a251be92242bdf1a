/* tests/unit/numeric/test_derive_calls.c -- derivatives of arrays: layouts and types, sums over axes,
 * and what is refused, with its sentence. The mathematics: test_derive.c. */
#include <nabla/nabla.h>

#include "suite.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static const double uneven[6] = {0, 1, 3, 4, 6, 7};

static struct nabla_array line(const double *f, const int64_t *n)
{
    return (struct nabla_array){(void *)f, NABLA_FLOAT64, 1, n, NULL};
}

/* One line; out has what the halos leave. */
static enum nabla_status derive(const double *f, int64_t n,
                                const struct nabla_derivative_options *o, double *out,
                                struct nabla_fault *fault)
{
    int64_t m = n - o->halo_before - o->halo_after;
    struct nabla_array in = line(f, &n), to = line(out, &m);
    void *room = malloc(nabla_derivative_workspace());
    enum nabla_status status =
        nabla_derivative(&in, 0, o, &to, room, nabla_derivative_workspace(), fault);
    free(room);
    return status;
}

static void must_derive(const double *f, int64_t n, const struct nabla_derivative_options *o,
                        double *out)
{
    struct nabla_fault fault = {0};
    enum nabla_status status = derive(f, n, o, out, &fault);
    ck_assert_msg(status == NABLA_OK, "status %d: %s", (int)status, fault.message);
}

/* ---- layouts and types */

enum { A = 7, B = 9, C = 8 };

/* Order of axes in memory, and which of them run backwards, by round. */
static void lay_out(int round, int64_t strides[3], int64_t *first)
{
    static const int orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                     {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    const int64_t shape[3] = {A, B, C};
    int64_t stride = 1;
    *first = 0;
    for (int k = 0; k < 3; k++) {
        int d = orders[round % 6][k];
        bool backwards = round >> d & 1;
        strides[d] = backwards ? -stride : stride;
        *first += backwards ? stride * (shape[d] - 1) : 0;
        stride *= shape[d];
    }
}

START_TEST(any_strides)
{
    const int64_t shape[3] = {A, B, C};
    int64_t in[3], to[3], f0, out0;
    double f[A * B * C], out[A * B * C], one[16], want[16];
    void *room = malloc(nabla_derivative_workspace());
    int axis = _i % 3;
    struct nabla_derivative_options o = {.order = 1 + _i % 2};
    lay_out(_i, in, &f0);
    lay_out(_i / 6 + 5, to, &out0);
    for (int i = 0; i < A * B * C; i++) {
        f[i] = sin(i * i);
        out[i] = 1e99;
    }
    int64_t in_bytes[3] = {in[0] * 8, in[1] * 8, in[2] * 8},
            to_bytes[3] = {to[0] * 8, to[1] * 8, to[2] * 8};
    struct nabla_array from = {f + f0, NABLA_FLOAT64, 3, shape, in_bytes};
    struct nabla_array result = {out + out0, NABLA_FLOAT64, 3, shape, to_bytes};
    ck_assert_int_eq(
        nabla_derivative(&from, axis - 3, &o, &result, room, nabla_derivative_workspace(), NULL),
        NABLA_OK);
    for (int64_t i = 0; i < A * B * C; i++) {
        int64_t at[3] = {i / (B * C), i / C % B, i % C};
        if (at[axis] != 0)
            continue;
        const double *p = f + f0 + at[0] * in[0] + at[1] * in[1] + at[2] * in[2];
        const double *q = out + out0 + at[0] * to[0] + at[1] * to[1] + at[2] * to[2];
        for (int64_t k = 0; k < shape[axis]; k++)
            one[k] = p[k * in[axis]];
        must_derive(one, shape[axis], &o, want);
        for (int64_t k = 0; k < shape[axis]; k++)
            ck_assert_msg(q[k * to[axis]] == want[k], "axis %d, line %d, [%d]", axis, (int)i,
                          (int)k);
    }
    free(room);
}
END_TEST

static const int8_t i8[4] = {0, 1, 4, 9};
static const int16_t i16[4] = {0, 1, 4, 9};
static const int32_t i32[4] = {0, 1, 4, 9};
static const int64_t i64[4] = {0, 1, 4, 9};
static const uint8_t u8[4] = {0, 1, 4, 9};
static const uint16_t u16[4] = {0, 1, 4, 9};
static const uint32_t u32[4] = {0, 1, 4, 9};
static const uint64_t u64[4] = {0, 1, 4, 9};
static const uint16_t f16[4] = {0, 0x3c00, 0x4400, 0x4880};
static const float f32[4] = {0, 1, 4, 9};

static const struct typed {
    enum nabla_dtype dtype;
    const void *data;
} types[] = {
    {NABLA_INT8, i8},     {NABLA_INT16, i16},   {NABLA_INT32, i32},  {NABLA_INT64, i64},
    {NABLA_UINT8, u8},    {NABLA_UINT16, u16},  {NABLA_UINT32, u32}, {NABLA_UINT64, u64},
    {NABLA_FLOAT16, f16}, {NABLA_FLOAT32, f32},
};

START_TEST(types_of_values_and_coordinates)
{
    const struct typed *t = &types[_i];
    int64_t n = 4;
    double wide[4];
    float narrow[4];
    void *room = malloc(nabla_derivative_workspace());
    struct nabla_array f = {(void *)t->data, t->dtype, 1, &n, NULL}, out = line(wide, &n);
    struct nabla_derivative_options o = {
        .spacing = {.kind = NABLA_COORDINATES, .data = t->data, .dtype = t->dtype, .n = 4}};
    size_t bytes = nabla_derivative_workspace();
    ck_assert_int_eq(nabla_derivative(&f, 0, NULL, &out, room, bytes, NULL), NABLA_OK);
    for (int i = 0; i < 4; i++)
        ck_assert_double_eq(wide[i], 2 * i);
    out = (struct nabla_array){narrow, NABLA_FLOAT32, 1, &n, NULL};
    ck_assert_int_eq(nabla_derivative(&f, 0, &o, &out, room, bytes, NULL), NABLA_OK);
    for (int i = 0; i < 4; i++)
        ck_assert(fabsf(narrow[i] - 1) <= 1e-6f);
    free(room);
}
END_TEST

/* ---- sums over axes */

/* f = x^2 y + z^2 on coordinates x, unit y and step 2 z: gradient and Laplacian known everywhere. */
START_TEST(divergence_and_laplacian)
{
    const int64_t shape[3] = {5, 6, 7};
    enum { ALL = 5 * 6 * 7 };
    double x[5] = {0, 1, 2.5, 3, 5}, f[ALL], part[3][ALL], got[ALL];
    struct nabla_derivative_options o[3] = {
        {.spacing = nabla_coordinates(x, 5)}, {.order = 0}, {.spacing = nabla_step(2)}};
    struct nabla_array parts[3], in = {f, NABLA_FLOAT64, 3, shape, NULL},
                                 out = {got, NABLA_FLOAT64, 3, shape, NULL};
    void *room = malloc(nabla_field_workspace());
    size_t bytes = nabla_field_workspace();
    for (int i = 0; i < ALL; i++) {
        double a = x[i / 42], b = i / 7 % 6, c = 2. * (i % 7);
        f[i] = a * a * b + c * c;
        part[0][i] = a * a, part[1][i] = a * b * b, part[2][i] = c;
    }
    for (int k = 0; k < 3; k++)
        parts[k] = (struct nabla_array){part[k], NABLA_FLOAT64, 3, shape, NULL};
    ck_assert_int_eq(nabla_laplacian(&in, NULL, 0, o, 3, &out, room, bytes, NULL), NABLA_OK);
    for (int i = 0; i < ALL; i++)
        ck_assert_msg(fabs(got[i] - (2 * (i / 7 % 6) + 2)) < 1e-11, "[%d] %.17g", i, got[i]);
    ck_assert_int_eq(nabla_divergence(parts, NULL, 0, o, 3, &out, room, bytes, NULL), NABLA_OK);
    for (int i = 0; i < ALL; i++) {
        double a = x[i / 42], b = i / 7 % 6;
        ck_assert_msg(fabs(got[i] - (2 * a + 2 * a * b + 1)) < 1e-11, "[%d] %.17g", i, got[i]);
    }
    const int some[2] = {-1, 1};
    const struct nabla_derivative_options same = {.spacing = nabla_step(1)};
    ck_assert_int_eq(nabla_laplacian(&in, some, 2, &same, 1, &out, room, bytes, NULL), NABLA_OK);
    for (int i = 0; i < ALL; i++)
        ck_assert_msg(fabs(got[i] - 8) < 1e-11, "[%d] %.17g", i, got[i]);
    free(room);
}
END_TEST

/* ---- what is refused */

static const double twice[5] = {0, 1, 1, 2, 3}, lost[5] = {0, 1, 2, (double)NAN, 4},
                    turning[4] = {1, 2, -1, 1};
static const int64_t not_a_time[5] = {0, 1, 2, 3, INT64_MIN},
                     nat_first[5] = {INT64_MIN, 1, 2, 3, 4}, nat_last[5] = {4, 3, 2, 1, INT64_MIN};

static const struct refusal {
    const char *label;
    struct nabla_derivative_options o;
    int64_t n;
    enum nabla_status status;
    int64_t index;
    const char *says;
} refusals[] = {
    {"order 5", {.order = 5}, 5, NABLA_EINVAL, -1, "order is 5"},
    {"order -1", {.order = -1}, 5, NABLA_EINVAL, -1, "order is -1"},
    {"accuracy 3", {.accuracy = 3}, 5, NABLA_EINVAL, -1, "accuracy is 3"},
    {"accuracy 8", {.accuracy = 8}, 5, NABLA_EINVAL, -1, "accuracy is 8"},
    {"policy", {.nan = (enum nabla_nan_policy)3}, 5, NABLA_EINVAL, -1, "NaN policy"},
    {"boundary", {.after = (enum nabla_boundary)9}, 5, NABLA_EINVAL, -1, "boundary"},
    {"half periodic", {.before = NABLA_PERIODIC}, 5, NABLA_EINVAL, -1, "both ends"},
    {"few",
     {.accuracy = 4},
     4,
     NABLA_ESMALL,
     -1,
     "4 elements are too few for this derivative: it needs 5"},
    {"none", {0}, 0, NABLA_ESMALL, -1, "0 elements"},
    {"few, periodic",
     {.accuracy = 6, .before = NABLA_PERIODIC, .after = NABLA_PERIODIC},
     5,
     NABLA_ESMALL,
     -1,
     "needs 7"},
    {"few, reflected",
     {.accuracy = 6, .before = NABLA_REFLECT, .after = NABLA_REFLECT},
     3,
     NABLA_ESMALL,
     -1,
     "needs 4"},
    {"step 0", {.spacing = {.kind = NABLA_STEP}}, 5, NABLA_EINVAL, -1, "step is 0"},
    {"tiny step",
     {.order = 4, .spacing = {NABLA_STEP, 1e-100, 0, 0, 0, 0}},
     6,
     NABLA_ERANGE,
     -1,
     "power 4"},
    {"coordinate twice",
     {.spacing = {NABLA_COORDINATES, 0, twice, NABLA_FLOAT64, 5, 0}},
     5,
     NABLA_EORDER,
     1,
     "elements 1 and 2"},
    {"coordinate lost",
     {.spacing = {NABLA_COORDINATES, 0, lost, NABLA_FLOAT64, 5, 0}},
     5,
     NABLA_EORDER,
     2,
     "elements 2 and 3"},
    {"NaT",
     {.spacing = {NABLA_COORDINATES, 0, not_a_time, NABLA_DATETIME64, 5, 0}},
     5,
     NABLA_EORDER,
     3,
     "elements 3 and 4"},
    {"NaT, where it would be the earliest",
     {.spacing = {NABLA_COORDINATES, 0, nat_first, NABLA_DATETIME64, 5, 0}},
     5,
     NABLA_EORDER,
     0,
     "elements 0 and 1"},
    {"NaT at the end of falling times",
     {.spacing = {NABLA_COORDINATES, 0, nat_last, NABLA_DATETIME64, 5, 0}},
     5,
     NABLA_EORDER,
     3,
     "elements 3 and 4"},
    {"steps of two signs",
     {.spacing = {NABLA_STEPS, 0, turning, NABLA_FLOAT64, 4, 0}},
     5,
     NABLA_EORDER,
     2,
     "step 2"},
    {"too few coordinates",
     {.spacing = {NABLA_COORDINATES, 0, uneven, NABLA_FLOAT64, 4, 0}},
     5,
     NABLA_ELENGTH,
     -1,
     "4 elements where the axis wants 5"},
    {"too many steps",
     {.spacing = {NABLA_STEPS, 0, uneven, NABLA_FLOAT64, 5, 0}},
     5,
     NABLA_ELENGTH,
     -1,
     "wants 4"},
    {"complex coordinates",
     {.spacing = {NABLA_COORDINATES, 0, uneven, NABLA_COMPLEX64, 5, 0}},
     5,
     NABLA_EDTYPE,
     -1,
     "real"},
    {"kind", {.spacing = {.kind = (enum nabla_spacing_kind)7}}, 5, NABLA_EINVAL, -1, "kind"},
    {"short period",
     {.spacing = {NABLA_COORDINATES, 0, uneven, NABLA_FLOAT64, 5, 0},
      .before = NABLA_PERIODIC,
      .after = NABLA_PERIODIC,
      .period = 6},
     5,
     NABLA_EORDER,
     -1,
     "period"},
    {"period of an open axis", {.period = 6}, 5, NABLA_EINVAL, -1, "period"},
    {"negative halo", {.halo_before = -1, .halo_after = 1}, 5, NABLA_ELENGTH, -1, "halo"},
    {"piece of a periodic axis",
     {.before = NABLA_PERIODIC, .after = NABLA_PERIODIC, .halo_before = 2, .halo_after = 1},
     5,
     NABLA_ESMALL,
     -1,
     "2 elements of halo"},
};

START_TEST(refused)
{
    const struct refusal *r = &refusals[_i];
    struct nabla_fault fault = {0};
    double f[8] = {1, 2, 4, 8, 9, 3}, out[8] = {1e99, 1e99, 1e99, 1e99, 1e99, 1e99, 1e99, 1e99};
    enum nabla_status status = derive(f, r->n, &r->o, out, &fault);
    ck_assert_msg(status == r->status, "%s: status %d, \"%s\"", r->label, (int)status,
                  fault.message);
    ck_assert_msg(strstr(fault.message, r->says) != NULL, "%s: \"%s\"", r->label, fault.message);
    ck_assert_msg(fault.index == r->index, "%s: index %d", r->label, (int)fault.index);
    for (int i = 0; i < 8; i++)
        ck_assert_msg(out[i] == 1e99, "%s: output touched", r->label);
}
END_TEST

START_TEST(refused_arrays)
{
    int64_t n = 5, m = 4;
    double f[5] = {0}, out[5] = {0};
    static _Alignas(16) char room[1 << 20];
    size_t bytes = nabla_derivative_workspace();
    struct nabla_fault fault;
    struct nabla_array in = line(f, &n), to = line(out, &n), less = line(out, &m),
                       over = line(f, &n);
    struct nabla_array flags = {f, NABLA_BOOL, 1, &n, NULL},
                       whole = {out, NABLA_INT64, 1, &n, NULL};
    const int two[2] = {0, -1};
    ck_assert_uint_le(bytes, sizeof room);
    ck_assert_int_eq(nabla_derivative(&in, 1, NULL, &to, room, bytes, &fault), NABLA_EAXIS);
    ck_assert_str_eq(fault.message, "axis 1 is out of bounds for an array of 1 dimensions");
    ck_assert_int_eq(nabla_derivative(&in, -2, NULL, &to, room, bytes, NULL), NABLA_EAXIS);
    ck_assert_int_eq(nabla_derivative(&in, 0, NULL, &less, room, bytes, NULL), NABLA_ELENGTH);
    ck_assert_int_eq(nabla_derivative(&flags, 0, NULL, &to, room, bytes, NULL), NABLA_EDTYPE);
    ck_assert_int_eq(nabla_derivative(&in, 0, NULL, &whole, room, bytes, NULL), NABLA_EDTYPE);
    ck_assert_int_eq(nabla_derivative(&in, 0, NULL, &over, room, bytes, NULL), NABLA_EINVAL);
    ck_assert_int_eq(nabla_derivative(&in, 0, NULL, &to, room, bytes - 1, NULL), NABLA_ENOMEM);
    ck_assert_int_eq(nabla_derivative(&in, 0, NULL, &to, NULL, 0, NULL), NABLA_ENOMEM);
    ck_assert_int_eq(nabla_derivative(&in, 0, NULL, &to, room + 1, bytes, NULL), NABLA_EINVAL);
    ck_assert_int_eq(nabla_derivative(NULL, 0, NULL, &to, room, bytes, NULL), NABLA_EINVAL);
    bytes = nabla_field_workspace();
    ck_assert_uint_le(bytes, sizeof room);
    ck_assert_int_eq(nabla_laplacian(&in, two, 2, NULL, 0, &to, room, bytes, &fault), NABLA_EAXIS);
    ck_assert_str_eq(fault.message, "axis 0 is named twice");
    ck_assert_int_eq(nabla_laplacian(&in, two, 0, NULL, 0, &to, room, bytes, NULL), NABLA_EAXIS);
    const struct nabla_derivative_options o[2] = {{.order = 1}, {.halo_before = 1}};
    ck_assert_int_eq(nabla_laplacian(&in, NULL, 0, o, 2, &to, room, bytes, NULL), NABLA_ECOUNT);
    ck_assert_int_eq(nabla_laplacian(&in, NULL, 0, o, 1, &to, room, bytes, NULL), NABLA_EINVAL);
    ck_assert_int_eq(nabla_divergence(&in, NULL, 0, o + 1, 1, &to, room, bytes, NULL),
                     NABLA_ELENGTH);
    ck_assert_int_eq(nabla_divergence(NULL, NULL, 0, o, 1, &to, room, bytes, NULL), NABLA_EINVAL);
    ck_assert_int_eq(nabla_derivative_halo(&(struct nabla_derivative_options){.order = 9}), -1);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("numeric/derive_calls");
    TCase *t = tcase_create("calls");
    tcase_add_loop_test(t, any_strides, 0, 48);
    tcase_add_loop_test(t, types_of_values_and_coordinates, 0, ROWS(types));
    tcase_add_test(t, divergence_and_laplacian);
    tcase_add_loop_test(t, refused, 0, ROWS(refusals));
    tcase_add_test(t, refused_arrays);
    suite_add_tcase(s, t);
    return s;
}
