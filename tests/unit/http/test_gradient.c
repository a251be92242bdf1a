/* POST /api/v1/gradient through a whole server: what is answered, every limit, and jobs that are in the
 * work queue when something else happens. The queue is held up by tasks of the tests' own, so that
 * nothing depends on how long a computation takes. (Numbers: tests/e2e/test_post_gradient.py.) */
#include "rig.h"

#include <semaphore.h>
#include <uv.h>

static struct rig rig;

static void stop(void)
{
    rig_stop(&rig);
}

static void start(void)
{
    rig_start(&rig);
}

static void start_narrow(void)
{
    rig_init(&rig);
    struct http_options o = rig_options(&rig);
    o.gradient = (struct conf_gradient){.max_body = 100000,
                                        .max_elements = 8,
                                        .max_dimensions = 2,
                                        .max_jobs = 1,
                                        .timeout_ns = 600 * S};
    rig_serve(&rig, &o);
}

static void start_late(void)
{
    rig_init(&rig);
    struct http_options o = rig_options(&rig);
    o.gradient.timeout_ns = 0;
    rig_serve(&rig, &o);
}

static uint64_t outcomes(enum gradient_outcome o)
{
    return counted(&rig.stats.gradients[o]);
}

#define TARGET "/api/v1/gradient"
#define JSON   "Content-Type: application/json\r\n"
#define NPY    "Content-Type: application/x-npy\r\n"

/* Sends the head of a request and so many bytes of its body. */
static void send_some(int fd, const char *target, const char *headers, const void *body, size_t n,
                      size_t length)
{
    struct buf b = {0};
    buf_printf(&b, "POST %s HTTP/1.1\r\nHost: x\r\n%sContent-Length: %zu\r\n\r\n", target, headers,
               length);
    buf_add(&b, body, n);
    ck_assert_int_eq(send(fd, b.at, b.n, MSG_NOSIGNAL), (ssize_t)b.n);
    buf_fini(&b);
}

static struct answer post(const char *target, const char *headers, const void *body, size_t n)
{
    struct answer a;
    int fd = dial(&rig);
    send_some(fd, target, headers, body, n, n);
    hear(fd, &a);
    close(fd);
    return a;
}

static struct answer post_json(const char *body)
{
    return post(TARGET, JSON, body, strlen(body));
}

#define DATA(text)  "{\"status\":\"success\",\"data\":" text "}\n"
#define ERROR(text) "{\"status\":\"error\",\"errorType\":\"bad_data\",\"error\":\"" text "\"}\n"

/* ---- answers */

static const struct row {
    const char *target, *headers, *body;
    int status;
    const char *answer; /* NULL: any */
} rows[] = {
    {TARGET, JSON, "{\"f\":[1,4,9,16]}", 200, DATA("[3,4,6,7]")},
    {TARGET, JSON, "{\"f\":[[1,2,6],[3,4,5]]}", 200,
     DATA("[[[2,2,-1],[2,2,-1]],\n[[1,2.5,4],[1,1,1]]]")},
    {TARGET, JSON, "{\"f\":[[1,2,6],[3,4,5]],\"axis\":-1}", 200, DATA("[[1,2.5,4],[1,1,1]]")},
    {TARGET, JSON, "{\"f\":[[1,2,6],[3,4,5]],\"axis\":[]}", 200, DATA("[]")},
    {TARGET, JSON, "{\"f\":7}", 200, DATA("[]")},
    {TARGET, JSON, "{\"f\":[0,1,4],\"edge_order\":2}", 200, DATA("[0,2,4]")},
    {TARGET, JSON, "{\"f\":[5,5,5],\"spacing\":[[0,0.1,0.7]],\"mode\":\"accurate\"}", 200,
     DATA("[0,0,0]")},
    {TARGET, JSON, "{\"f\":[1,null,3]}", 200,
     DATA("[null,1,null],\"why\":\"null: 2 of 3 numbers are not finite\"")},
    {TARGET, "Content-Type: Application/JSON; charset=utf-8\r\n", "{\"f\":[1,2]}", 200,
     DATA("[1,1]")},
    {TARGET, JSON "Content-Encoding: identity\r\n", "{\"f\":[1,2]}", 200, DATA("[1,1]")},
    {TARGET, JSON, "{\"f\":[1]}", 400,
     ERROR("axis 0 has 1 elements; edge_order 1 needs at least 2")},
    {TARGET, JSON, "{\"f\":[1,2],\"axis\":1}", 400,
     ERROR("axis 1 is out of bounds for an array of dimension 1")},
    {TARGET, JSON, "{\"f\":[[1,2],[3]]}", 400,
     ERROR("f is ragged: f[1] has 1 element, f[0] has 2 (byte 14 of the body)")},
    {TARGET, JSON, "", 400, ERROR("an object ({\\\"f\\\": ...}) is expected (byte 0 of the body)")},
    {TARGET "?axis=0", JSON, "{\"f\":[1,2]}", 400,
     ERROR("a body of JSON says in itself what is asked, not in the query")},
    {TARGET, NPY, "x", 400, ERROR("the .npy body cannot be read: it is not a .npy file")},
    {TARGET "?edge=2", NPY, "x", 400, ERROR("there is no parameter edge")},
    {TARGET "?mode=numpy&mode=numpy", NPY, "x", 400, ERROR("a parameter is given twice: mode")},
    {TARGET "?axis=0,x", NPY, "x", 400,
     ERROR("axis is x; it must be an integer, or a list of them")},
    {TARGET "?axis=0,", NPY, "x", 400, ERROR("axis is ; it must be an integer, or a list of them")},
    {TARGET "?spacing=1,,2", NPY, "x", 400,
     ERROR("spacing is ; it must be a number, or a list of coordinates")},
    {TARGET "?edge_order=3", NPY, "x", 400, ERROR("edge_order is 3; it must be 1 or 2")},
    {TARGET "?mode=fast", NPY, "x", 400, ERROR("mode is fast; it must be numpy or accurate")},
    {TARGET, "", "{\"f\":[1,2]}", 415,
     ERROR("the body's Content-Type is neither application/json nor application/x-npy")},
    {TARGET, "Content-Type: application/jsonl\r\n", "{\"f\":[1,2]}", 415, NULL},
    {TARGET, "Content-Type: application/x-www-form-urlencoded\r\n", "f=1", 415, NULL},
    {TARGET, JSON "Content-Encoding: gzip\r\n", "{\"f\":[1,2]}", 415,
     ERROR("the body has a Content-Encoding; it is taken only as it is")},
};

START_TEST(answer_row)
{
    const struct row *r = &rows[_i];
    uint64_t refused = r->status != 200;
    expect_answer(post(r->target, r->headers, r->body, strlen(r->body)), r->status, r->answer,
                  r->body);
    ck_assert_uint_eq(outcomes(GRADIENT_REFUSED), refused);
    ck_assert_uint_eq(outcomes(GRADIENT_OK), 1 - refused);
    ck_assert_uint_eq(counted(&rig.stats.http_requests[HTTP_GRADIENT][HTTP_2XX]), 1 - refused);
}
END_TEST

START_TEST(other_methods)
{
    static const char *const methods[] = {"GET", "HEAD", "PUT", "DELETE"};
    for (int i = 0; i < ROWS(methods); i++) {
        struct answer a = ask_with(&rig, methods[i], TARGET, "", NULL);
        ck_assert_int_eq(a.status, 405);
        ck_assert_str_eq(header_of(&a, "Allow"), "POST");
        answer_fini(&a);
    }
}
END_TEST

/* Two to the 60 elements, and a shape whose product overflows: refused by the header alone. */
START_TEST(hostile_headers)
{
    static const char *const shapes[] = {"(1152921504606846976,)", "(4294967296, 4294967296, 0)",
                                         "(9223372036854775808,)", "(1000,)"};
    for (int i = 0; i < ROWS(shapes); i++) {
        char file[256];
        int n = snprintf(file + 10, sizeof file - 10,
                         "{'descr': '<f8', 'fortran_order': False, 'shape': %s, }\n", shapes[i]);
        memcpy(file, "\x93NUMPY\x01\x00", 8);
        file[8] = (char)n;
        file[9] = 0;
        expect_answer(post(TARGET, NPY, file, (size_t)n + 10), 400, NULL, shapes[i]);
    }
}
END_TEST

/* An answer that is larger than a slice, and the same through gzip. */
START_TEST(large_answers)
{
    struct buf body = {0};
    buf_text(&body, "{\"f\":[0");
    for (int i = 1; i < 60000; i++)
        buf_printf(&body, ",%d", i % 7 * i);
    buf_text(&body, "]}");
    struct answer plain = post(TARGET, JSON, body.at, body.n);
    ck_assert_int_eq(plain.status, 200);
    ck_assert(!plain.cut && plain.body.n > 200000);
    ck_assert_str_eq(plain.body.at + plain.body.n - 4, "]}\n");
    struct answer packed = post(TARGET, JSON "Accept-Encoding: gzip\r\n", body.at, body.n);
    ck_assert_int_eq(packed.status, 200);
    ck_assert_str_eq(header_of(&packed, "Content-Encoding"), "gzip");
    ck_assert(!packed.cut && packed.body.n < plain.body.n / 2);
    answer_fini(&plain);
    answer_fini(&packed);
    buf_fini(&body);
}
END_TEST

/* ---- limits */

START_TEST(limits)
{
    char *long_body = calloc(1, 9 * 1024 * 1024);
    expect_answer(post_json("{\"f\":[1,2,3,4,5,6,7,8]}"), 200, NULL, "as many as may be");
    expect_answer(post_json("{\"f\":[1,2,3,4,5,6,7,8,9]}"), 413,
                  ERROR("f has more than 8 elements, the limit"), "elements");
    expect_answer(post_json("{\"f\":[[1,2,3],[4,5,6]]}"), 413,
                  ERROR("the answer would have 12 numbers (elements times axes), more than the "
                        "limit of 8"),
                  "elements times axes");
    expect_answer(post_json("{\"f\":[[[1]]]}"), 400,
                  ERROR("f has more than 2 dimensions, the limit (byte 7 of the body)"),
                  "dimensions");
    expect_answer(post(TARGET, JSON, long_body, 100001), 413,
                  ERROR("the body is longer than 100000 bytes"), "bytes");
    ck_assert_uint_eq(outcomes(GRADIENT_TOO_LARGE), 3);
    ck_assert_uint_eq(outcomes(GRADIENT_REFUSED), 1);
    int fd = dial(&rig); /* so much is not even heard */
    struct answer a;
    send_some(fd, TARGET, JSON, long_body, 100, 9 * 1024 * 1024);
    hear(fd, &a);
    expect_answer(a, 413, ERROR("the body is longer than 100000 bytes"), "bytes at once");
    close(fd);
    ck_assert_uint_eq(outcomes(GRADIENT_TOO_LARGE), 4);
    expect_answer(post(TARGET, JSON, "{\"f\":[1,2]}", 11), 200, NULL, "after that");
    free(long_body);
}
END_TEST

START_TEST(late)
{
    expect_answer(post_json("{\"f\":[1,2]}"), 503,
                  "{\"status\":\"error\",\"errorType\":\"unavailable\",\"error\":\"it was not done "
                  "within gradient.timeout\"}\n",
                  "late");
    ck_assert_uint_eq(outcomes(GRADIENT_TIMEOUT), 1);
}
END_TEST

static int jobs(void)
{
    int n = -1;
    struct answer a = get(&rig, "/metrics");
    const char *line = strstr(a.body.at, "\nnablad_gradient_jobs ");
    ck_assert_ptr_nonnull(line);
    ck_assert_int_eq(sscanf(line, "\nnablad_gradient_jobs %d", &n), 1);
    answer_fini(&a);
    return n;
}

static void expect_busy(struct answer a)
{
    ck_assert_int_eq(a.status, 503);
    ck_assert_str_eq(header_of(&a, "Retry-After"), "1");
    ck_assert_ptr_nonnull(strstr(a.body.at, "too many gradients at once; try again"));
    answer_fini(&a);
}

/* A body that is still coming holds the one place, a small one does not; the place comes back. */
START_TEST(one_at_a_time)
{
    char *body = malloc(90000);
    struct answer a;
    memset(body, ' ', 90000);
    memcpy(body, "{\"f\":[1,2]}", 11);
    int small = dial(&rig), large = dial(&rig);
    send_some(small, TARGET, JSON, body, 5, 11);
    send_some(large, TARGET, JSON, body, 70000, 90000);
    AWAIT(jobs() == 1);
    expect_busy(post_json("{\"f\":[1,2]}"));
    expect_busy(post(TARGET, JSON, body, 90000));
    int fd = dial(&rig);
    send_some(fd, TARGET, JSON "Expect: 100-continue\r\n", "", 0, 90000);
    hear(fd, &a);
    expect_busy(a);
    close(fd);
    ck_assert_int_eq(send(large, body + 70000, 20000, MSG_NOSIGNAL), 20000);
    hear(large, &a);
    expect_answer(a, 200, NULL, "the large one");
    AWAIT(jobs() == 0);
    expect_answer(post_json("{\"f\":[1,2]}"), 200, DATA("[1,1]"), "after that");
    ck_assert_uint_ge(outcomes(GRADIENT_BUSY), 3);
    close(small);
    close(large);
    free(body);
}
END_TEST

/* One whose length nobody was told holds the place from when it is large; until it goes. */
START_TEST(chunks)
{
    struct buf b = {0};
    int fd = dial(&rig);
    buf_printf(&b, "POST %s HTTP/1.1\r\nHost: x\r\n%sTransfer-Encoding: chunked\r\n\r\n%x\r\n%*s",
               TARGET, JSON, 70000, 70000, "");
    ck_assert_int_eq(send(fd, b.at, b.n, MSG_NOSIGNAL), (ssize_t)b.n);
    AWAIT(jobs() == 1);
    expect_busy(post_json("{\"f\":[1,2]}"));
    close(fd);
    AWAIT(jobs() == 0);
    expect_answer(post_json("{\"f\":[1,2]}"), 200, DATA("[1,1]"), "after that");
    buf_fini(&b);
}
END_TEST

static void start_poor(void)
{
    rig_init(&rig);
    struct http_options o = rig_options(&rig);
    o.max_held_bytes = 200000;
    rig_serve(&rig, &o);
}

static void expect_full(struct answer a, uint64_t times)
{
    ck_assert_int_eq(a.status, 503);
    ck_assert_ptr_nonnull(strstr(a.body.at, "are on their way; try again"));
    ck_assert_uint_eq(counted(&rig.stats.limited[LIMIT_HTTP_MEMORY]), times);
    ck_assert_uint_eq(outcomes(GRADIENT_BUSY), times);
    answer_fini(&a);
}

static unsigned long held_bytes(void)
{
    struct answer a = get(&rig, "/api/v1/status");
    const char *at = strstr(a.body.at, "\"held_bytes\": ");
    ck_assert_ptr_nonnull(at);
    unsigned long n = strtoul(at + strlen("\"held_bytes\": "), NULL, 10);
    answer_fini(&a);
    return n;
}

/* Bodies, what they are read into, and answers: beside another one only what http.max_memory leaves. */
START_TEST(memory_is_shared)
{
    enum { LARGE = 90000, SMALL = 30000 };
    struct answer a;
    char *body = malloc(2 * LARGE);
    memset(body, ' ', 2 * LARGE);
    memcpy(body, "{\"f\":[1,2]}", 11);
    int fd = dial(&rig);
    send_some(fd, TARGET, JSON, body, 70000, LARGE);
    AWAIT(held_bytes() == LARGE);
    expect_full(post(TARGET, JSON, body, 2 * LARGE), 1); /* the body */
    for (int i = 6; i < SMALL; i += 2)
        memcpy(body + i, "1,", 2);
    memcpy(body + SMALL - 4, "7]} ", 4);
    expect_full(post(TARGET, JSON, body, SMALL), 2); /* what its numbers are read into */
    ck_assert_uint_eq(held_bytes(), LARGE);
    ck_assert_int_eq(send(fd, body + 70000, 20000, MSG_NOSIGNAL), 20000);
    hear(fd, &a);
    expect_answer(a, 200, DATA("[1,1]"), "the one that was there first");
    close(fd);
    AWAIT(held_bytes() == 0);
    a = post(TARGET, JSON, body, SMALL); /* alone it may have what it needs */
    ck_assert_int_eq(a.status, 200);
    answer_fini(&a);
    AWAIT(held_bytes() == 0);
    free(body);
}
END_TEST

/* The same of results: a small .npy of many axes would be answered by many times its size. */
START_TEST(results_are_held)
{
    enum { LARGE = 90000, DIMENSIONS = 10 };
    struct answer a;
    char *body = malloc(LARGE), file[16384] = {0};
    memset(body, ' ', LARGE);
    memcpy(body, "{\"f\":[1,2]}", 11);
    int fd = dial(&rig);
    send_some(fd, TARGET, JSON, body, 70000, LARGE);
    AWAIT(held_bytes() == LARGE);
    int n = snprintf(file + 10, 256, "{'descr': '<f8', 'fortran_order': False, 'shape': %s, }\n",
                     "(2, 2, 2, 2, 2, 2, 2, 2, 2, 2)");
    memcpy(file, "\x93NUMPY\x01\x00", 8);
    file[8] = (char)n;
    size_t bytes = (size_t)n + 10 + (sizeof(double) << DIMENSIONS);
    expect_full(post(TARGET, NPY "Accept: application/json\r\n", file, bytes), 1);
    ck_assert_int_eq(send(fd, body + 70000, 20000, MSG_NOSIGNAL), 20000);
    hear(fd, &a);
    expect_answer(a, 200, DATA("[1,1]"), "the one that was there first");
    close(fd);
    AWAIT(held_bytes() == 0);
    a = post(TARGET, NPY "Accept: application/json\r\n", file, bytes);
    ck_assert_int_eq(a.status, 200);
    answer_fini(&a);
    AWAIT(held_bytes() == 0);
    free(body);
}
END_TEST

/* ---- jobs in the queue */

/* Tasks that take every thread of libuv's pool, which all loops of a process share. */
struct holdup {
    uv_loop_t loop;
    uv_work_t tasks[4]; /* the pool's size, unless UV_THREADPOOL_SIZE says otherwise */
    sem_t begun, end;
};

static void wait_for_end(uv_work_t *task)
{
    struct holdup *h = task->data;
    sem_post(&h->begun);
    sem_wait(&h->end);
}

static void hold_up(struct holdup *h)
{
    ck_assert_int_eq(uv_loop_init(&h->loop), 0);
    sem_init(&h->begun, 0, 0);
    sem_init(&h->end, 0, 0);
    for (int i = 0; i < ROWS(h->tasks); i++) {
        h->tasks[i].data = h;
        uv_queue_work(&h->loop, &h->tasks[i], wait_for_end, NULL);
    }
    for (int i = 0; i < ROWS(h->tasks); i++)
        sem_wait(&h->begun);
}

static void let_go(struct holdup *h)
{
    for (int i = 0; i < ROWS(h->tasks); i++)
        sem_post(&h->end);
    uv_run(&h->loop, UV_RUN_DEFAULT);
    ck_assert_int_eq(uv_loop_close(&h->loop), 0);
}

static int send_job(void)
{
    int fd = dial(&rig);
    send_some(fd, TARGET, JSON, "{\"f\":[1,2]}", 11, 11);
    return fd;
}

/* Whatever else is asked is answered meanwhile. */
START_TEST(others_are_answered_meanwhile)
{
    struct holdup h;
    struct answer a;
    hold_up(&h);
    int fd = send_job();
    AWAIT(jobs() == 1);
    expect_answer(get(&rig, "/-/healthy"), 200, NULL, "healthy");
    expect_answer(get(&rig, "/api/v1/rates"), 200, NULL, "rates");
    ck_assert_int_eq(recv(fd, &(char){0}, 1, MSG_DONTWAIT), -1);
    let_go(&h);
    hear(fd, &a);
    expect_answer(a, 200, DATA("[1,1]"), "the job");
    AWAIT(jobs() == 0);
    close(fd);
}
END_TEST

/* A client that goes leaves its job to be done for nobody; then its place is free. */
START_TEST(clients_that_go)
{
    struct holdup h;
    struct linger reset = {.l_onoff = 1};
    hold_up(&h);
    for (int i = 0; i < 4; i++) {
        int fd = send_job();
        if (i % 2 == 0)
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        AWAIT(jobs() == i + 1);
        close(fd);
    }
    let_go(&h);
    AWAIT(jobs() == 0);
    expect_answer(post_json("{\"f\":[1,2]}"), 200, DATA("[1,1]"), "after that");
}
END_TEST

/* The stop waits for jobs, but not past its bound: those that no thread has begun are taken back. */
START_TEST(the_stop_cancels)
{
    struct holdup h;
    struct answer a;
    rig_start(&rig);
    hold_up(&h);
    int fd[3];
    for (int i = 0; i < 3; i++)
        fd[i] = send_job();
    AWAIT(jobs() == 3);
    http_stop(rig.http, 0);
    for (int i = 0; i < 3; i++) {
        hear(fd[i], &a);
        ck_assert(a.status == 503 || a.status == 0);
        answer_fini(&a);
        close(fd[i]);
    }
    ck_assert_uint_eq(outcomes(GRADIENT_CANCELLED), 3);
    let_go(&h);
    rig_stop(&rig);
}
END_TEST

/* The same with threads in the middle of their work: they stop by themselves. */
START_TEST(the_stop_cancels_what_runs)
{
    enum { CLIENTS = 6, BYTES = 900000 };
    char *body = malloc(BYTES);
    int fd[CLIENTS];
    struct answer a;
    rig_init(&rig);
    struct http_options o = rig_options(&rig);
    o.gradient.max_elements = BYTES;
    rig_serve(&rig, &o);
    for (int i = 0; i < BYTES; i += 2)
        memcpy(body + i, "1,", 2);
    memcpy(body, "{\"f\":[", 6);
    memcpy(body + BYTES - 4, "7]} ", 4);
    for (int i = 0; i < CLIENTS; i++) {
        fd[i] = dial(&rig);
        send_some(fd[i], TARGET, JSON, body, BYTES, BYTES);
    }
    AWAIT(jobs() > 0);
    http_stop(rig.http, 0);
    for (int i = 0; i < CLIENTS; i++) {
        hear(fd[i], &a);
        ck_assert(a.status == 200 || a.status == 503 || a.status == 0);
        answer_fini(&a);
        close(fd[i]);
    }
    rig_stop(&rig);
    free(body);
}
END_TEST

/* What had been asked before the stop is answered within its time. */
START_TEST(the_stop_answers)
{
    struct answer a;
    rig_start(&rig);
    int fd = send_job();
    AWAIT(outcomes(GRADIENT_OK) == 1 || jobs() == 1);
    http_stop(rig.http, PATIENCE_S * S);
    hear(fd, &a);
    expect_answer(a, 200, DATA("[1,1]"), "before the stop");
    close(fd);
    rig_stop(&rig);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("http/gradient");
    static const struct {
        const char *name;
        void (*start)(void);
    } cases[] = {
        {"plain", start}, {"narrow", start_narrow}, {"late", start_late}, {"poor", start_poor}};
    TCase *tc[ROWS(cases)], *own = tcase_create("own");
    for (int i = 0; i < ROWS(cases); i++) {
        tc[i] = tcase_create(cases[i].name);
        tcase_set_timeout(tc[i], 200);
        tcase_add_checked_fixture(tc[i], cases[i].start, stop);
        suite_add_tcase(s, tc[i]);
    }
    tcase_add_loop_test(tc[0], answer_row, 0, ROWS(rows));
    tcase_add_test(tc[0], other_methods);
    tcase_add_test(tc[0], hostile_headers);
    tcase_add_test(tc[0], large_answers);
    tcase_add_test(tc[0], others_are_answered_meanwhile);
    tcase_add_test(tc[0], clients_that_go);
    tcase_add_test(tc[1], limits);
    tcase_add_test(tc[1], one_at_a_time);
    tcase_add_test(tc[1], chunks);
    tcase_add_test(tc[2], late);
    tcase_add_test(tc[3], memory_is_shared);
    tcase_add_test(tc[3], results_are_held);
    tcase_set_timeout(own, 200);
    tcase_add_test(own, the_stop_answers);
    tcase_add_test(own, the_stop_cancels);
    tcase_add_test(own, the_stop_cancels_what_runs);
    suite_add_tcase(s, own);
    return s;
}
