/* conf/peer.c -- a URL that can be asked, and which keys go with which. */
#include "conf/peer.h"

#include <stdio.h>
#include <string.h>

const char *peer_after(const char *text, const char *prefix)
{
    size_t n = strlen(prefix);
    return strncmp(text, prefix, n) == 0 ? text + n : NULL;
}

bool peer_host(const char *rest, char why[static VALUE_WHY_MAX])
{
    if (memchr(rest, '@', strcspn(rest, "/?")) != NULL)
        snprintf(why, VALUE_WHY_MAX,
                 "a name and a password do not belong there: use username and password_file");
    else if (strcspn(rest, "/?") == 0)
        snprintf(why, VALUE_WHY_MAX, "the host is missing");
    else
        return true;
    return false;
}

bool peer_url(const char *url, char why[static VALUE_WHY_MAX])
{
    const char *rest = peer_after(url, "http://");
    if (rest == NULL)
        rest = peer_after(url, "https://");
    if (rest != NULL)
        return peer_host(rest, why);
    snprintf(why, VALUE_WHY_MAX, "it must begin with http:// or https://");
    return false;
}

const char *peer_identity(const struct conf_peer *p, char why[static VALUE_WHY_MAX])
{
    if (p->username[0] != '\0' && p->bearer_token_file[0] != '\0') {
        snprintf(why, VALUE_WHY_MAX, "it cannot go with username");
        return "bearer_token_file";
    }
    if (p->password_file[0] != '\0' && p->username[0] == '\0') {
        snprintf(why, VALUE_WHY_MAX, "it needs a username");
        return "password_file";
    }
    return NULL;
}

const char *peer_fault(const struct conf_peer *at, uint32_t n, char why[static VALUE_WHY_MAX])
{
    const struct conf_peer *p = &at[n - 1];
    if (!peer_url(p->url, why))
        return "url";
    for (uint32_t i = 0; i + 1 < n; i++)
        if (strcmp(at[i].url, p->url) == 0) {
            snprintf(why, VALUE_WHY_MAX, "another has this URL");
            return "url";
        }
    return peer_identity(p, why);
}
