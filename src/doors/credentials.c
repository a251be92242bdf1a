/* doors/credentials.c -- a header's text to a user and a password, or to a token.
 * Laws: nothing is allocated; what is too long is refused whole, never cut. */
#include "doors/credentials.h"

#include "doors/secret.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

/* What follows "scheme " in any case of letters, or NULL. */
static const char *after_scheme(const char *header, const char *scheme)
{
    size_t n = strlen(scheme);
    if (strncasecmp(header, scheme, n) != 0 || header[n] != ' ')
        return NULL;
    return header + n + strspn(header + n, " ");
}

static int base64_digit(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c == '\0' ? NULL : strchr(digits, c);
    return at == NULL ? -1 : (int)(at - digits);
}

/* Returns the length of what text stands for, or -1 if it is no base64 or longer than CREDENTIALS_MAX. */
static int base64_read(const char *text, char out[static CREDENTIALS_MAX + 1])
{
    unsigned bits = 0, held = 0;
    int n = 0;
    for (; base64_digit(*text) >= 0; text++) {
        bits = (bits << 6 | (unsigned)base64_digit(*text)) & 0xffff;
        held += 6;
        if (held < 8)
            continue;
        held -= 8;
        if (n == CREDENTIALS_MAX)
            return -1;
        out[n++] = (char)(bits >> held & 0xff);
    }
    text += strspn(text, "=");
    return *text == '\0' && held < 6 ? n : -1;
}

static bool read_basic(const char *text, struct credentials *out)
{
    int n = base64_read(text, out->text);
    if (n < 0 || memchr(out->text, '\0', (size_t)n) != NULL)
        return false;
    out->text[n] = '\0';
    char *colon = strchr(out->text, ':');
    if (colon == NULL)
        return false;
    *colon = '\0';
    return true;
}

static bool read_token(const char *text, struct credentials *out)
{
    size_t n = strcspn(text, " \t");
    if (n == 0 || n > CREDENTIALS_MAX || text[n] != '\0')
        return false;
    memcpy(out->text, text, n + 1);
    return true;
}

void credentials_read(const char *header, struct credentials *out)
{
    const char *rest;
    bool good = false;
    memset(out, 0, sizeof *out);
    if (header == NULL)
        return;
    out->kind = CREDENTIALS_BEARER;
    if ((rest = after_scheme(header, "Basic")) != NULL) {
        out->kind = CREDENTIALS_BASIC;
        good = read_basic(rest, out);
    } else if ((rest = after_scheme(header, "Bearer")) != NULL ||
               (rest = after_scheme(header, "Token")) != NULL) {
        good = read_token(rest, out);
    }
    if (!good) {
        credentials_forget(out);
        out->kind = CREDENTIALS_BAD;
    }
}

void credentials_forget(struct credentials *c)
{
    secret_wipe(c, sizeof *c);
}
