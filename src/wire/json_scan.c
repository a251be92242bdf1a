/* wire/json_scan.c -- JSON, checked and stepped over.
 * Laws: reads only [p, end); says yes where jansson does, and no where it does, but for the two
 * things that the header leaves to others (test_json_line.c). */
#include "wire/json_scan.h"

#include "base/digits.h"

#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <immintrin.h>
#endif

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

/* The high bit of the first byte that is a quote, a backslash or a control character; behind it, of
 * others as well, as carries go. */
static uint64_t specials(uint64_t word)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), high = ones << 7;
    uint64_t quote = word ^ ones * '"', escape = word ^ ones * '\\';
    return (((quote - ones) & ~quote) | ((escape - ones) & ~escape) |
            ((word - ones * 0x20) & ~word)) &
           high;
}

#ifdef __SSE2__

/* Sixteen bytes: a bit for each that is special. */
static unsigned specials16(const char *p)
{
    __m128i x = _mm_loadu_si128((const __m128i *)(const void *)p), last = _mm_set1_epi8(0x1F);
    __m128i quote = _mm_cmpeq_epi8(x, _mm_set1_epi8('"'));
    __m128i escape = _mm_cmpeq_epi8(x, _mm_set1_epi8('\\'));
    __m128i control = _mm_cmpeq_epi8(_mm_max_epu8(x, last), last);
    return (unsigned)_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quote, escape), control));
}

#endif

/* The end of what stands for itself in a string. */
static inline const char *skip_plain(const char *p, const char *end)
{
#ifdef __SSE2__ /* every x86-64 has it */
    for (; end - p >= 16; p += 16) {
        unsigned at = specials16(p);
        if (at != 0)
            return p + __builtin_ctz(at);
    }
#endif
    for (; end - p >= 8; p += 8) {
        uint64_t word;
        memcpy(&word, p, sizeof word);
        uint64_t at = specials(digits_swap(word));
        if (at != 0)
            return p + __builtin_ctzll(at) / 8;
    }
    while (p < end && *p != '"' && *p != '\\' && (uint8_t)*p >= 0x20)
        p++;
    return p;
}

bool json_quoted(struct json_scan *s)
{
    if (s->p == s->end || *s->p != '"')
        return false;
    s->p = skip_plain(s->p + 1, s->end);
    while (s->p < s->end && *s->p != '"') {
        size_t used = *s->p == '\\' ? escape_length(s->p, s->end) : 0;
        if (used == 0)
            return false;
        s->p = skip_plain(s->p + used, s->end);
    }
    if (s->p == s->end)
        return false;
    s->p++;
    return true;
}

static bool take_digits(struct json_scan *s)
{
    const char *first = s->p;
    s->p = digits_skip(first, s->end);
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
    if (s->p == s->end || *s->p != *word)
        return false;
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
