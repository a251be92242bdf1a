/* Samples held back and sorted. */
#include "series/reorder.h"

#include "suite.h"

#include <stdio.h>
#include <string.h>

/* Each step: a sample's time (0: none comes) at a moment; the wait is 10. What goes on is written as it goes. */
static const struct row {
    const char *label;
    struct {
        int t, mono;
    } step[8];
    const char *out;
} rows[] = {
    {"in order", {{1, 0}, {2, 5}, {3, 10}, {4, 15}, {0, 25}}, "1 2 3 4 "},
    {"nothing before its time", {{1, 0}, {2, 5}, {0, 9}}, ""},
    {"at its time", {{1, 0}, {0, 10}}, "1 "},
    {"sorted", {{3, 0}, {1, 1}, {2, 2}, {0, 30}}, "1 2 3 "},
    {"what is older goes with what is due", {{3, 0}, {1, 9}, {0, 10}}, "1 3 "},
    {"too late to be sorted", {{3, 0}, {4, 10}, {1, 11}, {0, 30}}, "3 1 4 "},
    {"one time twice, in order of coming", {{5, 0}, {5, 1}, {0, 30}}, "5 5 "},
};

START_TEST(reorder_row)
{
    const struct row *r = &rows[_i];
    struct reorder held = {.n = 0};
    char out[64] = "";
    size_t n = 0;
    struct held_sample taken;
    for (int i = 0; i < 8 && (r->step[i].t != 0 || r->step[i].mono != 0); i++) {
        if (r->step[i].t != 0)
            (void)reorder_put(&held, (struct exact){r->step[i].t, i, 0}, r->step[i].mono);
        while (reorder_take(&held, 10, r->step[i].mono, &taken))
            n += (size_t)snprintf(out + n, sizeof out - n, "%d ", (int)taken.x.t_ns);
    }
    ck_assert_msg(strcmp(out, r->out) == 0, "%s: %s", r->label, out);
}
END_TEST

START_TEST(the_last_word_stands_last)
{
    struct reorder held = {.n = 0};
    struct held_sample taken;
    ck_assert(!reorder_put(&held, (struct exact){5, 1, 0}, 0));
    ck_assert(!reorder_put(&held, (struct exact){5, 2, 0}, 0));
    ck_assert(reorder_take(&held, 1, 1, &taken) && taken.x.v == 1);
    ck_assert(reorder_take(&held, 1, 1, &taken) && taken.x.v == 2);
    ck_assert(!reorder_take(&held, 1, 1, &taken));
}
END_TEST

START_TEST(no_more_than_fit)
{
    struct reorder held = {.n = 0};
    struct held_sample taken;
    for (int i = 0; i < REORDER_MAX - 1; i++) {
        ck_assert(reorder_put(&held, (struct exact){1000 - i, i, 0}, 0) == (i > 0));
        ck_assert(!reorder_take(&held, 10, 0, &taken));
    }
    for (int i = 0; i < 400; i++) {
        ck_assert(reorder_put(&held, (struct exact){i, i, 0}, 0));
        ck_assert(reorder_take(&held, 10, 0, &taken) && taken.x.t_ns == i);
        ck_assert(!reorder_take(&held, 10, 0, &taken));
    }
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("reorder");
    TCase *t = tcase_create("reorder");
    tcase_add_loop_test(t, reorder_row, 0, ROWS(rows));
    tcase_add_test(t, the_last_word_stands_last);
    tcase_add_test(t, no_more_than_fit);
    suite_add_tcase(s, t);
    return s;
}
