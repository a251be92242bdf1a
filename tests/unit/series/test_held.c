/* Samples that a rule holds back, in the table: when they go on, and what is counted of them. */
#include "bench.h"

static struct bench b;

static void start(void)
{
    struct policy p = policy_default();
    p.late_ns = 2 * S;
    setup(&b, 1, 100, p);
}

static void stop(void)
{
    teardown(&b);
}

/* What lies on the stack where the next call has its locals: nothing may be read that nobody wrote. */
__attribute__((noinline)) static void soil_the_stack(void)
{
    volatile char soil[512 * 1024];
    for (size_t i = 0; i < sizeof soil; i++)
        soil[i] = (char)0xee;
}

static void push_at(int64_t after_s, const char *key, int64_t t_s)
{
    b.now.mono_ns += after_s * S;
    soil_the_stack();
    push(&b, key, t0 + t_s * S, (double)t_s);
}

START_TEST(they_go_on_in_order)
{
    push_at(0, "a", 3);
    push_at(0, "a", 1);
    push_at(1, "a", 2);
    ck_assert_int_eq(read_one(&b, "a")->state, STATE_WARMING);
    push_at(2, "a", 4);
    ck_assert_int_eq(read_one(&b, "a")->window[2].t_ns, t0 + 3 * S);
    ck_assert_uint_eq(happened(&b, EVENT_INSERTED), 0);
    ck_assert_uint_eq(happened(&b, EVENT_SORTED), 2);
}
END_TEST

/* What is older than the window is refused when its turn comes: with what stands behind it, or at a visit. */
START_TEST(too_late_even_so)
{
    for (int64_t t = 10; t < 18; t++)
        push_at(3, "a", t);
    push_at(0, "a", 1);
    ck_assert_uint_eq(rejected(&b, CAUSE_LATE), 0);
    push_at(3, "a", 18);
    ck_assert_uint_eq(rejected(&b, CAUSE_LATE), 1);
    push_at(0, "a", 2);
    b.now.mono_ns += 3 * S;
    sweep_all(&b);
    ck_assert_uint_eq(rejected(&b, CAUSE_LATE), 2);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("held");
    TCase *t = tcase_create("held");
    tcase_add_checked_fixture(t, start, stop);
    tcase_add_test(t, they_go_on_in_order);
    tcase_add_test(t, too_late_even_so);
    suite_add_tcase(s, t);
    return s;
}
