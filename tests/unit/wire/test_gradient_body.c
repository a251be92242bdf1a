/* test_gradient_body.c -- the object around an array, row by row, and against jansson on bodies changed
 * at random. */
#include "wire/gradient_body.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>

#include "../guard.h"
#include "suite.h"

enum { MUTATIONS = 40000 };

static const struct nested_limits limits = {.elements = 64, .dimensions = 4};

static enum nabla_status read_body(const char *text, size_t n, struct gradient_ask *ask,
                                   struct buf *why)
{
    struct guard g = guard_new(n);
    enum nabla_status status = gradient_body_read(guard_copy(&g, text, n), n, &limits, ask, why);
    guard_free(&g);
    buf_char(why, '\0');
    return status;
}

static const struct row {
    const char *text;
    int axes_n; /* -1: all */
    int axes[3];
    int spacing_n;
    enum nabla_spacing_kind kinds[3];
    double first[3]; /* the step, or the first coordinate */
    int edge_order;
    enum nabla_mode mode;
    enum nabla_dtype dtype;
} rows[] = {
    {"{\"f\":[1,2]}", -1, {0}, 0, {0}, {0}, 1, NABLA_NUMPY, NABLA_FLOAT64},
    {" { \"f\" : [ 1 , 2 ] } ", -1, {0}, 0, {0}, {0}, 1, NABLA_NUMPY, NABLA_FLOAT64},
    {"{\"axis\":null,\"spacing\":null,\"mode\":null,\"edge_order\":null,\"dtype\":null,\"f\":1}",
     -1,
     {0},
     0,
     {0},
     {0},
     1,
     NABLA_NUMPY,
     NABLA_FLOAT64},
    {"{\"f\":1,\"axis\":-1}", 1, {-1}, 0, {0}, {0}, 1, NABLA_NUMPY, NABLA_FLOAT64},
    {"{\"f\":1,\"axis\":[]}", 0, {0}, 0, {0}, {0}, 1, NABLA_NUMPY, NABLA_FLOAT64},
    {"{\"f\":1,\"axis\":[ 2 , 0 ,1]}", 3, {2, 0, 1}, 0, {0}, {0}, 1, NABLA_NUMPY, NABLA_FLOAT64},
    {"{\"f\":1,\"spacing\":0.5}", -1, {0}, 1, {NABLA_STEP}, {0.5}, 1, NABLA_NUMPY, NABLA_FLOAT64},
    {"{\"f\":1,\"spacing\":[]}", -1, {0}, 0, {0}, {0}, 1, NABLA_NUMPY, NABLA_FLOAT64},
    {"{\"f\":1,\"spacing\":[2,[7,8],-1e-3]}",
     -1,
     {0},
     3,
     {NABLA_STEP, NABLA_COORDINATES, NABLA_STEP},
     {2, 7, -1e-3},
     1,
     NABLA_NUMPY,
     NABLA_FLOAT64},
    {"{\"f\":1,\"edge_order\":2,\"mode\":\"accurate\"}",
     -1,
     {0},
     0,
     {0},
     {0},
     2,
     NABLA_ACCURATE,
     NABLA_FLOAT64},
    {"{\"dtype\":\"float32\",\"mode\":\"numpy\",\"f\":[1]}",
     -1,
     {0},
     0,
     {0},
     {0},
     1,
     NABLA_NUMPY,
     NABLA_FLOAT32},
};

START_TEST(good_row)
{
    const struct row *r = &rows[_i];
    struct gradient_ask ask;
    struct buf why = {0};
    ck_assert_msg(read_body(r->text, strlen(r->text), &ask, &why) == NABLA_OK, "%s: %s", r->text,
                  why.at);
    const struct gradient_manner *m = &ask.manner;
    ck_assert_msg((m->has_axes ? m->axes_n : -1) == r->axes_n, "%s: axes", r->text);
    for (int i = 0; i < m->axes_n; i++)
        ck_assert_int_eq(m->axes[i], r->axes[i]);
    ck_assert_int_eq(m->spacing_n, r->spacing_n);
    for (int i = 0; i < m->spacing_n; i++) {
        const struct nabla_spacing *s = &m->spacing[i];
        ck_assert_int_eq(s->kind, r->kinds[i]);
        double first = s->kind == NABLA_STEP ? s->step : *(const double *)s->data;
        ck_assert_msg(first == r->first[i], "%s: spacing %d is %g", r->text, i, first);
    }
    ck_assert(m->edge_order == r->edge_order && m->mode == r->mode && ask.dtype == r->dtype);
    gradient_ask_fini(&ask);
    buf_fini(&why);
}
END_TEST

static const struct bad_row {
    const char *text, *why;
} bad_rows[] = {
    {"", "an object ({\"f\": ...}) is expected (byte 0 of the body)"},
    {"[1,2]", "an object ({\"f\": ...}) is expected (byte 0 of the body)"},
    {"{", "a key in quotes is expected (byte 1 of the body)"},
    {"{}", "f is missing (byte 2 of the body)"},
    {"{\"f\"}", "a colon is expected (byte 4 of the body)"},
    {"{\"f\":}", "in f: a number, null or a list is expected (byte 5 of the body)"},
    {"{\"f\":1", "a comma or } is expected (byte 6 of the body)"},
    {"{\"f\":1,}", "a key in quotes is expected (byte 7 of the body)"},
    {"{\"f\":1}{", "nothing more is expected (byte 7 of the body)"},
    {"{\"f\":1,\"f\":1}", "a key is given twice: \"f\" (byte 10 of the body)"},
    {"{\"f\":1,\"axes\":1}", "there is no key \"axes\" (byte 13 of the body)"},
    {"{\"\\u0066\":1}", "there is no key \"\\u0066\" (byte 9 of the body)"},
    {"{\"f\":[[1,2],[3]]}", "f is ragged: f[1] has 1 element, f[0] has 2 (byte 14 of the body)"},
    {"{\"f\":1,\"axis\":1.0}",
     "axis is 1.0; it must be an integer, or a list of them (byte 17 of the body)"},
    {"{\"f\":1,\"axis\":true}",
     "axis is true; it must be an integer, or a list of them (byte 18 of the body)"},
    {"{\"f\":1,\"axis\":[0,[1]]}",
     "axis is [1]; it must be an integer, or a list of them (byte 20 of the body)"},
    {"{\"f\":1,\"axis\":[0}", "a comma or ] is expected (byte 16 of the body)"},
    {"{\"f\":1,\"axis\":2147483648}",
     "axis is 2147483648; it must be one that f has (byte 24 of the body)"},
    {"{\"f\":1,\"spacing\":[1,[[2]]]}",
     "spacing[1] has more than 1 dimension, the limit (byte 21 of the body)"},
    {"{\"f\":1,\"spacing\":\"1\"}",
     "in spacing: a number, null or a list is expected (byte 17 of the body)"},
    {"{\"f\":1,\"spacing\":[1,[2,]]}",
     "in spacing[1][1]: a number, null or a list is expected (byte 23 of the body)"},
    {"{\"f\":1,\"edge_order\":0}", "edge_order is 0; it must be 1 or 2 (byte 21 of the body)"},
    {"{\"f\":1,\"edge_order\":\"1\"}",
     "edge_order is \"1\"; it must be 1 or 2 (byte 23 of the body)"},
    {"{\"f\":1,\"mode\":\"fast\"}",
     "mode is fast; it must be numpy or accurate (byte 20 of the body)"},
    {"{\"f\":1,\"mode\":numpy}", "a value is expected (byte 14 of the body)"},
    {"{\"f\":1,\"dtype\":\"int8\"}",
     "dtype is int8; it must be float64 or float32; other types are sent as .npy (byte 21 of the "
     "body)"},
    {"{\"f\":1,\"edge_order\":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19]}",
     "edge_order is [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19...; it must be 1 or 2 (byte "
     "69 "
     "of the body)"},
};

START_TEST(bad_row)
{
    const struct bad_row *r = &bad_rows[_i];
    struct gradient_ask ask = {.dtype = NABLA_BOOL};
    struct buf why = {0};
    ck_assert_msg(read_body(r->text, strlen(r->text), &ask, &why) == NABLA_EINVAL, "%s", r->text);
    ck_assert_str_eq(why.at, r->why);
    ck_assert_int_eq(ask.dtype, NABLA_BOOL);
    buf_fini(&why);
}
END_TEST

START_TEST(no_body)
{
    struct gradient_ask ask;
    struct buf why = {0};
    ck_assert_int_eq(gradient_body_read(NULL, 0, &limits, &ask, &why), NABLA_EINVAL);
    ck_assert_uint_gt(why.n, 0);
    buf_fini(&why);
}
END_TEST

START_TEST(float32_is_rounded_once_more)
{
    static const char text[] = "{\"f\":[0.1,16777217,1e300,null],\"dtype\":\"float32\"}";
    struct gradient_ask ask;
    struct buf why = {0};
    ck_assert_int_eq(read_body(text, strlen(text), &ask, &why), NABLA_OK);
    const float *f = (const float *)(const void *)ask.f.numbers.at;
    ck_assert(f[0] == 0.1f && f[1] == 16777216 && isinf(f[2]) && isnan(f[3]));
    ck_assert_int_eq(ask.f.count, 4);
    gradient_ask_fini(&ask);
    buf_fini(&why);
}
END_TEST

/* More axes and spacings than any array has: some are dropped, none is written past its place. */
START_TEST(too_many_entries)
{
    struct buf text = {0}, why = {0};
    struct gradient_ask ask;
    buf_text(&text, "{\"f\":1,\"axis\":[0");
    for (int i = 1; i < 100; i++)
        buf_printf(&text, ",%d", i);
    buf_text(&text, "]}");
    ck_assert_int_eq(read_body(text.at, text.n, &ask, &why), NABLA_OK);
    ck_assert_int_eq(ask.manner.axes_n, GRADIENT_AXES_MAX);
    gradient_ask_fini(&ask);
    buf_clear(&text);
    buf_clear(&why);
    buf_text(&text, "{\"f\":1,\"spacing\":[0");
    for (int i = 1; i < 33; i++)
        buf_printf(&text, ",[%d]", i);
    buf_text(&text, "]}");
    ck_assert_int_eq(read_body(text.at, text.n, &ask, &why), NABLA_EINVAL);
    ck_assert_ptr_nonnull(strstr(why.at, "spacing has more than 32 entries"));
    buf_fini(&text);
    buf_fini(&why);
}
END_TEST

/* ---- jansson as the judge */

static const char *const seeds[] = {
    "{\"f\":[[1,2.5],[-3,null]],\"axis\":[0,1]}",
    "{\"axis\":-1,\"f\":[[[1],[2]],[[3],[4]]],\"edge_order\":2}",
    "{\"f\":[1,20,3E1],\"spacing\":[[0,1.5,4]],\"mode\":\"numpy\"}",
    "{\"f\":[[],[]],\"spacing\":[2,[]],\"dtype\":\"float64\"}",
    "{ \"spacing\" : 0.25 , \"f\" : [ 1 , 2 ] , \"mode\" : \"accurate\" }",
};
enum { SEEDS = sizeof seeds / sizeof *seeds };

/* One to three changes of a seed; what is put in are the seeds' own bytes. */
static size_t mutate(uint64_t *state, const char *from, char *to)
{
    static const char bytes[] = "{}[]\":, 0123-.nul12faxs_";
    size_t n = strlen(from);
    memcpy(to, from, n);
    for (uint64_t changes = 1 + random_below(state, 3); changes > 0 && n > 1; changes--) {
        size_t at = random_below(state, n);
        char byte = bytes[random_below(state, sizeof bytes - 1)];
        switch (random_below(state, 4)) {
        case 0: to[at] = byte; break;
        case 1:
            memmove(to + at + 1, to + at, n++ - at);
            to[at] = byte;
            break;
        case 2: memmove(to + at, to + at + 1, --n - at); break;
        default: to[at] = to[random_below(state, n)]; break;
        }
    }
    return n;
}

static bool is_scalar(const json_t *v)
{
    return json_is_number(v) || json_is_null(v);
}

/* The shape of a tree in *ndim and shape; false if it has none. Empty lists are as deep as numbers. */
static bool find_shape(const json_t *v, int depth, int *ndim, size_t *shape)
{
    if (!json_is_array(v))
        return is_scalar(v) && (*ndim < 0 ? (*ndim = depth) : *ndim) == depth;
    size_t n = json_array_size(v);
    if (depth == limits.dimensions || *ndim == depth)
        return false;
    shape[depth] = shape[depth] == SIZE_MAX ? n : shape[depth];
    if (n == 0 && *ndim < 0)
        *ndim = depth + 1;
    if (n == 0 && *ndim != depth + 1)
        return false;
    for (size_t i = 0; i < n; i++)
        if (!find_shape(json_array_get(v, i), depth + 1, ndim, shape))
            return false;
    return shape[depth] == n;
}

static bool is_array(const json_t *v, int dimensions, int *ndim)
{
    size_t shape[8] = {SIZE_MAX, SIZE_MAX, SIZE_MAX, SIZE_MAX,
                       SIZE_MAX, SIZE_MAX, SIZE_MAX, SIZE_MAX};
    *ndim = -1;
    return find_shape(v, 0, ndim, shape) && *ndim <= dimensions;
}

static bool is_axis(const json_t *v)
{
    for (size_t i = 0; json_is_array(v) && i < json_array_size(v); i++)
        if (!json_is_integer(json_array_get(v, i)))
            return false;
    return json_is_integer(v) || json_is_array(v) || json_is_null(v);
}

static bool is_spacing(const json_t *v)
{
    int ndim;
    for (size_t i = 0; json_is_array(v) && i < json_array_size(v); i++)
        if (!is_array(json_array_get(v, i), 1, &ndim))
            return false;
    return is_scalar(v) || json_is_array(v);
}

static bool is_word(const json_t *v, const char *a, const char *b)
{
    const char *word = json_string_value(v);
    return json_is_null(v) || (word != NULL && (strcmp(word, a) == 0 || strcmp(word, b) == 0));
}

/* What a body must be, said over jansson's tree. */
static bool is_body(json_t *root)
{
    const char *key;
    json_t *v;
    int ndim;
    json_object_foreach(root, key, v)
    {
        bool good = strcmp(key, "f") == 0         ? is_array(v, limits.dimensions, &ndim)
                    : strcmp(key, "axis") == 0    ? is_axis(v)
                    : strcmp(key, "spacing") == 0 ? is_spacing(v)
                    : strcmp(key, "edge_order") == 0
                        ? json_is_null(v) || (json_is_integer(v) && (json_integer_value(v) == 1 ||
                                                                     json_integer_value(v) == 2))
                    : strcmp(key, "mode") == 0  ? is_word(v, "numpy", "accurate")
                    : strcmp(key, "dtype") == 0 ? is_word(v, "float64", "float32")
                                                : false;
        if (!good)
            return false;
    }
    return json_object_get(root, "f") != NULL;
}

/* The numbers of a tree, in order; returns how many. */
static int64_t flatten(const json_t *v, double *out, int64_t n)
{
    if (!json_is_array(v)) {
        out[n] = json_is_null(v) ? NAN : json_number_value(v);
        return n + 1;
    }
    for (size_t i = 0; i < json_array_size(v); i++)
        n = flatten(json_array_get(v, i), out, n);
    return n;
}

static bool same_numbers(const json_t *f, const struct gradient_ask *ask)
{
    double numbers[64];
    int64_t n = flatten(f, numbers, 0);
    for (int64_t i = 0; i < n && n == ask->f.count; i++) {
        double v = nested_numbers(&ask->f)[i];
        if (ask->dtype == NABLA_FLOAT64 && v != numbers[i] && !(isnan(v) && isnan(numbers[i])))
            return false;
    }
    return n == ask->f.count;
}

START_TEST(is_a_body_where_the_tree_is_one)
{
    uint64_t state = 3;
    int yes = 0;
    for (int i = 0; i < MUTATIONS; i++) {
        char text[256];
        struct gradient_ask ask;
        struct buf why = {0};
        size_t n = mutate(&state, seeds[i % SEEDS], text);
        enum nabla_status status = read_body(text, n, &ask, &why);
        json_t *root = json_loadb(text, n, JSON_REJECT_DUPLICATES, NULL);
        bool good = json_is_object(root) && is_body(root);
        ck_assert_msg((status == NABLA_OK) == good, "%.*s: %d, %s", (int)n, text, (int)status,
                      why.at);
        if (good) {
            ck_assert_msg(same_numbers(json_object_get(root, "f"), &ask), "%.*s", (int)n, text);
            gradient_ask_fini(&ask);
        }
        yes += good;
        json_decref(root);
        buf_fini(&why);
    }
    ck_assert_int_gt(yes, MUTATIONS / 50);
    ck_assert_int_lt(yes, MUTATIONS / 2);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("wire/gradient_body");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 120);
    tcase_add_loop_test(all, good_row, 0, ROWS(rows));
    tcase_add_loop_test(all, bad_row, 0, ROWS(bad_rows));
    tcase_add_test(all, no_body);
    tcase_add_test(all, float32_is_rounded_once_more);
    tcase_add_test(all, too_many_entries);
    tcase_add_test(all, is_a_body_where_the_tree_is_one);
    suite_add_tcase(s, all);
    return s;
}
