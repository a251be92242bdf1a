/* Files that a configuration names stand beside it, wherever nablad is started. */
#include "conf/beside.h"

#include "conf/conf.h"
#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char every[] =
    "ingest:\n"
    "  listeners:\n"
    "    - {address: '127.0.0.1:1', protocol: tcp}\n"
    "    - {address: '127.0.0.1:2', protocol: tcp, cert_file: a.crt,\n"
    "       key_file: keys/a.key, client_ca_file: /ca.crt}\n"
    "    - {address: '127.0.0.1:2', protocol: udp, hmac_key_file: udp.key}\n"
    "http: {web_config: web.yml}\n"
    "state: {directory: data}\n"
    "push:\n"
    "  - {url: 'https://a', format: influx, cert_file: b.crt, key_file: b.key,\n"
    "     username: u, password_file: b.password, ca_file: b.ca}\n"
    "alerting:\n"
    "  alertmanagers: [{url: 'https://b', bearer_token_file: c.token}]\n"
    "  webhooks: [{url: 'https://c', bearer_token_file: /d.token}]\n";

/* The configuration `every`, read as if it were the file `path`. */
static void given(const char *path, struct conf *c)
{
    struct buf errors = {0};
    enum nabla_status status = conf_read_text(path, every, strlen(every), c, &errors);
    ck_assert_msg(status == NABLA_OK, "%.*s", (int)errors.n, errors.at);
    ck_assert_int_eq(files_beside(path, c, &errors), NABLA_OK);
    ck_assert_uint_eq(errors.n, 0);
}

START_TEST(each_file_is_beside_the_configuration)
{
    struct conf c;
    given("/etc/nabla/nablad.yaml", &c);
    const struct conf_listener *l = c.ingest.listeners;
    const struct conf_peer *push = &c.push.at[0].peer;
    const char *const rows[][2] = {
        {l[0].cert_file, ""},
        {l[1].cert_file, "/etc/nabla/a.crt"},
        {l[1].key_file, "/etc/nabla/keys/a.key"},
        {l[1].client_ca_file, "/ca.crt"},
        {l[2].hmac_key_file, "/etc/nabla/udp.key"},
        {c.http.web_config, "/etc/nabla/web.yml"},
        {c.state.directory, "data"},
        {push->cert_file, "/etc/nabla/b.crt"},
        {push->key_file, "/etc/nabla/b.key"},
        {push->password_file, "/etc/nabla/b.password"},
        {push->ca_file, "/etc/nabla/b.ca"},
        {push->bearer_token_file, ""},
        {push->username, "u"},
        {c.alerting.alertmanagers.at[0].bearer_token_file, "/etc/nabla/c.token"},
        {c.alerting.webhooks.at[0].bearer_token_file, "/d.token"},
    };
    for (int i = 0; i < ROWS(rows); i++)
        ck_assert_str_eq(rows[i][0], rows[i][1]);
    conf_fini(&c);
}
END_TEST

START_TEST(a_folder_is_what_stands_before_the_last_slash)
{
    static const char *const rows[][2] = {{"nablad.yaml", "web.yml"},
                                          {"./nablad.yaml", "./web.yml"},
                                          {"/nablad.yaml", "/web.yml"},
                                          {"a/b/nablad.yaml", "a/b/web.yml"}};
    for (int i = 0; i < ROWS(rows); i++) {
        struct conf c;
        given(rows[i][0], &c);
        ck_assert_str_eq(c.http.web_config, rows[i][1]);
        conf_fini(&c);
    }
}
END_TEST

/* The longest that fits its member, and one byte more. */
START_TEST(a_path_fits_or_is_refused)
{
    struct conf c;
    struct buf errors = {0};
    char path[CONF_PATH_MAX + 1];
    conf_default(&c);
    snprintf(c.http.web_config, sizeof c.http.web_config, "web.yml");
    memset(path, 'x', sizeof path);
    path[CONF_PATH_MAX - 1 - sizeof "web.yml"] = '/';
    path[CONF_PATH_MAX - sizeof "web.yml"] = '\0';
    ck_assert_int_eq(files_beside(path, &c, &errors), NABLA_OK);
    ck_assert_uint_eq(strlen(c.http.web_config), CONF_PATH_MAX - 1);

    snprintf(c.http.web_config, sizeof c.http.web_config, "xweb.yml");
    ck_assert_int_eq(files_beside(path, &c, &errors), NABLA_EINVAL);
    ck_assert_str_eq(c.http.web_config, "xweb.yml");
    buf_char(&errors, '\0');
    ck_assert_ptr_nonnull(strstr(errors.at, "http.web_config: "));
    ck_assert_ptr_nonnull(strstr(errors.at, "xweb.yml is longer than 1023 bytes\n"));
    buf_fini(&errors);
    conf_fini(&c);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("files beside");
    TCase *c = tcase_create("files beside");
    tcase_add_test(c, each_file_is_beside_the_configuration);
    tcase_add_test(c, a_folder_is_what_stands_before_the_last_slash);
    tcase_add_test(c, a_path_fits_or_is_refused);
    suite_add_tcase(s, c);
    return s;
}
