/* test_statsd.c -- lines of statsd and DogStatsD, row by row; several values; what is refused. */
#include "wire/key.h"

#include "rows.h"

#include <stdio.h>

#define T 1700000000000000000

enum {
    SET = KEY_STATSD,
    ADD = KEY_STATSD | KEY_ADDS,
    COUNT = KEY_STATSD_COUNT | KEY_ADDS,
    SUM = KEY_STATSD_SUM | KEY_ADDS,
};

static const struct row {
    const char *line;
    enum cause cause; /* CAUSE_COUNT: taken */
    uint32_t offset;
    const char *key, *sub;
    int64_t t_ns;
    uint32_t n;
    struct {
        int form;
        double v;
    } at[2];
} rows[] = {
    {"a:3|c", CAUSE_COUNT, 0, "a", "", ARRIVAL, 1, {{ADD, 3}}},
    {"a:-3|c", CAUSE_COUNT, 0, "a", "", ARRIVAL, 1, {{ADD, -3}}},
    {"a:3|c|@0.1", CAUSE_COUNT, 0, "a", "", ARRIVAL, 1, {{ADD, 30}}},
    {"a:3|c|@1", CAUSE_COUNT, 0, "a", "", ARRIVAL, 1, {{ADD, 3}}},
    {"a:1:2:3.5|c", CAUSE_COUNT, 0, "a", "", ARRIVAL, 1, {{ADD, 6.5}}},
    {"a:1:2|c|@0.5", CAUSE_COUNT, 0, "a", "", ARRIVAL, 1, {{ADD, 6}}},
    {"a:21.4|g", CAUSE_COUNT, 0, "a", "", ARRIVAL, 1, {{SET, 21.4}}},
    {"a:+1.5|g", CAUSE_COUNT, 0, "a", "", ARRIVAL, 1, {{ADD, 1.5}}},
    {"a:-1.5|g", CAUSE_COUNT, 0, "a", "", ARRIVAL, 1, {{ADD, -1.5}}},
    {"a:1:2|g", CAUSE_COUNT, 0, "a", "", ARRIVAL, 1, {{SET, 2}}},
    {"a:5:+2|g", CAUSE_COUNT, 0, "a", "", ARRIVAL, 1, {{SET, 7}}},
    {"a:+5:-2|g", CAUSE_COUNT, 0, "a", "", ARRIVAL, 1, {{ADD, 3}}},
    {"a:+5:2|g", CAUSE_COUNT, 0, "a", "", ARRIVAL, 1, {{SET, 2}}},
    {"a:1|g|@0.1", CAUSE_COUNT, 0, "a", "", ARRIVAL, 1, {{SET, 1}}},
    {"a:nan|g", CAUSE_COUNT, 0, "a", "", ARRIVAL, 1, {{SET, NAN}}},
    {"a:320|ms", CAUSE_COUNT, 0, "a", "", ARRIVAL, 2, {{COUNT, 1}, {SUM, 320}}},
    {"a:320|h|@0.5", CAUSE_COUNT, 0, "a", "", ARRIVAL, 2, {{COUNT, 2}, {SUM, 640}}},
    {"a:1:2:3|d", CAUSE_COUNT, 0, "a", "", ARRIVAL, 2, {{COUNT, 3}, {SUM, 6}}},
    {"a:1|c|#room:a,b", CAUSE_COUNT, 0, "a", "room:a,b", ARRIVAL, 1, {{ADD, 1}}},
    {"a:1|c|#", CAUSE_COUNT, 0, "a", "", ARRIVAL, 1, {{ADD, 1}}},
    {"a:1|c|#x y", CAUSE_COUNT, 0, "a", "x y", ARRIVAL, 1, {{ADD, 1}}},
    {"a:1|c|T1700000000", CAUSE_COUNT, 0, "a", "", T, 1, {{ADD, 1}}},
    {"a:1|g|T1700000000.25|#b", CAUSE_COUNT, 0, "a", "b", T + 250000000, 1, {{SET, 1}}},
    {"a:1|c|@0.5|#b:c|T1700000000|c:ci-1f|e:it|card:low",
     CAUSE_COUNT,
     0,
     "a",
     "b:c",
     T,
     1,
     {{ADD, 2}}},
    {" a.b c:1|c \t", CAUSE_COUNT, 0, "a.b c", "", ARRIVAL, 1, {{ADD, 1}}},
    {"a@b#c;d=e,f:1|c", CAUSE_COUNT, 0, "a@b#c;d=e,f", "", ARRIVAL, 1, {{ADD, 1}}},
    {"", CAUSE_SYNTAX, 0, 0, 0, 0, 0, {{0}}},
    {"a", CAUSE_SYNTAX, 1, 0, 0, 0, 0, {{0}}},
    {"a|c", CAUSE_SYNTAX, 1, 0, 0, 0, 0, {{0}}},
    {":1|c", CAUSE_SYNTAX, 0, 0, 0, 0, 0, {{0}}},
    {"a:1", CAUSE_SYNTAX, 3, 0, 0, 0, 0, {{0}}},
    {"a:1|", CAUSE_SYNTAX, 4, 0, 0, 0, 0, {{0}}},
    {"a:1|x", CAUSE_SYNTAX, 4, 0, 0, 0, 0, {{0}}},
    {"a:1|cc", CAUSE_SYNTAX, 4, 0, 0, 0, 0, {{0}}},
    {"a:1|c|", CAUSE_SYNTAX, 6, 0, 0, 0, 0, {{0}}},
    {"a:1|c|0.1", CAUSE_SYNTAX, 6, 0, 0, 0, 0, {{0}}},
    {"a:1|c:2|c", CAUSE_SYNTAX, 4, 0, 0, 0, 0, {{0}}},
    {"a:1|c|@0", CAUSE_VALUE, 7, 0, 0, 0, 0, {{0}}},
    {"a:1|c|@1.5", CAUSE_VALUE, 7, 0, 0, 0, 0, {{0}}},
    {"a:1|c|@-1", CAUSE_VALUE, 7, 0, 0, 0, 0, {{0}}},
    {"a:1|c|@x", CAUSE_VALUE, 7, 0, 0, 0, 0, {{0}}},
    {"a:1|c|@", CAUSE_SYNTAX, 6, 0, 0, 0, 0, {{0}}},
    {"a:1|c|Tx", CAUSE_TIME, 7, 0, 0, 0, 0, {{0}}},
    {"a:1|c|T9223372036.9", CAUSE_TIME, 7, 0, 0, 0, 0, {{0}}},
    {"a:|c", CAUSE_VALUE, 2, 0, 0, 0, 0, {{0}}},
    {"a:x|c", CAUSE_VALUE, 2, 0, 0, 0, 0, {{0}}},
    {"a:1:|c", CAUSE_VALUE, 4, 0, 0, 0, 0, {{0}}},
    {"a:1:x|c", CAUSE_VALUE, 4, 0, 0, 0, 0, {{0}}},
    {"a:nan|c", CAUSE_VALUE, 2, 0, 0, 0, 0, {{0}}},
    {"a:inf|ms", CAUSE_VALUE, 2, 0, 0, 0, 0, {{0}}},
    {"a:+inf|g", CAUSE_VALUE, 2, 0, 0, 0, 0, {{0}}},
    {"a:1|c|@1e-320", CAUSE_VALUE, 2, 0, 0, 0, 0, {{0}}},
    {"a:0|ms|@1e-320", CAUSE_VALUE, 2, 0, 0, 0, 0, {{0}}},
    {"a:1e308:1e308|c", CAUSE_VALUE, 2, 0, 0, 0, 0, {{0}}},
    {"a:b|s", CAUSE_STATSD_SET, 4, 0, 0, 0, 0, {{0}}},
    {"_e{5,4}:title|text|#a", CAUSE_STATSD_EVENT, 0, 0, 0, 0, 0, {{0}}},
    {"_sc|disk|1|#a", CAUSE_STATSD_EVENT, 0, 0, 0, 0, 0, {{0}}},
    {"_scan:1|c", CAUSE_COUNT, 0, "_scan", "", ARRIVAL, 1, {{ADD, 1}}},
};

static void run_row(const struct row *row, const char *line)
{
    struct batch *batch = batch_with_one();
    uint32_t offset = 0;
    enum cause cause = statsd_read(&plain, line, (uint32_t)strlen(row->line), batch, &offset);
    ck_assert_msg(cause == row->cause && offset == row->offset, "%s: cause %d at %u", row->line,
                  cause, offset);
    ck_assert_msg(batch->n == 1 + row->n && batch->at[0].v == -1, "%s: %u samples", row->line,
                  batch->n - 1);
    for (uint32_t i = 0; i < row->n; i++) {
        const struct sample *s = &batch->at[1 + i];
        ck_assert_msg(is_text(s->key, s->key_n, row->key) && is_text(s->sub, s->sub_n, row->sub),
                      "%s: %.*s, %.*s", row->line, (int)s->key_n, s->key, (int)s->sub_n, s->sub);
        ck_assert_msg(same_value(s->v, row->at[i].v) && s->t_ns == row->t_ns &&
                          s->form == row->at[i].form,
                      "%s: %.17g, form %d, at %lld", row->line, s->v, s->form, (long long)s->t_ns);
    }
    free(batch);
}

START_TEST(line_row)
{
    run_row(&rows[_i], rows[_i].line);
}
END_TEST

START_TEST(line_row_at_a_guard_page)
{
    struct guard guard = guard_new(4096);
    run_row(&rows[_i], guard_copy(&guard, rows[_i].line, strlen(rows[_i].line)));
    guard_free(&guard);
}
END_TEST

/* A line that is cut anywhere is read or refused, and what is refused leaves nothing. */
START_TEST(every_cut)
{
    static const char line[] = "a.b:1:-2.5|ms|@0.25|#room:a,b|T1700000000.5|c:x";
    for (uint32_t n = 0; n < sizeof line; n++) {
        struct batch *batch = batch_with_one();
        uint32_t offset = 0;
        enum cause cause = statsd_read(&plain, line, n, batch, &offset);
        ck_assert_msg(offset <= n && batch->n == (cause == CAUSE_COUNT ? 3 : 1), "%u", n);
        free(batch);
    }
}
END_TEST

/* Which format a line is taken for where none is pinned: nothing that is another's. */
static const struct {
    const char *line;
    enum cause cause;
    int form;
} shapes[] = {
    {"a:1|c\n", CAUSE_COUNT, ADD},
    {"a.b:1|g|#x:y\r\n", CAUSE_COUNT, SET},
    {"a:b|s\n", CAUSE_STATSD_SET, 0},
    {"a:1|c 5\n", CAUSE_COUNT, KEY_GRAPHITE},
    {"a:1|c\t5\n", CAUSE_COUNT, KEY_GRAPHITE},
    {"a:1|c|#x:a b=1\n", CAUSE_COUNT, KEY_INFLUX},
    {"a:1|c\\ d v=1\n", CAUSE_COUNT, KEY_INFLUX},
    {"a:1|c|#x:a b\n", CAUSE_VALUE, 0},
    {"a|b:c\n", CAUSE_SYNTAX, 0},
    {"a:1\n", CAUSE_SYNTAX, 0},
};
START_TEST(shape_row)
{
    struct batch *batch = batch_with_one();
    struct line_report report = {0};
    const char *line = shapes[_i].line;
    ck_assert_uint_eq(lines_read(&plain, line, strlen(line), batch, &report), strlen(line));
    enum cause cause = report.has_fault ? report.fault : CAUSE_COUNT;
    ck_assert_msg(cause == shapes[_i].cause, "%s: cause %d", line, cause);
    ck_assert_msg(cause != CAUSE_COUNT || (batch->n == 2 && batch->at[1].form == shapes[_i].form),
                  "%s: form %d", line, batch->at[1].form);
    free(batch);
}
END_TEST

static const struct {
    int form;
    const char *key, *sub;
    enum nabla_status status;
    const char *labels; /* name=value; in order */
} keys[] = {
    {SET, "a", "", NABLA_OK, "__name__=a;"},
    {ADD, "a", "room:a,b,x:y:z", NABLA_OK, "__name__=a;room=a;b=true;x=y:z;"},
    {COUNT, "a", "b", NABLA_OK, "__name__=a_count;b=true;"},
    {SUM, "a", "b:", NABLA_OK, "__name__=a_sum;b=;"},
    {SET, "a", ",,b,,", NABLA_OK, "__name__=a;b=true;"},
    {SET, "a", ":b", NABLA_OK, "__name__=a;=b;"},
    {SET, "", "b", NABLA_EINVAL, ""},
};
START_TEST(key_row)
{
    static struct label_list list;
    char got[256] = "";
    struct sample s = {.key = keys[_i].key,
                       .key_n = (uint32_t)strlen(keys[_i].key),
                       .sub = keys[_i].sub,
                       .sub_n = (uint16_t)strlen(keys[_i].sub),
                       .form = (uint8_t)keys[_i].form};
    ck_assert_int_eq(key_read(&s, &list), keys[_i].status);
    for (uint32_t i = 0, at = 0; keys[_i].status == NABLA_OK && i < list.n; i++)
        at += (uint32_t)snprintf(got + at, sizeof got - at, "%.*s=%.*s;", (int)list.at[i].name_n,
                                 list.at[i].name, (int)list.at[i].value_n, list.at[i].value);
    ck_assert_str_eq(got, keys[_i].labels);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("statsd");
    TCase *t = tcase_create("lines");
    tcase_add_loop_test(t, line_row, 0, ROWS(rows));
    tcase_add_loop_test(t, line_row_at_a_guard_page, 0, ROWS(rows));
    tcase_add_test(t, every_cut);
    tcase_add_loop_test(t, shape_row, 0, ROWS(shapes));
    tcase_add_loop_test(t, key_row, 0, ROWS(keys));
    suite_add_tcase(s, t);
    return s;
}
