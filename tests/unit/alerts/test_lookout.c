/* tests/unit/alerts/test_lookout.c -- the queue between those who judge and who decides, when it is full. */
#include "rig.h"

enum { MORE = 10, ALL = LOOKS_MAX + MORE };

static struct look looks[LOOKS_MAX];
static struct watched watched[ALL];
static int woken;

static const struct spec warm = {"Warm", "temperature", "value > 5", NULL, 0,
                                 0,      NO_DATA_KEEP,  NULL,        NULL};

static void see(struct lookout *l, uint32_t series, double v, enum series_state state)
{
    const struct watcher *w = lookout_watcher(l);
    struct reading r = {.state = state, .window_n = 1, .window = {{.v = v}}};
    w->on_sample(w->ctx, (struct ref){.index = series}, &watched[series], 1, &r,
                 (struct instant){.wall_ns = t0});
}

static uint32_t take(struct lookout *l, uint64_t lost)
{
    uint64_t were_lost;
    uint32_t n = lookout_take(l, looks, LOOKS_MAX, &were_lost);
    ck_assert_uint_eq(were_lost, lost);
    return n;
}

/* What finds no room is judged again at its next sample; a silence and an end do not come again, and are counted. */
START_TEST(full)
{
    struct lookout *l;
    struct rules rules = make_rules(&warm, 1);
    const struct watcher *w;
    ck_assert_int_eq(lookout_new(wake, &woken, &l), NABLA_OK);
    lookout_set(l, 0, &rules.groups->rules[0], false);
    for (uint32_t i = 0; i < ALL; i++)
        see(l, i, 9, STATE_OK);
    ck_assert_int_eq(woken, 1);
    w = lookout_watcher(l);
    watched[LOOKS_MAX].memory = LOOKOUT_ENGAGED;
    w->on_end(w->ctx, (struct ref){.index = LOOKS_MAX}, &watched[LOOKS_MAX], 1);
    see(l, 0, 0, STATE_STALE);
    ck_assert_uint_eq(take(l, 2), LOOKS_MAX);
    for (uint32_t i = 0; i < LOOKS_MAX; i++)
        ck_assert_uint_eq(looks[i].series.index, i);
    ck_assert_uint_eq(take(l, 0), 0);
    for (uint32_t i = 0; i < ALL; i++)
        see(l, i, 9, STATE_OK);
    ck_assert_uint_eq(take(l, 0), MORE);
    ck_assert_uint_eq(looks[0].series.index, LOOKS_MAX);
    ck_assert_int_eq(woken, 2);
    see(l, 3, 1, STATE_OK); /* engaged: each change is told */
    ck_assert_uint_eq(take(l, 0), 1);
    ck_assert_double_eq(looks[0].facts.at[FACT_VALUE].v, 1);
    lookout_set(l, 0, NULL, false);
    see(l, 3, 9, STATE_OK);
    ck_assert_uint_eq(take(l, 0), 0);
    lookout_free(l);
    rules_fini(&rules);
}
END_TEST

/* A series that gives no cause is told of only to those who are eager. */
START_TEST(eager)
{
    struct lookout *l;
    struct rules rules = make_rules(&warm, 1);
    ck_assert_int_eq(lookout_new(wake, &woken, &l), NABLA_OK);
    for (int is_eager = 0; is_eager < 2; is_eager++) {
        lookout_set(l, 0, &rules.groups->rules[0], is_eager);
        watched[0].memory = 0;
        see(l, 0, 1, STATE_OK);
        see(l, 0, 2, STATE_OK);
        ck_assert_uint_eq(take(l, 0), is_eager);
    }
    lookout_free(l);
    rules_fini(&rules);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("lookout");
    TCase *t = tcase_create("lookout");
    tcase_add_test(t, full);
    tcase_add_test(t, eager);
    suite_add_tcase(s, t);
    return s;
}
