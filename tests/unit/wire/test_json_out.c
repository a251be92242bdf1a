/* json_out: every object by its exact bytes. */
#include "wire/json_out.h"

#include "base/clock.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "suite.h"

#define S  (int64_t) NS_PER_S
#define T0 (1700000000 * S)

static void expect(struct buf *b, const char *label, const char *want)
{
    ck_assert_msg(!b->failed && b->n == strlen(want) &&
                      (b->n == 0 || memcmp(b->at, want, b->n) == 0),
                  "%s: %.*s\n  not %s", label, (int)b->n, b->at, want);
    buf_fini(b);
}

#define BYTES(text) text, sizeof(text) - 1

static const struct string_row {
    const char *label, *text;
    size_t n;
    const char *want;
} strings[] = {
    {"empty", BYTES(""), "\"\""},
    {"plain", BYTES("plant-03/a b"), "\"plant-03/a b\""},
    {"quote and backslash", BYTES("a\"b\\c"), "\"a\\\"b\\\\c\""},
    {"named controls", BYTES("\n\r\t"), "\"\\n\\r\\t\""},
    {"other controls", BYTES("\x01\x1f\0z"), "\"\\u0001\\u001f\\u0000z\""},
    {"delete is text", BYTES("\x7f"), "\"\x7f\""},
    {"two, three, four bytes", BYTES("\xc3\xa4\xe2\x82\xac\xf0\x9f\x8c\xa1"),
     "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x8c\xa1\""},
    {"a lone continuation", BYTES("a\x80z"), "\"a\xef\xbf\xbdz\""},
    {"cut at the end", BYTES("a\xe2\x82"), "\"a\xef\xbf\xbd\xef\xbf\xbd\""},
    {"overlong", BYTES("\xc0\xaf"), "\"\xef\xbf\xbd\xef\xbf\xbd\""},
    {"surrogate", BYTES("\xed\xa0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
    {"bad, then good", BYTES("\xff\xc3\xa4"), "\"\xef\xbf\xbd\xc3\xa4\""},
};

START_TEST(string_row)
{
    const struct string_row *r = &strings[_i];
    char *copy = malloc(r->n + 1); /* so that a byte read past the end is one that ASan sees */
    memcpy(copy, r->text, r->n);
    char *exact = realloc(copy, r->n ? r->n : 1);
    struct buf b = {0};
    json_text(&b, exact, r->n);
    free(exact);
    expect(&b, r->label, r->want);
}
END_TEST

static const struct double_row {
    double v;
    const char *want;
} doubles[] = {
    {0, "0"},      {0.1, "0.1"},       {-21.4, "-21.4"},    {1e21, "1e+21"},
    {NAN, "null"}, {INFINITY, "null"}, {-INFINITY, "null"}, {6e-5, "6e-05"},
};

START_TEST(double_row)
{
    struct buf b = {0};
    json_double(&b, doubles[_i].v);
    expect(&b, "double", doubles[_i].want);
}
END_TEST

static const struct time_row {
    int64_t t_ns;
    enum time_style style;
    const char *want;
} times[] = {
    {T0, TIME_RFC3339, "\"2023-11-14T22:13:20.000000000Z\""},
    {T0 + 250000000, TIME_UNIX, "1700000000.250000000"},
    {0, TIME_UNIX, "0.000000000"},
    {-1, TIME_UNIX, "-0.000000001"},
    {-1500000000, TIME_UNIX, "-1.500000000"},
    {INT64_MAX, TIME_UNIX, "9223372036.854775807"},
    {INT64_MIN, TIME_UNIX, "-9223372036.854775808"},
};

START_TEST(time_row)
{
    struct buf b = {0};
    json_time(&b, times[_i].t_ns, times[_i].style);
    expect(&b, "time", times[_i].want);
}
END_TEST

static struct labelset *pack(const char *metric, const char *name, const char *value)
{
    static union {
        struct labelset set;
        char room[1024];
    } packed;
    struct label l[2] = {
        {LABEL_METRIC, metric, (uint32_t)strlen(LABEL_METRIC), (uint32_t)strlen(metric)}};
    if (name != NULL)
        l[1] = (struct label){name, value, (uint32_t)strlen(name), (uint32_t)strlen(value)};
    ck_assert_int_eq(labelset_pack(l, name != NULL ? 2 : 1, &packed.set), NABLA_OK);
    return &packed.set;
}

START_TEST(labels)
{
    struct buf b = {0};
    json_labels(&b, pack("temperature", "site", "plant\"03"));
    expect(&b, "two", "{\"__name__\": \"temperature\", \"site\": \"plant\\\"03\"}");
    json_labels(&b, pack("t", NULL, NULL));
    expect(&b, "one", "{\"__name__\": \"t\"}");
}
END_TEST

#define D(t, v, o)                                                                                 \
    {                                                                                              \
        .t_ns = (t), .value = (v), .order = (o)                                                    \
    }
#define HEAD(state, unit)                                                                          \
    "{\"metric\": {\"__name__\": \"t\"}, \"state\": \"" state "\", \"unit\": \"" unit "\", "
#define W0      "{\"time\": 0.000000000, \"value\": 1}"
#define W1      "{\"time\": 1.000000000, \"value\": 2}"
#define W2      "{\"time\": 2.000000000, \"value\": 3}"
#define NOTHING "\"rate\": null, \"edge\": null, \"accel\": null, "
#define EDGE    "\"edge\": {\"time\": 1.000000000, \"value\": 1, \"order\": 1}, "

static const struct reading_row {
    const char *label;
    struct reading r;
    const char *want;
} readings[] = {
    {"ok",
     {.state = STATE_OK,
      .rate = D(S, 1, 2),
      .edge = D(2 * S, 1.5, 1),
      .accel = 0.25,
      .window = {{0, 1}, {S, 2}, {2 * S, 3}},
      .window_n = 3,
      .age_ns = S / 2},
     HEAD(
         "ok",
         "1/s") "\"rate\": {\"time\": 1.000000000, \"value\": 1, \"order\": 2}, "
                "\"edge\": {\"time\": 2.000000000, \"value\": 1.5, \"order\": 1}, \"accel\": 0.25, "
                "\"window\": [" W0 ", " W1 ", " W2 "], \"age\": 0.5}"},
    {"two samples",
     {.state = STATE_OK,
      .per = PER_MINUTE,
      .edge = D(S, 1, 1),
      .accel = NAN,
      .window = {{0, 1}, {S, 2}},
      .window_n = 2},
     HEAD("ok",
          "1/min") "\"rate\": null, " EDGE "\"accel\": null, \"window\": [" W0 ", " W1 "], "
                   "\"age\": 0, \"why\": \"two samples so far: the central rate needs three\"}"},
    {"one sample",
     {.state = STATE_WARMING, .accel = NAN, .window = {{0, 1}}, .window_n = 1},
     HEAD("warming", "1/s") NOTHING "\"window\": [" W0 "], \"age\": 0, "
                                    "\"why\": \"one sample so far\"}"},
    {"no sample",
     {.state = STATE_WARMING, .accel = NAN},
     HEAD("warming", "1/s") NOTHING "\"window\": [], \"age\": 0, \"why\": \"no sample so far\"}"},
    {"an accel that means nothing is not shown",
     {.state = STATE_WARMING, .accel = 7},
     HEAD("warming", "1/s") NOTHING "\"window\": [], \"age\": 0, \"why\": \"no sample so far\"}"},
    {"stale",
     {.state = STATE_STALE, .per = PER_HOUR, .accel = NAN, .age_ns = 600 * S},
     HEAD("stale", "1/h") NOTHING "\"window\": [], \"age\": 600, "
                                  "\"why\": \"silent for longer than stale_after\"}"},
    {"not finite in the window",
     {.state = STATE_OK,
      .rate = D(S, NAN, 2),
      .edge = D(2 * S, NAN, 1),
      .accel = NAN,
      .window = {{0, 1}, {S, INFINITY}, {2 * S, 3}},
      .window_n = 3},
     HEAD("ok", "1/s") "\"rate\": {\"time\": 1.000000000, \"value\": null, \"order\": 2}, "
                       "\"edge\": {\"time\": 2.000000000, \"value\": null, \"order\": 1}, "
                       "\"accel\": null, "
                       "\"window\": [" W0 ", {\"time\": 1.000000000, \"value\": null}, " W2
                       "], \"age\": 0, "
                       "\"why\": \"a value in the window is not finite\"}"},
    {"a result that overflowed",
     {.state = STATE_OK,
      .rate = D(S, 1, 2),
      .edge = D(2 * S, 1, 1),
      .accel = INFINITY,
      .window = {{0, 1}, {S, 2}, {2 * S, 3}},
      .window_n = 3},
     HEAD("ok",
          "1/s") "\"rate\": {\"time\": 1.000000000, \"value\": 1, \"order\": 2}, "
                 "\"edge\": {\"time\": 2.000000000, \"value\": 1, \"order\": 1}, \"accel\": null, "
                 "\"window\": [" W0 ", " W1 ", " W2 "], \"age\": 0, "
                 "\"why\": \"a result is too large for a number\"}"},
};

START_TEST(reading_row)
{
    struct reading r = readings[_i].r;
    r.labels = pack("t", NULL, NULL);
    struct buf b = {0};
    json_reading(&b, &r, TIME_UNIX);
    expect(&b, readings[_i].label, readings[_i].want);
}
END_TEST

START_TEST(reading_in_rfc3339)
{
    struct reading r = {
        .labels = pack("t", NULL, NULL), .accel = NAN, .window = {{T0, 1}}, .window_n = 1};
    struct buf b = {0};
    json_reading(&b, &r, TIME_RFC3339);
    buf_char(&b, '\0');
    ck_assert_ptr_nonnull(
        strstr(b.at, "[{\"time\": \"2023-11-14T22:13:20.000000000Z\", \"value\": 1}]"));
    buf_fini(&b);
}
END_TEST

static const struct point_row {
    const char *label;
    enum per per;
    struct point p;
    struct point_note note;
    const char *want;
} points[] = {
#define UNKNOWN                                                                                    \
    {                                                                                              \
        .error = NAN, .trend = NAN                                                                 \
    }
    {"what its rule asks for",
     PER_MINUTE,
     {.t_ns = S, .value = 2, .rate = 3, .accel = 4, .order = 2},
     {.error = 0.5, .trend = 2},
     "\"value\": 2, \"rate\": 180, \"accel\": 14400, \"error\": 30, \"trend\": 120, \"order\": 2, "
     "\"corrected\": false, \"unit\": \"1/min\"}"},
    {"an integer that no double holds",
     PER_SECOND,
     {.t_ns = S, .value = 0x1p60, .rate = 7, .accel = 0, .order = 2, .rest = 7},
     UNKNOWN,
     "\"value\": 1152921504606846983, \"rate\": 7, \"accel\": 0, \"order\": 2, "
     "\"corrected\": false, \"unit\": \"1/s\"}"},
    {"the largest, negative",
     PER_SECOND,
     {.t_ns = S, .value = -0x1p64, .rate = 7, .accel = 0, .order = 2, .rest = 1},
     UNKNOWN,
     "\"value\": -18446744073709551615, \"rate\": 7, \"accel\": 0, \"order\": 2, "
     "\"corrected\": false, \"unit\": \"1/s\"}"},
    {"a large double is short",
     PER_SECOND,
     {.t_ns = S, .value = 1e300, .rate = 7, .accel = 0, .order = 2},
     UNKNOWN,
     "\"value\": 1e+300, \"rate\": 7, \"accel\": 0, \"order\": 2, "
     "\"corrected\": false, \"unit\": \"1/s\"}"},
    {"per second",
     PER_SECOND,
     {.t_ns = S, .value = 2, .rate = 3, .accel = 4, .order = 2},
     UNKNOWN,
     "\"value\": 2, \"rate\": 3, \"accel\": 4, \"order\": 2, \"corrected\": false, \"unit\": "
     "\"1/s\"}"},
    {"per minute: accel is per minute twice",
     PER_MINUTE,
     {.t_ns = S, .value = 2, .rate = 3, .accel = 4, .order = 1, .corrected = true},
     UNKNOWN,
     "\"value\": 2, \"rate\": 180, \"accel\": 14400, \"order\": 1, \"corrected\": true, "
     "\"unit\": \"1/min\"}"},
    {"no accel of two samples",
     PER_SECOND,
     {.t_ns = S, .rate = 3, .accel = NAN, .order = 1},
     UNKNOWN,
     "\"value\": 0, \"rate\": 3, \"accel\": null, \"order\": 1, \"corrected\": false, "
     "\"unit\": \"1/s\"}"},
    {"value not finite",
     PER_SECOND,
     {.t_ns = S, .value = NAN, .rate = NAN, .accel = NAN, .order = 2},
     UNKNOWN,
     "\"value\": null, \"rate\": null, \"accel\": null, \"order\": 2, \"corrected\": false, "
     "\"unit\": \"1/s\", \"why\": \"the value is not finite\"}"},
    {"a neighbour not finite",
     PER_SECOND,
     {.t_ns = S, .value = 1, .rate = INFINITY, .accel = NAN, .order = 2},
     UNKNOWN,
     "\"value\": 1, \"rate\": null, \"accel\": null, \"order\": 2, \"corrected\": false, "
     "\"unit\": \"1/s\", \"why\": \"the rate is not finite\"}"},
};

START_TEST(point_row)
{
    char want[512];
    snprintf(want, sizeof want, "{\"metric\": {\"__name__\": \"t\"}, \"time\": 1.000000000, %s",
             points[_i].want);
    struct buf b = {0};
    json_point(&b, pack("t", NULL, NULL), points[_i].per, &points[_i].p, &points[_i].note,
               TIME_UNIX);
    expect(&b, points[_i].label, want);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("wire/json_out");
    TCase *tc = tcase_create("tables");
    tcase_add_loop_test(tc, string_row, 0, ROWS(strings));
    tcase_add_loop_test(tc, double_row, 0, ROWS(doubles));
    tcase_add_loop_test(tc, time_row, 0, ROWS(times));
    tcase_add_test(tc, labels);
    tcase_add_loop_test(tc, reading_row, 0, ROWS(readings));
    tcase_add_test(tc, reading_in_rfc3339);
    tcase_add_loop_test(tc, point_row, 0, ROWS(points));
    suite_add_tcase(s, tc);
    return s;
}
