/* What was taken once is not taken again: by rows, against a list of all that came, and when it is full. */
#include "net/replay.h"

#include "suite.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define S INT64_C(1000000000)

enum { W = 30, START = 1000 };

static enum replay_verdict judge(struct replay *r, uint32_t number, int64_t t_s, int64_t now_s)
{
    unsigned char mac[REPLAY_MAC] = {0};
    memcpy(mac, &number, sizeof number);
    mac[15] = 1;
    return replay_judge(r, mac, t_s * S, now_s * S);
}

START_TEST(rows)
{
    struct replay *r;
    ck_assert_int_eq(replay_new(100, W * S, START * S, &r), NABLA_OK);
    ck_assert_int_eq(judge(r, 1, START, START),
                     REPLAY_OLD); /* it may have come to the one before */
    ck_assert_int_eq(judge(r, 1, START + 1, START), REPLAY_NEW);
    ck_assert_int_eq(judge(r, 1, START + 1, START), REPLAY_AGAIN);
    ck_assert_int_eq(judge(r, 2, START + W, START), REPLAY_NEW);
    ck_assert_int_eq(judge(r, 3, START + W + 1, START), REPLAY_FUTURE);
    ck_assert_int_eq(judge(r, 4, START + 1, START + 1 + W), REPLAY_NEW);
    ck_assert_int_eq(judge(r, 1, START + 1, START + 1 + W), REPLAY_AGAIN);
    ck_assert_int_eq(judge(r, 1, START + 1, START + 2 + W), REPLAY_OLD);
    ck_assert_int_eq(judge(r, 2, START + W, START + 2 * W), REPLAY_AGAIN);
    ck_assert_int_eq(judge(r, 5, START + 2 * W, START + 2 * W), REPLAY_NEW);
    ck_assert_int_eq(judge(r, 1, START + 1, START + 5), REPLAY_OLD); /* the clock was put back */
    replay_free(r);
}
END_TEST

START_TEST(the_oldest_make_room)
{
    struct replay *r;
    ck_assert_int_eq(replay_new(4, W * S, 0, &r), NABLA_OK);
    for (uint32_t i = 0; i < 4; i++)
        ck_assert_int_eq(judge(r, i, 100 + (i * 3) % 4, 100), REPLAY_NEW);
    ck_assert_int_eq(judge(r, 9, 99, 100), REPLAY_OLD); /* older than all, and there is no room */
    ck_assert_int_eq(judge(r, 9, 105, 100), REPLAY_NEW);
    ck_assert_int_eq(judge(r, 0, 100, 100), REPLAY_OLD); /* forgotten, and not taken again */
    ck_assert_int_eq(judge(r, 3, 101, 100), REPLAY_AGAIN);
    ck_assert_int_eq(judge(r, 10, 100, 100), REPLAY_OLD);
    ck_assert_int_eq(judge(r, 10, 106, 100), REPLAY_NEW);
    ck_assert_int_eq(judge(r, 3, 101, 100), REPLAY_OLD);
    replay_free(r);
}
END_TEST

enum { COMES = 20000, DIFFERENT = 3000 };

/* Times and MACs at random, MACs that share their place among them: none is ever new twice. */
START_TEST(never_twice)
{
    struct replay *r;
    static bool taken[DIFFERENT];
    uint64_t seed = 7;
    uint32_t n = 0;
    ck_assert_int_eq(replay_new(64, W * S, 0, &r), NABLA_OK);
    for (int i = 0; i < COMES; i++) {
        seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
        uint32_t which = (uint32_t)(seed >> 33) % DIFFERENT;
        int64_t now_s = 1000 + i / 40, t_s = 1000 + which / 6; /* a MAC has its time */
        enum replay_verdict v = judge(r, (which % 50) | which << 16, t_s, now_s);
        ck_assert_msg(v != REPLAY_NEW || !taken[which], "%u", which);
        ck_assert(v != REPLAY_AGAIN || taken[which]);
        ck_assert((v == REPLAY_FUTURE) == (t_s - now_s > W));
        taken[which] |= v == REPLAY_NEW;
        n += v == REPLAY_NEW;
    }
    ck_assert_uint_gt(n, 500);
    replay_free(r);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("replay");
    TCase *c = tcase_create("replay");
    tcase_add_test(c, rows);
    tcase_add_test(c, the_oldest_make_room);
    tcase_add_test(c, never_twice);
    suite_add_tcase(s, c);
    return s;
}
