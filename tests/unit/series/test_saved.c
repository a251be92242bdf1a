/* tests/unit/series/test_saved.c -- a series as bytes: read as it was written, whatever it has beside its window;
 * cut or changed anywhere, refused or at least harmless. */
#include "bench.h"

#include "series/saved.h"
#include "series/table_save.h"

#include <math.h>
#include <stdlib.h>

static union {
    struct labelset set;
    char room[LABELSET_MAX];
} labels;

static void make_labels(void)
{
    const struct label at[] = {{LABEL_METRIC, "flow", 8, 4}, {"pump", "p\xc3\xa9", 4, 3}};
    ck_assert_int_eq(labelset_pack(at, 2, &labels.set), NABLA_OK);
}

/* ---- kinds of series */

static void with_rests(struct saved *s, struct extra *e)
{
    e->exact = true;
    for (int i = 0; i < s->window.n; i++)
        e->rest[i] = 3 - i;
}

static void with_trend(struct saved *s, struct extra *e)
{
    s->trend_ns = 60 * S;
    e->trend = (struct trend){
        .newest = {t0, 7}, .by_weight = {1, 2, 3, 4, 5, 6}, .w2 = 7, .x2 = 8, .xx2 = 9, .n = 4711};
    e->trend_from = (struct exact){t0, 0x1p60, 5};
    e->trend_base = -2;
}

static void with_wraps(struct saved *s, struct extra *e)
{
    (void)s;
    e->wrapped = 0x1p32;
    e->wraps = 3;
}

static void with_came(struct saved *s, struct extra *e)
{
    (void)s;
    e->came = (struct exact){t0 + 1, 0.1, 0};
    e->adds = true;
}

static void with_merge(struct saved *s, struct extra *e)
{
    (void)s;
    e->merge = (struct merge){
        .first = {t0, 1, 0}, .t_sum_s = 0.25, .v_sum = -1, .last = {t0 + 7, 2, 0}, .n = 3};
}

static void with_guard(struct saved *s, struct extra *e)
{
    (void)s;
    e->guard = (struct guard){.held = {t0 + 9, 1e9, 0}, .holds = true};
}

static struct reorder held;
static void with_reorder(struct saved *s, struct extra *e)
{
    s->wall_less_mono_ns = 0;
    for (held.n = 0; held.n < REORDER_MAX - 1; held.n++)
        held.at[held.n] = (struct held_sample){{t0 + held.n, held.n, 0}, t0};
    e->reorder = &held;
}

static struct echoes newest;
static void with_echoes(struct saved *s, struct extra *e)
{
    (void)s;
    newest = (struct echoes){0};
    for (int i = 0; i < ECHOES_MAX + 5; i++) /* the oldest is in the middle */
        ck_assert_int_eq(echo_judge(&newest, (struct exact){t0 + i, i, 0.5}), ECHO_NEW);
    e->echoes = &newest;
}

static void with_all(struct saved *s, struct extra *e)
{
    with_rests(s, e);
    with_trend(s, e);
    with_wraps(s, e);
    with_came(s, e);
    with_merge(s, e);
    with_guard(s, e);
    with_reorder(s, e);
    with_echoes(s, e);
}

static void with_flags(struct saved *s, struct extra *e)
{
    (void)e;
    s->extra = NULL;
    s->stale = s->broken = s->unkeyed = s->keeps = s->window.cut = true;
    s->place = 127;
}

static void with_nan(struct saved *s, struct extra *e)
{
    (void)e;
    s->extra = NULL;
    s->window.at[1].v = NAN;
    s->window.at[2].v = -INFINITY;
}

static void with_nothing(struct saved *s, struct extra *e)
{
    (void)e;
    s->extra = NULL;
    s->window.n = 0;
}

static const struct row {
    const char *label;
    void (*make)(struct saved *s, struct extra *e);
} rows[] = {{"rests", with_rests},     {"trend", with_trend},     {"wraps", with_wraps},
            {"came", with_came},       {"merge", with_merge},     {"guard", with_guard},
            {"reorder", with_reorder}, {"all", with_all},         {"flags", with_flags},
            {"nan", with_nan},         {"nothing", with_nothing}, {"echoes", with_echoes}};
enum { ROWS_N = sizeof rows / sizeof *rows };

static void make(const struct row *r, struct saved *s, struct extra *e)
{
    make_labels();
    memset(e, 0, sizeof *e);
    e->came.t_ns = INT64_MIN;
    *s = (struct saved){.key = {0x0123456789abcdef, 0xfedcba9876543210},
                        .seen_ns = t0 - 5,
                        .window = {.n = WINDOW_KEPT, .resets = 77},
                        .extra = e};
    for (int i = 0; i < WINDOW_KEPT; i++)
        s->window.at[i] = (struct obs){t0 + i * S, 0.1 * i};
    r->make(s, e);
}

static struct saved_series in;

START_TEST(what_is_written_is_read)
{
    const struct row *r = &rows[_i];
    struct saved s;
    struct extra e;
    struct buf first = {0}, second = {0};
    make(r, &s, &e);
    saved_put(&first, &s, &labels.set);
    const char *at = first.at, *end = first.at + first.n;
    ck_assert_msg(saved_get(&at, end, &in) == NABLA_OK, "%s", r->label);
    ck_assert_ptr_eq(at, end);
    ck_assert_uint_eq(in.labels.n, 2);
    ck_assert_mem_eq(in.labels.at[1].value, "p\xc3\xa9", 3);
    ck_assert(keyhash_equal(in.saved.key, s.key) && in.saved.seen_ns == s.seen_ns);
    ck_assert(in.saved.window.resets == 77 && in.saved.place == s.place);
    ck_assert_mem_eq(in.saved.window.at, s.window.at, s.window.n * sizeof *s.window.at);
    saved_put(&second, &in.saved, &labels.set); /* all else, byte for byte */
    ck_assert_uint_eq(second.n, first.n);
    ck_assert_mem_eq(second.at, first.at, first.n);
    buf_fini(&first);
    buf_fini(&second);
}
END_TEST

START_TEST(cut_anywhere_it_is_refused)
{
    struct saved s;
    struct extra e;
    struct buf b = {0};
    make(&rows[_i], &s, &e);
    saved_put(&b, &s, &labels.set);
    for (size_t n = 0; n < b.n; n++) {
        char *cut = malloc(n > 0 ? n : 1); /* what is behind its end is nobody's */
        memcpy(cut, b.at, n);
        const char *at = cut;
        ck_assert_int_eq(saved_get(&at, cut + n, &in), NABLA_EINVAL);
        ck_assert_ptr_eq(at, cut + n);
        if (n >= 4) { /* the same with a length that says so */
            uint32_t less = (uint32_t)n - 4;
            memcpy(cut, &less, 4);
            at = cut;
            if (saved_get(&at, cut + n, &in) == NABLA_OK) /* between two parts */
                ck_assert_msg(in.saved.extra == NULL || s.extra != NULL, "a part out of nothing");
        }
        free(cut);
    }
    buf_fini(&b);
}
END_TEST

/* Any bit: what is read all the same goes into a table, and goes on there. */
START_TEST(a_bit_does_no_harm)
{
    struct saved s;
    struct extra e;
    struct buf b = {0};
    struct policy p = policy_default();
    p.trend_ns = 60 * S;
    p.min_dt_ns = S / 10;
    p.late_ns = S;
    p.max_rate = 100;
    p.kind = KIND_COUNTER;
    p.wrap = 32;
    make(&rows[_i], &s, &e);
    saved_put(&b, &s, &labels.set);
    for (size_t bit = 0; bit < 8 * (b.n < 700 ? b.n : 700); bit++) {
        struct bench bench;
        b.at[bit / 8] = (char)(b.at[bit / 8] ^ 1 << bit % 8);
        setup(&bench, 1, 10, p);
        struct restore restore = {.now = bench.now};
        table_restore(bench.table, b.at, b.n, &restore);
        ck_assert_uint_ge(restore.series + restore.refused, 1);
        push(&bench, "flow;pump=p\xc3\xa9", t0 + 100 * S, 5);
        bench.now.mono_ns += 3600 * S;
        sweep_all(&bench);
        teardown(&bench);
        b.at[bit / 8] = (char)(b.at[bit / 8] ^ 1 << bit % 8);
    }
    buf_fini(&b);
}
END_TEST

/* ---- single faults */

static void put_le(struct buf *b, size_t at, uint64_t v, int bytes)
{
    for (int i = 0; i < bytes; i++)
        b->at[at + (size_t)i] = (char)(v >> 8 * i & 0xff);
}

static const struct fault {
    const char *label;
    size_t at; /* from the start */
    uint64_t v;
    int bytes;
} faults[] = {
    {"a time before the one before it", 4 + 36 - 4 + 16, (uint64_t)INT64_MIN, 8},
    {"a time that nothing can be added to", 4 + 36 - 4 + 64, INT64_MAX, 8},
    {"six samples", 4 + 29, 6, 1},
    {"no labels", 4 + 30, 0, 1},
    {"65 labels", 4 + 30, 65, 1},
    {"a flag of tomorrow", 4 + 28, 0x80, 1},
};

START_TEST(faults_are_refused)
{
    const struct fault *f = &faults[_i];
    struct saved s;
    struct extra e;
    struct buf b = {0};
    make(&rows[9], &s, &e); /* nan: nothing beside its window */
    saved_put(&b, &s, &labels.set);
    const char *at = b.at;
    ck_assert_int_eq(saved_get(&at, b.at + b.n, &in), NABLA_OK);
    put_le(&b, f->at, f->v, f->bytes);
    at = b.at;
    ck_assert_msg(saved_get(&at, b.at + b.n, &in) == NABLA_EINVAL, "%s", f->label);
    buf_fini(&b);
}
END_TEST

START_TEST(a_part_of_tomorrow_is_passed_over)
{
    struct saved s;
    struct extra e;
    struct buf b = {0};
    make(&rows[1], &s, &e); /* trend */
    saved_put(&b, &s, &labels.set);
    buf_add(&b, "\xc8\x02\x00hi", 5);
    put_le(&b, 0, b.n - 4, 4);
    const char *at = b.at;
    ck_assert_int_eq(saved_get(&at, b.at + b.n, &in), NABLA_OK);
    ck_assert_uint_eq(in.extra.trend.n, 4711);
    buf_fini(&b);
}
END_TEST

/* The 16 newest, of which the one that came first is the next to go. */
START_TEST(echoes_go_on_in_their_order)
{
    struct saved s;
    struct extra e;
    struct buf b = {0};
    make(&(struct row){"echoes", with_echoes}, &s, &e);
    saved_put(&b, &s, &labels.set);
    const char *at = b.at;
    ck_assert_int_eq(saved_get(&at, b.at + b.n, &in), NABLA_OK);
    ck_assert_ptr_nonnull(in.extra.echoes);
    for (int i = 0; i < ECHOES_MAX + 5; i++) {
        enum echo want = i < 5 ? ECHO_OLD : ECHO_SAME;
        ck_assert_int_eq(echo_judge(in.extra.echoes, (struct exact){t0 + i, i, 0.5}), want);
    }
    ck_assert_int_eq(echo_judge(in.extra.echoes, (struct exact){t0 + 99, 9, 0}), ECHO_NEW);
    ck_assert_int_eq(echo_judge(in.extra.echoes, (struct exact){t0 + 5, 5, 0.5}), ECHO_OLD);
    ck_assert_int_eq(echo_judge(in.extra.echoes, (struct exact){t0 + 6, 6, 0.5}), ECHO_SAME);
    buf_fini(&b);
}
END_TEST

START_TEST(seventeen_echoes_are_refused)
{
    struct saved s;
    struct extra e;
    struct buf b = {0};
    make(&(struct row){"echoes", with_echoes}, &s, &e);
    saved_put(&b, &s, &labels.set);
    size_t part = b.n - ECHOES_MAX * 24 - 2; /* where its length stands */
    buf_add(&b, b.at + b.n - 24, 24);
    put_le(&b, 0, b.n - 4, 4);
    put_le(&b, part, (ECHOES_MAX + 1) * 24, 2);
    const char *at = b.at;
    ck_assert_int_eq(saved_get(&at, b.at + b.n, &in), NABLA_EINVAL);
    buf_fini(&b);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("series/saved");
    TCase *c = tcase_create("saved");
    tcase_set_timeout(c, 120);
    tcase_add_loop_test(c, what_is_written_is_read, 0, ROWS_N);
    tcase_add_loop_test(c, cut_anywhere_it_is_refused, 0, ROWS_N);
    tcase_add_loop_test(c, a_bit_does_no_harm, 0, ROWS_N);
    tcase_add_loop_test(c, faults_are_refused, 0, sizeof faults / sizeof *faults);
    tcase_add_test(c, a_part_of_tomorrow_is_passed_over);
    tcase_add_test(c, echoes_go_on_in_their_order);
    tcase_add_test(c, seventeen_echoes_are_refused);
    suite_add_tcase(s, c);
    return s;
}
