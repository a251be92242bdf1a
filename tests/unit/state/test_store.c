/* A file that must grow when there is no memory for its map. */
#include "state/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "no_map.h"
#include "suite.h"

enum { MIB = 1024 * 1024, TOO_MUCH = 20 * MIB }; /* for the first map */

static char folder[64], path[128];

static void setup(void)
{
    strcpy(folder, "/tmp/nabla-store-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/state.mdb", folder);
}

static void teardown(void)
{
    unlink(path);
    ck_assert_int_eq(rmdir(folder), 0);
}

/* One value of so many bytes. */
static void fill(struct puts *p, size_t n)
{
    const struct key key = {.kind = KEY_CHUNK};
    memset(buf_room(&p->bytes, n), 'x', n);
    buf_used(&p->bytes, n);
    ck_assert_int_eq(puts_add(p, &key, 0), NABLA_OK);
}

START_TEST(no_memory_for_a_larger_map)
{
    const struct store_meta meta = {0};
    char why[STORE_WHY_MAX];
    struct store *s;
    struct puts p = {0};
    fill(&p, TOO_MUCH);
    ck_assert_int_eq(store_make(path, &meta, &s, why), NABLA_OK);
    no_map = true;
    ck_assert_int_eq(store_write(s, &p, why), NABLA_ENOMEM);
    no_map = false;
    ck_assert(store_is_lost(s));
    ck_assert_int_eq(store_write(s, &p, why), NABLA_EIO); /* and no crash */
    ck_assert_int_eq(store_settle(s, why), NABLA_EIO);
    store_close(s);
    ck_assert_int_eq(store_make(path, &meta, &s, why), NABLA_OK);
    ck_assert_int_eq(store_write(s, &p, why), NABLA_OK);
    ck_assert(!store_is_lost(s));
    store_close(s);
    puts_fini(&p);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("state/store");
    TCase *t = tcase_create("store");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, no_memory_for_a_larger_map);
    suite_add_tcase(s, t);
    return s;
}
