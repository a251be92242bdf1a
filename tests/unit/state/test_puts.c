/* tests/unit/state/test_puts.c -- what a transaction leaves in a file: values put and taken away, points trimmed; keys in
 * the order of what they name. */
#include "state/health.h"
#include "state/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "suite.h"

static char folder[64], path[128];
static struct store *store;
static char left[256]; /* what the file has, as text */

static void setup(void)
{
    const struct store_meta meta = {0};
    char why[STORE_WHY_MAX];
    strcpy(folder, "/tmp/nabla-puts-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/state.mdb", folder);
    ck_assert_int_eq(store_make(path, &meta, &store, why), NABLA_OK);
}

static void teardown(void)
{
    store_close(store);
    unlink(path);
    ck_assert_int_eq(rmdir(folder), 0);
}

static void put(struct puts *p, const struct key *key, size_t n)
{
    size_t offset = p->bytes.n;
    buf_add(&p->bytes, "xxxxxxxx", n);
    ck_assert_int_eq(puts_add(p, key, offset), NABLA_OK);
}

static void apply(struct puts *p)
{
    char why[STORE_WHY_MAX];
    ck_assert_int_eq(store_write(store, p, why), NABLA_OK);
    puts_fini(p);
}

static void on_value(void *ctx, const struct store_value *v)
{
    size_t n = strlen(left);
    (void)ctx;
    if (v->key.kind == KEY_POINTS)
        snprintf(left + n, sizeof left - n, "%u@%lld ", v->key.number, (long long)v->key.first_ns);
    else
        snprintf(left + n, sizeof left - n, "%c%llu ", (char)v->key.kind,
                 (unsigned long long)(v->key.kind == KEY_ALERT ? v->key.id : v->key.number));
}

static const char *what_is_left(void)
{
    uint64_t bad = 0;
    left[0] = '\0';
    ck_assert_int_eq(health_read(path, on_value, NULL, &bad), NABLA_OK);
    ck_assert_uint_eq(bad, 0);
    return left;
}

static void put_blocks(void)
{
    static const struct key keys[] = {{.kind = KEY_POINTS, .number = 1, .first_ns = -5},
                                      {.kind = KEY_POINTS, .number = 1, .first_ns = 3},
                                      {.kind = KEY_POINTS, .number = 1, .first_ns = 9},
                                      {.kind = KEY_POINTS, .number = 2, .first_ns = 0},
                                      {.kind = KEY_POINTS, .number = 4, .first_ns = 7},
                                      {.kind = KEY_CHUNK, .number = 1}};
    struct puts p = {0};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        put(&p, &keys[i], 3);
    apply(&p);
}

static const struct row {
    uint32_t place, n;
    struct trim_kept kept[2];
    uint32_t kept_n;
    const char *left;
} rows[] = {
    {0, 4, {{0}}, 0, "c1 4@7 "},
    {0, 4, {{1, 4}}, 1, "c1 1@3 1@9 4@7 "}, /* the block of 3 holds what is of 4 and later */
    {0, 4, {{1, 9}, {2, 0}}, 2, "c1 1@9 2@0 4@7 "},
    {0, 4, {{1, -9}}, 1, "c1 1@-5 1@3 1@9 4@7 "},
    {2, 3, {{4, 99}}, 1, "c1 1@-5 1@3 1@9 4@7 "}, /* the newest block of a series stays */
    {5, 9, {{0}}, 0, "c1 1@-5 1@3 1@9 2@0 4@7 "},
};

START_TEST(points_are_trimmed)
{
    const struct row *r = &rows[_i];
    struct puts p = {0};
    put_blocks();
    ck_assert_int_eq(puts_trim(&p, 0, r->place, r->n), NABLA_OK);
    for (uint32_t i = 0; i < r->kept_n; i++)
        ck_assert_int_eq(puts_trim_keep(&p, r->kept[i].place, r->kept[i].from_ns), NABLA_OK);
    apply(&p);
    ck_assert_str_eq(what_is_left(), r->left);
}
END_TEST

START_TEST(without_bytes_it_goes)
{
    const struct key alert = {.kind = KEY_ALERT, .id = UINT64_MAX},
                     none = {.kind = KEY_ALERT, .id = 1};
    struct puts p = {0};
    put(&p, &alert, 2);
    apply(&p);
    ck_assert_str_eq(what_is_left(), "s18446744073709551615 ");
    put(&p, &none, 0); /* it was never there */
    put(&p, &alert, 0);
    apply(&p);
    ck_assert_str_eq(what_is_left(), "");
}
END_TEST

/* Whatever a key names, it is read as it was put, and a later kind, number or time stands behind. */
START_TEST(keys)
{
    static const struct key in_order[] = {{.kind = KEY_CHUNK, .shard = 0, .number = UINT32_MAX},
                                          {.kind = KEY_CHUNK, .shard = 1},
                                          {.kind = KEY_TARGETS},
                                          {.kind = KEY_POINTS, .first_ns = INT64_MIN},
                                          {.kind = KEY_POINTS, .first_ns = -1},
                                          {.kind = KEY_POINTS, .first_ns = 0},
                                          {.kind = KEY_POINTS, .number = 1, .first_ns = INT64_MIN},
                                          {.kind = KEY_RULE, .number = 255},
                                          {.kind = KEY_RULE, .number = 256},
                                          {.kind = KEY_ALERT, .id = 1},
                                          {.kind = KEY_ALERT, .id = UINT64_MAX}};
    unsigned char before[KEY_MAX] = {0}, bytes[KEY_MAX];
    for (size_t i = 0; i < sizeof in_order / sizeof *in_order; i++) {
        struct key got;
        size_t n = key_put(&in_order[i], bytes);
        ck_assert(key_get(bytes, n, &got));
        ck_assert(got.kind == in_order[i].kind && got.shard == in_order[i].shard &&
                  got.number == in_order[i].number && got.id == in_order[i].id);
        ck_assert(!key_get(bytes, n - 1, &got));
        ck_assert_msg(memcmp(before, bytes, n) < 0, "key %zu", i);
        memset(before, 0, sizeof before);
        memcpy(before, bytes, n);
    }
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("state/puts");
    TCase *t = tcase_create("puts");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, points_are_trimmed, 0, sizeof rows / sizeof *rows);
    tcase_add_test(t, without_bytes_it_goes);
    tcase_add_test(t, keys);
    suite_add_tcase(s, t);
    return s;
}
