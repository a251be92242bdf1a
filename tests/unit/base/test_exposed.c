/* The names of lines: what is made valid, joined, sorted, and when it does not fit. */
#include "base/exposed.h"

#include "labels_text.h"
#include "suite.h"

#include <stdio.h>
#include <string.h>

static union {
    struct labelset set;
    char room[LABELSET_MAX];
} in;
static struct exposed out;

enum {
    RATE_S = WHAT_RATE * PERS,
    TREND_H = WHAT_TREND * PERS + PER_HOUR,
    EXTREME_M = WHAT_EXTREME * PERS + PER_MINUTE
};

static const struct row {
    const char *in;
    unsigned view;
    const char *extra; /* the value of a label "limit"; NULL: none */
    const char *out;
} rows[] = {
    {"__name__=t,a=1", RATE_S, NULL, "__name__=t_per_second,a=1"},
    {"__name__=t,a=1", TREND_H, NULL, "__name__=t_trend_per_hour,a=1"},
    {"__name__=t", EXTREME_M, NULL, "__name__=t_per_minute_extreme"},
    {"__name__=t,z=1", VIEW_ETA, "5", "__name__=t_seconds_to,limit=5,z=1"},
    {"__name__=t,limit=x", VIEW_ETA, "5", "__name__=t_seconds_to,limit=x,nabla_limit=5"},
    {"__name__=t", VIEW_VALUE, NULL, "__name__=t"},
    {"__name__=3.d:x", VIEW_VALUE, NULL, "__name__=_3_d:x"},
    {"__name__=3.d", VIEW_STORED, NULL, "__name__=3.d"},
    {"__name__=t,a-b=1,a.b=2,a_b=3", RATE_S, NULL, "__name__=t_per_second,a_b=1;2;3"},
    {"__name__=t,a-z=1,a0=2", RATE_S, NULL, "__name__=t_per_second,a0=2,a_z=1"}, /* another order */
    {"__name__=t,A=1,9=2", RATE_S, NULL,
     "__name__=t_per_second,A=1,_9=2"}, /* the name stays first */
    {"__name__=t,--name--=x", RATE_S, NULL, "__name__=t_per_second,__name___=x"},
    {"__name__=t,\xc3\xa9=x", RATE_S, NULL, "__name__=t_per_second,__=x"},
};

START_TEST(exposed_row)
{
    const struct row *r = &rows[_i];
    struct label extra = {.name = "limit", .name_n = 5, .value = r->extra};
    extra.value_n = r->extra != NULL ? (uint32_t)strlen(r->extra) : 0;
    labels_of_text(r->in, &in.set);
    ck_assert(exposed_make(&in.set, r->view, r->extra != NULL ? &extra : NULL, &out));
    ck_assert_str_eq(text_of_labels(&out.set), r->out);
}
END_TEST

/* As many labels as a series can have, and one more; all of them come to one name. */
START_TEST(as_large_as_it_gets)
{
    static char value[200], names[LABELS_MAX][4];
    struct label l = {.name = LABEL_METRIC, .name_n = 8, .value = "m", .value_n = 1};
    struct label extra = {.name = "limit", .name_n = 5, .value = "5", .value_n = 1};
    struct labelset_writer w;
    memset(value, 'v', sizeof value);
    labelset_begin(&w, &in.set);
    labelset_add(&w, &l);
    for (int i = 1; i < LABELS_MAX; i++) {
        snprintf(names[i], sizeof names[i], "%c", i + 127);
        labelset_add(&w, &(struct label){names[i], value, 1, sizeof value});
    }
    labelset_end(&w);
    ck_assert(exposed_make(&in.set, VIEW_ETA, &extra, &out));
    ck_assert_uint_eq(out.set.count, 3);
    ck_assert_uint_le(out.set.bytes, EXPOSED_SET_MAX);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("base/exposed");
    TCase *tables = tcase_create("tables");
    tcase_add_loop_test(tables, exposed_row, 0, ROWS(rows));
    tcase_add_test(tables, as_large_as_it_gets);
    suite_add_tcase(s, tables);
    return s;
}
