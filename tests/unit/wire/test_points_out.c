/* Points as Influx lines, Graphite lines and remote write: by their exact bytes, and read back. */
#include "base/clock.h"
#include "wire/graphite_out.h"
#include "wire/influx_out.h"
#include "wire/key.h"
#include "wire/lines.h"
#include "wire/remote_write_out.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "suite.h"

#define T0 INT64_C(1700000000000000000)

enum { TAGS_MAX = 4 };

static const struct row {
    const char *name, *tags[TAGS_MAX]; /* "key=value", the key without a = */
    enum per per;
    double rate; /* per second */
    int64_t t_ns;
    const char *influx, *graphite;
} rows[] = {
    {"temperature",
     {"site=plant-03"},
     PER_SECOND,
     0.0125,
     T0,
     "temperature,site=plant-03 per_second=0.0125 1700000000000000000\n",
     "temperature_per_second;site=plant-03 0.0125 1700000000\n"},
    {"plant.s17",
     {0},
     PER_MINUTE,
     -0.5,
     T0 + 250000000,
     "plant.s17 per_minute=-30 1700000000250000000\n",
     "plant.s17_per_minute -30 1700000000.25\n"},
    {"a b,c=d",
     {"k l=v=w", "x=y, z"},
     PER_HOUR,
     1e21,
     -1,
     "a\\ b\\,c\\=d,k\\ l=v\\=w,x=y\\,\\ z per_hour=3.6e+24 -1\n",
     "a_b,c=d_per_hour;k_l=v=w;x=y,_z 3.6e+24 -0.000000001\n"},
    {"#a;b",
     {"t!^=~v;w"},
     PER_SECOND,
     0,
     0,
     "_a;b,t!^=~v;w per_second=0 0\n",
     "#a_b_per_second;t__=_v_w 0 0\n"},
    {"\xc3\xa4",
     {"p=c:\\"},
     PER_SECOND,
     1,
     T0,
     "\xc3\xa4,p=c:_ per_second=1 1700000000000000000\n",
     "\xc3\xa4_per_second;p=c:\\ 1 1700000000\n"},
    {"a\\ b\\\\c",
     {"p=c:\\d"},
     PER_SECOND,
     1,
     T0,
     "a_\\ b_\\c,p=c:\\d per_second=1 1700000000000000000\n",
     "a\\_b\\\\c_per_second;p=c:\\d 1 1700000000\n"},
};

static struct labelset *pack(const char *name, const char *const tags[], void *room)
{
    struct label l[TAGS_MAX + 1] = {{.name = LABEL_METRIC,
                                     .name_n = strlen(LABEL_METRIC),
                                     .value = name,
                                     .value_n = (uint32_t)strlen(name)}};
    uint32_t n = 1;
    for (; n <= TAGS_MAX && tags[n - 1] != NULL; n++) {
        const char *is = strchr(tags[n - 1], '=');
        l[n] = (struct label){.name = tags[n - 1],
                              .name_n = (uint32_t)(is - tags[n - 1]),
                              .value = is + 1,
                              .value_n = (uint32_t)strlen(is + 1)};
    }
    ck_assert_int_eq(labelset_pack(l, n, room), NABLA_OK);
    return room;
}

static struct field_value rate_of(double per_second, enum per per)
{
    struct field_value fields[FIELDS];
    struct point p = {.rate = per_second};
    struct point_note none = {.error = NAN, .trend = NAN};
    ck_assert_uint_eq(fields_of(1U << FIELD_RATE, per, &p, &none, fields), 1);
    return fields[0];
}

static void expect(struct buf *b, const char *want)
{
    buf_char(b, '\0');
    ck_assert_str_eq(b->at, want);
    buf_fini(b);
}

START_TEST(lines)
{
    static char room[LABELSET_MAX];
    const struct row *r = &rows[_i];
    const struct labelset *labels = pack(r->name, r->tags, room);
    struct field_value rate = rate_of(r->rate, r->per);
    struct buf influx = {0}, graphite = {0};
    influx_point(&influx, labels, &rate, 1, r->t_ns);
    graphite_point(&graphite, labels, &rate, r->t_ns);
    expect(&influx, r->influx);
    expect(&graphite, r->graphite);
}
END_TEST

static void same_label(const struct label *l, const char *name, size_t name_n, const char *value)
{
    ck_assert_msg(l->name_n == name_n && memcmp(l->name, name, name_n) == 0 &&
                      l->value_n == strlen(value) && memcmp(l->value, value, l->value_n) == 0,
                  "%.*s=%.*s, not %.*s=%s", (int)l->name_n, l->name, (int)l->value_n, l->value,
                  (int)name_n, name, value);
}

/* Our own readers take each line for what was meant, where the format can hold it. */
START_TEST(influx_read_back)
{
    static struct batch batch;
    static struct label_list list;
    static char room[LABELSET_MAX], name[64];
    const struct row *r = &rows[_i];
    struct line_options options = {.format = LINE_INFLUX, .precision_ns = 1, .max_line = 4096};
    struct line_report report = {0};
    struct field_value rate = rate_of(r->rate, r->per);
    struct buf b = {0};
    influx_point(&b, pack(r->name, r->tags, room), &rate, 1, r->t_ns);
    batch.n = 0;
    ck_assert_uint_eq(lines_read(&options, b.at, b.n, &batch, &report), b.n);
    ck_assert_uint_eq(batch.n, 1);
    ck_assert_int_eq(batch.at[0].t_ns, r->t_ns);
    ck_assert_double_eq(batch.at[0].v, r->rate * per_seconds(r->per));
    memset(&list, 0, sizeof list);
    ck_assert_int_eq(key_read(&batch.at[0], &list), NABLA_OK);
    snprintf(name, sizeof name, "%s%s", r->name, per_suffix(r->per));
    same_label(&list.at[0], LABEL_METRIC, strlen(LABEL_METRIC), name);
    for (uint32_t i = 1; i < list.n; i++) {
        size_t n = strcspn(r->tags[i - 1], "=");
        same_label(&list.at[i], r->tags[i - 1], n, r->tags[i - 1] + n + 1);
    }
    buf_fini(&b);
}
END_TEST

/* ---- fields */

static const struct field_row {
    unsigned wanted;
    enum per per;
    struct point p;
    struct point_note note;
    const char *influx;
} field_rows[] = {
    {1U << FIELD_VALUE, PER_SECOND, {.value = 2, .rate = 3}, {NAN, NAN}, "m value=2 1\n"},
    {31,
     PER_SECOND,
     {.value = 2, .rate = 3, .accel = 4},
     {5, 6},
     "m per_second=3,value=2,per_second_squared=4,per_second_error=5,trend_per_second=6 1\n"},
    {31,
     PER_MINUTE,
     {.value = 2, .rate = 3, .accel = 4},
     {5, 6},
     "m per_minute=180,value=2,per_minute_squared=14400,per_minute_error=300,trend_per_minute=360 "
     "1\n"},
    {31, PER_SECOND, {.value = 2, .rate = NAN, .accel = NAN}, {NAN, INFINITY}, "m value=2 1\n"},
    {1U << FIELD_RATE, PER_SECOND, {.value = 2, .rate = INFINITY}, {NAN, NAN}, NULL},
    {1U << FIELD_TREND, PER_HOUR, {.value = 2, .rate = 1}, {NAN, 1}, "m trend_per_hour=3600 1\n"},
};

START_TEST(fields_row)
{
    static char room[LABELSET_MAX];
    const struct field_row *r = &field_rows[_i];
    struct field_value fields[FIELDS];
    struct buf b = {0};
    uint32_t n = fields_of(r->wanted, r->per, &r->p, &r->note, fields);
    if (r->influx == NULL) {
        ck_assert_uint_eq(n, 0);
        return;
    }
    influx_point(&b, pack("m", (const char *const[]){NULL}, room), fields, n, 1);
    expect(&b, r->influx);
}
END_TEST

/* All that was asked for is told as ended, by the very bits that Prometheus knows. */
START_TEST(stale_fields)
{
    static char room[LABELSET_MAX];
    struct field_value fields[FIELDS];
    struct buf b = {0};
    ck_assert_uint_eq(fields_stale(1U << FIELD_RATE | 1U << FIELD_VALUE, PER_SECOND, fields), 2);
    ck_assert_str_eq(fields[0].suffix, "_per_second");
    ck_assert_str_eq(fields[1].suffix, "");
    for (int i = 0; i < 2; i++) {
        buf_clear(&b);
        remote_write_point(&b, pack("m", (const char *const[]){NULL}, room), &fields[i], T0);
        ck_assert_ptr_nonnull(memmem(b.at, b.n, "\x09\x02\0\0\0\0\0\xf0\x7f\x10", 10));
    }
    buf_fini(&b);
}
END_TEST

/* ---- remote write */

static void remote(const char *name, const char *const tags[], enum per per, double rate,
                   int64_t t_ns, struct buf *out)
{
    static char room[LABELSET_MAX];
    struct field_value field = rate_of(rate, per);
    remote_write_point(out, pack(name, tags, room), &field, t_ns);
}

/* timeseries {labels {name: "__name__" value: "t_per_second"} labels {name: "site" value: "a"}
 *             samples {value: 0.5 timestamp: 1700000000250}} */
START_TEST(remote_write_bytes)
{
    static const unsigned char want[] =
        "\x0a\x37"
        "\x0a\x18\x0a\x08__name__\x12\x0ct_per_second"
        "\x0a\x09\x0a\x04site\x12\x01"
        "a"
        "\x12\x10\x09\x00\x00\x00\x00\x00\x00\xe0\x3f\x10\xfa\xd1\x95\xff\xbc\x31";
    struct buf b = {0};
    remote("t", (const char *const[]){"site=a", NULL}, PER_SECOND, 0.5, T0 + 250999999, &b);
    ck_assert_uint_eq(b.n, sizeof want - 1);
    ck_assert_mem_eq(b.at, want, b.n);
    buf_fini(&b);
}
END_TEST

/* Where in b a text begins; it is there. */
static ptrdiff_t place(const struct buf *b, const char *text)
{
    const char *at = memmem(b->at, b->n, text, strlen(text));
    ck_assert_msg(at != NULL, "%s is missing", text);
    return at - b->at;
}

/* Made valid, sorted ('A' < '_' < 'a'), and one where two became the same. */
START_TEST(remote_write_names)
{
    struct buf b = {0};
    remote("9.t", (const char *const[]){"A=1", "a-b=x", "a.b=y", "z=2", NULL}, PER_HOUR, 1, -1, &b);
    ck_assert_int_lt(place(&b, "\x0a\x01"
                               "A\x12\x01"
                               "1"),
                     place(&b, "__name__\x12\x0d_9_t_per_hour"));
    ck_assert_int_lt(place(&b, "__name__"), place(&b, "\x0a\x03"
                                                      "a_b\x12\x03x;y"));
    ck_assert_int_lt(place(&b, "a_b"), place(&b, "\x0a\x01z\x12\x01"
                                                 "2"));
    place(&b, "\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"); /* -1 ms: rounded down */
    ck_assert_uint_eq((unsigned char)b.at[1], b.n - 2);
    buf_fini(&b);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("wire/points_out");
    TCase *t = tcase_create("points_out");
    tcase_add_loop_test(t, lines, 0, ROWS(rows));
    tcase_add_loop_test(t, influx_read_back, 0, 3);
    tcase_add_loop_test(t, fields_row, 0, ROWS(field_rows));
    tcase_add_test(t, stale_fields);
    tcase_add_test(t, remote_write_bytes);
    tcase_add_test(t, remote_write_names);
    suite_add_tcase(s, t);
    return s;
}
