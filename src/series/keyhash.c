/* series/keyhash.c -- hash(key) + hash(sub), each under a secret of its own. The sum of two
 * independent keyed hashes meets another pair's sum with probability 2^-128. */
#include "series/keyhash.h"

#define XXH_INLINE_ALL
#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <xxhash.h>

enum nabla_status secrets_draw(struct secrets *out)
{
    unsigned char *p = (unsigned char *)out, *end = p + sizeof *out;
    while (p < end) {
        ssize_t n = getrandom(p, (size_t)(end - p), 0);
        if (n < 0 && errno != EINTR)
            return NABLA_EIO;
        p += n > 0 ? n : 0;
    }
    return NABLA_OK;
}

static struct keyhash hash_key(const struct secrets *secrets, const struct sample *s)
{
    /* a form is a language of its own: the same bytes in two of them are two keys */
    uint64_t form = (s->form & KEY_FORM) * UINT64_C(0x9e3779b97f4a7c15);
    XXH128_hash_t h = XXH3_128bits_withSecret(s->key, s->key_n, secrets->key, sizeof secrets->key);
    return (struct keyhash){.lo = h.low64 + form, .hi = h.high64};
}

static struct keyhash hash_sub(const struct secrets *secrets, const struct sample *s)
{
    XXH128_hash_t h = XXH3_128bits_withSecret(s->sub, s->sub_n, secrets->sub, sizeof secrets->sub);
    return (struct keyhash){.lo = h.low64, .hi = h.high64};
}

static uint32_t four(const char *p)
{
    uint32_t bytes;
    memcpy(&bytes, p, sizeof bytes);
    return bytes;
}

/* Without a call for names of four to eight bytes, which `value` is one of. */
static inline bool same_bytes(const char *a, const char *b, uint32_t n)
{
    if (n - 4 <= 4)
        return four(a) == four(b) && four(a + n - 4) == four(b + n - 4);
    return memcmp(a, b, n) == 0;
}

static inline bool same_sub(const struct sample *a, const struct sample *b)
{
    return a->sub_n == b->sub_n && (a->sub == b->sub || same_bytes(a->sub, b->sub, a->sub_n));
}

void keyhash_batch(const struct secrets *secrets, const struct batch *batch, struct keyhash *out)
{
    static const struct sample none = {.sub = ""};
    const struct sample *last = &none; /* whose hashes these are */
    struct keyhash key = {0}, sub = {0};
    for (uint32_t i = 0; i < batch->n; i++) {
        const struct sample *s = &batch->at[i];
        if (s->key != last->key || s->form != last->form)
            key = hash_key(secrets, s);
        if (!same_sub(s, last))
            sub = s->sub_n > 0 ? hash_sub(secrets, s) : (struct keyhash){0};
        out[i] = (struct keyhash){.lo = key.lo + sub.lo, .hi = key.hi + sub.hi};
        last = s;
    }
}

struct keyhash keyhash_of_labels(const struct secrets *secrets, const void *bytes, size_t n)
{
    XXH128_hash_t h = XXH3_128bits_withSecret(bytes, n, secrets->sub, sizeof secrets->sub);
    return (struct keyhash){.lo = ~h.low64, .hi = ~h.high64};
}

uint32_t keyhash_bytes(const struct secrets *secrets, const void *bytes, size_t n)
{
    return (uint32_t)XXH3_64bits_withSecret(bytes, n, secrets->key, sizeof secrets->key);
}
