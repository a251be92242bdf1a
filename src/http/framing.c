/* http/framing.c -- what libmicrohttpd lets through although RFC 9112 has it refused, because two readers can
 * take it in two ways.
 *
 *     Content-Length: 3 ┐                       Transfer-Encoding : chunked    a name with a blank: another
 *     Content-Length: 30┘ which?                                               header to some, this to others
 *     Transfer-Encoding: chunked ┐              Content-Length:
 *     Content-Length: 3          ┘ which?        3                             folded: comes as Content-Length3
 *
 * What stands behind a NUL does not reach us: libmicrohttpd ends a text there. */
#include "http/framing.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct framing {
    const char *length, *why;
    bool chunked, has_host;
};

static const char length_name[] = MHD_HTTP_HEADER_CONTENT_LENGTH;
static const char coding_name[] = MHD_HTTP_HEADER_TRANSFER_ENCODING;

/* A token of RFC 9110. */
static bool is_name(const char *name)
{
    static const char others[] = "!#$%&'*+-.^_`|~0123456789";
    if (*name == '\0')
        return false;
    for (const char *c = name; *c != '\0'; c++)
        if (!((*c | 0x20) >= 'a' && (*c | 0x20) <= 'z') && strchr(others, *c) == NULL)
            return false;
    return true;
}

/* A header of that name, to which libmicrohttpd has added what was folded behind it. */
static bool is_folded(const char *name, const char *of)
{
    size_t n = strlen(of);
    return strncasecmp(name, of, n) == 0 && name[n] != '\0';
}

static void look_at_length(struct framing *f, const char *value)
{
    if (f->length != NULL && strcmp(f->length, value) != 0)
        f->why = "two Content-Lengths do not agree";
    if (value[0] == '\0' || value[strspn(value, "0123456789")] != '\0')
        f->why = "the Content-Length is no number";
    f->length = value;
}

static void look_at_coding(struct framing *f, const char *value)
{
    if (f->chunked || strcasecmp(value, "chunked") != 0)
        f->why = "the Transfer-Encoding is not chunked, and that once";
    f->chunked = true;
}

static enum MHD_Result look_at_header(void *cls, enum MHD_ValueKind kind, const char *name,
                                      const char *value)
{
    struct framing *f = cls;
    (void)kind;
    value = value == NULL ? "" : value;
    if (!is_name(name) || is_folded(name, length_name) || is_folded(name, coding_name))
        f->why = "a header's name is none, or its line is folded";
    else if (strcasecmp(name, length_name) == 0)
        look_at_length(f, value);
    else if (strcasecmp(name, coding_name) == 0)
        look_at_coding(f, value);
    else if (strcasecmp(name, MHD_HTTP_HEADER_HOST) == 0) {
        if (f->has_host)
            f->why = "there is more than one Host";
        f->has_host = true;
    }
    return MHD_YES;
}

const char *framing_read(struct MHD_Connection *connection, const char *version,
                         unsigned long long *length)
{
    struct framing f = {0};
    MHD_get_connection_values(connection, MHD_HEADER_KIND, look_at_header, &f);
    if (f.chunked && f.length != NULL)
        f.why = "Content-Length and Transfer-Encoding do not agree on one length";
    if (f.chunked && strcmp(version, MHD_HTTP_VERSION_1_1) != 0)
        f.why = "HTTP/1.0 has no Transfer-Encoding";
    *length = f.why == NULL && f.length != NULL ? strtoull(f.length, NULL, 10) : 0;
    return f.why;
}
