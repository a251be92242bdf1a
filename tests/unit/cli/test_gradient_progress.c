/* test_gradient_progress.c -- what the bar says, without a clock. */
#include "cli/gradient_progress.h"

#include <string.h>

#include "suite.h"

#define S INT64_C(1000000000)

static const struct row {
    uint64_t done, bytes;
    int64_t elapsed_ns;
    const char *text;
} rows[] = {
    {0, 4000000000, S, "[                                        ]   0 %  0.00 GB/s  0:00 left"},
    {1000000000, 4000000000, S,
     "[##########                              ]  25 %  1.00 GB/s  0:03 left"},
    {3999999999, 4000000000, 2 * S,
     "[####################################### ]  99 %  2.00 GB/s  0:00 left"},
    {4000000000, 4000000000, S,
     "[########################################] 100 %  4.00 GB/s  0:00 left"},
    {1000000, 1000000000, S,
     "[                                        ]   0 %  0.00 GB/s  16:39 left"},
    {0, 0, 0, "[########################################] 100 %  0.00 GB/s  0:00 left"},
};

START_TEST(text)
{
    char got[PROGRESS_TEXT_MAX];
    progress_text(got, rows[_i].done, rows[_i].bytes, rows[_i].elapsed_ns);
    ck_assert_str_eq(got, rows[_i].text);
}
END_TEST

/* Not before a second has passed, and never where it is not wanted. */
START_TEST(hidden)
{
    struct progress p;
    progress_begin(&p, true);
    progress_show(&p, 1, 2);
    ck_assert(!p.shown);
    p.begin_ns -= 2 * S;
    progress_show(&p, 1, 2);
    ck_assert(p.shown);
    progress_end(&p);
    ck_assert(!p.shown);
    progress_begin(&p, false);
    progress_show(&p, 1, 2);
    ck_assert(!p.shown);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("gradient_progress");
    TCase *all = tcase_create("all");
    tcase_add_loop_test(all, text, 0, ROWS(rows));
    tcase_add_test(all, hidden);
    suite_add_tcase(s, all);
    return s;
}
