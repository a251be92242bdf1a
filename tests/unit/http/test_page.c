/* The page's files as they are served, with two of the test's own in the place of the real ones: which form a
 * client gets, when it is told that it has the newest, and who gets the list of links instead. */
#include "http/page_files.h"

#include "rig.h"

#define HTML   "<!DOCTYPE html><title>page page page page page page page</title>"
#define SCRIPT "'use strict';"

/* gzip -9n of these */
static const unsigned char html[] = {
    31,  139, 8,   0,   0,   0,   0,   0,   2,  3,   179, 81,  116, 241, 119, 14, 137, 12,
    112, 85,  200, 40,  201, 205, 177, 179, 41, 201, 44,  201, 73,  181, 43,  72, 76,  79,
    85,  192, 75,  216, 232, 67,  84,  2,   0,  250, 2,   33,  117, 64,  0,   0,  0};
static const unsigned char script[] = {31,  139, 8,  0,  0,   0,   0,  0,   2,  3,  83,
                                       47,  45,  78, 85, 40,  46,  41, 202, 76, 46, 81,
                                       183, 6,   0,  51, 156, 250, 86, 13,  0,  0,  0};

/* Linked before the room's, which are then left out. */
const struct page_file page_files[] = {
    {"index.html", "text/html; charset=utf-8", "\"1a\"", html, sizeof html, sizeof HTML - 1},
    {"app.js", "text/javascript; charset=utf-8", "\"2b\"", script, sizeof script,
     sizeof SCRIPT - 1}};
const uint32_t page_files_n = 2;

static struct rig rig;

static void start(void)
{
    rig_start(&rig);
}

static void stop(void)
{
    rig_stop(&rig);
}

#define BROWSER "Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n"
#define GZIP    "Accept-Encoding: gzip, deflate, br\r\n"

static const struct row {
    const char *label, *method, *target, *headers;
    int status;
    const char *body; /* NULL: another test's */
    const char *type, *coding, *tag, *length;
} rows[] = {
    {"the document", "GET", "/", BROWSER, 200, HTML, "text/html; charset=utf-8", NULL, "\"1a\"",
     "64"},
    {"whatever view", "GET", "/?view=series&match=a%7Bb%3D%22c%22%7D", BROWSER, 200, HTML,
     "text/html; charset=utf-8", NULL, "\"1a\"", "64"},
    {"packed", "GET", "/", BROWSER GZIP, 200, NULL, "text/html; charset=utf-8", "gzip", "\"1a\"",
     NULL},
    {"packed is not wanted", "GET", "/", BROWSER "Accept-Encoding: gzip;q=0\r\n", 200, HTML,
     "text/html; charset=utf-8", NULL, "\"1a\"", "64"},
    {"HEAD", "HEAD", "/", BROWSER, 200, "", "text/html; charset=utf-8", NULL, "\"1a\"", "64"},
    {"a file", "GET", "/page/app.js", "", 200, SCRIPT, "text/javascript; charset=utf-8", NULL,
     "\"2b\"", "13"},
    {"HEAD of a file", "HEAD", "/page/app.js", "", 200, "", "text/javascript; charset=utf-8", NULL,
     "\"2b\"", "13"},
    {"known", "GET", "/page/app.js", "If-None-Match: \"2b\"\r\n", 304, "", NULL, NULL, "\"2b\"",
     "0"},
    {"known among others", "GET", "/page/app.js", GZIP "If-None-Match: \"9\", W/\"2b\"\r\n", 304,
     "", NULL, NULL, "\"2b\"", "0"},
    {"any will do", "GET", "/", BROWSER "If-None-Match: *\r\n", 304, "", NULL, NULL, "\"1a\"", "0"},
    {"HEAD of what is known", "HEAD", "/", BROWSER "If-None-Match: \"1a\"\r\n", 304, "", NULL, NULL,
     "\"1a\"", "0"},
    {"another is known", "GET", "/page/app.js", "If-None-Match: \"1a\", \"2bc\"\r\n", 200, SCRIPT,
     NULL, NULL, "\"2b\"", "13"},
    {"no such file", "GET", "/page/app", "", 404, NULL, "application/json; charset=utf-8", NULL,
     NULL, NULL},
    {"the document has no name", "GET", "/page/index.html", "", 404, NULL, NULL, NULL, NULL, NULL},
    {"POST", "POST", "/page/app.js", "Content-Length: 0\r\n", 405, NULL, NULL, NULL, NULL, NULL},
};

static void expect_header(const struct answer *a, const char *name, const char *want,
                          const char *label)
{
    const char *got = header_of(a, name);
    ck_assert_msg(want == NULL ? got == NULL : got != NULL && strcmp(got, want) == 0,
                  "%s: %s is %s, not %s", label, name, got ? got : "none", want ? want : "none");
}

START_TEST(row)
{
    const struct row *r = &rows[_i];
    struct answer a = ask_with(&rig, r->method, r->target, r->headers, NULL);
    expect_header(&a, "ETag", r->tag, r->label);
    expect_header(&a, "Content-Encoding", r->coding, r->label);
    if (r->type != NULL)
        expect_header(&a, "Content-Type", r->type, r->label);
    if (r->length != NULL)
        expect_header(&a, "Content-Length", r->length, r->label);
    if (r->tag != NULL) {
        expect_header(&a, "Cache-Control", "no-cache", r->label);
        expect_header(&a, "Vary", "Accept, Accept-Encoding", r->label);
        expect_header(&a, "X-Content-Type-Options", "nosniff", r->label);
        expect_header(&a, "Referrer-Policy", "no-referrer", r->label);
        const char *policy = header_of(&a, "Content-Security-Policy");
        ck_assert_msg(strncmp(policy, "default-src 'none'; ", 20) == 0, "%s: %s", r->label, policy);
        ck_assert_msg(strstr(policy, "unsafe") == NULL, "%s: %s", r->label, policy);
    }
    if (a.body.n == 0)
        buf_char(&a.body, '\0');
    expect_answer(a, r->status, r->body, r->label);
}
END_TEST

START_TEST(packed_as_it_lies)
{
    struct answer a = ask_with(&rig, "GET", "/", BROWSER GZIP, NULL);
    ck_assert_uint_eq(a.body.n, sizeof html + 1); /* the rig's NUL */
    ck_assert_mem_eq(a.body.at, html, sizeof html);
    answer_fini(&a);
}
END_TEST

START_TEST(others_get_the_list)
{
    static const char *const accepts[] = {"", "Accept: */*\r\n", "Accept: application/json\r\n"};
    for (size_t i = 0; i < sizeof accepts / sizeof *accepts; i++) {
        struct answer a = ask_with(&rig, "GET", "/", accepts[i], NULL);
        ck_assert_int_eq(a.status, 200);
        ck_assert_msg(strstr(a.body.at, "href=\"/metrics\"") != NULL, "%s", accepts[i]);
        answer_fini(&a);
    }
}
END_TEST

START_TEST(is_counted)
{
    uint64_t before = counted(&rig.stats.http_bytes);
    expect_answer(get(&rig, "/page/app.js"), 200, SCRIPT, "file");
    ck_assert_uint_eq(counted(&rig.stats.http_bytes) - before, strlen(SCRIPT));
    expect_answer(ask_with(&rig, "HEAD", "/page/app.js", "", NULL), 200, NULL, "HEAD");
    ck_assert_uint_eq(counted(&rig.stats.http_bytes) - before, strlen(SCRIPT));
    ck_assert_uint_eq(counted(&rig.stats.http_requests[HTTP_PAGE][HTTP_2XX]), 2);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("http/page");
    TCase *tc = tcase_create("files");
    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, start, stop);
    tcase_add_loop_test(tc, row, 0, sizeof rows / sizeof *rows);
    tcase_add_test(tc, packed_as_it_lies);
    tcase_add_test(tc, others_get_the_list);
    tcase_add_test(tc, is_counted);
    suite_add_tcase(s, tc);
    return s;
}
