/* doors/credentials.h -- what a request shows of who sends it: its Authorization, read. Pure. */
#ifndef DOORS_CREDENTIALS_H
#define DOORS_CREDENTIALS_H

#include <string.h>

enum {
    CREDENTIALS_MAX = 512, /* bytes of user and password, or of a token */
};

enum credentials_kind {
    CREDENTIALS_NONE, /* nothing was shown */
    CREDENTIALS_BASIC,
    CREDENTIALS_BEARER,
    CREDENTIALS_BAD, /* what nobody here can read, or too long */
};

struct credentials {
    enum credentials_kind kind;
    /* The token; or the user, a NUL and the password, neither of which holds a NUL. */
    char text[CREDENTIALS_MAX + 1];
};

/* Of CREDENTIALS_BASIC. */
static inline const char *credentials_password(const struct credentials *c)
{
    return c->text + strlen(c->text) + 1;
}

/* header: the value of Authorization, or NULL. "Basic BASE64" (RFC 7617, padding may be left out) or
 * "Bearer TOKEN" (RFC 6750; also "Token TOKEN", as Influx' clients have it), the scheme in any case. */
void credentials_read(const char *header, struct credentials *out);
void credentials_forget(struct credentials *c); /* overwrites */

#endif
