/* tests/unit/numeric/test_window_exact.c -- integers that no double holds.
 * Law: told from anywhere, a window says the same. So one of n + large integers is compared, bit by bit, with a
 * plain one of the small integers alone. A counter's resets, where that does not hold, come row by row. */
#include "numeric/window.h"

#include "suite.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define S INT64_C(1000000000)

static struct exact large(int64_t t_ns, __int128 value)
{
    double v = (double)value;
    return (struct exact){t_ns, v, (double)(value - (__int128)v)};
}

static __int128 value_of(double v, double rest)
{
    return (__int128)v + (__int128)rest;
}

/* ---- a sum that keeps what it rounds */

static const struct add_row {
    const char *label;
    struct exact x;
    double d;
    double v, rest;
} add_rows[] = {
    {"small values are doubles", {0, 20.1, 0}, 0.05, 20.1 + 0.05, 0},
    {"a little", {0, 0x1p60, 7}, 3, 0x1p60, 10},
    {"up to the next double", {0, 0x1p60, 100}, 100, 0x1p60 + 256, -56},
    {"a part", {0, 0x1p60, 7}, 0.5, 0x1p60, 7.5},
    {"a turn of 64 bits", {0, 5, 0}, 0x1p64, 0x1p64, 5},
    {"and back", {0, 0x1p64, 5}, -0x1p64, 5, 0},
    {"infinite", {0, 1, 0}, INFINITY, INFINITY, 0},
    {"not a number", {0, NAN, 0}, 1, NAN, 0},
};

START_TEST(add_row)
{
    const struct add_row *r = &add_rows[_i];
    struct exact got = exact_add(r->x, r->d);
    ck_assert_msg((isnan(r->v) ? isnan(got.v) : got.v == r->v) && got.rest == r->rest,
                  "%s: %.17g and %g", r->label, got.v, got.rest);
}
END_TEST

/* ---- resets, row by row: the rates at 1 s and 2 s, told by the third and the fourth sample */

#define L ((__int128)1 << 60)

static const struct reset_row {
    const char *label;
    enum kind kind;
    __int128 at[4];
    double rate1, rate2;
} reset_rows[] = {
    {"seven in all", KIND_COUNTER, {L, L + 2, L + 5, L + 7}, 2.5, 2.5},
    {"to zero", KIND_COUNTER, {L + 1, L + 5, 2, 4}, 3, 2},
    {"a fall that doubles hide",
     KIND_COUNTER,
     {L + 1, L + 5, L + 4, L + 8},
     (4 + 0x1p60) / 2,
     0x1p59 + 4},
    {"the same of a gauge", KIND_GAUGE, {L + 1, L + 5, L + 4, L + 8}, 1.5, 1.5},
    {"a leap up", KIND_COUNTER, {0, 3, L, L + 7}, 0x1p59, 0x1p59 + 2},
    {"the largest", KIND_COUNTER, {2 * L, 16 * L - 5, 16 * L - 3, 16 * L - 1}, 7 * 0x1p60 - 1.5, 2},
};

START_TEST(reset_row)
{
    const struct reset_row *r = &reset_rows[_i];
    const struct manner manner = {r->kind, 1};
    struct window w = {0};
    double rest[WINDOW_KEPT] = {0};
    struct points out;
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(window_push_exact(&w, rest, large(i * S, r->at[i]), manner, &out),
                         ARRIVAL_APPENDED);
    ck_assert_msg(out.n == 1 && out.at[0].rate == r->rate2, "%s: %.17g", r->label, out.at[0].rate);
    struct obs told[3];
    struct slopes s;
    window_told(&w, rest, 0, 3, r->kind, told);
    ck_assert_int_eq(stencil_apply(told, KIND_GAUGE, 1, &s), NABLA_OK);
    ck_assert_msg(s.rate == r->rate1, "%s: %.17g", r->label, s.rate);
}
END_TEST

/* ---- the law */

struct twins {
    struct window plain, window;
    double rest[WINDOW_KEPT];
    __int128 offset;
    struct manner manner;
};

static void same_points(const struct twins *t, const struct points *mine,
                        const struct points *theirs)
{
    ck_assert_int_eq(mine->n, theirs->n);
    for (int i = 0; i < mine->n; i++) {
        const struct point *a = &mine->at[i], *b = &theirs->at[i];
        ck_assert(a->t_ns == b->t_ns && a->order == b->order && a->corrected == b->corrected);
        ck_assert_msg(a->rate == b->rate, "%.17g, not %.17g", a->rate, b->rate);
        ck_assert(a->accel == b->accel || (isnan(a->accel) && isnan(b->accel)));
        ck_assert(value_of(a->value, (double)a->rest) == t->offset + (__int128)b->value);
    }
}

static void same_window(const struct twins *t)
{
    ck_assert(t->plain.n == t->window.n && t->plain.cut == t->window.cut);
    for (int i = 0; i < t->plain.n; i++) {
        const struct obs *a = &t->window.at[i], *b = &t->plain.at[i];
        ck_assert(a->t_ns == b->t_ns);
        ck_assert(value_of(a->v, t->rest[i]) == t->offset + (__int128)b->v);
    }
}

/* A time about the newest, most often after it; now and then one that is there. */
static int64_t some_time(const struct window *w)
{
    int64_t newest = w->n > 0 ? w->at[w->n - 1].t_ns : 1700000000 * S;
    long how = lrand48() % 8;
    if (w->n > 0 && how == 0)
        return w->at[lrand48() % w->n].t_ns;
    return newest + (how < 3 ? -(lrand48() % (3 * S)) : 1 + lrand48() % (2 * S));
}

static void step(struct twins *t)
{
    struct points mine, theirs;
    struct obs x = {some_time(&t->plain), (double)(lrand48() % 4000)};
    if (t->plain.n > 0 && lrand48() % 4 == 0)
        x.v = t->plain.at[lrand48() % t->plain.n].v;
    struct exact y = large(x.t_ns, t->offset + (__int128)x.v);
    ck_assert(window_holds(&t->plain, x) == window_holds_exact(&t->window, t->rest, y));
    ck_assert_int_eq(window_push(&t->plain, x, t->manner, &theirs),
                     window_push_exact(&t->window, t->rest, y, t->manner, &mine));
    same_points(t, &mine, &theirs);
    if (t->plain.n > 1 && lrand48() % 8 == 0) {
        x = t->plain.at[t->plain.n - 1];
        x.t_ns += lrand48() % S;
        x.v += 3;
        window_amend(&t->plain, x, t->manner, &theirs);
        window_amend_exact(&t->window, t->rest, large(x.t_ns, t->offset + (__int128)x.v), t->manner,
                           &mine);
        same_points(t, &mine, &theirs);
    }
    same_window(t);
}

START_TEST(an_offset_changes_nothing)
{
    struct twins t = {.manner = {KIND_GAUGE, 1 + _i % 2}};
    struct points mine, theirs;
    srand48(_i);
    t.offset = ((__int128)1 << (50 + _i % 16)) + lrand48();
    t.offset = _i % 3 == 0 ? -t.offset : t.offset;
    for (int i = 0; i < 400; i++)
        step(&t);
    window_end(&t.plain, t.manner, &theirs);
    window_end_exact(&t.window, t.rest, t.manner, &mine);
    same_points(&t, &mine, &theirs);
}
END_TEST

START_TEST(two_samples_end)
{
    struct window w = {0};
    double rest[WINDOW_KEPT] = {0};
    struct points out;
    const struct manner counter = {KIND_COUNTER, 1};
    window_push_exact(&w, rest, large(0, L + 3), counter, &out);
    window_push_exact(&w, rest, large(2 * S, L + 10), counter, &out);
    window_end_exact(&w, rest, counter, &out);
    ck_assert(out.n == 2 && out.at[0].rate == 3.5 && out.at[1].rate == 3.5);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("numeric/window_exact");
    TCase *t = tcase_create("window_exact");
    tcase_add_loop_test(t, add_row, 0, ROWS(add_rows));
    tcase_add_loop_test(t, reset_row, 0, ROWS(reset_rows));
    tcase_add_loop_test(t, an_offset_changes_nothing, 0, 200);
    tcase_add_test(t, two_samples_end);
    suite_add_tcase(s, t);
    return s;
}
