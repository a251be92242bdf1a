/* test_npy_elements.c -- strides, byte order, and what the gradient of an array is. */
#include "wire/npy.h"

#include <string.h>

#include "suite.h"

static const struct swap_row {
    enum nabla_dtype dtype;
    const char *bytes, *swapped;
} swaps[] = {
    {NABLA_INT8, "abcd", "abcd"},
    {NABLA_FLOAT16, "abcd", "badc"},
    {NABLA_INT32, "abcdefgh", "dcbahgfe"},
    {NABLA_FLOAT64, "abcdefghijklmnop", "hgfedcbaponmlkji"},
    {NABLA_COMPLEX64, "abcdefgh", "dcbahgfe"},
    {NABLA_COMPLEX128, "abcdefghijklmnop", "hgfedcbaponmlkji"},
    {NABLA_LONGDOUBLE, "abcdefghijklmnop", "ponmlkjihgfedcba"},
    {NABLA_DATETIME64, "abcdefgh", "hgfedcba"},
};

START_TEST(swap_row)
{
    char bytes[32];
    const struct swap_row *r = &swaps[_i];
    size_t n = strlen(r->bytes);
    for (int shift = 0; shift < 2; shift++) { /* aligned, and not */
        memcpy(bytes + shift, r->bytes, n + 1);
        npy_swap(bytes + shift, n, r->dtype);
        ck_assert_str_eq(bytes + shift, r->swapped);
        npy_swap(bytes + shift, n, r->dtype);
        ck_assert_str_eq(bytes + shift, r->bytes);
    }
}
END_TEST

START_TEST(strides)
{
    struct npy npy = {.dtype = NABLA_FLOAT32, .ndim = 3, .shape = {2, 3, 5}};
    int64_t got[NABLA_DIMS_MAX];
    npy_strides(&npy, got);
    ck_assert(got[0] == 60 && got[1] == 20 && got[2] == 4);
    npy.fortran = true;
    npy_strides(&npy, got);
    ck_assert(got[0] == 4 && got[1] == 8 && got[2] == 24);
}
END_TEST

static const struct gradient_row {
    enum nabla_dtype in, out;
    bool keeps_order;
} gradients[] = {
    {NABLA_FLOAT16, NABLA_FLOAT16, true},         {NABLA_FLOAT64, NABLA_FLOAT64, true},
    {NABLA_INT16, NABLA_FLOAT64, false},          {NABLA_UINT64, NABLA_FLOAT64, false},
    {NABLA_COMPLEX64, NABLA_COMPLEX64, true},     {NABLA_DATETIME64, NABLA_TIMEDELTA64, true},
    {NABLA_TIMEDELTA64, NABLA_TIMEDELTA64, true}, {NABLA_BOOL, NABLA_DTYPE_COUNT, false},
};

START_TEST(gradient_row)
{
    const struct gradient_row *r = &gradients[_i];
    struct npy in = {.dtype = r->in,
                     .swapped = true,
                     .fortran = true,
                     .ndim = 1,
                     .shape = {3},
                     .unit = "ns",
                     .count = 3,
                     .bytes = 3 * nabla_dtype_size(r->in)};
    struct npy out = npy_gradient(&in);
    ck_assert_int_eq(out.dtype, r->out);
    ck_assert(out.swapped == r->keeps_order && out.fortran && out.count == 3);
    ck_assert_uint_eq(out.bytes, 3 * nabla_dtype_size(r->out));
    ck_assert_str_eq(out.unit, "ns");
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("wire/npy_elements");
    TCase *all = tcase_create("all");
    tcase_add_loop_test(all, swap_row, 0, ROWS(swaps));
    tcase_add_test(all, strides);
    tcase_add_loop_test(all, gradient_row, 0, ROWS(gradients));
    suite_add_tcase(s, all);
    return s;
}
