/* /api/v1/stream: points as they are born, to whom they concern; slow readers, leavers, the end. */
#include "http/hub.h"
#include "rig.h"

static struct rig rig;

static void stop(void)
{
    rig_stop(&rig);
}

static void start(void)
{
    rig_start(&rig);
}

static void start_with_one(int64_t heartbeat_ns)
{
    rig_init(&rig);
    struct http_options o = rig_options(&rig);
    o.heartbeat_ns = heartbeat_ns;
    o.max_streams = 1;
    rig_serve(&rig, &o);
}

static void start_beating(void)
{
    start_with_one(20 * (int64_t)NS_PER_MS);
}

/* Whose heart does not beat while a test runs. */
static void start_silent(void)
{
    start_with_one(3600 * (int64_t)NS_PER_S);
}

/* Opens a stream; *a keeps what has been heard. */
static int subscribe(const char *target, struct answer *a)
{
    char text[256];
    int fd = dial(&rig);
    snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", target);
    say(fd, text);
    hear_head(fd, a);
    return fd;
}

/* Hears until the text contains what is wanted; looks at each byte once. */
static void hear_until(int fd, struct answer *a, const char *want)
{
    for (size_t from = 0, n = strlen(want);; from = a->body.n > n ? a->body.n - n : 0) {
        ck_assert_msg(hear_chunk(fd, a), "ended without %s", want);
        buf_char(&a->body, '\0');
        a->body.n--;
        if (strstr(a->body.at + from, want) != NULL)
            return;
    }
}

static void leave(int fd, struct answer *a)
{
    close(fd);
    answer_fini(a);
}

START_TEST(points_are_told)
{
    struct answer a;
    int fd = subscribe("/api/v1/stream?match[]=t&time=unix", &a);
    ck_assert_int_eq(a.status, 200);
    ck_assert_str_eq(header_of(&a, "Content-Type"), "text/event-stream; charset=utf-8");
    rig_put_line(&rig, "other", 5);
    rig_put_line(&rig, "t;site=a", 0.5);
    hear_until(fd, &a, "\"time\": 1700000001.000000000");
    ck_assert_str_eq(a.body.at,
                     "event: point\ndata: {\"metric\": {\"__name__\": \"t\", \"site\": \"a\"}, "
                     "\"time\": 1700000000.000000000, \"value\": 0, \"rate\": 0.5, \"accel\": 0, "
                     "\"order\": 1, \"corrected\": false, \"unit\": \"1/s\"}\n\n"
                     "event: point\ndata: {\"metric\": {\"__name__\": \"t\", \"site\": \"a\"}, "
                     "\"time\": 1700000001.000000000, \"value\": 0.5, \"rate\": 0.5, \"accel\": 0, "
                     "\"order\": 2, \"corrected\": false, \"unit\": \"1/s\"}\n\n");
    leave(fd, &a);
}
END_TEST

/* Two streams with different selectors and forms of time hear each its own. */
START_TEST(each_hears_its_own)
{
    struct answer a, b;
    int x = subscribe("/api/v1/stream?match[]=a&match[]=c", &a);
    int y = subscribe("/api/v1/stream?time=unix", &b);
    rig_put_line(&rig, "a", 1);
    rig_put_line(&rig, "b", 2);
    rig_put_line(&rig, "c", 3);
    hear_until(x, &a, "\"__name__\": \"c\"");
    hear_until(y, &b, "\"__name__\": \"c\"");
    ck_assert_ptr_null(strstr(a.body.at, "\"__name__\": \"b\""));
    ck_assert_ptr_nonnull(strstr(a.body.at, "\"time\": \"2023-11-14T22:13:20.000000000Z\""));
    ck_assert_ptr_nonnull(strstr(b.body.at, "\"__name__\": \"b\""));
    ck_assert_ptr_nonnull(strstr(b.body.at, "\"time\": 1700000000.000000000"));
    leave(x, &a);
    leave(y, &b);
}
END_TEST

START_TEST(heartbeats)
{
    struct answer a;
    int fd = subscribe("/api/v1/stream", &a);
    hear_until(fd, &a, ": heartbeat\n\n: heartbeat\n\n");
    leave(fd, &a);
}
END_TEST

/* The fourth trap: a client that left is noticed, by the heartbeat or before it, and its place is free again. */
START_TEST(a_place_is_freed)
{
    struct answer a, b;
    int fd = subscribe("/api/v1/stream", &a);
    int turned_away = subscribe("/api/v1/stream", &b);
    ck_assert_int_eq(b.status, 503);
    hear_body(turned_away, &b);
    ck_assert_ptr_nonnull(strstr(b.body.at, "\"errorType\":\"unavailable\""));
    leave(turned_away, &b);
    leave(fd, &a);
    AWAIT((fd = subscribe("/api/v1/stream", &a), a.status == 200 || (leave(fd, &a), false)));
    leave(fd, &a);
}
END_TEST

/* A client that has shut its own direction is no less a listener. */
START_TEST(who_only_listens_is_heard_of)
{
    struct answer a;
    int fd = subscribe("/api/v1/stream", &a);
    shutdown(fd, SHUT_WR);
    hear_until(fd, &a, ": heartbeat\n\n: heartbeat\n\n");
    rig_put_line(&rig, "t", 1);
    hear_until(fd, &a, "event: point");
    leave(fd, &a);
}
END_TEST

/* With nobody to hear them, points are not even kept. */
START_TEST(the_feed_is_left)
{
    struct answer a;
    ck_assert(!feed_wanted(rig.feed));
    int fd = subscribe("/api/v1/stream", &a);
    ck_assert(feed_wanted(rig.feed));
    leave(fd, &a);
    AWAIT(!feed_wanted(rig.feed));
}
END_TEST

/* Samples of t until its reader has lost some, no faster than the hub takes them: whenever the
 * quick stream has heard of the mark, the feed is empty. Returns how many samples there were. */
static int64_t put_until_lost(int quick, struct answer *heard)
{
    enum { AT_A_TIME = 500 };
    int64_t n = 0;
    for (int64_t round = 0; counted(&rig.stats.feed_lost) == 0; round++) {
        for (int i = 0; i < AT_A_TIME; i++, n++)
            rig_put(&rig, "t", T0 + n * S, (double)n);
        char want[64];
        snprintf(want, sizeof want, "\"value\": %lld,", (long long)round);
        rig_put(&rig, "mark", T0 + 2 * round * S, (double)round);
        rig_put(&rig, "mark", T0 + (2 * round + 1) * S, (double)round);
        if (round > 0) /* two samples are not enough to be told of */
            hear_until(quick, heard, want);
        heard->body.n = 0;
    }
    return n;
}

/* Points heard and points that it was told it had lost. */
static uint64_t accounted(const char *text)
{
    uint64_t n = 0;
    for (const char *p = text; (p = strstr(p, "event: ")) != NULL; p++) {
        unsigned long long lost = 1;
        if (strncmp(p, "event: lost", 11) == 0)
            ck_assert_int_eq(sscanf(p, "event: lost\ndata: {\"lost\": %llu}", &lost), 1);
        n += lost;
    }
    return n;
}

/* A reader that takes nothing loses points, and costs the others none; when it reads again it is
 * told how many, and no point is neither heard nor told of. */
START_TEST(slow_reader)
{
    struct answer slow, quick;
    int x = subscribe("/api/v1/stream?match[]=t", &slow);
    int y = subscribe("/api/v1/stream?match[]=mark", &quick);
    int64_t n = put_until_lost(y, &quick);
    hear_until(x, &slow, "event: lost\ndata: {\"lost\": ");
    ck_assert_ptr_eq(strstr(slow.body.at, "event: point\ndata: {"), slow.body.at);
    rig_put(&rig, "t", T0 + n * S, 424242);
    rig_put(&rig, "t", T0 + (n + 1) * S, 0);
    hear_until(x, &slow, "\"value\": 424242,");
    ck_assert_uint_eq(accounted(slow.body.at), (uint64_t)n + 1); /* the last sample waits */
    leave(x, &slow);
    leave(y, &quick);
}
END_TEST

/* Who wants the newest alone does not hear of what came between; the feed is not listened to for him. */
START_TEST(the_newest_alone)
{
    struct answer a;
    for (int i = 0; i < 1000; i++)
        rig_put(&rig, "t;site=a", T0 + i * S, i);
    int fd = subscribe("/api/v1/stream?match[]=t&time=unix&newest=1", &a);
    ck_assert(!feed_wanted(rig.feed));
    hear_until(fd, &a, "\n\n");
    ck_assert_str_eq(a.body.at,
                     "event: point\ndata: {\"metric\": {\"__name__\": \"t\", \"site\": \"a\"}, "
                     "\"time\": 1700000998.000000000, \"value\": 998, \"rate\": 1, \"accel\": 0, "
                     "\"order\": 2, \"corrected\": false, \"unit\": \"1/s\"}\n\n");
    rig_put(&rig, "t;site=a", T0 + 1000 * S, 1002);
    hear_until(fd, &a, "\"value\": 999, \"rate\": 2,");
    rig_put(&rig, "t;site=a", T0 + 1000 * S, 1006); /* another value for the same time */
    hear_until(fd, &a, "\"corrected\": true");
    ck_assert_uint_eq(accounted(a.body.at), 3);
    leave(fd, &a);
}
END_TEST

/* Series that are born later are followed, too; those of other names are not. */
START_TEST(the_newest_of_who_comes_later)
{
    struct answer a;
    int fd = subscribe("/api/v1/stream?match[]=t&newest=1", &a);
    rig_put_line(&rig, "other", 1);
    rig_put_line(&rig, "t", 2);
    hear_until(fd, &a, "\"rate\": 2");
    ck_assert_ptr_null(strstr(a.body.at, "other"));
    leave(fd, &a);
}
END_TEST

/* Both kinds at once: each hears what it asked for, and the feed is left when the last of its ears is. */
START_TEST(the_newest_beside_all)
{
    struct answer newest, all;
    int x = subscribe("/api/v1/stream?newest=1", &newest);
    int y = subscribe("/api/v1/stream?newest=0", &all);
    ck_assert(feed_wanted(rig.feed));
    for (int i = 0; i < 500; i++)
        rig_put(&rig, "t", T0 + i * S, i);
    hear_until(y, &all, "\"value\": 498,");
    hear_until(x, &newest, "\"value\": 498,");
    ck_assert_uint_eq(accounted(all.body.at), 499);
    leave(y, &all);
    AWAIT(!feed_wanted(rig.feed));
    rig_put(&rig, "t", T0 + 500 * S, 0);
    hear_until(x, &newest, "\"value\": 499,");
    leave(x, &newest);
}
END_TEST

/* Of too many series the first are followed, and how many there are is told. */
START_TEST(the_newest_of_too_many)
{
    struct answer a;
    rig_put_many(&rig, 10003);
    int fd = subscribe("/api/v1/stream?newest=1", &a);
    hear_until(fd, &a, "event: beyond\ndata: {\"series\": 10003, \"followed\": 10000}");
    leave(fd, &a);
}
END_TEST

/* A reader that takes nothing costs no point: it is told less often, and then the newest. */
START_TEST(the_newest_for_a_slow_reader)
{
    struct answer a;
    rig_put_many(&rig, 9000); /* more than fits any queue */
    int fd = subscribe("/api/v1/stream?newest=1", &a);
    hear_until(fd, &a, "event: point");
    for (int i = 3; i < 6; i++) {
        rig_put(&rig, "many;number=000000", T0 + i * S, 100 * i);
        usleep(300000);
    }
    hear_until(fd, &a, "\"value\": 400,");
    ck_assert_uint_eq(counted(&rig.stats.feed_lost), 0);
    leave(fd, &a);
}
END_TEST

/* The fifth trap: the stop ends streams that are suspended. */
START_TEST(the_stop_ends_streams)
{
    struct answer a;
    int fd = subscribe("/api/v1/stream", &a);
    http_stop(rig.http, PATIENCE_S * S);
    ck_assert(!hear_chunk(fd, &a));
    ck_assert(!a.cut); /* by a last chunk, not by a broken connection */
    leave(fd, &a);
}
END_TEST

/* And one that reads nothing cannot hold it past its bound. */
START_TEST(the_stop_does_not_wait_for_ever)
{
    struct answer a;
    int fd = subscribe("/api/v1/stream", &a);
    for (int64_t i = 0; counted(&rig.stats.feed_lost) == 0; i++)
        rig_put(&rig, "t", T0 + i * S, (double)i);
    http_stop(rig.http, S / 10);
    leave(fd, &a);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("http/stream");
    TCase *tc = tcase_create("stream"), *beating = tcase_create("beating"),
          *silent = tcase_create("silent");
    tcase_set_timeout(tc, 120);
    tcase_set_timeout(beating, 120);
    tcase_add_checked_fixture(tc, start, stop);
    tcase_add_test(tc, points_are_told);
    tcase_add_test(tc, each_hears_its_own);
    tcase_add_test(tc, slow_reader);
    tcase_add_test(tc, the_newest_alone);
    tcase_add_test(tc, the_newest_of_who_comes_later);
    tcase_add_test(tc, the_newest_beside_all);
    tcase_add_test(tc, the_newest_of_too_many);
    tcase_add_test(tc, the_newest_for_a_slow_reader);
    tcase_add_test(tc, the_stop_ends_streams);
    tcase_add_test(tc, the_stop_does_not_wait_for_ever);
    suite_add_tcase(s, tc);
    tcase_add_checked_fixture(beating, start_beating, stop);
    tcase_add_test(beating, heartbeats);
    tcase_add_test(beating, a_place_is_freed);
    tcase_add_test(beating, the_feed_is_left);
    suite_add_tcase(s, beating);
    tcase_set_timeout(silent, 120);
    tcase_add_checked_fixture(silent, start_silent, stop);
    tcase_add_test(silent, a_place_is_freed);
    tcase_add_test(silent, who_only_listens_is_heard_of);
    suite_add_tcase(s, silent);
    return s;
}
