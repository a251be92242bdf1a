/* tests/unit/series/test_index.c -- the index against a plain list, with tags that crowd. */
#include "series/index.h"

#include "suite.h"

#include <stdlib.h>

enum { MOST = 5000 };

static bool holds(const struct index *x, uint32_t tag, uint32_t place)
{
    const struct slot *at = NULL;
    uint32_t found;
    while (index_next(x, tag, &at, &found))
        if (found == place)
            return true;
    return false;
}

static const struct row {
    const char *label;
    uint32_t tags; /* how many different ones */
} rows[] = {{"all different", UINT32_MAX}, {"crowded", 64}, {"four", 4}};

START_TEST(agrees_with_a_list)
{
    static uint32_t tags[MOST];
    static bool there[MOST];
    struct index x = {0};
    srand48(_i);
    for (int i = 0; i < MOST; i++) {
        tags[i] = (uint32_t)mrand48() % rows[_i].tags;
        there[i] = false;
    }
    for (int step = 0; step < 20000; step++) {
        uint32_t i = (uint32_t)lrand48() % (rows[_i].tags < 100 ? 200 : MOST);
        if (there[i])
            index_remove(&x, tags[i], i);
        else
            ck_assert_int_eq(index_add(&x, tags[i], i), NABLA_OK);
        there[i] = !there[i];
        ck_assert(holds(&x, tags[i], i) == there[i]);
    }
    uint32_t n = 0;
    for (uint32_t i = 0; i < MOST; i++) {
        ck_assert_msg(holds(&x, tags[i], i) == there[i], "%s: place %u", rows[_i].label, i);
        n += there[i];
    }
    ck_assert_uint_eq(x.used, n);
    index_fini(&x);
}
END_TEST

/* Large enough for every segment to have grown many times; its memory follows what is in it. */
START_TEST(grows_with_what_is_in_it)
{
    enum { MANY = 200000 };
    struct index x = {0};
    for (uint32_t i = 0; i < MANY; i++)
        ck_assert_int_eq(index_add(&x, i * 2654435769u, i), NABLA_OK);
    ck_assert_uint_le(index_bytes(&x), (uint64_t)MANY * 8 * 8 / 5); /* two thirds full, at least */
    for (int i = 0; i < INDEX_SEGMENTS; i++) {
        const struct segment *g = &x.segments[i];
        uint32_t last = 0, n = 0;
        for (const struct slot *s = g->slots; n < g->used; s++) {
            ck_assert(s->place == 0 || (s->tag >= last && s >= index_home(&x, s->tag)));
            last = s->place != 0 ? s->tag : last;
            n += s->place != 0;
        }
    }
    for (uint32_t i = 0; i < MANY; i++) {
        ck_assert(holds(&x, i * 2654435769u, i));
        index_remove(&x, i * 2654435769u, i);
    }
    ck_assert_uint_eq(x.used, 0);
    index_fini(&x);
}
END_TEST

/* Generations come and go beside a few that stay: what the largest took is given back, and nothing is lost. */
START_TEST(shrinks_with_what_is_in_it)
{
    enum { MANY = 100000, FEW = 1000 };
    struct index x = {0};
    for (uint32_t i = 0; i < MANY; i++)
        ck_assert_int_eq(index_add(&x, i * 2654435769u, i), NABLA_OK);
    uint64_t most = index_bytes(&x);
    for (uint32_t i = FEW; i < MANY; i++)
        index_remove(&x, i * 2654435769u, i);
    ck_assert_uint_eq(x.used, FEW);
    ck_assert_uint_lt(index_bytes(&x), most / 20);
    for (uint32_t i = 0; i < MANY; i++)
        ck_assert(holds(&x, i * 2654435769u, i) == (i < FEW));
    index_fini(&x);
}
END_TEST

START_TEST(an_empty_index_finds_nothing)
{
    struct index x = {0};
    ck_assert(!holds(&x, 7, 0));
    ck_assert_uint_eq(index_bytes(&x), 0);
    index_fini(&x);
}
END_TEST

START_TEST(removing_what_is_not_there_changes_nothing)
{
    struct index x = {0};
    ck_assert_int_eq(index_add(&x, 7, 1), NABLA_OK);
    index_remove(&x, 7, 2);
    index_remove(&x, 8, 1);
    ck_assert(holds(&x, 7, 1) && x.used == 1);
    index_fini(&x);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("series/index");
    TCase *t = tcase_create("index");
    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, agrees_with_a_list, 0, ROWS(rows));
    tcase_add_test(t, grows_with_what_is_in_it);
    tcase_add_test(t, shrinks_with_what_is_in_it);
    tcase_add_test(t, an_empty_index_finds_nothing);
    tcase_add_test(t, removing_what_is_not_there_changes_nothing);
    suite_add_tcase(s, t);
    return s;
}
