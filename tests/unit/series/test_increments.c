/* test_increments.c -- samples that are added to what their series stands at: whatever their order and
 * whatever the series' rule, the sum at any time is of all that came until then, and none is lost. */
#include "bench.h"

#include "guard.h"

#include <math.h>

enum { ADDS = KEY_STATSD | KEY_ADDS };

static void add(struct bench *b, const char *key, int64_t t_ns, double v)
{
    push_form(b, key, (enum key_form)ADDS, t_ns, v);
}

static void set(struct bench *b, const char *key, int64_t t_ns, double v)
{
    push_form(b, key, KEY_STATSD, t_ns, v);
}

static struct obs newest(struct bench *b, const char *selector)
{
    const struct reading *r = read_one(b, selector);
    ck_assert_int_gt(r->window_n, 0);
    return r->window[r->window_n - 1];
}

START_TEST(they_add_up)
{
    struct bench b;
    setup(&b, 1, 10, policy_default());
    add(&b, "a", t0, 3);
    add(&b, "a", t0 + S, 2);
    add(&b, "a", t0 + 2 * S, 5);
    const struct reading *r = read_one(&b, "a");
    ck_assert(r->window_n == 3 && r->window[0].v == 3 && r->window[1].v == 5);
    ck_assert(r->window[2].v == 10 && r->rate.value == 3.5);
    teardown(&b);
}
END_TEST

START_TEST(at_one_time_they_add_up_and_nothing_is_replaced)
{
    struct bench b;
    setup(&b, 1, 10, policy_default());
    for (int i = 0; i < 4; i++)
        add(&b, "a", t0 + i / 2 * S, 1);
    ck_assert(newest(&b, "a").v == 4 && newest(&b, "a").t_ns == t0 + S);
    ck_assert_uint_eq(happened(&b, EVENT_REPLACED), 0);
    set(&b, "a", t0 + S, 7); /* a value is not */
    ck_assert_uint_eq(happened(&b, EVENT_REPLACED), 1);
    ck_assert(newest(&b, "a").v == 7);
    teardown(&b);
}
END_TEST

START_TEST(a_late_one_counts_at_the_newest_time)
{
    struct bench b;
    setup(&b, 1, 10, policy_default());
    add(&b, "a", t0, 1);
    add(&b, "a", t0 + 10 * S, 1);
    add(&b, "a", t0 + 5 * S, 1);
    add(&b, "a", t0 - 100 * S, 1);
    ck_assert_uint_eq(rejected(&b, CAUSE_LATE), 0);
    ck_assert_uint_eq(happened(&b, EVENT_INSERTED), 0);
    ck_assert(newest(&b, "a").v == 4 && newest(&b, "a").t_ns == t0 + 10 * S);
    teardown(&b);
}
END_TEST

START_TEST(a_value_and_its_changes)
{
    struct bench b;
    setup(&b, 1, 10, policy_default());
    add(&b, "a", t0, -2); /* of nothing yet: from 0 */
    set(&b, "a", t0 + S, 20);
    add(&b, "a", t0 + 2 * S, -1.5);
    ck_assert(newest(&b, "a").v == 18.5);
    teardown(&b);
}
END_TEST

/* The sum goes on after a gap and after silence, at whatever time; forgotten, it begins again. */
START_TEST(it_outlives_silence)
{
    struct bench b;
    setup(&b, 1, 10, policy_default());
    add(&b, "a", t0, 3);
    add(&b, "a", t0 + 3000 * S, 4); /* a gap */
    ck_assert(newest(&b, "a").v == 7);
    ck_assert_uint_eq(happened(&b, EVENT_GAP), 1);
    b.now.mono_ns += 400 * S; /* stale */
    add(&b, "a", t0 + 400 * S, 5);
    ck_assert(newest(&b, "a").v == 12 && newest(&b, "a").t_ns == t0 + 400 * S);
    b.now.mono_ns += 4000 * S;
    sweep_all(&b);
    add(&b, "a", t0 + 500 * S, 1);
    ck_assert(newest(&b, "a").v == 1);
    teardown(&b);
}
END_TEST

START_TEST(a_sum_stays_finite)
{
    struct bench b;
    setup(&b, 1, 10, policy_default());
    add(&b, "a", t0, 1.5e308);
    add(&b, "a", t0 + S, 1.5e308);
    ck_assert_uint_eq(rejected(&b, CAUSE_NOT_FINITE), 1);
    add(&b, "a", t0 + 2 * S, -1.5e308);
    ck_assert(newest(&b, "a").v == 0);
    teardown(&b);
}
END_TEST

/* What a rule may ask for, and how many shards there are. */
static struct policy policy_row(int row)
{
    struct policy p = policy_default();
    if (row == 1)
        p.trend_ns = 10 * S;
    if (row == 2)
        p.min_dt_ns = S;
    if (row == 3)
        p.late_ns = 2 * S;
    if (row == 4)
        p.max_rate = 3;
    if (row == 5)
        p.keep_ns = 3600 * S;
    if (row == 6)
        p.late_ns = LATE_DROP;
    return p;
}
enum { POLICIES = 7 };

/* Hundreds of increments, out of order, in two spellings, many at one time, one in ten refused as being
 * from the future; the last, of nothing, is late enough for all rules to have let the others go. */
START_TEST(the_law)
{
    static const char *const keys[] = {"a;x=1;y=2", "a;y=2;x=1"};
    struct bench b;
    uint64_t seed = (uint64_t)_i;
    double sum = 0;
    setup(&b, _i < POLICIES ? 1 : 16, 10, policy_row(_i % POLICIES));
    for (int i = 0; i < 500; i++) {
        double v = (double)(next_random(&seed) % 64) / 8;
        bool future = next_random(&seed) % 10 == 0;
        int64_t t = t0 + (i / 5 + (int64_t)(next_random(&seed) % 4)) * S / 4;
        add(&b, keys[next_random(&seed) % 2], future ? t + 5000 * S : t, v);
        sum += future ? 0 : v;
    }
    add(&b, keys[0], t0 + 100 * S, 0);
    b.now.mono_ns += 3 * S;
    sweep_all(&b);
    ck_assert_msg(newest(&b, "a").v == sum, "row %d: %g of %g", _i, newest(&b, "a").v, sum);
    uint64_t lost = 0;
    for (int c = 0; c < CAUSE_COUNT; c++)
        lost += c == CAUSE_FUTURE ? 0 : rejected(&b, (enum cause)c);
    ck_assert_uint_eq(lost, 0);
    ck_assert_uint_eq(happened(&b, EVENT_REPLACED), 0);
    teardown(&b);
}
END_TEST

/* Samples that merge are a mean; those of one time are one sample, the last sum. */
START_TEST(merged_is_the_mean_of_sums)
{
    struct bench b;
    setup(&b, 1, 10, policy_row(2));
    add(&b, "a", t0, 2);
    add(&b, "a", t0, 2);
    ck_assert(newest(&b, "a").v == 4);
    add(&b, "a", t0 + S / 2, 2);
    ck_assert(newest(&b, "a").v == 5 && newest(&b, "a").t_ns == t0 + S / 4);
    add(&b, "a", t0 + S / 2, 2);
    ck_assert(newest(&b, "a").v == 6);
    add(&b, "a", t0 + S, 1);
    ck_assert(newest(&b, "a").v == 9);
    ck_assert_uint_eq(happened(&b, EVENT_MERGED), 1);
    teardown(&b);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("series/increments");
    TCase *t = tcase_create("increments");
    tcase_set_timeout(t, 120);
    tcase_add_test(t, they_add_up);
    tcase_add_test(t, at_one_time_they_add_up_and_nothing_is_replaced);
    tcase_add_test(t, a_late_one_counts_at_the_newest_time);
    tcase_add_test(t, a_value_and_its_changes);
    tcase_add_test(t, it_outlives_silence);
    tcase_add_test(t, a_sum_stays_finite);
    tcase_add_loop_test(t, the_law, 0, 2 * POLICIES);
    tcase_add_test(t, merged_is_the_mean_of_sums);
    suite_add_tcase(s, t);
    return s;
}
