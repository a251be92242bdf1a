/* Expressions that give up at their limits, asked of more series than a request's effort is for: each route that
 * selects ends, with a 422 or, once its answer has begun, by cutting it off, and counts it. */
#include "rig.h"

#include "base/limit.h"

enum { DEAR = OVERRUNS_MAX + 100 };

/* letters, whose values the expression gives up on; the same with a name that lines alone have, so that it is
 * asked of lines and not of series. */
#define EVIL      "=~%22(a|a)*b|a%2B!%22%7D"
#define OF_SERIES "%7Bletters" EVIL
#define OF_LINES  "%7Ba_name" EVIL
#define A_NAME    "a.name=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define LETTERS   "letters=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HEALTHY   "/-/healthy"

static struct rig rig;

static void start(void)
{
    char key[160];
    rig_start(&rig);
    for (int i = 0; i < DEAR; i++) {
        snprintf(key, sizeof key, "dear;" LETTERS ";" A_NAME ";number=%d", i);
        rig_put_line(&rig, key, i);
    }
}

static void stop(void)
{
    rig_stop(&rig);
}

static uint64_t limited_by(enum limit limit)
{
    return atomic_load(&rig.stats.limited[limit]);
}

static const struct row {
    const char *target;
    bool cut; /* it has begun when it shows */
} rows[] = {
    {"/api/v1/rates?match[]=" OF_SERIES, false},
    {"/api/v1/rates?sort=rate&match[]=" OF_SERIES, false},
    {"/api/v1/rates?match[]=" OF_SERIES "&match[]=%7Bb=~%22(c|c)*d%22%7D", false},
    {"/api/v1/points?match[]=" OF_SERIES, false},
    {"/api/v1/series?match[]=" OF_SERIES, false},
    {"/api/v1/series?match[]=" OF_LINES, true},
    {"/api/v1/labels?match[]=" OF_SERIES, false},
    {"/api/v1/labels?match[]=" OF_LINES, false},
    {"/api/v1/label/number/values?match[]=" OF_LINES, false},
    {"/api/v1/query?query=" OF_SERIES, false},
    {"/api/v1/query?query=" OF_LINES, true},
    {"/api/v1/query_range?start=1&end=2&step=1&query=" OF_SERIES, false},
    {"/api/v1/query_range?start=1&end=2&step=1&query=" OF_LINES, true},
    {"/metrics?match[]=" OF_SERIES, false},
    {"/federate?match[]=" OF_LINES, true},
};

START_TEST(route_row)
{
    const struct row *row = &rows[_i];
    struct answer a = get(&rig, row->target);
    ck_assert_msg(a.status == (row->cut ? 200 : 422), "%s: %d %s", row->target, a.status,
                  a.body.at);
    ck_assert_msg(a.cut == row->cut, "%s: cut %d", row->target, a.cut);
    if (!row->cut)
        ck_assert_ptr_nonnull(strstr(a.body.at, "\"errorType\":\"execution\""));
    answer_fini(&a);
    ck_assert_uint_eq(limited_by(LIMIT_HTTP_OVERRUNS), 1);
    expect_answer(get(&rig, HEALTHY), 200, NULL, "after it");
}
END_TEST

/* As many as may be are no reason to refuse anything. */
START_TEST(fewer_are_answered)
{
    expect_answer(get(&rig, "/api/v1/rates?match[]=%7Bnumber=~%22..?%22,letters" EVIL), 200, NULL,
                  "a hundred");
    ck_assert_uint_eq(limited_by(LIMIT_HTTP_OVERRUNS), 0);
}
END_TEST

static void subscribe(int *fd, const char *target)
{
    struct answer a;
    char text[256];
    *fd = dial(&rig);
    snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", target);
    say(*fd, text);
    hear_head(*fd, &a);
    ck_assert_int_eq(a.status, 200);
    answer_fini(&a);
}

/* A stream has no end; its expressions' effort has. Others go on. */
START_TEST(streams_end)
{
    int dear, plain;
    struct answer a = {0}, b = {0};
    char key[160];
    subscribe(&dear, "/api/v1/stream?match[]=" OF_SERIES);
    subscribe(&plain, "/api/v1/stream?match[]=%7Bnumber=%220%22%7D");
    for (int i = 0; i <= OVERRUNS_MAX; i++) {
        snprintf(key, sizeof key, "dear;" LETTERS ";" A_NAME ";number=%d", i % DEAR);
        rig_put(&rig, key, T0 + 10 * S, i);
    }
    while (hear_chunk(dear, &a))
        ;
    ck_assert_uint_eq(limited_by(LIMIT_HTTP_OVERRUNS), 1);
    ck_assert_uint_eq(a.body.n, 0);
    ck_assert(hear_chunk(plain, &b));
    ck_assert(b.body.n > 0);
    answer_fini(&a);
    answer_fini(&b);
    close(dear);
    close(plain);
}
END_TEST

/* The same of one that looks for its series itself. */
START_TEST(streams_of_the_newest_end)
{
    int fd;
    struct answer a = {0};
    subscribe(&fd, "/api/v1/stream?newest=1&match[]=" OF_SERIES);
    while (hear_chunk(fd, &a))
        ;
    ck_assert_uint_eq(limited_by(LIMIT_HTTP_OVERRUNS), 1);
    answer_fini(&a);
    close(fd);
}
END_TEST

/* Slices of an answer may work for so long in all. */
START_TEST(work_is_bounded)
{
    struct rig busy;
    rig_init(&busy);
    rig_put_many(&busy, 20000);
    struct http_options o = rig_options(&busy);
    o.query_timeout_ns = 1; /* the first step of a job is taken whatever it is */
    rig_serve(&busy, &o);
    struct answer a = get(&busy, "/api/v1/rates?match[]=many%7Bnumber=~%22000...%22%7D");
    ck_assert_msg(a.cut || a.status == 503, "%d", a.status);
    answer_fini(&a);
    ck_assert_uint_eq(atomic_load(&busy.stats.limited[LIMIT_HTTP_QUERY]), 1);
    expect_answer(get(&busy, HEALTHY), 200, NULL, "after it");
    rig_stop(&busy);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("http/dear");
    TCase *c = tcase_create("dear");
    tcase_set_timeout(c, 200);
    tcase_add_checked_fixture(c, start, stop);
    tcase_add_loop_test(c, route_row, 0, ROWS(rows));
    tcase_add_test(c, fewer_are_answered);
    tcase_add_test(c, streams_end);
    tcase_add_test(c, streams_of_the_newest_end);
    tcase_add_test(c, work_is_bounded);
    suite_add_tcase(s, c);
    return s;
}
