/* The newest answers of those who were told of alerts. */
#include "net/notices.h"

#include "suite.h"

static struct notices s;

static void start(void)
{
    notices_init(&s);
}

static void stop(void)
{
    notices_fini(&s);
}

static void put(uint32_t n)
{
    for (uint32_t i = 1; i <= n; i++)
        notices_put(&s, &(struct notice){.alerts = i, .status = 200});
}

/* So many are put; so many are told, newest first. */
static const struct {
    uint32_t put, told;
} kept[] = {{0, 0}, {1, 1}, {2, 2}, {63, 63}, {64, 64}, {65, 64}, {200, 64}};

START_TEST(the_newest_are_kept)
{
    uint64_t number = UINT64_MAX;
    uint32_t n = 0;
    struct notice x;
    put(kept[_i].put);
    while (notices_before(&s, &number, &x)) {
        ck_assert_uint_eq(x.number, number);
        ck_assert_uint_eq(x.number, kept[_i].put - n);
        ck_assert_uint_eq(x.alerts, x.number);
        n++;
    }
    ck_assert_uint_eq(n, kept[_i].told);
    ck_assert(!notices_before(&s, &number, &x)); /* and it stays so */
}
END_TEST

/* Who reads slowly misses what made room, and is told nothing twice. */
START_TEST(while_others_come)
{
    uint64_t number = UINT64_MAX;
    struct notice x;
    put(3);
    ck_assert(notices_before(&s, &number, &x));
    ck_assert_uint_eq(x.number, 3);
    put(2);
    ck_assert(notices_before(&s, &number, &x));
    ck_assert_uint_eq(x.number, 2);
    put(NOTICES_MAX);
    ck_assert(!notices_before(&s, &number, &x));
}
END_TEST

START_TEST(outcomes_have_names)
{
    ck_assert_str_eq(notice_outcome_text(NOTICE_TAKEN), "taken");
    ck_assert_str_eq(notice_outcome_text(NOTICE_REFUSED), "refused");
    ck_assert_str_eq(notice_outcome_text(NOTICE_FAILED), "failed");
}
END_TEST

Suite *suite(void)
{
    Suite *suite = suite_create("notices");
    TCase *c = tcase_create("all");
    tcase_add_checked_fixture(c, start, stop);
    tcase_add_loop_test(c, the_newest_are_kept, 0, ROWS(kept));
    tcase_add_test(c, while_others_come);
    tcase_add_test(c, outcomes_have_names);
    suite_add_tcase(suite, c);
    return suite;
}
