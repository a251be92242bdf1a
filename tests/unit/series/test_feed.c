/* tests/unit/series/test_feed.c -- points pass in order, or are counted as lost. */
#include "series/feed.h"

#include "suite.h"

static int woken;

static void on_ready(void *ctx)
{
    ++*(int *)ctx;
}

static void put(struct feed *f, int64_t t_ns, int n)
{
    struct feed_item items[POINTS_MAX] = {0};
    for (int i = 0; i < n; i++)
        items[i] = (struct feed_item){.series = {1, 2}, .point = {.t_ns = t_ns + i}};
    feed_put(f, items, (uint32_t)n);
}

static void put_end(struct feed *f, struct ref series, int64_t t_ns)
{
    feed_put(f, &(struct feed_item){.series = series, .point = {.t_ns = t_ns}, .ended = true}, 1);
}

static struct feed *listened(uint32_t capacity)
{
    struct feed *f;
    ck_assert_int_eq(feed_new(capacity, &f), NABLA_OK);
    woken = 0;
    feed_listen(f, FEED_STREAMS, on_ready, &woken);
    return f;
}

START_TEST(nobody_listens_nothing_is_kept)
{
    struct feed *f;
    struct feed_item out[4];
    uint64_t lost;
    ck_assert_int_eq(feed_new(4, &f), NABLA_OK);
    ck_assert(!feed_wanted(f));
    put(f, 1, 2);
    ck_assert_uint_eq(feed_take(f, FEED_STREAMS, out, 4, &lost), 0);
    ck_assert_uint_eq(lost, 0);
    feed_free(f);
}
END_TEST

/* The end of a series is for those who push, in its place among the points, and for nobody else. */
START_TEST(ends_are_for_push)
{
    struct feed *f = listened(3);
    struct feed_item out[4];
    uint64_t lost;
    int pushed = 0;
    put_end(f, (struct ref){1, 2}, 5); /* nobody pushes yet */
    feed_listen(f, FEED_PUSH, on_ready, &pushed);
    put_end(f, (struct ref){7, 8}, 9);
    ck_assert_int_eq(pushed, 1);
    put(f, 10, 1);
    put_end(f, (struct ref){3, 4}, 11);
    put_end(f, (struct ref){5, 6}, 12);
    ck_assert_uint_eq(feed_take(f, FEED_STREAMS, out, 4, &lost), 1);
    ck_assert(!out[0].ended);
    ck_assert_uint_eq(feed_take(f, FEED_PUSH, out, 4, &lost), 3);
    ck_assert_uint_eq(lost, 1);
    ck_assert(out[0].ended && !out[1].ended && out[2].ended);
    ck_assert_uint_eq(out[0].series.index, 7);
    ck_assert_int_eq(out[0].point.t_ns, 9);
    ck_assert_int_eq(out[2].point.t_ns, 11);
    feed_free(f);
}
END_TEST

START_TEST(in_order_around_the_ring)
{
    struct feed *f = listened(5);
    struct feed_item out[5];
    uint64_t lost;
    for (int64_t t = 0; t < 100; t += 3) {
        put(f, t, 3);
        ck_assert_uint_eq(feed_take(f, FEED_STREAMS, out, 5, &lost), 3);
        for (int i = 0; i < 3; i++)
            ck_assert_int_eq(out[i].point.t_ns, t + i);
        ck_assert_uint_eq(lost, 0);
        ck_assert_uint_eq(out[0].series.birth, 2);
    }
    feed_free(f);
}
END_TEST

START_TEST(full_the_newest_are_lost_and_counted)
{
    struct feed *f = listened(4);
    struct feed_item out[8];
    uint64_t lost;
    put(f, 0, 3);
    put(f, 3, 3);
    ck_assert_uint_eq(feed_take(f, FEED_STREAMS, out, 8, &lost), 4);
    ck_assert_uint_eq(lost, 2);
    ck_assert_int_eq(out[3].point.t_ns, 3);
    put(f, 9, 1);
    ck_assert_uint_eq(feed_take(f, FEED_STREAMS, out, 8, &lost), 1);
    ck_assert_uint_eq(lost, 0);
    feed_free(f);
}
END_TEST

START_TEST(told_once_until_taken)
{
    struct feed *f = listened(16);
    struct feed_item out[16];
    uint64_t lost;
    put(f, 0, 1);
    put(f, 1, 1);
    ck_assert_int_eq(woken, 1);
    ck_assert_uint_eq(feed_take(f, FEED_STREAMS, out, 16, &lost), 2);
    put(f, 2, 1);
    ck_assert_int_eq(woken, 2);
    feed_listen(f, FEED_STREAMS, NULL, NULL);
    put(f, 3, 1);
    ck_assert_int_eq(woken, 2);
    ck_assert(!feed_wanted(f));
    feed_free(f);
}
END_TEST

START_TEST(who_listens_already_loses_nothing)
{
    struct feed *f = listened(4);
    struct feed_item out[8];
    uint64_t lost;
    put(f, 0, 3);
    put(f, 3, 3);
    feed_listen(f, FEED_STREAMS, on_ready, &woken);
    ck_assert_uint_eq(feed_take(f, FEED_STREAMS, out, 8, &lost), 4);
    ck_assert_uint_eq(lost, 2);
    put(f, 6, 1);
    ck_assert_int_eq(woken, 2);
    feed_listen(f, FEED_STREAMS, NULL, NULL);
    feed_listen(f, FEED_STREAMS, on_ready, &woken);
    ck_assert_uint_eq(feed_take(f, FEED_STREAMS, out, 8, &lost), 0);
    feed_free(f);
}
END_TEST

START_TEST(ears_do_not_hear_each_other)
{
    struct feed *f = listened(4);
    struct feed_item out[8];
    uint64_t lost;
    put(f, 0, 2);
    feed_listen(f, FEED_PUSH, on_ready, &woken);
    put(f, 2, 3);
    ck_assert_uint_eq(feed_take(f, FEED_STREAMS, out, 8, &lost), 4);
    ck_assert_uint_eq(lost, 1);
    ck_assert_uint_eq(feed_take(f, FEED_PUSH, out, 8, &lost), 3);
    ck_assert_uint_eq(lost, 0);
    ck_assert_int_eq(out[0].point.t_ns, 2);
    feed_listen(f, FEED_STREAMS, NULL, NULL);
    ck_assert(feed_wanted(f));
    feed_listen(f, FEED_PUSH, NULL, NULL);
    ck_assert(!feed_wanted(f));
    feed_free(f);
}
END_TEST

/* What a slow reader let come together is memory only until it has been read, or nobody reads. */
START_TEST(a_ring_takes_what_waits_in_it)
{
    enum { MANY = 200000, TAKE = 1000 };
    struct feed *f = listened(MANY);
    static struct feed_item out[TAKE];
    uint64_t lost, full = (uint64_t)MANY * sizeof out[0];
    for (int64_t t = 0; t < MANY; t++)
        put(f, t, 1);
    ck_assert_uint_eq(feed_bytes(f), full);
    for (int64_t t = 0; t < MANY; t++) {
        if (t % TAKE == 0)
            ck_assert_uint_eq(feed_take(f, FEED_STREAMS, out, TAKE, &lost), TAKE);
        ck_assert_int_eq(out[t % TAKE].point.t_ns, t);
    }
    ck_assert_uint_lt(feed_bytes(f), full);
    for (int64_t t = 0; t < 100; t++) {
        put(f, t, 2);
        ck_assert_uint_eq(feed_take(f, FEED_STREAMS, out, TAKE, &lost), 2);
        ck_assert_int_eq(out[1].point.t_ns, t + 1);
    }
    ck_assert_uint_lt(feed_bytes(f), full / 20);
    feed_listen(f, FEED_STREAMS, NULL, NULL);
    ck_assert_uint_eq(feed_bytes(f), 0);
    feed_free(f);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("series/feed");
    TCase *t = tcase_create("feed");
    tcase_add_test(t, nobody_listens_nothing_is_kept);
    tcase_add_test(t, ends_are_for_push);
    tcase_add_test(t, in_order_around_the_ring);
    tcase_add_test(t, full_the_newest_are_lost_and_counted);
    tcase_add_test(t, told_once_until_taken);
    tcase_add_test(t, who_listens_already_loses_nothing);
    tcase_add_test(t, a_ring_takes_what_waits_in_it);
    tcase_add_test(t, ears_do_not_hear_each_other);
    suite_add_tcase(s, t);
    return s;
}
