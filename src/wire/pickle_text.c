/* wire/pickle_text.c -- Python's repr of bytes, and its raw-unicode-escape.
 * Laws: never more than two bytes out for one in; any bytes at all are text or refused. */
#include "wire/pickle_text.h"

#include <stdint.h>
#include <string.h>

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* So many digits at p; -1 if they are not there. */
static long hex(const char *p, const char *end, int digits)
{
    long v = 0;
    if (end - p < digits)
        return -1;
    for (int i = 0; i < digits; i++) {
        int d = hex_digit(p[i]);
        if (d < 0)
            return -1;
        v = v << 4 | d;
    }
    return v;
}

/* The byte that \p[0]... stands for; *p moves behind it. -1: none that repr writes. */
static long escaped_byte(const char **p, const char *end)
{
    static const char from[] = "\\'\"nrt", into[] = "\\'\"\n\r\t";
    const char *at = *p < end ? memchr(from, **p, sizeof from - 1) : NULL;
    if (at != NULL) {
        ++*p;
        return into[at - from];
    }
    if (*p == end || **p != 'x')
        return -1;
    long v = hex(*p + 1, end, 2);
    *p += v < 0 ? 0 : 3;
    return v;
}

bool pickle_unescape_bytes(const char *line, size_t n, char *to, size_t *used)
{
    char *start = to;
    if (n < 2 || (line[0] != '\'' && line[0] != '"') || line[n - 1] != line[0])
        return false;
    for (const char *p = line + 1, *end = line + n - 1; p < end;) {
        if (*p != '\\') {
            *to++ = *p++;
            continue;
        }
        p++;
        long byte = escaped_byte(&p, end);
        if (byte < 0)
            return false;
        *to++ = (char)byte;
    }
    *used = (size_t)(to - start);
    return true;
}

static char *put_utf8(char *to, unsigned long c)
{
    static const unsigned char lead[] = {0, 0xC0, 0xE0, 0xF0};
    int more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    *to++ = (char)(lead[more] | c >> 6 * more);
    while (more-- > 0)
        *to++ = (char)(0x80 | (c >> 6 * more & 0x3F));
    return to;
}

/* The letter of \u.... or \U........ at *p, or of two \u that are one letter; *p moves behind it. -1: none. */
static long escaped_letter(const char **p, const char *end)
{
    int digits = end - *p > 1 && (*p)[1] == 'U' ? 8 : 4;
    long c = hex(*p + 2, end, digits);
    if (c < 0 || c > 0x10FFFF)
        return -1;
    *p += 2 + digits;
    if (c < 0xD800 || c > 0xDFFF)
        return c;
    long low = c < 0xDC00 && end - *p >= 6 && memcmp(*p, "\\u", 2) == 0 ? hex(*p + 2, end, 4) : -1;
    if (low < 0xDC00 || low > 0xDFFF)
        return -1;
    *p += 6;
    return 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
}

bool pickle_unescape_letters(const char *line, size_t n, char *to, size_t *used)
{
    char *start = to;
    for (const char *p = line, *end = line + n; p < end;) {
        long c;
        if (*p == '\\' && end - p > 1 && (p[1] == 'u' || p[1] == 'U')) {
            if ((c = escaped_letter(&p, end)) < 0)
                return false;
        } else {
            c = (uint8_t)*p++;
        }
        to = put_utf8(to, (unsigned long)c);
    }
    *used = (size_t)(to - start);
    return true;
}
