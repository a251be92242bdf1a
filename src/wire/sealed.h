/* wire/sealed.h -- the head of a signed datagram: who signed it, and when. Pure.
 *
 *     #hmac-sha256 <MAC> <TIME>\n     MAC: 64 hexadecimal digits in small letters
 *     lines                           TIME: the sender's, in nanoseconds since the Unix epoch
 *
 * The MAC is HMAC-SHA-256 (RFC 2104, RFC 6234) of all that stands behind the blank after it: the time, its LF and the
 * lines, byte by byte. To who does not look for it the head is a comment. */
#ifndef WIRE_SEALED_H
#define WIRE_SEALED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SEALED_MAC = 32,       /* bytes */
    SEALED_HEAD_MAX = 128, /* bytes of a head, with room */
    SEALED_TIME_MAX = 24,
};

struct sealed {
    unsigned char mac[SEALED_MAC];
    int64_t t_ns;
    size_t signed_at; /* offset of what the MAC is of, which reaches to the end */
    size_t lines_at;
};

/* False, and *out untouched, if bytes[0..n) do not begin with a head. */
bool sealed_read(const char *bytes, size_t n, struct sealed *out);

/* "TIME\n", which the signed bytes begin with; returns its length. t_ns is not negative. */
size_t sealed_write_time(char out[static SEALED_TIME_MAX], int64_t t_ns);

/* All of a head before the time; returns its length. */
size_t sealed_write_mac(char out[static SEALED_HEAD_MAX],
                        const unsigned char mac[static SEALED_MAC]);

#endif
