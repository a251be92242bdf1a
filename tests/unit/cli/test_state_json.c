/* tests/unit/cli/test_state_json.c -- saved series and points as lines of JSON: what is read is written as it was, what
 * is wrong is refused with a reason and leaves nothing behind. */
#include "cli/state_json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "suite.h"

#define LABELS "\"labels\":{\"__name__\":\"flow\",\"pump\":\"p\\u00e9\"}"
#define SEEN   "\"seen\":1700000000000000000"
#define WINDOW "\"window\":[[1,1.5],[2,-0.1],[9007199254740993,1e300]]"
#define SERIES "{\"number\":7," LABELS "," SEEN "," WINDOW

static json_t *parse(const char *text)
{
    json_error_t error;
    json_t *v = json_loads(text, JSON_DECODE_ANY, &error);
    ck_assert_msg(v != NULL, "%s: %s", text, error.text);
    return v;
}

/* ---- what is read is written as it was */

static const char *const whole[] = {
    SERIES "}",
    "{\"number\":7," LABELS "," SEEN ",\"window\":[]}",
    "{\"number\":7," LABELS "," SEEN ",\"window\":[[-5,\"NaN\"],[0,\"Inf\"],[1,\"-Inf\"]]}",
    SERIES ",\"stale\":true,\"broken\":true,\"cut\":true,\"keeps\":true,\"resets\":4294967295}",
    SERIES ",\"rests\":[0.0,-1.0,2.0]}",
    SERIES ",\"trend\":{\"tau\":60000000000,\"samples\":4711,\"newest\":[2,7.0],\"moments\":[1.0,2."
           "0,3.0,4.0,"
           "5.0,6.0,7.0,8.0,9.0],\"from\":[2,1e18,5.0],\"base\":-2.0}}",
    SERIES ",\"wrap\":[4294967296.0,3]}",
    SERIES ",\"came\":[[3,0.1,0.0],true]}",
    SERIES ",\"came\":[[3,0.1,0.0],false]}",
    SERIES ",\"merge\":[3,[1,1.0,0.0],[7,2.0,0.0],0.25,-1.0]}",
    SERIES ",\"held\":[9,1e9,0.0]}",
    SERIES ",\"waiting\":[[[3,1.0,0.0],4],[[3,2.0,0.5],5]]}",
    SERIES ",\"echoes\":[[1,1.0,0.5],[2,2.0,0.5]]}",
    SERIES
    ",\"rests\":[1.0,2.0,3.0],\"wrap\":[1.0,1],\"held\":[9,1e9,0.0],\"came\":[[3,0.1,0.0],true],"
    "\"echoes\":[[1,1.0,0.5]],\"waiting\":[[[3,1.0,0.0],4]]}",
};

/* The line's bytes, as a series at that place. */
static void read_series(const char *text, struct buf *bytes, struct saved_series *out)
{
    const char *why = "", *at, *end;
    json_t *line = parse(text);
    ck_assert_msg(state_series_read(line, 5, bytes, &why) == NABLA_OK, "%s: %s", text, why);
    json_decref(line);
    at = bytes->at;
    end = at + bytes->n;
    ck_assert_int_eq(saved_get(&at, end, out), NABLA_OK);
    ck_assert_ptr_eq(at, end);
}

START_TEST(a_series_as_it_was)
{
    struct buf bytes = {0};
    struct saved_series *in = malloc(sizeof *in);
    read_series(whole[_i], &bytes, in);
    ck_assert_uint_eq(in->saved.place, 5);
    ck_assert(in->saved.unkeyed); /* a key means nothing without its secret */
    json_t *want = parse(whole[_i]), *got = state_series_json(7, in);
    char *text = json_dumps(got, JSON_COMPACT);
    ck_assert_msg(json_equal(want, got), "%s became %s", whole[_i], text);
    free(text);
    json_decref(want);
    json_decref(got);
    free(in);
    buf_fini(&bytes);
}
END_TEST

static const char points[] = "{\"series\":3,\"points\":[[1,1.5,0.1,\"NaN\",0.0,-2.5,0.25,0],[2,\"-"
                             "Inf\",-1.0,1e-300,\"NaN\",\"NaN\",0.0,2]]}";

START_TEST(points_as_they_were)
{
    struct buf bytes = {0};
    const char *why = "";
    int64_t first_ns = 0;
    json_t *line = parse(points);
    ck_assert_int_eq(state_points_read(line, &bytes, &first_ns, &why), NABLA_OK);
    ck_assert_int_eq(first_ns, 1);
    ck_assert_uint_eq(bytes.n, 2 * SAVED_POINT);
    json_t *got = state_points_json(3, bytes.at, bytes.n);
    ck_assert(json_equal(line, got));
    json_decref(got);
    json_decref(line);
    buf_fini(&bytes);
}
END_TEST

/* ---- what is wrong */

static const struct wrong {
    const char *line, *why;
} wrong_series[] = {
    {"[]", "labels"},
    {"{" SEEN "," WINDOW "}", "labels"},
    {"{\"labels\":{}," SEEN "," WINDOW "}", "labels"},
    {"{\"labels\":{\"__name__\":1}," SEEN "," WINDOW "}", "labels"},
    {"{\"labels\":{\"a\":\"no metric\"}," SEEN "," WINDOW "}", "labels"},
    {"{" LABELS "," SEEN "}", "window"},
    {"{" LABELS "," SEEN ",\"window\":[[1,1],[2,1],[3,1],[4,1],[5,1],[6,1]]}", "window"},
    {"{" LABELS "," SEEN ",\"window\":[[1,1,1]]}", "window"},
    {"{" LABELS "," SEEN ",\"window\":[[1.5,1]]}", "window"},
    {"{" LABELS "," SEEN ",\"window\":[[1,\"1\"]]}", "window"},
    {"{" LABELS "," SEEN ",\"window\":[[1,\"\"]]}", "window"},
    {"{" LABELS "," SEEN ",\"window\":[[1,null]]}", "window"},
    {"{" LABELS "," SEEN ",\"window\":[[2,1],[1,1]]}", "do not grow"},
    {"{" LABELS "," SEEN ",\"window\":[[9223372036854775807,1]]}", "too late"},
    {"{" LABELS "," WINDOW "}", "seen"},
    {SERIES ",\"resets\":-1}", "resets"},
    {SERIES ",\"resets\":4294967296}", "resets"},
    {SERIES ",\"rests\":[0,0]}", "beside"},
    {SERIES ",\"trend\":{}}", "beside"},
    {SERIES ",\"trend\":[1]}", "beside"},
    {SERIES ",\"wrap\":[1]}", "beside"},
    {SERIES ",\"wrap\":[1,-1]}", "beside"},
    {SERIES ",\"came\":[[1,1],true]}", "beside"},
    {SERIES ",\"merge\":[1,[1,1,0],[1,1,0],0]}", "beside"},
    {SERIES ",\"held\":1}", "beside"},
    {SERIES ",\"waiting\":[[1,1]]}", "beside"},
    {SERIES ",\"waiting\":{}}", "beside"},
    {SERIES ",\"echoes\":[[1]]}", "beside"},
    {SERIES ",\"merge\":[1,[1,1,0],[1,1,0],-1,0]}", "cannot be"},
};

START_TEST(a_series_that_is_wrong)
{
    const struct wrong *r = &wrong_series[_i];
    struct buf bytes = {0};
    const char *why = "";
    buf_add(&bytes, "before", 6);
    json_t *line = parse(r->line);
    ck_assert_msg(state_series_read(line, 0, &bytes, &why) == NABLA_EINVAL, "%s: taken", r->line);
    ck_assert_msg(strstr(why, r->why) != NULL, "%s: %s", r->line, why);
    ck_assert_uint_eq(bytes.n, 6);
    json_decref(line);
    buf_fini(&bytes);
}
END_TEST

static const struct wrong wrong_points[] = {
    {"{\"series\":3}", "no points"},
    {"{\"series\":3,\"points\":[]}", "no points"},
    {"{\"series\":3,\"points\":[[1,1,1,1,1,1,0]]}", "is none"},
    {"{\"series\":3,\"points\":[[1,1,1,1,1,1,0,3]]}", "is none"},
    {"{\"series\":3,\"points\":[[1,1,1,1,1,1,0,-1]]}", "is none"},
    {"{\"series\":3,\"points\":[[1,1,1,1,1,1,0,2],[\"2\",1,1,1,1,1,0,2]]}", "is none"},
    {"{\"series\":3,\"points\":[[1,1,1,null,1,1,0,2]]}", "is none"},
    {"{\"series\":3,\"points\":[7]}", "is none"},
};

START_TEST(points_that_are_wrong)
{
    const struct wrong *r = &wrong_points[_i];
    struct buf bytes = {0};
    const char *why = "";
    int64_t first_ns = 0;
    json_t *line = parse(r->line);
    ck_assert_msg(state_points_read(line, &bytes, &first_ns, &why) == NABLA_EINVAL, "%s: taken",
                  r->line);
    ck_assert_msg(strstr(why, r->why) != NULL, "%s: %s", r->line, why);
    json_decref(line);
    buf_fini(&bytes);
}
END_TEST

/* ---- bounds */

/* An array of n copies of an item. */
static json_t *many(const char *item, size_t n)
{
    json_t *all = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(all, parse(item));
    return all;
}

static const struct bound {
    const char *member, *item;
    size_t most;
} bounds[] = {{"waiting", "[[3,1,0],4]", REORDER_MAX - 1}, {"echoes", "[3,1,0]", ECHOES_MAX}};

START_TEST(as_many_as_there_may_be)
{
    const struct bound *r = &bounds[_i];
    struct buf bytes = {0};
    const char *why = "";
    json_t *line = parse(SERIES "}");
    json_object_set_new(line, r->member, many(r->item, r->most));
    ck_assert_msg(state_series_read(line, 0, &bytes, &why) == NABLA_OK, "%s: %s", r->member, why);
    json_object_set_new(line, r->member, many(r->item, r->most + 1));
    ck_assert_msg(state_series_read(line, 0, &bytes, &why) == NABLA_EINVAL, "%s: one too many",
                  r->member);
    json_decref(line);
    buf_fini(&bytes);
}
END_TEST

START_TEST(labels_that_json_does_not_hold)
{
    static const struct label bad[] = {
        {"pump", "\xff", 4, 1}, {"p\0mp", "a", 4, 1}, {"\xff", "a", 1, 1}};
    for (int i = 0; i < ROWS(bad); i++) {
        struct label_list list = {.n = 1};
        list.at[0] = bad[i];
        ck_assert_ptr_null(state_labels_json(&list));
    }
}
END_TEST

START_TEST(more_labels_than_a_series_may_have)
{
    union {
        struct labelset set;
        char room[LABELSET_MAX];
    } out;
    char name[16];
    json_t *labels = json_object();
    json_object_set_new(labels, "__name__", json_string("m"));
    for (int i = 1; i < LABELS_MAX; i++) {
        snprintf(name, sizeof name, "l%d", i);
        json_object_set_new(labels, name, json_string("v"));
    }
    ck_assert(state_get_labels(labels, &out.set));
    json_object_set_new(labels, "z", json_string("v"));
    ck_assert(!state_get_labels(labels, &out.set));
    json_decref(labels);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("cli/state_json");
    TCase *t = tcase_create("state_json");
    tcase_add_loop_test(t, a_series_as_it_was, 0, ROWS(whole));
    tcase_add_test(t, points_as_they_were);
    tcase_add_loop_test(t, a_series_that_is_wrong, 0, ROWS(wrong_series));
    tcase_add_loop_test(t, points_that_are_wrong, 0, ROWS(wrong_points));
    tcase_add_loop_test(t, as_many_as_there_may_be, 0, ROWS(bounds));
    tcase_add_test(t, labels_that_json_does_not_hold);
    tcase_add_test(t, more_labels_than_a_series_may_have);
    suite_add_tcase(s, t);
    return s;
}
