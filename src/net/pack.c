/* net/pack.c -- snappy's and zlib's own calls, a body at a time. */
#include "net/pack.h"

#include <limits.h>
#include <snappy-c.h>
#include <zlib.h>

/* Of lines level 1 leaves a seventh, at a third of the work of level 6. */
enum { LEVEL = 1, GZIP_FRAME = 16, MEMORY = 8 };

static void replace(struct buf *b, struct buf *packed)
{
    buf_fini(b);
    *b = *packed;
}

bool pack_snappy(struct buf *b)
{
    size_t n = snappy_max_compressed_length(b->n);
    struct buf out = {0};
    char *room = buf_room(&out, n);
    if (room == NULL || snappy_compress(b->at, b->n, room, &n) != SNAPPY_OK) {
        buf_fini(&out);
        return false;
    }
    buf_used(&out, n);
    replace(b, &out);
    return true;
}

static bool deflate_all(z_stream *z, const struct buf *b, struct buf *out)
{
    size_t most = deflateBound(z, (uLong)b->n);
    char *room = most <= UINT_MAX && b->n <= UINT_MAX ? buf_room(out, most) : NULL;
    if (room == NULL)
        return false;
    z->next_in = (void *)b->at; /* zlib does not write there */
    z->avail_in = (uInt)b->n;
    z->next_out = (void *)room;
    z->avail_out = (uInt)most;
    if (deflate(z, Z_FINISH) != Z_STREAM_END)
        return false;
    buf_used(out, most - z->avail_out);
    return true;
}

bool pack_gzip(struct buf *b)
{
    z_stream z = {0};
    struct buf out = {0};
    if (deflateInit2(&z, LEVEL, Z_DEFLATED, MAX_WBITS + GZIP_FRAME, MEMORY, Z_DEFAULT_STRATEGY) !=
        Z_OK)
        return false;
    bool good = deflate_all(&z, b, &out);
    deflateEnd(&z);
    if (good)
        replace(b, &out);
    else
        buf_fini(&out);
    return good;
}

bool pack_is_gzip(const struct buf *b)
{
    return b->n > 2 && (unsigned char)b->at[0] == 0x1f && (unsigned char)b->at[1] == 0x8b;
}
