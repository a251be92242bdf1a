/* prom_out: names, escapes, families, timestamps and the choice by Accept, by their exact bytes. */
#include "wire/prom_out.h"

#include "base/clock.h"

#include <math.h>
#include <string.h>

#include "suite.h"

#define S (int64_t) NS_PER_S

static void expect(struct buf *b, const char *label, const char *want)
{
    ck_assert_msg(!b->failed && b->n == strlen(want) &&
                      (b->n == 0 || memcmp(b->at, want, b->n) == 0),
                  "%s: %.*s\n  not %s", label, (int)b->n, b->at, want);
    buf_fini(b);
}

static const struct name_row {
    const char *name, *want;
} names[] = {
    {"temperature", "temperature"},
    {"a:b_C9", "a:b_C9"},
    {"plant-03.temperature", "plant_03_temperature"},
    {"9lives", "_9lives"},
    {"\xc3\xa4", "__"},
    {"", "_"},
};

START_TEST(name_row)
{
    struct buf b = {0};
    prom_name(&b, names[_i].name, strlen(names[_i].name));
    expect(&b, names[_i].name, names[_i].want);
}
END_TEST

static const struct family_row {
    enum exposition form;
    const char *name, *type, *help, *want;
} families[] = {
    {EXPOSITION_TEXT, "a_total", "counter", "Lines \"read\".",
     "# HELP a_total Lines \"read\".\n# TYPE a_total counter\n"},
    {EXPOSITION_OPENMETRICS, "a_total", "counter", "Lines \"read\".",
     "# HELP a Lines \\\"read\\\".\n# TYPE a counter\n"},
    {EXPOSITION_OPENMETRICS, "a_total", "gauge", "x", "# HELP a_total x\n# TYPE a_total gauge\n"},
    {EXPOSITION_TEXT, "a", "gauge", "back\\slash\nline",
     "# HELP a back\\\\slash\\nline\n# TYPE a gauge\n"},
};

START_TEST(family_row)
{
    const struct family_row *r = &families[_i];
    struct buf b = {0};
    prom_family(&b, r->form, r->name, strlen(r->name), r->type, r->help);
    expect(&b, r->name, r->want);
}
END_TEST

START_TEST(own_samples)
{
    struct buf labels = {0}, b = {0};
    prom_label(&labels, "reason", "a\"b\\c\nd", 7);
    prom_label(&labels, "code", "2xx", 3);
    buf_char(&labels, '\0');
    prom_sample(&b, "x_total", labels.at, 3);
    prom_sample(&b, "y", "", NAN);
    prom_sample(&b, "z", "", -INFINITY);
    buf_fini(&labels);
    expect(&b, "samples", "x_total{reason=\"a\\\"b\\\\c\\nd\",code=\"2xx\"} 3\ny NaN\nz -Inf\n");
}
END_TEST

#define PAIRS 4
static const struct reading_row {
    const char *label;
    const char *labels[2 * PAIRS]; /* name, value, ..., sorted by name; the metric's own first */
    enum exposition form;
    bool timestamps;
    struct reading r;
    const char *want;
} readings[] = {
    {"plain",
     {"__name__", "t", "site", "a", "x", "1"},
     EXPOSITION_TEXT,
     false,
     {.rate = {S, 0.5, 2}},
     "t_per_second{site=\"a\",x=\"1\"} 0.5\n"},
    {"no labels",
     {"__name__", "t"},
     EXPOSITION_TEXT,
     false,
     {.rate = {S, 0.5, 2}},
     "t_per_second 0.5\n"},
    {"per minute",
     {"__name__", "t"},
     EXPOSITION_TEXT,
     false,
     {.per = PER_MINUTE, .rate = {S, 5, 2}},
     "t_per_minute 5\n"},
    {"not known", {"__name__", "t"}, EXPOSITION_TEXT, false, {.edge = {S, 0.5, 1}}, ""},
    {"not finite",
     {"__name__", "t"},
     EXPOSITION_TEXT,
     false,
     {.rate = {S, INFINITY, 2}},
     "t_per_second +Inf\n"},
    {"made valid",
     {"__name__", "a.b-c", "sensor-id", "\"", "z", "\\\n"},
     EXPOSITION_TEXT,
     false,
     {.rate = {S, 1, 2}},
     "a_b_c_per_second{sensor_id=\"\\\"\",z=\"\\\\\\n\"} 1\n"},
    {"joined",
     {"__name__", "t", "a-b", "1", "a.b", "2", "a_b", "3"},
     EXPOSITION_TEXT,
     false,
     {.rate = {S, 1, 2}},
     "t_per_second{a_b=\"1;2;3\"} 1\n"},
    {"joined by a digit",
     {"__name__", "t", "9", "1", "_9", "2", "z", "3"},
     EXPOSITION_TEXT,
     false,
     {.rate = {S, 1, 2}},
     "t_per_second{_9=\"1;2\",z=\"3\"} 1\n"},
    {"never the metric's own",
     {"__name__", "t", "--name--", "x"},
     EXPOSITION_TEXT,
     false,
     {.rate = {S, 1, 2}},
     "t_per_second{__name___=\"x\"} 1\n"},
    {"milliseconds",
     {"__name__", "t"},
     EXPOSITION_TEXT,
     true,
     {.rate = {1700000000 * S + 250999999, 1, 2}},
     "t_per_second 1 1700000000250\n"},
    {"seconds",
     {"__name__", "t"},
     EXPOSITION_OPENMETRICS,
     true,
     {.rate = {1700000000 * S + 250999999, 1, 2}},
     "t_per_second 1 1700000000.250999999\n"},
    {"before 1970, rounded down",
     {"__name__", "t"},
     EXPOSITION_TEXT,
     true,
     {.rate = {-1, 1, 2}},
     "t_per_second 1 -1\n"},
    {"before 1970",
     {"__name__", "t"},
     EXPOSITION_OPENMETRICS,
     true,
     {.rate = {-S - S / 4, 1, 2}},
     "t_per_second 1 -1.250000000\n"},
    {"just before 1970",
     {"__name__", "t"},
     EXPOSITION_OPENMETRICS,
     true,
     {.rate = {-1, 1, 2}},
     "t_per_second 1 -0.000000001\n"},
    {"the first time there is",
     {"__name__", "t"},
     EXPOSITION_OPENMETRICS,
     true,
     {.rate = {INT64_MIN, 1, 2}},
     "t_per_second 1 -9223372036.854775808\n"},
};

START_TEST(reading_row)
{
    const struct reading_row *row = &readings[_i];
    union {
        struct labelset set;
        char room[1024];
    } packed;
    struct label l[PAIRS];
    uint32_t n = 0;
    for (; n < PAIRS && row->labels[2 * n] != NULL; n++)
        l[n] = (struct label){row->labels[2 * n], row->labels[2 * n + 1],
                              (uint32_t)strlen(row->labels[2 * n]),
                              (uint32_t)strlen(row->labels[2 * n + 1])};
    ck_assert_int_eq(labelset_pack(l, n, &packed.set), NABLA_OK);
    struct reading r = row->r;
    r.labels = &packed.set;
    struct buf b = {0};
    prom_reading(&b, row->form, &r, row->timestamps);
    expect(&b, row->label, row->want);
}
END_TEST

START_TEST(ends)
{
    struct buf b = {0};
    prom_end(&b, EXPOSITION_TEXT);
    ck_assert_uint_eq(b.n, 0);
    prom_end(&b, EXPOSITION_OPENMETRICS);
    expect(&b, "end", "# EOF\n");
    ck_assert_ptr_nonnull(strstr(prom_content_type(EXPOSITION_TEXT), "version=0.0.4"));
    ck_assert_ptr_nonnull(strstr(prom_content_type(EXPOSITION_OPENMETRICS), "version=1.0.0"));
}
END_TEST

#define OM "application/openmetrics-text"
static const struct accept_row {
    const char *accept;
    enum exposition want;
} accepts[] = {
    {NULL, EXPOSITION_TEXT},
    {"", EXPOSITION_TEXT},
    {"*/*", EXPOSITION_TEXT},
    {"text/html,application/xhtml+xml,*/*;q=0.8", EXPOSITION_TEXT},
    {OM, EXPOSITION_OPENMETRICS},
    {"Application/OpenMetrics-Text; Version=1.0.0; charset=utf-8", EXPOSITION_OPENMETRICS},
    {OM ";version=1.0.0," OM ";version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
     EXPOSITION_OPENMETRICS}, /* Prometheus 2.42 */
    {OM ", text/plain", EXPOSITION_OPENMETRICS},
    {"text/plain, " OM ";q=0.9", EXPOSITION_TEXT},
    {"text/plain;q=0.4, " OM ";q=0.5", EXPOSITION_OPENMETRICS},
    {"text/plain;q=0.05 , " OM " ; q=0.5", EXPOSITION_OPENMETRICS},
    {"text/*, " OM ";q=0.9", EXPOSITION_TEXT},
    {"*/*, " OM ";q=0.9", EXPOSITION_TEXT},
    {"text/plain;q=0.1, */*, " OM ";q=0.9", EXPOSITION_OPENMETRICS}, /* the nearer name counts */
    {OM ";q=0", EXPOSITION_TEXT},
    {OM ";q=0.000", EXPOSITION_TEXT},
    {OM ";q=nonsense", EXPOSITION_TEXT},
    {OM ";q=2", EXPOSITION_TEXT},
    {OM ";q=1.001", EXPOSITION_TEXT},
    {OM ";version=7.0.0", EXPOSITION_TEXT},
    {"application/*", EXPOSITION_TEXT},
    {",,; ;,", EXPOSITION_TEXT},
    {OM "x", EXPOSITION_TEXT},
};

START_TEST(accept_row)
{
    ck_assert_msg(prom_negotiate(accepts[_i].accept) == accepts[_i].want, "%s", accepts[_i].accept);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("wire/prom_out");
    TCase *tc = tcase_create("tables");
    tcase_add_loop_test(tc, name_row, 0, ROWS(names));
    tcase_add_loop_test(tc, family_row, 0, ROWS(families));
    tcase_add_test(tc, own_samples);
    tcase_add_loop_test(tc, reading_row, 0, ROWS(readings));
    tcase_add_test(tc, ends);
    tcase_add_loop_test(tc, accept_row, 0, ROWS(accepts));
    suite_add_tcase(s, tc);
    return s;
}
