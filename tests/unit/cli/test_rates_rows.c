/* tests/unit/cli/test_rates_rows.c -- an answer's series as rows, and as JSON again. */
#include "cli/answer.h"
#include "cli/rates.h"

#include <locale.h>
#include <string.h>

#include "suite.h"

static void set_up(void)
{
    ck_assert_ptr_nonnull(setlocale(LC_CTYPE, "C.UTF-8"));
}

static json_t *data_of(const char *items)
{
    struct buf text = {0}, why = {0};
    buf_printf(&text, "{\"status\":\"success\",\"data\":[%s]}", items);
    json_t *data = answer_read(200, text.at, text.n, &why);
    ck_assert_msg(data != NULL, "%.*s", (int)why.n, why.at);
    buf_fini(&text);
    buf_fini(&why);
    return data;
}

#define WINDOW "\"window\":[{\"time\":\"x\",\"value\":1},{\"time\":\"y\",\"value\":21.4370001}]"

static const struct row {
    const char *label, *series, *line; /* the first row */
} rows[] = {
    {"all there",
     "{\"metric\":{\"__name__\":\"temp\",\"site\":\"a\"},\"state\":\"ok\",\"unit\":\"1/s\","
     "\"rate\":{\"value\":0.0125},\"edge\":{\"value\":-3},\"accel\":6e-05,\"age\":0.55," WINDOW "}",
     "temp{site=\"a\"}  21.437  0.0125  1/s     -3  6e-05  ok     0.5s"},
    {"warming",
     "{\"metric\":{\"__name__\":\"t\"},\"state\":\"warming\",\"unit\":\"1/h\",\"rate\":null,"
     "\"edge\":null,\"accel\":null,\"window\":[{\"value\":null}],\"age\":null}",
     "t           -     -  1/h      -      -  warming  -"},
    {"a name that is no identifier", "{\"metric\":{\"__name__\":\"plant-03.t\",\"s\":\"1\"}}",
     "{__name__=\"plant-03.t\",s=\"1\"}      -     -  -        -      -  -      -"},
    {"hostile", "{\"metric\":{\"__name__\":\"t\",\"s\":\"\\u001b[2J\\n\\u202e\\\"\\u0000\"}}",
     "t{s=\"\\x1b[2J\\n\\u202e\\\"\\x00\"}      -     -  -        -      -  -      -"},
    {"a name with a NUL", "{\"metric\":{\"__name__\":\"t\\u0000x\"}}",
     "{__name__=\"t\\x00x\"}      -     -  -        -      -  -      -"},
    {"hostile elsewhere", "{\"metric\":{},\"state\":\"\\u001bc\",\"unit\":7,\"age\":1e300}",
     "{}          -     -  -        -      -  \\x1bc  -"},
    {"no series at all", "7", "{}          -     -  -        -      -  -      -"},
    {"too large for 64 bits", "{\"metric\":{\"__name__\":\"t\"},\"accel\":100000000000000000000}",
     "t           -     -  -        -  1e+20  -      -"},
};

START_TEST(row)
{
    const struct row *r = &rows[_i];
    struct grid g;
    struct grid_layout layout;
    struct buf line = {0};
    json_t *data = data_of(r->series);
    rates_grid_init(&g);
    ck_assert_uint_eq(rates_fill(&g, data, false, 10), 1);
    ck_assert_uint_eq(grid_rows(&g), 1);
    grid_fit(&g, 1, GRID_ANY_WIDTH, &layout);
    grid_row(&g, &layout, 0, &line);
    buf_char(&line, '\0');
    ck_assert_msg(strcmp(line.at, r->line) == 0, "%s:\n%s\n%s", r->label, line.at, r->line);
    json_decref(data);
    grid_fini(&g);
    buf_fini(&line);
}
END_TEST

#define RATED(name, rate) "{\"metric\":{\"__name__\":\"" name "\"},\"rate\":" rate "}"

START_TEST(fastest_first)
{
    static const char *const expected[] = {"down", "up", "level", "still", "none"};
    json_t *data = data_of(RATED("none", "null") "," RATED("level", "{\"value\":2}") "," RATED(
        "still", "{\"value\":0}") "," RATED("down", "{\"value\":-9}") "," RATED("up",
                                                                                "{\"value\":3}"));
    for (size_t limit = 0; limit <= 6; limit++) {
        struct grid g;
        rates_grid_init(&g);
        ck_assert_uint_eq(rates_fill(&g, data, true, limit), 5);
        ck_assert_uint_eq(grid_rows(&g), limit < 5 ? limit : 5);
        struct grid_layout layout;
        grid_fit(&g, grid_rows(&g), GRID_ANY_WIDTH, &layout);
        for (uint32_t i = 0; i < grid_rows(&g); i++) {
            struct buf line = {0};
            grid_row(&g, &layout, i, &line);
            ck_assert_msg(strncmp(line.at, expected[i], strlen(expected[i])) == 0, "%.*s",
                          (int)line.n, line.at);
            buf_fini(&line);
        }
        grid_fini(&g);
    }
    json_decref(data);
}
END_TEST

static const struct url_row {
    struct rates_options options;
    const char *url;
} urls[] = {
    {{.url = "http://h:1"}, "http://h:1/api/v1/rates"},
    {{.url = "http://h:1//"}, "http://h:1/api/v1/rates"},
    {{.url = "h", .sort = "-rate", .limit = "5", .state = "ok"},
     "h/api/v1/rates?state=ok&sort=-rate&limit=5"},
    {{.url = "h", .selectors = (const char *const[]){"t{a=\"b&c\"}", "\xc3\xbc"}, .selectors_n = 2},
     "h/api/v1/rates?match%5B%5D=t%7Ba%3D%22b%26c%22%7D&match%5B%5D=%C3%BC"},
};

START_TEST(url)
{
    struct buf out = {0};
    ck_assert(rates_url(&urls[_i].options, &out));
    ck_assert_str_eq(out.at, urls[_i].url);
    buf_fini(&out);
}
END_TEST

static const struct answer_row {
    const char *label;
    long status;
    const char *body, *why; /* NULL: it is taken */
} answers[] = {
    {"taken", 200, "{\"status\":\"success\",\"data\":[]}", NULL},
    {"nablad's error", 400, "{\"status\":\"error\",\"errorType\":\"bad_data\",\"error\":\"no }\"}",
     "no }"},
    {"somebody else's", 404, "<html>", "HTTP status 404, and no answer as nablad gives it"},
    {"empty", 200, "", "HTTP status 200, and no answer as nablad gives it"},
    {"cut", 200, "{\"status\":\"success\",\"data\":[{",
     "HTTP status 200, and no answer as nablad "
     "gives it"},
    {"no data", 200, "{}", "HTTP status 200, and no answer as nablad gives it"},
    {"an array", 200, "[]", "HTTP status 200, and no answer as nablad gives it"},
    {"data with an error", 503, "{\"error\":\"busy\",\"data\":[]}", "busy"},
};

START_TEST(answer)
{
    const struct answer_row *r = &answers[_i];
    struct buf why = {0};
    json_t *data = answer_read(r->status, r->body, strlen(r->body), &why);
    buf_char(&why, '\0');
    ck_assert_msg((data != NULL) == (r->why == NULL), "%s", r->label);
    ck_assert_msg(strcmp(why.at, r->why ? r->why : "") == 0, "%s: %s", r->label, why.at);
    json_decref(data);
    buf_fini(&why);
}
END_TEST

START_TEST(printed_as_it_came)
{
    json_t *data = data_of("{\"a\":0.1,\"b\":1e300,\"c\":null,\"d\":[1,\"x\\u0001\\\"\\\\\"]},"
                           "true,{},100000000000000000000");
    struct buf out = {0};
    answer_print(&out, data);
    buf_char(&out, '\0');
    ck_assert_str_eq(
        out.at, "[\n"
                "  {\"a\": 0.1, \"b\": 1e+300, \"c\": null, \"d\": [1, \"x\\u0001\\\"\\\\\"]},\n"
                "  true,\n"
                "  {},\n"
                "  100000000000000000000\n"
                "]\n");
    json_decref(data);
    buf_fini(&out);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("cli/rates_rows");
    TCase *t = tcase_create("rates");
    tcase_add_checked_fixture(t, set_up, NULL);
    tcase_add_loop_test(t, row, 0, ROWS(rows));
    tcase_add_test(t, fastest_first);
    tcase_add_loop_test(t, url, 0, ROWS(urls));
    tcase_add_loop_test(t, answer, 0, ROWS(answers));
    tcase_add_test(t, printed_as_it_came);
    suite_add_tcase(s, t);
    return s;
}
