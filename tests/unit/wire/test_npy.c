/* test_npy.c -- .npy headers, row by row; hostile ones at a guard page; what is written reads back. */
#include "wire/npy.h"

#include <stdio.h>
#include <string.h>

#include "../guard.h"
#include "suite.h"

/* A file: magic, version, length, dict, then so many bytes of elements. */
static size_t make_file(char *out, int version, const char *dict, size_t bytes)
{
    size_t n = strlen(dict), at = version == 1 ? 10 : 12;
    memcpy(out, "\x93NUMPY", 6);
    out[6] = (char)version;
    out[7] = 0;
    for (size_t i = 0; i < at - 8; i++)
        out[8 + i] = (char)(n >> 8 * i);
    memcpy(out + at, dict, n);
    memset(out + at + n, 0, bytes);
    return at + n + bytes;
}

#define DICT(descr, fortran, shape)                                                                \
    "{'descr': " descr ", 'fortran_order': " fortran ", 'shape': " shape ", }"
#define BIG "9223372036854775808"

static const struct row {
    const char *dict;
    int version;
    size_t bytes; /* behind the header */
    enum nabla_status status;
    const char *why; /* a part of it */
    struct npy npy;
} rows[] = {
    {DICT("'<f8'", "False", "(3, 4)"),
     1,
     96,
     NABLA_OK,
     NULL,
     {NABLA_FLOAT64, false, false, 2, {3, 4}, "", 12, 0, 96}},
    {DICT("'<f8'", "False", "(3, 4)"),
     2,
     96,
     NABLA_OK,
     NULL,
     {NABLA_FLOAT64, false, false, 2, {3, 4}, "", 12, 0, 96}},
    {DICT("'<f8'", "False", "(3, 4)"),
     3,
     97,
     NABLA_OK,
     NULL,
     {NABLA_FLOAT64, false, false, 2, {3, 4}, "", 12, 0, 96}},
    {DICT("'>f4'", "True", "(2,)"),
     1,
     8,
     NABLA_OK,
     NULL,
     {NABLA_FLOAT32, true, true, 1, {2}, "", 2, 0, 8}},
    {DICT("'<f8'", "False", "()"),
     1,
     8,
     NABLA_OK,
     NULL,
     {NABLA_FLOAT64, false, false, 0, {0}, "", 1, 0, 8}},
    {DICT("'|i1'", "False", "(0, 5)"),
     1,
     0,
     NABLA_OK,
     NULL,
     {NABLA_INT8, false, false, 2, {0, 5}, "", 0, 0, 0}},
    {DICT("'>u1'", "False", "(1,)"),
     1,
     1,
     NABLA_OK,
     NULL,
     {NABLA_UINT8, false, false, 1, {1}, "", 1, 0, 1}},
    {DICT("'|b1'", "False", "(1,)"),
     1,
     1,
     NABLA_OK,
     NULL,
     {NABLA_BOOL, false, false, 1, {1}, "", 1, 0, 1}},
    {DICT("'=f2'", "False", "(1,)"),
     1,
     2,
     NABLA_OK,
     NULL,
     {NABLA_FLOAT16, false, false, 1, {1}, "", 1, 0, 2}},
    {DICT("'f16'", "False", "(1,)"),
     1,
     16,
     NABLA_OK,
     NULL,
     {NABLA_LONGDOUBLE, false, false, 1, {1}, "", 1, 0, 16}},
    {DICT("'<c8'", "False", "(1,)"),
     1,
     8,
     NABLA_OK,
     NULL,
     {NABLA_COMPLEX64, false, false, 1, {1}, "", 1, 0, 8}},
    {DICT("'>c16'", "False", "(1,)"),
     1,
     16,
     NABLA_OK,
     NULL,
     {NABLA_COMPLEX128, true, false, 1, {1}, "", 1, 0, 16}},
    {DICT("'<M8[ns]'", "False", "(1,)"),
     1,
     8,
     NABLA_OK,
     NULL,
     {NABLA_DATETIME64, false, false, 1, {1}, "ns", 1, 0, 8}},
    {DICT("'>m8[25s]'", "False", "(1,)"),
     1,
     8,
     NABLA_OK,
     NULL,
     {NABLA_TIMEDELTA64, true, false, 1, {1}, "25s", 1, 0, 8}},
    {DICT("'<m8'", "False", "(1,)"),
     1,
     8,
     NABLA_OK,
     NULL,
     {NABLA_TIMEDELTA64, false, false, 1, {1}, "", 1, 0, 8}},
    /* any order of members, either quote, blanks, Python 2's longs */
    {"{\"shape\":(2L,3L),\"descr\":\"<i2\",\"fortran_order\":False}",
     1,
     12,
     NABLA_OK,
     NULL,
     {NABLA_INT16, false, false, 2, {2, 3}, "", 6, 0, 12}},
    {" { 'descr' : '<u4' , 'fortran_order' : True , 'shape' : ( 1 , 2 , ) , } \n",
     1,
     8,
     NABLA_OK,
     NULL,
     {NABLA_UINT32, false, true, 2, {1, 2}, "", 2, 0, 8}},
    /* not what they say */
    {DICT("'<f8'", "False", "(3, 4)"), 1, 95, NABLA_EINVAL, "shorter", {0}},
    {DICT("'<f8'", "False", "(3, 4)"), 4, 96, NABLA_EINVAL, "version", {0}},
    {DICT("'<f8'", "False", "(3, 4)"), 0, 96, NABLA_EINVAL, "version", {0}},
    {DICT("'<f8'", "False", "(4611686018427387904,)"), 1, 8, NABLA_EINVAL, "larger", {0}},
    {DICT("'<f8'", "False", "(4294967296, 4294967296)"), 1, 8, NABLA_EINVAL, "larger", {0}},
    {DICT("'|i1'", "False", "(0, 4294967296, 4294967296)"), 1, 8, NABLA_EINVAL, "larger", {0}},
    {DICT("'|i1'", "False", "(" BIG ",)"), 1, 8, NABLA_EINVAL, "larger", {0}},
    {DICT("'|i1'", "False", "(9223372036854775807,)"), 1, 8, NABLA_EINVAL, "shorter", {0}},
    {DICT("'|i1'", "False", "(-1,)"), 1, 8, NABLA_EINVAL, "dict", {0}},
    {DICT("'|i1'", "False", "(3)"), 1, 8, NABLA_EINVAL, "dict", {0}},
    {DICT("'|i1'", "False", "(3, 4"), 1, 8, NABLA_EINVAL, "dict", {0}},
    {DICT("'|i1'", "False", "3"), 1, 8, NABLA_EINVAL, "dict", {0}},
    {DICT("'|i1'", "False", "(3,,)"), 1, 8, NABLA_EINVAL, "dict", {0}},
    {DICT("'|i1'", "0", "(3,)"), 1, 8, NABLA_EINVAL, "dict", {0}},
    {"{'descr': '|i1', 'shape': (1,)}", 1, 8, NABLA_EINVAL, "dict", {0}},
    {"{'descr': '|i1', 'descr': '|i1', 'fortran_order': False, 'shape': (1,)}",
     1,
     8,
     NABLA_EINVAL,
     "dict",
     {0}},
    {"{'descr': '|i1', 'fortran_order': False, 'shape': (1,), 'more': 1}",
     1,
     8,
     NABLA_EINVAL,
     "dict",
     {0}},
    {"{'descr': '|i1', 'fortran_order': False, 'shape': (1,)} x", 1, 8, NABLA_EINVAL, "dict", {0}},
    {"{'descr': '|i1', 'fortran_order': False, 'shape': (1,)", 1, 8, NABLA_EINVAL, "dict", {0}},
    {"{'descr: ", 1, 8, NABLA_EINVAL, "dict", {0}},
    {"", 1, 8, NABLA_EINVAL, "dict", {0}},
    {DICT("'|i1'", "False", "(1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1)"),
     1,
     8,
     NABLA_ELIMIT,
     "32 axes",
     {0}},
    /* what has no gradient */
    {DICT("[('a', '<f8'), ('b', '<f8')]", "False", "(1,)"), 1, 16, NABLA_EDTYPE, "structures", {0}},
    {DICT("'|O'", "False", "(1,)"), 1, 8, NABLA_EDTYPE, "objects", {0}},
    {DICT("'<U5'", "False", "(1,)"), 1, 20, NABLA_EDTYPE, "text", {0}},
    {DICT("'|S5'", "False", "(1,)"), 1, 5, NABLA_EDTYPE, "text", {0}},
    {DICT("'|V8'", "False", "(1,)"), 1, 8, NABLA_EDTYPE, "bytes", {0}},
    {DICT("'<c32'", "False", "(1,)"), 1, 32, NABLA_EDTYPE, "complex", {0}},
    {DICT("'<f3'", "False", "(1,)"), 1, 8, NABLA_EDTYPE, "descr", {0}},
    {DICT("'<f8[ns]'", "False", "(1,)"), 1, 8, NABLA_EDTYPE, "descr", {0}},
    {DICT("''", "False", "(1,)"), 1, 8, NABLA_EDTYPE, "descr", {0}},
    {DICT("'<'", "False", "(1,)"), 1, 8, NABLA_EDTYPE, "descr", {0}},
    {DICT("'<M8[]'", "False", "(1,)"), 1, 8, NABLA_EINVAL, "unit", {0}},
    {DICT("'<M8[ns'", "False", "(1,)"), 1, 8, NABLA_EINVAL, "unit", {0}},
    {DICT("'<M8[1]'", "False", "(1,)"), 1, 8, NABLA_EINVAL, "unit", {0}},
    {DICT("'<M8[weeks]'", "False", "(1,)"), 1, 8, NABLA_EINVAL, "unit", {0}},
    {DICT("'<M8[s/3]'", "False", "(1,)"), 1, 8, NABLA_EINVAL, "unit", {0}},
    {DICT("'<M8[1111111111111111111111111s]'", "False", "(1,)"), 1, 8, NABLA_EINVAL, "unit", {0}},
};

static void check_same(const char *label, const struct npy *got, const struct npy *want)
{
    ck_assert_msg(got->dtype == want->dtype, "%s: dtype %d", label, got->dtype);
    ck_assert_msg(got->swapped == want->swapped, "%s: swapped %d", label, got->swapped);
    ck_assert_msg(got->fortran == want->fortran, "%s: fortran %d", label, got->fortran);
    ck_assert_msg(got->ndim == want->ndim, "%s: ndim %d", label, got->ndim);
    for (int i = 0; i < want->ndim; i++)
        ck_assert_msg(got->shape[i] == want->shape[i], "%s: shape[%d]", label, i);
    ck_assert_msg(strcmp(got->unit, want->unit) == 0, "%s: unit %s", label, got->unit);
    ck_assert_msg(got->count == want->count, "%s: count", label);
    ck_assert_msg(got->bytes == want->bytes, "%s: bytes", label);
}

START_TEST(header_row)
{
    const struct row *r = &rows[_i];
    struct guard guard = guard_new(4096);
    char file[2048];
    size_t n = make_file(file, r->version, r->dict, r->bytes);
    struct npy got, untouched;
    const char *why = NULL;
    memset(&got, 0x55, sizeof got);
    memset(&untouched, 0x55, sizeof untouched);
    enum nabla_status status = npy_read(guard_copy(&guard, file, n), n, &got, &why);
    ck_assert_msg(status == r->status, "%s: status %d (%s)", r->dict, status, why ? why : "");
    if (status == NABLA_OK) {
        check_same(r->dict, &got, &r->npy);
        ck_assert_uint_eq(got.offset, n - r->bytes);
    } else {
        ck_assert_msg(why != NULL && strstr(why, r->why) != NULL, "%s: %s", r->dict, why);
        ck_assert_msg(memcmp(&got, &untouched, sizeof got) == 0, "%s: written to", r->dict);
    }
    guard_free(&guard);
}
END_TEST

/* Every shorter file is refused, and none is read past its end. */
START_TEST(cut_anywhere)
{
    struct guard guard = guard_new(4096);
    char file[512];
    size_t n = make_file(file, 1 + _i, rows[0].dict, rows[0].bytes);
    struct npy got;
    const char *why;
    for (size_t cut = 0; cut < n; cut++)
        ck_assert_msg(npy_read(guard_copy(&guard, file, cut), cut, &got, &why) == NABLA_EINVAL,
                      "cut at %zu", cut);
    ck_assert_int_eq(npy_read(file, n, &got, &why), NABLA_OK);
    guard_free(&guard);
}
END_TEST

START_TEST(long_header)
{
    char *file = calloc(1, NPY_HEADER_MAX + 100);
    struct npy got;
    const char *why;
    memcpy(file, "\x93NUMPY\x02\x00\x01\x00\x01\x00", 12); /* 65537 bytes of it */
    ck_assert_int_eq(npy_read(file, NPY_HEADER_MAX + 100, &got, &why), NABLA_ELIMIT);
    memcpy(file + 8, "\xff\xff\xff\xff", 4);
    ck_assert_int_eq(npy_read(file, NPY_HEADER_MAX + 100, &got, &why), NABLA_ELIMIT);
    free(file);
}
END_TEST

static void check_written(const struct npy *npy)
{
    struct buf file = {0};
    struct npy got;
    const char *why = "";
    npy_write(&file, npy);
    ck_assert(!file.failed && file.n % NPY_ALIGN == 0);
    size_t header = file.n;
    char *room = buf_room(&file, npy->bytes + 1);
    memset(room, 0, npy->bytes);
    buf_used(&file, npy->bytes);
    ck_assert_msg(npy_read(file.at, file.n, &got, &why) == NABLA_OK, "%.*s: %s", (int)header,
                  file.at + 10, why);
    ck_assert_uint_eq(got.offset, header);
    check_same("written", &got, npy);
    buf_fini(&file);
}

START_TEST(written_reads_back)
{
    for (int dtype = 0; dtype < NABLA_DTYPE_COUNT; dtype++) {
        struct npy npy = {.dtype = (enum nabla_dtype)dtype, .count = 1};
        size_t size = nabla_dtype_size(npy.dtype);
        if (npy.dtype == NABLA_DATETIME64)
            strcpy(npy.unit, "10ms");
        for (int ndim = 0; ndim <= NABLA_DIMS_MAX; ndim++) {
            npy.ndim = ndim;
            npy.count *= ndim > 0 ? (npy.shape[ndim - 1] = 1 + (ndim < 5)) : 1;
            npy.bytes = (size_t)npy.count * size;
            npy.fortran = ndim % 2;
            npy.swapped = size > 1 && ndim % 3 == 0;
            check_written(&npy);
        }
    }
}
END_TEST

/* numpy's own words for a small array, so that files compare equal. */
START_TEST(written_text)
{
    struct npy npy = {.dtype = NABLA_TIMEDELTA64, .ndim = 1, .shape = {3}, .unit = "s"};
    struct buf file = {0};
    npy_write(&file, &npy);
    static const char text[] = "{'descr': '<m8[s]', 'fortran_order': False, 'shape': (3,), }";
    ck_assert(memcmp(file.at, "\x93NUMPY\x01\x00\x76\x00", 10) == 0);
    ck_assert(memcmp(file.at + 10, text, sizeof text - 1) == 0);
    ck_assert_int_eq(file.at[file.n - 1], '\n');
    buf_fini(&file);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("npy");
    TCase *all = tcase_create("all");
    tcase_add_loop_test(all, header_row, 0, ROWS(rows));
    tcase_add_loop_test(all, cut_anywhere, 0, 3);
    tcase_add_test(all, long_header);
    tcase_add_test(all, written_reads_back);
    tcase_add_test(all, written_text);
    suite_add_tcase(s, all);
    return s;
}
