/* wire/json_scan.c -- JSON, checked and stepped over.
 * Laws: reads only [p, end); says yes where jansson does, and no where it does, but for the two
 * things that the header leaves to others (test_json_line.c). */
#include "wire/json_scan.h"

#include <stdint.h>
#include <string.h>

void json_space(struct json_scan *s)
{
    while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' || *s->p == '\n' || *s->p == '\r'))
        s->p++;
}

bool json_take(struct json_scan *s, char c)
{
    json_space(s);
    if (s->p == s->end || *s->p != c)
        return false;
    s->p++;
    json_space(s);
    return true;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

long json_hex4(const char *p, const char *end)
{
    long unit = 0;
    if (end - p < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(p[i]);
        if (digit < 0)
            return -1;
        unit = unit * 16 + digit;
    }
    return unit;
}

/* The length of the escape at the backslash p, 0 if it is none. Surrogates come in pairs only. */
static size_t escape_length(const char *p, const char *end)
{
    if (end - p < 2)
        return 0;
    if (p[1] != 'u')
        return p[1] != '\0' && strchr("\"\\/bfnrt", p[1]) != NULL ? 2 : 0;
    long unit = json_hex4(p + 2, end);
    if (unit < 0xD800 || unit > 0xDFFF)
        return unit < 0 ? 0 : 6;
    if (unit > 0xDBFF || end - p < 12 || p[6] != '\\' || p[7] != 'u')
        return 0;
    long low = json_hex4(p + 8, end);
    return low >= 0xDC00 && low <= 0xDFFF ? 12 : 0;
}

bool json_quoted(struct json_scan *s)
{
    if (s->p == s->end || *s->p != '"')
        return false;
    s->p++;
    while (s->p < s->end && *s->p != '"') {
        size_t used = *s->p == '\\' ? escape_length(s->p, s->end) : (uint8_t)*s->p >= 0x20;
        if (used == 0)
            return false;
        s->p += used;
    }
    if (s->p == s->end)
        return false;
    s->p++;
    return true;
}

static bool take_digits(struct json_scan *s)
{
    const char *first = s->p;
    while (s->p < s->end && *s->p >= '0' && *s->p <= '9')
        s->p++;
    return s->p > first;
}

static bool take_any(struct json_scan *s, char a, char b)
{
    if (s->p == s->end || (*s->p != a && *s->p != b))
        return false;
    s->p++;
    return true;
}

bool json_number(struct json_scan *s)
{
    take_any(s, '-', '-');
    if (!take_any(s, '0', '0') && !take_digits(s))
        return false;
    if (take_any(s, '.', '.') && !take_digits(s))
        return false;
    if (!take_any(s, 'e', 'E'))
        return true;
    take_any(s, '+', '-');
    return take_digits(s);
}

bool json_word(struct json_scan *s, const char *word)
{
    size_t n = strlen(word);
    if ((size_t)(s->end - s->p) < n || memcmp(s->p, word, n) != 0)
        return false;
    s->p += n;
    return true;
}

static bool member(struct json_scan *s, int depth)
{
    return json_quoted(s) && json_take(s, ':') && json_value(s, depth);
}

/* What stands between the brackets of an object or array, the opening one included. */
static bool collection(struct json_scan *s, char close, bool item(struct json_scan *, int),
                       int depth)
{
    s->p++;
    if (depth == 0)
        return false;
    json_space(s);
    if (take_any(s, close, close))
        return true;
    do {
        if (!item(s, depth - 1))
            return false;
    } while (json_take(s, ','));
    return take_any(s, close, close);
}

bool json_value(struct json_scan *s, int depth)
{
    switch (s->p < s->end ? *s->p : '\0') {
    case '"': return json_quoted(s);
    case '{': return collection(s, '}', member, depth);
    case '[': return collection(s, ']', json_value, depth);
    case 't': return json_word(s, "true");
    case 'f': return json_word(s, "false");
    case 'n': return json_word(s, "null");
    default: return json_number(s);
    }
}
