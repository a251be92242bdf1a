/* tests/unit/series/test_table_save.c -- a table saved, and another one that goes on from it as the first would have. */
#include "bench.h"

#include "series/table_save.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- from one table into another */

static struct save_keepers keepers;

static void save_all(struct table *t, bool anyway, struct instant now, struct buf *out,
                     struct save_tally *tally)
{
    for (struct save_chunk at = {0}; at.shard < table_shards(t); at.shard++) {
        uint32_t n = table_chunks(t, at.shard);
        for (at.chunk = 0; at.chunk < n; at.chunk++)
            (void)table_save(t, at, anyway, now, out, &keepers, tally);
    }
    ck_assert(!out->failed);
}

static uint64_t saved_series(struct bench *b)
{
    struct buf out = {0};
    struct save_tally tally = {0};
    save_all(b->table, false, b->now, &out, &tally);
    buf_fini(&out);
    return tally.series;
}

/* Another process, whose monotonic clock began anew, after `down_ns`. */
static void restart(const struct bench *from, struct bench *to, uint32_t shards,
                    struct policy policy, bool keyed, int64_t down_ns, struct restore *restore)
{
    struct secrets secrets;
    struct buf bytes = {0};
    struct save_tally tally = {0};
    save_all(from->table, true, from->now, &bytes, &tally);
    table_secrets(from->table, &secrets);
    setup_with(to, shards, 100, policy, keyed ? &secrets : NULL);
    to->now = (struct instant){from->now.wall_ns + down_ns, 100 * S};
    *restore = (struct restore){.now = to->now, .keyed = keyed};
    table_restore(to->table, bytes.at, bytes.n, restore);
    buf_fini(&bytes);
}

/* ---- a series goes on */

struct step {
    double dt_s, v; /* after the step before; v may be NaN */
};

static struct policy gauge(void)
{
    return policy_default();
}

static struct policy counting(void)
{
    struct policy p = policy_default();
    p.kind = KIND_COUNTER;
    return p;
}

static struct policy wrapping(void)
{
    struct policy p = counting();
    p.wrap = 32;
    p.max_rate = 1e9;
    return p;
}

static struct policy trend(void)
{
    struct policy p = policy_default();
    p.trend_ns = 30 * S;
    return p;
}

static struct policy merging(void)
{
    struct policy p = trend();
    p.min_dt_ns = S;
    return p;
}

static struct policy guarded(void)
{
    struct policy p = policy_default();
    p.max_rate = 100;
    return p;
}

static struct policy sorted(void)
{
    struct policy p = policy_default();
    p.late_ns = 3 * S;
    return p;
}

static struct policy breaking(void)
{
    struct policy p = policy_default();
    p.on_nan = ON_NAN_BREAK;
    return p;
}

enum { STEPS_MAX = 14 };
static const struct course {
    const char *label;
    struct policy (*policy)(void);
    struct step steps[STEPS_MAX];
    int rest, adds; /* of each sample */
} courses[] = {
    {"gauge", gauge, {{1, 1}, {2, 5}, {1, 2}, {3, 9}, {1, 9}, {1, 7}, {-1.5, 8}, {2, 3}}, 0, 0},
    {"counter", counting, {{1, 5}, {1, 9}, {1, 2}, {1, 4}, {1, 1}, {1, 8}, {1, 9}}, 0, 0},
    {"wraps", wrapping, {{1, 4e9}, {1, 4.2e9}, {1, 1e6}, {1, 3e9}, {1, 4e9}, {1, 5}, {1, 9}}, 0, 0},
    {"exact", counting, {{1, 0x1p60}, {1, 0x1p60}, {1, 0x1p61}, {1, 0x1p61}, {1, 0x1p62}}, 3, 0},
    {"trend", trend, {{1, 1}, {1, 2}, {1, 4}, {2, 5}, {1, 9}, {1, 9}, {1, 12}, {1, 11}}, 0, 0},
    {"merge",
     merging,
     {{1, 1}, {.4, 2}, {.4, 4}, {.4, 5}, {.4, 9}, {.4, 9}, {.4, 12}, {2, 1}},
     0,
     0},
    {"guard", guarded, {{1, 1}, {1, 2}, {1, 999}, {1, 3}, {1, 999}, {1, 1001}, {1, 1002}}, 0, 0},
    {"reorder",
     sorted,
     {{1, 1}, {2, 4}, {-1, 3}, {3, 8}, {-1, 6}, {-.5, 5}, {3, 9}, {1, 12}},
     0,
     0},
    {"sums", gauge, {{1, 1}, {1, 2}, {1, 4}, {0, 5}, {1, 9}, {-1, 9}, {1, 12}, {1, 11}}, 0, 1},
    {"broken", breaking, {{1, 1}, {1, 2}, {1, NAN}, {1, 5}, {1, NAN}, {1, 9}, {1, 12}}, 0, 0},
    {"gap", gauge, {{1, 1}, {1, 2}, {1, 4}, {400, 5}, {1, 9}, {1, 2}}, 0, 0},
};

static int steps_of(const struct course *c)
{
    int n = 0;
    while (n < STEPS_MAX && (c->steps[n].dt_s != 0 || c->steps[n].v != 0))
        n++;
    return n;
}

/* The i-th sample of a course. */
static void step(struct bench *b, const struct course *c, int i)
{
    static const char key[] = "flow;pump=1;site=a";
    int64_t t_ns = t0;
    for (int k = 0; k <= i; k++)
        t_ns += (int64_t)(c->steps[k].dt_s * 1e9);
    batch.n = 1;
    batch.at[0] = (struct sample){.t_ns = t_ns,
                                  .v = c->steps[i].v,
                                  .key = key,
                                  .sub = "",
                                  .key_n = sizeof key - 1,
                                  .form = KEY_GRAPHITE | (c->adds ? KEY_ADDS : 0)};
    sample_set_rest(&batch.at[0], c->rest);
    b->now.wall_ns += S;
    b->now.mono_ns += S;
    table_apply(b->table, &batch, b->now);
    struct sweep at = {0};
    table_sweep(b->table, &at, UINT32_MAX, b->now);
}

static bool same(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

static void same_reading(const char *label, const struct reading *a, const struct reading *b)
{
    ck_assert_msg(a->state == b->state && a->window_n == b->window_n && a->age_ns == b->age_ns &&
                      a->resets == b->resets && a->wraps == b->wraps,
                  "%s: state %d %d, window %d %d, age %lld %lld", label, (int)a->state,
                  (int)b->state, a->window_n, b->window_n, (long long)a->age_ns,
                  (long long)b->age_ns);
    for (int i = 0; i < a->window_n; i++)
        ck_assert_msg(a->window[i].t_ns == b->window[i].t_ns &&
                          same(a->window[i].v, b->window[i].v) && a->rest[i] == b->rest[i],
                      "%s: sample %d", label, i);
    ck_assert_msg(a->rate.order == b->rate.order && same(a->rate.value, b->rate.value) &&
                      same(a->edge.value, b->edge.value) && same(a->accel, b->accel) &&
                      a->trend.order == b->trend.order && same(a->trend.value, b->trend.value) &&
                      same(a->truncation, b->truncation),
                  "%s: rate %g %g, trend %g %g", label, a->rate.value, b->rate.value,
                  a->trend.value, b->trend.value);
}

static void same_table(const char *label, struct bench *a, struct bench *b)
{
    struct feed_item from_a[64], from_b[64];
    ck_assert_msg(table_count(a->table) == table_count(b->table), "%s: series", label);
    if (table_count(a->table) > 0) {
        struct reading first = *read_one(a, "flow");
        same_reading(label, &first, read_one(b, "flow"));
    }
    uint32_t n = drain(a, from_a, 64);
    ck_assert_msg(drain(b, from_b, 64) == n, "%s: points", label);
    for (uint32_t i = 0; i < n; i++)
        ck_assert_msg(from_a[i].point.t_ns == from_b[i].point.t_ns &&
                          same(from_a[i].point.rate, from_b[i].point.rate) &&
                          from_a[i].point.corrected == from_b[i].point.corrected,
                      "%s: point %u", label, i);
}

/* At whichever sample the restart comes, on whatever number of shards, with keys or without. */
START_TEST(a_restart_changes_nothing)
{
    const struct course *c = &courses[_i];
    int n = steps_of(c);
    for (int at = 1; at <= n; at++)
        for (int way = 0; way < 4; way++) {
            struct bench a, b;
            struct restore restore;
            struct feed_item items[64];
            setup(&a, way & 1 ? 4 : 1, 100, c->policy());
            for (int i = 0; i < at; i++)
                step(&a, c, i);
            (void)drain(&a, items, 64);
            restart(&a, &b, way & 1 ? 1 : 8, c->policy(), (way & 2) == 0, 0, &restore);
            ck_assert_uint_eq(restore.refused, 0);
            ck_assert_uint_eq(happened(&b, EVENT_BORN), 0);
            same_table(c->label, &a, &b);
            for (int i = at; i < n; i++) {
                step(&a, c, i);
                step(&b, c, i);
                same_table(c->label, &a, &b);
            }
            for (int i = 0; i < 2; i++) { /* silent, then forgotten */
                a.now.mono_ns += 3601 * S;
                b.now.mono_ns += 3601 * S;
                sweep_all(&a);
                sweep_all(&b);
                same_table(c->label, &a, &b);
            }
            teardown(&a);
            teardown(&b);
        }
}
END_TEST

/* Of a counter that overflows as of one whose rule asks for nothing: what was counted of it, number by number. */
START_TEST(counters_go_on)
{
    static const struct {
        const char *label;
        struct policy (*policy)(void);
        double at[6];
        uint32_t resets, wraps;
    } rows[] = {{"resets", counting, {10, 3, 8, 1, 2, 5}, 2, 0},
                {"wraps", wrapping, {3.6e9, 4.2e9, 1e6, 5e8, 6e8, 9e8}, 0, 1},
                {"both", wrapping, {4e9, 1e6, 10, 1e6, 0, 3}, 2, 1}};
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct bench a, b;
        struct restore restore;
        struct reading before;
        setup(&a, 1, 10, rows[i].policy());
        for (int k = 0; k < 6; k++)
            push(&a, "flow", t0 + k * S, rows[i].at[k]);
        before = *read_one(&a, "flow");
        ck_assert_msg(before.resets == rows[i].resets && before.wraps == rows[i].wraps,
                      "%s: %u resets, %u wraps", rows[i].label, before.resets, before.wraps);
        restart(&a, &b, 1, rows[i].policy(), true, 0, &restore);
        same_reading(rows[i].label, &before, read_one(&b, "flow"));
        push(&a, "flow", t0 + 6 * S, 1); /* one more */
        push(&b, "flow", t0 + 6 * S, 1);
        before = *read_one(&a, "flow");
        ck_assert_msg(before.resets + before.wraps == rows[i].resets + rows[i].wraps + 1, "%s",
                      rows[i].label);
        same_reading(rows[i].label, &before, read_one(&b, "flow"));
        teardown(&a);
        teardown(&b);
    }
}
END_TEST

/* Whatever the last samples were, to come again after a restart is to change nothing; the next one still counts. */
START_TEST(what_comes_again_is_known)
{
    const struct course *c = &courses[_i];
    int n = steps_of(c);
    if (c->adds) /* an increment that comes again is another one */
        return;
    for (int at = 1; at <= n; at++) {
        struct bench a, b;
        struct restore restore;
        struct feed_item items[64];
        setup(&a, 1, 100, c->policy());
        for (int i = 0; i < at; i++)
            step(&a, c, i);
        (void)drain(&a, items, 64);
        restart(&a, &b, 8, c->policy(), true, 0, &restore);
        for (int i = 0; i < at; i++)
            step(&b, c, i);
        for (int i = 0; i < at; i++) { /* time passes for the one, too */
            struct sweep from = {0};
            a.now.wall_ns += S;
            a.now.mono_ns += S;
            table_sweep(a.table, &from, UINT32_MAX, a.now);
        }
        struct reading of_a = *read_one(&a, "flow"), of_b = *read_one(&b, "flow");
        of_a.age_ns = of_b.age_ns = 0; /* that something came again is heard */
        same_reading(c->label, &of_a, &of_b);
        ck_assert_msg(drain(&b, items, 64) == drain(&a, items, 64), "%s: points", c->label);
        teardown(&a);
        teardown(&b);
    }
}
END_TEST

/* ---- what is saved when */

START_TEST(only_what_changes_is_saved)
{
    struct bench b;
    char key[32];
    setup(&b, 1, 10000, policy_default());
    for (int i = 0; i < 3 * SAVE_CHUNK; i++) {
        snprintf(key, sizeof key, "s%d", i);
        push(&b, key, t0, i);
    }
    ck_assert_uint_eq(saved_series(&b), 3 * SAVE_CHUNK);
    ck_assert_uint_eq(saved_series(&b), 0);
    push(&b, "s130", t0 + S, 1); /* in the second chunk */
    ck_assert_uint_eq(saved_series(&b), SAVE_CHUNK);
    table_save_again(b.table, (struct save_chunk){0, 2});
    ck_assert_uint_eq(saved_series(&b), SAVE_CHUNK);
    ck_assert_uint_eq(saved_series(&b), 0);
    b.now.mono_ns += 301 * S; /* silence */
    struct sweep at = {0};
    table_sweep(b.table, &at, UINT32_MAX, b.now);
    ck_assert_uint_eq(saved_series(&b), 3 * SAVE_CHUNK);
    struct policies other = {.defaults = policy_default()};
    reconfigure(b.table, &other, 10000);
    ck_assert_uint_eq(saved_series(&b), 3 * SAVE_CHUNK);
    b.now.mono_ns += 3601 * S;
    sweep_all(&b);
    struct buf out = {0};
    struct save_tally tally = {0};
    ck_assert(table_save(b.table, (struct save_chunk){0, 1}, false, b.now, &out, &keepers, &tally));
    ck_assert_uint_eq(out.n, 0); /* it is empty now */
    ck_assert(
        !table_save(b.table, (struct save_chunk){0, 1}, false, b.now, &out, &keepers, &tally));
    buf_fini(&out);
    teardown(&b);
}
END_TEST

START_TEST(samples_that_are_let_go_count_as_a_change)
{
    struct bench b;
    setup(&b, 1, 10, sorted());
    push(&b, "flow", t0, 1);
    ck_assert_uint_eq(saved_series(&b), 1);
    b.now.mono_ns += 4 * S;
    struct sweep at = {0};
    table_sweep(b.table, &at, UINT32_MAX, b.now);
    ck_assert_uint_eq(saved_series(&b), 1);
    teardown(&b);
}
END_TEST

/* ---- time, and what has changed meanwhile */

START_TEST(silence_goes_on_while_nobody_is_there)
{
    static const struct {
        int64_t down_ns;
        enum series_state state;
        int64_t age_ns;
    } downs[] = {{10 * S, STATE_OK, 10 * S},
                 {301 * S, STATE_STALE, 301 * S},
                 {-3600 * S, STATE_OK, 0}}; /* the clock was set back */
    for (size_t i = 0; i < sizeof downs / sizeof *downs; i++) {
        struct bench a, b;
        struct restore restore;
        setup(&a, 1, 10, policy_default());
        push(&a, "flow", t0, 1);
        push(&a, "flow", t0 + S, 2);
        restart(&a, &b, 1, policy_default(), true, downs[i].down_ns, &restore);
        const struct reading *r = read_one(&b, "flow");
        ck_assert_int_eq(r->state, downs[i].state);
        ck_assert_int_eq(r->age_ns, downs[i].age_ns);
        teardown(&a);
        teardown(&b);
    }
}
END_TEST

START_TEST(other_rules_take_what_fits)
{
    static struct policy (*const policies[])(void) = {gauge,   counting, wrapping, trend,
                                                      merging, guarded,  sorted,   breaking};
    enum { N = sizeof policies / sizeof *policies };
    const struct course *c = &courses[_i];
    for (int to = 0; to < N; to++) {
        struct bench a, b;
        struct restore restore;
        int n = steps_of(c);
        setup(&a, 1, 10, c->policy());
        for (int i = 0; i < n; i++)
            step(&a, c, i);
        restart(&a, &b, 1, policies[to](), true, 0, &restore);
        ck_assert_uint_eq(restore.series, 1);
        for (int i = 0; i < 4; i++) {
            push(&b, "flow;pump=1;site=a", t0 + (2000 + i) * S, i);
            b.now.mono_ns += 4 * S;
            sweep_all(&b);
        }
        ck_assert_int_eq(read_one(&b, "flow")->state, STATE_OK);
        teardown(&a);
        teardown(&b);
    }
}
END_TEST

START_TEST(no_series_comes_twice_and_none_past_the_limit)
{
    struct bench a, b;
    struct buf bytes = {0};
    struct save_tally tally = {0};
    char key[32];
    setup(&a, 2, 1000, policy_default());
    for (int i = 0; i < 150; i++) {
        snprintf(key, sizeof key, "s%d", i);
        push(&a, key, t0, i);
    }
    save_all(a.table, true, a.now, &bytes, &tally);
    setup(&b, 1, 100, policy_default());
    struct restore r = {.now = b.now};
    table_restore(b.table, bytes.at, bytes.n, &r);
    ck_assert_uint_eq(r.series, 100);
    ck_assert_uint_eq(r.refused, 50);
    table_restore(b.table, bytes.at, bytes.n, &r);
    ck_assert_uint_eq(r.series, 100);
    ck_assert_uint_eq(table_count(b.table), 100);
    buf_fini(&bytes);
    teardown(&a);
    teardown(&b);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("series/table_save");
    TCase *c = tcase_create("table_save");
    tcase_set_timeout(c, 120);
    tcase_add_loop_test(c, a_restart_changes_nothing, 0, ROWS(courses));
    tcase_add_test(c, counters_go_on);
    tcase_add_loop_test(c, what_comes_again_is_known, 0, ROWS(courses));
    tcase_add_test(c, only_what_changes_is_saved);
    tcase_add_test(c, samples_that_are_let_go_count_as_a_change);
    tcase_add_test(c, silence_goes_on_while_nobody_is_there);
    tcase_add_loop_test(c, other_rules_take_what_fits, 0, ROWS(courses));
    tcase_add_test(c, no_series_comes_twice_and_none_past_the_limit);
    suite_add_tcase(s, c);
    return s;
}
