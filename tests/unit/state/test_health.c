/* tests/unit/state/test_health.c -- files that are not as they should be: what is said of each, and that it is said.
 *
 *     page 0, 1: LMDB's metas | ... | root: a branch | leaves: the meta's value, small values | pages of a large one
 *
 * A row changes bytes of a good file where LMDB has what it names: newest meta, root, leaf. */
#include "state/health.h"

#include "series/saved.h"
#include "state/store.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "suite.h"

enum {
    PAGE = 4096,
    META_AT = 16, /* behind a page's head; from there on: */
    META_VERSION = 4,
    META_ENTRIES = 104,
    META_ROOT = 112,
    META_TXN = 128,
    HEAD_FLAGS = 10, /* of a page's head */
    HEAD_LOWER = 12,
    HEAD_BYTES = 16,
    BLOCKS = 400,
    LARGE = 2000 /* points of a block that has pages of its own */
};

static char folder[64], path[128];
static unsigned char *bytes; /* of the file */
static size_t size;

/* ---- a good one */

static void put_block(struct puts *p, uint32_t place, int points)
{
    const struct key key = {.kind = KEY_POINTS, .number = place, .first_ns = 1};
    size_t offset = p->bytes.n;
    for (int i = 0; i < points; i++) {
        const struct kept_point x = {.t_ns = 1 + i, .value = place, .order = 2};
        saved_put_point(&p->bytes, &x);
    }
    ck_assert_int_eq(puts_add(p, &key, offset), NABLA_OK);
}

static void make_good(void)
{
    const struct store_meta meta = {.made_ns = 7};
    char why[STORE_WHY_MAX];
    struct store *s;
    struct puts p = {0};
    for (uint32_t i = 0; i < BLOCKS; i++)
        put_block(&p, i, 4);
    put_block(&p, BLOCKS, LARGE);
    ck_assert_int_eq(store_make(path, &meta, &s, why), NABLA_OK);
    ck_assert_int_eq(store_write(s, &p, why), NABLA_OK);
    ck_assert_int_eq(store_settle(s, why), NABLA_OK);
    store_close(s);
    puts_fini(&p);
}

static void read_bytes(void)
{
    struct stat st;
    FILE *f = fopen(path, "rb");
    ck_assert_ptr_nonnull(f);
    ck_assert_int_eq(fstat(fileno(f), &st), 0);
    size = (size_t)st.st_size;
    bytes = malloc(size);
    ck_assert_uint_eq(fread(bytes, 1, size, f), size);
    fclose(f);
}

static void write_bytes(void)
{
    FILE *f = fopen(path, "wb");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(bytes, 1, size, f), size);
    fclose(f);
}

static void setup(void)
{
    strcpy(folder, "/tmp/nabla-health-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/state.mdb", folder);
    make_good();
    read_bytes();
}

static void teardown(void)
{
    free(bytes);
    unlink(path);
    ck_assert_int_eq(rmdir(folder), 0);
}

/* ---- where what is: LMDB writes a file in this machine's order of bytes */

static uint64_t number_at(const unsigned char *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

static unsigned char *newest_meta(void)
{
    unsigned char *first = bytes + META_AT, *second = first + PAGE;
    return number_at(first + META_TXN) > number_at(second + META_TXN) ? first : second;
}

static unsigned char *root(void)
{
    return bytes + PAGE * number_at(newest_meta() + META_ROOT);
}

/* The i-th node of a page: 4 bytes of number or length, flags, length of its key, key. */
static unsigned char *node(unsigned char *page, int i)
{
    uint16_t at;
    memcpy(&at, page + HEAD_BYTES + 2 * i, sizeof at);
    return page + at;
}

static int nodes(const unsigned char *page)
{
    uint16_t lower;
    memcpy(&lower, page + HEAD_LOWER, sizeof lower);
    return (lower - HEAD_BYTES) / 2;
}

static unsigned char *child(int i)
{
    uint32_t number;
    ck_assert_uint_eq(root()[HEAD_FLAGS], 1); /* a branch */
    ck_assert_int_gt(nodes(root()), 2);
    memcpy(&number, node(root(), i), sizeof number);
    return bytes + PAGE * (size_t)number;
}

static unsigned char *last_leaf(void)
{
    return child(nodes(root()) - 1);
}

/* In the first leaf, whose first value is the meta: other pages may hold what it was before. */
static unsigned char *find(const char *text)
{
    unsigned char *at = memmem(child(0), PAGE, text, strlen(text));
    ck_assert_ptr_nonnull(at);
    return at;
}

/* ---- changes */

static void nothing(void) {}

static void no_bytes(void)
{
    size = 0;
}

static void half(void)
{
    size /= 2;
}

static void short_of_one_page(void)
{
    size = 100;
}

static void a_text(void)
{
    for (size_t i = 0; i < size; i++)
        bytes[i] = "hello, world\n"[i % 13];
}

static void metas(void)
{
    memset(bytes + META_AT, 0x55, 4);
    memset(bytes + PAGE + META_AT, 0x55, 4);
}

static void version_of_lmdb(void)
{
    bytes[META_AT + META_VERSION] = bytes[PAGE + META_AT + META_VERSION] = 99;
}

static void root_beyond_the_file(void)
{
    memset(newest_meta() + META_ROOT, 0x11, 7);
}

static void one_entry_more(void)
{
    newest_meta()[META_ENTRIES]++;
}

static void root_of_no_kind(void)
{
    root()[HEAD_FLAGS] = 0;
}

static void inner_random(void)
{
    memset(root() + HEAD_BYTES, 0xa5, PAGE - HEAD_BYTES);
}

static void inner_in_a_circle(void)
{
    uint32_t number = (uint32_t)number_at(newest_meta() + META_ROOT);
    memcpy(node(root(), 1), &number, sizeof number);
}

static void inner_twice_the_same(void)
{
    memcpy(node(root(), 1), node(root(), 2), sizeof(uint32_t));
}

static void leaf_of_zeros(void)
{
    memset(child(1), 0, PAGE);
}

static void no_value_of_ours(void)
{
    memcpy(find("meta"), "mexa", 4);
}

static void values_magic(void)
{
    find("NABLAST")[0] = 'n';
}

static void value_of_meta(void)
{
    find("NABLAST")[40] ^= 1;
}

static void later_version(void)
{
    find("NABLAST")[8] = STORE_VERSION + 1;
}

static void one_value(void)
{
    node(child(1), 0)[8 + KEY_MAX + SUM_BYTES + 3] ^= 1;
}

static void one_key(void)
{
    node(child(1), 0)[8] = 'z';
}

/* As long as all bytes from there on: it ends where the file does, and no sum would be asked for beyond. */
static void value_longer_than_the_file(void)
{
    unsigned char *page = last_leaf(), *n = node(page, nodes(page) - 1);
    uint32_t length = (uint32_t)size;
    ck_assert_uint_eq(n[4], 1); /* its value has pages of its own */
    memcpy(n, &length, sizeof length);
}

static void value_behind_the_end(void)
{
    unsigned char *page = last_leaf(), *n = node(page, nodes(page) - 1);
    uint32_t length = UINT32_MAX;
    memcpy(n, &length, sizeof length);
}

static const struct row {
    const char *label;
    void (*change)(void);
    enum health checked, walked;
    uint64_t bad; /* of one that is spoilt: values that are left out */
} rows[] = {
    {"good", nothing, HEALTH_GOOD, HEALTH_GOOD, 0},
    {"empty", no_bytes, HEALTH_DAMAGED, HEALTH_DAMAGED, 0},
    {"half of it", half, HEALTH_DAMAGED, HEALTH_DAMAGED, 0},
    {"shorter than a page", short_of_one_page, HEALTH_FOREIGN, HEALTH_FOREIGN, 0},
    {"a text", a_text, HEALTH_FOREIGN, HEALTH_FOREIGN, 0},
    {"both metas of LMDB's", metas, HEALTH_FOREIGN, HEALTH_FOREIGN, 0},
    {"another version of LMDB", version_of_lmdb, HEALTH_FOREIGN, HEALTH_FOREIGN, 0},
    {"root beyond the file", root_beyond_the_file, HEALTH_DAMAGED, HEALTH_DAMAGED, 0},
    {"more entries than there are", one_entry_more, HEALTH_DAMAGED, HEALTH_DAMAGED, 0},
    {"root of no kind", root_of_no_kind, HEALTH_DAMAGED, HEALTH_DAMAGED, 0},
    {"inner page, random", inner_random, HEALTH_DAMAGED, HEALTH_DAMAGED, 0},
    {"inner page, in a circle", inner_in_a_circle, HEALTH_DAMAGED, HEALTH_DAMAGED, 0},
    {"inner page, one leaf twice", inner_twice_the_same, HEALTH_SPOILT, HEALTH_GOOD, 1},
    {"leaf of zeros", leaf_of_zeros, HEALTH_DAMAGED, HEALTH_DAMAGED, 0},
    {"no value of ours", no_value_of_ours, HEALTH_FOREIGN, HEALTH_FOREIGN, 0},
    {"a meta that is none", values_magic, HEALTH_FOREIGN, HEALTH_FOREIGN, 0},
    {"meta's value", value_of_meta, HEALTH_DAMAGED, HEALTH_DAMAGED, 0},
    {"a later version", later_version, HEALTH_NEWER, HEALTH_NEWER, 0},
    {"a value", one_value, HEALTH_SPOILT, HEALTH_GOOD, 1},
    {"a key", one_key, HEALTH_SPOILT, HEALTH_GOOD, 1},
    {"longer than the file", value_longer_than_the_file, HEALTH_DAMAGED, HEALTH_DAMAGED, 0},
    {"behind the end", value_behind_the_end, HEALTH_DAMAGED, HEALTH_DAMAGED, 0},
};

static void on_value(void *ctx, const struct store_value *v)
{
    uint64_t *n = ctx;
    *n += v->n > 0;
}

static void expect_read(const struct row *r)
{
    uint64_t good = 0, bad = 0;
    ck_assert_msg(health_read(path, on_value, &good, &bad) == NABLA_OK, "%s: not read", r->label);
    ck_assert_msg(bad == r->bad && good == BLOCKS + 1 - r->bad, "%s: %llu good and %llu bad",
                  r->label, (unsigned long long)good, (unsigned long long)bad);
}

START_TEST(a_file)
{
    const struct row *r = &rows[_i];
    struct health_report checked, walked;
    r->change();
    write_bytes();
    ck_assert_int_eq(health_check(path, NULL, NULL, &checked), NABLA_OK);
    ck_assert_int_eq(health_walk(path, &walked), NABLA_OK);
    ck_assert_msg(checked.health == r->checked, "%s: checked, it %s", r->label,
                  health_text(checked.health));
    ck_assert_msg(walked.health == r->walked, "%s: walked over, it %s", r->label,
                  health_text(walked.health));
    ck_assert_uint_eq(checked.bad_values, r->bad);
    if (r->checked == HEALTH_GOOD || r->checked == HEALTH_SPOILT)
        expect_read(r);
    if (r->checked == HEALTH_GOOD) {
        ck_assert_uint_eq(checked.points, 4 * BLOCKS + LARGE);
        ck_assert_uint_eq(walked.values, BLOCKS + 2);
        ck_assert_int_eq(walked.meta.made_ns, 7);
    }
    if (r->checked == HEALTH_NEWER)
        ck_assert_uint_eq(walked.version, STORE_VERSION + 1);
}
END_TEST

START_TEST(no_file)
{
    struct health_report r;
    unlink(path);
    ck_assert_int_eq(health_walk(path, &r), NABLA_OK);
    ck_assert_int_eq(r.health, HEALTH_ABSENT);
    ck_assert_int_eq(symlink(path, path), 0); /* root, too, cannot follow it */
    ck_assert_int_eq(health_walk(path, &r), NABLA_OK);
    ck_assert_int_eq(r.health, HEALTH_SEALED);
    ck_assert_int_ne(r.fault, 0);
}
END_TEST

/* ---- the process that goes first */

static void die(void *ctx, const char *line)
{
    (void)ctx;
    (void)line;
    (void)raise(SIGKILL);
}

/* As if the file had it walk for ever: the alarm is set already, and is only brought nearer. */
static void hang(void *ctx, const char *line)
{
    (void)ctx;
    (void)line;
    ck_assert_uint_gt(alarm(1), 0);
    for (;;)
        pause();
}

static void (*const ends[])(void *ctx, const char *line) = {die, hang};

START_TEST(the_process_does_not_come_back)
{
    struct health_report r;
    one_value(); /* which calls on_fault */
    write_bytes();
    signal(SIGALRM, SIG_IGN); /* the daemon's own ways are not the other process' */
    ck_assert_int_eq(health_check(path, ends[_i], NULL, &r), NABLA_OK);
    ck_assert_int_eq(r.health, HEALTH_DAMAGED);
    ck_assert_uint_eq(r.values, 0);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("state/health");
    TCase *t = tcase_create("health");
    tcase_set_timeout(t, 120);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, a_file, 0, ROWS(rows));
    tcase_add_test(t, no_file);
    tcase_add_loop_test(t, the_process_does_not_come_back, 0, ROWS(ends));
    suite_add_tcase(s, t);
    return s;
}
