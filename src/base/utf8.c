/* base/utf8.c -- is it text?
 * Laws: true exactly for what encodes the scalar values U+0000 to U+10FFFF, each in its one form
 * (test_utf8.c tries every sequence of up to four bytes that can matter). */
#include "base/utf8.h"

#include <stdint.h>
#include <string.h>

/* What may follow a lead byte: how many bytes, and the range of the first of them. Source: Unicode
 * 15, table 3-7. */
struct lead {
    unsigned char first, last, more, low, high;
};

static const struct lead leads[] = {
    {0xC2, 0xDF, 1, 0x80, 0xBF}, {0xE0, 0xE0, 2, 0xA0, 0xBF}, {0xE1, 0xEC, 2, 0x80, 0xBF},
    {0xED, 0xED, 2, 0x80, 0x9F}, {0xEE, 0xEF, 2, 0x80, 0xBF}, {0xF0, 0xF0, 3, 0x90, 0xBF},
    {0xF1, 0xF3, 3, 0x80, 0xBF}, {0xF4, 0xF4, 3, 0x80, 0x8F},
};

static const struct lead *find_lead(unsigned char c)
{
    for (size_t i = 0; i < sizeof leads / sizeof *leads; i++)
        if (c >= leads[i].first && c <= leads[i].last)
            return &leads[i];
    return NULL;
}

/* The length of the one sequence at p, which is not ASCII; 0 if it is none. */
static size_t sequence(const unsigned char *p, size_t n)
{
    const struct lead *lead = find_lead(*p);
    if (lead == NULL || n <= lead->more || p[1] < lead->low || p[1] > lead->high)
        return 0;
    for (size_t i = 2; i <= lead->more; i++)
        if ((p[i] & 0xC0) != 0x80)
            return 0;
    return lead->more + 1u;
}

bool utf8_valid(const char *text, size_t n)
{
    const unsigned char *p = (const unsigned char *)text, *end = p + n;
    while (p < end) {
        uint64_t eight;
        if (end - p >= 8 && (memcpy(&eight, p, 8), eight & UINT64_C(0x8080808080808080)) == 0) {
            p += 8;
            continue;
        }
        size_t used = *p < 0x80 ? 1 : sequence(p, (size_t)(end - p));
        if (used == 0)
            return false;
        p += used;
    }
    return true;
}
