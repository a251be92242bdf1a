/* tests/unit/series/test_cells.c -- cells against what was written into them, sizes that come and go,
 * and memory that serves again. */
#include "series/cells.h"

#include "suite.h"

#include <stdlib.h>
#include <string.h>

enum { MOST = 4000, LARGE = CELL_MAX * 3 };

struct piece {
    unsigned char *at;
    size_t bytes;
    unsigned char mark;
};

static void fill(struct piece *p, struct cells *c, size_t bytes, unsigned char mark)
{
    *p = (struct piece){.at = cells_take(c, bytes), .bytes = bytes, .mark = mark};
    ck_assert_ptr_nonnull(p->at);
    memset(p->at, mark, bytes);
}

static void expect_untouched(const struct piece *p)
{
    size_t same = 0;
    for (size_t i = 0; i < p->bytes; i++)
        same += p->at[i] == p->mark;
    ck_assert_msg(same == p->bytes, "%zu of %zu bytes are others", p->bytes - same, p->bytes);
}

static void give(struct piece *p, struct cells *c)
{
    expect_untouched(p);
    cells_give(c, p->at, p->bytes);
    p->at = NULL;
}

static const struct row {
    const char *label;
    uint32_t sizes; /* 1 to this */
} rows[] = {{"one size", 1}, {"identities", 60}, {"all sizes and larger", LARGE}};

START_TEST(pieces_keep_what_is_in_them)
{
    static struct piece pieces[MOST];
    struct cells c = {0};
    memset(pieces, 0, sizeof pieces);
    srand48(_i);
    for (int step = 0; step < 60000; step++) {
        struct piece *p = &pieces[lrand48() % MOST];
        if (p->at != NULL)
            give(p, &c);
        else
            fill(p, &c, 1 + (size_t)lrand48() % rows[_i].sizes, (unsigned char)lrand48());
    }
    for (int i = 0; i < MOST; i++)
        if (pieces[i].at != NULL)
            give(&pieces[i], &c);
    ck_assert_uint_eq(c.large_bytes, 0);
    cells_fini(&c);
}
END_TEST

/* As many bytes again and again, each time in another size: blocks must pass from size to size. */
START_TEST(blocks_serve_any_size)
{
    enum { BYTES = 3 * 1024 * 1024 };
    static struct piece pieces[BYTES / 16];
    struct cells c = {0};
    for (size_t bytes = 16; bytes <= CELL_MAX; bytes += 31) {
        size_t n = BYTES / bytes;
        for (size_t i = 0; i < n; i++)
            fill(&pieces[i], &c, bytes, (unsigned char)i);
        ck_assert_uint_le(cells_bytes(&c), (uint64_t)BYTES * 5 / 4 + 2 * 1024 * 1024);
        for (size_t i = n; i-- > 0;) /* the last first: rings are taken apart at every place */
            give(&pieces[i], &c);
    }
    cells_fini(&c);
}
END_TEST

/* Every other piece is given back and taken again: full blocks must be found again. */
START_TEST(holes_are_filled)
{
    enum { N = 200000, BYTES = 24 };
    static struct piece pieces[N];
    struct cells c = {0};
    for (int i = 0; i < N; i++)
        fill(&pieces[i], &c, BYTES, (unsigned char)i);
    uint64_t bytes = cells_bytes(&c);
    for (int round = 0; round < 3; round++) {
        for (int i = round % 2; i < N; i += 2)
            give(&pieces[i], &c);
        for (int i = round % 2; i < N; i += 2)
            fill(&pieces[i], &c, BYTES, (unsigned char)i);
    }
    ck_assert_uint_eq(cells_bytes(&c), bytes);
    for (int i = 0; i < N; i++)
        give(&pieces[i], &c);
    cells_fini(&c);
}
END_TEST

START_TEST(nothing_is_nothing)
{
    struct cells c = {0};
    ck_assert_uint_eq(cells_bytes(&c), 0);
    cells_fini(&c);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("series/cells");
    TCase *t = tcase_create("cells");
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, pieces_keep_what_is_in_them, 0, ROWS(rows));
    tcase_add_test(t, blocks_serve_any_size);
    tcase_add_test(t, holes_are_filled);
    tcase_add_test(t, nothing_is_nothing);
    suite_add_tcase(s, t);
    return s;
}
