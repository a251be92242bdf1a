/* doors/access.c -- a list of users and a list of tokens, both looked through to their ends. */
#include "doors/access.h"

#include "doors/certificates.h"
#include "doors/password.h"

#include <stdlib.h>
#include <string.h>

struct access *access_new(void)
{
    struct access *a = calloc(1, sizeof *a);
    if (a == NULL)
        return NULL;
    atomic_init(&a->holds, 1);
    a->anonymous = RIGHTS_ALL;
    return a;
}

struct access *access_hold(struct access *a)
{
    if (a != NULL)
        atomic_fetch_add(&a->holds, 1);
    return a;
}

void access_leave(struct access *a)
{
    if (a == NULL || atomic_fetch_sub(&a->holds, 1) > 1)
        return;
    certificates_leave(a->certificates);
    for (uint32_t i = 0; i < a->users_n; i++)
        free(a->users[i].hash);
    for (uint32_t i = 0; i < a->tokens_n; i++)
        free(a->tokens[i].name);
    for (uint32_t i = 0; i < a->headers_n; i++)
        free(a->headers[i].value);
    secret_wipe(a, sizeof *a);
    free(a);
}

bool access_is_open(const struct access *a)
{
    return a == NULL || (a->users_n == 0 && a->tokens_n == 0 && a->anonymous == RIGHTS_ALL &&
                         (a->certificates == NULL || !certificates_verify(a->certificates)));
}

static enum access_answer judge_token(const struct access *a, const char *token, unsigned *rights)
{
    unsigned char digest[SECRET_DIGEST];
    enum access_answer answer = ACCESS_NOBODY;
    secret_digest(token, strlen(token), digest);
    for (uint32_t i = 0; i < a->tokens_n; i++)
        if (secret_equal(digest, a->tokens[i].digest, SECRET_DIGEST)) {
            *rights = a->tokens[i].rights;
            answer = ACCESS_KNOWN;
        }
    return answer;
}

static enum access_answer judge_user(const struct access *a, const char *name, unsigned *rights,
                                     const char **hash)
{
    char padded[ACCESS_NAME_MAX] = {0};
    size_t n = strnlen(name, ACCESS_NAME_MAX);
    bool fits = n < ACCESS_NAME_MAX;
    memcpy(padded, name, fits ? n : 0); /* "" is nobody's */
    *hash = NULL;
    *rights = 0;
    for (uint32_t i = 0; i < a->users_n; i++)
        if (secret_equal(a->users[i].name, padded, ACCESS_NAME_MAX)) {
            *hash = a->users[i].hash;
            *rights = a->users[i].rights;
        }
    return a->users_n > 0 ? ACCESS_VERIFY : ACCESS_NOBODY;
}

enum access_answer access_judge(const struct access *a, const struct credentials *c,
                                unsigned *rights, const char **hash)
{
    *rights = a->anonymous;
    if (a->users_n + a->tokens_n == 0) /* what is shown is for somebody else */
        return ACCESS_KNOWN;
    switch (c->kind) {
    case CREDENTIALS_NONE: return ACCESS_KNOWN;
    case CREDENTIALS_BASIC: return judge_user(a, c->text, rights, hash);
    case CREDENTIALS_BEARER: return judge_token(a, c->text, rights);
    case CREDENTIALS_BAD: break;
    }
    return ACCESS_NOBODY;
}

unsigned access_cost(const struct access *a, const char *hash)
{
    return password_cost(hash != NULL ? hash : a->users[0].hash);
}
