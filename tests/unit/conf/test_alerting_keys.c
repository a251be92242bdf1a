/* The section `alerting`: what is read, what is refused, and where it says so. */
#include "conf/conf.h"

#include "suite.h"

#include <string.h>

static enum nabla_status read_text(const char *text, struct conf *c, struct buf *errors)
{
    enum nabla_status status = conf_read_text("x", text, strlen(text), c, errors);
    buf_char(errors, '\0');
    return status;
}

START_TEST(everything)
{
    struct conf c;
    struct buf errors = {0};
    const char *text = "alerting: {resend: 5s, repeat: 1h, external_url: 'https://n/x/',\n"
                       "  alertmanagers: [{url: 'http://a:9093', timeout: 1s}, {url: 'https://b',\n"
                       "    username: u, password_file: p, ca_file: ca, verify: false}],\n"
                       "  webhooks: [{url: 'http://a:9093', bearer_token_file: t}]}\n";
    ck_assert_msg(read_text(text, &c, &errors) == NABLA_OK, "%s", errors.at);
    ck_assert_int_eq(c.alerting.resend_ns, INT64_C(5000000000));
    ck_assert_int_eq(c.alerting.repeat_ns, INT64_C(3600000000000));
    ck_assert_str_eq(c.alerting.external_url, "https://n/x/");
    ck_assert_uint_eq(c.alerting.alertmanagers.n, 2);
    const struct conf_peer *p = c.alerting.alertmanagers.at;
    ck_assert_str_eq(p[0].url, "http://a:9093");
    ck_assert_int_eq(p[0].timeout_ns, 1000000000);
    ck_assert_int_eq(p[0].verify, 1);
    ck_assert_int_eq(p[1].timeout_ns, INT64_C(10000000000));
    ck_assert_str_eq(p[1].password_file, "p");
    ck_assert_int_eq(p[1].verify, 0);
    ck_assert_uint_eq(c.alerting.webhooks.n, 1);
    ck_assert_str_eq(c.alerting.webhooks.at[0].bearer_token_file, "t");
    conf_fini(&c);
    buf_fini(&errors);
}
END_TEST

#define HOOK(item) "alerting: {webhooks: [{" item "}]}"

static const struct {
    const char *text, *says;
} refused[] = {
    {HOOK("timeout: 1s"), "x:1:23: alerting.webhooks[].url is missing\n"},
    {HOOK("url: 'tcp://a:1'"),
     "x:1:29: alerting.webhooks[].url: it must begin with http:// or https://\n"},
    {HOOK("url: 'http:///x'"), "x:1:29: alerting.webhooks[].url: the host is missing\n"},
    {HOOK("url: 'http://u:p@h/'"), "x:1:29: alerting.webhooks[].url: a name and a password do not "
                                   "belong there: use username and password_file\n"},
    {HOOK("url: 'http://a', password_file: p"),
     "x:1:56: alerting.webhooks[].password_file: it needs a username\n"},
    {HOOK("url: 'http://a', username: u, bearer_token_file: t"),
     "x:1:73: alerting.webhooks[].bearer_token_file: it cannot go with username\n"},
    {HOOK("url: 'http://a'}, {url: 'http://a'"),
     "x:1:48: alerting.webhooks[].url: another has this URL\n"},
    {"alerting: {webhooks: [a]}",
     "x:1:23: alerting.webhooks[] must be keys with values (\"key: value\", indented), not "
     "text\n"},
    {"alerting: {external_url: nabla}",
     "x:1:26: alerting.external_url: it must begin with http:// or https://\n"},
    {"alerting: {resend: 100ms}", NULL},
    {"alerting: {alertmanagers: [{url: 'http://1'}, {url: 'http://2'}, {url: 'http://3'},\n"
     " {url: 'http://4'}, {url: 'http://5'}, {url: 'http://6'}, {url: 'http://7'},\n"
     " {url: 'http://8'}, {url: 'http://9'}]}",
     "x:3:21: alerting.alertmanagers has more than 8 items\n"},
};

START_TEST(refusals)
{
    struct conf c;
    struct buf errors = {0};
    ck_assert_int_eq(read_text(refused[_i].text, &c, &errors), NABLA_EINVAL);
    if (refused[_i].says != NULL)
        ck_assert_str_eq(errors.at, refused[_i].says);
    buf_fini(&errors);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("alerting keys");
    TCase *t = tcase_create("alerting keys");
    tcase_add_test(t, everything);
    tcase_add_loop_test(t, refusals, 0, (int)(sizeof refused / sizeof refused[0]));
    suite_add_tcase(s, t);
    return s;
}
