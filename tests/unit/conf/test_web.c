/* tests/unit/conf/test_web.c -- web.yml: what it says, and what is wrong with it, where. Certificates are
 * tests/unit/doors' and the end-to-end tests'. */
#include "conf/web.h"

#include "suite.h"

#include <string.h>

#define HASH  "$2b$10$abcdefghijklmnopqrstuuyOwu6ks/4RqkwOmHQjfTqm1Ynh3lAtu"
#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"

static const struct row {
    const char *text, *says; /* the whole of what is said; NULL: nothing */
} rows[] = {
    {"", NULL},
    {"{}\n", NULL},
    {"basic_auth_users:\n", NULL},
    {"basic_auth_users: {alice: " HASH "}\nrights: {alice: [read, write]}\n", NULL},
    {"rights: {alice: [read]}\nbasic_auth_users: {alice: " HASH "}\n", NULL},
    {"bearer_tokens:\n  - {name: a, sha256: " ZEROS ", rights: []}\n", NULL},
    {"anonymous: [read]\n", NULL},
    {"http_server_config: {http2: false, headers: {X-Frame-Options: DENY}}\n", NULL},
    {"http_server_config: {headers: {X-Frame-Options: ''}}\n", NULL},
    {"[]\n", "w:1:1: the file must be keys with values, not a list\n"},
    {"users: {}\n", "w:1:1: unknown key \"users\" in the file\n"},
    {"basic_auth_user: {}\n",
     "w:1:1: unknown key \"basic_auth_user\" in the file; did you mean \"basic_auth_users\"?\n"},
    {"basic_auth_users: {alice: secret}\n",
     "w:1:27: basic_auth_users.alice: no bcrypt hash: one begins with $2a$, $2b$ or $2y$ and two "
     "digits of its cost\n"},
    {"basic_auth_users: {'a:b': " HASH "}\n",
     "w:1:20: basic_auth_users: a name has 1 to 127 bytes and no colon\n"},
    {"basic_auth_users: {a: " HASH ", a: " HASH "}\n",
     "w:1:85: \"a\" is given twice, first on line 1\n"},
    {"basic_auth_users: [alice]\n",
     "w:1:19: basic_auth_users must be keys with values, not a list\n"},
    {"rights: {bob: [read]}\n", "w:1:10: rights: \"bob\" is none of basic_auth_users\n"},
    {"anonymous: [reed]\n", "w:1:13: anonymous: \"reed\" is not one of read, write, admin\n"},
    {"anonymous: read\n", "w:1:12: anonymous must be a list, not text\n"},
    {"bearer_tokens:\n  - {name: a, token: secret, rights: [read]}\n",
     "w:2:15: token: a secret does not belong in this file: use token_file or sha256\n"},
    {"bearer_tokens:\n  - {name: a, sha256: secret, rights: [read]}\n",
     "w:2:23: sha256: 64 hexadecimal digits, as `sha256sum` writes them of a token, are wanted\n"},
    {"bearer_tokens:\n  - {name: a, rights: [read]}\n",
     "w:2:5: a token has either sha256 or token_file, one of them\n"},
    {"bearer_tokens:\n  - {name: a, sha256: " ZEROS "}\n", "w:2:5: rights is missing in a token\n"},
    {"bearer_tokens:\n  - {name: a, sha256: " ZEROS ", rights: []}\n"
     "  - {name: b, sha256: " ZEROS ", rights: []}\n",
     "w:3:5: it is the token of a\n"},
    {"bearer_tokens:\n  - {name: a, token_file: /nowhere/at/all, rights: []}\n",
     "w:2:27: token_file: /nowhere/at/all: No such file or directory\n"},
    {"http_server_config: {http2: true}\n",
     "w:1:29: http2: nablad speaks HTTP/1.1; leave it out or say false\n"},
    {"http_server_config: {headers: {X-Frame-Options: maybe}}\n",
     "w:1:49: X-Frame-Options: must be deny sameorigin\n"},
    {"http_server_config: {headers: {X-XSS-Protection: \"a\\r\\nb: c\"}}\n",
     "w:1:50: X-XSS-Protection: must be visible ASCII\n"},
    {"tls_server_config: {cert_file: /nowhere.crt}\n",
     "w:1:20: key_file is missing in tls_server_config\n"},
    {"tls_server_config: {cert_file: /nowhere.crt, key_file: k}\n",
     "w:1:32: /nowhere.crt: No such file or directory\n"},
    {"tls_server_config: {cert_file: c, key_file: k, min_version: TLS9}\n",
     "w:1:61: min_version: \"TLS9\" is not one of TLS13, TLS12, TLS11, TLS10\n"},
    {"tls_server_config: {cert_file: c, key_file: k, min_version: TLS13, max_version: TLS12}\n",
     "w:1:20: min_version is above max_version\n"},
    {"tls_server_config: {cert_file: c, key_file: k, cipher_suites: [ROT13]}\n",
     "w:1:64: cipher_suites: \"ROT13\" is none that is known here\n"},
    {"tls_server_config: {cert_file: c, key_file: k, client_allowed_sans: [a]}\n",
     "w:1:69: client_allowed_sans needs client_auth_type RequireAndVerifyClientCert or "
     "RequireAnyClientCert\n"},
    {"tls_server_config: {cert: c}\n",
     "w:1:21: cert: what it holds belongs in a file that is named here\n"},
    {"rate_limit: {burst: 1}\n", "w:1:1: rate_limit: failures to log in are what is limited: "
                                 "http.auth_failures in nablad.yaml\n"},
};

START_TEST(web_row)
{
    const struct row *r = &rows[_i];
    struct access *a = NULL;
    struct buf errors = {0};
    enum nabla_status status = web_read_text("w", r->text, strlen(r->text), &a, &errors);
    buf_char(&errors, '\0');
    ck_assert_msg(strcmp(errors.at, r->says == NULL ? "" : r->says) == 0, "%s%s", r->text,
                  errors.at);
    ck_assert_int_eq(status, r->says == NULL ? NABLA_OK : NABLA_EINVAL);
    ck_assert((a != NULL) == (r->says == NULL));
    access_leave(a);
    buf_fini(&errors);
}
END_TEST

static struct access *read_ok(const char *text)
{
    struct access *a = NULL;
    struct buf errors = {0};
    ck_assert_int_eq(web_read_text("w", text, strlen(text), &a, &errors), NABLA_OK);
    buf_fini(&errors);
    return a;
}

START_TEST(what_it_says)
{
    struct access *a = read_ok("basic_auth_users: {alice: " HASH ", bob: " HASH "}\n"
                               "rights: {bob: [read, admin]}\n"
                               "bearer_tokens:\n  - {name: t, sha256: " ZEROS ", rights: [write]}\n"
                               "http_server_config: {headers: {X-Frame-Options: deny}}\n");
    ck_assert_uint_eq(a->users_n, 2);
    ck_assert_uint_eq(a->users[0].rights, RIGHTS_ALL);
    ck_assert_uint_eq(a->users[1].rights, RIGHT_READ | RIGHT_ADMIN);
    ck_assert_uint_eq(a->tokens[0].rights, RIGHT_WRITE);
    ck_assert_str_eq(a->headers[0].name, "X-Frame-Options");
    ck_assert_uint_eq(a->anonymous, 0);
    ck_assert(!access_is_open(a));
    access_leave(a);
}
END_TEST

START_TEST(who_keeps_nobody_out_is_open)
{
    static const struct {
        const char *text;
        bool open;
    } all[] = {{"", true},
               {"http_server_config: {http2: false}\n", true},
               {"anonymous: [read, write, admin]\n", true},
               {"anonymous: [read]\n", false},
               {"anonymous: []\n", false},
               {"basic_auth_users: {alice: " HASH "}\n", false}};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        struct access *a = read_ok(all[i].text);
        ck_assert_msg(access_is_open(a) == all[i].open, "%s", all[i].text);
        access_leave(a);
    }
    ck_assert(access_is_open(NULL));
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("web");
    TCase *t = tcase_create("web");
    tcase_add_loop_test(t, web_row, 0, ROWS(rows));
    tcase_add_test(t, what_it_says);
    tcase_add_test(t, who_keeps_nobody_out_is_open);
    suite_add_tcase(s, t);
    return s;
}
