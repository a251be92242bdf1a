/* tests/unit/doors/test_certificates.c -- what loads and what is blamed; who gets in, by handshakes over a
 * pair of sockets; that a session outlives the reload of its certificate. */
#include "doors/certificates.h"

#include "pki.h"
#include "suite.h"

#include <pthread.h>
#include <sys/socket.h>

static char folder[] = "/tmp/nabla-doors-XXXXXX";
static char paths[8][128];

static const char *in_folder(int i, const char *name)
{
    snprintf(paths[i], sizeof paths[i], "%s/%s", folder, name);
    return paths[i];
}

static void make_files(void)
{
    struct pki_pair ca = pki_make((struct pki_wish){.name = "ca", .ca = true});
    struct pki_pair other_ca = pki_make((struct pki_wish){.name = "other", .ca = true});
    const struct {
        const char *file;
        struct pki_wish wish;
    } all[] = {
        {"server", {.name = "localhost", .by = &ca}},
        {"next", {.name = "next.example", .by = &ca}},
        {"ended", {.name = "localhost", .by = &ca, .from_days = -9, .to_days = -2}},
        {"early", {.name = "localhost", .by = &ca, .from_days = 2, .to_days = 9}},
        {"client", {.name = "alice", .by = &ca, .client = true}},
        {"stranger", {.name = "alice", .by = &other_ca, .client = true}},
        {"late", {.name = "alice", .by = &ca, .client = true, .from_days = -9, .to_days = -2}},
        {"wrong_use", {.name = "alice", .by = &ca}},
    };
    ck_assert(mkdtemp(folder) != NULL);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        struct pki_pair p = pki_make(all[i].wish);
        pki_save(&p, folder, all[i].file);
        pki_free(&p);
    }
    pki_save(&ca, folder, "ca");
    pki_write(in_folder(0, "empty"), "", 0);
    pki_write(in_folder(0, "words"), "no PEM\n", 7);
    pki_free(&ca);
    pki_free(&other_ca);
}

static void remove_files(void)
{
    char command[64];
    snprintf(command, sizeof command, "rm -r '%s'", folder);
    ck_assert_int_eq(system(command), 0);
}

/* ---- loading */

static const struct load_row {
    const char *label, *cert, *key, *ca;
    enum client_auth auth;
    const char *priorities;
    enum nabla_status status;
    const char *blamed, *says;
} loads[] = {
    {"plain", "server.crt", "server.key", NULL, CLIENT_AUTH_NONE, NULL, NABLA_OK, "", ""},
    {"mutual", "server.crt", "server.key", "ca.crt", CLIENT_AUTH_VERIFY, NULL, NABLA_OK, "", ""},
    {"no certificate", "gone.crt", "server.key", NULL, CLIENT_AUTH_NONE, NULL, NABLA_EIO,
     "cert_file", "gone.crt: No such file"},
    {"no key", "server.crt", "gone.key", NULL, CLIENT_AUTH_NONE, NULL, NABLA_EIO, "key_file",
     "gone.key: No such file"},
    {"a folder", "server.crt", ".", NULL, CLIENT_AUTH_NONE, NULL, NABLA_EIO, "key_file",
     "directory"},
    {"empty", "empty", "server.key", NULL, CLIENT_AUTH_NONE, NULL, NABLA_EIO, "cert_file", "empty"},
    {"no PEM", "words", "server.key", NULL, CLIENT_AUTH_NONE, NULL, NABLA_EINVAL, "cert_file",
     "no certificate"},
    {"a key for a certificate", "server.key", "server.key", NULL, CLIENT_AUTH_NONE, NULL,
     NABLA_EINVAL, "cert_file", "no certificate"},
    {"a certificate for a key", "server.crt", "server.crt", NULL, CLIENT_AUTH_NONE, NULL,
     NABLA_EINVAL, "key_file", "no private key"},
    {"another's key", "server.crt", "client.key", NULL, CLIENT_AUTH_NONE, NULL, NABLA_EINVAL,
     "key_file", "not the key of the certificate"},
    {"no CA to verify by", "server.crt", "server.key", NULL, CLIENT_AUTH_VERIFY, NULL, NABLA_EINVAL,
     "client_ca_file", "missing"},
    {"a CA for nothing", "server.crt", "server.key", "ca.crt", CLIENT_AUTH_NONE, NULL, NABLA_EINVAL,
     "client_ca_file", "client_auth_type"},
    {"no CA in the file", "server.crt", "server.key", "words", CLIENT_AUTH_VERIFY, NULL,
     NABLA_EINVAL, "client_ca_file", "no certificate"},
    {"unknown ciphers", "server.crt", "server.key", NULL, CLIENT_AUTH_NONE, "NORMAL:+ROT13",
     NABLA_EINVAL, "", "ROT13"},
};

static struct certificate_files files_of(const char *cert, const char *key, const char *ca)
{
    return (struct certificate_files){
        .cert_file = in_folder(0, cert),
        .key_file = in_folder(1, key),
        .client_ca_file = ca == NULL ? NULL : in_folder(2, ca),
    };
}

START_TEST(load_row)
{
    const struct load_row *r = &loads[_i];
    struct certificates *c = NULL;
    struct certificate_fault fault;
    struct certificate_files f = files_of(r->cert, r->key, r->ca);
    f.client_auth = r->auth;
    f.priorities = r->priorities;
    enum nabla_status status = certificates_load(&f, &c, &fault);
    ck_assert_msg(status == r->status, "%s: status %d, %s", r->label, status, fault.text);
    ck_assert_msg((c != NULL) == (status == NABLA_OK), "%s: touched", r->label);
    ck_assert_msg(status == NABLA_OK || strcmp(fault.key, r->blamed) == 0, "%s: blames %s",
                  r->label, fault.key);
    ck_assert_msg(strstr(fault.text, r->says) != NULL, "%s: says %s", r->label, fault.text);
    certificates_leave(c);
}
END_TEST

static struct certificates *load(struct certificate_files f)
{
    struct certificates *c;
    struct certificate_fault fault;
    ck_assert_msg(certificates_load(&f, &c, &fault) == NABLA_OK, "%s", fault.text);
    return c;
}

START_TEST(warns_of_times)
{
    static const struct {
        const char *file, *says;
    } rows[] = {{"server", NULL}, {"ended", "ended on"}, {"early", "begins only on"}};
    char text[CERTIFICATES_WHY_MAX], crt[32], key[32];
    for (size_t i = 0; i < 3; i++) {
        snprintf(crt, sizeof crt, "%s.crt", rows[i].file);
        snprintf(key, sizeof key, "%s.key", rows[i].file);
        struct certificates *c = load(files_of(crt, key, NULL));
        const char *got = certificates_warning(c, time(NULL), text);
        ck_assert((got != NULL) == (rows[i].says != NULL));
        ck_assert(got == NULL || strstr(got, rows[i].says) != NULL);
        certificates_leave(c);
    }
}
END_TEST

/* ---- handshakes */

struct client {
    int fd;
    const char *pair; /* which to show; NULL: none */
    const char *priorities;
    int result;
    char answer[8];
    char name[64]; /* of the server */
};

static void see_name(gnutls_session_t s, struct client *c)
{
    unsigned n = 0;
    gnutls_x509_crt_t cert;
    size_t size = sizeof c->name;
    const gnutls_datum_t *shown = gnutls_certificate_get_peers(s, &n);
    gnutls_x509_crt_init(&cert);
    if (n > 0 && gnutls_x509_crt_import(cert, shown, GNUTLS_X509_FMT_DER) == 0)
        gnutls_x509_crt_get_dn_by_oid(cert, GNUTLS_OID_X520_COMMON_NAME, 0, 0, c->name, &size);
    gnutls_x509_crt_deinit(cert);
}

/* Shakes hands, then reads four bytes: by TLS 1.3 a client hears only there that it was refused. */
static void *run_client(void *ctx)
{
    struct client *c = ctx;
    gnutls_session_t s;
    gnutls_certificate_credentials_t mine;
    char crt[128], key[128];
    gnutls_certificate_allocate_credentials(&mine);
    gnutls_certificate_set_flags(mine, GNUTLS_CERTIFICATE_SKIP_KEY_CERT_MATCH);
    if (c->pair != NULL) {
        snprintf(crt, sizeof crt, "%s/%s.crt", folder, c->pair);
        snprintf(key, sizeof key, "%s/%s.key", folder, c->pair);
        gnutls_certificate_set_x509_key_file(mine, crt, key, GNUTLS_X509_FMT_PEM);
    }
    gnutls_init(&s, GNUTLS_CLIENT | GNUTLS_FORCE_CLIENT_CERT);
    gnutls_priority_set_direct(s, c->priorities, NULL);
    gnutls_credentials_set(s, GNUTLS_CRD_CERTIFICATE, mine);
    gnutls_transport_set_int(s, c->fd);
    while ((c->result = gnutls_handshake(s)) < 0 && gnutls_error_is_fatal(c->result) == 0)
        continue;
    if (c->result == 0) {
        see_name(s, c);
        ssize_t n = gnutls_record_recv(s, c->answer, 4);
        c->result = n == 4 ? 0 : -1;
    }
    gnutls_deinit(s);
    gnutls_certificate_free_credentials(mine);
    close(c->fd);
    return NULL;
}

/* What the server's side comes to; reload, if there is one, happens between handshake and answer. */
static int serve(struct certificates *c, struct client *client, struct certificates *leave)
{
    int fds[2], result;
    pthread_t thread;
    gnutls_session_t s;
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    client->fd = fds[1];
    ck_assert_int_eq(pthread_create(&thread, NULL, run_client, client), 0);
    gnutls_init(&s, GNUTLS_SERVER);
    ck_assert_int_eq(certificates_begin(c, s), NABLA_OK);
    certificates_leave(leave);
    gnutls_transport_set_int(s, fds[0]);
    while ((result = gnutls_handshake(s)) < 0 && gnutls_error_is_fatal(result) == 0)
        continue;
    if (result == 0)
        ck_assert_int_eq(gnutls_record_send(s, "pong", 4), 4);
    else
        gnutls_alert_send_appropriate(s, result);
    gnutls_deinit(s);
    certificates_leave(c);
    shutdown(fds[0], SHUT_WR);
    pthread_join(thread, NULL);
    close(fds[0]);
    return result;
}

#define TLS12 "NORMAL:-VERS-ALL:+VERS-TLS1.2"
#define TLS13 "NORMAL:-VERS-ALL:+VERS-TLS1.3"
#define TLS11 "NORMAL:-VERS-ALL:+VERS-TLS1.1"

static const struct shake_row {
    const char *label;
    enum client_auth auth;
    const char *san, *pair;
    bool in;
} shakes[] = {
    {"nobody is asked", CLIENT_AUTH_NONE, NULL, NULL, true},
    {"a certificate that nobody asked for", CLIENT_AUTH_NONE, NULL, "stranger", true},
    {"asked, none", CLIENT_AUTH_REQUEST, NULL, NULL, true},
    {"asked, a stranger's", CLIENT_AUTH_REQUEST, NULL, "stranger", true},
    {"any, none", CLIENT_AUTH_REQUIRE_ANY, NULL, NULL, false},
    {"any, a stranger's", CLIENT_AUTH_REQUIRE_ANY, NULL, "stranger", true},
    {"if given, none", CLIENT_AUTH_VERIFY_IF_GIVEN, NULL, NULL, true},
    {"if given, good", CLIENT_AUTH_VERIFY_IF_GIVEN, NULL, "client", true},
    {"if given, a stranger's", CLIENT_AUTH_VERIFY_IF_GIVEN, NULL, "stranger", false},
    {"verified, none", CLIENT_AUTH_VERIFY, NULL, NULL, false},
    {"verified, good", CLIENT_AUTH_VERIFY, NULL, "client", true},
    {"verified, a stranger's", CLIENT_AUTH_VERIFY, NULL, "stranger", false},
    {"verified, ended", CLIENT_AUTH_VERIFY, NULL, "late", false},
    {"verified, a server's", CLIENT_AUTH_VERIFY, NULL, "wrong_use", false},
    {"the right name", CLIENT_AUTH_VERIFY, "alice", "client", true},
    {"the right address", CLIENT_AUTH_VERIFY, "127.0.0.1", "client", true},
    {"another name", CLIENT_AUTH_VERIFY, "bob", "client", false},
    {"the beginning of the name", CLIENT_AUTH_VERIFY, "ali", "client", false},
    {"any, the right name", CLIENT_AUTH_REQUIRE_ANY, "alice", "stranger", true},
    {"any, another name", CLIENT_AUTH_REQUIRE_ANY, "bob", "stranger", false},
};

START_TEST(shake_row)
{
    static const char *const versions[] = {TLS12, TLS13};
    const struct shake_row *r = &shakes[_i];
    for (size_t v = 0; v < 2; v++) {
        bool ca = r->auth == CLIENT_AUTH_VERIFY || r->auth == CLIENT_AUTH_VERIFY_IF_GIVEN;
        struct certificate_files f = files_of("server.crt", "server.key", ca ? "ca.crt" : NULL);
        f.client_auth = r->auth;
        f.client_sans = &r->san;
        f.client_sans_n = r->san != NULL;
        struct certificates *c = load(f);
        struct client client = {.pair = r->pair, .priorities = versions[v]};
        int result = serve(c, &client, NULL);
        ck_assert_msg((result == 0) == r->in, "%s, %s: server: %s", r->label, versions[v],
                      gnutls_strerror(result));
        ck_assert_msg((client.result == 0) == r->in, "%s, %s: client: %d", r->label, versions[v],
                      client.result);
        certificates_leave(c);
    }
}
END_TEST

START_TEST(old_versions_stay_out)
{
    struct certificates *c = load(files_of("server.crt", "server.key", NULL));
    struct client client = {.priorities = TLS11};
    ck_assert_int_lt(serve(c, &client, NULL), 0);
    certificates_leave(c);
}
END_TEST

/* The door lets go of its certificate while a session shakes hands by it; the next one sees another. */
START_TEST(a_session_keeps_what_it_began_with)
{
    struct certificates *old = load(files_of("server.crt", "server.key", NULL));
    struct certificates *next = load(files_of("next.crt", "next.key", NULL));
    struct client first = {.priorities = TLS13}, second = {.priorities = TLS13};
    ck_assert_int_eq(serve(old, &first, old), 0);
    ck_assert_int_eq(serve(next, &second, NULL), 0);
    ck_assert_str_eq(first.answer, "pong");
    ck_assert_str_eq(first.name, "localhost");
    ck_assert_str_eq(second.name, "next.example");
    certificates_leave(next);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("certificates");
    TCase *t = tcase_create("certificates");
    tcase_set_timeout(t, 120);
    tcase_add_unchecked_fixture(t, make_files, remove_files);
    tcase_add_loop_test(t, load_row, 0, ROWS(loads));
    tcase_add_test(t, warns_of_times);
    tcase_add_loop_test(t, shake_row, 0, ROWS(shakes));
    tcase_add_test(t, old_versions_stay_out);
    tcase_add_test(t, a_session_keeps_what_it_began_with);
    suite_add_tcase(s, t);
    return s;
}
