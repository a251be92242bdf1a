/* doors/priorities.c -- a suite is a row: its parts are allowed, and GnuTLS combines whatever is allowed.
 * Laws: a list of suites never lets in one that is not in it: what GnuTLS makes of the string is read back
 * and compared. */
#include "doors/priorities.h"

#include <gnutls/gnutls.h>
#include <stdio.h>
#include <string.h>

static const struct suite {
    const char *name, *gnutls, *kx, *cipher, *mac;
} suites[] = {
    {"TLS_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256", NULL, "AES-128-GCM", "AEAD"},
    {"TLS_AES_256_GCM_SHA384", "TLS_AES_256_GCM_SHA384", NULL, "AES-256-GCM", "AEAD"},
    {"TLS_CHACHA20_POLY1305_SHA256", "TLS_CHACHA20_POLY1305_SHA256", NULL, "CHACHA20-POLY1305",
     "AEAD"},
    {"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_AES_128_GCM_SHA256", "ECDHE-ECDSA",
     "AES-128-GCM", "AEAD"},
    {"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_ECDSA_AES_256_GCM_SHA384", "ECDHE-ECDSA",
     "AES-256-GCM", "AEAD"},
    {"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "TLS_ECDHE_ECDSA_CHACHA20_POLY1305",
     "ECDHE-ECDSA", "CHACHA20-POLY1305", "AEAD"},
    {"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_RSA_AES_128_GCM_SHA256", "ECDHE-RSA",
     "AES-128-GCM", "AEAD"},
    {"TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_RSA_AES_256_GCM_SHA384", "ECDHE-RSA",
     "AES-256-GCM", "AEAD"},
    {"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "TLS_ECDHE_RSA_CHACHA20_POLY1305", "ECDHE-RSA",
     "CHACHA20-POLY1305", "AEAD"},
    {"TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "TLS_ECDHE_ECDSA_AES_128_CBC_SHA1", "ECDHE-ECDSA",
     "AES-128-CBC", "SHA1"},
    {"TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", "TLS_ECDHE_ECDSA_AES_256_CBC_SHA1", "ECDHE-ECDSA",
     "AES-256-CBC", "SHA1"},
    {"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "TLS_ECDHE_RSA_AES_128_CBC_SHA1", "ECDHE-RSA",
     "AES-128-CBC", "SHA1"},
    {"TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", "TLS_ECDHE_RSA_AES_256_CBC_SHA1", "ECDHE-RSA",
     "AES-256-CBC", "SHA1"},
    {"TLS_RSA_WITH_AES_128_GCM_SHA256", "TLS_RSA_AES_128_GCM_SHA256", "RSA", "AES-128-GCM", "AEAD"},
    {"TLS_RSA_WITH_AES_256_GCM_SHA384", "TLS_RSA_AES_256_GCM_SHA384", "RSA", "AES-256-GCM", "AEAD"},
    {"TLS_RSA_WITH_AES_128_CBC_SHA", "TLS_RSA_AES_128_CBC_SHA1", "RSA", "AES-128-CBC", "SHA1"},
    {"TLS_RSA_WITH_AES_256_CBC_SHA", "TLS_RSA_AES_256_CBC_SHA1", "RSA", "AES-256-CBC", "SHA1"},
};
enum { SUITES = sizeof suites / sizeof suites[0] };

static const struct curve {
    const char *name, *gnutls;
} curves[] = {
    {"CurveP256", "GROUP-SECP256R1"},
    {"CurveP384", "GROUP-SECP384R1"},
    {"CurveP521", "GROUP-SECP521R1"},
    {"X25519", "GROUP-X25519"},
};

int tls_version_find(const char *name)
{
    return strncmp(name, "TLS1", 4) == 0 && name[4] >= '0' && name[4] <= '3' && name[5] == '\0'
               ? 10 + name[4] - '0'
               : 0;
}

static const struct suite *find_suite(const char *name)
{
    for (size_t i = 0; i < SUITES; i++)
        if (strcmp(suites[i].name, name) == 0)
            return &suites[i];
    return NULL;
}

static const struct curve *find_curve(const char *name)
{
    for (size_t i = 0; i < sizeof curves / sizeof curves[0]; i++)
        if (strcmp(curves[i].name, name) == 0)
            return &curves[i];
    return NULL;
}

bool tls_suite_known(const char *name)
{
    return find_suite(name) != NULL;
}

bool tls_curve_known(const char *name)
{
    return find_curve(name) != NULL;
}

static void add(char out[static PRIORITIES_MAX], const char *sign, const char *word)
{
    size_t n = strlen(out);
    snprintf(out + n, PRIORITIES_MAX - n, ":%s%s", sign, word);
}

/* Once each: a part that is there is not moved to the end. */
static void add_once(char out[static PRIORITIES_MAX], const char *part)
{
    size_t n = strlen(part);
    for (const char *at = out; (at = strstr(at, part)) != NULL; at++)
        if (at[-1] == '+' && (at[n] == ':' || at[n] == '\0'))
            return;
    add(out, "+", part);
}

static void add_versions(const struct tls_wish *w, char out[static PRIORITIES_MAX])
{
    static const char *const words[] = {"VERS-TLS1.0", "VERS-TLS1.1", "VERS-TLS1.2", "VERS-TLS1.3"};
    add(out, "-", "VERS-ALL");
    for (int v = w->max_version; v >= w->min_version; v--)
        add(out, "+", words[v - 10]);
}

static void add_suites(const struct tls_wish *w, char out[static PRIORITIES_MAX])
{
    if (w->suites_n == 0)
        return;
    add(out, "-", "KX-ALL");
    add(out, "-", "CIPHER-ALL");
    add(out, "-", "MAC-ALL");
    for (uint32_t i = 0; i < w->suites_n; i++) {
        const struct suite *s = find_suite(w->suites[i]);
        if (s->kx != NULL) /* TLS 1.3 takes no notice of them */
            add_once(out, s->kx);
        add_once(out, s->cipher);
        add_once(out, s->mac);
    }
}

/* As the file would write it. */
static const char *go_name(const char *gnutls)
{
    for (size_t i = 0; i < SUITES; i++)
        if (strcmp(suites[i].gnutls, gnutls) == 0)
            return suites[i].name;
    return gnutls;
}

static bool is_listed(const struct tls_wish *w, const char *gnutls)
{
    for (uint32_t i = 0; i < w->suites_n; i++)
        if (strcmp(find_suite(w->suites[i])->gnutls, gnutls) == 0)
            return true;
    return false;
}

/* The first suite of a version before 1.3 that is allowed and not listed; NULL: none. */
static const char *surplus(const struct tls_wish *w, gnutls_priority_t p)
{
    unsigned index;
    unsigned char id[2];
    gnutls_protocol_t since;
    for (unsigned i = 0;; i++) {
        int got = gnutls_priority_get_cipher_suite_index(p, i, &index);
        if (got == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
            return NULL;
        if (got < 0)
            continue; /* one that this build does not have */
        const char *name = gnutls_cipher_suite_info(index, id, NULL, NULL, NULL, &since);
        if (name != NULL && since < GNUTLS_TLS1_3 && w->min_version < 13 && !is_listed(w, name))
            return go_name(name);
    }
}

static enum nabla_status read_back(const struct tls_wish *w, const char *text,
                                   char why[static PRIORITIES_WHY_MAX])
{
    gnutls_priority_t p;
    const char *at;
    int got = gnutls_priority_init(&p, text, &at);
    if (got != GNUTLS_E_SUCCESS) {
        snprintf(why, PRIORITIES_WHY_MAX, "GnuTLS cannot do this: %s", gnutls_strerror(got));
        return NABLA_EINVAL;
    }
    const char *more = w->suites_n > 0 ? surplus(w, p) : NULL;
    if (more != NULL)
        snprintf(why, PRIORITIES_WHY_MAX,
                 "GnuTLS combines key exchanges and ciphers freely, and would allow %s, too: list "
                 "it, or leave out what brings it in",
                 more);
    gnutls_priority_deinit(p);
    return more != NULL ? NABLA_EINVAL : NABLA_OK;
}

enum nabla_status priorities_write(const struct tls_wish *w, char out[static PRIORITIES_MAX],
                                   char why[static PRIORITIES_WHY_MAX])
{
    char text[PRIORITIES_MAX] = "NORMAL";
    add_versions(w, text);
    add_suites(w, text);
    if (w->curves_n > 0)
        add(text, "-", "GROUP-ALL");
    for (uint32_t i = 0; i < w->curves_n; i++)
        add(text, "+", find_curve(w->curves[i])->gnutls);
    if (!w->client_order)
        add(text, "", "%SERVER_PRECEDENCE");
    enum nabla_status status = read_back(w, text, why);
    if (status == NABLA_OK)
        memcpy(out, text, sizeof text);
    return status;
}
