/* A session between two buffers, against GnuTLS' own client: cut anywhere, tampered with, flooded. */
#include "net/tls.h"

#include "../doors/pki.h"
#include "suite.h"

#include <errno.h>
#include <gnutls/gnutls.h>

enum { ROOM = 512 * 1024 };

/* What goes from one side to the other. */
struct wire {
    char at[ROOM];
    size_t n, from;
};

struct pair {
    struct tls *server;
    gnutls_session_t client;
    gnutls_certificate_credentials_t credentials;
    struct wire up, down;
};

static struct certificates *certificates;
static char folder[] = "/tmp/nabla-test-tls-XXXXXX";
static const char *const only[] = {"NORMAL:-VERS-ALL:+VERS-TLS1.2",
                                   "NORMAL:-VERS-ALL:+VERS-TLS1.3"};
enum { VERSIONS = 2 };

static void make_certificates(void)
{
    char cert[256], key[256];
    struct certificate_fault fault;
    ck_assert_ptr_nonnull(mkdtemp(folder));
    struct pki_pair server = pki_make((struct pki_wish){.name = "server"});
    pki_save(&server, folder, "server");
    pki_free(&server);
    snprintf(cert, sizeof cert, "%s/server.crt", folder);
    snprintf(key, sizeof key, "%s/server.key", folder);
    const struct certificate_files files = {.cert_file = cert, .key_file = key};
    ck_assert_int_eq(certificates_load(&files, &certificates, &fault), NABLA_OK);
    unlink(cert);
    unlink(key);
    rmdir(folder);
}

static void free_certificates(void)
{
    certificates_leave(certificates);
}

static ssize_t push(gnutls_transport_ptr_t ctx, const void *bytes, size_t n)
{
    struct wire *up = &((struct pair *)ctx)->up;
    ck_assert_uint_le(up->n + n, ROOM);
    memcpy(up->at + up->n, bytes, n);
    up->n += n;
    return (ssize_t)n;
}

static ssize_t pull(gnutls_transport_ptr_t ctx, void *to, size_t n)
{
    struct pair *p = ctx;
    size_t have = p->down.n - p->down.from, taken = n < have ? n : have;
    if (have == 0) {
        gnutls_transport_set_errno(p->client, EAGAIN);
        return -1;
    }
    memcpy(to, p->down.at + p->down.from, taken);
    p->down.from += taken;
    return (ssize_t)taken;
}

static struct pair *pair_new(const char *priorities)
{
    struct pair *p = calloc(1, sizeof *p);
    ck_assert_int_eq(tls_new(certificates, &p->server), NABLA_OK);
    gnutls_certificate_allocate_credentials(&p->credentials);
    gnutls_init(&p->client, GNUTLS_CLIENT | GNUTLS_NONBLOCK);
    ck_assert_int_eq(gnutls_priority_set_direct(p->client, priorities, NULL), 0);
    gnutls_credentials_set(p->client, GNUTLS_CRD_CERTIFICATE, p->credentials);
    gnutls_transport_set_ptr(p->client, p);
    gnutls_transport_set_push_function(p->client, push);
    gnutls_transport_set_pull_function(p->client, pull);
    return p;
}

static void pair_free(struct pair *p)
{
    tls_free(p->server);
    gnutls_deinit(p->client);
    gnutls_certificate_free_credentials(p->credentials);
    free(p);
}

/* The server's words to the client; returns how many bytes. */
static size_t carry_down(struct pair *p)
{
    size_t n;
    char *bytes = tls_output(p->server, &n);
    if (bytes == NULL)
        return 0;
    ck_assert_uint_le(p->down.n + n, ROOM);
    memcpy(p->down.at + p->down.n, bytes, n);
    p->down.n += n;
    free(bytes);
    return n;
}

/* The client's bytes to the server, `step` at a time; what it reads is appended to text. */
static size_t carry_up(struct pair *p, size_t step, char *text, size_t text_n)
{
    size_t used = 0;
    for (size_t at = 0; at < p->up.n; at += step) {
        tls_feed(p->server, p->up.at + at, step < p->up.n - at ? step : p->up.n - at);
        for (size_t got = 1; got > 0; used += got)
            got = tls_read(p->server, text + used, text_n - used);
    }
    p->up.n = 0;
    return used;
}

static void shake(struct pair *p, size_t step)
{
    char none[1];
    int got = GNUTLS_E_AGAIN;
    for (int i = 0; i < 10 && (got < 0 || tls_state(p->server) == TLS_SHAKING); i++) {
        if (got < 0)
            got = gnutls_handshake(p->client);
        ck_assert_msg(got == 0 || got == GNUTLS_E_AGAIN, "%s", gnutls_strerror(got));
        ck_assert_uint_eq(carry_up(p, step, none, sizeof none), 0);
        carry_down(p);
    }
    ck_assert_int_eq(got, 0);
    ck_assert_int_eq(tls_state(p->server), TLS_OPEN);
}

static void send_all(struct pair *p, const char *text, size_t n)
{
    for (size_t sent = 0; sent < n;) {
        ssize_t got = gnutls_record_send(p->client, text + sent, n - sent);
        ck_assert_int_gt(got, 0);
        sent += (size_t)got;
    }
}

/* All steps and both versions: [_i / 2] bytes at a time. */
static const size_t steps[] = {1, 2, 3, 5, 7, 100, 1000, 16384, ROOM};

START_TEST(what_is_sent_is_read)
{
    struct pair *p = pair_new(only[_i % VERSIONS]);
    size_t n = 100000;
    char *text = malloc(n), *got = calloc(1, n + 1);
    for (size_t i = 0; i < n; i++)
        text[i] = (char)(i * 7 + i / 251);
    shake(p, steps[_i / VERSIONS]);
    send_all(p, text, 10);
    send_all(p, text + 10, n - 10);
    ck_assert_uint_eq(carry_up(p, steps[_i / VERSIONS], got, n + 1), n);
    ck_assert_int_eq(memcmp(got, text, n), 0);
    ck_assert_int_eq(tls_state(p->server), TLS_OPEN);
    free(text);
    free(got);
    pair_free(p);
}
END_TEST

START_TEST(a_room_smaller_than_a_record)
{
    struct pair *p = pair_new(only[_i]);
    char got[100];
    size_t all = 0;
    shake(p, ROOM);
    send_all(p, "0123456789012345678901234567890123456789", 40);
    tls_feed(p->server, p->up.at, p->up.n);
    for (size_t n; (n = tls_read(p->server, got + all, 7)) > 0; all += n)
        ck_assert_uint_le(n, 7);
    ck_assert_uint_eq(all, 40);
    ck_assert_int_eq(memcmp(got, "0123456789012345678901234567890123456789", 40), 0);
    pair_free(p);
}
END_TEST

START_TEST(both_ends_say_that_they_end)
{
    char got[16];
    struct pair *p = pair_new(only[_i]);
    shake(p, ROOM);
    send_all(p, "last", 4);
    gnutls_bye(p->client, GNUTLS_SHUT_WR);
    ck_assert_uint_eq(carry_up(p, ROOM, got, sizeof got), 4);
    ck_assert_int_eq(tls_state(p->server), TLS_ENDED);
    tls_bye(p->server);
    ck_assert_uint_gt(carry_down(p), 0);
    ck_assert_int_eq(gnutls_record_recv(p->client, got, sizeof got), 0);
    pair_free(p);
}
END_TEST

/* Every byte of a record, each of its bits' worth: nothing is read, and the session is over. */
START_TEST(every_byte_that_is_tampered_with)
{
    size_t record = 0;
    for (size_t at = 0; at == 0 || at < record; at++) {
        struct pair *p = pair_new(only[_i]);
        char got[64], why[TLS_WHY_MAX];
        shake(p, ROOM);
        send_all(p, "value 1\n", 8);
        record = p->up.n;
        if (at == 1 || at == 2) { /* the version, which may be anything by TLS 1.3 */
            pair_free(p);
            continue;
        }
        p->up.at[at] ^= 0x10;
        size_t n = carry_up(p, ROOM, got, sizeof got);
        ck_assert_msg(n == 0, "byte %zu", at);
        if (at != 3 && at != 4) { /* a record that is longer now is waited for */
            ck_assert_msg(tls_state(p->server) == TLS_FAILED, "byte %zu", at);
            ck_assert_uint_gt(strlen(tls_why(p->server, why)), 0);
            ck_assert(!tls_blames_certificate(p->server));
        }
        pair_free(p);
    }
}
END_TEST

START_TEST(a_failed_session_stays_failed)
{
    struct pair *p = pair_new(only[_i]);
    char got[64];
    shake(p, ROOM);
    send_all(p, "a", 1);
    p->up.at[p->up.n - 1] ^= 1;
    ck_assert_uint_eq(carry_up(p, ROOM, got, sizeof got), 0);
    ck_assert_int_eq(tls_state(p->server), TLS_FAILED);
    send_all(p, "b", 1);
    ck_assert_uint_eq(carry_up(p, ROOM, got, sizeof got), 0);
    ck_assert_int_eq(tls_state(p->server), TLS_FAILED);
    ck_assert_uint_gt(carry_down(p), 0); /* the alert, once */
    ck_assert_uint_eq(carry_down(p), 0);
    tls_bye(p->server);
    ck_assert_uint_eq(carry_down(p), 0);
    pair_free(p);
}
END_TEST

START_TEST(junk_at_the_beginning)
{
    static const char *const junk[] = {"value 1\n", "\x16\x03\x01\xff\xff", "\x80\x2e\x01\x03\x01",
                                       "\x15\x03\x03\x01\x02\x02\x28", "\x17\x03\x03\x01\x01\x20"};
    for (size_t i = 0; i < sizeof junk / sizeof junk[0]; i++) {
        struct pair *p = pair_new(only[_i]);
        char got[8];
        for (size_t k = 0; k < 4096; k++)
            p->up.at[p->up.n++] = k < strlen(junk[i]) ? junk[i][k] : 'x';
        ck_assert_uint_eq(carry_up(p, ROOM, got, sizeof got), 0);
        ck_assert_msg(tls_state(p->server) == TLS_FAILED, "%zu", i);
        pair_free(p);
    }
}
END_TEST

/* A message that says it is 8 MiB long: what is gathered of it has an end. */
START_TEST(a_handshake_is_bounded)
{
    static const char head[] = "\x16\x03\x01\x40\x00\x01\x7f\xff\xff";
    struct pair *p = pair_new(only[_i]);
    size_t fed = 0;
    char got[8], *record = calloc(1, 5 + 0x4000);
    for (int i = 0; i < 100 && tls_state(p->server) == TLS_SHAKING; i++) {
        memcpy(record, head, i == 0 ? 9 : 5);
        tls_feed(p->server, record, 5 + 0x4000);
        ck_assert_uint_eq(tls_read(p->server, got, sizeof got), 0);
        fed += 5 + 0x4000;
    }
    ck_assert_int_eq(tls_state(p->server), TLS_FAILED);
    ck_assert_uint_le(fed, TLS_DRY_BYTES + 2 * 0x4000);
    free(record);
    pair_free(p);
}
END_TEST

/* Padding without a byte inside: by TLS 1.3 as much as one likes. */
START_TEST(records_without_a_byte)
{
    struct pair *p = pair_new(only[1]);
    char got[64];
    shake(p, ROOM);
    for (int i = 0; i < TLS_DRY_MAX / 2; i++)
        ck_assert_int_ge(gnutls_record_send2(p->client, "", 0, 16, 0), 0);
    send_all(p, "value 1\n", 8);
    ck_assert_uint_gt(p->up.n, TLS_DRY_MAX / 2 * 22);
    ck_assert_uint_eq(carry_up(p, ROOM, got, sizeof got), 8);
    ck_assert_int_eq(tls_state(p->server), TLS_OPEN);
    for (int i = 0; i < TLS_DRY_MAX * 4; i++)
        ck_assert_int_ge(gnutls_record_send2(p->client, "", 0, 16, 0), 0);
    send_all(p, "value 2\n", 8);
    ck_assert_uint_eq(carry_up(p, ROOM, got, sizeof got), 0);
    ck_assert_int_eq(tls_state(p->server), TLS_FAILED);
    pair_free(p);
}
END_TEST

/* Few changes of keys are fine; a flood of them ends the session. */
START_TEST(changes_of_keys)
{
    struct pair *p = pair_new(only[1]);
    char got[64];
    shake(p, ROOM);
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(gnutls_session_key_update(p->client, i % 2 ? GNUTLS_KU_PEER : 0), 0);
        send_all(p, "value 1\n", 8);
        ck_assert_uint_eq(carry_up(p, ROOM, got, sizeof got), 8);
    }
    for (int i = 0; i < 1000; i++)
        ck_assert_int_eq(gnutls_session_key_update(p->client, 0), 0);
    ck_assert_uint_eq(carry_up(p, ROOM, got, sizeof got), 0);
    ck_assert_int_eq(tls_state(p->server), TLS_FAILED);
    pair_free(p);
}
END_TEST

START_TEST(renegotiation_is_refused)
{
    struct pair *p = pair_new(only[0]);
    char got[64], why[TLS_WHY_MAX];
    shake(p, ROOM);
    (void)gnutls_handshake(p->client);
    ck_assert_uint_gt(p->up.n, 0);
    ck_assert_uint_eq(carry_up(p, ROOM, got, sizeof got), 0);
    ck_assert_int_eq(tls_state(p->server), TLS_FAILED);
    ck_assert_ptr_nonnull(tls_why(p->server, why));
    pair_free(p);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("tls");
    TCase *c = tcase_create("tls");
    tcase_add_unchecked_fixture(c, make_certificates, free_certificates);
    tcase_set_timeout(c, 120);
    tcase_add_loop_test(c, what_is_sent_is_read, 0, ROWS(steps) * VERSIONS);
    tcase_add_loop_test(c, a_room_smaller_than_a_record, 0, VERSIONS);
    tcase_add_loop_test(c, both_ends_say_that_they_end, 0, VERSIONS);
    tcase_add_loop_test(c, every_byte_that_is_tampered_with, 0, VERSIONS);
    tcase_add_loop_test(c, a_failed_session_stays_failed, 0, VERSIONS);
    tcase_add_loop_test(c, junk_at_the_beginning, 0, VERSIONS);
    tcase_add_loop_test(c, a_handshake_is_bounded, 0, VERSIONS);
    tcase_add_test(c, records_without_a_byte);
    tcase_add_test(c, changes_of_keys);
    tcase_add_test(c, renegotiation_is_refused);
    suite_add_tcase(s, c);
    return s;
}
