/* doors/seal.h -- keys that both sides have, and HMAC-SHA-256 under them (RFC 2104; vectors: RFC 4231).
 *
 * A file of keys has one a line, its bytes as they stand without the blanks around them; the first signs, each of
 * them is believed, so that a new key can come before the old one goes. A struct seal_keys is read only, and held
 * as certificates are. Callable from any thread. */
#ifndef DOORS_SEAL_H
#define DOORS_SEAL_H

#include "numeric/status.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    SEAL_MAC = 32,     /* bytes */
    SEAL_KEYS_MAX = 8, /* in a file */
    SEAL_KEY_MIN = 16, /* bytes: shorter ones can be tried */
    SEAL_KEY_MAX = 1024,
    SEAL_WHY_MAX = 1024,
};

struct seal_keys;

/* Errors, *out being untouched: NABLA_EIO (the file cannot be read), NABLA_EINVAL (no key, a short or a long one, too
 * many), both with why, which has the path and no part of a key; NABLA_ENOMEM. */
MUST_CHECK enum nabla_status seal_keys_load(const char *path, struct seal_keys **out,
                                            char why[static SEAL_WHY_MAX]);
struct seal_keys *seal_keys_hold(struct seal_keys *k); /* k; NULL is fine */
void seal_keys_leave(struct seal_keys *k); /* the last one overwrites and frees; NULL is fine */

/* The MAC of bytes[0..n) under the first key. */
void seal_sign(const struct seal_keys *k, const void *bytes, size_t n,
               unsigned char out[static SEAL_MAC]);

/* Is it their MAC under one of the keys? In a time that does not tell how much of it is right. */
bool seal_check(const struct seal_keys *k, const void *bytes, size_t n,
                const unsigned char mac[static SEAL_MAC]);

#endif
