/* base/prefix.c -- a network is an address and a mask, and a look is two ANDs.
 *
 *     bits of an IPv6 address   0                80       96      128
 *     of IPv4                   000...000000000  ffff...  a.b.c.d      a prefix of IPv4 plus 96
 *
 * Elsewhere: lists of them in nablad.yaml (conf/listeners.c), whom they keep out (net/gate.c). */
#include "base/prefix.h"

#include "base/number.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

enum { BITS = 128, MAPPED_BITS = 96 }; /* of the prefix that all addresses of IPv4 have here */

static const uint64_t mapped = UINT64_C(0xffff00000000); /* of the low half */

static uint64_t read_big_endian(const unsigned char bytes[static 8])
{
    uint64_t v = 0;
    for (int i = 0; i < 8; i++)
        v = v << 8 | bytes[i];
    return v;
}

static struct ip from_v6(const unsigned char bytes[static 16])
{
    return (struct ip){read_big_endian(bytes), read_big_endian(bytes + 8)};
}

static struct ip from_v4(struct in_addr a)
{
    return (struct ip){0, mapped | ntohl(a.s_addr)};
}

static bool is_v4(struct ip ip)
{
    return ip.high == 0 && ip.low >> 32 == mapped >> 32;
}

bool ip_read(const char *text, struct ip *out)
{
    struct in_addr v4;
    struct in6_addr v6;
    if (inet_pton(AF_INET, text, &v4) == 1)
        *out = from_v4(v4);
    else if (inet_pton(AF_INET6, text, &v6) == 1)
        *out = from_v6(v6.s6_addr);
    else
        return false;
    return true;
}

bool ip_of_socket(const struct sockaddr *from, struct ip *out)
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    if (from->sa_family == AF_INET) {
        memcpy(&v4, from, sizeof v4);
        *out = from_v4(v4.sin_addr);
    } else if (from->sa_family == AF_INET6) {
        memcpy(&v6, from, sizeof v6);
        *out = from_v6(v6.sin6_addr.s6_addr);
    } else {
        return false;
    }
    return true;
}

const char *ip_write(struct ip ip, char out[static IP_TEXT_MAX])
{
    struct in_addr v4 = {htonl((uint32_t)ip.low)};
    struct in6_addr v6;
    for (int i = 0; i < 8; i++) {
        v6.s6_addr[i] = (unsigned char)(ip.high >> (56 - 8 * i));
        v6.s6_addr[8 + i] = (unsigned char)(ip.low >> (56 - 8 * i));
    }
    if (is_v4(ip))
        inet_ntop(AF_INET, &v4, out, IP_TEXT_MAX);
    else
        inet_ntop(AF_INET6, &v6, out, IP_TEXT_MAX);
    return out;
}

/* ---- networks */

/* A shift by 64 is not one that C knows. */
static uint64_t leading_ones(unsigned n)
{
    return n == 0 ? 0 : ~UINT64_C(0) << (64 - n);
}

static struct ip mask_of(unsigned bits)
{
    return (struct ip){leading_ones(bits < 64 ? bits : 64),
                       leading_ones(bits < 64 ? 0 : bits - 64)};
}

static struct ip masked(struct ip ip, struct ip mask)
{
    return (struct ip){ip.high & mask.high, ip.low & mask.low};
}

static bool same(struct ip a, struct ip b)
{
    return a.high == b.high && a.low == b.low;
}

/* The prefix's length behind the slash: digits, without leading zeros, at most max. */
static bool read_bits(const char *text, size_t n, unsigned max, unsigned *out)
{
    uint64_t bits = 0;
    if (n == 0 || n > 3 || (text[0] == '0' && n > 1) || number_read_u64(text, n, &bits) != n ||
        bits > max)
        return false;
    *out = (unsigned)bits;
    return true;
}

static bool read_host(const char *text, size_t n, struct ip *out)
{
    char host[IP_TEXT_MAX];
    if (n >= sizeof host || memchr(text, '\0', n) != NULL)
        return false;
    memcpy(host, text, n);
    host[n] = '\0';
    return ip_read(host, out);
}

static bool refuse_bits(struct ip whole, struct ip cut, unsigned bits,
                        char why[static PREFIX_WHY_MAX])
{
    char have[IP_TEXT_MAX], want[IP_TEXT_MAX];
    unsigned shown = is_v4(cut) && bits >= MAPPED_BITS ? bits - MAPPED_BITS : bits;
    snprintf(why, PREFIX_WHY_MAX, "%s has bits behind its prefix; did you mean %s/%u?",
             ip_write(whole, have), ip_write(cut, want), shown);
    return false;
}

bool prefix_read(const char *text, size_t n, struct prefix *out, char why[static PREFIX_WHY_MAX])
{
    struct ip ip;
    const char *slash = memchr(text, '/', n);
    size_t host_n = slash != NULL ? (size_t)(slash - text) : n;
    if (!read_host(text, host_n, &ip)) {
        snprintf(why, PREFIX_WHY_MAX, "it needs a numeric address such as 10.0.0.0/8 or fd00::/8");
        return false;
    }
    bool dotted = memchr(text, ':', host_n) == NULL;
    unsigned most = dotted ? BITS - MAPPED_BITS : BITS, bits = most;
    if (slash != NULL && !read_bits(slash + 1, n - host_n - 1, most, &bits)) {
        snprintf(why, PREFIX_WHY_MAX, "the prefix of such a network is 0 to %u", most);
        return false;
    }
    bits += dotted ? MAPPED_BITS : 0;
    struct prefix network = {masked(ip, mask_of(bits)), mask_of(bits)};
    if (!same(network.address, ip))
        return refuse_bits(ip, network.address, bits, why);
    *out = network;
    return true;
}

static bool holds(const struct prefix *network, struct ip ip)
{
    return same(masked(ip, network->mask), network->address);
}

bool ip_is_loopback(struct ip ip)
{
    if (is_v4(ip))
        return (uint8_t)(ip.low >> 24) == 127;
    return ip.high == 0 && ip.low == 1;
}

bool prefixes_hold(const struct prefixes *all, struct ip ip)
{
    bool v4 = is_v4(ip);
    for (uint32_t i = 0; i < all->n; i++)
        if (holds(&all->at[i], ip) && (!v4 || is_v4(all->at[i].address)))
            return true;
    return false;
}

bool prefixes_hold_everybody(const struct prefixes *all)
{
    const struct ip v4_mask = mask_of(MAPPED_BITS), v6_mask = mask_of(0);
    for (uint32_t i = 0; i < all->n; i++)
        if (same(all->at[i].mask, v6_mask) ||
            (same(all->at[i].mask, v4_mask) && is_v4(all->at[i].address)))
            return true;
    return false;
}
