/* tests/unit/cli/test_stamp.c -- timestamps found and written anew, in each format. */
#include "cli/stamp.h"

#include <stdlib.h>
#include <string.h>

#include "suite.h"

#define S 1000000000LL
static const int64_t new_time = 1800000000 * S + 125000000; /* 1800000000.125 */

static const struct row {
    const char *label, *line;
    int64_t precision_ns, t_ns;
    const char *rewritten;
} rows[] = {
    {"influx", "t,site=a value=21.4,h=40i 1700000000000000001", 1, 1700000000 * S + 1,
     "t,site=a value=21.4,h=40i 1800000000125000000"},
    {"influx, blanks behind", "t value=1 17  \r", 1, 17, "t value=1 1800000000125000000  "},
    {"influx, seconds", "t value=1 1700000000", S, 1700000000 * S, "t value=1 1800000000"},
    {"influx, milliseconds", "t value=1 -5", 1000000, -5000000, "t value=1 1800000000125"},
    {"influx, blanks in names", "t,site=plant\\ 3 value=1,s=\"a 7 b\" 17", 1, 17,
     "t,site=plant\\ 3 value=1,s=\"a 7 b\" 1800000000125000000"},
    {"graphite", "plant.t 21.4 1700000000.25", 1, 1700000000 * S + S / 4,
     "plant.t 21.4 1800000000.125"},
    {"graphite, tags, tabs", "plant.t;site=a\t21.4\t1700000000", 1, 1700000000 * S,
     "plant.t;site=a\t21.4\t1800000000.125"},
    {"json", "{\"metric\":\"t\",\"time\":1700000000.25,\"value\":1}", 1, 1700000000 * S + S / 4,
     "{\"metric\":\"t\",\"time\":1800000000.125,\"value\":1}"},
    {"json, text", "{\"time\" : \"2023-11-14T22:13:20Z\" , \"metric\":\"t\",\"value\":1}", 1,
     1700000000 * S, "{\"time\" : 1800000000.125 , \"metric\":\"t\",\"value\":1}"},
    {"json, last", "{\"metric\":\"t\",\"value\":1,\"time\":1.7e9}", 1, 1700000000 * S,
     "{\"metric\":\"t\",\"value\":1,\"time\":1800000000.125}"},
    {"json, a quote in a text", "{\"x\":\"\\\"\",\"metric\":\"t\",\"value\":1,\"time\":7}", 1,
     7 * S, "{\"x\":\"\\\"\",\"metric\":\"t\",\"value\":1,\"time\":1800000000.125}"},
    {"json, others called time",
     "{\"x\":{\"time\":3},\"y\":[\"time\",4],\"metric\":\"time\",\"labels\":{\"time\":\"5\"},"
     "\"z\":\"\\\"time\\\":6\",\"value\":1,\"time\":7}",
     1, 7 * S,
     "{\"x\":{\"time\":3},\"y\":[\"time\",4],\"metric\":\"time\",\"labels\":{\"time\":\"5\"},"
     "\"z\":\"\\\"time\\\":6\",\"value\":1,\"time\":1800000000.125}"},
};

static struct stamp read_stamp(const char *line, size_t n, int64_t precision_ns)
{
    /* as long as the line, so that a sanitizer sees a byte too far */
    char *exact = malloc(n + 1);
    struct batch *batch = calloc(1, sizeof *batch);
    struct stamp stamp;
    memcpy(exact, line, n);
    exact[n] = '\n';
    stamp_read(exact, n, precision_ns, batch, &stamp);
    free(batch);
    free(exact);
    return stamp;
}

START_TEST(rewritten)
{
    const struct row *r = &rows[_i];
    size_t n = strlen(r->line);
    struct stamp stamp = read_stamp(r->line, n, r->precision_ns);
    ck_assert_msg(stamp.fault == CAUSE_COUNT && stamp.has_time, "%s: not taken", r->label);
    ck_assert_msg(stamp.t_ns == r->t_ns, "%s: %lld", r->label, (long long)stamp.t_ns);
    struct buf out = {0};
    stamp_write(&out, r->line, n, stamp.form, r->precision_ns, new_time);
    ck_assert_msg(out.n == strlen(r->rewritten) && memcmp(out.at, r->rewritten, out.n) == 0,
                  "%s: %.*s", r->label, (int)out.n, out.at);
    buf_fini(&out);
}
END_TEST

/* read(write(line, t)) = t, for times before 1970 and to the last nanosecond, too. */
START_TEST(read_back)
{
    static const int64_t times[] = {
        0,      1,        -1,        -S,        -S - 1,        S / 2,
        10 * S, new_time, -new_time, INT64_MAX, INT64_MAX - 1, -123456789};
    const struct row *r = &rows[_i];
    size_t n = strlen(r->line);
    struct stamp before = read_stamp(r->line, n, r->precision_ns);
    for (int i = 0; i < ROWS(times); i++) {
        struct buf out = {0};
        int64_t unit = before.form == KEY_INFLUX ? r->precision_ns : 1;
        int64_t expected = times[i] - (times[i] % unit + unit) % unit;
        stamp_write(&out, r->line, n, before.form, r->precision_ns, times[i]);
        struct stamp after = read_stamp(out.at, out.n, r->precision_ns);
        if (before.form == KEY_GRAPHITE && times[i] == -S) /* that one means "now" */
            ck_assert(!after.has_time);
        else
            ck_assert_msg(after.fault == CAUSE_COUNT && after.t_ns == expected, "%s: %.*s",
                          r->label, (int)out.n, out.at);
        buf_fini(&out);
    }
}
END_TEST

static const struct plain_row {
    const char *line;
    enum cause fault;
    bool ignored;
    uint32_t offset;
} plain[] = {
    {"t value=1", CAUSE_COUNT, false, 0},
    {"plant.t 21.4", CAUSE_COUNT, false, 0},
    {"plant.t 21.4 -1", CAUSE_COUNT, false, 0},
    {"{\"metric\":\"t\",\"value\":1}", CAUSE_COUNT, false, 0},
    {"t s=\"only text\" 17", CAUSE_COUNT, false, 0},
    {"", CAUSE_COUNT, true, 0},
    {"  \r", CAUSE_COUNT, true, 0},
    {"# 1 2 3", CAUSE_COUNT, true, 0},
    {"t value=", CAUSE_VALUE, false, 8},
    {"plant.t x", CAUSE_VALUE, false, 8},
    {"t value=1 later", CAUSE_TIME, false, 10},
};

START_TEST(without_time)
{
    const struct plain_row *r = &plain[_i];
    struct stamp stamp = read_stamp(r->line, strlen(r->line), 1);
    ck_assert_msg(!stamp.has_time, "%s", r->line);
    ck_assert_msg(stamp.fault == r->fault, "%s: %s", r->line,
                  stamp.fault == CAUSE_COUNT ? "taken" : cause_text(stamp.fault));
    ck_assert_msg(stamp.ignored == r->ignored, "%s", r->line);
    ck_assert_msg(stamp.offset == r->offset, "%s: at %u", r->line, stamp.offset);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("cli/stamp");
    TCase *t = tcase_create("stamp");
    tcase_add_loop_test(t, rewritten, 0, ROWS(rows));
    tcase_add_loop_test(t, read_back, 0, ROWS(rows));
    tcase_add_loop_test(t, without_time, 0, ROWS(plain));
    suite_add_tcase(s, t);
    return s;
}
