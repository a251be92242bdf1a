/* Samples that did not go the plain way, and what the table still knows of them. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"

static struct bench b;
static struct mark marks[MARKS_A_LANE];

/* What is known of series "a", as "what@second what@second ...". */
static const char *told(void)
{
    static char text[2048];
    struct findings found;
    struct query all = {0};
    size_t used = 0;
    ck_assert_int_eq(table_select(b.table, &all, b.now, &found), NABLA_OK);
    uint32_t n = table_marks(b.table, found.at[0].ref, INT64_MIN, INT64_MAX, marks);
    text[0] = '\0';
    for (uint32_t i = 0; i < n; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s@%g", i > 0 ? " " : "",
                                 mark_label(&marks[i]), (double)(marks[i].t_ns - t0) / S);
    findings_fini(&found);
    return text;
}

static const struct row {
    const char *label;
    int64_t late_ns, min_dt_ns;
    double max_rate;
    double in[8][2]; /* seconds, values; ends at two zeros */
    const char *want;
} rows[] = {
    {"nothing to tell of", 0, 0, 0, {{1, 1}, {2, 2}, {3, 3}, {4, 4}, {5, 5}, {6, 6}}, ""},
    {"inserted", 0, 0, 0, {{1, 1}, {2, 2}, {4, 4}, {3, 3}}, "late_inserted@3"},
    {"replaced", 0, 0, 0, {{1, 1}, {2, 2}, {3, 3}, {3, 9}}, "replaced@3"},
    {"the very same", 0, 0, 0, {{1, 1}, {2, 2}, {3, 3}, {3, 3}}, "duplicate@3"},
    {"dropped",
     0,
     0,
     0,
     {{1, 1}, {2, 2}, {3, 3}, {4, 4}, {5, 5}, {6, 6}, {0.5, 1}},
     "late_dropped@0.5"},
    {"not finite", 0, 0, 0, {{1, 1}, {2, INFINITY}, {3, 3}}, "not_finite@2"},
    {"a gap", 0, 0, 0, {{1, 1}, {2, 2}, {900, 3}}, "gap_restart@900"},
    {"merged", 0, S / 2, 0, {{1, 1}, {2, 2}, {2.25, 3}, {3, 3}}, "merged@2.25"},
    {"a step", 0, 0, 2, {{1, 1}, {2, 2}, {3, 90}, {4, 91}}, "held@3"},
    {"a spike", 0, 0, 2, {{1, 1}, {2, 2}, {3, 90}, {4, 4}}, "held@3 spike@3"},
    {"sorted", 2 * S, 0, 0, {{1, 1}, {3, 3}, {2, 2}}, "sorted@2"},
};

static void start(const struct row *r)
{
    struct policy p = policy_default();
    p.late_ns = r->late_ns;
    p.min_dt_ns = r->min_dt_ns;
    p.max_rate = r->max_rate;
    p.on_nan = ON_NAN_SKIP;
    setup(&b, 1, 100, p);
    b.now.wall_ns = t0 + 1000 * S;
}

START_TEST(row)
{
    const struct row *r = &rows[_i];
    start(r);
    for (int i = 0; i < 8 && r->in[i][0] != 0; i++)
        push(&b, "a", t0 + (int64_t)(r->in[i][0] * S), r->in[i][1]);
    ck_assert_msg(strcmp(told(), r->want) == 0, "%s: \"%s\"", r->label, told());
    teardown(&b);
}
END_TEST

/* A counter that falls; and one that does while nobody knows how long ago it was reset. */
START_TEST(a_reset)
{
    struct policy p = policy_default();
    p.kind = KIND_COUNTER;
    setup(&b, 1, 100, p);
    for (int i = 1; i < 5; i++)
        push(&b, "a", t0 + i * S, i == 3 ? 2 : 10 * i);
    push(&b, "a", t0 + 900 * S, 1);
    ck_assert_str_eq(told(), "counter_reset@3 counter_reset@900 gap_restart@900");
    teardown(&b);
}
END_TEST

START_TEST(value_time_and_when)
{
    start(&rows[3]);
    for (int i = 0; i < 4; i++)
        push(&b, "a", t0 + (int64_t)(rows[2].in[i][0] * S), rows[2].in[i][1]);
    (void)told();
    ck_assert_double_eq(marks[0].value, 9);
    ck_assert_int_eq(marks[0].came_ns, b.now.wall_ns);
    teardown(&b);
}
END_TEST

/* The newest stay, in order; a series of another place has its own, one that took the place has none. */
START_TEST(only_so_many)
{
    struct marks *m = calloc(1, sizeof *m);
    ck_assert_ptr_nonnull(m);
    struct ref a = {.index = 5, .birth = 1}, c = {.index = 6, .birth = 1}, heir = {5, 2};
    for (int i = 0; i < 5 * MARKS_A_LANE; i++) {
        struct mark x = {.series = a, .t_ns = i, .what = EVENT_MERGED};
        marks_put(m, &x);
        x.series = c;
        if (i == 0)
            marks_put(m, &x);
    }
    ck_assert_uint_eq(marks_of(m, a, INT64_MIN, INT64_MAX, marks), MARKS_A_LANE);
    ck_assert_int_eq(marks[0].t_ns, 4 * MARKS_A_LANE);
    ck_assert_int_eq(marks[MARKS_A_LANE - 1].t_ns, 5 * MARKS_A_LANE - 1);
    ck_assert_uint_eq(marks_of(m, c, INT64_MIN, INT64_MAX, marks), 1);
    ck_assert_uint_eq(marks_of(m, heir, INT64_MIN, INT64_MAX, marks), 0);
    ck_assert_uint_eq(marks_of(m, a, 0, 4 * MARKS_A_LANE, marks), 1);
    ck_assert_uint_eq(marks_of(m, a, 5 * MARKS_A_LANE - 1, INT64_MAX, marks), 1);
    free(m);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("marks");
    TCase *t = tcase_create("marks");
    tcase_add_loop_test(t, row, 0, sizeof rows / sizeof *rows);
    tcase_add_test(t, value_time_and_when);
    tcase_add_test(t, a_reset);
    tcase_add_test(t, only_so_many);
    suite_add_tcase(s, t);
    return s;
}
