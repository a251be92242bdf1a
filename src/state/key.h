/* state/key.h -- keys of a file's values, most significant byte first, so that they lie in the order of what they name.
 *
 *     c | shard u8 | chunk u32                      p | shard u8 | place u32 | time u64, INT64_MIN being 0 */
#ifndef STATE_KEY_H
#define STATE_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum key_kind { KEY_CHUNK = 'c', KEY_POINTS = 'p' };
enum { KEY_MAX = 14 };

struct key {
    enum key_kind kind;
    uint32_t shard, number; /* the chunk's, or the place */
    int64_t first_ns;       /* of points: where their block begins */
};

static inline unsigned char *key_put_number(unsigned char *p, uint64_t v, int bytes)
{
    for (int i = bytes - 1; i >= 0; i--)
        *p++ = (unsigned char)(v >> 8 * i & 0xff);
    return p;
}

/* Returns how many bytes it has. */
static inline size_t key_put(const struct key *k, unsigned char out[static KEY_MAX])
{
    unsigned char *p = key_put_number(out, k->kind, 1);
    p = key_put_number(key_put_number(p, k->shard, 1), k->number, 4);
    if (k->kind == KEY_POINTS)
        p = key_put_number(p, (uint64_t)k->first_ns ^ UINT64_C(1) << 63, 8);
    return (size_t)(p - out);
}

static inline uint64_t key_get_number(const unsigned char *p, int bytes)
{
    uint64_t v = 0;
    for (int i = 0; i < bytes; i++)
        v = v << 8 | p[i];
    return v;
}

/* False if it is none of these. */
static inline bool key_get(const unsigned char *p, size_t n, struct key *out)
{
    bool chunk = n == 6 && p[0] == KEY_CHUNK, points = n == KEY_MAX && p[0] == KEY_POINTS;
    if (!chunk && !points)
        return false;
    *out = (struct key){
        .kind = (enum key_kind)p[0], .shard = p[1], .number = (uint32_t)key_get_number(p + 2, 4)};
    if (points)
        out->first_ns = (int64_t)(key_get_number(p + 6, 8) ^ UINT64_C(1) << 63);
    return true;
}

#endif
