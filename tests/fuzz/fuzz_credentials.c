/* rooms: doors base */
/* tests/fuzz/fuzz_credentials.c -- Authorization as a stranger writes it. Laws: texts end within their room, and
 * hold no NUL; what is read is read alike twice; nothing is left once it is forgotten. */
#include "doors/credentials.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check(const struct credentials *c)
{
    size_t length = strlen(c->text);
    if (length > CREDENTIALS_MAX || (c->kind == CREDENTIALS_BEARER && length == 0))
        abort();
    if (c->kind == CREDENTIALS_BASIC &&
        length + 1 + strlen(credentials_password(c)) > CREDENTIALS_MAX)
        abort();
    if (c->kind == CREDENTIALS_NONE || (c->kind == CREDENTIALS_BAD && length > 0))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct credentials c, again;
    char *header = malloc(n + 1);
    if (header == NULL)
        return 0;
    memcpy(header, data, n);
    header[n] = '\0';
    credentials_read(header, &c);
    check(&c);
    credentials_read(header, &again);
    if (memcmp(&c, &again, sizeof c) != 0)
        abort();
    free(header);
    return 0;
}
