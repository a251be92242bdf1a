/* http/gzip.c -- zlib's deflate with gzip's frame, and who asked for it. */
#include "http/gzip.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>

/* Of exposition text level 1 leaves a ninth, level 6 a twelfth, at four times the work. */
enum { LEVEL = 1, GZIP_FRAME = 16, ROOM = 16 * 1024 };

struct gzip {
    z_stream z;
};

enum nabla_status gzip_new(struct gzip **out)
{
    struct gzip *g = calloc(1, sizeof *g);
    if (g == NULL)
        return NABLA_ENOMEM;
    if (deflateInit2(&g->z, LEVEL, Z_DEFLATED, MAX_WBITS + GZIP_FRAME, 8, Z_DEFAULT_STRATEGY) !=
        Z_OK) {
        free(g);
        return NABLA_ENOMEM;
    }
    *out = g;
    return NABLA_OK;
}

void gzip_free(struct gzip *g)
{
    if (g == NULL)
        return;
    deflateEnd(&g->z);
    free(g);
}

void gzip_add(struct gzip *g, const void *bytes, size_t n, bool last, struct buf *out)
{
    g->z.next_in = (void *)(uintptr_t)bytes; /* zlib does not write there */
    g->z.avail_in = (uInt)n;
    int state;
    do {
        char *room = buf_room(out, ROOM);
        if (room == NULL)
            return;
        g->z.next_out = (void *)room;
        g->z.avail_out = ROOM;
        state = deflate(&g->z, last ? Z_FINISH : Z_NO_FLUSH);
        buf_used(out, ROOM - g->z.avail_out);
    } while (g->z.avail_out == 0 || (last && state == Z_OK));
}

/* One coding of the header, "gzip;q=0.5": is q more than 0? */
static bool is_accepted(const char *p, size_t n)
{
    const char *q = memchr(p, ';', n);
    if (q == NULL)
        return true;
    size_t rest = n - (size_t)(q - p);
    size_t digits = 0;
    while (digits < rest && strchr("; \tqQ=", q[digits]) != NULL)
        digits++;
    for (; digits < rest; digits++)
        if (q[digits] >= '1' && q[digits] <= '9')
            return true;
    return false;
}

bool gzip_wanted(const char *accept_encoding)
{
    for (const char *p = accept_encoding; p != NULL && *p != '\0';) {
        p += strspn(p, " \t,");
        size_t n = strcspn(p, ","), name = strcspn(p, " \t;,");
        if ((name == 4 && strncasecmp(p, "gzip", 4) == 0) ||
            (name == 6 && strncasecmp(p, "x-gzip", 6) == 0))
            return is_accepted(p, n);
        p += n;
    }
    return false;
}
