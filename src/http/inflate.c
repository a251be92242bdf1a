/* http/inflate.c -- zlib's inflate, gzip's frame only.
 * Laws: cutting the input anywhere changes nothing; no input makes it write more than out has room
 * for (test_inflate.c). */
#include "http/inflate.h"

#include <stdint.h>
#include <stdlib.h>
#include <zlib.h>

enum { GZIP_FRAME = 16 };

struct inflater {
    z_stream z;
    bool whole; /* the last member has ended, and nothing came behind it */
};

enum nabla_status inflater_new(struct inflater **out)
{
    struct inflater *i = calloc(1, sizeof *i);
    if (i == NULL)
        return NABLA_ENOMEM;
    if (inflateInit2(&i->z, MAX_WBITS + GZIP_FRAME) != Z_OK) {
        free(i);
        return NABLA_ENOMEM;
    }
    *out = i;
    return NABLA_OK;
}

void inflater_free(struct inflater *i)
{
    if (i == NULL)
        return;
    inflateEnd(&i->z);
    free(i);
}

/* One member, or what there is of it. */
static int go_on(struct inflater *i)
{
    if (i->whole && i->z.avail_in > 0) {
        inflateReset(&i->z);
        i->whole = false;
    }
    int state = inflate(&i->z, Z_NO_FLUSH);
    i->whole |= state == Z_STREAM_END;
    return state;
}

enum nabla_status inflater_take(struct inflater *i, const void *in, size_t n, size_t *used,
                                char *out, size_t *out_n)
{
    int state = Z_OK;
    i->z.next_in = (void *)(uintptr_t)in; /* zlib does not write there */
    i->z.avail_in = (uInt)n;
    i->z.next_out = (void *)out;
    i->z.avail_out = (uInt)*out_n;
    do
        state = i->whole && i->z.avail_in == 0 ? Z_BUF_ERROR : go_on(i);
    while (state == Z_STREAM_END && i->z.avail_in > 0 && i->z.avail_out > 0);
    *used = n - i->z.avail_in;
    *out_n -= i->z.avail_out;
    return state == Z_OK || state == Z_STREAM_END || state == Z_BUF_ERROR ? NABLA_OK
           : state == Z_MEM_ERROR                                         ? NABLA_ENOMEM
                                                                          : NABLA_EINVAL;
}

bool inflater_is_whole(const struct inflater *i)
{
    return i->whole;
}
