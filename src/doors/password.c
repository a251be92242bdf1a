/* doors/password.c -- bcrypt by libxcrypt, and a small set-associative cache before it.
 * Laws: what is cached holds for that very hash: a user whose hash changes has to be verified again. */
#include "doors/password.h"

#include <crypt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { COST_AT = 4, SALT_AT = 7, SALT = 22, ROOM = 1024 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

unsigned password_cost(const char *hash)
{
    return (unsigned)(hash[COST_AT] - '0') * 10 + (unsigned)(hash[COST_AT + 1] - '0');
}

const char *password_fault(const char *hash)
{
    static const char letters[] =
        "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    if (strncmp(hash, "$2", 2) != 0 || strchr("aby", hash[2]) == NULL || hash[2] == '\0' ||
        hash[3] != '$' || !is_digit(hash[4]) || !is_digit(hash[5]) || hash[6] != '$')
        return "no bcrypt hash: one begins with $2a$, $2b$ or $2y$ and two digits of its cost";
    if (strlen(hash) != PASSWORD_HASH || strspn(hash + SALT_AT, letters) != PASSWORD_HASH - SALT_AT)
        return "no bcrypt hash: one has 60 characters, the last 53 of them letters, digits, . or /";
    if (password_cost(hash) < 4)
        return "bcrypt's least cost is 4";
    return password_cost(hash) > PASSWORD_COST_MAX ? "a cost above 16 takes seconds a log-in"
                                                   : NULL;
}

bool password_verify(const char *hash, unsigned cost, const char *password)
{
    char nobody[PASSWORD_HASH + 1];
    struct crypt_data *room = calloc(1, sizeof *room);
    if (room == NULL)
        return false;
    snprintf(nobody, sizeof nobody, "$2b$%02u$%.*s", cost < 100 ? cost : 99, SALT,
             "......................");
    const char *got = crypt_r(password, hash != NULL ? hash : nobody, room);
    bool same = got != NULL && hash != NULL && strlen(got) == PASSWORD_HASH &&
                secret_equal(got, hash, PASSWORD_HASH);
    secret_wipe(room, sizeof *room);
    free(room);
    return same;
}

enum nabla_status password_cache_init(struct password_cache *c)
{
    *c = (struct password_cache){0};
    ssize_t n = getrandom(c->key, sizeof c->key, 0);
    return n == (ssize_t)sizeof c->key ? NABLA_OK : NABLA_EIO;
}

/* False if they are longer than any that could be right. */
static bool digest(const struct password_cache *c, const char *user, const char *hash,
                   const char *password, unsigned char out[static SECRET_DIGEST])
{
    char text[ROOM]; /* NULs between them: no two triples are one text */
    int n = snprintf(text, sizeof text, "%s%c%s%c%s", user, '\0', hash, '\0', password);
    bool fits = n > 0 && (size_t)n < sizeof text;
    if (fits)
        secret_digest_keyed(c->key, text, (size_t)n, out);
    secret_wipe(text, sizeof text);
    return fits;
}

static bool is_known(const struct password_cache *c, const unsigned char d[static SECRET_DIGEST])
{
    bool known = false;
    for (unsigned i = 0; i < PASSWORD_CACHE_WAYS; i++)
        known |= secret_equal(c->known[d[0] % PASSWORD_CACHE_SETS][i], d, SECRET_DIGEST);
    return known;
}

bool password_cache_has(const struct password_cache *c, const char *user, const char *hash,
                        const char *password)
{
    unsigned char d[SECRET_DIGEST];
    return digest(c, user, hash, password, d) && is_known(c, d);
}

void password_cache_put(struct password_cache *c, const char *user, const char *hash,
                        const char *password)
{
    unsigned char d[SECRET_DIGEST];
    if (!digest(c, user, hash, password, d) || is_known(c, d))
        return;
    unsigned set = d[0] % PASSWORD_CACHE_SETS;
    memcpy(c->known[set][c->oldest[set]], d, SECRET_DIGEST);
    c->oldest[set] = (unsigned char)((c->oldest[set] + 1) % PASSWORD_CACHE_WAYS);
}
