/* A listener's keys together: who may send, where nablad may listen, and what is said where it may not. */
#include "conf/reach.h"

#include "suite.h"

#include <stdio.h>
#include <string.h>

static enum nabla_status read_text(const char *text, struct conf *c, struct buf *errors)
{
    enum nabla_status status = conf_read_text("x", text, strlen(text), c, errors);
    buf_char(errors, '\0');
    return status;
}

#define LISTENER(item) "ingest: {listeners: [{protocol: tcp, address: " item "}]}"
#define REACHED(host)                                                                              \
    "x:1:47: ingest.listeners[].address: others than this machine can reach " host                 \
    ", and nothing keeps strangers out: give it " REACH_LINE_REMEDIES ", or say insecure: true\n"

static const struct {
    const char *text, *says; /* "": it is taken */
} rows[] = {
    {LISTENER("'127.0.0.1:1'"), ""},
    {LISTENER("'127.9.9.9:1'"), ""},
    {LISTENER("'[::1]:1'"), ""},
    {LISTENER("'[::ffff:127.0.0.1]:1'"), ""},
    {LISTENER("'0.0.0.0:1'"), REACHED("0.0.0.0")},
    {LISTENER("'[::]:1'"), REACHED("::")},
    {LISTENER("'10.0.0.1:1'"), REACHED("10.0.0.1")},
    {LISTENER("'[::ffff:10.0.0.1]:1'"), REACHED("::ffff:10.0.0.1")},
    {LISTENER("'0.0.0.0:1', insecure: true"), ""},
    {LISTENER("'0.0.0.0:1', insecure: false"), REACHED("0.0.0.0")},
    {LISTENER("'0.0.0.0:1', format: statsd"), REACHED("0.0.0.0")},
    {LISTENER("'0.0.0.0:1', format: statsd, insecure: true"), ""},
    {LISTENER("'0.0.0.0:1', format: pickle"), REACHED("0.0.0.0")},
    {LISTENER("'0.0.0.0:1', format: pickle, insecure: true"), ""},
    {LISTENER("'0.0.0.0:1', allow: [10.0.0.0/8]"), ""},
    {LISTENER("'0.0.0.0:1', allow: [10.0.0.0/8, 'fd00::/8', '::1', 127.0.0.1]"), ""},
    {LISTENER("'0.0.0.0:1', allow: []"), REACHED("0.0.0.0")},
    {LISTENER("'0.0.0.0:1', allow: [10.0.0.0/8, 0.0.0.0/0]"), REACHED("0.0.0.0")},
    {LISTENER("'0.0.0.0:1', allow: ['::/0']"), REACHED("0.0.0.0")},
    {LISTENER("'0.0.0.0:1', allow: ['::/0'], insecure: true"), ""},
    {LISTENER("'0.0.0.0:1', cert_file: c, key_file: k"), REACHED("0.0.0.0")},
    {LISTENER("'0.0.0.0:1', cert_file: c, key_file: k, insecure: true"), ""},
    {LISTENER("'0.0.0.0:1', cert_file: c, key_file: k, client_ca_file: a"), ""},
    {LISTENER("'127.0.0.1:1', cert_file: c"),
     "x:1:73: ingest.listeners[].cert_file: it needs a key_file\n"},
    {LISTENER("'127.0.0.1:1', key_file: k"),
     "x:1:72: ingest.listeners[].key_file: it needs a cert_file\n"},
    {LISTENER("'127.0.0.1:1', client_ca_file: a"),
     "x:1:78: ingest.listeners[].client_ca_file: it needs a cert_file\n"},
    {LISTENER(
         "'127.0.0.1:1', cert_file: c, key_file: k, client_ca_file: a, client_allowed_sans: [a]"),
     ""},
    {LISTENER("'127.0.0.1:1', cert_file: c, key_file: k, client_allowed_sans: [a]"),
     "x:1:110: ingest.listeners[].client_allowed_sans: it needs a client_ca_file\n"},
    {LISTENER("'127.0.0.1:1', client_allowed_sans: a"),
     "x:1:83: ingest.listeners[].client_allowed_sans must be a list of names such as [plant-03, "
     "10.0.0.7], not text\n"},
    {LISTENER("'127.0.0.1:1', client_allowed_sans: [a, [b], '']"),
     "x:1:87: ingest.listeners[].client_allowed_sans: a name is text, not a list\n"
     "x:1:92: ingest.listeners[].client_allowed_sans: a name is empty\n"},
    {"ingest: {listeners: [{protocol: udp, address: '127.0.0.1:1', cert_file: c, key_file: k}]}",
     "x:1:73: ingest.listeners[].cert_file: TLS is for tcp\n"},
    {"ingest: {listeners: [{protocol: udp, address: '0.0.0.0:1', hmac_key_file: k}]}", ""},
    {LISTENER("'127.0.0.1:1', hmac_key_file: k"),
     "x:1:77: ingest.listeners[].hmac_key_file: signatures are for udp; tcp has TLS\n"},
    {LISTENER("'127.0.0.1:1', allow: 10.0.0.0/8"),
     "x:1:69: ingest.listeners[].allow must be a list of networks such as ['10.0.0.0/8', "
     "'fd00::/8'], not text\n"},
    {LISTENER("'127.0.0.1:1', allow: [[10.0.0.0/8]]"),
     "x:1:70: ingest.listeners[].allow: a network is text, not a list\n"},
    {LISTENER("'127.0.0.1:1', allow: [10.0.0.1/8, fd00::/129]"),
     "x:1:70: ingest.listeners[].allow: 10.0.0.1 has bits behind its prefix; did you mean "
     "10.0.0.0/8?\n"
     "x:1:82: ingest.listeners[].allow: the prefix of such a network is 0 to 128\n"},
    {LISTENER("'127.0.0.1:1', insecure: maybe"),
     "x:1:72: ingest.listeners[].insecure: \"maybe\" is not one of false, true\n"},
};

START_TEST(row)
{
    struct conf c;
    struct buf errors = {0};
    enum nabla_status status = read_text(rows[_i].text, &c, &errors);
    ck_assert_str_eq(errors.at, rows[_i].says);
    ck_assert_int_eq(status, *rows[_i].says == '\0' ? NABLA_OK : NABLA_EINVAL);
    if (status == NABLA_OK)
        conf_fini(&c);
    buf_fini(&errors);
}
END_TEST

START_TEST(a_list_is_read_and_bounded)
{
    struct conf c;
    struct ip in, out;
    struct buf text = {0}, errors = {0};
    buf_printf(&text, "ingest: {listeners: [{protocol: udp, address: '0.0.0.0:1', allow: [");
    for (int i = 0; i < PREFIXES_MAX; i++)
        buf_printf(&text, "10.%d.0.0/16, ", i);
    buf_printf(&text, "]}]}");
    ck_assert(ip_read("10.63.1.1", &in) && ip_read("10.64.1.1", &out));
    ck_assert_int_eq(conf_read_text("x", text.at, text.n, &c, &errors), NABLA_OK);
    ck_assert_uint_eq(c.ingest.listeners[0].allow.n, PREFIXES_MAX);
    ck_assert(prefixes_hold(&c.ingest.listeners[0].allow, in));
    ck_assert(!prefixes_hold(&c.ingest.listeners[0].allow, out));
    conf_fini(&c);
    text.n -= 4;
    buf_printf(&text, "10.64.0.0/16]}]}");
    ck_assert_int_eq(conf_read_text("x", text.at, text.n, &c, &errors), NABLA_EINVAL);
    buf_char(&errors, '\0');
    ck_assert_ptr_nonnull(strstr(errors.at, "ingest.listeners[].allow has more than 64 items\n"));
    buf_fini(&text);
    buf_fini(&errors);
}
END_TEST

static const char *longest(void)
{
    static char name[300];
    memset(name, 'n', sizeof name - 1);
    return name;
}

START_TEST(names_are_read_and_bounded)
{
    struct conf c;
    struct buf text = {0}, errors = {0};
    for (int more = 0; more < 2; more++) {
        buf_clear(&text);
        buf_printf(&text,
                   "ingest: {listeners: [{protocol: tcp, address: '127.0.0.1:1', cert_file: c, "
                   "key_file: k, client_ca_file: a, client_allowed_sans: [%.*s",
                   255, longest());
        for (int i = 1; i < CONF_NAMES_MAX + more; i++)
            buf_printf(&text, ", plant-%d", i);
        buf_printf(&text, "]}]}");
        ck_assert_int_eq(conf_read_text("x", text.at, text.n, &c, &errors),
                         more ? NABLA_EINVAL : NABLA_OK);
        if (more)
            continue;
        const struct conf_names *names = &c.ingest.listeners[0].client_sans;
        ck_assert_uint_eq(names->n, CONF_NAMES_MAX);
        ck_assert_uint_eq(strlen(names->at[0]), 255);
        ck_assert_str_eq(names->at[CONF_NAMES_MAX - 1], "plant-15");
        conf_fini(&c);
    }
    buf_char(&errors, '\0');
    ck_assert_ptr_nonnull(strstr(errors.at, "client_allowed_sans has more than 16 items\n"));
    buf_clear(&errors);
    buf_clear(&text);
    buf_printf(&text, LISTENER("'127.0.0.1:1', client_allowed_sans: [%.*s]"), 256, longest());
    ck_assert_int_eq(conf_read_text("x", text.at, text.n, &c, &errors), NABLA_EINVAL);
    buf_char(&errors, '\0');
    ck_assert_ptr_nonnull(strstr(errors.at, "a name has at most 255 bytes\n"));
    buf_fini(&text);
    buf_fini(&errors);
}
END_TEST

#define MUTUAL "cert_file: a, key_file: b, client_ca_file: c, client_allowed_sans: "
static const struct {
    const char *a, *b;
    bool differ;
} changes[] = {
    {"allow: [10.0.0.0/8]", "allow: ['::ffff:10.0.0.0/104']", false}, /* two spellings of one */
    {"allow: [10.0.0.0/8]", "allow: [10.0.0.0/9]", true},
    {"allow: [10.0.0.0/8]", "allow: [10.0.0.0/8, fd00::/8]", true},
    {"insecure: true", "insecure: true", false},
    {"insecure: true", "allow: [10.0.0.0/8]", true},
    {"cert_file: a, key_file: b, insecure: true", "cert_file: a, key_file: c, insecure: true",
     true},
    {MUTUAL "[a]", MUTUAL "['a']", false},
    {MUTUAL "[a]", MUTUAL "[b]", true},
    {MUTUAL "[a]", MUTUAL "[a, b]", true},
};

START_TEST(a_change_wants_a_restart)
{
    struct conf a, b;
    struct buf errors = {0}, keys = {0};
    char text[256];
    snprintf(text, sizeof text, LISTENER("'0.0.0.0:1', %s"), changes[_i].a);
    ck_assert_int_eq(read_text(text, &a, &errors), NABLA_OK);
    snprintf(text, sizeof text, LISTENER("'0.0.0.0:1', %s"), changes[_i].b);
    ck_assert_int_eq(read_text(text, &b, &errors), NABLA_OK);
    conf_restart_keys(&a, &b, &keys);
    buf_char(&keys, '\0');
    ck_assert_str_eq(keys.at, changes[_i].differ ? "ingest.listeners" : "");
    conf_fini(&a);
    conf_fini(&b);
    buf_fini(&errors);
    buf_fini(&keys);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("listener_keys");
    TCase *c = tcase_create("listener_keys");
    tcase_add_loop_test(c, row, 0, ROWS(rows));
    tcase_add_test(c, a_list_is_read_and_bounded);
    tcase_add_test(c, names_are_read_and_bounded);
    tcase_add_loop_test(c, a_change_wants_a_restart, 0, ROWS(changes));
    suite_add_tcase(s, c);
    return s;
}
