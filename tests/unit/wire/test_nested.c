/* test_nested.c -- lists to arrays and back: rows, every ragged place by its path, laws. */
#include "wire/nested.h"

#include "wire/json_scan.h"

#include <math.h>
#include <stdio.h>

#include "../guard.h"
#include "suite.h"

enum { ELEMENTS = 12, DIMENSIONS = 4 };

static enum nabla_status read_text(const char *text, struct nested *out, struct buf *why)
{
    struct nested_limits limits = {.elements = ELEMENTS, .dimensions = DIMENSIONS};
    struct guard g = guard_new(strlen(text));
    const char *at = guard_copy(&g, text, strlen(text));
    struct json_scan s = {at, g.end};
    enum nabla_status status = nested_read(&s, "f", &limits, out, why);
    ck_assert(s.p >= at && s.p <= g.end);
    guard_free(&g);
    return status;
}

static const struct row {
    const char *text;
    int ndim;
    int64_t shape[DIMENSIONS], count;
    const char *again; /* as it is written; NULL: as text */
} rows[] = {
    {"5", 0, {0}, 1, NULL},
    {"null", 0, {0}, 1, NULL},
    {"[]", 1, {0}, 0, NULL},
    {"[1]", 1, {1}, 1, NULL},
    {" [ 1 ,\t2.50,\r\n-3e0 ] ", 1, {3}, 3, "[1,2.5,-3]"},
    {"[1,null,0.1]", 1, {3}, 3, NULL},
    {"[[1,2,3],[4,5,6]]", 2, {2, 3}, 6, NULL},
    {"[[],[]]", 2, {2, 0}, 0, NULL},
    {"[[[1],[2]]]", 3, {1, 2, 1}, 2, NULL},
    {"[[[[7]]]]", 4, {1, 1, 1, 1}, 1, NULL},
    {"[-0.0,1e-300,1e300]", 1, {3}, 3, "[-0.0,1e-300,1e+300]"},
    {"[-0,1e999,-1e999]", 1, {3}, 3, "[-0.0,null,null]"},
    {"[1,2,3,4,5,6,7,8,9,10,11,12]", 1, {12}, 12, NULL},
};

START_TEST(good_row)
{
    const struct row *r = &rows[_i];
    struct nested got = {0};
    struct buf why = {0}, out = {0};
    struct patience patience = {0};
    uint64_t nulls = 0;
    ck_assert_msg(read_text(r->text, &got, &why) == NABLA_OK, "%s: %.*s", r->text, (int)why.n,
                  why.at);
    ck_assert_msg(got.ndim == r->ndim && got.count == r->count, "%s: %d dimensions, %lld", r->text,
                  got.ndim, (long long)got.count);
    for (int d = 0; d < r->ndim; d++)
        ck_assert_msg(got.shape[d] == r->shape[d], "%s: axis %d", r->text, d);
    ck_assert(
        nested_write(&out, NABLA_FLOAT64, got.ndim, got.shape, got.numbers.at, &patience, &nulls));
    buf_char(&out, '\0');
    ck_assert_str_eq(out.at, r->again != NULL ? r->again : r->text);
    ck_assert_uint_eq(nulls > 0, strstr(out.at, "null") != NULL);
    nested_fini(&got);
    buf_fini(&out);
    buf_fini(&why);
}
END_TEST

static const struct bad_row {
    const char *text;
    enum nabla_status status;
    const char *why;
} bad_rows[] = {
    {"[[1,2],[3]]", NABLA_EINVAL, "f is ragged: f[1] has 1 element, f[0] has 2"},
    {"[[1],[3],[4,5]]", NABLA_EINVAL, "f is ragged: f[2] has 2 elements, f[0] has 1"},
    {"[[[1,2],[3,4]],[[5,6],[7]]]", NABLA_EINVAL,
     "f is ragged: f[1][1] has 1 element, f[0][0] has 2"},
    {"[[[1],[2]],[[3]]]", NABLA_EINVAL, "f is ragged: f[1] has 1 element, f[0] has 2"},
    {"[1,[2]]", NABLA_EINVAL, "f is ragged: f[1] is a list where a number is expected"},
    {"[[1],2]", NABLA_EINVAL, "f is ragged: f[1] is a number where a list is expected"},
    {"[[1],null]", NABLA_EINVAL, "f is ragged: f[1] is a number where a list is expected"},
    {"[[],1]", NABLA_EINVAL, "f is ragged: f[1] is a number where a list is expected"},
    {"[1,[]]", NABLA_EINVAL, "f is ragged: f[1] is a list where a number is expected"},
    {"[[],[1]]", NABLA_EINVAL, "f is ragged: f[1] has 1 element, f[0] has 0"},
    {"[[1],[]]", NABLA_EINVAL, "f is ragged: f[1] has 0 elements, f[0] has 1"},
    {"[[[]],[]]", NABLA_EINVAL, "f is ragged: f[1] has 0 elements, f[0] has 1"},
    {"[[],[[]]]", NABLA_EINVAL, "f is ragged: f[1][0] is a list where a number is expected"},
    {"", NABLA_EINVAL, "in f: a number, null or a list is expected"},
    {"[", NABLA_EINVAL, "in f[0]: a number, null or a list is expected"},
    {"[1", NABLA_EINVAL, "in f[1]: a comma or ] is expected"},
    {"[1,", NABLA_EINVAL, "in f[1]: a number, null or a list is expected"},
    {"[1,]", NABLA_EINVAL, "in f[1]: a number, null or a list is expected"},
    {"[1 2]", NABLA_EINVAL, "in f[1]: a comma or ] is expected"},
    {"[01]", NABLA_EINVAL, "in f[1]: a comma or ] is expected"},
    {"[[1,2],[3,x]]", NABLA_EINVAL, "in f[1][1]: a number, null or a list is expected"},
    {"[+1]", NABLA_EINVAL, "in f[0]: a number, null or a list is expected"},
    {"[\"1\"]", NABLA_EINVAL, "in f[0]: a number, null or a list is expected"},
    {"[true]", NABLA_EINVAL, "in f[0]: a number, null or a list is expected"},
    {"[{}]", NABLA_EINVAL, "in f[0]: a number, null or a list is expected"},
    {"[.5]", NABLA_EINVAL, "in f[0]: a number, null or a list is expected"},
    {"[0,NaN]", NABLA_EINVAL, "in f[1]: NaN is no number of JSON; write null"},
    {"[-Infinity]", NABLA_EINVAL, "in f[0]: -Infinity is no number of JSON"},
    {"[[[[[1]]]]]", NABLA_EINVAL, "f has more than 4 dimensions, the limit"},
    {"[1,2,3,4,5,6,7,8,9,10,11,12,13]", NABLA_ELIMIT, "f has more than 12 elements, the limit"},
};

START_TEST(bad_row)
{
    const struct bad_row *r = &bad_rows[_i];
    struct nested got = {.ndim = -7};
    struct buf why = {0};
    enum nabla_status status = read_text(r->text, &got, &why);
    buf_char(&why, '\0');
    ck_assert_msg(status == r->status, "%s: %d", r->text, (int)status);
    ck_assert_str_eq(why.at, r->why);
    ck_assert_int_eq(got.ndim, -7);
    buf_fini(&why);
}
END_TEST

/* ---- laws */

/* Any bits of a finite double come back through the text. */
START_TEST(numbers_come_back)
{
    enum { N = 1 << 15 };
    static double numbers[N];
    uint64_t state = 7;
    int64_t shape[2] = {N / 8, 8};
    struct buf text = {0}, why = {0};
    struct patience patience = {0};
    struct nested_limits limits = {.elements = N, .dimensions = 2};
    struct nested got;
    uint64_t nulls = 0;
    for (int i = 0; i < N; i++) {
        uint64_t bits = next_random(&state);
        memcpy(&numbers[i], &bits, sizeof bits);
        if (!isfinite(numbers[i]))
            numbers[i] = -0.0;
    }
    ck_assert(nested_write(&text, NABLA_FLOAT64, 2, shape, numbers, &patience, &nulls));
    ck_assert_uint_eq(nulls, 0);
    struct json_scan s = {text.at, text.at + text.n};
    ck_assert_int_eq(nested_read(&s, "f", &limits, &got, &why), NABLA_OK);
    ck_assert(got.ndim == 2 && got.shape[0] == N / 8 && got.shape[1] == 8);
    ck_assert_mem_eq(got.numbers.at, numbers, sizeof numbers);
    nested_fini(&got);
    buf_fini(&text);
}
END_TEST

static const struct type_row {
    enum nabla_dtype dtype;
    const char *text;
    uint64_t nulls;
    _Alignas(8) unsigned char bytes[24];
} types[] = {
    {NABLA_FLOAT16, "[1,-2,null]", 1, {0x00, 0x3c, 0x00, 0xc0, 0x00, 0x7e}},
    {NABLA_FLOAT32,
     "[1,0.10000000149011612,null]",
     1,
     {0, 0, 0x80, 0x3f, 0xcd, 0xcc, 0xcc, 0x3d, 0, 0, 0x80, 0x7f}},
    {NABLA_TIMEDELTA64, "[1,-1,null]", 1, {1,    0,    0,    0,    0,    0,    0,    0,
                                           0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                           0,    0,    0,    0,    0,    0,    0,    0x80}},
};

START_TEST(type_row)
{
    const struct type_row *r = &types[_i];
    struct buf out = {0};
    struct patience patience = {0};
    uint64_t nulls = 0;
    ck_assert(nested_has(r->dtype));
    ck_assert(nested_write(&out, r->dtype, 1, (const int64_t[]){3}, r->bytes, &patience, &nulls));
    buf_char(&out, '\0');
    ck_assert_str_eq(out.at, r->text);
    ck_assert_uint_eq(nulls, r->nulls);
    buf_fini(&out);
}
END_TEST

START_TEST(types_that_text_cannot_hold)
{
    ck_assert(!nested_has(NABLA_COMPLEX64));
    ck_assert(!nested_has(NABLA_COMPLEX128));
    ck_assert(!nested_has(NABLA_LONGDOUBLE));
}
END_TEST

static bool never(void *ctx)
{
    ++*(int *)ctx;
    return false;
}

START_TEST(patience_ends_both_ways)
{
    enum { N = 100000 };
    int asked = 0;
    struct patience patience = {never, &asked};
    struct nested_limits limits = {.elements = N, .dimensions = 1, .patience = patience};
    struct nested got;
    struct buf text = {0}, why = {0};
    double *numbers = calloc(N, sizeof *numbers);
    uint64_t nulls = 0;
    ck_assert(nested_write(&text, NABLA_FLOAT64, 1, (const int64_t[]){N}, numbers,
                           &(struct patience){0}, &nulls));
    struct json_scan s = {text.at, text.at + text.n};
    ck_assert_int_eq(nested_read(&s, "f", &limits, &got, &why), NABLA_ELIMIT);
    ck_assert_uint_eq(why.n, 0);
    ck_assert_int_eq(asked, 1);
    ck_assert(
        !nested_write(&text, NABLA_FLOAT64, 1, (const int64_t[]){N}, numbers, &patience, &nulls));
    ck_assert_int_eq(asked, 2);
    free(numbers);
    buf_fini(&text);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("wire/nested");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 60);
    tcase_add_loop_test(all, good_row, 0, ROWS(rows));
    tcase_add_loop_test(all, bad_row, 0, ROWS(bad_rows));
    tcase_add_loop_test(all, type_row, 0, ROWS(types));
    tcase_add_test(all, numbers_come_back);
    tcase_add_test(all, types_that_text_cannot_hold);
    tcase_add_test(all, patience_ends_both_ways);
    suite_add_tcase(s, all);
    return s;
}
