/* What came before is known again; what cannot be known, neither taken nor mistaken. */
#include "series/echo.h"

#include "suite.h"

static struct exact at(int64_t t, double v)
{
    return (struct exact){.t_ns = t, .v = v};
}

START_TEST(again_is_the_same)
{
    struct echoes e = {0};
    ck_assert_int_eq(echo_judge(&e, at(1, 1)), ECHO_NEW);
    ck_assert_int_eq(echo_judge(&e, at(1, 1)), ECHO_SAME);
    ck_assert_int_eq(echo_judge(&e, at(1, 2)), ECHO_NEW); /* corrected */
    ck_assert_int_eq(echo_judge(&e, at(1, 1)), ECHO_SAME);
    struct exact rest = {.t_ns = 1, .v = 1, .rest = 0.5};
    ck_assert_int_eq(echo_judge(&e, rest), ECHO_NEW);
    ck_assert_int_eq(echo_judge(&e, at(0, 1)), ECHO_NEW); /* late: there is room to know that */
}
END_TEST

/* A batch of any length that is sent again brings nothing new, sample by sample. */
START_TEST(a_batch_again)
{
    struct echoes e = {0};
    int n = _i;
    for (int i = 0; i < n; i++)
        ck_assert_int_eq(echo_judge(&e, at(i, i)), ECHO_NEW);
    for (int again = 0; again < 2; again++)
        for (int i = 0; i < n; i++) {
            enum echo want = i < n - ECHOES_MAX ? ECHO_OLD : ECHO_SAME;
            ck_assert_msg(echo_judge(&e, at(i, i)) == want, "%d of %d", i, n);
        }
    ck_assert_int_eq(echo_judge(&e, at(n, n)), ECHO_NEW);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("echo");
    TCase *c = tcase_create("echo");
    tcase_add_test(c, again_is_the_same);
    tcase_add_loop_test(c, a_batch_again, 0, 3 * ECHOES_MAX);
    suite_add_tcase(s, c);
    return s;
}
