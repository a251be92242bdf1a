/* wire/json_scan.h -- JSON, checked and stepped over without a copy. Private to wire.
 * Strict as RFC 8259, but for two things left to whoever reads a string: whether it is UTF-8, and
 * whether a member comes twice. */
#ifndef WIRE_JSON_SCAN_H
#define WIRE_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>

enum { JSON_DEPTH_MAX = 64 }; /* objects and arrays in each other */

struct json_scan {
    const char *p, *end; /* p: behind what was taken, or where it went wrong */
};

static inline void json_space(struct json_scan *s) /* skips white space */
{
    while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' || *s->p == '\n' || *s->p == '\r'))
        s->p++;
}

/* White space, c, white space; else p stays at what is not c. */
static inline bool json_take(struct json_scan *s, char c)
{
    json_space(s);
    if (s->p == s->end || *s->p != c)
        return false;
    s->p++;
    json_space(s);
    return true;
}

bool json_quoted(struct json_scan *s); /* from its opening quote */
bool json_number(struct json_scan *s);
bool json_word(struct json_scan *s, const char *word); /* true, false, null */
bool json_value(struct json_scan *s, int depth);       /* any, up to depth levels deep */

/* The code unit that four hexadecimal digits at p mean, -1 if they are none. Reads up to end. */
long json_hex4(const char *p, const char *end);

#endif
