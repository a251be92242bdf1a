/* What gradients are built from: halves, overlap of arrays, sentences, dtypes. */
#include "numeric/array.h"
#include "numeric/dtype.h"
#include "numeric/fault.h"
#include "numeric/half.h"

#include "suite.h"

#include <math.h>
#include <string.h>

/* ---- halves */

START_TEST(every_half_survives)
{
    for (uint32_t bits = 0; bits < 0x10000; bits++) {
        const float value = half_value((uint16_t)bits);
        if ((bits & 0x7fff) > HALF_INFINITY)
            ck_assert(isnan(value) && isnan(half_round(value)));
        else
            ck_assert_msg(half_from(value) == bits, "%x", bits);
    }
}
END_TEST

/* Between two neighbours the nearer wins; halfway, the even one. */
START_TEST(rounding_is_to_nearest_even)
{
    for (uint32_t bits = 0; bits < HALF_INFINITY; bits++) {
        const double low = half_value((uint16_t)bits);
        const double high = bits + 1 < HALF_INFINITY ? half_value((uint16_t)(bits + 1)) : 65536;
        const double middle = (low + high) / 2;
        const uint32_t even = bits & 1 ? bits + 1 : bits;
        ck_assert_msg(half_from(middle) == even, "%x", bits);
        ck_assert_msg(half_from(nextafter(middle, 0)) == bits, "%x", bits);
        ck_assert_msg(half_from(nextafter(middle, INFINITY)) == bits + 1, "%x", bits);
        ck_assert_msg(half_from(-middle) == (even | 0x8000), "%x", bits);
    }
    ck_assert_uint_eq(half_from(1e300), HALF_INFINITY);
    ck_assert_uint_eq(half_from(-5e-324), 0x8000);
    ck_assert_uint_eq(half_from(-(double)INFINITY), HALF_INFINITY | 0x8000);
}
END_TEST

/* ---- overlap, against marking every byte */

enum { ROOM = 400 };

struct layout {
    int64_t shape[3], strides[3];
    int64_t start;
};

static uint64_t next(uint64_t *state, uint64_t below)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (*state >> 33) % below;
}

static struct view view_of(const struct layout *l, char *room)
{
    struct view v = {.data = room + l->start, .dtype = NABLA_INT16, .ndim = 3, .shape = l->shape};
    v.elements = l->shape[0] * l->shape[1] * l->shape[2];
    memcpy(v.strides, l->strides, sizeof l->strides);
    return v;
}

/* Marks each byte of l; false if one was marked, or lies outside. */
static bool mark(const struct layout *l, char *marks)
{
    bool free = true;
    for (int64_t i = 0; i < l->shape[0] * l->shape[1] * l->shape[2]; i++) {
        const int64_t a = i / (l->shape[1] * l->shape[2]), b = i / l->shape[2] % l->shape[1],
                      c = i % l->shape[2];
        const int64_t at = l->start + a * l->strides[0] + b * l->strides[1] + c * l->strides[2];
        for (int64_t byte = at; byte < at + 2; byte++) {
            free &= byte >= 0 && byte < ROOM && !marks[byte];
            if (byte >= 0 && byte < ROOM)
                marks[byte] = 1;
        }
    }
    return free;
}

static struct layout random_layout(uint64_t *seed)
{
    struct layout l = {.start = (int64_t)next(seed, ROOM)};
    for (int k = 0; k < 3; k++) {
        l.shape[k] = 1 + (int64_t)next(seed, 4);
        l.strides[k] = 2 * (int64_t)next(seed, 31) - 30;
    }
    return l;
}

START_TEST(overlap_is_what_marking_finds)
{
    char room[ROOM];
    uint64_t seed = 1;
    int met = 0, apart = 0;
    while (met < 20000 || apart < 20000) {
        const struct layout l = random_layout(&seed), m = random_layout(&seed);
        char marks[ROOM] = {0}, other[ROOM] = {0};
        if (!mark(&l, marks) || !mark(&m, other))
            continue; /* meets itself, or leaves the room */
        bool meet = false;
        for (int i = 0; i < ROOM; i++)
            meet |= marks[i] && other[i];
        const struct view v = view_of(&l, room), w = view_of(&m, room);
        ck_assert_int_eq(view_overlaps(&v, &w), meet);
        ck_assert_int_eq(view_overlaps(&w, &v), meet);
        met += meet;
        apart += !meet;
    }
}
END_TEST

START_TEST(overlap_with_itself_is_never_missed)
{
    char room[ROOM];
    uint64_t seed = 2;
    for (int i = 0; i < 100000; i++) {
        const struct layout l = random_layout(&seed);
        char marks[ROOM] = {0};
        const struct view v = view_of(&l, room);
        if (!view_overlaps_itself(&v))
            ck_assert(mark(&(struct layout){{l.shape[0], l.shape[1], l.shape[2]},
                                            {l.strides[0], l.strides[1], l.strides[2]},
                                            ROOM / 2},
                           marks));
    }
}
END_TEST

/* ---- sentences */

START_TEST(sentence_is_cut_at_its_end)
{
    struct nabla_fault fault;
    char text[NABLA_MESSAGE_MAX + 50];
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    memset(&fault, 'y', sizeof fault);
    ck_assert_int_eq(fault_say(&fault, NABLA_EAXIS, 3, 4, text, NULL), NABLA_EAXIS);
    ck_assert_uint_eq(strlen(fault.message), NABLA_MESSAGE_MAX - 1);
    ck_assert(fault.argument == 3 && fault.index == 4);
    ck_assert_int_eq(fault_say(NULL, NABLA_EINVAL, 0, 0, text, NULL), NABLA_EINVAL);
    const enum nabla_status status = fault_say(&fault, NABLA_OK, -1, -1, "%i, %i%% of %t",
                                               FAULT_NUMBERS(INT64_MIN, 0, NABLA_COMPLEX64));
    ck_assert_int_eq(status, NABLA_OK);
    ck_assert_str_eq(fault.message, "-9223372036854775808, 0%% of complex64");
}
END_TEST

/* ---- dtypes */

START_TEST(dtypes)
{
    const enum nabla_dtype d = (enum nabla_dtype)_i;
    if (_i < 0 || _i >= NABLA_DTYPE_COUNT) {
        ck_assert_uint_eq(nabla_dtype_size(d), 0);
        ck_assert_str_eq(nabla_dtype_name(d), "no dtype");
        ck_assert_int_eq(nabla_gradient_dtype(d), NABLA_DTYPE_COUNT);
        return;
    }
    ck_assert_uint_gt(nabla_dtype_size(d), 0);
    ck_assert_uint_eq(nabla_dtype_size(d) % dtype_alignment(d), 0);
    const enum nabla_dtype g = nabla_gradient_dtype(d);
    ck_assert_int_eq(g, d == NABLA_BOOL         ? NABLA_DTYPE_COUNT
                        : dtype_is_integer(d)   ? NABLA_FLOAT64
                        : d == NABLA_DATETIME64 ? NABLA_TIMEDELTA64
                                                : d);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("gradient_parts");
    TCase *t = tcase_create("parts");
    tcase_set_timeout(t, 60);
    tcase_add_test(t, every_half_survives);
    tcase_add_test(t, rounding_is_to_nearest_even);
    tcase_add_test(t, overlap_is_what_marking_finds);
    tcase_add_test(t, overlap_with_itself_is_never_missed);
    tcase_add_test(t, sentence_is_cut_at_its_end);
    tcase_add_loop_test(t, dtypes, -1, NABLA_DTYPE_COUNT + 1);
    suite_add_tcase(s, t);
    return s;
}
