/* test_json_line.c -- JSON lines, row by row, and against jansson on lines changed at random. */
#include "rows.h"

#include "base/number.h"
#include "base/time_text.h"
#include "wire/json_scan.h"

#include <jansson.h>
#include <stdio.h>

enum { MUTATIONS = 200000 };

#define T 1700000000000000000
#define M "\"m\""

static const struct line_row rows[] = {
    {"{\"metric\":\"m\",\"value\":1}", CAUSE_COUNT, 0, 0, 1, {{M, "", 1, ARRIVAL}}},
    {"{\"value\":-2.5e1,\"time\":1700000000.25,\"labels\":{\"a\":\"b\"},\"metric\":\"m\"}",
     CAUSE_COUNT,
     0,
     0,
     1,
     {{M, "{\"a\":\"b\"}", -25, T + 250000000}}},
    {" \t{ \"metric\" :\r\"m\" , \"value\" : 1 } ", CAUSE_COUNT, 0, 0, 1, {{M, "", 1, ARRIVAL}}},
    {"{\"metric\":\"m\",\"labels\":{ },\"value\":1}", CAUSE_COUNT, 0, 0, 1, {{M, "", 1, ARRIVAL}}},
    {"{\"metric\":\"m\",\"labels\": { \"a\" : \"b\" , \"c\" : \"\" } ,\"value\":1}",
     CAUSE_COUNT,
     0,
     0,
     1,
     {{M, "{ \"a\" : \"b\" , \"c\" : \"\" }", 1, ARRIVAL}}},
    {"{\"metric\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00\",\"value\":1}",
     CAUSE_COUNT,
     0,
     0,
     1,
     {{"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00\"", "", 1, ARRIVAL}}},
    {"{\"metric\":\"\",\"value\":1}", CAUSE_COUNT, 0, 0, 1, {{"\"\"", "", 1, ARRIVAL}}},
    /* other members are stepped over */
    {"{\"x\":[{\"y\":[1,null,\"z\"]},{}],\"metric\":\"m\",\"value\":1,\"x\":-0.5e+7}",
     CAUSE_COUNT,
     0,
     0,
     1,
     {{M, "", 1, ARRIVAL}}},
    {"{\"m\\u0065tric\":\"other\",\"metric\":\"m\",\"value\":1}",
     CAUSE_COUNT,
     0,
     0,
     1,
     {{M, "", 1, ARRIVAL}}},
    /* values */
    {"{\"metric\":\"m\",\"value\":true}", CAUSE_COUNT, 0, 0, 1, {{M, "", 1, ARRIVAL}}},
    {"{\"metric\":\"m\",\"value\":false}", CAUSE_COUNT, 0, 0, 1, {{M, "", 0, ARRIVAL}}},
    {"{\"metric\":\"m\",\"value\":null}", CAUSE_COUNT, 0, 0, 1, {{M, "", NAN, ARRIVAL}}},
    {"{\"metric\":\"m\",\"value\":0.30000000000000004}",
     CAUSE_COUNT,
     0,
     0,
     1,
     {{M, "", 0.1 + 0.2, ARRIVAL}}},
    {"{\"metric\":\"m\",\"value\":1e999}", CAUSE_COUNT, 0, 0, 1, {{M, "", INFINITY, ARRIVAL}}},
    {"{\"metric\":\"m\",\"value\":\"1\"}", CAUSE_VALUE, 22, 0, 0, {{0}}},
    {"{\"metric\":\"m\",\"value\":NaN}", CAUSE_VALUE, 22, 0, 0, {{0}}},
    {"{\"metric\":\"m\",\"value\":[1]}", CAUSE_VALUE, 22, 0, 0, {{0}}},
    {"{\"metric\":\"m\",\"value\":}", CAUSE_VALUE, 22, 0, 0, {{0}}},
    {"{\"metric\":\"m\",\"value\":+1}", CAUSE_VALUE, 22, 0, 0, {{0}}},
    {"{\"metric\":\"m\",\"value\":.5}", CAUSE_VALUE, 22, 0, 0, {{0}}},
    {"{\"metric\":\"m\",\"value\":1.}", CAUSE_VALUE, 22, 0, 0, {{0}}},
    {"{\"metric\":\"m\",\"value\":1e}", CAUSE_VALUE, 22, 0, 0, {{0}}},
    {"{\"metric\":\"m\",\"value\":-}", CAUSE_VALUE, 22, 0, 0, {{0}}},
    {"{\"metric\":\"m\",\"value\":01}", CAUSE_SYNTAX, 23, 0, 0, {{0}}},
    {"{\"metric\":\"m\",\"value\":1 2}", CAUSE_SYNTAX, 24, 0, 0, {{0}}},
    {"{\"metric\":\"m\",\"value\":nulls}", CAUSE_SYNTAX, 26, 0, 0, {{0}}},
    {"{\"metric\":\"m\"}", CAUSE_VALUE, 13, 0, 0, {{0}}},
    /* times */
    {"{\"metric\":\"m\",\"value\":1,\"time\":1700000000}", CAUSE_COUNT, 0, 0, 1, {{M, "", 1, T}}},
    {"{\"metric\":\"m\",\"value\":1,\"time\":1.7e9}", CAUSE_COUNT, 0, 0, 1, {{M, "", 1, T}}},
    {"{\"metric\":\"m\",\"value\":1,\"time\":-1}", CAUSE_COUNT, 0, 0, 1, {{M, "", 1, -1000000000}}},
    {"{\"metric\":\"m\",\"value\":1,\"time\":1700000000.123456789}",
     CAUSE_COUNT,
     0,
     0,
     1,
     {{M, "", 1, T + 123456789}}},
    {"{\"metric\":\"m\",\"value\":1,\"time\":\"2023-11-14T23:13:20.5+01:00\"}",
     CAUSE_COUNT,
     0,
     0,
     1,
     {{M, "", 1, T + 500000000}}},
    {"{\"metric\":\"m\",\"value\":1,\"time\":\"2023-02-29T00:00:00Z\"}",
     CAUSE_TIME,
     31,
     0,
     0,
     {{0}}},
    {"{\"metric\":\"m\",\"value\":1,\"time\":\"1700000000\"}", CAUSE_TIME, 31, 0, 0, {{0}}},
    {"{\"metric\":\"m\",\"value\":1,\"time\":\"\"}", CAUSE_TIME, 31, 0, 0, {{0}}},
    {"{\"metric\":\"m\",\"value\":1,\"time\":\"2023", CAUSE_TIME, 31, 0, 0, {{0}}},
    {"{\"metric\":\"m\",\"value\":1,\"time\":null}", CAUSE_TIME, 31, 0, 0, {{0}}},
    {"{\"metric\":\"m\",\"value\":1,\"time\":1700000000000}", CAUSE_TIME, 31, 0, 0, {{0}}},
    {"{\"metric\":\"m\",\"value\":1,\"time\":1.}", CAUSE_TIME, 31, 0, 0, {{0}}},
    /* shape */
    {"", CAUSE_SYNTAX, 0, 0, 0, {{0}}},
    {"[1]", CAUSE_SYNTAX, 0, 0, 0, {{0}}},
    {"{", CAUSE_SYNTAX, 1, 0, 0, {{0}}},
    {"{}", CAUSE_SYNTAX, 1, 0, 0, {{0}}},
    {"{\"value\":1}", CAUSE_SYNTAX, 10, 0, 0, {{0}}},
    {"{metric:\"m\"}", CAUSE_SYNTAX, 1, 0, 0, {{0}}},
    {"{\"metric\" \"m\"}", CAUSE_SYNTAX, 10, 0, 0, {{0}}},
    {"{\"metric\":1,\"value\":1}", CAUSE_SYNTAX, 10, 0, 0, {{0}}},
    {"{\"metric\":\"m\" \"value\":1}", CAUSE_SYNTAX, 14, 0, 0, {{0}}},
    {"{\"metric\":\"m\",\"value\":1,}", CAUSE_SYNTAX, 24, 0, 0, {{0}}},
    {"{\"metric\":\"m\",\"value\":1}}", CAUSE_SYNTAX, 24, 0, 0, {{0}}},
    {"{\"metric\":\"m\",\"value\":1} {}", CAUSE_SYNTAX, 25, 0, 0, {{0}}},
    {"{\"metric\":\"m\",\"value\":1", CAUSE_SYNTAX, 23, 0, 0, {{0}}},
    {"{\"metric\":\"m\",\"metric\":\"n\",\"value\":1}", CAUSE_SYNTAX, 14, 0, 0, {{0}}},
    {"{\"value\":1,\"metric\":\"m\",\"value\":1}", CAUSE_SYNTAX, 24, 0, 0, {{0}}},
    {"{\"metric\":\"m\",\"labels\":{},\"labels\":{},\"value\":1}", CAUSE_SYNTAX, 26, 0, 0, {{0}}},
    {"{\"metric\":\"m\",\"value\":1,\"time\":1,\"time\":1}", CAUSE_SYNTAX, 33, 0, 0, {{0}}},
    {"{\"metric\":\"m\",\"x\":nul,\"value\":1}", CAUSE_SYNTAX, 18, 0, 0, {{0}}},
    {"{\"metric\":\"m\",\"x\":[1,],\"value\":1}", CAUSE_SYNTAX, 21, 0, 0, {{0}}},
    {"{\"metric\":\"m\",\"x\":{\"a\"},\"value\":1}", CAUSE_SYNTAX, 22, 0, 0, {{0}}},
    {"{\"metric\":\"m\",\"x\":[1},\"value\":1}", CAUSE_SYNTAX, 20, 0, 0, {{0}}},
    /* strings */
    {"{\"metric\":\"m\t\",\"value\":1}", CAUSE_SYNTAX, 12, 0, 0, {{0}}},
    {"{\"metric\":\"m\\x\",\"value\":1}", CAUSE_SYNTAX, 12, 0, 0, {{0}}},
    {"{\"metric\":\"m\\u12g4\",\"value\":1}", CAUSE_SYNTAX, 12, 0, 0, {{0}}},
    {"{\"metric\":\"\\ud83d\",\"value\":1}", CAUSE_SYNTAX, 11, 0, 0, {{0}}},
    {"{\"metric\":\"\\ud83d\\u0041\",\"value\":1}", CAUSE_SYNTAX, 11, 0, 0, {{0}}},
    {"{\"metric\":\"\\ude00\\ud83d\",\"value\":1}", CAUSE_SYNTAX, 11, 0, 0, {{0}}},
    {"{\"metric\":\"m", CAUSE_SYNTAX, 12, 0, 0, {{0}}},
    {"{\"metric\":\"m\\", CAUSE_SYNTAX, 12, 0, 0, {{0}}},
    {"{\"metric\":\"m\\u00", CAUSE_SYNTAX, 12, 0, 0, {{0}}},
    {"{\"metric\":\"\\ud83d", CAUSE_SYNTAX, 11, 0, 0, {{0}}},
    {"{\"metric\":\"\\ud83d\\u", CAUSE_SYNTAX, 11, 0, 0, {{0}}},
    /* labels */
    {"{\"metric\":\"m\",\"labels\":{\"a\":1},\"value\":1}", CAUSE_SYNTAX, 28, 0, 0, {{0}}},
    {"{\"metric\":\"m\",\"labels\":{\"a\"},\"value\":1}", CAUSE_SYNTAX, 27, 0, 0, {{0}}},
    {"{\"metric\":\"m\",\"labels\":{\"a\":\"b\",},\"value\":1}", CAUSE_SYNTAX, 32, 0, 0, {{0}}},
    {"{\"metric\":\"m\",\"labels\":{\"a\":\"b\" \"c\":\"d\"},\"value\":1}",
     CAUSE_SYNTAX,
     32,
     0,
     0,
     {{0}}},
    {"{\"metric\":\"m\",\"labels\":[],\"value\":1}", CAUSE_SYNTAX, 23, 0, 0, {{0}}},
    {"{\"metric\":\"m\",\"labels\":null,\"value\":1}", CAUSE_SYNTAX, 23, 0, 0, {{0}}},
    {"{\"metric\":\"m\",\"labels\":{\"a\":\"b\"", CAUSE_SYNTAX, 31, 0, 0, {{0}}},
};

static void run_row(const struct line_row *row, const char *line)
{
    struct batch *batch = batch_with_one();
    uint32_t offset = 0;
    enum cause cause = json_line_read(&plain, line, (uint32_t)strlen(row->line), batch, &offset);
    check_row(row, cause, offset, 0, batch, KEY_JSON);
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

static enum cause read_line(const char *line, size_t n, struct batch *batch)
{
    uint32_t offset = 0;
    batch->n = 0;
    return json_line_read(&plain, line, (uint32_t)n, batch, &offset);
}

/* The line's object is the first level, x's value the second. */
START_TEST(nesting_has_a_limit)
{
    for (int depth = JSON_DEPTH_MAX - 1; depth <= JSON_DEPTH_MAX; depth++) {
        char line[512], *p = line;
        struct batch *batch = batch_with_one();
        p += sprintf(p, "{\"metric\":\"m\",\"value\":1,\"x\":");
        for (int i = 0; i < depth; i++)
            *p++ = '[';
        for (int i = 0; i < depth; i++)
            *p++ = ']';
        *p++ = '}';
        ck_assert_int_eq(read_line(line, (size_t)(p - line), batch),
                         depth < JSON_DEPTH_MAX ? CAUSE_COUNT : CAUSE_SYNTAX);
        free(batch);
    }
}
END_TEST

START_TEST(labels_too_long_for_a_sample)
{
    static char line[UINT16_MAX + 200];
    for (int labels_n = UINT16_MAX; labels_n <= UINT16_MAX + 1; labels_n++) {
        struct batch *batch = batch_with_one();
        char *p = line + sprintf(line, "{\"metric\":\"m\",\"value\":1,\"labels\":{\"a\":\"");
        memset(p, 'x', (size_t)labels_n - 8);
        p += labels_n - 8;
        p += sprintf(p, "\"}}");
        uint32_t offset = 0;
        enum cause cause = json_line_read(&plain, line, (uint32_t)(p - line), batch, &offset);
        bool fits = labels_n == UINT16_MAX;
        ck_assert_int_eq(cause, fits ? CAUSE_COUNT : CAUSE_LABEL_LENGTH);
        ck_assert_uint_eq(fits ? batch->at[1].sub_n : offset, fits ? UINT16_MAX : 33);
        ck_assert_uint_eq(batch->n, fits ? 2 : 1);
        free(batch);
    }
}
END_TEST

static const char *const seeds[] = {
    "{\"metric\":\"m\",\"value\":1}",
    "{\"metric\":\"temperature\",\"labels\":{\"sensor\":\"s17\",\"site\":\"a\"},\"time\":"
    "1700000000.25,"
    "\"value\":21.4}",
    "{\"metric\":\"m\",\"time\":\"2023-11-14T22:13:20.5Z\",\"value\":-0.5e-3}",
    "{ \"metric\" : \"\\u00e9\\ud83d\\ude00\\n\" , \"value\" : true , \"labels\" : { } }",
    "{\"x\":[{\"y\":[1,null,\"z\\\\\"]},{},[],-0,1E+5],\"metric\":\"m\",\"value\":null}",
    "{\"metric\":\"m\",\"value\":false,\"extra\":{\"a\":{\"b\":{\"c\":[true,false,null]}}}}",
    "{\"value\":1}",
    "[\"metric\",\"value\",{\"a\":10.25e2}]",
};
enum { SEEDS = sizeof seeds / sizeof *seeds };

/* One to three changes of a seed; what is put in are JSON's own bytes, mostly. */
static size_t mutate(uint64_t *state, const char *from, char *line)
{
    static const char bytes[] = "{}[]\":,\\ \t\r0123456789-+.eEutrfnalsbd/\x01x";
    size_t n = strlen(from);
    memcpy(line, from, n);
    for (uint64_t changes = 1 + random_below(state, 3); changes > 0 && n > 0; changes--) {
        size_t at = random_below(state, n);
        char byte = bytes[random_below(state, sizeof bytes - 1)];
        switch (random_below(state, 4)) {
        case 0: line[at] = byte; break;
        case 1:
            memmove(line + at + 1, line + at, n++ - at);
            line[at] = byte;
            break;
        case 2: memmove(line + at, line + at + 1, --n - at); break;
        default: line[at] = line[random_below(state, n)]; break;
        }
    }
    return n;
}

/* Ours has deliberate differences that the seeds stay clear of: bytes that are not UTF-8 and numbers
 * too large for a double are taken, more than 64 levels are not. */
static json_t *load(const char *text, size_t n)
{
    return json_loadb(text, n, JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, NULL);
}

START_TEST(is_json_where_jansson_says_so)
{
    uint64_t state = 1;
    int yes = 0;
    for (int i = 0; i < MUTATIONS; i++) {
        char line[256];
        size_t n = mutate(&state, seeds[i % SEEDS], line);
        struct json_scan s = {line, line + n};
        json_space(&s);
        bool ours = json_value(&s, JSON_DEPTH_MAX);
        json_space(&s);
        ours = ours && s.p == s.end;
        json_t *root = load(line, n);
        ck_assert_msg(ours == (root != NULL), "%.*s: %s", (int)n, line, ours ? "taken" : "refused");
        yes += ours;
        json_decref(root);
    }
    ck_assert_int_gt(yes, MUTATIONS / 20); /* or the law was hardly tried */
    ck_assert_int_lt(yes, MUTATIONS * 19 / 20);
}
END_TEST

static bool has_labels_of_strings(const json_t *root)
{
    const char *name;
    json_t *labels = json_object_get(root, "labels"), *value;
    if (labels == NULL)
        return true;
    json_object_foreach(labels, name, value) if (!json_is_string(value)) return false;
    return json_is_object(labels);
}

static bool has_a_time(const json_t *root)
{
    int64_t t_ns;
    json_t *time = json_object_get(root, "time");
    if (json_is_string(time))
        return time_read(json_string_value(time), json_string_length(time), &t_ns) == NABLA_OK;
    return time == NULL || (json_is_number(time) && fabs(json_number_value(time)) < 9.2e9);
}

/* What a line must be, said over jansson's tree. */
static bool is_sample(const json_t *root)
{
    json_t *value = json_object_get(root, "value");
    return json_is_string(json_object_get(root, "metric")) && has_labels_of_strings(root) &&
           has_a_time(root) &&
           (json_is_number(value) || json_is_boolean(value) || json_is_null(value));
}

static double value_of(const json_t *root)
{
    json_t *value = json_object_get(root, "value");
    if (json_is_null(value))
        return NAN;
    return json_is_number(value) ? json_number_value(value) : json_is_true(value);
}

START_TEST(is_a_sample_where_the_tree_is_one)
{
    uint64_t state = 2;
    int yes = 0;
    struct batch *batch = batch_with_one();
    for (int i = 0; i < MUTATIONS; i++) {
        char line[256];
        size_t n = mutate(&state, seeds[i % SEEDS], line);
        enum cause cause = read_line(line, n, batch);
        json_t *root = load(line, n);
        ck_assert_msg((cause == CAUSE_COUNT) == is_sample(root), "%.*s: cause %d", (int)n, line,
                      cause);
        if (cause == CAUSE_COUNT)
            ck_assert_msg(same_value(batch->at[0].v, value_of(root)), "%.*s", (int)n, line);
        yes += cause == CAUSE_COUNT;
        json_decref(root);
    }
    ck_assert_int_gt(yes, MUTATIONS / 20);
    free(batch);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("json_line");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 120);
    tcase_add_loop_test(all, line_row, 0, ROWS(rows));
    tcase_add_loop_test(all, line_row_at_a_guard_page, 0, ROWS(rows));
    tcase_add_test(all, nesting_has_a_limit);
    tcase_add_test(all, labels_too_long_for_a_sample);
    tcase_add_test(all, is_json_where_jansson_says_so);
    tcase_add_test(all, is_a_sample_where_the_tree_is_one);
    suite_add_tcase(s, all);
    return s;
}
