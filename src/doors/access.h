/* doors/access.h -- who may do what by HTTP, as web.yml says it: certificates, users, tokens, and what
 * those may do who show nothing. Built once, read only after; held by whoever reads it.
 *
 *     Authorization ──► credentials_read ──► access_judge ──► these rights
 *                                                        ├──► a password to verify (doors/password.h)
 *                                                        └──► nobody */
#ifndef DOORS_ACCESS_H
#define DOORS_ACCESS_H

#include "doors/credentials.h"
#include "doors/rights.h"
#include "doors/secret.h"

#include <stdatomic.h>
#include <stdint.h>

enum {
    ACCESS_USERS_MAX = 256,
    ACCESS_TOKENS_MAX = 256,
    ACCESS_HEADERS_MAX = 8,
    ACCESS_NAME_MAX = 128,   /* bytes of a user's or a token's name, the NUL among them */
    ACCESS_TOKEN_LEAST = 16, /* bytes: a shorter one can be guessed */
};

struct certificates; /* of doors/certificates.h */

struct access_user {
    char name[ACCESS_NAME_MAX]; /* zeros behind it: names are compared whole */
    char *hash;                 /* owned; bcrypt's, without a fault */
    unsigned rights;
};

struct access_token {
    char *name; /* owned; for people */
    unsigned char digest[SECRET_DIGEST];
    unsigned rights;
};

struct access_header {
    const char *name; /* static */
    char *value;      /* owned */
};

struct access {
    atomic_uint holds;
    struct certificates *certificates; /* held; NULL: no TLS */
    struct access_user users[ACCESS_USERS_MAX];
    struct access_token tokens[ACCESS_TOKENS_MAX];
    struct access_header headers[ACCESS_HEADERS_MAX]; /* that every answer gets */
    uint32_t users_n, tokens_n, headers_n;
    unsigned anonymous; /* what those may do who show nothing */
};

/* With one hold; nobody in it, and anonymous may do everything. NULL: no memory. */
struct access *access_new(void);
struct access *access_hold(struct access *a); /* a; NULL is fine */
void access_leave(struct access *a);          /* the last one frees; NULL is fine */

/* Whether anybody can do anything: no user, no token, and no certificate that every client must show.
 * NULL is. */
bool access_is_open(const struct access *a);

enum access_answer {
    ACCESS_KNOWN, /* *rights is theirs */
    ACCESS_VERIFY, /* if the password is right: *hash is its user's, NULL for a user whom there is not */
    ACCESS_NOBODY, /* what was shown is wrong */
};

/* Takes a time that tells nothing of tokens, nor of who is a user. hash is borrowed from a. Any thread. */
enum access_answer access_judge(const struct access *a, const struct credentials *c,
                                unsigned *rights, const char **hash);

/* What a password costs: as much as the first user's, for one whom there is not. */
unsigned access_cost(const struct access *a, const char *hash);

#endif
