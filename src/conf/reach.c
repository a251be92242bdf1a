/* conf/reach.c -- nobody listens to the world by accident. */
#include "conf/reach.h"

#include "base/prefix.h"

#include <stdio.h>

static bool is_loopback(const struct conf_address *address)
{
    struct ip ip;
    return ip_read(address->host, &ip) && ip_is_loopback(ip);
}

bool reach_guarded(const struct conf_listener *l)
{
    return l->client_ca_file[0] != '\0' || l->hmac_key_file[0] != '\0' ||
           (l->allow.n > 0 && !prefixes_hold_everybody(&l->allow));
}

bool reach_allowed(const struct conf_address *address, bool guarded, bool insecure,
                   const char *remedies, char why[static REACH_WHY_MAX])
{
    if (guarded || insecure || is_loopback(address))
        return true;
    snprintf(
        why, REACH_WHY_MAX,
        "others than this machine can reach %s, and nothing keeps strangers out: give it %s, or "
        "say insecure: true",
        address->host, remedies);
    return false;
}
