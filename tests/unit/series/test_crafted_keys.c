/* Keys that someone crafted to meet, knowing the hash function but not this process' secret. */
#include "series/keyhash.h"

#include "suite.h"

#include <stdio.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

enum {
    BINS = 64,
    A_BIN = 16, /* keys, on average */
    KEYS = BINS * A_BIN,
    /* of a bin of 16 on average: chance fills one of 64 so far less than once in 10^12 runs */
    A_BIN_MAX = 60,
    KEY_ROOM = 64,
};

struct crafted {
    char text[KEYS][KEY_ROOM];
    struct batch batch;
};

/* Keys whose XXH3 under the public secret, 64 and 128 bits wide, ends in the same six bits. */
static void craft(struct crafted *c)
{
    c->batch.n = 0;
    for (unsigned number = 0; c->batch.n < KEYS; number++) {
        char *text = c->text[c->batch.n];
        uint32_t n = (uint32_t)snprintf(text, KEY_ROOM, "temperature,sensor=s%u", number);
        if (XXH3_64bits(text, n) % BINS != 0 || XXH3_128bits(text, n).low64 % BINS != 0)
            continue;
        c->batch.at[c->batch.n++] =
            (struct sample){.key = text, .key_n = n, .sub = "", .form = KEY_INFLUX};
    }
}

static unsigned fullest(const unsigned bins[BINS])
{
    unsigned most = 0;
    for (int i = 0; i < BINS; i++)
        most = bins[i] > most ? bins[i] : most;
    return most;
}

START_TEST(crafted_keys_spread)
{
    static struct crafted c;
    struct secrets secrets;
    struct keyhash keys[KEYS];
    unsigned by_tag[BINS] = {0}, by_shard[BINS] = {0};
    craft(&c);
    ck_assert_int_eq(secrets_draw(&secrets), NABLA_OK);
    keyhash_batch(&secrets, &c.batch, keys);
    for (int i = 0; i < KEYS; i++) {
        by_tag[keyhash_tag(keys[i]) % BINS]++;
        by_shard[keyhash_shard(keys[i], BINS)]++;
    }
    ck_assert_uint_lt(fullest(by_tag), A_BIN_MAX);
    ck_assert_uint_lt(fullest(by_shard), A_BIN_MAX);
}
END_TEST

START_TEST(each_process_has_its_own_secret)
{
    struct secrets a, b;
    struct keyhash one, other;
    static struct batch batch = {.n = 1,
                                 .at = {{.key = "m", .key_n = 1, .sub = "field", .sub_n = 5}}};
    ck_assert_int_eq(secrets_draw(&a), NABLA_OK);
    ck_assert_int_eq(secrets_draw(&b), NABLA_OK);
    keyhash_batch(&a, &batch, &one);
    keyhash_batch(&b, &batch, &other);
    ck_assert(!keyhash_equal(one, other));
    b = a;
    memset(b.sub, 0, sizeof b.sub); /* the field's name has a secret of its own */
    keyhash_batch(&b, &batch, &other);
    ck_assert(!keyhash_equal(one, other));
}
END_TEST

Suite *suite(void)
{
    TCase *t = tcase_create("crafted keys");
    tcase_add_loop_test(t, crafted_keys_spread, 0, 8);
    tcase_add_test(t, each_process_has_its_own_secret);
    Suite *s = suite_create("series/crafted_keys");
    suite_add_tcase(s, t);
    return s;
}
