/* doors/password.h -- passwords as bcrypt keeps them, and those that were right a moment ago.
 *
 * bcrypt is slow on purpose: 2^cost rounds, some 50 ms at cost 10. So it runs on other threads than those
 * that serve, and a password that was right is known again by a keyed digest of user, hash and password,
 * which says nothing to those who read it in a core dump. */
#ifndef DOORS_PASSWORD_H
#define DOORS_PASSWORD_H

#include "doors/secret.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    PASSWORD_HASH = 60, /* characters of a bcrypt hash: "$2y$10$", salt, digest */
    PASSWORD_COST_MAX =
        16, /* a second or more each; above, one request keeps a thread for minutes */
    PASSWORD_CACHE_WAYS = 4,
    PASSWORD_CACHE_SETS = 64, /* 256 passwords in all */
};

/* NULL, or what is wrong with it as a hash: static. */
const char *password_fault(const char *hash);

/* Whether the hash is that password's; takes as long as its cost says, whatever comes of it. A NULL hash
 * is nobody's, and takes as long as one of that cost. Any thread. Errors: false. */
bool password_verify(const char *hash, unsigned cost, const char *password);

unsigned password_cost(const char *hash); /* of one without a fault */

/* Bounded: a new one takes the place of the one of its set that was put there first. One thread. */
struct password_cache {
    unsigned char key[SECRET_DIGEST]; /* drawn at start, never written anywhere */
    unsigned char known[PASSWORD_CACHE_SETS][PASSWORD_CACHE_WAYS][SECRET_DIGEST];
    unsigned char oldest[PASSWORD_CACHE_SETS];
};

/* Errors: NABLA_EIO (no random bytes). */
MUST_CHECK enum nabla_status password_cache_init(struct password_cache *c);
bool password_cache_has(const struct password_cache *c, const char *user, const char *hash,
                        const char *password);
void password_cache_put(struct password_cache *c, const char *user, const char *hash,
                        const char *password);

#endif
