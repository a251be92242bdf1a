/* state/key.h -- keys of a file's values, most significant byte first, so that they lie in the order of what they name.
 *
 *     c | shard u8 | chunk u32                      p | shard u8 | place u32 | time u64, INT64_MIN being 0
 *     n          r | number u32          s | id u64       targets, rules and states of alerts, in this order */
#ifndef STATE_KEY_H
#define STATE_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum key_kind {
    KEY_CHUNK = 'c',
    KEY_POINTS = 'p',
    KEY_TARGETS = 'n',
    KEY_RULE = 'r',
    KEY_ALERT = 's'
};
enum { KEY_MAX = 14 };

struct key {
    enum key_kind kind;
    uint32_t shard, number; /* the chunk's, the place, or the rule's */
    union {
        int64_t first_ns; /* of points: where their block begins */
        uint64_t id;      /* the alert's */
    };
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
    bool of_series = k->kind == KEY_CHUNK || k->kind == KEY_POINTS;
    if (of_series)
        p = key_put_number(p, k->shard, 1);
    if (of_series || k->kind == KEY_RULE)
        p = key_put_number(p, k->number, 4);
    if (k->kind == KEY_POINTS)
        p = key_put_number(p, (uint64_t)k->first_ns ^ UINT64_C(1) << 63, 8);
    if (k->kind == KEY_ALERT)
        p = key_put_number(p, k->id, 8);
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
    if (n == 0)
        return false;
    *out = (struct key){.kind = (enum key_kind)p[0]};
    switch (p[0]) {
    case KEY_TARGETS: return n == 1;
    case KEY_RULE: out->number = n == 5 ? (uint32_t)key_get_number(p + 1, 4) : 0; return n == 5;
    case KEY_ALERT: out->id = n == 9 ? key_get_number(p + 1, 8) : 0; return n == 9;
    case KEY_CHUNK:
    case KEY_POINTS: break;
    default: return false;
    }
    if (n != (p[0] == KEY_CHUNK ? 6 : KEY_MAX))
        return false;
    out->shard = p[1];
    out->number = (uint32_t)key_get_number(p + 2, 4);
    if (p[0] == KEY_POINTS)
        out->first_ns = (int64_t)(key_get_number(p + 6, 8) ^ UINT64_C(1) << 63);
    return true;
}

#endif
