/* series/keyhash.h -- the 128-bit name of a raw key: XXH3 with secrets drawn at random when the
 * process starts, so that nobody outside can craft two keys that meet. */
#ifndef SERIES_KEYHASH_H
#define SERIES_KEYHASH_H

#include "base/sample.h"

#include <stdbool.h>
#include <stdint.h>

enum { KEYHASH_SECRET = 192 };

struct keyhash {
    uint64_t lo, hi;
};

struct secrets {
    unsigned char key[KEYHASH_SECRET], sub[KEYHASH_SECRET];
};

/* Errors: NABLA_EIO if the kernel has no random bytes. */
MUST_CHECK enum nabla_status secrets_draw(struct secrets *out);

/* Hashes batch->at[i] into out[i]. A line's fields share its key, lines that follow each other most
 * often their field's name: each is hashed once. */
void keyhash_batch(const struct secrets *secrets, const struct batch *batch, struct keyhash *out);

/* For labels whose spelling nobody knows: meets no raw key's. */
struct keyhash keyhash_of_labels(const struct secrets *secrets, const void *bytes, size_t n);

/* 32 bits of the hash of any bytes. */
uint32_t keyhash_bytes(const struct secrets *secrets, const void *bytes, size_t n);

static inline bool keyhash_equal(struct keyhash a, struct keyhash b)
{
    return a.lo == b.lo && a.hi == b.hi;
}

/* What an index goes by, and what chooses the shard: different bits. */
static inline uint32_t keyhash_tag(struct keyhash h)
{
    return (uint32_t)h.lo;
}

static inline uint32_t keyhash_shard(struct keyhash h, uint32_t shards)
{
    return (uint32_t)(h.lo >> 40) & (shards - 1);
}

#endif
