/* The first N of many: by every key, in either direction, equal to a stable sort of all that is cut after N. */
#include "http/rank.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "suite.h"

enum { MANY = 500 };

static union {
    struct labelset set;
    char room[128];
} labels[MANY];
static struct reading readings[MANY];

static uint32_t draw(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 16;
}

/* Few different numbers, so that many are equal; NaN, zero, not known and endless among them. */
static double any(uint32_t *state)
{
    static const double odd[] = {NAN, INFINITY, -INFINITY, 0};
    uint32_t x = draw(state) % 24;
    return x < 4 ? odd[x] : (double)x - 12;
}

static void make(uint32_t i, uint32_t *state)
{
    char name[16];
    snprintf(name, sizeof name, "m%u", draw(state) % 90);
    struct label at[] = {{LABEL_METRIC, name, sizeof LABEL_METRIC - 1, (uint32_t)strlen(name)}};
    ck_assert_int_eq(labelset_pack(at, 1, &labels[i].set), NABLA_OK);
    readings[i] = (struct reading){
        .number = i,
        .labels = &labels[i].set,
        .rate = {.value = any(state), .order = draw(state) % 5 ? 2 : 0, .error = fabs(any(state))},
        .edge = {.value = any(state), .order = draw(state) % 5 ? 1 : 0},
        .accel = any(state),
        .age_ns = (int64_t)draw(state) % 9,
        .window = {{0, any(state)}},
        .window_n = (uint8_t)(draw(state) % 2),
        .etas = {{0, any(state)}, {0, any(state)}},
        .etas_n = draw(state) % 3};
}

static void make_all(void)
{
    uint32_t state = 7;
    for (uint32_t i = 0; i < MANY; i++)
        make(i, &state);
}

static void rank(enum sort_by by, bool descending, uint32_t most, struct ranking *out)
{
    struct ask ask = {.sort = by, .descending = descending};
    ck_assert_int_eq(ranking_init(out, &ask, most, MANY), NABLA_OK);
    for (uint32_t i = 0; i < MANY; i++) {
        struct found found = {.ref = {.index = i}};
        ck_assert_int_eq(ranking_add(out, &found, &readings[i]), NABLA_OK);
    }
    ck_assert_int_eq(ranking_close(out), NABLA_OK);
    while (ranking_sort_some(out))
        ;
}

static uint32_t next(struct ranking *r)
{
    const struct ranked *x = ranking_next(r);
    ck_assert_ptr_nonnull(x);
    return x->found.ref.index;
}

static const uint32_t mosts[] = {0, 1, 2, 3, 20, 63, 64, 65, 257, MANY - 1, MANY};

START_TEST(as_a_sort_of_all)
{
    enum sort_by by = (enum sort_by)_i;
    make_all();
    for (int descending = 0; descending < 2; descending++) {
        for (size_t k = 0; k < sizeof mosts / sizeof *mosts; k++) {
            struct ranking all, some;
            rank(by, descending, MANY, &all);
            rank(by, descending, mosts[k], &some);
            ck_assert_uint_eq(some.n, mosts[k]);
            for (uint32_t i = 0; i < some.n; i++)
                ck_assert_msg(next(&some) == next(&all), "key %d, %u of all: place %u", by,
                              mosts[k], i);
            ck_assert_ptr_null(ranking_next(&some));
            ranking_fini(&some);
            ranking_fini(&all);
        }
    }
}
END_TEST

static double significance(const struct reading *r)
{
    return r->rate.order > 0 && r->rate.error > 0 ? fabs(r->rate.value) / r->rate.error : NAN;
}

/* What is not known is behind all that is, in either direction; without an error the larger rate is before. */
START_TEST(significance_first)
{
    make_all();
    struct ranking r;
    rank(SORT_SIGNIFICANCE, true, MANY, &r);
    const struct reading *x = &readings[next(&r)], *y;
    for (uint32_t i = 1; i < r.n; i++, x = y) {
        y = &readings[next(&r)];
        double kx = significance(x), ky = significance(y);
        ck_assert(isnan(ky) || kx >= ky);
        if (isnan(kx) && isnan(ky) && y->rate.order > 0 && !isnan(y->rate.value))
            ck_assert(x->rate.order > 0 && fabs(x->rate.value) >= fabs(y->rate.value));
    }
    ranking_fini(&r);
}
END_TEST

/* Names of those that had to go are not kept: what is held stays near what is needed. */
START_TEST(names_stay_few)
{
    union {
        struct labelset set;
        char room[8192];
    } long_one;
    static char value[4096];
    memset(value, 'x', sizeof value);
    struct ranking r;
    struct ask ask = {.sort = SORT_NAME};
    size_t most = 0;
    ck_assert_int_eq(ranking_init(&r, &ask, 2, 4000), NABLA_OK);
    for (int i = 4000; i > 0; i--) { /* each is before all others */
        char name[16];
        snprintf(name, sizeof name, "m%06d", i);
        struct label at[] = {{LABEL_METRIC, name, sizeof LABEL_METRIC - 1, 7},
                             {"v", value, 1, sizeof value}};
        ck_assert_int_eq(labelset_pack(at, 2, &long_one.set), NABLA_OK);
        struct reading reading = {.labels = &long_one.set};
        struct found found = {.ref = {.index = (uint32_t)i}};
        ck_assert_int_eq(ranking_add(&r, &found, &reading), NABLA_OK);
        most = r.names.n > most ? r.names.n : most;
    }
    ck_assert_int_eq(ranking_close(&r), NABLA_OK);
    while (ranking_sort_some(&r))
        ;
    ck_assert_uint_eq(next(&r), 1);
    ck_assert_uint_eq(next(&r), 2);
    ck_assert_uint_lt(most, 256 * 1024);
    ranking_fini(&r);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("http/rank");
    TCase *tc = tcase_create("rank");
    tcase_set_timeout(tc, 120);
    tcase_add_loop_test(tc, as_a_sort_of_all, SORT_RATE, SORT_ETA + 1);
    tcase_add_test(tc, significance_first);
    tcase_add_test(tc, names_stay_few);
    suite_add_tcase(s, tc);
    return s;
}
