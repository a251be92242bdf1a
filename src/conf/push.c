/* conf/push.c -- a push target's URL, taken apart as far as is needed, and what goes with what.
 *
 *     tcp://host:port  udp://host:port      influx, graphite
 *     http://...       https://...          influx, remote_write */
#include "conf/push.h"

#include "conf/peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The rest of the URL behind its scheme; NULL if it has none of ours. */
static const char *read_scheme(struct conf_push *p)
{
    static const struct {
        const char *prefix;
        enum push_scheme scheme;
    } schemes[] = {{"tcp://", PUSH_TCP},
                   {"udp://", PUSH_UDP},
                   {"http://", PUSH_HTTP},
                   {"https://", PUSH_HTTP}};
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        const char *rest = peer_after(p->peer.url, schemes[i].prefix);
        if (rest != NULL) {
            p->scheme = schemes[i].scheme;
            return rest;
        }
    }
    return NULL;
}

/* host:port, [::1]:port */
static bool read_host_port(struct conf_push *p, const char *rest)
{
    bool six = rest[0] == '[';
    const char *end = strrchr(rest, ':'), *host = rest + six;
    const char *host_end = six ? strchr(rest, ']') : end;
    if (end == NULL || host_end == NULL || end != host_end + six || host == host_end)
        return false;
    size_t n = (size_t)(host_end - host), digits = strspn(end + 1, "0123456789");
    if (n >= sizeof p->host || digits == 0 || digits > 5 || end[1 + digits] != '\0' ||
        atoi(end + 1) < 1 || atoi(end + 1) > UINT16_MAX)
        return false;
    if (!six && memchr(host, ':', n) != NULL)
        return false;
    memcpy(p->host, host, n);
    p->host[n] = '\0';
    memcpy(p->port, end + 1, digits + 1);
    return true;
}

static bool complete_url(struct conf_push *p, char why[static VALUE_WHY_MAX])
{
    const char *rest = read_scheme(p);
    if (rest == NULL)
        snprintf(why, VALUE_WHY_MAX, "it must begin with tcp://, udp://, http:// or https://");
    else if (!peer_host(rest, why))
        return false;
    else if (p->scheme != PUSH_HTTP && !read_host_port(p, rest))
        snprintf(why, VALUE_WHY_MAX, "after the // it needs HOST:PORT or [ADDRESS]:PORT");
    else
        return true;
    return false;
}

static bool complete_name(struct conf_push *at, uint32_t n, char why[static VALUE_WHY_MAX])
{
    struct conf_push *p = &at[n - 1];
    size_t url_n = strcspn(p->peer.url, "?");
    if (p->name[0] == '\0' && url_n >= sizeof p->name) {
        snprintf(why, VALUE_WHY_MAX, "the URL is too long to be one: give it a shorter one");
        return false;
    }
    if (p->name[0] == '\0')
        memcpy(p->name, p->peer.url, url_n);
    for (uint32_t i = 0; i + 1 < n; i++)
        if (strcmp(at[i].name, p->name) == 0) {
            snprintf(why, VALUE_WHY_MAX, "another target has this name or, without a name, URL");
            return false;
        }
    return true;
}

static bool complete_format(struct conf_push *p, char why[static VALUE_WHY_MAX])
{
    if (p->corrections == PUSH_CORRECTIONS_AUTO)
        p->corrections =
            p->format == PUSH_REMOTE_WRITE ? PUSH_CORRECTIONS_DROP : PUSH_CORRECTIONS_SEND;
    if (p->format == PUSH_REMOTE_WRITE && p->scheme != PUSH_HTTP)
        snprintf(why, VALUE_WHY_MAX, "remote_write goes over http:// or https://");
    else if (p->format == PUSH_GRAPHITE && p->scheme == PUSH_HTTP)
        snprintf(why, VALUE_WHY_MAX, "graphite goes over tcp:// or udp://");
    else
        return true;
    return false;
}

static bool complete_compression(const struct conf_push *p, char why[static VALUE_WHY_MAX])
{
    bool fits = p->format == PUSH_INFLUX && p->scheme == PUSH_HTTP;
    if (p->compression == PUSH_GZIP && !fits)
        snprintf(why, VALUE_WHY_MAX,
                 p->format == PUSH_REMOTE_WRITE ? "remote_write is always packed, by snappy"
                                                : "gzip is for influx over http:// or https://");
    return p->compression == PUSH_PLAIN || fits;
}

const char *push_complete(struct conf_push *at, uint32_t n, char why[static VALUE_WHY_MAX])
{
    struct conf_push *p = &at[n - 1];
    if (!complete_url(p, why))
        return "url";
    if (!complete_format(p, why))
        return "format";
    if (!complete_compression(p, why))
        return "compression";
    if (!complete_name(at, n, why))
        return "name";
    return peer_identity(&p->peer, why);
}
