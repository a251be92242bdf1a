/* The resources, through a whole server: what each answers, and what a request that is not right
 * gets. */
#include "rig.h"

#define OPEN  "{\"status\":\"success\",\"data\":["
#define CLOSE "\n]}\n"
#define ERROR(type, text)                                                                          \
    "{\"status\":\"error\",\"errorType\":\"" type "\",\"error\":\"" text "\"}\n"

static struct rig rig;

static void stop(void)
{
    rig_stop(&rig);
}

/* Three samples, two, one; and a name that exposition does not allow. */
static void start(void)
{
    rig_start(&rig);
    rig_put_line(&rig, "temperature;site=a;sensor=s1", 0.5);
    rig_put_line(&rig, "temperature;site=b;sensor=s2", -2);
    rig_put_line(&rig, "plant-03.level;site=a", 1);
    rig_put(&rig, "two;site=a", T0, 1);
    rig_put(&rig, "two;site=a", T0 + S, 4);
    rig_put(&rig, "one;site=a", T0, 7);
}

/* The names in the order of an answer's lines: "temperature/s1 two/- ..." */
static void names_of(const struct answer *a, char *out, size_t room)
{
    out[0] = '\0';
    for (const char *p = a->body.at; (p = strstr(p, "{\"__name__\": \"")) != NULL; p++) {
        p += strlen("{\"__name__\": \"");
        size_t used = strlen(out);
        const char *end = strchr(p, '}'), *sensor = strstr(p, "\"sensor\": \"");
        const char *name = sensor != NULL && sensor < end ? sensor + strlen("\"sensor\": \"") : p;
        snprintf(out + used, room - used, "%s%.*s", used ? " " : "", (int)strcspn(name, "\""),
                 name);
    }
}

static const struct list_row {
    const char *target, *names; /* names: sorted if the target does not sort */
} lists[] = {
    {"/api/v1/rates?sort=-rate&limit=3", "plant-03.level s1 s2"},
    {"/api/v1/rates?sort=rate&limit=3", "s2 s1 plant-03.level"},
    {"/api/v1/rates?sort=rate&match[]=temperature&match[]=two", "s2 s1 two"}, /* unknown: last */
    {"/api/v1/rates?sort=-rate&match[]=temperature&match[]=two", "s1 s2 two"},
    {"/api/v1/rates?sort=-edge", "two plant-03.level s1 s2 one"},
    {"/api/v1/rates?sort=edge", "s2 s1 plant-03.level two one"},
    {"/api/v1/rates?sort=value", "s2 s1 plant-03.level two one"},
    {"/api/v1/rates?sort=-value", "one two plant-03.level s1 s2"},
    {"/api/v1/rates?sort=name", "one plant-03.level s1 s2 two"},
    {"/api/v1/rates?sort=-name", "two s2 s1 plant-03.level one"},
    {"/api/v1/rates?sort=-rate&limit=2", "plant-03.level s1"},
    {"/api/v1/rates?sort=name&state=warming", "one"},
    {"/api/v1/rates?sort=name&state=ok,warming", "one plant-03.level s1 s2 two"},
    {"/api/v1/rates?sort=name&state=stale", ""},
    {"/api/v1/rates?sort=-magnitude&limit=3", "s2 plant-03.level s1"},
    {"/api/v1/rates?sort=magnitude&limit=2", "s1 plant-03.level"},
    {"/api/v1/rates?sort=-significance&limit=3", "s2 plant-03.level s1"}, /* none has an error */
    {"/api/v1/rates?sort=-significance&limit=1", "s2"},
    {"/api/v1/rates?sort=eta&limit=1&match[]=one", "one"}, /* it has none */
    {"/api/v1/rates?sort=name&offset=0&limit=2", "one plant-03.level"},
    {"/api/v1/rates?sort=name&offset=2&limit=2", "s1 s2"},
    {"/api/v1/rates?sort=name&offset=4&limit=2", "two"},
    {"/api/v1/rates?sort=name&offset=5&limit=2", ""},
    {"/api/v1/rates?sort=name&offset=4294967296&limit=2", ""},
    {"/api/v1/rates?sort=-name&offset=1&limit=2", "s2 s1"},
    {"/api/v1/rates?sort=-value&offset=1", "two plant-03.level s1 s2"},
    {"/api/v1/rates?sort=rate&offset=1&limit=1", "s1"},
    {"/api/v1/rates?match[]=temperature&offset=2", ""},
    {"/api/v1/rates?sort=name&match[]=temperature", "s1 s2"},
    {"/api/v1/rates?sort=name&match%5B%5D=%7Bsite%3D%22a%22%7D", "one plant-03.level s1 two"},
    {"/api/v1/rates?sort=name&match[]=one&match[]=two", "one two"},
    {"/api/v1/rates?sort=name&match[]=temperature%7Bsensor%3D~%22s%5B2-9%5D%22%7D", "s2"},
    {"/api/v1/rates?match[]=one&unknown=ignored", "one"},
    {"http://anywhere/api/v1/rates?match[]=one", "one"},
    {"/api/v1/series?match[]=one", "one"},
    {"/api/v1/series?match[]=%7Bsite%3D%22b%22%7D&start=1&end=2",
     "s2 s2"}, /* as it is, and as a rate */
    {"/api/v1/series?match[]=nothing", ""},
};

START_TEST(list_row)
{
    char names[512];
    struct answer a = get(&rig, lists[_i].target);
    ck_assert_msg(a.status == 200, "%s: %d %s", lists[_i].target, a.status, a.body.at);
    ck_assert_ptr_nonnull(strstr(a.body.at, OPEN));
    names_of(&a, names, sizeof names);
    ck_assert_msg(strcmp(names, lists[_i].names) == 0, "%s: %s", lists[_i].target, names);
    ck_assert_str_eq(header_of(&a, "Content-Type"), "application/json; charset=utf-8");
    ck_assert_str_eq(header_of(&a, "Cache-Control"), "no-store");
    ck_assert_str_eq(header_of(&a, "X-Content-Type-Options"), "nosniff");
    answer_fini(&a);
}
END_TEST

static const struct exact_row {
    const char *target;
    int status;
    const char *body;
} exact[] = {
    {"/api/v1/labels", 200, OPEN "\n\"__name__\",\n\"sensor\",\n\"site\"" CLOSE},
    {"/api/v1/labels?match[]=one", 200, OPEN "\n\"__name__\",\n\"site\"" CLOSE},
    {"/api/v1/labels?limit=1", 200, OPEN "\n\"__name__\"" CLOSE},
    {"/api/v1/labels?match[]=nothing", 200, OPEN CLOSE},
    {"/api/v1/label/site/values", 200, OPEN "\n\"a\",\n\"b\"" CLOSE},
    {"/api/v1/label/si%74e/values?match[]=one", 200, OPEN "\n\"a\"" CLOSE},
    {"/api/v1/label/__name__/values", 200,
     OPEN "\n\"one\",\n\"plant-03.level\",\n\"plant_03_level\",\n\"plant_03_level_per_second\""
          ",\n\"temperature\",\n\"temperature_per_second\",\n\"two\"" CLOSE},
    {"/api/v1/label/__name__/values?exposed=0", 200,
     OPEN "\n\"one\",\n\"plant-03.level\",\n\"temperature\",\n\"two\"" CLOSE},
    {"/api/v1/labels?exposed=0&match[]=two", 200, OPEN "\n\"__name__\",\n\"site\"" CLOSE},
    {"/api/v1/label/absent/values", 200, OPEN CLOSE},
    {"/api/v1/rates?match[]=nothing&offset=0", 200, OPEN "\n],\"total\":0}\n"},
    {"/api/v1/rates?match[]=temperature&offset=7", 200, OPEN "\n],\"total\":2}\n"},
    {"/api/v1/rates?match[]=temperature&offset=7&sort=name", 200, OPEN "\n],\"total\":2}\n"},
    {"/api/v1/rates?offset=x", 400,
     ERROR("bad_data", "invalid parameter \\\"offset\\\": \\\"x\\\" is not a number of series")},
    {"/api/v1/series?match[]=temperature%7Bsensor=%22s1%22%7D", 200,
     OPEN "\n{\"__name__\": \"temperature\", \"sensor\": \"s1\", \"site\": \"a\"}" CLOSE},
    {"/-/healthy", 200, "nablad is healthy.\n"},
    {"/-/ready", 503, "nablad is not ready.\n"},
    {"/nowhere", 404, ERROR("not_found", "there is nothing here; / says what there is")},
    {"/api/v1/rates/", 404, ERROR("not_found", "there is nothing here; / says what there is")},
    {"/api/v1/label//values", 404,
     ERROR("not_found", "there is nothing here; / says what there is")},
    {"/api/v1/label/a/b/values", 404,
     ERROR("not_found", "there is nothing here; / says what there is")},
    {"/api/v1/label/values", 404,
     ERROR("not_found", "there is nothing here; / says what there is")},
    {"/api/v1/label/%ff/values", 400,
     ERROR("bad_data", "the label's name has a bad %-escape or is not UTF-8")},
    {"/-/reload", 405, ERROR("bad_data", "this resource does not take that method; see Allow")},
    {"/api/v1/series", 400, ERROR("bad_data", "no match[] parameter provided")},
    {"/api/v1/rates?limit=many", 400,
     ERROR("bad_data", "invalid parameter \\\"limit\\\": \\\"many\\\" is not a number of series, 0 "
                       "for no limit")},
    {"/api/v1/rates?sort=%ff", 400,
     ERROR("bad_data", "invalid parameter \\\"sort\\\": a bad %-escape, or not UTF-8")},
    {"/api/v1/rates?sort=%4", 400,
     ERROR("bad_data", "invalid parameter \\\"sort\\\": a bad %-escape, or not UTF-8")},
};

START_TEST(exact_row)
{
    expect_answer(get(&rig, exact[_i].target), exact[_i].status, exact[_i].body, exact[_i].target);
}
END_TEST

static const char *const bad_targets[] = {
    "/api/v1/rates?match[]=%7B",
    "/api/v1/rates?state=x",
    "/api/v1/rates?sort=x",
    "/api/v1/rates?time=x",
    "/api/v1/labels?match[]=a%7Bb=~%22(%22%7D",
    "/api/v1/stream?match[]=%7B",
    "/metrics?timestamps=x",
    "/api/v1/series?match[]=%7B%7D",
};

START_TEST(bad_parameters)
{
    struct answer a = get(&rig, bad_targets[_i]);
    ck_assert_msg(a.status == 400, "%s: %d", bad_targets[_i], a.status);
    ck_assert_ptr_nonnull(
        strstr(a.body.at,
               "{\"status\":\"error\",\"errorType\":\"bad_data\",\"error\":\"invalid parameter "));
    answer_fini(&a);
}
END_TEST

START_TEST(reading)
{
    struct answer a = get(&rig, "/api/v1/rates?match[]=temperature%7Bsite=%22a%22%7D&time=unix");
    const char *want = OPEN
        "\n{\"metric\": {\"__name__\": \"temperature\", \"sensor\": \"s1\", \"site\": \"a\"}, "
        "\"state\": \"ok\", \"unit\": \"1/s\", "
        "\"rate\": {\"time\": 1700000001.000000000, \"value\": 0.5, \"order\": 2}, "
        "\"edge\": {\"time\": 1700000002.000000000, \"value\": 0.5, \"order\": 1}, \"accel\": 0, "
        "\"window\": [{\"time\": 1700000000.000000000, \"value\": 0}, "
        "{\"time\": 1700000001.000000000, \"value\": 0.5}, "
        "{\"time\": 1700000002.000000000, \"value\": 1}], \"age\": ";
    ck_assert_msg(strncmp(a.body.at, want, strlen(want)) == 0, "%s\n  not %s", a.body.at, want);
    answer_fini(&a);
}
END_TEST

START_TEST(forms)
{
    static const char form[] = "Content-Type: application/x-www-form-urlencoded\r\n";
    char names[64];
    struct answer a = ask_with(&rig, "POST", "/api/v1/rates?sort=name", form, "match[]=one&x=y");
    ck_assert_int_eq(a.status, 200);
    names_of(&a, names, sizeof names);
    ck_assert_str_eq(names, "one");
    answer_fini(&a);
    a = ask_with(&rig, "POST", "/api/v1/series?match[]=two", "", NULL); /* no body at all */
    ck_assert_int_eq(a.status, 200);
    answer_fini(&a);
    expect_answer(ask_with(&rig, "POST", "/api/v1/label/site/values",
                           "Content-Type: application/x-www-form-urlencoded; charset=utf-8\r\n",
                           "match[]=one"),
                  200, OPEN "\n\"a\"" CLOSE, "charset");
    a = ask_with(&rig, "POST", "/api/v1/series", "Content-Type: application/json\r\n", "{}");
    ck_assert_int_eq(a.status, 415);
    answer_fini(&a);
    a = ask_with(&rig, "POST", "/api/v1/series", form, "match[]=%zz");
    ck_assert_int_eq(a.status, 400);
    answer_fini(&a);
}
END_TEST

/* As long as allowed, one byte more, and much more. */
START_TEST(long_forms)
{
    static const struct {
        size_t n;
        int status;
    } rows[] = {{64 * 1024, 200}, {64 * 1024 + 1, 413}, {8 * 1024 * 1024, 413}};
    for (int i = 0; i < ROWS(rows); i++) {
        char *body = malloc(rows[i].n + 1);
        memset(body, 'x', rows[i].n);
        memcpy(body, "match[]=one&", 12);
        body[rows[i].n] = '\0';
        struct answer a = ask_with(&rig, "POST", "/api/v1/series",
                                   "Content-Type: application/x-www-form-urlencoded\r\n", body);
        ck_assert_msg(a.status == rows[i].status, "%zu bytes: %d", rows[i].n, a.status);
        answer_fini(&a);
        free(body);
    }
}
END_TEST

START_TEST(methods)
{
    static const struct {
        const char *method, *target, *allow;
    } rows[] = {{"DELETE", "/api/v1/rates", "GET, HEAD, POST"},
                {"PUT", "/api/v1/labels", "GET, HEAD, POST"},
                {"POST", "/metrics", "GET, HEAD"},
                {"OPTIONS", "/", "GET, HEAD"},
                {"GET", "/-/reload", "POST, PUT"}};
    for (int i = 0; i < ROWS(rows); i++) {
        struct answer a = ask_with(&rig, rows[i].method, rows[i].target, "", NULL);
        ck_assert_msg(a.status == 405, "%s %s: %d", rows[i].method, rows[i].target, a.status);
        ck_assert_str_eq(header_of(&a, "Allow"), rows[i].allow);
        answer_fini(&a);
    }
}
END_TEST

/* The status of GET and no body: what follows is the next answer, or the end. */
START_TEST(head_then_get)
{
    static const char *const targets[] = {"/api/v1/rates",  "/api/v1/rates?sort=name",
                                          "/api/v1/labels", "/metrics",
                                          "/-/healthy",     "/",
                                          "/api/v1/stream", "/nowhere"};
    for (int i = 0; i < ROWS(targets); i++) {
        char text[256];
        struct answer a;
        int fd = dial(&rig);
        snprintf(text, sizeof text,
                 "HEAD %s HTTP/1.1\r\nHost: x\r\n\r\nGET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n",
                 targets[i]);
        say(fd, text);
        hear_head(fd, &a);
        ck_assert_msg(a.status == (strcmp(targets[i], "/nowhere") == 0 ? 404 : 200), "%s: %d",
                      targets[i], a.status);
        bool closes = header_of(&a, "Connection") != NULL;
        answer_fini(&a);
        hear(fd, &a);
        expect_answer(a, closes ? 0 : 200, closes ? NULL : "nablad is healthy.\n", targets[i]);
        close(fd);
    }
}
END_TEST

START_TEST(pipelined)
{
    int fd = dial(&rig);
    struct answer a;
    say(fd, "GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n"
            "POST /api/v1/label/site/values HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n\r\nmatch[]=one"
            "GET /api/v1/label/site/values HTTP/1.1\r\nHost: x\r\n\r\n"
            "GET /-/healthy HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    hear(fd, &a);
    expect_answer(a, 200, "nablad is healthy.\n", "first");
    hear(fd, &a);
    expect_answer(a, 200, OPEN "\n\"a\"" CLOSE, "second");
    hear(fd, &a);
    expect_answer(a, 200, OPEN "\n\"a\",\n\"b\"" CLOSE, "third");
    hear(fd, &a);
    expect_answer(a, 200, "nablad is healthy.\n", "fourth");
    char c;
    ck_assert(!hear_byte(fd, &c));
    close(fd);
}
END_TEST

START_TEST(chunked_form)
{
    int fd = dial(&rig);
    struct answer a;
    say(fd, "POST /api/v1/label/site/values HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n\r\n"
            "6\r\nmatch[\r\n5\r\n]=one\r\n0\r\n\r\n");
    hear(fd, &a);
    expect_answer(a, 200, OPEN "\n\"a\"" CLOSE, "chunked");
    close(fd);
}
END_TEST

START_TEST(ready_and_reload)
{
    rig.ready = true;
    expect_answer(get(&rig, "/-/ready"), 200, "nablad is ready.\n", "ready");
    expect_answer(ask_with(&rig, "POST", "/-/reload", "", NULL), 200,
                  "nablad has reloaded its configuration.\n", "good");
    expect_answer(ask_with(&rig, "PUT", "/-/reload", "", "a body is nothing to it"), 200, NULL,
                  "PUT");
    rig.reload_says = NABLA_EINVAL;
    rig.reload_text = "nablad.yaml:1:2: unknown key \"x\"\n";
    expect_answer(ask_with(&rig, "POST", "/-/reload", "", NULL), 400,
                  ERROR("bad_data", "nablad.yaml:1:2: unknown key \\\"x\\\"\\n"), "bad");
    rig.reload_says = NABLA_EIO;
    expect_answer(ask_with(&rig, "POST", "/-/reload", "", NULL), 500,
                  ERROR("internal", "nablad.yaml:1:2: unknown key \\\"x\\\"\\n"), "no file");
}
END_TEST

START_TEST(home)
{
    struct answer a = get(&rig, "/");
    ck_assert_int_eq(a.status, 200);
    ck_assert_str_eq(header_of(&a, "Content-Type"), "text/html; charset=utf-8");
    ck_assert_ptr_nonnull(strstr(header_of(&a, "Content-Security-Policy"), "default-src 'none'"));
    ck_assert_ptr_nonnull(strstr(a.body.at, "href=\"/metrics\""));
    ck_assert_ptr_null(strstr(a.body.at, "<script"));
    answer_fini(&a);
}
END_TEST

START_TEST(requests_are_counted)
{
    const counter *rates = rig.stats.http_requests[HTTP_RATES];
    for (int i = 0; i < 3; i++)
        expect_answer(get(&rig, "/api/v1/rates"), 200, NULL, "rates");
    expect_answer(get(&rig, "/api/v1/rates?sort=x"), 400, NULL, "bad");
    expect_answer(get(&rig, "/nowhere"), 404, NULL, "nowhere");
    ck_assert_uint_eq(counted(&rates[HTTP_2XX]), 3);
    ck_assert_uint_eq(counted(&rates[HTTP_4XX]), 1);
    ck_assert_uint_eq(counted(&rig.stats.http_requests[HTTP_OTHER][HTTP_4XX]), 1);
    uint64_t before = counted(&rig.stats.http_bytes);
    expect_answer(get(&rig, "/-/healthy"), 200, "nablad is healthy.\n", "healthy");
    ck_assert_uint_eq(counted(&rig.stats.http_bytes) - before, strlen("nablad is healthy.\n"));
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("http/resources");
    TCase *tc = tcase_create("tables");
    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, start, stop);
    tcase_add_loop_test(tc, list_row, 0, ROWS(lists));
    tcase_add_loop_test(tc, exact_row, 0, ROWS(exact));
    tcase_add_loop_test(tc, bad_parameters, 0, ROWS(bad_targets));
    tcase_add_test(tc, reading);
    tcase_add_test(tc, forms);
    tcase_add_test(tc, long_forms);
    tcase_add_test(tc, methods);
    tcase_add_test(tc, head_then_get);
    tcase_add_test(tc, pipelined);
    tcase_add_test(tc, chunked_form);
    tcase_add_test(tc, ready_and_reload);
    tcase_add_test(tc, home);
    tcase_add_test(tc, requests_are_counted);
    suite_add_tcase(s, tc);
    return s;
}
