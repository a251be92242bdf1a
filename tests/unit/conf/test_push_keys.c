/* Where points are pushed to: what a target may say, and what holds only together. */
#include "conf/conf.h"

#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PUSH(keys) "push: [{" keys "}]"
#define SECTION    "keys with values (\"key: value\", indented)"
#define URL        "x:1:14: push[].url: "

static const struct good_row {
    const char *text, *name, *host, *port;
    int format, corrections, verify;
    enum push_scheme scheme;
    uint64_t buffer;
    uint32_t selectors;
} good_rows[] = {
    {PUSH("url: 'tcp://h:1', format: influx"), "tcp://h:1", "h", "1", PUSH_INFLUX,
     PUSH_CORRECTIONS_SEND, 1, PUSH_TCP, 268435456, 0},
    {PUSH("url: 'udp://[::1]:65535', format: graphite, verify: false, match: [a, '{b=\"c\"}']"),
     "udp://[::1]:65535", "::1", "65535", PUSH_GRAPHITE, PUSH_CORRECTIONS_SEND, 0, PUSH_UDP,
     268435456, 2},
    {PUSH("url: 'https://h/x?y=z', format: remote_write, buffer: 1MiB"), "https://h/x", "", "",
     PUSH_REMOTE_WRITE, PUSH_CORRECTIONS_DROP, 1, PUSH_HTTP, 1048576, 0},
    {PUSH("url: 'http://h', format: remote_write, corrections: send, name: n, match: []"), "n", "",
     "", PUSH_REMOTE_WRITE, PUSH_CORRECTIONS_SEND, 1, PUSH_HTTP, 268435456, 0},
    {PUSH("url: 'http://h:1/write?db=a@b', format: influx, name: , corrections: drop"),
     "http://h:1/write", "", "", PUSH_INFLUX, PUSH_CORRECTIONS_DROP, 1, PUSH_HTTP, 268435456, 0},
};

START_TEST(good_row)
{
    const struct good_row *r = &good_rows[_i];
    struct conf c;
    struct buf errors = {0};
    ck_assert_msg(conf_read_text("x", r->text, strlen(r->text), &c, &errors) == NABLA_OK,
                  "%s: %.*s", r->text, (int)errors.n, errors.at);
    ck_assert_uint_eq(c.push.n, 1);
    const struct conf_push *p = &c.push.at[0];
    ck_assert_str_eq(p->name, r->name);
    ck_assert_str_eq(p->host, r->host);
    ck_assert_str_eq(p->port, r->port);
    ck_assert_int_eq(p->format, r->format);
    ck_assert_int_eq(p->corrections, r->corrections);
    ck_assert_int_eq(p->peer.verify, r->verify);
    ck_assert_int_eq(p->scheme, r->scheme);
    ck_assert_uint_eq(p->buffer, r->buffer);
    ck_assert_uint_eq(p->match.n, r->selectors);
    conf_fini(&c);
}
END_TEST

static const struct {
    const char *text;
    uint32_t fields;
    int compression;
} field_rows[] = {
    {PUSH("url: 'http://h', format: influx"), 1, PUSH_PLAIN},
    {PUSH("url: 'http://h', format: influx, fields: [rate], compression: gzip"), 1, PUSH_GZIP},
    {PUSH("url: 'tcp://h:1', format: graphite, fields: [trend, value, value], compression: none"),
     18, PUSH_PLAIN},
    {PUSH("url: 'http://h', format: remote_write, fields: [rate, value, accel, error, trend]"), 31,
     PUSH_PLAIN},
};

START_TEST(field_row)
{
    struct conf c;
    struct buf errors = {0};
    const char *text = field_rows[_i].text;
    ck_assert_msg(conf_read_text("x", text, strlen(text), &c, &errors) == NABLA_OK, "%s: %.*s",
                  text, (int)errors.n, errors.at);
    ck_assert_uint_eq(c.push.at[0].fields, field_rows[_i].fields);
    ck_assert_int_eq(c.push.at[0].compression, field_rows[_i].compression);
    conf_fini(&c);
}
END_TEST

static void expect_faults(const char *text, const char *want)
{
    struct conf c;
    struct buf errors = {0};
    ck_assert_msg(conf_read_text("x", text, strlen(text), &c, &errors) == NABLA_EINVAL, "%s", text);
    buf_char(&errors, '\0');
    ck_assert_str_eq(errors.at, want);
    buf_fini(&errors);
}

static const struct {
    const char *text, *errors;
} bad_rows[] = {
    {"push: {url: a}", "x:1:7: push must be a list (\"- url: ...\"), not keys with values\n"},
    {PUSH("url: 'http://h', format: influx, fields: []"),
     "x:1:50: push[].fields must have a word at least\n"},
    {PUSH("url: 'http://h', format: influx, fields: rate"),
     "x:1:50: push[].fields must be a list of words such as [rate, value], not text\n"},
    {PUSH("url: 'http://h', format: influx, fields: [rate, valeu, [a]]"),
     "x:1:57: push[].fields: \"valeu\" is not one of rate, value, accel, error, trend; did you "
     "mean "
     "\"value\"?\nx:1:64: push[].fields must be a word, not a list\n"},
    {PUSH("url: 'tcp://h:1', format: influx, compression: gzip"),
     "x:1:56: push[].compression: gzip is for influx over http:// or https://\n"},
    {PUSH("url: 'http://h', format: remote_write, compression: gzip"),
     "x:1:61: push[].compression: remote_write is always packed, by snappy\n"},
    {"push: [a]", "x:1:8: push[] must be " SECTION ", not text\n"},
    {"push: [{}]", "x:1:8: push[].url is missing\nx:1:8: push[].format is missing\n"},
    {PUSH("url: 5, format: influx"),
     URL "it must begin with tcp://, udp://, http:// or https://\n"},
    {PUSH("url: 'ftp://h:1', format: influx"),
     URL "it must begin with tcp://, udp://, http:// or https://\n"},
    {PUSH("url: 'tcp://h', format: influx"),
     URL "after the // it needs HOST:PORT or [ADDRESS]:PORT\n"},
    {PUSH("url: 'tcp://h:0', format: influx"),
     URL "after the // it needs HOST:PORT or [ADDRESS]:PORT\n"},
    {PUSH("url: 'tcp://h:65536', format: influx"),
     URL "after the // it needs HOST:PORT or [ADDRESS]:PORT\n"},
    {PUSH("url: 'udp://::1:5', format: influx"),
     URL "after the // it needs HOST:PORT or [ADDRESS]:PORT\n"},
    {PUSH("url: 'udp://[::1:5', format: influx"),
     URL "after the // it needs HOST:PORT or [ADDRESS]:PORT\n"},
    {PUSH("url: 'tcp://h:1/a', format: influx"),
     URL "after the // it needs HOST:PORT or [ADDRESS]:PORT\n"},
    {PUSH("url: 'http:///a', format: influx"), URL "the host is missing\n"},
    {PUSH("url: 'http://me:secret@h/', format: influx"),
     URL "a name and a password do not belong there: use username and password_file\n"},
    {PUSH("url: \"http://h/\\n\", format: influx"),
     URL "\"http://h/\\x0a\" has a control character\n"},
    {PUSH("url: 'tcp://h:1', format: remote_write"),
     "x:1:35: push[].format: remote_write goes over http:// or https://\n"},
    {PUSH("url: 'http://h', format: graphite"),
     "x:1:34: push[].format: graphite goes over tcp:// or udp://\n"},
    {PUSH("url: 'http://h', format: influx}, {url: 'http://h?b', format: influx"),
     "x:1:43: push[].name: another target has this name or, without a name, URL\n"},
    {PUSH("url: 'http://h', format: influx, match: a"),
     "x:1:49: push[].match must be a list of selectors such as "
     "['temperature{site=\"plant-03\"}'], not text\n"},
    {PUSH("url: 'http://h', format: influx, match: ['a{', b]"),
     "x:1:53: push[].match: expected a label name or }, found the end of the selector\n"},
    {PUSH("url: 'http://h', format: influx, password_file: p"),
     "x:1:57: push[].password_file: it needs a username\n"},
    {PUSH("url: 'http://h', format: influx, username: u, bearer_token_file: p"),
     "x:1:74: push[].bearer_token_file: it cannot go with username\n"},
};

START_TEST(bad_row)
{
    expect_faults(bad_rows[_i].text, bad_rows[_i].errors);
}
END_TEST

START_TEST(not_without_end)
{
    struct buf text = {0};
    buf_text(&text, "push:\n");
    for (int i = 0; i <= CONF_PUSH_MAX; i++)
        buf_printf(&text, " - {url: 'udp://h:1', format: influx, name: n%d}\n", i);
    buf_char(&text, '\0');
    expect_faults(text.at, "x:34:4: push has more than 32 items\n");
    buf_clear(&text);
    buf_text(&text, "push: [{url: 'udp://h:1', format: influx, name: ");
    for (int i = 0; i < CONF_NAME_MAX; i++)
        buf_char(&text, 'n');
    buf_text(&text, "}]");
    buf_char(&text, '\0');
    struct conf c;
    struct buf errors = {0};
    ck_assert_int_eq(conf_read_text("x", text.at, text.n - 1, &c, &errors), NABLA_EINVAL);
    buf_char(&errors, '\0');
    ck_assert(strstr(errors.at, "is longer than 255 bytes\n") != NULL);
    buf_fini(&errors);
    buf_fini(&text);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("push_keys");
    TCase *t = tcase_create("push_keys");
    tcase_add_loop_test(t, field_row, 0, ROWS(field_rows));
    tcase_add_loop_test(t, good_row, 0, ROWS(good_rows));
    tcase_add_loop_test(t, bad_row, 0, ROWS(bad_rows));
    tcase_add_test(t, not_without_end);
    suite_add_tcase(s, t);
    return s;
}
