/* doors/seal.c -- a file of keys, and GnuTLS' HMAC under each.
 * Elsewhere: the head that brings a MAC and a time (wire/sealed.c), what is not taken twice (net/replay.c). */
#include "doors/seal.h"

#include "doors/secret.h"

#include <gnutls/crypto.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct key {
    const char *at; /* borrowed from the file's bytes */
    size_t n;
};

struct seal_keys {
    atomic_uint holds;
    struct secret file; /* owned */
    struct key keys[SEAL_KEYS_MAX];
    unsigned n;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static struct key trimmed(const char *at, size_t n)
{
    while (n > 0 && is_blank(at[0])) {
        at++;
        n--;
    }
    while (n > 0 && is_blank(at[n - 1]))
        n--;
    return (struct key){at, n};
}

/* NULL, or what is wrong with one more key. */
static const char *add(struct seal_keys *k, struct key key)
{
    if (key.n == 0)
        return NULL; /* an empty line */
    if (key.n < SEAL_KEY_MIN)
        return "a key is shorter than 16 bytes";
    if (key.n > SEAL_KEY_MAX)
        return "a key is longer than 1024 bytes";
    if (k->n == SEAL_KEYS_MAX)
        return "there are more than 8 keys";
    k->keys[k->n++] = key;
    return NULL;
}

static const char *find_keys(struct seal_keys *k)
{
    const char *at = k->file.at, *end = at + k->file.n, *fault = NULL;
    while (at < end && fault == NULL) {
        const char *lf = memchr(at, '\n', (size_t)(end - at));
        size_t n = (size_t)((lf != NULL ? lf : end) - at);
        fault = add(k, trimmed(at, n));
        at += n + 1;
    }
    return fault == NULL && k->n == 0 ? "there is no key in it" : fault;
}

enum nabla_status seal_keys_load(const char *path, struct seal_keys **out,
                                 char why[static SEAL_WHY_MAX])
{
    char fault[SECRET_WHY_MAX];
    struct seal_keys *k = calloc(1, sizeof *k);
    if (k == NULL)
        return NABLA_ENOMEM;
    atomic_init(&k->holds, 1);
    enum nabla_status status = secret_read(path, &k->file, fault);
    if (status == NABLA_EIO)
        snprintf(why, SEAL_WHY_MAX, "%.700s: %s", path, fault);
    const char *wrong = status == NABLA_OK ? find_keys(k) : NULL;
    if (wrong != NULL) {
        snprintf(why, SEAL_WHY_MAX, "%.700s: %s", path, wrong);
        status = NABLA_EINVAL;
    }
    if (status == NABLA_OK)
        *out = k;
    else
        seal_keys_leave(k);
    return status;
}

struct seal_keys *seal_keys_hold(struct seal_keys *k)
{
    if (k != NULL)
        atomic_fetch_add(&k->holds, 1);
    return k;
}

void seal_keys_leave(struct seal_keys *k)
{
    if (k == NULL || atomic_fetch_sub(&k->holds, 1) > 1)
        return;
    secret_forget(&k->file);
    free(k);
}

static void mac_under(const struct key *key, const void *bytes, size_t n,
                      unsigned char out[static SEAL_MAC])
{
    memset(out, 0, SEAL_MAC);
    if (gnutls_hmac_fast(GNUTLS_MAC_SHA256, key->at, key->n, bytes, n, out) != GNUTLS_E_SUCCESS)
        abort(); /* SHA-256 is always there; a MAC of zeros would be everybody's */
}

void seal_sign(const struct seal_keys *k, const void *bytes, size_t n,
               unsigned char out[static SEAL_MAC])
{
    mac_under(&k->keys[0], bytes, n, out);
}

bool seal_check(const struct seal_keys *k, const void *bytes, size_t n,
                const unsigned char mac[static SEAL_MAC])
{
    bool right = false;
    for (unsigned i = 0; i < k->n; i++) {
        unsigned char own[SEAL_MAC];
        mac_under(&k->keys[i], bytes, n, own);
        right |= secret_equal(own, mac, SEAL_MAC);
        secret_wipe(own, sizeof own);
    }
    return right;
}
