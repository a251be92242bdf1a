/* Who is told of alerts, when and how often: the notifier and a small server on one loop, over alerts of a table that
 * the test fills. Backoff and repeats pass in real time, and are waited for. */
#include "net/notify.h"

#include <fcntl.h>
#include <unistd.h>

#include "../alerts/rig.h"
#include "http_peer.h"

enum { PEERS = 2 };

static struct {
    uv_loop_t loop;
    uv_timer_t tick; /* UV_RUN_ONCE comes back */
    struct http_peer peers[PEERS];
    struct alert_rig alerts;
    struct notifier *notifier;
    struct log *log;
    int said[2]; /* the log's pipe */
    struct conf_peer managers[4], hooks[4];
    struct conf_alerting conf;
} rig;

static const struct spec specs[] = {
    {"Warm", "temperature", "value > 5", NULL, 0, 0, NO_DATA_KEEP, "page", "{{ $labels.room }}"},
    {"Hot", "temperature", "value > 50", NULL, 0, 0, NO_DATA_KEEP, NULL, NULL},
};

static void prepare(void)
{
    memset(&rig, 0, sizeof rig);
    ticking_begin(&rig.loop, &rig.tick);
    for (int i = 0; i < PEERS; i++)
        http_peer_start(&rig.peers[i], &rig.loop);
    begin_with(&rig.alerts, specs, ROWS(specs), 1000);
    ck_assert_int_eq(pipe2(rig.said, O_NONBLOCK), 0);
    rig.log = log_new(rig.said[1], false, LOG_LEVEL_INFO, NULL);
    rig.conf = (struct conf_alerting){.resend_ns = 60 * S, .repeat_ns = 3600 * S};
    rig.conf.alertmanagers.at = rig.managers;
    rig.conf.webhooks.at = rig.hooks;
}

static void finish(void)
{
    notifier_free(rig.notifier);
    for (int i = 0; i < PEERS; i++)
        http_peer_stop(&rig.peers[i]);
    ticking_end(&rig.loop, &rig.tick);
    end_all(&rig.alerts);
    log_free(rig.log);
    close(rig.said[0]);
    close(rig.said[1]);
}

/* ---- targets, alerts, and what came */

static void add_target(struct conf_peers *to, int peer, const char *path)
{
    struct conf_peer *p = &to->at[to->n++];
    *p = (struct conf_peer){.timeout_ns = 60 * S, .verify = 1};
    snprintf(p->url, sizeof p->url, "http://127.0.0.1:%d%s", rig.peers[peer].port, path);
}

static void begin_telling(void)
{
    ck_assert_int_eq(notifier_new(&rig.loop, rig.alerts.alerts, rig.log, &rig.conf, &rig.notifier),
                     NABLA_OK);
}

static void set_room(int room, double v)
{
    char key[64];
    snprintf(key, sizeof key, "temperature;room=%d", room);
    pass(&rig.alerts, S);
    sample(&rig.alerts, key, v);
    if (rig.notifier != NULL)
        notifier_wake(rig.notifier);
}

/* Of the target that is this peer. */
static struct notify_counts counts_of(int peer)
{
    struct notify_counts c;
    char port[16];
    uint32_t i = 0;
    snprintf(port, sizeof port, ":%d/", rig.peers[peer].port);
    do
        ck_assert(notifier_count(rig.notifier, i++, &c));
    while (strstr(c.name, port) == NULL);
    return c;
}

#define WAIT_FOR(what)                                                                             \
    do                                                                                             \
        uv_run(&rig.loop, UV_RUN_ONCE);                                                            \
    while (!(what))

static void some_turns(void)
{
    for (int i = 0; i < 20; i++)
        uv_run(&rig.loop, UV_RUN_ONCE);
}

static int times_in(const char *text, const char *word)
{
    int n = 0;
    while ((text = strstr(text, word)) != NULL) {
        text += strlen(word);
        n++;
    }
    return n;
}

static const char *last(int peer)
{
    return rig.peers[peer].last.at;
}

static bool was_said(const char *word)
{
    static char text[65536];
    static size_t n;
    ssize_t came;
    while (n < sizeof text - 1 && (came = read(rig.said[0], text + n, sizeof text - 1 - n)) > 0)
        n += (size_t)came;
    text[n] = '\0';
    return strstr(text, word) != NULL;
}

/* ---- tests */

START_TEST(an_alertmanager_is_told)
{
    strcpy(rig.conf.external_url, "http://nabla.example/");
    add_target(&rig.conf.alertmanagers, 0, "/am/");
    begin_telling();
    set_room(1, 9);
    WAIT_FOR(counts_of(0).sent == 1);
    ck_assert(strncmp(last(0), "POST /am/api/v2/alerts HTTP/1.1\r\n", 33) == 0);
    ck_assert(strstr(last(0), "Content-Type: application/json\r\n") != NULL);
    ck_assert(strstr(last(0), "\"alertname\": \"Warm\"") != NULL);
    ck_assert(strstr(last(0), "http://nabla.example/api/v1/rates") != NULL);
    some_turns();
    ck_assert_uint_eq(rig.peers[0].requests, 1); /* not again before its time */
    set_room(1, 1);
    WAIT_FOR(counts_of(0).sent == 2);
    ck_assert(counts_of(0).works && counts_of(0).form == TELL_ALERTMANAGER);
    struct notify_counts c;
    ck_assert(!notifier_count(rig.notifier, 1, &c));
}
END_TEST

START_TEST(and_again_in_time)
{
    rig.conf.resend_ns = S / 5;
    add_target(&rig.conf.alertmanagers, 0, "/");
    begin_telling();
    set_room(1, 9);
    set_room(2, 9);
    WAIT_FOR(counts_of(0).sent >= 8);
    set_room(1, 1); /* ends are told again, too */
    uint64_t before = counts_of(0).sent;
    WAIT_FOR(counts_of(0).sent >= before + 8);
}
END_TEST

/* A webhook's body is of one name; what fires on is not said again. */
START_TEST(a_webhook_gets_a_body_a_name)
{
    add_target(&rig.conf.webhooks, 0, "/200");
    set_room(1, 9);
    set_room(2, 99);
    set_room(3, 9);
    begin_telling();
    notifier_wake(rig.notifier);
    WAIT_FOR(counts_of(0).sent == 4);
    ck_assert_uint_eq(rig.peers[0].requests, 2);
    ck_assert_int_eq(times_in(last(0), "\"startsAt\""), 1); /* Hot; the first body had three */
    ck_assert(strstr(last(0), "\"groupLabels\": {\"alertname\": \"Hot\"}") != NULL);
    set_room(1, 1);
    WAIT_FOR(counts_of(0).sent == 5);
    ck_assert(strstr(last(0), "\"version\": \"4\", \"groupKey\"") != NULL);
    ck_assert(strstr(last(0), "\"nablad\"") != NULL &&
              strstr(last(0), "\"status\": \"firing\", \"commonLabels\"") !=
                  NULL); /* 2 and 3 still do */
    some_turns();
    ck_assert_uint_eq(rig.peers[0].requests, 3);
}
END_TEST

START_TEST(many_go_in_bodies_of_64)
{
    enum { ROOMS = 200 };
    add_target(&rig.conf.webhooks, 0, "/200");
    for (int i = 0; i < ROOMS; i++)
        set_room(i, 9);
    begin_telling();
    notifier_wake(rig.notifier);
    WAIT_FOR(counts_of(0).sent == ROOMS);
    ck_assert_uint_eq(rig.peers[0].requests, (ROOMS + NOTIFY_BATCH - 1) / NOTIFY_BATCH);
    ck_assert_int_eq(times_in(last(0), "\"startsAt\""), ROOMS % NOTIFY_BATCH);
    ck_assert(strstr(last(0), "\"room\": \"199\"") !=
              NULL); /* in the order in which they came to be */
}
END_TEST

static const struct answer_row {
    int status;
    bool again;
} answers[] = {{400, false}, {302, false}, {422, false}, {401, true}, {403, true}, {404, true},
               {408, true},  {429, true},  {500, true},  {502, true}, {504, true}};

START_TEST(answers_that_are_not_2xx)
{
    const struct answer_row *r = &answers[_i];
    add_target(&rig.conf.webhooks, 0, "/x");
    rig.peers[0].say = r->status;
    begin_telling();
    set_room(1, 9);
    WAIT_FOR(r->again ? counts_of(0).retried >= 1 : counts_of(0).refused == 1);
    ck_assert(counts_of(0).works == !r->again);
    ck_assert(was_said(r->again ? "event=notify_failed" : "event=notify_refused"));
    ck_assert(was_said("why=\"said\""));
    some_turns();
    ck_assert_uint_eq(counts_of(0).sent, 0);
    rig.peers[0].say = 200;
    if (!r->again)
        set_room(1, 1); /* its end is another matter */
    WAIT_FOR(counts_of(0).sent == 1);
    ck_assert(counts_of(0).works);
    ck_assert(was_said("event=notify_works") == r->again);
}
END_TEST

/* What failed is told as it is by then, and before it what is older. */
START_TEST(one_that_failed_costs_no_other)
{
    add_target(&rig.conf.webhooks, 0, "/x");
    add_target(&rig.conf.webhooks, 1, "/silent");
    rig.peers[0].say = 500;
    begin_telling();
    set_room(1, 9);
    set_room(2, 9);
    WAIT_FOR(counts_of(0).retried >= 1);
    set_room(1, 1);
    set_room(3, 9);
    rig.peers[0].say = 200;
    WAIT_FOR(counts_of(0).sent == 3);
    WAIT_FOR(rig.peers[1].requests == 1); /* and no more: one is under way */
    ck_assert_int_eq(times_in(last(0), "\"status\": \"resolved\", \"labels\""), 1);
    ck_assert_uint_eq(counts_of(1).sent + counts_of(1).retried, 0);
}
END_TEST

static void configure(void)
{
    ck_assert_int_eq(notifier_configure(rig.notifier, &rig.conf), NABLA_OK);
    some_turns();
}

START_TEST(targets_come_and_go)
{
    struct notify_counts c;
    add_target(&rig.conf.webhooks, 0, "/200?key=secret");
    begin_telling();
    set_room(1, 9);
    WAIT_FOR(counts_of(0).sent == 1);
    ck_assert(strstr(counts_of(0).name, "/200?") != NULL);
    ck_assert(strstr(counts_of(0).name, "secret") == NULL);
    ck_assert(strncmp(last(0), "POST /200?key=secret ", 21) == 0);
    add_target(&rig.conf.webhooks, 1, "/200"); /* knows nothing; the first goes on */
    configure();
    WAIT_FOR(counts_of(1).sent == 1);
    ck_assert_uint_eq(counts_of(0).sent, 1);
    rig.conf.webhooks.at++;
    rig.conf.webhooks.n--;
    configure();
    WAIT_FOR(!notifier_count(rig.notifier, 1, &c));
    set_room(1, 1);
    WAIT_FOR(counts_of(1).sent == 2);
    ck_assert_uint_eq(rig.peers[0].requests, 1);
}
END_TEST

START_TEST(one_that_leaves_is_not_waited_for)
{
    struct notify_counts c;
    add_target(&rig.conf.webhooks, 0, "/silent");
    begin_telling();
    set_room(1, 9);
    WAIT_FOR(rig.peers[0].requests == 1);
    rig.conf.webhooks.n = 0;
    configure();
    WAIT_FOR(!notifier_count(rig.notifier, 0, &c));
    WAIT_FOR(rig.peers[0].open == 0);
    add_target(&rig.conf.webhooks, 0, "/200"); /* its number is another's now */
    configure();
    WAIT_FOR(counts_of(0).sent == 1);
}
END_TEST

/* Secrets that cannot be read are no answer, and a reason. */
START_TEST(a_token_that_is_not_there)
{
    add_target(&rig.conf.webhooks, 0, "/200");
    strcpy(rig.hooks[0].bearer_token_file, "/nowhere/token");
    begin_telling();
    set_room(1, 9);
    WAIT_FOR(counts_of(0).retried == 1);
    ck_assert(was_said("status=0") && was_said("/nowhere/token"));
    rig.hooks[0].bearer_token_file[0] = '\0';
    configure(); /* tried at once, whatever it was waiting for */
    WAIT_FOR(counts_of(0).sent == 1);
}
END_TEST

/* Known by its URL over a restart: what it was told it is not told again. */
START_TEST(known_again)
{
    add_target(&rig.conf.webhooks, 0, "/200");
    add_target(&rig.conf.webhooks, 1, "/200");
    begin_telling();
    set_room(1, 9);
    WAIT_FOR(counts_of(0).sent == 1 && counts_of(1).sent == 1);
    notifier_free(rig.notifier);
    some_turns();
    struct conf_peer first = rig.hooks[0];
    rig.hooks[0] = rig.hooks[1];
    rig.hooks[1] = first;
    begin_telling();
    notifier_wake(rig.notifier);
    some_turns();
    set_room(2, 9);
    WAIT_FOR(counts_of(0).sent == 1 && counts_of(1).sent == 1);
    ck_assert_uint_eq(rig.peers[0].requests, 2);
    ck_assert_uint_eq(rig.peers[1].requests, 2);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("notify");
    TCase *t = tcase_create("notify");
    tcase_add_checked_fixture(t, prepare, finish);
    tcase_set_timeout(t, 300);
    tcase_add_test(t, an_alertmanager_is_told);
    tcase_add_test(t, and_again_in_time);
    tcase_add_test(t, a_webhook_gets_a_body_a_name);
    tcase_add_test(t, many_go_in_bodies_of_64);
    tcase_add_loop_test(t, answers_that_are_not_2xx, 0, ROWS(answers));
    tcase_add_test(t, one_that_failed_costs_no_other);
    tcase_add_test(t, targets_come_and_go);
    tcase_add_test(t, one_that_leaves_is_not_waited_for);
    tcase_add_test(t, a_token_that_is_not_there);
    tcase_add_test(t, known_again);
    suite_add_tcase(s, t);
    return s;
}
