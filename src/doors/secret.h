/* doors/secret.h -- bytes that nobody else may see: read from a file, compared, forgotten.
 * Callable from any thread. */
#ifndef DOORS_SECRET_H
#define DOORS_SECRET_H

#include "numeric/status.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    SECRET_FILE_MAX = 256 * 1024, /* bytes: certificates of a whole company's CAs, and more */
    SECRET_WHY_MAX = 256,
    SECRET_DIGEST = 32, /* bytes of a SHA-256 */
};

struct secret {
    char *at; /* a NUL behind the last byte */
    size_t n;
};

/* A whole file, which is there, can be read, is no folder and has at least one byte and at most
 * SECRET_FILE_MAX. Errors: NABLA_EIO, with why (the path is not in it); NABLA_ENOMEM. */
MUST_CHECK enum nabla_status secret_read(const char *path, struct secret *out,
                                         char why[static SECRET_WHY_MAX]);
void secret_forget(struct secret *s); /* overwrites, then frees; accepts a zeroed one */

/* Overwrites bytes in a way that no compiler leaves out. */
void secret_wipe(void *bytes, size_t n);

/* In a time that tells nothing of where they differ. */
bool secret_equal(const void *a, const void *b, size_t n);

void secret_digest(const void *bytes, size_t n, unsigned char out[static SECRET_DIGEST]);

/* The same under a key: what it is the digest of cannot be tried by those who do not have it. */
void secret_digest_keyed(const unsigned char key[static SECRET_DIGEST], const void *bytes, size_t n,
                         unsigned char out[static SECRET_DIGEST]);

#endif
