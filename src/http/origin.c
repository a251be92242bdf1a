/* http/origin.c -- two headers that no page can choose. */
#include "http/origin.h"

#include <string.h>
#include <strings.h>

static const char *header(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

bool origin_is_foreign(struct MHD_Connection *connection)
{
    const char *site = header(connection, "Sec-Fetch-Site");
    if (site != NULL)
        return strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0;
    const char *origin = header(connection, MHD_HTTP_HEADER_ORIGIN);
    if (origin == NULL)
        return false;
    const char *host = header(connection, MHD_HTTP_HEADER_HOST);
    const char *named = strstr(origin, "://"); /* "null": a page that is not told whose it is */
    return named == NULL || host == NULL || strcasecmp(named + 3, host) != 0;
}
