/* tests/unit/state/test_snapshot.c -- what a snapshot holds when it is over: the file, and no memory. */
#include "../series/bench.h"

#include "state/snapshot.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { MANY = 10000 };

static void push_all(struct bench *b, int64_t t_ns)
{
    char key[32];
    for (int i = 0; i < MANY; i++) {
        snprintf(key, sizeof key, "m;n=%d", i);
        push(b, key, t_ns, i);
    }
}

static void expect_nothing_held(const struct snapshot *s)
{
    ck_assert_ptr_null(s->puts.bytes.at);
    ck_assert_ptr_null(s->puts.at);
    ck_assert_ptr_null(s->puts.trims);
    ck_assert_ptr_null(s->puts.kept);
    ck_assert_ptr_null(s->chunks);
}

START_TEST(a_large_one_leaves_no_memory_behind)
{
    struct bench b;
    static struct snapshot s;
    struct state_stats stats = {0};
    char directory[] = "/tmp/snapshot-XXXXXX", path[64];
    ck_assert_ptr_nonnull(mkdtemp(directory));
    struct state_options o = {.directory = directory, .stats = &stats};
    setup(&b, 2, 2 * MANY, policy_default());
    snapshot_init(&s, &o);
    for (int i = 0; i < 3;
         i++) { /* the whole table, a change of all of it, and one of a single series */
        if (i < 2)
            push_all(&b, t0 + i * S);
        else
            push(&b, "m;n=7", t0 + i * S, 1);
        ck_assert(snapshot_write(&s, b.table));
        expect_nothing_held(&s);
    }
    ck_assert_uint_gt(counted(&stats.saved_series), 2 * MANY);
    snapshot_fini(&s);
    snprintf(path, sizeof path, "%s/state.mdb", directory);
    ck_assert_int_eq(unlink(path), 0);
    rmdir(directory);
    teardown(&b);
}
END_TEST

/* A folder that is not there costs the snapshot, and no memory either. */
START_TEST(nor_does_one_that_fails)
{
    struct bench b;
    static struct snapshot s;
    struct state_stats stats = {0};
    struct state_options o = {.directory = "/nowhere/at/all", .stats = &stats};
    setup(&b, 1, 2 * MANY, policy_default());
    push_all(&b, t0);
    snapshot_init(&s, &o);
    ck_assert(!snapshot_write(&s, b.table));
    expect_nothing_held(&s);
    ck_assert_uint_eq(counted(&stats.failures), 1);
    snapshot_fini(&s);
    teardown(&b);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("state/snapshot");
    TCase *t = tcase_create("snapshot");
    tcase_set_timeout(t, 120);
    tcase_add_test(t, a_large_one_leaves_no_memory_behind);
    tcase_add_test(t, nor_does_one_that_fails);
    suite_add_tcase(s, t);
    return s;
}
