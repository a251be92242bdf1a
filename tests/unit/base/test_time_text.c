/* test_time_text.c -- base/time_text against rows, timegm, and itself read back. */
#include "base/time_text.h"

#include "guard.h"
#include "suite.h"

#include <stdbool.h>
#include <stdio.h>
#include <time.h>

#define S INT64_C(1000000000)

static const struct {
    const char *text;
    enum nabla_status status;
    int64_t t_ns; /* 7: untouched */
} reads[] = {
    {"1970-01-01T00:00:00Z", NABLA_OK, 0},
    {"2023-11-14T22:13:20.250000000Z", NABLA_OK, 1700000000 * S + S / 4},
    {"2023-11-14T22:13:20.25Z", NABLA_OK, 1700000000 * S + S / 4},
    {"2023-11-14t22:13:20z", NABLA_OK, 1700000000 * S},
    {"2023-11-14 22:13:20Z", NABLA_OK, 1700000000 * S},
    {"2023-11-14T22:13:20.1234567899999Z", NABLA_OK, 1700000000 * S + 123456789},
    {"2023-11-15T00:13:20+02:00", NABLA_OK, 1700000000 * S},
    {"2023-11-14T16:43:20-05:30", NABLA_OK, 1700000000 * S},
    {"2023-11-14T22:13:20-00:00", NABLA_OK, 1700000000 * S},
    {"1969-12-31T23:59:59.999999999Z", NABLA_OK, -1},
    {"1969-12-31T23:59:59Z", NABLA_OK, -S},
    {"2000-02-29T00:00:00Z", NABLA_OK, 951782400 * S},
    {"2016-12-31T23:59:60Z", NABLA_OK, 1483228800 * S},
    {"2016-12-31T23:59:60.5Z", NABLA_OK, 1483228800 * S + S / 2},
    {"2017-01-01T05:29:60+05:30", NABLA_OK, 1483228800 * S},
    {"2016-12-31T12:00:60Z", NABLA_EINVAL, 7},
    {"1677-09-21T00:12:43.145224192Z", NABLA_OK, INT64_MIN},
    {"1677-09-21T00:12:43.145224191Z", NABLA_ERANGE, 7},
    {"2262-04-11T23:47:16.854775807Z", NABLA_OK, INT64_MAX},
    {"2262-04-11T23:47:16.854775808Z", NABLA_ERANGE, 7},
    {"0000-01-01T00:00:00Z", NABLA_ERANGE, 7},
    {"9999-12-31T23:59:59Z", NABLA_ERANGE, 7},
    {"1900-02-29T00:00:00Z", NABLA_EINVAL, 7},
    {"2023-02-29T00:00:00Z", NABLA_EINVAL, 7},
    {"2023-04-31T00:00:00Z", NABLA_EINVAL, 7},
    {"2023-00-01T00:00:00Z", NABLA_EINVAL, 7},
    {"2023-13-01T00:00:00Z", NABLA_EINVAL, 7},
    {"2023-01-00T00:00:00Z", NABLA_EINVAL, 7},
    {"2023-01-01T24:00:00Z", NABLA_EINVAL, 7},
    {"2023-01-01T00:60:00Z", NABLA_EINVAL, 7},
    {"2023-01-01T00:00:61Z", NABLA_EINVAL, 7},
    {"2023-01-01T00:00:00+24:00", NABLA_EINVAL, 7},
    {"2023-01-01T00:00:00+00:60", NABLA_EINVAL, 7},
    {"2023-01-01T00:00:00.Z", NABLA_EINVAL, 7},
    {"2023-01-01T00:00:00", NABLA_EINVAL, 7},
    {"2023-01-01T00:00:00Zx", NABLA_EINVAL, 7},
    {"2023-01-01T00:00Z", NABLA_EINVAL, 7},
    {"2023-1-01T00:00:00Z", NABLA_EINVAL, 7},
    {"23-01-01T00:00:00Z", NABLA_EINVAL, 7},
    {"2023-01-01", NABLA_EINVAL, 7},
    {"2023/01/01T00:00:00Z", NABLA_EINVAL, 7},
    {"2023-01-01T00:00:00+0200", NABLA_EINVAL, 7},
    {"+2023-01-01T00:00:00Z", NABLA_EINVAL, 7},
    {"", NABLA_EINVAL, 7},
};
START_TEST(read_row)
{
    int64_t got = 7;
    const char *text = reads[_i].text;
    enum nabla_status status = time_read(text, strlen(text), &got);
    ck_assert_msg(status == reads[_i].status && got == reads[_i].t_ns, "%s: status %d, %lld", text,
                  status, (long long)got);
}
END_TEST

static const struct {
    int64_t t_ns;
    const char *text;
} writes[] = {
    {0, "1970-01-01T00:00:00.000000000Z"},
    {1700000000 * S + S / 4, "2023-11-14T22:13:20.250000000Z"},
    {-1, "1969-12-31T23:59:59.999999999Z"},
    {951782400 * S, "2000-02-29T00:00:00.000000000Z"},
    {INT64_MIN, "1677-09-21T00:12:43.145224192Z"},
    {INT64_MAX, "2262-04-11T23:47:16.854775807Z"},
};
START_TEST(write_row)
{
    char got[TIME_TEXT_MAX];
    size_t n = time_write(got, writes[_i].t_ns);
    ck_assert_str_eq(got, writes[_i].text);
    ck_assert_uint_eq(n, strlen(got));
}
END_TEST

static const struct {
    const char *text;
    enum nabla_status status;
    int64_t ns;
    const char *back; /* as it is written; NULL: as it was read */
} durations[] = {
    {"500ms", NABLA_OK, S / 2, NULL},
    {"10s", NABLA_OK, 10 * S, NULL},
    {"5m", NABLA_OK, 300 * S, NULL},
    {"2h", NABLA_OK, 7200 * S, NULL},
    {"15d", NABLA_OK, 15 * 86400 * S, NULL},
    {"1w", NABLA_OK, 7 * 86400 * S, NULL},
    {"7d", NABLA_OK, 7 * 86400 * S, "1w"},
    {"1h30m", NABLA_OK, 5400 * S, NULL},
    {"90m", NABLA_OK, 5400 * S, "1h30m"},
    {"1500ms", NABLA_OK, S * 3 / 2, "1s500ms"},
    {"1w2d3h4m5s6ms7us8ns", NABLA_OK, 788645 * S + 6007008, "9d3h4m5s6ms7us8ns"},
    {"0", NABLA_OK, 0, "0s"},
    {"0s", NABLA_OK, 0, NULL},
    {"0000000000000000000000000000001s", NABLA_OK, S, "1s"},
    {"9223372036854775807ns", NABLA_OK, INT64_MAX, "106751d23h47m16s854ms775us807ns"},
    {"9223372036854775808ns", NABLA_ERANGE, 7, NULL},
    {"15251w", NABLA_ERANGE, 7, NULL},
    {"99999999999999999999w", NABLA_ERANGE, 7, NULL},
    {"106751d23h47m17s", NABLA_ERANGE, 7, NULL},
    {"99999999999999999999w1s", NABLA_ERANGE, 7, NULL},
    {"99999999999w1x", NABLA_EINVAL, 7, NULL},
    {"", NABLA_EINVAL, 7, NULL},
    {"00", NABLA_EINVAL, 7, NULL},
    {"5", NABLA_EINVAL, 7, NULL},
    {"s", NABLA_EINVAL, 7, NULL},
    {"-5s", NABLA_EINVAL, 7, NULL},
    {"+5s", NABLA_EINVAL, 7, NULL},
    {"1.5s", NABLA_EINVAL, 7, NULL},
    {"5 s", NABLA_EINVAL, 7, NULL},
    {"5S", NABLA_EINVAL, 7, NULL},
    {"5y", NABLA_EINVAL, 7, NULL},
    {"5s5", NABLA_EINVAL, 7, NULL},
    {"5s5s", NABLA_EINVAL, 7, NULL},
    {"30m1h", NABLA_EINVAL, 7, NULL},
    {"1msx", NABLA_EINVAL, 7, NULL},
};
START_TEST(duration_row)
{
    int64_t got = 7;
    const char *text = durations[_i].text;
    enum nabla_status status = duration_read(text, strlen(text), &got);
    ck_assert_msg(status == durations[_i].status && got == durations[_i].ns,
                  "%s: status %d, %lld ns", text, status, (long long)got);
    if (status != NABLA_OK)
        return;
    char back[TIME_TEXT_MAX];
    size_t n = duration_write(back, got);
    ck_assert_str_eq(back, durations[_i].back == NULL ? text : durations[_i].back);
    ck_assert_uint_eq(n, strlen(back));
}
END_TEST

static void check_like_timegm(int64_t t_ns)
{
    char got[TIME_TEXT_MAX], expected[96], seconds[64];
    int64_t ns = ((t_ns % S) + S) % S;
    time_t t = (time_t)((t_ns - ns % S) / S);
    if (t_ns < INT64_MIN + S) /* where the difference above does not fit */
        t = (time_t)(t_ns / S - 1);
    struct tm tm;
    gmtime_r(&t, &tm);
    strftime(seconds, sizeof seconds, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(expected, sizeof expected, "%s.%09lldZ", seconds, (long long)ns);
    size_t n = time_write(got, t_ns);
    ck_assert_str_eq(got, expected);
    int64_t back = 7;
    ck_assert_int_eq(time_read(got, n, &back), NABLA_OK);
    ck_assert_int_eq(back, t_ns);
}

START_TEST(like_timegm_on_random_times)
{
    uint64_t seed = 1;
    for (int i = 0; i < 200000; i++)
        check_like_timegm((int64_t)next_random(&seed) >> random_below(&seed, 40));
}
END_TEST

/* Every day that has a time, and its last nanosecond. */
START_TEST(like_timegm_on_every_day)
{
    for (int64_t day = INT64_MIN / (86400 * S) + 1; day < INT64_MAX / (86400 * S); day++) {
        check_like_timegm(day * 86400 * S);
        check_like_timegm(day * 86400 * S - 1);
    }
}
END_TEST

START_TEST(offset_moves_by_itself)
{
    for (int minutes = -1439; minutes <= 1439; minutes++) {
        char text[64];
        int size = abs(minutes);
        int64_t got = 7;
        int n = snprintf(text, sizeof text, "2024-02-29T12:00:00%c%02d:%02d",
                         minutes < 0 ? '-' : '+', size / 60, size % 60);
        ck_assert_int_eq(time_read(text, (size_t)n, &got), NABLA_OK);
        ck_assert_int_eq(got, (1709208000 - minutes * 60) * S);
    }
}
END_TEST

START_TEST(durations_read_back)
{
    uint64_t seed = 2;
    for (int i = 0; i < 200000; i++) {
        int64_t ns = (int64_t)(next_random(&seed) >> (1 + random_below(&seed, 63))), got = -1;
        char text[TIME_TEXT_MAX];
        size_t n = duration_write(text, ns);
        ck_assert_msg(n < TIME_TEXT_MAX && duration_read(text, n, &got) == NABLA_OK && got == ns,
                      "%s", text);
    }
}
END_TEST

START_TEST(a_nul_is_no_letter)
{
    static const char *const texts[] = {"2016-12-31T23:59:60.1Z", "2016-12-31T23:59:59+00:00",
                                        "1h30m"};
    for (size_t t = 0; t < 3; t++)
        for (size_t i = 0; i < strlen(texts[t]); i++) {
            char text[64];
            int64_t got;
            snprintf(text, sizeof text, "%s", texts[t]);
            text[i] = '\0';
            ck_assert_int_eq(time_read(text, strlen(texts[t]), &got), NABLA_EINVAL);
            ck_assert_int_eq(duration_read(text, strlen(texts[t]), &got), NABLA_EINVAL);
        }
}
END_TEST

START_TEST(reads_nothing_past_the_end)
{
    static const char *const texts[] = {"2016-12-31T23:59:60.123456789012-00:00",
                                        "1w2d3h4m5s6ms7us8ns"};
    struct guard guard = guard_new(4096);
    for (size_t t = 0; t < 2; t++)
        for (size_t n = 0; n <= strlen(texts[t]); n++) {
            char *text = guard_copy(&guard, texts[t], n);
            int64_t got;
            bool whole = n == strlen(texts[t]);
            ck_assert((time_read(text, n, &got) == NABLA_OK) == (whole && t == 0));
            enum nabla_status status = duration_read(text, n, &got);
            ck_assert(t == 1 || status == NABLA_EINVAL);
        }
    guard_free(&guard);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("time_text");
    TCase *rows = tcase_create("rows");
    tcase_add_loop_test(rows, read_row, 0, ROWS(reads));
    tcase_add_loop_test(rows, write_row, 0, ROWS(writes));
    tcase_add_loop_test(rows, duration_row, 0, ROWS(durations));
    suite_add_tcase(s, rows);
    TCase *laws = tcase_create("laws");
    tcase_set_timeout(laws, 120);
    tcase_add_test(laws, like_timegm_on_random_times);
    tcase_add_test(laws, like_timegm_on_every_day);
    tcase_add_test(laws, offset_moves_by_itself);
    tcase_add_test(laws, durations_read_back);
    tcase_add_test(laws, a_nul_is_no_letter);
    tcase_add_test(laws, reads_nothing_past_the_end);
    suite_add_tcase(s, laws);
    return s;
}
