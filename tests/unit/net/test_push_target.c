/* One push target against a small HTTP server: which points become a parcel, what becomes of it by what the server
 * answers, and that no point goes without being counted. */
#include "net/push_target.h"

#include "series/selector.h"
#include "wire/fields.h"

#include <math.h>
#include <unistd.h>

#include "http_peer.h"
#include "labels_text.h"

enum { MS = NS_PER_MS };
#define S  (int64_t) NS_PER_S
#define T0 (1700000000 * S)

static struct rig {
    uv_loop_t loop;
    struct http_peer peer;
    uv_timer_t tick;
    struct poster *poster;
    struct push_target *target;
} rig;

union labels {
    struct labelset set;
    char room[LABELSET_MAX];
};

static void setup(void)
{
    memset(&rig, 0, sizeof rig);
    ticking_begin(&rig.loop, &rig.tick);
    http_peer_start(&rig.peer, &rig.loop);
    ck_assert_int_eq(poster_new(&rig.loop, 4, &rig.poster), NABLA_OK);
}

static void teardown(void)
{
    target_free(rig.target);
    poster_free(rig.poster);
    http_peer_stop(&rig.peer);
    ticking_end(&rig.loop, &rig.tick);
}

static struct conf_push conf_to(const char *path)
{
    struct conf_push c = {.name = "one",
                          .format = PUSH_INFLUX,
                          .corrections = PUSH_CORRECTIONS_SEND,
                          .compression = PUSH_PLAIN,
                          .fields = 1u << FIELD_RATE | 1u << FIELD_VALUE,
                          .batch = 1000,
                          .flush_ns = S,
                          .buffer = 1024 * 1024,
                          .scheme = PUSH_HTTP};
    snprintf(c.peer.url, sizeof c.peer.url, "http://127.0.0.1:%d%s", rig.peer.port, path);
    c.peer.timeout_ns = 60 * S;
    return c;
}

static void begin(struct conf_push conf, bool durable)
{
    rig.target = target_new(&rig.loop, rig.poster, NULL, &conf, durable);
    ck_assert_ptr_nonnull(rig.target);
}

/* A point of m{a=...}, whose value is i; its monotonic time is i milliseconds. */
static void point_of(const char *labels, int i, bool corrected)
{
    union labels of;
    labels_of_text(labels, &of.set);
    struct point p = {.t_ns = T0 + i * S,
                      .value = i,
                      .rate = 0.5,
                      .accel = NAN,
                      .order = 2,
                      .corrected = corrected};
    struct point_note note = {.error = NAN, .trend = NAN};
    target_point(rig.target, &of.set, PER_SECOND, &p, &note,
                 (struct instant){.mono_ns = (int64_t)i * MS, .wall_ns = T0 + i});
}

static void points(int from, int to)
{
    for (int i = from; i < to; i++)
        point_of("__name__=m,a=1", i, false);
}

/* queued = sent + refused + buffered + what a full buffer dropped; what was sent leaves the disk with the next turn. */
static void expect_law(void)
{
    struct push_figures f = target_figures(rig.target);
    if (rig.target->sent_number != 0)
        return;
    ck_assert_msg(f.queued == f.sent + f.refused + f.buffered + f.dropped,
                  "%llu queued, %llu sent, %llu refused, %llu buffered, %llu dropped",
                  (unsigned long long)f.queued, (unsigned long long)f.sent,
                  (unsigned long long)f.refused, (unsigned long long)f.buffered,
                  (unsigned long long)f.dropped);
}

/* Sends what is due, and waits for what comes of it. */
static void go(int64_t mono_ns)
{
    target_send(rig.target, mono_ns);
    while (rig.target->busy)
        uv_run(&rig.loop, UV_RUN_ONCE);
    expect_law();
}

static void go_now(void)
{
    go(INT64_MAX);
}

static const char *last_body(void)
{
    return strstr(rig.peer.last.at, "\r\n\r\n") + 4;
}

/* ---- what a parcel is */

static const struct form_row {
    const char *label;
    int format;
    unsigned fields;
    const char *header, *body; /* NULL: bytes that another test reads */
} form_rows[] = {
    {"influx", PUSH_INFLUX, 1u << FIELD_RATE | 1u << FIELD_VALUE, "Content-Type: text/plain",
     "m,a=1 per_second=0.5,value=0 1700000000000000000\n"
     "m,a=1 per_second=0.5,value=1 1700000001000000000\n"},
    {"graphite", PUSH_GRAPHITE, 1u << FIELD_RATE, "Content-Type: text/plain",
     "m_per_second;a=1 0.5 1700000000\nm_per_second;a=1 0.5 1700000001\n"},
    {"one line a field", PUSH_GRAPHITE, 1u << FIELD_RATE | 1u << FIELD_VALUE,
     "Content-Type: text/plain",
     "m_per_second;a=1 0.5 1700000000\nm;a=1 0 1700000000\n"
     "m_per_second;a=1 0.5 1700000001\nm;a=1 1 1700000001\n"},
    {"remote write", PUSH_REMOTE_WRITE, 1u << FIELD_RATE, "Content-Encoding: snappy", NULL},
};

START_TEST(form_row)
{
    const struct form_row *r = &form_rows[_i];
    struct conf_push c = conf_to("/204");
    c.format = r->format;
    c.fields = r->fields;
    begin(c, false);
    points(0, 2);
    target_flush(rig.target, 0, true);
    go_now();
    ck_assert_msg(strcasestr(rig.peer.last.at, r->header) != NULL, "%s: %s", r->label,
                  rig.peer.last.at);
    ck_assert_msg(r->body == NULL || strcmp(last_body(), r->body) == 0, "%s: %s", r->label,
                  last_body());
    ck_assert_uint_eq(target_figures(rig.target).sent, 2);
    ck_assert(target_is_done(rig.target));
}
END_TEST

START_TEST(gzip_is_said)
{
    struct conf_push c = conf_to("/204");
    c.compression = PUSH_GZIP;
    begin(c, false);
    points(0, 100);
    target_flush(rig.target, 0, true);
    go_now();
    ck_assert_ptr_nonnull(strcasestr(rig.peer.last.at, "Content-Encoding: gzip"));
    ck_assert_int_eq(memcmp(last_body(), "\x1f\x8b", 2), 0);
}
END_TEST

/* A parcel is closed when it is full, when it is old, or when all must go. */
START_TEST(parcels_close)
{
    struct conf_push c = conf_to("/204");
    c.batch = 3;
    begin(c, false);
    points(0, 7);
    ck_assert_uint_eq(target_figures(rig.target).buffered, 6);
    ck_assert_uint_eq(rig.target->body_points, 1);
    target_flush(rig.target, 6 * MS + S - 1, false); /* its first point came at 6 ms */
    ck_assert_uint_eq(target_figures(rig.target).buffered, 6);
    ck_assert(!target_is_flushed(rig.target));
    target_flush(rig.target, 6 * MS + S, false);
    ck_assert_uint_eq(target_figures(rig.target).buffered, 7);
    ck_assert(target_is_flushed(rig.target) && !target_is_done(rig.target));
    ck_assert_int_eq(target_figures(rig.target).oldest_ns, T0);
    for (int i = 0; i < 3; i++)
        go_now();
    ck_assert_uint_eq(rig.peer.requests, 3);
    ck_assert(target_is_done(rig.target));
}
END_TEST

START_TEST(a_large_parcel_closes)
{
    char labels[1100] = "__name__=m,a=";
    struct conf_push c = conf_to("/204");
    size_t n = strlen(labels);
    memset(labels + n, 'x', 1000);
    c.batch = 1000000;
    c.buffer = 16 * 1024 * 1024;
    begin(c, false);
    for (int i = 0; rig.target->waiting.first == NULL; i++) {
        ck_assert_int_lt(i, PUSH_BODY_MAX / 1000);
        point_of(labels, i, false);
    }
    ck_assert_uint_ge(rig.target->waiting.first->body.n, PUSH_BODY_MAX);
    ck_assert_uint_lt(rig.target->waiting.first->body.n, PUSH_BODY_MAX + 2000);
}
END_TEST

static const struct choice_row {
    const char *label, *match;
    int corrections, format;
    unsigned fields;
    const char *labels;
    bool corrected;
    unsigned points;
} choice_rows[] = {
    {"all", NULL, PUSH_CORRECTIONS_SEND, PUSH_INFLUX, 1, "__name__=m,a=1", false, 1},
    {"matched", "m{a=\"1\"}", PUSH_CORRECTIONS_SEND, PUSH_INFLUX, 1, "__name__=m,a=1", false, 1},
    {"not matched", "m{a=\"2\"}", PUSH_CORRECTIONS_SEND, PUSH_INFLUX, 1, "__name__=m,a=1", false,
     0},
    {"a correction", NULL, PUSH_CORRECTIONS_SEND, PUSH_INFLUX, 1, "__name__=m", true, 1},
    {"none is wanted", NULL, PUSH_CORRECTIONS_DROP, PUSH_INFLUX, 1, "__name__=m", true, 0},
    {"what is not known", NULL, PUSH_CORRECTIONS_SEND, PUSH_INFLUX, 1u << FIELD_ACCEL, "__name__=m",
     false, 0},
};

START_TEST(choice_row)
{
    const struct choice_row *r = &choice_rows[_i];
    struct conf_push c = conf_to("/204");
    struct selector_fault fault;
    c.corrections = r->corrections;
    c.fields = r->fields;
    if (r->match != NULL) {
        c.match.at = calloc(1, sizeof *c.match.at);
        c.match.n = 1;
        ck_assert_int_eq(selector_new(r->match, strlen(r->match), &c.match.at[0], &fault),
                         NABLA_OK);
    }
    begin(c, false);
    point_of(r->labels, 1, r->corrected);
    ck_assert_msg(rig.target->body_points == r->points, "%s: %u points", r->label,
                  rig.target->body_points);
}
END_TEST

/* Only who knows what a staleness marker is gets one. */
START_TEST(the_end_of_a_series)
{
    struct conf_push c = conf_to("/204");
    union labels of;
    labels_of_text("__name__=m", &of.set);
    c.format = _i;
    begin(c, false);
    target_end(rig.target, &of.set, PER_SECOND, T0, (struct instant){.mono_ns = 0, .wall_ns = T0});
    ck_assert_uint_eq(rig.target->body_points, _i == PUSH_REMOTE_WRITE);
}
END_TEST

/* ---- what becomes of it */

enum outcome { SENT, REFUSED, LATER };

static const struct answer_row {
    const char *path;
    enum outcome outcome;
    int64_t at_least_ns; /* until it is tried again */
} answer_rows[] = {
    {"/200", SENT, 0},      {"/204", SENT, 0},    {"/302", REFUSED, 0}, {"/400", REFUSED, 0},
    {"/401", REFUSED, 0},   {"/404", REFUSED, 0}, {"/413", REFUSED, 0}, {"/408", LATER, 1},
    {"/429", LATER, 1},     {"/500", LATER, 1},   {"/502", LATER, 1},   {"/503", LATER, 7 * S},
    {"/hang-up", LATER, 1},
};

START_TEST(answer_row)
{
    const struct answer_row *r = &answer_rows[_i];
    begin(conf_to(r->path), false);
    points(0, 5);
    target_flush(rig.target, 0, true);
    int64_t before_ns = clock_now().mono_ns;
    go_now();
    struct push_figures f = target_figures(rig.target);
    ck_assert_msg(f.sent == (r->outcome == SENT ? 5 : 0), "%s: sent", r->path);
    ck_assert_msg(f.refused == (r->outcome == REFUSED ? 5 : 0), "%s: refused", r->path);
    ck_assert_msg(f.buffered == (r->outcome == LATER ? 5 : 0), "%s: buffered", r->path);
    ck_assert_msg(rig.target->again_ns >= (r->outcome == LATER ? before_ns + r->at_least_ns : 0),
                  "%s: tried again at once", r->path);
    ck_assert_uint_eq(f.retried, 0);
    if (r->outcome != LATER)
        return;
    go(rig.target->again_ns - 1); /* not yet */
    ck_assert_uint_eq(rig.peer.requests, 1);
    strcpy(strrchr(rig.target->conf.peer.url, '/'), "/204");
    go(rig.target->again_ns);
    f = target_figures(rig.target);
    ck_assert_msg(f.sent == 5 && f.retried == 5, "%s: again", r->path);
    ck_assert(target_is_done(rig.target));
}
END_TEST

/* Each time twice as long, between half of it and all, up to the longest; then the shortest again. */
START_TEST(tries_come_later_and_later)
{
    const int64_t most_ns = (int64_t)PUSH_BACKOFF_MAX_MS * MS;
    int64_t delay_ns = (int64_t)PUSH_BACKOFF_MIN_MS * MS;
    begin(conf_to("/500"), false);
    points(0, 1);
    target_flush(rig.target, 0, true);
    for (unsigned i = 0; i < 10; i++) {
        int64_t before_ns = clock_now().mono_ns;
        go_now();
        ck_assert_int_ge(rig.target->again_ns, before_ns + delay_ns / 2);
        ck_assert_int_le(rig.target->again_ns, clock_now().mono_ns + delay_ns);
        ck_assert_uint_eq(target_figures(rig.target).retried, i);
        delay_ns = 2 * delay_ns < most_ns ? 2 * delay_ns : most_ns;
    }
    rig.peer.say = 204;
    go_now();
    ck_assert_int_eq(rig.target->backoff_ns, 0);
}
END_TEST

/* Whatever fails on the way, the order is that of the points. */
START_TEST(parcels_keep_their_order)
{
    struct conf_push c = conf_to("/204");
    char first[64];
    c.batch = 1;
    begin(c, false);
    points(0, 5);
    for (int i = 0; i < 5; i++) {
        snprintf(first, sizeof first, "m,a=1 per_second=0.5,value=%d ", i);
        for (int fails = 0; fails < i % 3; fails++) {
            rig.peer.say = 500;
            go_now();
            ck_assert_int_eq(strncmp(last_body(), first, strlen(first)), 0);
        }
        rig.peer.say = 204;
        go_now();
        ck_assert_msg(strncmp(last_body(), first, strlen(first)) == 0, "%d: %s", i, last_body());
    }
    ck_assert(target_is_done(rig.target));
    ck_assert_uint_eq(target_figures(rig.target).sent, 5);
}
END_TEST

START_TEST(a_full_buffer_drops_the_oldest)
{
    struct conf_push c = conf_to("/204");
    c.batch = 1;
    c.buffer = 1000;
    begin(c, false);
    points(0, 100);
    struct push_figures f = target_figures(rig.target);
    ck_assert_uint_le(f.buffer_bytes, c.buffer);
    ck_assert(f.dropped > 0 && f.buffered > 0 && f.dropped + f.buffered == 100);
    ck_assert_int_eq(f.oldest_ns, T0 + (int64_t)f.dropped);
    expect_law();
}
END_TEST

/* ---- a change of mind */

START_TEST(interrupted_is_not_lost)
{
    begin(conf_to("/silent"), false);
    points(0, 4);
    target_flush(rig.target, 0, true);
    target_send(rig.target, INT64_MAX);
    while (rig.peer.requests == 0)
        uv_run(&rig.loop, UV_RUN_ONCE);
    target_interrupt(rig.target);
    ck_assert_uint_eq(target_figures(rig.target).buffered, 4);
    strcpy(strrchr(rig.target->conf.peer.url, '/'), "/204");
    go_now();
    ck_assert_uint_eq(target_figures(rig.target).sent, 4);
    ck_assert_uint_eq(target_figures(rig.target).retried, 4);
}
END_TEST

START_TEST(another_configuration_goes_on)
{
    struct conf_push fresh = conf_to("/204");
    struct conf_push old = conf_to("/500");
    fresh.batch = old.batch = 1;
    fresh.buffer = 500;
    begin(old, false);
    points(0, 50);
    go_now();
    target_adopt(rig.target, &fresh);
    expect_law();
    struct push_figures f = target_figures(rig.target);
    ck_assert(f.dropped > 0 && rig.target->waiting.bytes <= 500);
    go(0); /* at once: what was waited for was the other one */
    ck_assert_uint_eq(target_figures(rig.target).sent, 1);
    ck_assert_int_eq(strncmp(last_body(), "m,a=1 per_second=0.5,value=0 ", 28), 0);
}
END_TEST

/* ---- a buffer on the disk */

static struct spool *spool;
static char directory[32];

static void begin_durable(void)
{
    char why[SPOOL_WHY_MAX];
    struct conf_push c = conf_to("/204");
    c.batch = 1;
    strcpy(directory, "/tmp/target-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(directory));
    ck_assert_int_eq(spool_open(directory, 1024 * 1024, &spool, why), NABLA_OK);
    begin(c, true);
}

static void end_durable(void)
{
    char path[64];
    spool_close(spool);
    static const char *const names[] = {"push.mdb", "push.lock", "push.mdb-lock"};
    for (int i = 0; i < ROWS(names); i++) {
        snprintf(path, sizeof path, "%s/%s", directory, names[i]);
        unlink(path);
    }
    ck_assert_int_eq(rmdir(directory), 0);
}

/* Returns whether there was anything to do. */
static bool turn(bool disk_works)
{
    char why[SPOOL_WHY_MAX];
    struct spool_queue *const queues[] = {&rig.target->queue};
    if (!target_ask_turn(rig.target))
        return false;
    bool done = disk_works && spool_turn(spool, queues, 1, why) == NABLA_OK;
    target_take_turn(rig.target, done);
    if (rig.target->known)
        expect_law();
    return true;
}

START_TEST(by_way_of_the_disk)
{
    begin_durable();
    points(0, 3);
    ck_assert_uint_eq(target_figures(rig.target).queued, 0); /* nothing is there yet */
    target_send(rig.target, INT64_MAX);
    ck_assert(!rig.target->busy);
    for (int i = 0; i < 10; i++) {
        turn(true);
        if (rig.target->out != NULL)
            go_now();
    }
    ck_assert(!turn(true));
    ck_assert(target_is_done(rig.target));
    ck_assert_uint_eq(target_figures(rig.target).sent, 3);
    expect_law();
    ck_assert_uint_eq(rig.peer.requests, 3);
    end_durable();
}
END_TEST

START_TEST(a_disk_that_fails_keeps_them_waiting)
{
    begin_durable();
    points(0, 3);
    for (int i = 0; i < 3; i++) {
        ck_assert(turn(false));
        ck_assert_uint_eq(rig.target->waiting.points, 3);
        ck_assert(!target_is_flushed(rig.target));
    }
    points(3, 5);
    ck_assert(turn(true));
    ck_assert(target_is_flushed(rig.target));
    ck_assert_uint_eq(target_figures(rig.target).buffered, 5);
    while (turn(true) || rig.target->out != NULL)
        go_now();
    ck_assert_int_eq(strncmp(last_body(), "m,a=1 per_second=0.5,value=4 ", 28), 0);
    ck_assert_uint_eq(target_figures(rig.target).sent, 5);
    end_durable();
}
END_TEST

/* What was there when it began is sent, too, before what comes. */
START_TEST(what_an_earlier_life_left)
{
    begin_durable();
    points(0, 3);
    ck_assert(turn(true));
    target_free(rig.target);
    struct conf_push c = conf_to("/204");
    c.batch = 1;
    begin(c, true);
    points(3, 4);
    ck_assert(turn(true));
    ck_assert_uint_eq(target_figures(rig.target).queued, 4);
    while (turn(true) || rig.target->out != NULL)
        go_now();
    ck_assert_uint_eq(rig.peer.requests, 4);
    ck_assert_int_eq(strncmp(last_body(), "m,a=1 per_second=0.5,value=3 ", 28), 0);
    end_durable();
}
END_TEST

START_TEST(names_of_queues)
{
    static const char *const names[] = {"influx one", "graphite one", "remote_write one"};
    char name[SPOOL_NAME_MAX];
    struct conf_push c = conf_to("/204");
    c.format = _i;
    target_queue_name(&c, name);
    ck_assert_str_eq(name, names[_i]);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("push_target");
    TCase *c = tcase_create("all");
    tcase_set_timeout(c, 120);
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_loop_test(c, form_row, 0, ROWS(form_rows));
    tcase_add_test(c, gzip_is_said);
    tcase_add_test(c, parcels_close);
    tcase_add_test(c, a_large_parcel_closes);
    tcase_add_loop_test(c, choice_row, 0, ROWS(choice_rows));
    tcase_add_loop_test(c, the_end_of_a_series, PUSH_INFLUX, PUSH_REMOTE_WRITE + 1);
    tcase_add_loop_test(c, answer_row, 0, ROWS(answer_rows));
    tcase_add_test(c, tries_come_later_and_later);
    tcase_add_test(c, parcels_keep_their_order);
    tcase_add_test(c, a_full_buffer_drops_the_oldest);
    tcase_add_test(c, interrupted_is_not_lost);
    tcase_add_test(c, another_configuration_goes_on);
    tcase_add_test(c, by_way_of_the_disk);
    tcase_add_test(c, a_disk_that_fails_keeps_them_waiting);
    tcase_add_test(c, what_an_earlier_life_left);
    tcase_add_loop_test(c, names_of_queues, PUSH_INFLUX, PUSH_REMOTE_WRITE + 1);
    suite_add_tcase(s, c);
    return s;
}
