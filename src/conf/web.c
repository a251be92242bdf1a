/* conf/web.c -- web.yml: users, tokens, rights and headers.
 *
 *     web.yml ──walk──► struct access ◄── web_tls.c: certificates and what goes with them
 *
 * Laws: a fault never quotes what may be a secret: a password in the place of a hash, a token in the
 * place of its digest.
 * Elsewhere: what is checked and kept (src/doors). */
#include "conf/web.h"

#include "base/log.h"
#include "conf/file.h"
#include "conf/web_tls.h"
#include "doors/password.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct reading_web {
    struct access *access;
    const char *name; /* of the file */
};

/* ---- rights */

static void read_rights(struct walk *w, const char *name, const yaml_node_t *list, unsigned *out)
{
    size_t n = walk_list(w, name, list, 3), text_n;
    *out = 0;
    for (size_t i = 0; i < n; i++) {
        char quoted[LOG_QUOTE_MAX];
        const yaml_node_t *item = walk_item(w, list, i);
        if (!walk_scalar(w, name, item))
            continue;
        const char *text = walk_bytes(item, &text_n);
        unsigned right = right_find(text, text_n);
        if (right == 0)
            faults_add(w->faults, place_of_node(item), "%s: %s is not one of read, write, admin",
                       name, log_quote(quoted, text, text_n));
        *out |= right;
    }
}

static void read_anonymous(struct walk *w, const char *name, const yaml_node_t *value, void *into)
{
    struct reading_web *r = into;
    read_rights(w, name, value, &r->access->anonymous);
}

/* ---- users */

static bool name_fits(struct walk *w, const char *what, const yaml_node_t *key)
{
    size_t n;
    const char *text = walk_bytes(key, &n);
    if (n > 0 && n < ACCESS_NAME_MAX && memchr(text, '\0', n) == NULL &&
        memchr(text, ':', n) == NULL)
        return true;
    faults_add(w->faults, place_of_node(key), "%s: a name has 1 to %d bytes and no colon", what,
               ACCESS_NAME_MAX - 1);
    return false;
}

static void add_user(struct walk *w, struct access *a, const yaml_node_t *key,
                     const yaml_node_t *value)
{
    struct access_user *u = &a->users[a->users_n];
    if (a->users_n == ACCESS_USERS_MAX) {
        faults_add(w->faults, place_of_node(key), "more than %d users", ACCESS_USERS_MAX);
        return;
    }
    if (!name_fits(w, "basic_auth_users", key))
        return;
    char *name = walk_text(w, "a user", key);
    if (name == NULL)
        return;
    *u = (struct access_user){.rights = RIGHTS_ALL};
    memcpy(u->name, name, strlen(name));
    free(name);
    a->users_n++;
    u->hash = walk_text(w, u->name, value);
    const char *why = u->hash == NULL ? NULL : password_fault(u->hash);
    if (why != NULL)
        faults_add(w->faults, place_of_node(value), "basic_auth_users.%s: %s", u->name, why);
}

/* A mapping's pairs, each by `add`; nothing is none. */
static void read_pairs(struct walk *w, const char *name, const yaml_node_t *node, struct access *a,
                       void (*add)(struct walk *w, struct access *a, const yaml_node_t *key,
                                   const yaml_node_t *value))
{
    const yaml_node_t *key, *value;
    if (node_is_null(node))
        return;
    if (node->type != YAML_MAPPING_NODE) {
        faults_add(w->faults, place_of_node(node), "%s must be keys with values, not %s", name,
                   node_noun(node));
        return;
    }
    for (size_t at = 0; walk_pair(w, node, &at, &key, &value);)
        add(w, a, key, value);
}

static void read_users(struct walk *w, const char *name, const yaml_node_t *value, void *into)
{
    read_pairs(w, name, value, ((struct reading_web *)into)->access, add_user);
}

/* A user's, who may stand below in the file: this is read last. */
static void add_right(struct walk *w, struct access *a, const yaml_node_t *key,
                      const yaml_node_t *value)
{
    char quoted[LOG_QUOTE_MAX];
    size_t n;
    const char *text = walk_bytes(key, &n);
    for (uint32_t i = 0; i < a->users_n; i++)
        if (strlen(a->users[i].name) == n && memcmp(a->users[i].name, text, n) == 0) {
            read_rights(w, "rights", value, &a->users[i].rights);
            return;
        }
    faults_add(w->faults, place_of_node(key), "rights: %s is none of basic_auth_users",
               log_quote(quoted, text, n));
}

/* ---- tokens */

struct reading_token {
    struct reading_web *web;
    struct access_token token;
    bool has_digest, has_file;
};

static void read_token_name(struct walk *w, const char *name, const yaml_node_t *value, void *into)
{
    struct reading_token *t = into;
    if (walk_scalar(w, name, value) && name_fits(w, "bearer_tokens", value))
        t->token.name = walk_text(w, name, value);
}

static void read_token_rights(struct walk *w, const char *name, const yaml_node_t *value,
                              void *into)
{
    read_rights(w, name, value, &((struct reading_token *)into)->token.rights);
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void read_digest(struct walk *w, const char *name, const yaml_node_t *value, void *into)
{
    struct reading_token *t = into;
    size_t n, i = 0;
    t->has_digest = true;
    if (!walk_scalar(w, name, value))
        return;
    const char *text = walk_bytes(value, &n);
    for (; i < SECRET_DIGEST && n == 2 * (size_t)SECRET_DIGEST; i++) {
        int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);
        if (high < 0 || low < 0)
            break;
        t->token.digest[i] = (unsigned char)(high << 4 | low);
    }
    if (i < SECRET_DIGEST)
        faults_add(w->faults, place_of_node(value),
                   "%s: 64 hexadecimal digits, as `sha256sum` writes them of a token, are wanted",
                   name);
}

/* Why the bytes of a file are no token; NULL if they are. */
static const char *token_fault(const char *text, size_t n)
{
    if (n < ACCESS_TOKEN_LEAST)
        return "a token of fewer than 16 bytes can be guessed";
    if (n > CREDENTIALS_MAX)
        return "a token has at most 512 bytes";
    for (size_t i = 0; i < n; i++)
        if (text[i] <= ' ' || text[i] > '~')
            return "a token is one word of visible ASCII";
    return NULL;
}

static void take_token(struct walk *w, const char *name, const yaml_node_t *value, const char *path,
                       struct access_token *token)
{
    char why[SECRET_WHY_MAX];
    struct secret s = {0};
    const char *fault = why;
    enum nabla_status status = secret_read(path, &s, why);
    size_t n = s.n;
    while (n > 0 && (s.at[n - 1] == '\n' || s.at[n - 1] == '\r'))
        n--;
    if (status == NABLA_OK && (fault = token_fault(s.at, n)) == NULL)
        secret_digest(s.at, n, token->digest);
    w->no_memory |= status == NABLA_ENOMEM;
    if (fault != NULL && status != NABLA_ENOMEM)
        faults_add(w->faults, place_of_node(value), "%s: %s: %s", name, path, fault);
    secret_forget(&s);
}

static void read_token_file(struct walk *w, const char *name, const yaml_node_t *value, void *into)
{
    struct reading_token *t = into;
    t->has_file = true;
    char *text = walk_text(w, name, value);
    if (text == NULL)
        return;
    char *path = file_beside(t->web->name, text);
    if (path != NULL)
        take_token(w, name, value, path, &t->token);
    w->no_memory |= path == NULL;
    free(path);
    free(text);
}

static const struct walk_key token_keys[] = {
    {"name", .read = read_token_name, .required = true},
    {"sha256", .read = read_digest},
    {"token_file", .read = read_token_file},
    {"rights", .read = read_token_rights, .required = true},
    {"token", .instead = "a secret does not belong in this file: use token_file or sha256"},
    {0},
};

static void check_token(struct walk *w, const struct access *a, const struct reading_token *t,
                        const yaml_node_t *item)
{
    if (t->has_digest == t->has_file)
        faults_add(w->faults, place_of_node(item),
                   "a token has either sha256 or token_file, one of them");
    for (uint32_t i = 0; i < a->tokens_n; i++) {
        if (t->token.name != NULL && strcmp(a->tokens[i].name, t->token.name) == 0)
            faults_add(w->faults, place_of_node(item), "another token is called %s", t->token.name);
        else if (memcmp(a->tokens[i].digest, t->token.digest, SECRET_DIGEST) == 0)
            faults_add(w->faults, place_of_node(item), "it is the token of %s", a->tokens[i].name);
    }
}

static void read_tokens(struct walk *w, const char *name, const yaml_node_t *value, void *into)
{
    struct reading_web *r = into;
    size_t n = walk_list(w, name, value, ACCESS_TOKENS_MAX);
    for (size_t i = 0; i < n; i++) {
        const yaml_node_t *item = walk_item(w, value, i);
        struct reading_token t = {.web = r};
        size_t before = walk_faults(w);
        walk_mapping(w, token_keys, "a token", item, &t);
        if (walk_faults(w) == before && t.token.name != NULL)
            check_token(w, r->access, &t, item);
        if (t.token.name != NULL)
            r->access->tokens[r->access->tokens_n++] = t.token;
    }
}

/* ---- headers */

/* The words that one may have, separated by blanks; NULL: any. */
static const struct {
    const char *name, *words;
} headers[] = {
    {"Content-Security-Policy", NULL},     {"X-Frame-Options", "deny sameorigin"},
    {"X-Content-Type-Options", "nosniff"}, {"X-XSS-Protection", NULL},
    {"Strict-Transport-Security", NULL},
};

static bool is_one_of(const char *words, const char *value)
{
    size_t n = strlen(value);
    while (words != NULL && *words != '\0') {
        size_t word_n = strcspn(words, " ");
        if (word_n == n && strncasecmp(words, value, n) == 0)
            return true;
        words += word_n + strspn(words + word_n, " ");
    }
    return words == NULL;
}

static bool is_visible(const char *value)
{
    for (; *value != '\0'; value++)
        if (*value < ' ' || *value > '~')
            return false;
    return true;
}

static void read_header(struct walk *w, const char *name, const yaml_node_t *value, void *into)
{
    struct access *a = ((struct reading_web *)into)->access;
    size_t i = 0;
    if (node_is_null(value) || (value->type == YAML_SCALAR_NODE && value->data.scalar.length == 0))
        return; /* blank: unset */
    while (strcmp(headers[i].name, name) != 0)
        i++;
    char *text = walk_text(w, name, value);
    if (text == NULL)
        return;
    if (!is_visible(text) || !is_one_of(headers[i].words, text)) {
        faults_add(w->faults, place_of_node(value), "%s: must be %s", name,
                   headers[i].words != NULL ? headers[i].words : "visible ASCII");
        free(text);
    } else {
        a->headers[a->headers_n++] = (struct access_header){headers[i].name, text};
    }
}

static const struct walk_key header_keys[] = {
    {"Content-Security-Policy", .read = read_header},   {"X-Frame-Options", .read = read_header},
    {"X-Content-Type-Options", .read = read_header},    {"X-XSS-Protection", .read = read_header},
    {"Strict-Transport-Security", .read = read_header}, {0},
};

static void read_headers(struct walk *w, const char *name, const yaml_node_t *value, void *into)
{
    if (!node_is_null(value))
        walk_mapping(w, header_keys, name, value, into);
}

static void read_http2(struct walk *w, const char *name, const yaml_node_t *value, void *into)
{
    size_t n;
    (void)into;
    if (!walk_scalar(w, name, value))
        return;
    const char *text = walk_bytes(value, &n);
    if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
        faults_add(w->faults, place_of_node(value), "%s must be true or false", name);
    else if (strcmp(text, "true") == 0)
        faults_add(w->faults, place_of_node(value),
                   "%s: nablad speaks HTTP/1.1; leave it out or say false", name);
}

static const struct walk_key http_keys[] = {
    {"http2", .read = read_http2},
    {"headers", .read = read_headers},
    {0},
};

static void read_http(struct walk *w, const char *name, const yaml_node_t *value, void *into)
{
    if (!node_is_null(value))
        walk_mapping(w, http_keys, name, value, into);
}

/* ---- the file */

static void read_tls(struct walk *w, const char *name, const yaml_node_t *value, void *into)
{
    struct reading_web *r = into;
    if (!node_is_null(value))
        web_tls_read(w, name, value, r->name, &r->access->certificates);
}

static void read_later(struct walk *w, const char *name, const yaml_node_t *value, void *into)
{
    (void)w, (void)name, (void)value, (void)into;
}

static const struct walk_key file_keys[] = {
    {"tls_server_config", .read = read_tls},
    {"http_server_config", .read = read_http},
    {"basic_auth_users", .read = read_users},
    {"rights", .read = read_later},
    {"bearer_tokens", .read = read_tokens},
    {"anonymous", .read = read_anonymous},
    {"rate_limit", .instead = "failures to log in are what is limited: http.auth_failures in "
                              "nablad.yaml"},
    {0},
};

static void read_root(struct walk *w, const yaml_node_t *root, void *into)
{
    struct access *a = ((struct reading_web *)into)->access;
    if (root == NULL || node_is_null(root))
        return;
    walk_mapping(w, file_keys, "the file", root, into);
    if (root->type != YAML_MAPPING_NODE)
        return;
    const yaml_node_t *rights = node_value(w->doc, root, "rights");
    if (rights != NULL)
        read_pairs(w, "rights", rights, a, add_right);
    if (node_value(w->doc, root, "anonymous") == NULL && a->users_n + a->tokens_n > 0)
        a->anonymous = 0;
}

enum nabla_status web_read_text(const char *name, const char *text, size_t n, struct access **out,
                                struct buf *errors)
{
    struct reading_web r = {.access = access_new(), .name = name};
    if (r.access == NULL)
        return NABLA_ENOMEM;
    enum nabla_status status = walk_document(name, text, n, read_root, &r, errors);
    if (status == NABLA_OK)
        *out = r.access;
    else
        access_leave(r.access);
    return status;
}

enum nabla_status web_read_file(const char *path, struct access **out, struct buf *errors)
{
    char *text;
    size_t n;
    enum nabla_status status = file_read(path, &text, &n, errors);
    if (status != NABLA_OK)
        return status;
    status = web_read_text(path, text, n, out, errors);
    free(text);
    return status;
}
