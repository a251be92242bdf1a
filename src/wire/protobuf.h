/* wire/protobuf.h -- fields of a protobuf message, one after the other. Private to wire.
 *
 *     | tag: number << 3 | type | what the type says |
 *     0: varint    1: 8 bytes    2: length, bytes    5: 4 bytes    3, 4: groups, refused
 *
 * A tag and a length have at most five bytes, any other varint ten; bits that do not fit are lost. */
#ifndef WIRE_PROTOBUF_H
#define WIRE_PROTOBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { PB_VARINT, PB_FIXED64, PB_BYTES, PB_FIXED32 = 5 };
enum { PB_TAG_BYTES = 5, PB_VARINT_BYTES = 10 };

#define PB_TAG(number, type) ((number) << 3 | (type))

/* Reads a varint of at most `most` bytes; false if it does not end. */
static inline bool pb_varint(const char **p, const char *end, int most, uint64_t *out)
{
    uint64_t v = 0;
    const char *at = *p;
    for (int i = 0; i < most && at < end; i++) {
        uint64_t byte = (unsigned char)*at++;
        v |= (byte & 0x7F) << 7 * i;
        if (byte < 0x80) {
            *p = at;
            *out = v;
            return true;
        }
    }
    return false;
}

/* The length in front of some bytes, which must all be there; *p moves behind it. */
static inline bool pb_length(const char **p, const char *end, size_t *n)
{
    uint64_t v;
    if (!pb_varint(p, end, PB_TAG_BYTES, &v) || v > (uint64_t)(end - *p))
        return false;
    *n = (size_t)v;
    return true;
}

static inline bool pb_tag(const char **p, const char *end, uint32_t *tag)
{
    uint64_t v;
    if (!pb_varint(p, end, PB_TAG_BYTES, &v))
        return false;
    *tag = (uint32_t)v;
    return true;
}

/* Steps over what belongs to a tag. */
static inline bool pb_skip(const char **p, const char *end, uint32_t tag)
{
    uint64_t unused;
    size_t n = 0;
    switch (tag & 7) {
    case PB_VARINT: return pb_varint(p, end, PB_VARINT_BYTES, &unused);
    case PB_FIXED64: n = 8; break;
    case PB_FIXED32: n = 4; break;
    case PB_BYTES:
        if (!pb_length(p, end, &n))
            return false;
        break;
    default: return false;
    }
    if (n > (size_t)(end - *p))
        return false;
    *p += n;
    return true;
}

static inline double pb_double(const char *p)
{
    uint64_t bits;
    double v;
    memcpy(&bits, p, sizeof bits);
    if (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__)
        bits = __builtin_bswap64(bits);
    memcpy(&v, &bits, sizeof v);
    return v;
}

#endif
