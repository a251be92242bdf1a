/* doors/secret.c -- secrets by GnuTLS' own means, and a file read without a copy in between (stdio
 * would keep one in its buffer). */
#include "doors/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void secret_wipe(void *bytes, size_t n)
{
    explicit_bzero(bytes, n);
}

void secret_forget(struct secret *s)
{
    if (s->at != NULL)
        secret_wipe(s->at, s->n);
    free(s->at);
    *s = (struct secret){0};
}

bool secret_equal(const void *a, const void *b, size_t n)
{
    return gnutls_memcmp(a, b, n) == 0;
}

void secret_digest(const void *bytes, size_t n, unsigned char out[static SECRET_DIGEST])
{
    memset(out, 0, SECRET_DIGEST);
    if (gnutls_hash_fast(GNUTLS_DIG_SHA256, bytes, n, out) != GNUTLS_E_SUCCESS)
        abort(); /* SHA-256 is always there; a digest of zeros would be everybody's */
}

void secret_digest_keyed(const unsigned char key[static SECRET_DIGEST], const void *bytes, size_t n,
                         unsigned char out[static SECRET_DIGEST])
{
    memset(out, 0, SECRET_DIGEST);
    if (gnutls_hmac_fast(GNUTLS_MAC_SHA256, key, SECRET_DIGEST, bytes, n, out) != GNUTLS_E_SUCCESS)
        abort(); /* as above */
}

/* Reads up to n bytes; returns how many, -1 with errno. */
static ssize_t read_all(int fd, char *at, size_t n)
{
    size_t got = 0;
    while (got < n) {
        ssize_t one = read(fd, at + got, n - got);
        if (one < 0 && errno == EINTR)
            continue;
        if (one <= 0)
            return one < 0 ? one : (ssize_t)got;
        got += (size_t)one;
    }
    return (ssize_t)got;
}

static enum nabla_status read_open(int fd, struct secret *out, char why[static SECRET_WHY_MAX])
{
    struct secret s = {.at = malloc(SECRET_FILE_MAX + 2), .n = SECRET_FILE_MAX + 1};
    if (s.at == NULL)
        return NABLA_ENOMEM;
    ssize_t got = read_all(fd, s.at, s.n);
    if (got > 0 && got <= SECRET_FILE_MAX) {
        s.n = (size_t)got;
        s.at[s.n] = '\0';
        *out = s;
        return NABLA_OK;
    }
    if (got < 0)
        snprintf(why, SECRET_WHY_MAX, "%s", strerror(errno));
    else if (got == 0)
        snprintf(why, SECRET_WHY_MAX, "the file is empty");
    else
        snprintf(why, SECRET_WHY_MAX, "the file is larger than %d bytes", SECRET_FILE_MAX);
    secret_forget(&s);
    return NABLA_EIO;
}

enum nabla_status secret_read(const char *path, struct secret *out, char why[static SECRET_WHY_MAX])
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe without a writer: nothing */
    if (fd < 0) {
        snprintf(why, SECRET_WHY_MAX, "%s", strerror(errno));
        return NABLA_EIO;
    }
    enum nabla_status status = read_open(fd, out, why);
    close(fd);
    return status;
}
