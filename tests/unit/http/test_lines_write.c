/* POST /write and /api/v1/lines: good lines are kept, the answer tells the first bad one; cutting the body anywhere changes
 * nothing; a body that unpacks to very much neither stops the loop nor passes the limit. */
#include "http/gzip.h"
#include "rig.h"

static uint64_t lines_of(const struct rig *rig)
{
    return counted(&rig->stats.lines);
}

static const struct row {
    const char *label, *target, *headers, *body;
    int status;
    const char *answer; /* NULL: none */
    unsigned series;
} rows[] = {
    {"plain", "/write?db=x", "", "a value=1 1\nb value=2 2\n", 204, NULL, 2},
    {"without the last LF", "/write", "", "a value=1 1\nb value=2 2", 204, NULL, 2},
    {"CR LF", "/write", "", "a value=1 1\r\nb value=2 2\r\n", 204, NULL, 2},
    {"nothing", "/write", "", "", 204, NULL, 0},
    {"comments", "/write", "", "# a\n\n", 204, NULL, 0},
    {"strings are no fault", "/write", "", "a text=\"x\",value=1 1", 204, NULL, 1},
    {"a bad line of three", "/write", "", "a value=1 1\nb value=\nc value=3 3", 400,
     "{\"error\":\"partial write: unable to parse 'b value=': line 2, byte 8: the value is not a "
     "number dropped=1\"}\n",
     2},
    {"the first of two", "/write", "", "# x\n\na\nb value=\nc value=3 3", 400,
     "{\"error\":\"partial write: unable to parse 'a': line 3, byte 1: the line does not have its "
     "format's shape dropped=2\"}\n",
     1},
    {"for version 2", "/api/v2/write?org=o&bucket=b", "", "a value=1 1\nb value=", 400,
     "{\"code\":\"invalid\",\"message\":\"partial write: unable to parse 'b value=': line 2, byte "
     "8: "
     "the value is not a number dropped=1\",\"line\":2}\n",
     1},
    {"refused by the table", "/write?precision=h", "", "a value=1 1000000\nb value=1", 400,
     "{\"error\":\"partial write: the timestamp is further ahead of this machine's clock than "
     "max_future dropped=1\"}\n",
     1},
    {"an unknown precision", "/write?precision=d", "", "a value=1 1", 400,
     "{\"error\":\"the precision is none of n, ns, u, us, ms, s, m and h\"}\n", 0},
    {"a bad query", "/write?precision=%zz", "", "a value=1 1", 400,
     "{\"error\":\"invalid parameter \\\"precision\\\": a bad %-escape, or not UTF-8\"}\n", 0},
    {"another coding", "/write", "Content-Encoding: br\r\n", "a value=1 1", 415,
     "{\"error\":\"the body's Content-Encoding is neither gzip nor identity\"}\n", 0},
    {"not gzip", "/api/v2/write", "Content-Encoding: gzip\r\n", "a value=1 1", 400,
     "{\"code\":\"invalid\",\"message\":\"the body is not gzip\"}\n", 0},
    {"of all formats", "/api/v1/lines", "",
     "{\"metric\":\"a\",\"value\":1,\"time\":1}\nb value=2 2\nc;site=x 3 3\nd:4|g", 204, NULL, 4},
    {"of one", "/api/v1/lines?format=json", "",
     "{\"metric\":\"a\",\"labels\":{\"s\":\"1\"},\"value\":1}\nb 2 "
     "2\n{\"metric\":\"c\",\"value\":3}",
     400,
     "{\"status\":\"error\",\"errorType\":\"bad_data\",\"error\":\"partial write: unable to parse "
     "'b 2 2': "
     "line 2, byte 0: the line does not have its format's shape dropped=1\",\"line\":2}\n",
     2},
    {"pinned to Influx lines", "/api/v1/lines?format=influx&precision=s", "", "a value=1 1", 204,
     NULL, 1},
    {"pinned to Graphite's", "/api/v1/lines?format=graphite", "", "a 1 1", 204, NULL, 1},
    {"pinned to statsd's", "/api/v1/lines?format=statsd", "", "a:1|g", 204, NULL, 1},
    {"any, said", "/api/v1/lines?format=auto", "", "a 1 1", 204, NULL, 1},
    {"an increment", "/api/v1/lines", "", "a:1|c\nb:2|g\nc:+1|g\nd:3|ms\ne 1", 400,
     "{\"status\":\"error\",\"errorType\":\"bad_data\",\"error\":\"partial write: unable to parse "
     "'a:1|c': "
     "line 1, byte 0: it adds to a series' value, and would again if the request were sent again "
     "dropped=3\",\"line\":1}\n",
     2},
    {"an unknown format", "/api/v1/lines?format=pickle", "", "a 1 1", 400,
     "{\"status\":\"error\",\"errorType\":\"bad_data\",\"error\":\"the format is none of auto, "
     "influx, "
     "graphite, json and statsd\"}\n",
     0},
    {"a format is no word of Influx'", "/write?format=json", "", "a value=1 1", 204, NULL, 1},
    {"too far ahead", "/api/v1/lines?precision=h", "", "a value=1 1000000\nb value=1", 400,
     "{\"status\":\"error\",\"errorType\":\"bad_data\",\"error\":\"partial write: the timestamp is "
     "further "
     "ahead of this machine's clock than max_future dropped=1\"}\n",
     1},
    {"lines in another coding", "/api/v1/lines", "Content-Encoding: br\r\n", "a value=1 1", 415,
     "{\"status\":\"error\",\"errorType\":\"bad_data\",\"error\":\"the body's Content-Encoding is "
     "neither "
     "gzip nor identity\"}\n",
     0},
    {"a form's type is no matter", "/write", "Content-Type: application/x-www-form-urlencoded\r\n",
     "a value=1 1", 204, NULL, 1},
};

START_TEST(write_row)
{
    const struct row *w = &rows[_i];
    struct rig rig;
    rig_start(&rig);
    struct answer a = ask_with(&rig, "POST", w->target, w->headers, w->body);
    bool influx = strncmp(w->target, "/api/v1", 7) != 0;
    const char *version = header_of(&a, "X-Influxdb-Version");
    ck_assert_msg(influx == (version != NULL && strcmp(version, "1.8.0") == 0), "%s", w->label);
    expect_answer(a, w->status, w->answer, w->label);
    ck_assert_msg(table_count(rig.table) == w->series, "%s: %u series", w->label,
                  table_count(rig.table));
    rig_stop(&rig);
}
END_TEST

static const struct precision {
    const char *text;
    int64_t ns;
} precisions[] = {{"", 1},
                  {"?precision=", 1},
                  {"?precision=n", 1},
                  {"?precision=ns", 1},
                  {"?precision=u", 1000},
                  {"?precision=us", 1000},
                  {"?precision=ms", 1000000},
                  {"?precision=s", S},
                  {"?precision=m", 60 * S},
                  {"?precision=h", 3600 * S}};

START_TEST(precision_row)
{
    struct rig rig;
    char target[64], want[64];
    rig_start(&rig);
    snprintf(target, sizeof target, "/write%s", precisions[_i].text);
    expect_answer(ask_with(&rig, "POST", target, "", "a value=1 3"), 204, NULL, target);
    struct answer a = get(&rig, "/api/v1/rates?time=unix");
    snprintf(want, sizeof want, "\"window\": [{\"time\": %.9f,", 3e-9 * (double)precisions[_i].ns);
    ck_assert_msg(strstr(a.body.at, want) != NULL, "%s: no %s in %s", target, want, a.body.at);
    answer_fini(&a);
    rig_stop(&rig);
}
END_TEST

/* One chunk a slice, so that libmicrohttpd hands on no more at a time. */
static int post_chunks(const struct rig *rig, const char *headers, const char *body, size_t n,
                       size_t slice)
{
    struct answer a;
    char head[32];
    int fd = dial(rig);
    say(fd, "POST /write HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n");
    say(fd, headers);
    say(fd, "\r\n");
    for (size_t at = 0; at < n; at += slice) {
        size_t here = n - at < slice ? n - at : slice;
        snprintf(head, sizeof head, "%zx\r\n", here);
        say(fd, head);
        ck_assert_int_eq(send(fd, body + at, here, MSG_NOSIGNAL), (ssize_t)here);
        say(fd, "\r\n");
    }
    say(fd, "0\r\n\r\n");
    hear(fd, &a);
    close(fd);
    int status = a.status;
    answer_fini(&a);
    return status;
}

static const char cut_me[] = "a,x=1 value=1,more=2 1000000000\n# c\nbad\n"
                             "a,x=1 value=3,more=5 2000000000\r\nb value=1";

START_TEST(every_cut)
{
    struct rig rig;
    rig_start(&rig);
    for (size_t slice = 1; slice < sizeof cut_me; slice++) {
        uint64_t before = lines_of(&rig);
        ck_assert_int_eq(post_chunks(&rig, "", cut_me, sizeof cut_me - 1, slice), 400);
        ck_assert_msg(lines_of(&rig) - before == 4, "slices of %zu: %u lines", slice,
                      (unsigned)(lines_of(&rig) - before));
    }
    ck_assert_uint_eq(table_count(rig.table), 3);
    ck_assert_uint_eq(counted(&rig.stats.rejected[CAUSE_SYNTAX]), sizeof cut_me - 1);
    rig_stop(&rig);
}
END_TEST

START_TEST(a_line_too_long)
{
    struct rig rig;
    struct buf body = {0};
    rig_start(&rig);
    buf_text(&body, "a value=1 1\nb,x=");
    for (int i = 0; i < 200000; i++)
        buf_char(&body, 'x');
    buf_text(&body, " value=1\nc value=");
    for (size_t slice = 1000; slice < 400000; slice *= 7) {
        uint64_t before = counted(&rig.stats.rejected[CAUSE_LINE_LENGTH]);
        ck_assert_int_eq(post_chunks(&rig, "", body.at, body.n, slice), 400);
        ck_assert_uint_eq(counted(&rig.stats.rejected[CAUSE_LINE_LENGTH]) - before, 1);
    }
    struct answer a = ask_with(&rig, "POST", "/write", "", "a value=1 1");
    expect_answer(a, 204, NULL, "the next request");
    ck_assert_uint_eq(table_count(rig.table), 1);
    buf_fini(&body);
    rig_stop(&rig);
}
END_TEST

static void pack(struct buf *out, const struct buf *in)
{
    struct gzip *g;
    ck_assert_int_eq(gzip_new(&g), NABLA_OK);
    gzip_add(g, in->at, in->n, true, out);
    gzip_free(g);
}

/* Some megabytes of lines in some kilobytes, more than one turn of the loop takes. */
START_TEST(packed)
{
    struct rig rig;
    struct buf body = {0}, z = {0};
    rig_start(&rig);
    for (int i = 0; i < 100000; i++)
        buf_printf(&body, "a value=%d %d\n", i % 2, i);
    pack(&z, &body);
    const char *gzip = "Content-Encoding: gzip\r\n";
    ck_assert_int_eq(post_chunks(&rig, gzip, z.at, z.n, z.n), 204);
    ck_assert_uint_eq(lines_of(&rig), 100000);
    ck_assert_int_eq(post_chunks(&rig, gzip, z.at, z.n, 1000), 204);
    ck_assert_int_eq(post_chunks(&rig, gzip, z.at, z.n - 1, z.n), 400);
    ck_assert_uint_eq(counted(&rig.stats.rejected[CAUSE_SYNTAX]), 0);
    buf_fini(&body);
    buf_fini(&z);
    rig_stop(&rig);
}
END_TEST

START_TEST(packed_too_much)
{
    struct rig rig;
    struct buf body = {0}, z = {0};
    rig_start(&rig);
    for (int i = 0; i < 5 * 1024 * 1024; i++)
        buf_char(&body, '\n');
    pack(&z, &body);
    ck_assert_int_eq(post_chunks(&rig, "Content-Encoding: gzip\r\n", z.at, z.n, z.n), 413);
    buf_fini(&body);
    buf_fini(&z);
    rig_stop(&rig);
}
END_TEST

START_TEST(too_much)
{
    struct rig rig;
    rig_start(&rig);
    char *body = malloc(1024 * 1024 + 2);
    memset(body, '\n', 1024 * 1024 + 1);
    body[1024 * 1024 + 1] = '\0';
    expect_answer(ask_with(&rig, "POST", "/write", "", body), 413,
                  "{\"error\":\"the body is longer than http.max_body\"}\n", "told");
    ck_assert_int_eq(post_chunks(&rig, "", body, 1024 * 1024 + 1, 65536), 413);
    ck_assert_int_eq(post_chunks(&rig, "", body, 1024 * 1024, 65536), 204);
    free(body);
    rig_stop(&rig);
}
END_TEST

/* The door is counted as a listener is. */
START_TEST(counters)
{
    struct rig rig;
    rig_start(&rig);
    expect_answer(ask_with(&rig, "POST", "/write", "", "a value=1\nb value=2"), 204, NULL, "two");
    const struct listener_stats *door = &rig.stats.listeners[rig.stats.listeners_n - 1];
    ck_assert_msg(strncmp(door->name, "http://127.0.0.1:", 17) == 0, "%s", door->name);
    ck_assert_uint_eq(counted(&door->lines), 2);
    ck_assert_uint_eq(counted(&door->bytes), 19);
    ck_assert_uint_eq(counted(&rig.stats.samples), 2);
    ck_assert_uint_eq(counted(&door->connections), 1);
    rig_stop(&rig);
}
END_TEST

static const struct asked {
    const char *label, *target;
    int status;
    const char *body; /* a part of the answer */
} queries[] = {
    {"ping", "/ping", 204, ""},
    {"ping, verbose", "/ping?verbose=true", 200, "{\"version\":\"1.8.0\"}\n"},
    {"ping, not verbose", "/ping?verbose=false", 204, ""},
    {"health", "/health", 200, "\"status\":\"pass\""},
    {"create", "/query?q=CREATE+DATABASE+telegraf", 200, "{\"results\":[{\"statement_id\":0}]}\n"},
    {"quoted", "/query?q=create%20database%20%22a%20b%22%20with%20duration%201d", 200,
     "{\"results\":[{\"statement_id\":0}]}\n"},
    {"show", "/query?q=SHOW+DATABASES", 200,
     "{\"results\":[{\"statement_id\":0,\"series\":[{\"name\":\"databases\",\"columns\":[\"name\"],"
     "\"values\":[[\"nabla\"]]}]}]}\n"},
    {"created, then shown", "/query?q=CREATE+DATABASE+x;%0ASHOW+DATABASES;", 200,
     "\"values\":[[\"nabla\"],[\"x\"]]"},
    {"created twice", "/query?q=CREATE+DATABASE+x;CREATE+DATABASE+x;SHOW+DATABASES", 200,
     "\"values\":[[\"nabla\"],[\"x\"]]"},
    {"policies", "/query?q=SHOW+RETENTION+POLICIES+ON+x&db=x", 200, "\"autogen\""},
    {"no name", "/query?q=CREATE+DATABASE", 400, "{\"error\":\"nablad stores no points"},
    {"an empty name", "/query?q=CREATE+DATABASE+%22%22", 200, "\"error\":\"invalid name\""},
    {"another", "/query?q=SELECT+*+FROM+a", 400, "{\"error\":\"nablad stores no points"},
    {"nothing", "/query?q=", 400, "{\"error\""},
    {"no query", "/query", 400, "{\"error\""},
    {"too many",
     "/query?q=show+databases;show+databases;show+databases;show+databases;show+databases;"
     "show+databases;show+databases;show+databases;show+databases;show+databases;show+databases;"
     "show+databases;show+databases;show+databases;show+databases;show+databases;show+databases",
     400, "{\"error\""},
};

START_TEST(query_row)
{
    struct rig rig;
    rig_start(&rig);
    rig.ready = true;
    struct answer a = get(&rig, queries[_i].target);
    ck_assert_msg(strstr(a.body.at, queries[_i].body) != NULL, "%s: %s", queries[_i].label,
                  a.body.at);
    expect_answer(a, queries[_i].status, NULL, queries[_i].label);
    rig_stop(&rig);
}
END_TEST

START_TEST(not_ready)
{
    struct rig rig;
    rig_start(&rig);
    struct answer a = get(&rig, "/health");
    ck_assert_msg(strstr(a.body.at, "\"status\":\"fail\"") != NULL, "%s", a.body.at);
    expect_answer(a, 503, NULL, "health");
    rig_stop(&rig);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("lines_write");
    TCase *c = tcase_create("lines_write");
    tcase_set_timeout(c, 120);
    tcase_add_loop_test(c, write_row, 0, ROWS(rows));
    tcase_add_loop_test(c, precision_row, 0, ROWS(precisions));
    tcase_add_test(c, every_cut);
    tcase_add_test(c, a_line_too_long);
    tcase_add_test(c, packed);
    tcase_add_test(c, packed_too_much);
    tcase_add_test(c, too_much);
    tcase_add_test(c, counters);
    tcase_add_loop_test(c, query_row, 0, ROWS(queries));
    tcase_add_test(c, not_ready);
    suite_add_tcase(s, c);
    return s;
}
