/* tests/unit/doors/test_priorities.c -- Go's names to what GnuTLS then allows, read back from GnuTLS. */
#include "doors/priorities.h"

#include "suite.h"

#include <gnutls/gnutls.h>
#include <string.h>

static const struct row {
    const char *label;
    struct tls_wish wish;
    enum nabla_status status;
    const char *text; /* of the priorities, or of why */
} rows[] = {
    {"as it comes",
     {.min_version = 12, .max_version = 13},
     NABLA_OK,
     "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:%SERVER_PRECEDENCE"},
    {"one version",
     {.min_version = 13, .max_version = 13},
     NABLA_OK,
     "NORMAL:-VERS-ALL:+VERS-TLS1.3:%SERVER_PRECEDENCE"},
    {"old ones, the client's order",
     {.min_version = 10, .max_version = 11, .client_order = true},
     NABLA_OK,
     "NORMAL:-VERS-ALL:+VERS-TLS1.1:+VERS-TLS1.0"},
    {"curves",
     {.min_version = 13, .max_version = 13, .curves = {"X25519", "CurveP256"}, .curves_n = 2},
     NABLA_OK,
     "-GROUP-ALL:+GROUP-X25519:+GROUP-SECP256R1"},
    {"suites, each part once",
     {.min_version = 12,
      .max_version = 13,
      .suites = {"TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"},
      .suites_n = 2},
     NABLA_OK,
     "-KX-ALL:-CIPHER-ALL:-MAC-ALL:+ECDHE-RSA:+AES-256-GCM:+AEAD:+AES-128-GCM:%"},
    {"one that the others would bring in",
     {.min_version = 12,
      .max_version = 13,
      .suites = {"TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
                 "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"},
      .suites_n = 2},
     NABLA_EINVAL,
     "TLS_ECDHE_"},
    {"of TLS 1.3 alone",
     {.min_version = 12, .max_version = 13, .suites = {"TLS_AES_256_GCM_SHA384"}, .suites_n = 1},
     NABLA_OK,
     "-MAC-ALL:+AES-256-GCM:+AEAD:%"},
    {"CBC",
     {.min_version = 12,
      .max_version = 12,
      .suites = {"TLS_RSA_WITH_AES_128_CBC_SHA"},
      .suites_n = 1},
     NABLA_OK,
     "+RSA:+AES-128-CBC:+SHA1"},
};

START_TEST(write_row)
{
    const struct row *r = &rows[_i];
    char text[PRIORITIES_MAX] = "untouched", why[PRIORITIES_WHY_MAX] = "";
    enum nabla_status status = priorities_write(&r->wish, text, why);
    ck_assert_msg(status == r->status, "%s: %s", r->label, why);
    ck_assert_msg(strstr(status == NABLA_OK ? text : why, r->text) != NULL, "%s: %s %s", r->label,
                  text, why);
    ck_assert_msg(status == NABLA_OK || strcmp(text, "untouched") == 0, "%s: touched", r->label);
}
END_TEST

START_TEST(names)
{
    ck_assert_int_eq(tls_version_find("TLS12"), 12);
    ck_assert_int_eq(tls_version_find("TLS10"), 10);
    ck_assert_int_eq(tls_version_find("TLS14"), 0);
    ck_assert_int_eq(tls_version_find("TLS1"), 0);
    ck_assert_int_eq(tls_version_find("TLS123"), 0);
    ck_assert_int_eq(tls_version_find("SSL30"), 0);
    ck_assert(tls_suite_known("TLS_CHACHA20_POLY1305_SHA256"));
    ck_assert(!tls_suite_known("TLS_RSA_WITH_RC4_128_SHA"));
    ck_assert(tls_curve_known("CurveP521") && !tls_curve_known("P521"));
}
END_TEST

/* Those that it allows and this GnuTLS has. */
static unsigned count_suites(gnutls_priority_t p)
{
    unsigned n = 0, index;
    for (unsigned i = 0;; i++) {
        int got = gnutls_priority_get_cipher_suite_index(p, i, &index);
        if (got == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
            return n;
        n += got == 0;
    }
}

/* Every suite alone is allowed, and nothing else of before TLS 1.3. */
START_TEST(each_suite_alone)
{
    static const char *const all[] = {"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
                                      "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
                                      "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
                                      "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
                                      "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
                                      "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
                                      "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
                                      "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
                                      "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
                                      "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
                                      "TLS_RSA_WITH_AES_128_GCM_SHA256",
                                      "TLS_RSA_WITH_AES_256_GCM_SHA384",
                                      "TLS_RSA_WITH_AES_128_CBC_SHA",
                                      "TLS_RSA_WITH_AES_256_CBC_SHA"};
    char text[PRIORITIES_MAX], why[PRIORITIES_WHY_MAX] = "";
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        struct tls_wish w = {
            .min_version = 12, .max_version = 12, .suites = {all[i]}, .suites_n = 1};
        gnutls_priority_t p;
        ck_assert_msg(priorities_write(&w, text, why) == NABLA_OK, "%s: %s", all[i], why);
        ck_assert_int_eq(gnutls_priority_init(&p, text, NULL), 0);
        ck_assert_msg(count_suites(p) == 1, "%s: %u", all[i], count_suites(p));
        gnutls_priority_deinit(p);
    }
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("priorities");
    TCase *t = tcase_create("priorities");
    tcase_add_loop_test(t, write_row, 0, ROWS(rows));
    tcase_add_test(t, names);
    tcase_add_test(t, each_suite_alone);
    suite_add_tcase(s, t);
    return s;
}
