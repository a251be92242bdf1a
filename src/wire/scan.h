/* wire/scan.h -- how far a word of the line protocol goes: the loop that most of a line's bytes
 * pass through, here alone so that a vector unit can take it over. Private to wire. */
#ifndef WIRE_SCAN_H
#define WIRE_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* 1: ends a word unless escaped; 2: the escape. */
static const uint8_t scan_stops[256] = {[','] = 1, ['='] = 1, [' '] = 1, ['\\'] = 2};

/* A backslash before any other byte, another backslash too, stands for itself. */
static inline bool scan_escapes(const char *p, const char *end)
{
    return *p == '\\' && end - p > 1 && scan_stops[(uint8_t)p[1]] == 1;
}

/* The first unescaped comma, equals sign or blank of [p, end), or end. */
static inline const char *scan_word(const char *p, const char *end)
{
    for (;;) {
        while (p < end && scan_stops[(uint8_t)*p] == 0)
            p++;
        if (p == end || *p != '\\')
            return p;
        p += scan_escapes(p, end) ? 2 : 1;
    }
}

/* The end of a measurement, in which an equals sign means nothing. */
static inline const char *scan_measurement(const char *p, const char *end)
{
    for (p = scan_word(p, end); p < end && *p == '='; p = scan_word(p + 1, end))
        ;
    return p;
}

static inline bool scan_is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static inline const char *scan_blanks(const char *p, const char *end)
{
    while (p < end && scan_is_blank(*p))
        p++;
    return p;
}

/* Where path[;tag=value]... of Graphite, path[0..n), has an empty name or a tag without its equals
 * sign; NULL if nowhere. A value may be empty, which is the same as no tag. */
static inline const char *scan_path_fault(const char *path, size_t n)
{
    const char *end = path + n, *tag = memchr(path, ';', n);
    if (tag == path)
        return path;
    while (tag != NULL) {
        const char *name = tag + 1;
        tag = memchr(name, ';', (size_t)(end - name));
        const char *tag_end = tag == NULL ? end : tag;
        const char *equals = memchr(name, '=', (size_t)(tag_end - name));
        if (equals == NULL || equals == name)
            return equals == NULL ? tag_end : name;
    }
    return NULL;
}

#endif
