/* Examples of what was refused: the newest few of each cause, and nobody waits for anybody. */
#include "base/examples.h"

#include "suite.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

static struct examples e;

static void start(void)
{
    memset(&e, 0, sizeof e);
}

static void note(unsigned kind, int number)
{
    struct example x = {.wall_ns = number, .offset = (uint32_t)number};
    snprintf(x.text, sizeof x.text, "\"%d\"", number);
    examples_note(&e, kind, &x);
}

/* So many are put; these are there, newest first. */
static const struct {
    int put;
    uint32_t n;
    int numbers[EXAMPLES_EACH];
} kept[] = {
    {0, 0, {0}},          {1, 1, {1}},          {3, 3, {3, 2, 1}},
    {4, 4, {4, 3, 2, 1}}, {5, 4, {5, 4, 3, 2}}, {11, 4, {11, 10, 9, 8}},
};

START_TEST(the_newest_are_kept)
{
    struct example at[EXAMPLES_EACH];
    unsigned kind = example_kind(CAUSE_VALUE);
    for (int i = 1; i <= kept[_i].put; i++)
        note(kind, i);
    ck_assert_uint_eq(examples_read(&e, kind, at), kept[_i].n);
    for (uint32_t i = 0; i < kept[_i].n; i++) {
        char text[16];
        snprintf(text, sizeof text, "\"%d\"", kept[_i].numbers[i]);
        ck_assert_str_eq(at[i].text, text);
        ck_assert_int_eq(at[i].wall_ns, kept[_i].numbers[i]);
    }
}
END_TEST

START_TEST(each_cause_has_its_own)
{
    struct example at[EXAMPLES_EACH];
    for (unsigned kind = 0; kind < EXAMPLE_KINDS; kind++)
        note(kind, (int)kind + 1);
    for (unsigned kind = 0; kind < EXAMPLE_KINDS; kind++) {
        ck_assert_uint_eq(examples_read(&e, kind, at), 1);
        ck_assert_uint_eq(at[0].offset, kind + 1);
    }
    ck_assert_uint_eq(example_kind_at_door((enum refusal)0), CAUSE_COUNT);
    ck_assert_uint_eq(example_kind_at_door(REFUSAL_REPLAYED), EXAMPLE_KINDS - 1);
}
END_TEST

START_TEST(who_writes_does_not_wait)
{
    struct example at[EXAMPLES_EACH];
    e.busy = true; /* somebody is at it */
    note(0, 1);
    e.busy = false;
    ck_assert_uint_eq(examples_read(&e, 0, at), 0);
    note(0, 2);
    ck_assert_uint_eq(examples_read(&e, 0, at), 1);
}
END_TEST

static void *write_many(void *ctx)
{
    (void)ctx;
    for (int i = 1; i <= 20000; i++)
        note(0, i);
    return NULL;
}

/* Whoever reads meanwhile sees whole ones. */
START_TEST(from_several_threads)
{
    pthread_t threads[3];
    struct example at[EXAMPLES_EACH];
    for (int t = 0; t < 3; t++)
        ck_assert_int_eq(pthread_create(&threads[t], NULL, write_many, NULL), 0);
    for (int i = 0; i < 2000; i++)
        for (uint32_t k = examples_read(&e, 0, at); k-- > 0;) {
            char text[16];
            snprintf(text, sizeof text, "\"%u\"", at[k].offset);
            ck_assert_str_eq(at[k].text, text);
            ck_assert_int_eq(at[k].wall_ns, at[k].offset);
        }
    for (int t = 0; t < 3; t++)
        pthread_join(threads[t], NULL);
    ck_assert_uint_gt(examples_read(&e, 0, at), 0);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("examples");
    TCase *c = tcase_create("all");
    tcase_add_checked_fixture(c, start, NULL);
    tcase_add_loop_test(c, the_newest_are_kept, 0, ROWS(kept));
    tcase_add_test(c, each_cause_has_its_own);
    tcase_add_test(c, who_writes_does_not_wait);
    tcase_add_test(c, from_several_threads);
    suite_add_tcase(s, c);
    return s;
}
