/* base/prefix.h -- addresses of IPv4 and IPv6, the networks they lie in, and lists of these. Pure.
 *
 *     10.0.0.0/8   ─►  ::ffff:10.0.0.0/104     one form for both families, as dual-stack sockets have it
 *     fd00::/8     ─►  fd00::/8 */
#ifndef BASE_PREFIX_H
#define BASE_PREFIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sockaddr;

enum {
    PREFIXES_MAX = 64,    /* in a list */
    PREFIX_WHY_MAX = 160, /* bytes, the NUL among them */
    IP_TEXT_MAX = 48,
};

/* An IPv6 address in the machine's own order of bytes; one of IPv4 is ::ffff:a.b.c.d. */
struct ip {
    uint64_t high, low;
};

struct prefix {
    struct ip address; /* no bit behind the prefix */
    struct ip mask;
};

struct prefixes {
    struct prefix at[PREFIXES_MAX];
    uint32_t n;
};

/* text[0..n): "10.0.0.0/8", "fd00::/8", "::ffff:10.0.0.0/104", or an address alone for just that one.
 * Returns false, and why not, for anything else, bits behind the prefix among it; *out is then untouched. */
bool prefix_read(const char *text, size_t n, struct prefix *out, char why[static PREFIX_WHY_MAX]);

/* A numeric address without port, prefix, brackets or zone. */
bool ip_read(const char *text, struct ip *out);

/* False if it is neither of IPv4 nor of IPv6. */
bool ip_of_socket(const struct sockaddr *from, struct ip *out);

/* As people write it, IPv4 without ::ffff:; returns out. */
const char *ip_write(struct ip ip, char out[static IP_TEXT_MAX]);

/* 127.0.0.0/8 and ::1. */
bool ip_is_loopback(struct ip ip);

/* Does one of them hold it? An address of IPv4 lies in networks of IPv4 only: ::/0 is all of IPv6. */
bool prefixes_hold(const struct prefixes *all, struct ip ip);

/* Does one of them hold all of IPv4, or all of IPv6? */
bool prefixes_hold_everybody(const struct prefixes *all);

#endif
