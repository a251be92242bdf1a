/* conf/web_tls.c -- certificates by the names of their files, versions and ciphers by Go's names. */
#include "conf/web_tls.h"

#include "base/log.h"
#include "conf/file.h"
#include "doors/priorities.h"

#include <stdlib.h>
#include <string.h>

enum file_of { CERT_FILE, KEY_FILE, CA_FILE, FILES };
static const char *const file_keys_of[FILES] = {"cert_file", "key_file", "client_ca_file"};

struct reading_tls {
    const char *beside;
    const yaml_node_t *section, *suites;
    const yaml_node_t *at[FILES]; /* where each is named */
    char *paths[FILES];
    enum client_auth client_auth;
    const yaml_node_t *sans_at;
    char *sans[CERTIFICATES_SANS_MAX];
    uint32_t sans_n;
    struct tls_wish wish;
};

/* ---- keys */

static void read_file_key(struct walk *w, const char *name, const yaml_node_t *value, void *into)
{
    struct reading_tls *t = into;
    size_t i = 0;
    while (strcmp(file_keys_of[i], name) != 0)
        i++;
    char *text = walk_text(w, name, value);
    t->at[i] = value;
    t->paths[i] = text == NULL ? NULL : file_beside(t->beside, text);
    w->no_memory |= text != NULL && t->paths[i] == NULL;
    free(text);
}

static void not_one_of(struct walk *w, const char *name, const yaml_node_t *value,
                       const char *words)
{
    char quoted[LOG_QUOTE_MAX];
    size_t n;
    const char *text = walk_bytes(value, &n);
    faults_add(w->faults, place_of_node(value), "%s: %s is not one of %s", name,
               log_quote(quoted, text, n), words);
}

static void read_auth(struct walk *w, const char *name, const yaml_node_t *value, void *into)
{
    static const char *const words[] = {
        [CLIENT_AUTH_NONE] = "NoClientCert",
        [CLIENT_AUTH_REQUEST] = "RequestClientCert",
        [CLIENT_AUTH_REQUIRE_ANY] = "RequireAnyClientCert",
        [CLIENT_AUTH_VERIFY_IF_GIVEN] = "VerifyClientCertIfGiven",
        [CLIENT_AUTH_VERIFY] = "RequireAndVerifyClientCert",
    };
    size_t n;
    if (!walk_scalar(w, name, value))
        return;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(words[i], walk_bytes(value, &n)) == 0) {
            ((struct reading_tls *)into)->client_auth = (enum client_auth)i;
            return;
        }
    not_one_of(w, name, value,
               "NoClientCert, RequestClientCert, RequireAnyClientCert, VerifyClientCertIfGiven, "
               "RequireAndVerifyClientCert");
}

static void read_version(struct walk *w, const char *name, const yaml_node_t *value, void *into)
{
    struct tls_wish *wish = &((struct reading_tls *)into)->wish;
    size_t n;
    if (!walk_scalar(w, name, value))
        return;
    int version = tls_version_find(walk_bytes(value, &n));
    if (version == 0)
        not_one_of(w, name, value, "TLS13, TLS12, TLS11, TLS10");
    else if (strcmp(name, "min_version") == 0)
        wish->min_version = version;
    else
        wish->max_version = version;
}

/* Names that `known` knows. */
static uint32_t read_names(struct walk *w, const char *name, const yaml_node_t *list,
                           bool (*known)(const char *name), const char **out)
{
    size_t n = walk_list(w, name, list, PRIORITIES_NAMES_MAX), text_n;
    uint32_t got = 0;
    for (size_t i = 0; i < n; i++) {
        char quoted[LOG_QUOTE_MAX];
        const yaml_node_t *item = walk_item(w, list, i);
        if (!walk_scalar(w, name, item))
            continue;
        out[got] = walk_bytes(item, &text_n); /* the tree's, which outlives the wish */
        if (known(out[got]))
            got++;
        else
            faults_add(w->faults, place_of_node(item), "%s: %s is none that is known here", name,
                       log_quote(quoted, out[got], text_n));
    }
    return got;
}

static void read_suites(struct walk *w, const char *name, const yaml_node_t *value, void *into)
{
    struct reading_tls *t = into;
    t->suites = value;
    t->wish.suites_n = read_names(w, name, value, tls_suite_known, t->wish.suites);
}

static void read_curves(struct walk *w, const char *name, const yaml_node_t *value, void *into)
{
    struct tls_wish *wish = &((struct reading_tls *)into)->wish;
    wish->curves_n = read_names(w, name, value, tls_curve_known, wish->curves);
}

static void read_order(struct walk *w, const char *name, const yaml_node_t *value, void *into)
{
    size_t n;
    if (!walk_scalar(w, name, value))
        return;
    const char *text = walk_bytes(value, &n);
    if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
        not_one_of(w, name, value, "true, false");
    ((struct reading_tls *)into)->wish.client_order = strcmp(text, "false") == 0;
}

static void read_sans(struct walk *w, const char *name, const yaml_node_t *value, void *into)
{
    struct reading_tls *t = into;
    size_t n = walk_list(w, name, value, CERTIFICATES_SANS_MAX);
    t->sans_at = value;
    for (size_t i = 0; i < n; i++) {
        char *text = walk_text(w, name, walk_item(w, value, i));
        if (text != NULL)
            t->sans[t->sans_n++] = text;
    }
}

static const char as_a_file[] = "what it holds belongs in a file that is named here";
static const struct walk_key tls_keys[] = {
    {"cert_file", .read = read_file_key, .required = true},
    {"key_file", .read = read_file_key, .required = true},
    {"client_auth_type", .read = read_auth},
    {"client_ca_file", .read = read_file_key},
    {"client_allowed_sans", .read = read_sans},
    {"min_version", .read = read_version},
    {"max_version", .read = read_version},
    {"cipher_suites", .read = read_suites},
    {"prefer_server_cipher_suites", .read = read_order},
    {"curve_preferences", .read = read_curves},
    {"cert", .instead = as_a_file},
    {"key", .instead = as_a_file},
    {"client_ca", .instead = as_a_file},
    {0},
};

/* ---- what they mean together */

static bool priorities_hold(struct walk *w, const struct reading_tls *t,
                            char text[static PRIORITIES_MAX])
{
    char why[PRIORITIES_WHY_MAX];
    const yaml_node_t *at = t->suites != NULL ? t->suites : t->section;
    if (t->wish.min_version > t->wish.max_version)
        faults_add(w->faults, place_of_node(t->section), "min_version is above max_version");
    else if (t->sans_n > 0 && t->client_auth != CLIENT_AUTH_VERIFY &&
             t->client_auth != CLIENT_AUTH_REQUIRE_ANY)
        faults_add(w->faults, place_of_node(t->sans_at),
                   "client_allowed_sans needs client_auth_type RequireAndVerifyClientCert or "
                   "RequireAnyClientCert");
    else if (priorities_write(&t->wish, text, why) != NABLA_OK)
        faults_add(w->faults, place_of_node(at), "cipher_suites: %s", why);
    else
        return true;
    return false;
}

static void blame(struct walk *w, const struct reading_tls *t,
                  const struct certificate_fault *fault)
{
    const yaml_node_t *at = t->section;
    for (size_t i = 0; i < FILES; i++)
        if (strcmp(file_keys_of[i], fault->key) == 0 && t->at[i] != NULL)
            at = t->at[i];
    faults_add(w->faults, place_of_node(at), "%s", fault->text);
}

static void load(struct walk *w, const struct reading_tls *t, struct certificates **out)
{
    char priorities[PRIORITIES_MAX];
    struct certificate_fault fault;
    if (!priorities_hold(w, t, priorities))
        return;
    struct certificate_files files = {.cert_file = t->paths[CERT_FILE],
                                      .key_file = t->paths[KEY_FILE],
                                      .client_ca_file = t->paths[CA_FILE],
                                      .client_auth = t->client_auth,
                                      .client_sans = (const char *const *)t->sans,
                                      .client_sans_n = t->sans_n,
                                      .priorities = priorities};
    enum nabla_status status = certificates_load(&files, out, &fault);
    w->no_memory |= status == NABLA_ENOMEM;
    if (status == NABLA_EIO || status == NABLA_EINVAL)
        blame(w, t, &fault);
}

void web_tls_read(struct walk *w, const char *name, const yaml_node_t *value, const char *beside,
                  struct certificates **out)
{
    struct reading_tls t = {
        .beside = beside, .section = value, .wish = {.min_version = 12, .max_version = 13}};
    size_t before = walk_faults(w);
    walk_mapping(w, tls_keys, name, value, &t);
    if (walk_faults(w) == before && !w->no_memory)
        load(w, &t, out);
    for (size_t i = 0; i < FILES; i++)
        free(t.paths[i]);
    for (uint32_t i = 0; i < t.sans_n; i++)
        free(t.sans[i]);
}
