/* tests/unit/numeric/test_window.c -- what arrives, row by row; then the law, against a model that
 * keeps every sample and differentiates them all at the end. */
#include "numeric/window.h"

#include "suite.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define S 1000000000LL

static const struct manner gauge1 = {KIND_GAUGE, 1}, gauge2 = {KIND_GAUGE, 2};

/* Samples of t^2 at times 0 s, 1 s, ... unless a row says otherwise; the last one is judged. */
static const struct row {
    const char *label;
    int n;
    struct obs in[8];
    enum arrival arrival;
    int points;
    struct {
        int64_t s;
        double rate;
        int order;
        bool corrected;
    } want[POINTS_MAX];
} rows[] = {
    {"first", 1, {{0, 0}}, ARRIVAL_APPENDED, 0, {{0}}},
    {"second", 2, {{0, 0}, {S, 1}}, ARRIVAL_APPENDED, 0, {{0}}},
    {"third: window full",
     3,
     {{0, 0}, {S, 1}, {2 * S, 4}},
     ARRIVAL_APPENDED,
     2,
     {{0, 1, 1, false}, {1, 2, 2, false}}},
    {"fourth",
     4,
     {{0, 0}, {S, 1}, {2 * S, 4}, {3 * S, 9}},
     ARRIVAL_APPENDED,
     1,
     {{2, 4, 2, false}}},
    {"sixth",
     6,
     {{0, 0}, {S, 1}, {2 * S, 4}, {3 * S, 9}, {4 * S, 16}, {5 * S, 25}},
     ARRIVAL_APPENDED,
     1,
     {{4, 8, 2, false}}},
    {"duplicate newest", 4, {{0, 0}, {S, 1}, {2 * S, 4}, {2 * S, 4}}, ARRIVAL_DUPLICATE, 0, {{0}}},
    {"duplicate oldest", 4, {{0, 0}, {S, 1}, {2 * S, 4}, {0, 0}}, ARRIVAL_DUPLICATE, 0, {{0}}},
    {"duplicate of the only one", 2, {{0, 7}, {0, 7}}, ARRIVAL_DUPLICATE, 0, {{0}}},
    {"duplicate NaN", 2, {{0, NAN}, {0, NAN}}, ARRIVAL_DUPLICATE, 0, {{0}}},
    {"replaced newest",
     4,
     {{0, 0}, {S, 1}, {2 * S, 5}, {2 * S, 4}},
     ARRIVAL_REPLACED,
     1,
     {{1, 2, 2, true}}},
    {"replaced middle",
     4,
     {{0, 0}, {S, 3}, {2 * S, 4}, {S, 1}},
     ARRIVAL_REPLACED,
     2,
     {{0, 1, 1, true}, {1, 2, 2, true}}},
    {"replaced oldest, with samples before it",
     6,
     {{0, 0}, {S, 1}, {2 * S, 5}, {3 * S, 9}, {4 * S, 16}, {2 * S, 4}},
     ARRIVAL_REPLACED,
     3,
     {{1, 2, 2, true}, {2, 4, 2, true}, {3, 6, 2, true}}},
    {"replaced, only one sample", 2, {{0, 7}, {0, 8}}, ARRIVAL_REPLACED, 0, {{0}}},
    {"late, between middle and newest",
     4,
     {{0, 0}, {S, 1}, {3 * S, 9}, {2 * S, 4}},
     ARRIVAL_INSERTED,
     2,
     {{1, 2, 2, true}, {2, 4, 2, false}}},
    {"late, between oldest and middle",
     4,
     {{0, 0}, {2 * S, 4}, {3 * S, 9}, {S, 1}},
     ARRIVAL_INSERTED,
     3,
     {{0, 1, 1, true}, {1, 2, 2, false}, {2, 4, 2, true}}},
    {"late, with samples before the window",
     7,
     {{0, 0}, {S, 1}, {2 * S, 4}, {3 * S, 9}, {5 * S, 25}, {6 * S, 36}, {4 * S, 16}},
     ARRIVAL_INSERTED,
     3,
     {{3, 6, 2, true}, {4, 8, 2, false}, {5, 10, 2, true}}},
    {"late into two: window full",
     3,
     {{0, 0}, {2 * S, 4}, {S, 1}},
     ARRIVAL_INSERTED,
     2,
     {{0, 1, 1, false}, {1, 2, 2, false}}},
    {"before the window", 4, {{S, 0}, {2 * S, 1}, {3 * S, 4}, {0, 4}}, ARRIVAL_LATE, 0, {{0}}},
    {"before the only one", 2, {{S, 0}, {0, 4}}, ARRIVAL_LATE, 0, {{0}}},
    {"at a time that has left the window",
     5,
     {{0, 0}, {S, 1}, {2 * S, 4}, {3 * S, 9}, {0, 0}},
     ARRIVAL_LATE,
     0,
     {{0}}},
    {"between times that have left it",
     5,
     {{0, 0}, {2 * S, 4}, {3 * S, 9}, {4 * S, 16}, {S, 1}},
     ARRIVAL_LATE,
     0,
     {{0}}},
};

START_TEST(window_row)
{
    const struct row *r = &rows[_i];
    struct window w = {0};
    struct points out = {.n = 99};
    enum arrival arrival = ARRIVAL_LATE;
    for (int i = 0; i < r->n; i++)
        arrival = window_push(&w, r->in[i], gauge1, &out);
    ck_assert_msg(arrival == r->arrival, "%s: arrival %d", r->label, arrival);
    ck_assert_msg(out.n == r->points, "%s: %d points", r->label, out.n);
    for (int i = 0; i < out.n; i++) {
        const struct point *p = &out.at[i];
        ck_assert_msg(p->t_ns == r->want[i].s * S, "%s: time of %d", r->label, i);
        ck_assert_msg(fabs(p->rate - r->want[i].rate) < 1e-12, "%s: rate %g", r->label, p->rate);
        ck_assert_msg(p->order == r->want[i].order, "%s: order of %d", r->label, i);
        ck_assert_msg(p->corrected == r->want[i].corrected, "%s: corrected %d", r->label, i);
    }
}
END_TEST

static const struct end_row {
    const char *label;
    int samples, edge_order, points;
    double last;
    int order;
} end_rows[] = {
    {"none", 0, 1, 0, 0, 0},
    {"one", 1, 1, 0, 0, 0},
    {"two: both points, of order 1", 2, 2, 2, 1, 1},
    {"three, order 1", 3, 1, 1, 3, 1},
    {"three, order 2", 3, 2, 1, 4, 2},
    {"nine, order 2", 9, 2, 1, 16, 2},
};

START_TEST(end_of_a_run)
{
    const struct end_row *r = &end_rows[_i];
    struct window w = {0};
    struct points out = {.n = 99};
    struct manner manner = {KIND_GAUGE, r->edge_order};
    for (int i = 0; i < r->samples; i++)
        window_push(&w, (struct obs){i * S, (double)i * i}, manner, &out);
    window_end(&w, manner, &out);
    ck_assert_msg(out.n == r->points && w.n == 0 && !w.cut, "%s: %d points", r->label, out.n);
    if (out.n == 0)
        return;
    const struct point *p = &out.at[out.n - 1];
    ck_assert_msg(fabs(p->rate - r->last) < 1e-12 && p->order == r->order, "%s: %g", r->label,
                  p->rate);
    ck_assert_msg(isnan(p->accel) == (r->samples == 2), "%s: accel", r->label);
}
END_TEST

START_TEST(newest_three)
{
    struct window w = {0};
    struct points out;
    int n;
    for (int i = 1; i <= 9; i++) {
        window_push(&w, (struct obs){i, i}, gauge1, &out);
        const struct obs *x = window_newest(&w, &n);
        ck_assert_int_eq(n, i < 3 ? i : 3);
        ck_assert_int_eq(x[n - 1].t_ns, i);
        ck_assert_int_eq(x[0].t_ns, i - n + 1);
    }
}
END_TEST

/* ---- the law */

enum { RUN = 400 };

struct model {
    struct obs at[RUN];
    int n;
    double issued[RUN], rate[RUN]; /* the last word on each sample's time; what it should be */
};

static int place_of(const struct model *m, int64_t t_ns)
{
    int i = 0;
    while (i < m->n && m->at[i].t_ns < t_ns)
        i++;
    return i;
}

/* The sample as the model keeps it: all of them, in order. */
static void model_take(struct model *m, struct obs x)
{
    int i = place_of(m, x.t_ns);
    if (i == m->n || m->at[i].t_ns != x.t_ns) {
        memmove(m->at + i + 1, m->at + i, (size_t)(m->n - i) * sizeof x);
        memmove(m->issued + i + 1, m->issued + i, (size_t)(m->n - i) * sizeof *m->issued);
        m->issued[i] = NAN;
        m->n++;
    }
    m->at[i] = x;
}

static void model_hear(struct model *m, const struct points *points)
{
    for (int k = 0; k < points->n; k++) {
        int i = place_of(m, points->at[k].t_ns);
        ck_assert(m->at[i].t_ns == points->at[k].t_ns);
        ck_assert(points->at[k].corrected == !isnan(m->issued[i]));
        m->issued[i] = points->at[k].rate;
    }
}

static void model_differentiate(struct model *m, struct manner manner)
{
    struct slopes s;
    for (int i = 1; i + 1 < m->n; i++) {
        ck_assert_int_eq(stencil_apply(m->at + i - 1, manner.kind, manner.edge_order, &s),
                         NABLA_OK);
        m->rate[i] = s.rate;
        m->rate[0] = i == 1 ? s.first : m->rate[0];
        m->rate[m->n - 1] = s.edge;
    }
}

/* Arrivals: mostly in order, some held back by up to two places, some again, some corrected. */
static struct obs next_sample(const struct model *m, int step)
{
    static const int64_t base = 1700000000LL * S;
    long how = lrand48() % 10;
    int64_t newest = m->n > 0 ? m->at[m->n - 1].t_ns : base;
    if (m->n > 0 && how == 0) { /* at a time that is there */
        int back = (int)(lrand48() % 3);
        const struct obs *x = &m->at[m->n - 1 - (back < m->n ? back : m->n - 1)];
        return (struct obs){x->t_ns, lrand48() % 2 ? x->v : drand48()};
    }
    if (m->n > 1 && how <= 3) { /* between two that are there */
        int64_t before = m->at[m->n > 2 ? m->n - 3 : m->n - 2].t_ns;
        return (struct obs){before + 1 + lrand48() % (newest - before), drand48()};
    }
    return (struct obs){newest + 1 + lrand48() % (2 * S), sin(step * 0.1)};
}

/* The newest sample moves, as it does when samples are merged into it. */
static void amend(struct model *m, struct window *w, struct manner manner, struct points *out)
{
    const struct obs *last = &m->at[m->n - 1];
    int64_t after = last[-1].t_ns + 1;
    struct obs x = {after + lrand48() % (last->t_ns - after + S), drand48()};
    window_amend(w, x, manner, out);
    m->at[m->n - 1] = x;
    model_hear(m, out);
}

START_TEST(points_are_the_gradient_of_all_samples)
{
    struct manner manner = _i % 2 ? gauge2 : gauge1;
    struct model m = {.n = 0};
    struct window w = {0};
    struct points out;
    srand48(_i);
    for (int step = 0; step < RUN; step++) {
        struct obs x = next_sample(&m, step);
        enum arrival arrival = window_push(&w, x, manner, &out);
        if (arrival == ARRIVAL_LATE)
            continue;
        model_take(&m, x);
        model_hear(&m, &out);
        if (m.n > 1 && lrand48() % 8 == 0)
            amend(&m, &w, manner, &out);
    }
    window_end(&w, manner, &out);
    model_hear(&m, &out);
    model_differentiate(&m, manner);
    for (int i = 0; i < m.n; i++)
        ck_assert_msg(m.issued[i] == m.rate[i], "seed %d: sample %d of %d: %.17g, not %.17g", _i, i,
                      m.n, m.issued[i], m.rate[i]);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("numeric/window");
    TCase *t = tcase_create("window");
    tcase_add_loop_test(t, window_row, 0, ROWS(rows));
    tcase_add_loop_test(t, end_of_a_run, 0, ROWS(end_rows));
    tcase_add_test(t, newest_three);
    tcase_add_loop_test(t, points_are_the_gradient_of_all_samples, 0, 200);
    suite_add_tcase(s, t);
    return s;
}
