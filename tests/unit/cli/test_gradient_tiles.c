/* test_gradient_tiles.c -- boxes cover an array once, and slabs hold what their boxes' elements read. */
#include "cli/gradient_tiles.h"

#include <string.h>

#include "../guard.h"
#include "suite.h"

static const struct row {
    int ndim;
    int64_t shape[4];
    bool along[4];
    int64_t elements;
    int64_t extent[4];
    int near;
} rows[] = {
    {1, {100}, {true}, 1000, {100}, 0},
    {1, {1000}, {true}, 100, {100}, 0},
    {2, {1000, 50}, {true, true}, 1000, {20, 50}, 0},
    {2, {1000, 50}, {false, true}, 1000, {20, 50}, 0},
    {2, {10, 5000}, {true, true}, 1000, {8, 125}, 0},
    {2, {3, 5000}, {true, true}, 1000, {3, 333}, 0},
    {2, {10, 5000}, {false, true}, 1000, {1, 1000}, 0},
    {3, {10, 100, 1000}, {true, true, true}, 10000, {1, 10, 1000}, 0},
    {3, {10, 100, 1000}, {true, true, true}, 90000, {8, 11, 1000}, 0},
    {4, {10, 100, 1000, 1000}, {true, true, true, true}, 100000, {1, 8, 12, 1000}, 1},
    {4, {10, 100, 1000, 1000}, {true, false, true, true}, 100000, {1, 1, 100, 1000}, 1},
    {1, {1}, {false}, 1, {1}, 0},
    {3, {1, 1, 10}, {false, false, true}, 4, {1, 1, 4}, 1},
};

static struct tiles cut(const struct row *r)
{
    struct tiles t = {.ndim = r->ndim, .edge_order = 2};
    memcpy(t.shape, r->shape, sizeof r->shape);
    memcpy(t.along, r->along, sizeof r->along);
    tiles_cut(&t, r->elements);
    return t;
}

START_TEST(extents)
{
    const struct row *r = &rows[_i];
    struct tiles t = cut(r);
    for (int d = 0; d < r->ndim; d++)
        ck_assert_msg(t.extent[d] == r->extent[d], "row %d: extent[%d] %d", _i, d,
                      (int)t.extent[d]);
    ck_assert_msg(t.near == r->near, "row %d: near %d", _i, t.near);
}
END_TEST

/* The boxes' elements add up, and follow one another as an odometer does. */
START_TEST(cover)
{
    const struct row *r = &rows[_i];
    struct tiles t = cut(r);
    struct box box, before = {0};
    int64_t sum = 0, whole = 1;
    for (int d = 0; d < t.ndim; d++)
        whole *= t.shape[d];
    for (int64_t i = 0; i < t.boxes; i++, before = box) {
        tiles_box(&t, i, &box);
        int d = 0;
        for (int k = 0; k < t.ndim; k++)
            ck_assert(box.lo[k] >= 0 && box.lo[k] < box.hi[k] && box.hi[k] <= t.shape[k] &&
                      box.lo[k] % t.extent[k] == 0);
        while (i > 0 && d < t.ndim - 1 && box.lo[d] == before.lo[d])
            d++;
        ck_assert(i == 0 || box.lo[d] > before.lo[d]);
        sum += box_elements(&box, t.ndim);
    }
    ck_assert_int_eq(sum, whole);
}
END_TEST

static const struct wide {
    int64_t n, lo, hi;
    int edge_order, more;
    int64_t slab_lo, slab_hi;
} widened[] = {
    {100, 10, 20, 1, 0, 9, 21},    {100, 10, 20, 2, 1, 9, 22},    {100, 0, 20, 1, 0, 0, 21},
    {100, 0, 1, 1, 0, 0, 2},       {100, 0, 1, 2, 0, 0, 3},       {100, 0, 1, 2, 1, 0, 4},
    {100, 1, 2, 2, 0, 0, 3},       {100, 99, 100, 1, 0, 98, 100}, {100, 99, 100, 2, 0, 97, 100},
    {100, 99, 100, 2, 1, 96, 100}, {100, 98, 99, 2, 0, 97, 100},  {100, 98, 99, 2, 1, 96, 100},
    {100, 97, 98, 2, 1, 96, 100},  {3, 1, 2, 2, 1, 0, 3},         {2, 0, 1, 1, 1, 0, 2},
    {5, 0, 5, 2, 1, 0, 5},
};

START_TEST(widen)
{
    const struct wide *r = &widened[_i];
    struct tiles t = {.ndim = 1, .shape = {r->n}, .along = {true}, .edge_order = r->edge_order};
    struct box slab = {.lo = {r->lo}, .hi = {r->hi}};
    tiles_widen(&t, 0, r->more, &slab);
    ck_assert_msg(slab.lo[0] == r->slab_lo && slab.hi[0] == r->slab_hi, "row %d: %d to %d", _i,
                  (int)slab.lo[0], (int)slab.hi[0]);
}
END_TEST

/* Random cuts: a slab holds the neighbours, enough rows for the ends, and no more than there is room. */
START_TEST(slabs)
{
    uint64_t state = (uint64_t)_i + 1;
    struct row r = {.ndim = 1 + (int)random_below(&state, 4),
                    .elements = (int64_t)random_below(&state, 500)};
    for (int d = 0; d < r.ndim; d++) {
        r.shape[d] = 1 + (int64_t)random_below(&state, 20);
        r.along[d] = r.shape[d] > 2 && random_below(&state, 2) == 1;
    }
    struct tiles t = cut(&r);
    for (int64_t i = 0; i < t.boxes; i++) {
        struct box box, near;
        tiles_box(&t, i, &box);
        near = box;
        for (int d = 0; d < t.ndim; d++) {
            struct box slab = box;
            if (!t.along[d])
                continue;
            tiles_widen(&t, d, 1, &slab);
            ck_assert(slab.lo[d] == 0 || slab.lo[d] < box.lo[d]);
            ck_assert(slab.hi[d] == t.shape[d] || slab.hi[d] > box.hi[d]);
            ck_assert(slab.hi[d] - slab.lo[d] >= 3 && slab.lo[d] >= 0 && slab.hi[d] <= t.shape[d]);
            ck_assert(box_elements(&slab, t.ndim) <= t.slab_max);
            if (d >= t.near)
                tiles_widen(&t, d, 1, &near);
        }
        ck_assert(box_elements(&near, t.ndim) <= t.slab_max);
    }
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("gradient_tiles");
    TCase *all = tcase_create("all");
    tcase_add_loop_test(all, extents, 0, ROWS(rows));
    tcase_add_loop_test(all, cover, 0, ROWS(rows));
    tcase_add_loop_test(all, widen, 0, ROWS(widened));
    tcase_add_loop_test(all, slabs, 0, 300);
    suite_add_tcase(s, all);
    return s;
}
