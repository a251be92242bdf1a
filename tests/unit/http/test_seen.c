/* seen: what was added is known, what was not is not, however much room was asked for. */
#include "http/seen.h"

#include <stdio.h>

#include "suite.h"

static const uint32_t rooms[] = {0, 1, 100, 5000, 20000};

START_TEST(each_is_fresh_once)
{
    enum { MANY = 10000 };
    struct seen s = {.seed = 7};
    char text[16];
    bool fresh;
    ck_assert_int_eq(seen_reserve(&s, rooms[_i]), NABLA_OK);
    uint32_t cap = s.cap;
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < MANY; i++) {
            int n = snprintf(text, sizeof text, "%d", i * 7);
            ck_assert_int_eq(seen_add(&s, text, (size_t)n, &fresh), NABLA_OK);
            ck_assert_msg(fresh == (round == 0), "%s in round %d", text, round);
        }
    ck_assert_uint_eq(s.n, MANY);
    if (rooms[_i] >= MANY)
        ck_assert_uint_eq(s.cap, cap);
    ck_assert_uint_le(seen_bytes(&s), (rooms[_i] > MANY ? rooms[_i] : MANY) * SEEN_LINE_BYTES);
    seen_clear(&s);
    ck_assert_int_eq(seen_add(&s, "7", 1, &fresh), NABLA_OK);
    ck_assert(fresh);
    seen_clear(&s);
}
END_TEST

START_TEST(room_asked_for_later_forgets_nothing)
{
    struct seen s = {.seed = 7};
    bool fresh;
    ck_assert_int_eq(seen_add(&s, "a", 1, &fresh), NABLA_OK);
    ck_assert_int_eq(seen_reserve(&s, 10000), NABLA_OK);
    ck_assert_int_eq(seen_add(&s, "a", 1, &fresh), NABLA_OK);
    ck_assert(!fresh);
    seen_clear(&s);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("http/seen");
    TCase *laws = tcase_create("laws");
    tcase_add_loop_test(laws, each_is_fresh_once, 0, ROWS(rooms));
    tcase_add_test(laws, room_asked_for_later_forgets_nothing);
    suite_add_tcase(s, laws);
    return s;
}
