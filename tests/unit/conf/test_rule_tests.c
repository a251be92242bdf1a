/* Tests of rules as files: the notation of values, what a file means, and all that is said of one that
 * cannot be used. */
#include "conf/rule_tests.h"

#include "conf/notation.h"

#include "suite.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define SECOND INT64_C(1000000000)

/* ---- notation */

struct taken {
    char text[256];
    uint32_t n, room;
};

static bool take(void *ctx, uint32_t index, double v)
{
    struct taken *t = ctx;
    if (t->n++ == t->room)
        return false;
    sprintf(t->text + strlen(t->text), "%u:%g ", index, v);
    return true;
}

static const struct {
    const char *text, *taken;
} notation_rows[] = {
    {"", ""},
    {" \n\t ", ""},
    {"1", "0:1 "},
    {"1 -2.5 +3e2", "0:1 1:-2.5 2:300 "},
    {"0+5x3", "0:0 1:5 2:10 3:15 "},
    {"0+5x0", "0:0 "},
    {"10-2.5x2", "0:10 1:7.5 2:5 "},
    {"-10+1x1", "0:-10 1:-9 "},
    {"1e1-1e0x1", "0:10 1:9 "},
    {"4x2", "0:4 1:4 2:4 "},
    {"_", ""},
    {"1 _ 2", "0:1 2:2 "},
    {"_x3 1 _x2 2", "3:1 6:2 "},
    {"NaN Inf -inf", "0:nan 1:inf 2:-inf "},
};

START_TEST(notation_row)
{
    struct taken t = {.room = 100};
    struct text_fault fault;
    const char *text = notation_rows[_i].text;
    ck_assert_int_eq(notation_read(text, strlen(text), take, &t, &fault), NABLA_OK);
    ck_assert_str_eq(t.text, notation_rows[_i].taken);
}
END_TEST

static const struct {
    const char *text;
    size_t offset;
    const char *message;
} bad_notation_rows[] = {
    {"a", 0, "\"a\" is none of"},
    {"1 2y", 2, "\"2y\" is none of"},
    {"1 stale", 2, "\"stale\" is none of"},
    {"1+2", 0, "\"1+2\" is none of"},
    {"1+x2", 0, "\"1+x2\" is none of"},
    {"1+-2x2", 0, "\"1+-2x2\" is none of"},
    {"1x", 0, "\"1x\" is none of"},
    {"1x-1", 0, "\"1x-1\" is none of"},
    {"1x2.5", 0, "\"1x2.5\" is none of"},
    {"1*2x2", 0, "\"1*2x2\" is none of"},
    {"_2", 0, "\"_2\" is none of"},
    {"1x100001", 0, "\"1x100001\" is none of"},
    {"1x99999999999999999999", 0, "\"1x99999999999999999999\" is none of"},
    {"1x99999 2", 8, "more than 100000 values"},
    {"_x99999 1 2", 10, "more than 100000 values"},
};

static bool ignore(void *ctx, uint32_t index, double v)
{
    (void)ctx, (void)index, (void)v;
    return true;
}

START_TEST(bad_notation_row)
{
    struct text_fault fault;
    const char *text = bad_notation_rows[_i].text, *message = bad_notation_rows[_i].message;
    ck_assert_int_eq(notation_read(text, strlen(text), ignore, NULL, &fault), NABLA_EINVAL);
    ck_assert_msg(fault.offset == bad_notation_rows[_i].offset &&
                      strncmp(fault.message, message, strlen(message)) == 0,
                  "%s: %zu: %s", text, fault.offset, fault.message);
}
END_TEST

START_TEST(notation_without_room)
{
    struct taken t = {.room = 2};
    struct text_fault fault;
    ck_assert_int_eq(notation_read("1x9", 3, take, &t, &fault), NABLA_ENOMEM);
    ck_assert_uint_eq(t.n, 3);
}
END_TEST

/* ---- files */

static enum nabla_status read_text(const char *text, struct rule_tests *t, struct buf *errors)
{
    enum nabla_status status = rule_tests_read_text("a/x", text, strlen(text), t, errors);
    buf_char(errors, '\0');
    return status;
}

static const char whole[] = "rule_files: [r.yaml, /etc/s.yaml]\n"
                            "config: ../nablad.yaml\n"
                            "tests:\n"
                            "  - name: first\n"
                            "    input_series:\n"
                            "      - series: 'm{b=\"2\",a=\"1\"}'\n"
                            "        values: '1 _ 3'\n"
                            "      - {series: n, samples: [[0s, 1], [1m30s, -2.5]]}\n"
                            "    interval: 10s\n"
                            "    alert_rule_test:\n"
                            "      - eval_time: 5m\n"
                            "        alertname: A\n"
                            "        exp_alerts:\n"
                            "          - exp_labels: {z: 1, c: d}\n"
                            "            exp_annotations: {t: text}\n"
                            "          - {}\n"
                            "  - {interval: 1h, alert_rule_test: []}\n";

START_TEST(everything_is_read)
{
    struct rule_tests t;
    struct buf errors = {0};
    ck_assert_msg(read_text(whole, &t, &errors) == NABLA_OK, "%s", errors.at);
    ck_assert_uint_eq(t.rule_files.n, 2);
    ck_assert_str_eq(t.rule_files.at[0], "a/r.yaml");
    ck_assert_str_eq(t.rule_files.at[1], "/etc/s.yaml");
    ck_assert_str_eq(t.config, "a/../nablad.yaml");
    ck_assert_uint_eq(t.n, 2);
    const struct rule_test *first = &t.tests[0];
    ck_assert_str_eq(first->name, "first");
    ck_assert_uint_eq(first->line, 4);
    const struct rule_test_series *s = first->series;
    ck_assert_uint_eq(s[0].n, 2);
    ck_assert_int_eq(s[0].at[1].t_ns, 20 * SECOND); /* the interval stands behind it */
    ck_assert_double_eq(s[0].at[1].v, 3);
    ck_assert_int_eq(s[1].at[1].t_ns, 90 * SECOND);
    ck_assert_double_eq(s[1].at[1].v, -2.5);
    const struct rule_test_check *c = first->checks;
    ck_assert_int_eq(c->t_ns, 300 * SECOND);
    ck_assert_str_eq(c->alertname, "A");
    ck_assert_uint_eq(c->line, 11);
    ck_assert_uint_eq(c->alerts_n, 2);
    ck_assert_str_eq(c->alerts[0].labels[0].name, "c"); /* by name */
    ck_assert_str_eq(c->alerts[0].labels[1].value, "1");
    ck_assert_str_eq(c->alerts[0].annotations[0].value, "text");
    ck_assert_int_eq(t.tests[1].interval_ns, 3600 * SECOND);
    rule_tests_fini(&t);
    buf_fini(&errors);
}
END_TEST

#define FILE_OF(test) "rule_files: [r]\ntests:\n- {" test "}\n"
#define WITH(keys)    FILE_OF("alert_rule_test: [], " keys)
#define SERIES(keys)  WITH("input_series: [{" keys "}]")
#define CHECK(keys)   FILE_OF("alert_rule_test: [{" keys "}]")

static const struct {
    const char *text, *errors;
} bad_rows[] = {
    {"", "a/x:1:1: the file is empty\n"},
    {"[]", "a/x:1:1: the file must be keys with values, not a list\n"},
    {"{}", "a/x:1:1: rule_files is missing in the file\na/x:1:1: tests is missing in the file\n"},
    {"rule_files: r\ntests: []", "a/x:1:13: rule_files must be a list, not text\n"},
    {"rule_files: [[r]]\ntests: []", "a/x:1:14: rule_files must be text, not a list\n"},
    {"rule_files: []\ntests: []\nevaluation_interval: 1m",
     "a/x:3:1: evaluation_interval: rules are looked at when a sample arrives, so there is none\n"},
    {FILE_OF(""), "a/x:3:3: alert_rule_test is missing in a test\n"},
    {WITH("intervall: 1s"),
     "a/x:3:25: unknown key \"intervall\" in a test; did you mean \"interval\"?\n"},
    {WITH("interval: 0s"), "a/x:3:35: interval must be longer than 0s\n"},
    {WITH("promql_expr_test: []"), "a/x:3:25: promql_expr_test: PromQL is not read here\n"},
    {SERIES(""), "a/x:3:40: series is missing in a series\n"
                 "a/x:3:40: a series has either values or samples\n"},
    {SERIES("series: a, values: 1, samples: []"),
     "a/x:3:40: a series has either values or samples\n"},
    {SERIES("series: 'a{b', values: 1"),
     "a/x:3:53: series: expected =, !=, =~ or !~, found the end of the selector\n"},
    {SERIES("series: 'a{b=~\"c\"}', values: 1"),
     "a/x:3:49: series: a name and labels with \"=\", as in temperature{room=\"cellar\"}\n"},
    {SERIES("series: '{b=\"c\"}', values: 1"),
     "a/x:3:49: series: a name and labels with \"=\", as in temperature{room=\"cellar\"}\n"},
    {SERIES("series: 'a{b=\"\\n\"}', values: 1"),
     "a/x:3:49: series: a name is empty, too long or not UTF-8 text\n"},
    {SERIES("series: 'a{b=\"c\",b=\"d\"}', values: 1"),
     "a/x:3:49: series: a label is named twice with different values\n"},
    {SERIES("series: a, values: '1 2 z'"),
     "a/x:3:65: values: \"z\" is none of 1.5, 0+5x10, 10-2x3, 4x10, _ and _x10 (at most 100000 "
     "values)\n"},
    {SERIES("series: a, samples: [1]"),
     "a/x:3:62: samples: each is a time and a value, as in [90s, 4]\n"},
    {SERIES("series: a, samples: [[1s, z]]"), "a/x:3:67: samples: this is no number\n"},
    {SERIES("series: a, samples: [[1, 1]]"),
     "a/x:3:63: samples: \"1\" is not a duration such as 30s, 5m or 1h30m\n"},
    {SERIES("series: a, samples: [[1s, 1], [1s, 2]]"), "a/x:3:72: samples: times must increase\n"},
    {CHECK(""), "a/x:3:22: eval_time is missing in a check\n"
                "a/x:3:22: alertname is missing in a check\n"},
    {CHECK("eval_time: x, alertname: a"),
     "a/x:3:34: eval_time: \"x\" is not a duration such as 30s, 5m or 1h30m\n"},
    {CHECK("eval_time: 1s, alertname: a, exp_alerts: [{exp_labels: [a]}]"),
     "a/x:3:78: exp_labels must be keys with values, not a list\n"},
    {CHECK("eval_time: 1s, alertname: a, exp_alerts: [{exp_labels: {a: [b]}}]"),
     "a/x:3:82: exp_labels: at most 32 texts\n"},
};

START_TEST(bad_row)
{
    struct rule_tests t;
    struct buf errors = {0};
    ck_assert_int_eq(read_text(bad_rows[_i].text, &t, &errors), NABLA_EINVAL);
    ck_assert_msg(strcmp(errors.at, bad_rows[_i].errors) == 0, "%s%s", bad_rows[_i].text,
                  errors.at);
    rule_tests_fini(&t);
    buf_fini(&errors);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("rule_tests");
    TCase *c = tcase_create("all");
    tcase_add_loop_test(c, notation_row, 0, ROWS(notation_rows));
    tcase_add_loop_test(c, bad_notation_row, 0, ROWS(bad_notation_rows));
    tcase_add_test(c, notation_without_room);
    tcase_add_test(c, everything_is_read);
    tcase_add_loop_test(c, bad_row, 0, ROWS(bad_rows));
    suite_add_tcase(s, c);
    return s;
}
