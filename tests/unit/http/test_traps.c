/* The traps of libmicrohttpd on a libuv loop, one after the other, and what else clients do to a
 * server: each of these tests fails without its cure. (Suspended connections: test_stream.c. Vain
 * haste, which a TLS handshake can cause: test_pace.c.) */
#include "rig.h"

#include <pthread.h>

static struct rig rig;

static void stop(void)
{
    rig_stop(&rig);
}

static void start(void)
{
    rig_start(&rig);
}

static void start_strict(void)
{
    rig_init(&rig);
    struct http_options o = rig_options(&rig);
    o.request_timeout_ns = S / 5;
    rig_serve(&rig, &o);
}

static void start_silent(void)
{
    rig_init(&rig);
    struct http_options o = rig_options(&rig);
    o.timeout_ns = S;
    rig_serve(&rig, &o);
}

static void start_narrow(void)
{
    rig_init(&rig);
    struct http_options o = rig_options(&rig);
    o.max_connections = 2;
    rig_serve(&rig, &o);
}

static bool ended(int fd)
{
    char c;
    return !hear_byte(fd, &c);
}

static const char healthy[] = "GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n";

/* ---- 1: large answers starve nothing */

static void *read_large(void *cls)
{
    atomic_bool *enough = cls;
    while (!*enough)
        expect_answer(get(&rig, "/api/v1/rates"), 200, NULL, "large");
    return NULL;
}

/* While four clients read large answers without a pause, points still reach a stream, which takes
 * an event of the loop's own. */
START_TEST(streaming_starves_nothing)
{
    enum { READERS = 4, ROUNDS = 20 };
    pthread_t readers[READERS];
    atomic_bool enough = false;
    struct answer a;
    rig_put_many(&rig, 20000);
    int fd = dial(&rig);
    say(fd, "GET /api/v1/stream?match[]=t HTTP/1.1\r\nHost: x\r\n\r\n");
    hear_head(fd, &a);
    for (int i = 0; i < READERS; i++)
        pthread_create(&readers[i], NULL, read_large, &enough);
    for (int i = 0; i < ROUNDS; i++) {
        rig_put(&rig, "t", T0 + 2 * i * S, i);
        rig_put(&rig, "t", T0 + (2 * i + 1) * S, i);
        if (i > 0)
            ck_assert(hear_chunk(fd, &a));
    }
    enough = true;
    for (int i = 0; i < READERS; i++)
        pthread_join(readers[i], NULL);
    close(fd);
    answer_fini(&a);
}
END_TEST

/* ---- 3: a place that is freed is filled */

START_TEST(the_limit_of_connections)
{
    struct answer a;
    int x = dial(&rig), y = dial(&rig);
    say(x, healthy);
    hear(x, &a);
    expect_answer(a, 200, NULL, "first");
    say(y, healthy);
    hear(y, &a);
    expect_answer(a, 200, NULL, "second");
    int z = dial(&rig); /* waits in the backlog */
    say(z, healthy);
    close(x);
    hear(z, &a);
    expect_answer(a, 200, "nablad is healthy.\n", "third");
    close(y);
    close(z);
}
END_TEST

/* ---- 5: the stop */

static void *stop_in_a_thread(void *cls)
{
    rig_stop(&rig);
    return cls;
}

/* What had been asked before the stop is answered, whole, however large. */
START_TEST(the_stop_answers)
{
    struct answer a, b;
    rig_start(&rig);
    rig_put_many(&rig, 20000);
    int x = dial(&rig), y = dial(&rig), idle = dial(&rig), half = dial(&rig);
    say(half, "GET /-/heal");
    say(x, "GET /api/v1/rates?sort=-rate HTTP/1.1\r\nHost: x\r\n\r\n");
    hear_head(x, &a);
    say(y, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, stop_in_a_thread, NULL), 0);
    hear_body(x, &a);
    ck_assert_int_eq(a.status, 200);
    ck_assert(!a.cut);
    ck_assert_str_eq(a.body.at + a.body.n - 1 - 4, "\n]}\n");
    hear(y, &b);
    ck_assert_int_eq(b.status, 200);
    ck_assert(!b.cut);
    ck_assert(ended(idle));
    ck_assert(ended(half));
    pthread_join(thread, NULL);
    answer_fini(&a);
    answer_fini(&b);
    close(x);
    close(y);
    close(idle);
    close(half);
}
END_TEST

/* Answers that are being prepared, and more of them asked for, when the time is up at once: nothing
 * is left suspended, which libmicrohttpd would not survive. */
START_TEST(the_stop_cancels_jobs)
{
    enum { CLIENTS = 8 };
    static const char sorted[] = "GET /api/v1/rates?sort=name HTTP/1.1\r\nHost: x\r\n\r\n";
    int fd[CLIENTS];
    rig_start(&rig);
    rig_put_many(&rig, 50000);
    for (int i = 0; i < CLIENTS; i++) {
        fd[i] = dial(&rig);
        for (int n = 0; n < 4; n++)
            say(fd[i], sorted);
    }
    AWAIT(counted(&rig.stats.http_requests[HTTP_RATES][HTTP_2XX]) > 0);
    http_stop(rig.http, 0);
    for (int i = 0; i < CLIENTS; i++) {
        struct answer a;
        hear(fd[i], &a);
        ck_assert(a.status == 0 || a.status == 200 || a.status == 503);
        answer_fini(&a);
        close(fd[i]);
    }
    rig_stop(&rig);
}
END_TEST

/* A client that takes nothing does not hold the stop past its bound. */
START_TEST(the_stop_is_bounded)
{
    struct answer a;
    rig_start(&rig);
    rig_put_many(&rig, 50000);
    int fd = dial(&rig);
    say(fd, "GET /api/v1/rates HTTP/1.1\r\nHost: x\r\n\r\n");
    hear_head(fd, &a);
    http_stop(rig.http, S / 10);
    hear_body(fd, &a);
    ck_assert(a.cut);
    answer_fini(&a);
    close(fd);
    rig_stop(&rig);
}
END_TEST

START_TEST(never_started)
{
    rig_init(&rig);
    struct http_options o = rig_options(&rig);
    ck_assert_int_eq(http_new(&o, &rig.http), NABLA_OK);
    ck_assert_uint_ne(http_port(rig.http), 0);
    rig_stop(&rig);
    http_free(NULL);
}
END_TEST

START_TEST(a_port_in_use)
{
    struct http *second = NULL;
    struct http_options o = rig_options(&rig);
    o.listen.port = http_port(rig.http);
    ck_assert_int_eq(http_new(&o, &second), NABLA_EIO);
    ck_assert_ptr_null(second);
    strcpy(o.listen.host, "nowhere");
    ck_assert_int_eq(http_new(&o, &second), NABLA_EIO);
}
END_TEST

/* A socket that was bound by another, as systemd hands it over. */
START_TEST(activated)
{
    rig_init(&rig);
    struct http_options o = rig_options(&rig);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    o.activated = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(o.activated, (struct sockaddr *)&to, sizeof to), 0);
    ck_assert_int_eq(listen(o.activated, 5), 0);
    rig_serve(&rig, &o);
    expect_answer(get(&rig, "/-/healthy"), 200, "nablad is healthy.\n", "activated");
    rig_stop(&rig);
}
END_TEST

/* ---- large answers at once */

START_TEST(large_answers_are_bounded)
{
    struct answer a;
    rig_init(&rig);
    struct http_options o = rig_options(&rig);
    o.max_held_bytes = 1000; /* a list of 50,000 series is more */
    rig_serve(&rig, &o);
    rig_put_many(&rig, 50000);
    int fd = dial(&rig);
    say(fd, "GET /api/v1/rates HTTP/1.1\r\nHost: x\r\n\r\n");
    hear_head(fd, &a);
    ck_assert_int_eq(a.status, 200); /* one is always let through */
    static const char *const more[] = {"/api/v1/rates", "/api/v1/series?match[]=many",
                                       "/api/v1/labels", "/metrics", "/api/v1/rates?sort=name"};
    for (int i = 0; i < ROWS(more); i++)
        expect_answer(get(&rig, more[i]), 503, NULL, more[i]);
    expect_answer(get(&rig, "/-/healthy"), 200, NULL, "small ones");
    hear_body(fd, &a);
    ck_assert(!a.cut);
    answer_fini(&a);
    for (int i = 0; i < ROWS(more); i++)
        expect_answer(get(&rig, more[i]), 200, NULL, more[i]);
    close(fd);
    rig_stop(&rig);
}
END_TEST

/* ---- 6: deadlines and framing */

/* A byte every now and then does not keep a request alive; wherever it has got to. */
START_TEST(drops)
{
    static const char *const starts[] = {
        "", "GET", "GET / HTTP/1.1\r\nHost: x\r\n",
        "POST /api/v1/labels HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\na"};
    struct answer a;
    int fd = dial(&rig);
    say(fd, starts[_i]);
    while (recv(fd, &(char){0}, 1, MSG_DONTWAIT | MSG_PEEK) < 0 && errno == EAGAIN) {
        say(fd, "x");
        usleep(10000);
    }
    hear_head(fd, &a);
    ck_assert(a.status == 408 || (_i == 0 && a.status == 0));
    AWAIT(ended(fd));
    ck_assert_uint_eq(counted(&rig.stats.http_requests[HTTP_OTHER][HTTP_4XX]), 1);
    answer_fini(&a);
    close(fd);
}
END_TEST

/* The same on a connection that had been answered before, and only from its first byte on. */
START_TEST(drops_after_an_answer)
{
    struct answer a;
    int fd = dial(&rig);
    say(fd, healthy);
    hear(fd, &a);
    expect_answer(a, 200, NULL, "first");
    usleep(500000); /* longer than a request may take: nothing has been asked */
    say(fd, healthy);
    hear(fd, &a);
    expect_answer(a, 200, NULL, "second");
    say(fd, "GET /");
    hear_head(fd, &a);
    ck_assert_int_eq(a.status, 408);
    ck_assert(ended(fd));
    answer_fini(&a);
    close(fd);
}
END_TEST

/* A long answer is no late request. */
START_TEST(the_deadline_is_for_requests)
{
    struct answer a;
    rig_put_many(&rig, 50000);
    int fd = dial(&rig);
    say(fd, "GET /api/v1/rates HTTP/1.1\r\nHost: x\r\n\r\n");
    hear_head(fd, &a);
    usleep(500000);
    hear_body(fd, &a);
    ck_assert(!a.cut);
    answer_fini(&a);
    close(fd);
}
END_TEST

START_TEST(silence_ends_a_connection)
{
    int fd = dial(&rig);
    ck_assert(ended(fd));
    close(fd);
}
END_TEST

static int open_connections(void)
{
    int n = -1;
    struct answer a = get(&rig, "/metrics");
    const char *line = strstr(a.body.at, "\nnablad_http_open_connections ");
    ck_assert_ptr_nonnull(line);
    ck_assert_int_eq(sscanf(line, "\nnablad_http_open_connections %d", &n), 1);
    answer_fini(&a);
    return n;
}

/* One that takes nothing of its answer is silent, too. */
START_TEST(taking_nothing_ends_a_connection)
{
    struct answer a;
    rig_put_many(&rig, 50000);
    int fd = dial(&rig);
    say(fd, "GET /api/v1/rates HTTP/1.1\r\nHost: x\r\n\r\n");
    hear_head(fd, &a);
    AWAIT(open_connections() == 1); /* the one that asks */
    hear_body(fd, &a);
    ck_assert(a.cut);
    answer_fini(&a);
    close(fd);
}
END_TEST

static const struct framing_row {
    const char *label, *request;
    int status;
} framings[] = {
    {"two lengths",
     "POST /api/v1/labels HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 30\r\n\r\n",
     400},
    {"length and chunks",
     "POST /api/v1/labels HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n"
     "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
     400},
    {"chunks and length",
     "POST /api/v1/labels HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
     "Content-Length: 3\r\n\r\n0\r\n\r\n",
     400},
    {"another coding",
     "POST /api/v1/labels HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
     400},
    {"on a GET, too",
     "GET /api/v1/labels HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n"
     "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
     400},
    {"no length", "POST /api/v1/labels HTTP/1.1\r\nHost: x\r\nContent-Length: three\r\n\r\n", 400},
    {"a signed length", "POST /api/v1/labels HTTP/1.1\r\nHost: x\r\nContent-Length: +3\r\n\r\n",
     400},
    {"no host", "GET / HTTP/1.1\r\n\r\n", 400},
    {"a body that is far too long",
     "POST /api/v1/labels HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000\r\n\r\n", 413},
    {"on a GET", "GET /-/ready HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000\r\n\r\n", 413},
    {"one that asks first",
     "POST /api/v1/labels HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: "
     "100000\r\n\r\n",
     413},
};

/* Refused, and what follows on the connection is not read as another request. */
START_TEST(framing_row)
{
    struct answer a;
    char text[1024];
    int fd = dial(&rig);
    snprintf(text, sizeof text, "%s%s", framings[_i].request, healthy);
    say(fd, text);
    hear_head(fd, &a);
    ck_assert_msg(a.status == framings[_i].status, "%s: %d", framings[_i].label, a.status);
    for (char c; hear_byte(fd, &c);)
        buf_char(&a.body, c);
    buf_char(&a.body, '\0');
    ck_assert_msg(strstr(a.body.at, "healthy") == NULL, "%s: it goes on", framings[_i].label);
    answer_fini(&a);
    close(fd);
}
END_TEST

/* Twice the same length is one length. */
START_TEST(the_same_length_twice)
{
    struct answer a;
    int fd = dial(&rig);
    say(fd, "POST /api/v1/labels HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 3\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n\r\na=b");
    hear(fd, &a);
    expect_answer(a, 200, NULL, "the same length");
    close(fd);
}
END_TEST

/* A body without end that nobody wants is not read for ever. */
START_TEST(endless_chunks)
{
    static char chunk[16 * 1024 + 16];
    int n = snprintf(chunk, sizeof chunk, "4000\r\n%016384d\r\n", 0);
    ck_assert_int_gt(n, 16384);
    int fd = dial(&rig);
    say(fd, "POST /api/v1/labels HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    ssize_t sent;
    for (uint64_t total = 0; (sent = send(fd, chunk, (size_t)n, MSG_NOSIGNAL)) > 0;) {
        total += (uint64_t)sent;
        ck_assert_uint_lt(total, 64 * 1024 * 1024);
    }
    close(fd);
}
END_TEST

START_TEST(long_heads)
{
    static const struct {
        const char *before, *after;
        int status;
    } rows[] = {{"GET /", " HTTP/1.1\r\nHost: x\r\n\r\n", 414},
                {"GET / HTTP/1.1\r\nHost: x\r\nX: ", "\r\n\r\n", 431}};
    enum { LONG = 100000 };
    for (int i = 0; i < ROWS(rows); i++) {
        struct answer a;
        struct buf b = {0};
        int fd = dial(&rig);
        buf_text(&b, rows[i].before);
        memset(buf_room(&b, LONG), 'x', LONG);
        buf_used(&b, LONG);
        buf_text(&b, rows[i].after);
        buf_char(&b, '\0');
        say(fd, b.at);
        hear_head(fd, &a);
        ck_assert_msg(a.status == rows[i].status || a.status == 0, "%d", a.status);
        close(fd);
        buf_fini(&b);
        answer_fini(&a);
    }
    expect_answer(get(&rig, "/-/healthy"), 200, NULL, "after that");
}
END_TEST

/* ---- clients that go */

/* In the middle of everything: nothing is left behind (ASan), and the next is served. */
START_TEST(clients_that_go)
{
    static const char *const requests[] = {
        "GET /api/v1/rates HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /api/v1/rates?sort=name HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n",
        "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /api/v1/label/number/values HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /api/v1/stream HTTP/1.1\r\nHost: x\r\n\r\n",
        "POST /api/v1/rates HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nmatch",
        "GET /api/v1/rat"};
    struct linger reset = {.l_onoff = 1};
    rig_put_many(&rig, 20000);
    for (int i = 0; i < 6 * ROWS(requests); i++) {
        int fd = dial(&rig);
        say(fd, requests[i % ROWS(requests)]);
        if (i % 2 == 0)
            recv(fd, &(char){0}, 1, i % ROWS(requests) < 5 ? 0 : MSG_DONTWAIT);
        if (i % 4 == 0)
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        if (i % 7 == 4)
            rig_put_line(&rig, "t", i); /* so that the stream has something to say */
        close(fd);
        if (i % 5 == 0)
            expect_answer(get(&rig, "/-/healthy"), 200, "nablad is healthy.\n", "after that");
    }
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("http/traps");
    static const struct {
        const char *name;
        void (*start)(void);
    } cases[] = {{"plain", start},
                 {"strict", start_strict},
                 {"silent", start_silent},
                 {"narrow", start_narrow}};
    TCase *tc[ROWS(cases)], *own = tcase_create("own");
    for (int i = 0; i < ROWS(cases); i++) {
        tc[i] = tcase_create(cases[i].name);
        tcase_set_timeout(tc[i], 200);
        tcase_add_checked_fixture(tc[i], cases[i].start, stop);
        suite_add_tcase(s, tc[i]);
    }
    tcase_add_test(tc[0], streaming_starves_nothing);
    tcase_add_test(tc[0], a_port_in_use);
    tcase_add_loop_test(tc[0], framing_row, 0, ROWS(framings));
    tcase_add_test(tc[0], the_same_length_twice);
    tcase_add_test(tc[0], endless_chunks);
    tcase_add_test(tc[0], long_heads);
    tcase_add_test(tc[0], clients_that_go);
    tcase_add_loop_test(tc[1], drops, 0, 4);
    tcase_add_test(tc[1], drops_after_an_answer);
    tcase_add_test(tc[1], the_deadline_is_for_requests);
    tcase_add_test(tc[2], silence_ends_a_connection);
    tcase_add_test(tc[2], taking_nothing_ends_a_connection);
    tcase_add_test(tc[3], the_limit_of_connections);
    tcase_set_timeout(own, 200);
    tcase_add_test(own, the_stop_answers);
    tcase_add_test(own, the_stop_cancels_jobs);
    tcase_add_test(own, the_stop_is_bounded);
    tcase_add_test(own, large_answers_are_bounded);
    tcase_add_test(own, never_started);
    tcase_add_test(own, activated);
    suite_add_tcase(s, own);
    return s;
}
