/* Whole files: what they mean, and every line that is said of those that cannot be used. */
#include "conf/conf.h"

#include "conf/keys.h"
#include "series/selector.h"

#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECOND INT64_C(1000000000)

static void read_ok(const char *text, struct conf *c)
{
    struct buf errors = {0};
    enum nabla_status status = conf_read_text("x", text, strlen(text), c, &errors);
    ck_assert_msg(status == NABLA_OK, "%s\n%.*s", text, (int)errors.n, errors.at);
    ck_assert_uint_eq(errors.n, 0);
    buf_fini(&errors);
}

static const struct conf_key *key_of(const char *path)
{
    for (size_t i = 0; i < conf_keys_n; i++)
        if (strcmp(conf_keys[i].path, path) == 0)
            return &conf_keys[i];
    ck_abort_msg("no key %s", path);
    return NULL;
}

/* The number at a key; item: which of its list. */
static int64_t number_at(const struct conf *c, const char *path, int item)
{
    const struct conf_key *key = key_of(path);
    const char *from = (const char *)c;
    int32_t narrow;
    int64_t wide;
    if (strncmp(path, "series[]", 8) == 0)
        from = (const char *)&c->policies.rules[item];
    if (strncmp(path, "ingest.listeners[]", 18) == 0)
        from = (const char *)&c->ingest.listeners[item];
    memcpy(&narrow, from + key->offset, sizeof narrow);
    memcpy(&wide, from + key->offset, key->size == sizeof wide ? sizeof wide : 0);
    return key->size == sizeof wide ? wide : narrow;
}

static const struct {
    const char *text, *path;
    int item;
    int64_t value;
} good_rows[] = {
    {"", "ingest.threads", 0, 1},
    {"\n\n", "ingest.threads", 0, 1},
    {"# nothing yet\n", "ingest.threads", 0, 1},
    {"---\n...\n", "ingest.threads", 0, 1},
    {"%YAML 1.1\n---\ningest: {threads: 2}\n...\n", "ingest.threads", 0, 2},
    {"\xef\xbb\xbfingest: {threads: 2}", "ingest.threads", 0, 2},
    {"null", "ingest.threads", 0, 1},
    {"ingest:", "ingest.threads", 0, 1},
    {"ingest: ~", "ingest.threads", 0, 1},
    {"ingest: {}", "ingest.threads", 0, 1},
    {"ingest:\n  threads: 3", "ingest.threads", 0, 3},
    {"ingest:\r\n  threads: 3\r\n", "ingest.threads", 0, 3},
    {"\"ingest\": {'threads': 4}", "ingest.threads", 0, 4},
    {"{ingest: {threads: 5}}", "ingest.threads", 0, 5},
    {"ingest: {max_line: 1KiB}", "ingest.max_line", 0, 1024},
    {"ingest: {max_connections: 7}", "ingest.max_connections", 0, 7},
    {"ingest: {idle_timeout: 2s}", "ingest.idle_timeout", 0, 2 * SECOND},
    {"ingest: {idle_timeout: never}", "ingest.idle_timeout", 0, 0},
    {"ingest: {receive_buffer: 1MiB}", "ingest.receive_buffer", 0, 1048576},
    {"http: {max_connections: 9}", "http.max_connections", 0, 9},
    {"http: {timeout: 1m}", "http.timeout", 0, 60 * SECOND},
    {"http: {request_timeout: 250ms}", "http.request_timeout", 0, SECOND / 4},
    {"http: {max_streams: 0}", "http.max_streams", 0, 0},
    {"gradient: {max_body: 1MiB}", "gradient.max_body", 0, 1048576},
    {"gradient: {max_elements: 12}", "gradient.max_elements", 0, 12},
    {"gradient: {max_dimensions: 3}", "gradient.max_dimensions", 0, 3},
    {"gradient: {max_jobs: 0}", "gradient.max_jobs", 0, 0},
    {"gradient: {timeout: 2s}", "gradient.timeout", 0, 2 * SECOND},
    {"limits: {max_series: 5}", "limits.max_series", 0, 5},
    {"limits: {max_future: 0s}", "limits.max_future", 0, 0},
    {"log: {level: debug}", "log.level", 0, LOG_LEVEL_DEBUG},
    {"shutdown_timeout: 1s", "shutdown_timeout", 0, SECOND},
    {"defaults: {kind: counter}", "defaults.kind", 0, KIND_COUNTER},
    {"defaults: {per: 1m}", "defaults.per", 0, PER_MINUTE},
    {"defaults: {per: 1h}", "defaults.per", 0, PER_HOUR},
    {"defaults: {on_nan: break}", "defaults.on_nan", 0, ON_NAN_BREAK},
    {"defaults: {on_nan: propagate}", "defaults.on_nan", 0, ON_NAN_PROPAGATE},
    {"defaults: {edge_order: 2}", "defaults.edge_order", 0, 2},
    {"defaults: {max_gap: 90s}", "defaults.max_gap", 0, 90 * SECOND},
    {"defaults: {stale_after: 1h}", "defaults.stale_after", 0, 3600 * SECOND}, /* may be equal */
    {"defaults: {expire_after: 1w}", "defaults.expire_after", 0, 7 * 86400 * SECOND},
#define LISTENER(keys) "ingest: {listeners: [{address: '127.0.0.2:1', " keys "}]}"
    {LISTENER("protocol: udp"), "ingest.listeners[].protocol", 0, TRANSPORT_UDP},
    {LISTENER("protocol: tcp"), "ingest.listeners[].protocol", 0, TRANSPORT_TCP},
    {LISTENER("protocol: tcp"), "ingest.listeners[].format", 0, 0},
    {LISTENER("protocol: tcp"), "ingest.listeners[].precision", 0, 1},
    {LISTENER("protocol: tcp, format: json"), "ingest.listeners[].format", 0, 3},
    {LISTENER("protocol: tcp, precision: ms"), "ingest.listeners[].precision", 0, 1000000},
    /* rules inherit, from before and from after them */
    {"series: [{match: a}]", "series[].stale_after", 0, 300 * SECOND},
    {"series: [{match: a}]\ndefaults: {per: 1h}", "series[].per", 0, PER_HOUR},
    {"defaults: {per: 1h}\nseries: [{match: a}]", "series[].per", 0, PER_HOUR},
    {"defaults: {per: 1h}\nseries: [{match: a, per: 1s}]", "series[].per", 0, PER_SECOND},
    {"defaults: {max_gap: 9s}\nseries: [{match: a}]", "series[].max_gap", 0, 9 * SECOND},
    {"defaults: {max_gap: 9s}\nseries: [{match: a, max_gap: stale_after}]", "series[].max_gap", 0,
     0},
    {"series: [{match: a}, {match: b, edge_order: 2}]", "series[].edge_order", 0, 1},
    {"series: [{match: a}, {match: b, edge_order: 2}]", "series[].edge_order", 1, 2},
    {"series: [{match: a, stale_after: 1s, expire_after: 2s}]", "series[].expire_after", 0,
     2 * SECOND},
};

START_TEST(good_row)
{
    struct conf c;
    read_ok(good_rows[_i].text, &c);
    ck_assert_msg(number_at(&c, good_rows[_i].path, good_rows[_i].item) == good_rows[_i].value,
                  "%s", good_rows[_i].text);
    conf_fini(&c);
}
END_TEST

#define SECTION   "keys with values (\"key: value\", indented)"
#define LISTENERS "ingest:\n  listeners:\n"

/* The file is called "x". */
static const struct {
    const char *text, *errors;
} bad_rows[] = {
    /* keys */
    {"retension: 3d", "x:1:1: unknown key \"retension\"\n"},
    {"http:\n  lisen: 1", "x:2:3: unknown key \"lisen\" in http; did you mean \"listen\"?\n"},
    {"htpp: {}", "x:1:1: unknown key \"htpp\"; did you mean \"http\"?\n"},
    {"max_series: 5", "x:1:1: unknown key \"max_series\"; it belongs in limits\n"},
    {"http: {max_future: 1s}", "x:1:8: unknown key \"max_future\" in http; it belongs in limits\n"},
    {"http: {\"\": 1}", "x:1:8: unknown key \"\" in http\n"},
    {"http: {\"a\\n\\u00e9\": 1}", "x:1:8: unknown key \"a\\x0a\\xc3\\xa9\" in http\n"},
    {"http.listen: 127.0.0.1:1", "x:1:1: unknown key \"http.listen\"\n"},
    {"http: {[a]: 1}", "x:1:8: a key must be a word, not a list\n"},
    {"ingest: {listeners: [{address: 127.0.0.1:1, protocol: udp, format: pickle}]}",
     "x:1:68: ingest.listeners[].format: pickle is for tcp\n"},
    {"graphite: {templates: a.b}",
     "x:1:23: graphite.templates must be a list of templates such as \".site.measurement.sensor\", "
     "not text\n"},
    {"graphite:\n  templates: [measurement, [a]]",
     "x:2:28: graphite.templates: a template is text, not a list\n"},
    {"graphite:\n  templates:\n    - 'a.* .host'\n    - measurement.\"x\n    - measurement",
     "x:3:12: graphite.templates: no word of the template is measurement\n"
     "x:4:19: graphite.templates: not a label's name: letters, digits and _, no digit first\n"},
    {"{}: 1", "x:1:1: a key must be a word, not keys with values\n"},
    {"log:\n  level: info\n  level: warn", "x:3:3: log.level is given twice, first on line 2\n"},
    {"log: {}\nhttp: {}\nlog: {}", "x:3:1: log is given twice, first on line 1\n"},
    {"<<: {log: {level: warn}}", "x:1:1: unknown key \"<<\"\n"},
    /* shapes */
    {"5", "x:1:1: the file must be " SECTION ", not text\n"},
    {"- a", "x:1:1: the file must be " SECTION ", not a list\n"},
    {"log: 5", "x:1:6: log must be " SECTION ", not text\n"},
    {"log:level: info", "x:1:1: unknown key \"log:level\"\n"},
    {"log: [info]", "x:1:6: log must be " SECTION ", not a list\n"},
    {"log: {level: [info]}", "x:1:14: log.level must be a word, not a list\n"},
    {"log: {level: }", "x:1:14: log.level must be a word, not nothing\n"},
    {"log: {level: null}", "x:1:14: log.level must be a word, not nothing\n"},
    {"log: {level: \"null\"}",
     "x:1:14: log.level: \"null\" is not one of debug, info, warn, error\n"},
    {"shutdown_timeout:", "x:1:18: shutdown_timeout must be a duration such as 500ms, 10s, 5m or "
                          "1h30m, not nothing\n"},
    {"limits: {max_series: {}}",
     "x:1:22: limits.max_series must be a whole number in decimal digits, not keys with values\n"},
    {"limits: {max_series: |\n  5\n  }", "x:1:22: not YAML: while scanning for the next token, "
                                         "found character that cannot start any token\n"},
    {"limits:\n  max_series: |\n    5\n",
     "x:2:15: limits.max_series: \"5\\x0a\" is not a whole number in decimal digits\n"},
    /* lists */
    {LISTENERS, "x:2:13: ingest.listeners has no items: write [] for none, or leave the key out "
                "for the defaults\n"},
    {"ingest: {listeners: 127.0.0.1:1}",
     "x:1:21: ingest.listeners must be a list (\"- address: ...\"), not text\n"},
    {LISTENERS "    - 127.0.0.1:1", "x:3:7: ingest.listeners[] must be " SECTION ", not text\n"},
    {LISTENERS "    - {}", "x:3:7: ingest.listeners[].address is missing\n"
                           "x:3:7: ingest.listeners[].protocol is missing\n"},
    {LISTENERS "    - {adress: '127.0.0.1:1', protocol: TCP}",
     "x:3:7: ingest.listeners[].address is missing\n"
     "x:3:8: unknown key \"adress\" in ingest.listeners[]; did you mean \"address\"?\n"
     "x:3:41: ingest.listeners[].protocol: \"TCP\" is not one of tcp, udp; did you mean "
     "\"tcp\"?\n"},
    {LISTENERS "    - {address: '[0::0:1]:1', protocol: tcp}\n"
               "    - {address: '[::1]:1', protocol: udp}\n"
               "    - {address: '[::1]:1', protocol: tcp}\n",
     "x:5:17: ingest.listeners[].address: another listener has this address and protocol\n"},
    {"series: {match: a}",
     "x:1:9: series must be a list (\"- match: ...\"), not keys with values\n"},
    {"series: [a]", "x:1:10: series[] must be " SECTION ", not text\n"},
    {"series: [{kind: gauge}]", "x:1:10: series[].match is missing\n"},
    {"series: [{match: }]",
     "x:1:18: series[].match must be a selector such as temperature{site=\"plant-03\"}, not "
     "nothing\n"},
    /* between keys */
    {"http: {listen: '127.0.0.1:2207'}",
     "x:1:16: http.listen and a TCP listener of ingest have the same address\n"},
    {LISTENERS "    - {address: '127.0.0.1:9207', protocol: tcp}",
     "x:3:17: http.listen and a TCP listener of ingest have the same address\n"},
    {LISTENERS "    - {address: '[::1]:7', protocol: tcp}\nhttp:\n  listen: '[::1]:7'",
     "x:5:11: http.listen and a TCP listener of ingest have the same address\n"},
    {"defaults:\n  stale_after: 2h", "x:2:16: defaults.expire_after is shorter than stale_after\n"},
    {"defaults:\n  expire_after: 4m59s\n  per: 1s",
     "x:2:17: defaults.expire_after is shorter than stale_after\n"},
    {"defaults: {stale_after: 3s, expire_after: 2s}",
     "x:1:43: defaults.expire_after is shorter than stale_after\n"},
    {"defaults: {stale_after: 2h, expire_after: 3x}", /* what cannot be read is not compared */
     "x:1:43: defaults.expire_after: \"3x\" is not a duration such as 500ms, 10s, 5m or 1h30m\n"},
    {"series: [{match: a}, {match: b, stale_after: 2h}]",
     "x:1:46: series[].expire_after is shorter than stale_after\n"},
    {"series: [{match: a, expire_after: 1s}]\ndefaults: {stale_after: 2s}",
     "x:1:35: series[].expire_after is shorter than stale_after\n"},
    /* selectors: the column is that of the byte that is wrong */
    {"series:\n  - match: a{b=x}",
     "x:2:16: series[].match: expected a value in quotes, found 'x'\n"},
    {"series:\n  - match: 'a{b=x}'",
     "x:2:17: series[].match: expected a value in quotes, found 'x'\n"},
    {"series:\n  - match: \"a{b=x}\"",
     "x:2:17: series[].match: expected a value in quotes, found 'x'\n"},
    {"series:\n  - match: \"a{b=\\\"\\\\\\\\\\\",c=x}\"",
     "x:2:28: series[].match: expected a value in quotes, found 'x'\n"},
    {"series:\n  - match: 'a{b=''y'',c=x}'",
     "x:2:25: series[].match: expected a value in quotes, found 'x'\n"},
    {"series:\n  - match: 'a{b=\"\xc3\xa9\",c=x}'", /* columns count characters */
     "x:2:23: series[].match: expected a value in quotes, found 'x'\n"},
    {"series:\n  - match: \"a{b='\\u00e9',c=x}\"", /* not followed */
     "x:2:12: series[].match: expected a value in quotes, found 'x'\n"},
    {"series:\n  - match: 'a{b=\"y\",\n      c=x}'", /* nor over lines */
     "x:2:12: series[].match: expected a value in quotes, found 'x'\n"},
    {"series:\n  - match: |\n      a{b=x}", "x:2:12: series[].match: expected a value in quotes, "
                                            "found 'x'\n"},
    {"series:\n  - match: 'a{b=~\"(\"}'",
     "x:2:20: series[].match: bad regular expression: missing closing parenthesis\n"},
    {"series:\n  - match: '{}'", "x:2:13: series[].match: it matches everything: at least one "
                                 "matcher must refuse the empty value\n"},
    {"series:\n  - match: ''", "x:2:13: series[].match: expected a metric name or {, found the "
                               "end of the selector\n"},
    /* YAML */
    {"log:\n\tlevel: info", "x:2:1: not YAML: while scanning for the next token, found character "
                            "that cannot start any token (a tab: indent with blanks)\n"},
    {"log: {level: info", "x:2:1: not YAML: while parsing a flow mapping, did not find expected "
                          "',' or '}'\n"},
    {"log:\n  level: info\n http: {}",
     "x:3:2: not YAML: while parsing a block mapping, did not find expected key\n"},
    {"a: \"b", "x:1:6: not YAML: while scanning a quoted scalar, found unexpected end of "
               "stream\n"},
    {"log: {}\nb: \xff", "x:2:4: not YAML: invalid leading UTF-8 octet\n"},
    {"log: {}\n# \xc3\xa9 \x01", "x:2:5: not YAML: control characters are not allowed\n"},
    {"log: {}\n---\nlog: {}", "x:2:1: a second document begins: the file must be one\n"},
#define PLAIN                                                                                      \
    "anchors (&), aliases (*) and tags (!) are not used here; text that begins so goes in "        \
    "quotes\n"
    {"log: &a {}", "x:1:6: " PLAIN},
    {"log: {level: &a info}", "x:1:14: " PLAIN},
    {"log: *a", "x:1:6: " PLAIN},
    {"log: {level: !!str info}", "x:1:14: " PLAIN},
    {"log: !x {}", "x:1:6: " PLAIN},
    {"series: !!seq []", "x:1:9: " PLAIN},
    {"*a : 1", "x:1:1: " PLAIN},
    /* all at once, in the file's order */
    {"series:\n  - {match: '{', per: 1d}\n"
     "ingest: {threads: 0, thread: 1}\n"
     "log: {level: inf}\n",
     "x:2:15: series[].match: expected a label name or }, found the end of the selector\n"
     "x:2:23: series[].per: \"1d\" is not one of 1s, 1m, 1h; did you mean \"1s\"?\n"
     "x:3:19: ingest.threads: \"0\" is out of range: 1 to 32\n"
     "x:3:22: unknown key \"thread\" in ingest; did you mean \"threads\"?\n"
     "x:4:14: log.level: \"inf\" is not one of debug, info, warn, error; did you mean "
     "\"info\"?\n"},
};

static void check_bad(const char *text, size_t n, const char *want)
{
    struct conf c;
    struct buf errors = {0};
    memset(&c, 0x77, sizeof c);
    ck_assert_msg(conf_read_text("x", text, n, &c, &errors) == NABLA_EINVAL, "%.200s", text);
    buf_char(&errors, '\0');
    ck_assert_msg(strcmp(errors.at, want) == 0, "%.200s\n%s", text, errors.at);
    size_t same = 0; /* a call of Check's for each byte would take longer than all the rest */
    while (same < sizeof c && ((const char *)&c)[same] == 0x77)
        same++;
    ck_assert_uint_eq(same, sizeof c);
    buf_fini(&errors);
}

START_TEST(bad_row)
{
    check_bad(bad_rows[_i].text, strlen(bad_rows[_i].text), bad_rows[_i].errors);
}
END_TEST

static char *repeated(const char *text, int times)
{
    size_t n = strlen(text);
    char *all = malloc(n * (size_t)times + 1);
    for (int i = 0; i < times; i++)
        memcpy(all + n * (size_t)i, text, n);
    all[n * (size_t)times] = '\0';
    return all;
}

static const struct {
    const char *text;
    int times;
    const char *errors;
} many_rows[] = {
    {"[", 20000, "x:1:17: nested too deeply\n"},
    {"{", 20000, "x:1:17: nested too deeply\n"},
    {"[{", 20000, "x:1:17: nested too deeply\n"},
    {"- ", 20000, "x:1:33: nested too deeply\n"},
    {"? ", 20000, "x:1:33: nested too deeply\n"},
    {"{a: ", 20000, "x:1:65: nested too deeply\n"},
    {"a: [\n", 20000, "x:9:1: nested too deeply\n"},
    {"a", CONF_FILE_MAX + 1, "x:1:1: the file is larger than 1048576 bytes\n"},
};

START_TEST(many_row)
{
    char *text = repeated(many_rows[_i].text, many_rows[_i].times);
    check_bad(text, strlen(text), many_rows[_i].errors);
    free(text);
}
END_TEST

START_TEST(zero_byte)
{
    check_bad("log: {}\nb\0", 10, "x:2:2: not YAML: control characters are not allowed\n");
}
END_TEST

START_TEST(as_large_as_may_be)
{
    struct conf c;
    char *text = repeated("#\n", CONF_FILE_MAX / 2);
    read_ok(text, &c);
    conf_fini(&c);
    free(text);
}
END_TEST

START_TEST(errors_are_bounded)
{
    struct conf c;
    struct buf errors = {0};
    char *text = repeated("wrong: 1\n", 100);
    ck_assert_int_eq(conf_read_text("x", text, strlen(text), &c, &errors), NABLA_EINVAL);
    buf_char(&errors, '\0');
    ck_assert_ptr_nonnull(strstr(errors.at, "x:64:1: unknown key \"wrong\"\nx: and 36 more\n"));
    buf_fini(&errors);
    free(text);
}
END_TEST

/* A list's text, its items numbered. */
static char *numbered(const char *head, const char *item, int n)
{
    char *text = malloc(strlen(head) + (size_t)n * (strlen(item) + 8) + 1), *p = text;
    p += sprintf(p, "%s", head);
    for (int i = 1; i <= n; i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        p += sprintf(p, item, i);
#pragma GCC diagnostic pop
    }
    return text;
}

START_TEST(longest_lists)
{
    static const char listener[] = "    - {address: '127.0.0.1:%d', protocol: tcp}\n";
    static const char rule[] = "  - {match: m%d}\n";
    struct conf c;
    char *text = numbered(LISTENERS, listener, CONF_LISTENERS_MAX);
    read_ok(text, &c);
    ck_assert_uint_eq(c.ingest.listeners_n, CONF_LISTENERS_MAX);
    ck_assert_uint_eq(c.ingest.listeners[CONF_LISTENERS_MAX - 1].address.port, CONF_LISTENERS_MAX);
    conf_fini(&c);
    free(text);
    text = numbered(LISTENERS, listener, CONF_LISTENERS_MAX + 1);
    check_bad(text, strlen(text), "x:35:7: ingest.listeners has more than 32 items\n");
    free(text);
    text = numbered("series:\n", rule, POLICY_RULES_MAX);
    read_ok(text, &c);
    ck_assert_uint_eq(c.policies.rules_n, POLICY_RULES_MAX);
    conf_fini(&c);
    free(text);
    text = numbered("series:\n", rule, POLICY_RULES_MAX + 1);
    check_bad(text, strlen(text), "x:1026:5: series has more than 1024 items\n");
    free(text);
}
END_TEST

START_TEST(listeners)
{
    struct conf c;
    read_ok("", &c);
    ck_assert_uint_eq(c.ingest.listeners_n, 2);
    for (int i = 0; i < 2; i++) {
        ck_assert_str_eq(c.ingest.listeners[i].address.host, "127.0.0.1");
        ck_assert_uint_eq(c.ingest.listeners[i].address.port, 2207);
        ck_assert_int_eq(c.ingest.listeners[i].format, 0);
        ck_assert_int_eq(c.ingest.listeners[i].precision_ns, 1);
    }
    ck_assert_int_eq(c.ingest.listeners[0].transport, TRANSPORT_TCP);
    ck_assert_int_eq(c.ingest.listeners[1].transport, TRANSPORT_UDP);
    read_ok("ingest: {listeners: []}", &c);
    ck_assert_uint_eq(c.ingest.listeners_n, 0);
    read_ok(LISTENERS "    - {address: '[::1]:5', protocol: udp}", &c); /* they replace these */
    ck_assert_uint_eq(c.ingest.listeners_n, 1);
    ck_assert_str_eq(c.ingest.listeners[0].address.host, "::1");
    read_ok(LISTENERS "    - {address: '[::1]:0', protocol: udp}\n" /* the system chooses twice */
                      "    - {address: '[::1]:0', protocol: udp}",
            &c);
    ck_assert_uint_eq(c.ingest.listeners_n, 2);
}
END_TEST

static bool chooses(const struct policy_rule *rule, const char *metric)
{
    char room[256];
    struct label name = {.name = LABEL_METRIC,
                         .name_n = strlen(LABEL_METRIC),
                         .value = metric,
                         .value_n = (uint32_t)strlen(metric)};
    ck_assert_int_eq(labelset_pack(&name, 1, (struct labelset *)room), NABLA_OK);
    return selector_match(rule->match, (const struct labelset *)room);
}

START_TEST(rules_choose)
{
    struct conf c;
    read_ok("series:\n  - match: a\n  - match: \"{__name__=~\\\"b.\\\"}\"\n  - match: >\n      "
            "c{d='',\n      }\n",
            &c);
    ck_assert_uint_eq(c.policies.rules_n, 3);
    ck_assert(chooses(&c.policies.rules[0], "a"));
    ck_assert(!chooses(&c.policies.rules[0], "b"));
    ck_assert(chooses(&c.policies.rules[1], "bb"));
    ck_assert(chooses(&c.policies.rules[2], "c"));
    conf_fini(&c);
    conf_fini(&c); /* zeroed now */
}
END_TEST

START_TEST(defaults_are_the_policy)
{
    struct conf c;
    struct policy p = policy_default();
    conf_default(&c);
    ck_assert_int_eq(c.policies.defaults.kind, p.kind);
    ck_assert_int_eq(c.policies.defaults.per, p.per);
    ck_assert_int_eq(c.policies.defaults.on_nan, p.on_nan);
    ck_assert_int_eq(c.policies.defaults.edge_order, p.edge_order);
    ck_assert_int_eq(c.policies.defaults.max_gap_ns, p.max_gap_ns);
    ck_assert_int_eq(c.policies.defaults.stale_after_ns, p.stale_after_ns);
    ck_assert_int_eq(c.policies.defaults.expire_after_ns, p.expire_after_ns);
    ck_assert_uint_eq(c.policies.rules_n, 0);
    conf_fini(&c);
}
END_TEST

START_TEST(unreadable_files)
{
    struct conf c;
    struct buf errors = {0};
    ck_assert_int_eq(conf_read_file("/nonexistent/x.yaml", &c, &errors), NABLA_EIO);
    ck_assert_int_eq(conf_read_file("/", &c, &errors), NABLA_EIO);
    buf_char(&errors, '\0');
    ck_assert_str_eq(errors.at, "/nonexistent/x.yaml: cannot be read: No such file or directory\n"
                                "/: cannot be read: Is a directory\n");
    buf_fini(&errors);
}
END_TEST

START_TEST(file_names_itself)
{
    char path[] = "/tmp/test_conf_XXXXXX", want[128];
    struct conf c;
    struct buf errors = {0};
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, "log: 1\n", 7), 7);
    close(fd);
    ck_assert_int_eq(conf_read_file(path, &c, &errors), NABLA_EINVAL);
    unlink(path);
    buf_char(&errors, '\0');
    snprintf(want, sizeof want, "%s:1:6: log must be " SECTION ", not text\n", path);
    ck_assert_str_eq(errors.at, want);
    buf_fini(&errors);
}
END_TEST

static const struct {
    const char *a, *b, *keys;
} restart_rows[] = {
    {"", "", ""},
    {"", "ingest: {threads: 1}", ""},
    {"", "ingest: {threads: 2}", "ingest.threads"},
    {"ingest: {max_line: 1KiB}", "", "ingest.max_line"},
    {"", "ingest: {max_connections: 1, receive_buffer: 4KiB}",
     "ingest.max_connections, ingest.receive_buffer"},
    {"", "ingest: {listeners: []}", "ingest.listeners"},
    {"", LISTENER("protocol: tcp"), "ingest.listeners"},
    {LISTENER("protocol: tcp"), LISTENER("protocol: tcp, format: auto"), ""},
    {LISTENER("protocol: tcp"), LISTENER("protocol: udp"), "ingest.listeners"},
    {LISTENER("protocol: tcp"), LISTENER("protocol: tcp, format: json"), "ingest.listeners"},
    {LISTENER("protocol: tcp"), LISTENER("protocol: tcp, precision: s"), "ingest.listeners"},
    {"", "http: {listen: '127.0.0.2:9207'}", "http.listen"},
    {"", "http: {listen: '127.0.0.1:9208'}", "http.listen"},
    {"http: {max_connections: 1, timeout: 1s, request_timeout: 1s, max_streams: 1}", "",
     "http.max_connections, http.timeout, http.request_timeout, http.max_streams"},
    {"", "limits: {max_series: 1, max_future: 1s}", ""},
    {"", "log: {level: debug}\nshutdown_timeout: 1s", ""},
    {"", "defaults: {per: 1h}\nseries: [{match: a}]", ""},
};

START_TEST(restart_row)
{
    struct conf a, b;
    struct buf out = {0};
    read_ok(restart_rows[_i].a, &a);
    read_ok(restart_rows[_i].b, &b);
    conf_restart_keys(&a, &b, &out);
    buf_char(&out, '\0');
    ck_assert_str_eq(out.at, restart_rows[_i].keys);
    buf_fini(&out);
    conf_fini(&a);
    conf_fini(&b);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("conf");
    TCase *c = tcase_create("conf");
    tcase_add_loop_test(c, good_row, 0, ROWS(good_rows));
    tcase_add_loop_test(c, bad_row, 0, ROWS(bad_rows));
    tcase_add_loop_test(c, many_row, 0, ROWS(many_rows));
    tcase_add_loop_test(c, restart_row, 0, ROWS(restart_rows));
    tcase_add_test(c, zero_byte);
    tcase_add_test(c, as_large_as_may_be);
    tcase_add_test(c, errors_are_bounded);
    tcase_add_test(c, longest_lists);
    tcase_add_test(c, listeners);
    tcase_add_test(c, rules_choose);
    tcase_add_test(c, defaults_are_the_policy);
    tcase_add_test(c, unreadable_files);
    tcase_add_test(c, file_names_itself);
    suite_add_tcase(s, c);
    return s;
}
