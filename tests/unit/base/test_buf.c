/* tests/unit/base/test_buf.c -- growing, writing, and what a failed append leaves. */
#include "base/buf.h"

#include "suite.h"

#include <math.h>
#include <string.h>

static struct buf b;

static void is(const char *want)
{
    ck_assert_uint_eq(b.n, strlen(want));
    ck_assert_msg(b.n == 0 || memcmp(b.at, want, b.n) == 0, "%.*s, not %s", (int)b.n, b.at, want);
}

START_TEST(writers)
{
    buf_init(&b);
    is("");
    buf_text(&b, "a");
    buf_char(&b, 'b');
    buf_add(&b, "cde", 2);
    buf_add(&b, NULL, 0);
    buf_printf(&b, "%d-%s", 7, "x");
    buf_int(&b, INT64_MIN);
    buf_char(&b, ' ');
    buf_uint(&b, UINT64_MAX);
    buf_char(&b, ' ');
    buf_double(&b, 0.1);
    is("abcd7-x-9223372036854775808 18446744073709551615 0.1");
    buf_clear(&b);
    buf_double(&b, NAN);
    buf_double(&b, INFINITY);
    buf_double(&b, -INFINITY);
    is("NaN+Inf-Inf");
    buf_fini(&b);
    is("");
}
END_TEST

START_TEST(grows_and_keeps_what_it_has)
{
    buf_init(&b);
    for (int i = 0; i < 100000; i++)
        buf_char(&b, (char)('a' + i % 26));
    ck_assert_uint_eq(b.n, 100000);
    for (int i = 0; i < 100000; i++)
        ck_assert_int_eq(b.at[i], 'a' + i % 26);
    buf_fini(&b);
}
END_TEST

START_TEST(a_failed_append_marks_and_ends_it)
{
    buf_init(&b);
    buf_text(&b, "kept");
    b.failed = true;
    buf_text(&b, "not this");
    buf_printf(&b, "%d", 5);
    buf_double(&b, 1);
    ck_assert_ptr_null(buf_room(&b, 1));
    is("kept");
    buf_clear(&b);
    buf_text(&b, "again");
    is("again");
    buf_fini(&b);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("base/buf");
    TCase *t = tcase_create("buf");
    tcase_add_test(t, writers);
    tcase_add_test(t, grows_and_keeps_what_it_has);
    tcase_add_test(t, a_failed_append_marks_and_ends_it);
    suite_add_tcase(s, t);
    return s;
}
