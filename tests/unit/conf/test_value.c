/* What one scalar means to its key, and what is said of those that mean nothing. */
#include "conf/value.h"

#include "base/clock.h"
#include "conf/conf.h"

#include "suite.h"

#include <string.h>

#define SECOND INT64_C(1000000000)

static const struct conf_key *key_of(const char *path)
{
    for (size_t i = 0; i < conf_keys_n; i++)
        if (strcmp(conf_keys[i].path, path) == 0)
            return &conf_keys[i];
    ck_abort_msg("no key %s", path);
    return NULL;
}

#define THREADS   "ingest.threads"        /* 1 to 32 */
#define LINE      "ingest.max_line"       /* 256 to 64KiB */
#define BUFFER    "ingest.receive_buffer" /* 4KiB to 1GiB */
#define TIMEOUT   "http.timeout"          /* 1s to 1h */
#define FUTURE    "limits.max_future"     /* 0s to 52w */
#define GAP       "defaults.max_gap"      /* 1us to 52w, or stale_after */
#define LEVEL     "log.level"
#define PRECISION "ingest.listeners[].precision"

#define UNTOUCHED INT64_C(0x7777777777777777)
#define INTEGER   " is not a whole number in decimal digits"
#define SIZE      " is not a size such as 65536, 64KiB or 4MiB"
#define DURATION  " is not a duration such as 500ms, 10s, 5m or 1h30m"
#define IN_QUOTES " in quotes is text: write the number without them"

static const struct {
    const char *path, *text;
    bool quoted;
    int64_t value;
    const char *why; /* NULL: it is taken */
} number_rows[] = {
    {THREADS, "1", false, 1, NULL},
    {THREADS, "32", false, 32, NULL},
    {THREADS, "0", false, UNTOUCHED, "\"0\" is out of range: 1 to 32"},
    {THREADS, "33", false, UNTOUCHED, "\"33\" is out of range: 1 to 32"},
    {THREADS, "4294967297", false, UNTOUCHED, "\"4294967297\" is out of range: 1 to 32"},
    {THREADS, "18446744073709551617", false, UNTOUCHED,
     "\"18446744073709551617\" is out of range: 1 to 32"},
    {THREADS, "9223372036854775808", false, UNTOUCHED,
     "\"9223372036854775808\" is out of range: 1 to 32"},
    {THREADS, "010", false, UNTOUCHED, "\"010\"" INTEGER},
    {THREADS, "0x1F", false, UNTOUCHED, "\"0x1F\"" INTEGER},
    {THREADS, "0o7", false, UNTOUCHED, "\"0o7\"" INTEGER},
    {THREADS, "1_0", false, UNTOUCHED, "\"1_0\"" INTEGER},
    {THREADS, "1e1", false, UNTOUCHED, "\"1e1\"" INTEGER},
    {THREADS, "1.0", false, UNTOUCHED, "\"1.0\"" INTEGER},
    {THREADS, "+1", false, UNTOUCHED, "\"+1\"" INTEGER},
    {THREADS, "-1", false, UNTOUCHED, "\"-1\"" INTEGER},
    {THREADS, "maybe", false, UNTOUCHED, "\"maybe\"" INTEGER},
    {THREADS, "true", false, UNTOUCHED, "\"true\"" INTEGER},
    {THREADS, "8 ", true, UNTOUCHED, "\"8 \"" INTEGER},
    {THREADS, " 8", true, UNTOUCHED, "\" 8\"" INTEGER},
    {THREADS, "", true, UNTOUCHED, "\"\"" INTEGER},
    {THREADS, "10", true, UNTOUCHED, "\"10\"" IN_QUOTES},
    {THREADS, "\xff\n", true, UNTOUCHED, "\"\\xff\\x0a\"" INTEGER},

    {LINE, "256", false, 256, NULL},
    {LINE, "1KiB", false, 1024, NULL},
    {LINE, "64KiB", false, 65536, NULL},
    {LINE, "64KiB", true, 65536, NULL},
    {LINE, "65536", false, 65536, NULL},
    {LINE, "255", false, UNTOUCHED, "\"255\" is out of range: 256 to 64KiB"},
    {LINE, "65537", false, UNTOUCHED, "\"65537\" is out of range: 256 to 64KiB"},
    {LINE, "1MiB", false, UNTOUCHED, "\"1MiB\" is out of range: 256 to 64KiB"},
    {BUFFER, "4MiB", false, 4 << 20, NULL},
    {BUFFER, "1GiB", false, 1 << 30, NULL},
    {BUFFER, "9223372036854775807GiB", false, UNTOUCHED,
     "\"9223372036854775807GiB\" is out of range: 4KiB to 1GiB"},
    {BUFFER, "17179869185GiB", false, UNTOUCHED, /* 2^64 + 1 GiB: it must not wrap */
     "\"17179869185GiB\" is out of range: 4KiB to 1GiB"},
    {BUFFER, "9223372036854775809GiB", false, UNTOUCHED,
     "\"9223372036854775809GiB\" is out of range: 4KiB to 1GiB"},
    {BUFFER, "99999999999999999999MiB", false, UNTOUCHED,
     "\"99999999999999999999MiB\" is out of range: 4KiB to 1GiB"},
    {LINE, "1024", true, UNTOUCHED, "\"1024\"" IN_QUOTES},
    {LINE, "64kB", false, UNTOUCHED, "\"64kB\"" SIZE},
    {LINE, "64K", false, UNTOUCHED, "\"64K\"" SIZE},
    {LINE, "64 KiB", false, UNTOUCHED, "\"64 KiB\"" SIZE},
    {LINE, "0x400", false, UNTOUCHED, "\"0x400\"" SIZE},
    {LINE, "01KiB", false, UNTOUCHED, "\"01KiB\"" SIZE},
    {LINE, "1.5KiB", false, UNTOUCHED, "\"1.5KiB\"" SIZE},
    {LINE, "KiB", false, UNTOUCHED, "\"KiB\"" SIZE},

    {TIMEOUT, "30s", false, 30 * SECOND, NULL},
    {TIMEOUT, "1m30s", true, 90 * SECOND, NULL},
    {TIMEOUT, "1h", false, 3600 * SECOND, NULL},
    {TIMEOUT, "999ms", false, UNTOUCHED, "\"999ms\" is out of range: 1s to 1h"},
    {TIMEOUT, "61m", false, UNTOUCHED, "\"61m\" is out of range: 1s to 1h"},
    {TIMEOUT, "99999999w", false, UNTOUCHED, "\"99999999w\" is out of range: 1s to 1h"},
    {TIMEOUT, "30", false, UNTOUCHED, "\"30\"" DURATION ": the unit is missing"},
    {TIMEOUT, "30", true, UNTOUCHED, "\"30\"" IN_QUOTES},
    {TIMEOUT, "30 s", false, UNTOUCHED, "\"30 s\"" DURATION},
    {TIMEOUT, "-1s", false, UNTOUCHED, "\"-1s\"" DURATION},
    {TIMEOUT, "1.5s", false, UNTOUCHED, "\"1.5s\"" DURATION},
    {TIMEOUT, "soon", false, UNTOUCHED, "\"soon\"" DURATION},
    {TIMEOUT, "stale_after", false, UNTOUCHED, "\"stale_after\"" DURATION},
    {FUTURE, "0s", false, 0, NULL},
    {FUTURE, "52w", false, 52 * 7 * 86400 * SECOND, NULL},
    {FUTURE, "52w1ns", false, UNTOUCHED, "\"52w1ns\" is out of range: 0s to 52w"},
    {GAP, "stale_after", false, 0, NULL},
    {GAP, "1us", false, 1000, NULL},
    {GAP, "0s", false, UNTOUCHED, "\"0s\" is out of range: 1us to 52w"},
    {GAP, "stale", false, UNTOUCHED, "\"stale\"" DURATION ", or stale_after"},

    {LEVEL, "warn", false, LOG_LEVEL_WARN, NULL},
    {LEVEL, "warn", true, LOG_LEVEL_WARN, NULL},
    {LEVEL, "warn ", true, UNTOUCHED,
     "\"warn \" is not one of debug, info, warn, error; did you mean \"warn\"?"},
    {LEVEL, "WARN", false, UNTOUCHED,
     "\"WARN\" is not one of debug, info, warn, error; did you mean \"warn\"?"},
    {LEVEL, "2", false, UNTOUCHED, "\"2\" is not one of debug, info, warn, error"},
    {LEVEL, "2", true, UNTOUCHED, "\"2\" is not one of debug, info, warn, error"},
    {PRECISION, "ns", false, 1, NULL},
    {PRECISION, "us", false, 1000, NULL},
    {PRECISION, "ms", false, 1000000, NULL},
    {PRECISION, "s", false, SECOND, NULL},
    {PRECISION, "m", false, UNTOUCHED, "\"m\" is not one of ns, us, ms, s; did you mean \"ms\"?"},
};

START_TEST(number_row)
{
    const struct conf_key *key = key_of(number_rows[_i].path);
    const char *text = number_rows[_i].text;
    char into[sizeof(struct conf)], why[VALUE_WHY_MAX] = "";
    memset(into, 0x77, sizeof into);
    enum nabla_status status =
        value_read(key, text, strlen(text), number_rows[_i].quoted, into, why);
    const char *want = number_rows[_i].why;
    ck_assert_msg(status == (want == NULL ? NABLA_OK : NABLA_EINVAL), "%s: %s", text, why);
    ck_assert_msg(strcmp(why, want == NULL ? "" : want) == 0, "%s: %s", text, why);
    int64_t got = 0, mask = key->size == 4 ? INT64_C(0xffffffff) : -1;
    memcpy(&got, into + key->offset, key->size);
    ck_assert_msg((got & mask) == (number_rows[_i].value & mask), "%s: %lld", text, (long long)got);
    memset(into + key->offset, 0x77, key->size);
    size_t same = 0; /* a call of Check's for each byte would take longer than all the rest */
    while (same < sizeof into && into[same] == 0x77)
        same++;
    ck_assert_msg(same == sizeof into, "%s: its neighbour at byte %zu", text, same);
}
END_TEST

#define ADDRESS " is not an address such as 127.0.0.1:2207 or [::1]:2207: "

static const struct {
    const char *text, *host;
    unsigned port;
    const char *why;
} address_rows[] = {
    {"127.0.0.1:2207", "127.0.0.1", 2207, NULL},
    {"0.0.0.0:0", "0.0.0.0", 0, NULL},
    {"255.255.255.255:65535", "255.255.255.255", 65535, NULL},
    {"[::1]:2207", "::1", 2207, NULL},
    {"[::]:1", "::", 1, NULL},
    {"[2001:DB8:0:0:0:0:0:1]:80", "2001:db8::1", 80, NULL}, /* one spelling for one address */
    {"[::ffff:10.0.0.1]:80", "::ffff:10.0.0.1", 80, NULL},
    {"127.0.0.1", "", 0, "\"127.0.0.1\"" ADDRESS "the port is missing"},
    {"", "", 0, "\"\"" ADDRESS "the port is missing"},
    {"[::1]", "", 0, "\"[::1]\"" ADDRESS "the port is missing"},
    {"[::1]2207", "", 0, "\"[::1]2207\"" ADDRESS "the port is missing"},
    {"[::1:2207", "", 0, "\"[::1:2207\"" ADDRESS "the ] is missing"},
    {"::1:2207", "", 0, "\"::1:2207\"" ADDRESS "an IPv6 address goes in brackets"},
    {"127.0.0.1:", "", 0, "\"127.0.0.1:\"" ADDRESS "the port must be 0 to 65535"},
    {"127.0.0.1:65536", "", 0, "\"127.0.0.1:65536\"" ADDRESS "the port must be 0 to 65535"},
    {"127.0.0.1:080", "", 0, "\"127.0.0.1:080\"" ADDRESS "the port must be 0 to 65535"},
    {"127.0.0.1:http", "", 0, "\"127.0.0.1:http\"" ADDRESS "the port must be 0 to 65535"},
    {"localhost:2207", "", 0,
     "\"localhost:2207\"" ADDRESS "it needs a numeric address, not a name"},
    {":2207", "", 0, "\":2207\"" ADDRESS "it needs a numeric address, not a name"},
    {"127.1:2207", "", 0, "\"127.1:2207\"" ADDRESS "it needs a numeric address, not a name"},
    {"256.0.0.1:2207", "", 0,
     "\"256.0.0.1:2207\"" ADDRESS "it needs a numeric address, not a name"},
    {"[127.0.0.1]:80", "", 0,
     "\"[127.0.0.1]:80\"" ADDRESS "it needs a numeric address, not a name"},
    {"[fe80::1%lo]:80", "", 0,
     "\"[fe80::1%lo]:80\"" ADDRESS "it needs a numeric address, not a name"},
};

START_TEST(address_row)
{
    const struct conf_key *key = key_of("http.listen");
    const char *text = address_rows[_i].text, *want = address_rows[_i].why;
    struct conf c = {0};
    char why[VALUE_WHY_MAX] = "";
    enum nabla_status status = value_read(key, text, strlen(text), false, &c, why);
    ck_assert_msg(status == (want == NULL ? NABLA_OK : NABLA_EINVAL), "%s: %s", text, why);
    ck_assert_msg(strcmp(why, want == NULL ? "" : want) == 0, "%s: %s", text, why);
    ck_assert_str_eq(c.http.listen.host, address_rows[_i].host);
    ck_assert_uint_eq(c.http.listen.port, address_rows[_i].port);
}
END_TEST

START_TEST(longest_host)
{
    static const char text[] =
        "[0000:0000:0000:0000:0000:ffff:255.255.255.255.0000.0000.0000.0000.0000]:1";
    struct conf c = {0};
    char why[VALUE_WHY_MAX];
    ck_assert_int_eq(value_read(key_of("http.listen"), text, strlen(text), false, &c, why),
                     NABLA_EINVAL);
    ck_assert_int_eq(value_read(key_of("http.listen"), "127.0.0.1\0x:1", 13, false, &c, why),
                     NABLA_EINVAL);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("value");
    TCase *c = tcase_create("value");
    tcase_add_loop_test(c, number_row, 0, ROWS(number_rows));
    tcase_add_loop_test(c, address_row, 0, ROWS(address_rows));
    tcase_add_test(c, longest_host);
    suite_add_tcase(s, c);
    return s;
}
