/* tests/unit/numeric/test_kernel.c -- every set of kernels against plain C loops, to the bit: each
 * pattern and pair of types, every length to 200 and every alignment, special values, both ways to
 * store, and not a byte beside the run. */
#include "numeric/kernel.h"

#include "guard.h"
#include "suite.h"

#include <float.h>
#include <math.h>

enum { LONGEST = 200, MARGIN = 16, ROOM = LONGEST + 2 * MARGIN };

static const char *const sets[] = {"portable", "avx2", "avx512"};
static const enum store stores[] = {STORE_CACHED, STORE_STREAMED};

static const struct pair {
    enum nabla_dtype in, out;
} pairs[] = {
    {NABLA_FLOAT64, NABLA_FLOAT64}, {NABLA_FLOAT32, NABLA_FLOAT32}, {NABLA_UINT8, NABLA_FLOAT64},
    {NABLA_INT16, NABLA_FLOAT64},   {NABLA_INT32, NABLA_FLOAT64},   {NABLA_UINT8, NABLA_FLOAT32},
    {NABLA_INT16, NABLA_FLOAT32},
};

/* ---- elements of any of the types, by number */

static size_t bytes_of(enum nabla_dtype t)
{
    return t == NABLA_FLOAT64 ? 8 : t == NABLA_UINT8 ? 1 : t == NABLA_INT16 ? 2 : 4;
}

static double element(enum nabla_dtype t, const void *data, size_t i)
{
    switch (t) {
    case NABLA_FLOAT64: return ((const double *)data)[i];
    case NABLA_FLOAT32: return (double)((const float *)data)[i];
    case NABLA_UINT8: return ((const uint8_t *)data)[i];
    case NABLA_INT16: return ((const int16_t *)data)[i];
    default: return ((const int32_t *)data)[i];
    }
}

static void set_float(enum nabla_dtype t, void *data, size_t i, double x)
{
    if (t == NABLA_FLOAT32)
        ((float *)data)[i] = (float)x;
    else
        ((double *)data)[i] = x;
}

static bool same(double a, double b)
{
    return (isnan(a) && isnan(b)) || memcmp(&a, &b, sizeof a) == 0;
}

/* ---- values: mostly ordinary, some at the ends of what the type holds */

static const double specials[] = {
    0.0,     -0.0,    INFINITY, -INFINITY, NAN,        DBL_MIN,  -DBL_MIN, 5e-324,
    DBL_MAX, -1e300,  1e-300,   1.0,       -1.0,       1e-40,    1e38,     -1e38,
    FLT_MIN, 3e-45,   0x1p600,  0x1p-600,  0x1.8p-601, 0x1p601,  0x1p-60,  0x1p60,
    0x1p-61, -0x1p61, 1e308,    -1e-308,   0x1.fp1023, 0x1p-900, 0x1p-149, -0x1p-1074,
};

static double some_double(uint64_t *random, bool special)
{
    if (special && random_below(random, 4) == 0)
        return specials[random_below(random, ROWS(specials))];
    return ((double)(int64_t)next_random(random)) * 0x1p-60;
}

static void fill(enum nabla_dtype t, void *data, size_t n, uint64_t *random, bool special)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t bits = next_random(random);
        if (t == NABLA_FLOAT64 || t == NABLA_FLOAT32)
            set_float(t, data, i, some_double(random, special));
        else
            memcpy((char *)data + i * bytes_of(t), &bits, bytes_of(t));
    }
}

/* Ascending, uneven; a coordinate that repeats or is no number now and then. */
static void fill_coordinates(enum nabla_dtype t, void *data, size_t n, uint64_t *random,
                             bool special)
{
    double x = -3;
    for (size_t i = 0; i < n; i++) {
        bool odd = special && random_below(random, 10) == 0;
        x += odd ? 0 : 0.01 + (double)random_below(random, 1000) * 1e-3;
        set_float(t, data, i, special && random_below(random, 30) == 0 ? NAN : x);
    }
}

/* ---- the patterns, as plain loops: one element, in double and in float */

#define PLAIN(T, name)                                                                             \
    static T name##_difference(T p, T m, T d)                                                      \
    {                                                                                              \
        return (p - m) / d;                                                                        \
    }                                                                                              \
    static T name##_weights(T m, T c, T p, const T w[3])                                           \
    {                                                                                              \
        T first = w[0] * m, second = w[1] * c, third = w[2] * p, sum = first + second;             \
        return sum + third;                                                                        \
    }                                                                                              \
    static T name##_coordinates(T m, T c, T p, T d1, T d2)                                         \
    {                                                                                              \
        const T w[3] = {-d2 / (d1 * (d1 + d2)), (d2 - d1) / (d1 * d2), d1 / (d2 * (d1 + d2))};     \
        return name##_weights(m, c, p, w);                                                         \
    }                                                                                              \
    static T name##_divided(T m, T c, T p, T d1, T d2)                                             \
    {                                                                                              \
        T s1 = (c - m) / d1, s2 = (p - c) / d2, left = d2 * s1, right = d1 * s2;                   \
        return (left + right) / (d1 + d2);                                                         \
    }
PLAIN(double, wide)
PLAIN(float, narrow)

enum pattern { DIFFERENCE, WEIGHTS, WEIGHTED, COORDINATES, DIVIDED, PATTERNS };

/* What a run reads: m, c, p for the first two patterns; c, x and w along the others. */
struct inputs {
    struct pair pair;
    const void *m, *c, *p, *x, *w[3];
    double d, triple[3];
};

static double plain(enum pattern pattern, const struct inputs *in, size_t i)
{
    enum nabla_dtype ti = in->pair.in, to = in->pair.out;
    size_t size = bytes_of(ti), wide = bytes_of(to);
    const char *f = in->c, *x = in->x;
    double m = element(ti, in->m, i), c = element(ti, in->c, i), p = element(ti, in->p, i);
    double w[3] = {in->triple[0], in->triple[1], in->triple[2]}, d1 = 0, d2 = 0;
    if (pattern >= WEIGHTED) {
        m = element(ti, f - size, i), p = element(ti, f + size, i);
        for (int k = 0; k < 3; k++)
            w[k] = element(to, in->w[k], i);
        d1 = element(to, x, i) - element(to, x - wide, i);
        d2 = element(to, x + wide, i) - element(to, x, i);
    }
    if (to == NABLA_FLOAT64) {
        switch (pattern) {
        case DIFFERENCE: return wide_difference(p, m, in->d);
        case COORDINATES: return wide_coordinates(m, c, p, d1, d2);
        case DIVIDED: return wide_divided(m, c, p, d1, d2);
        default: return wide_weights(m, c, p, w);
        }
    }
    float fm = (float)m, fc = (float)c, fp = (float)p;
    const float fw[3] = {(float)w[0], (float)w[1], (float)w[2]};
    /* once more, in float: a distance that was rounded in double first is another */
    d1 = (double)((float)element(to, x, i) - (float)element(to, x - wide, i));
    d2 = (double)((float)element(to, x + wide, i) - (float)element(to, x, i));
    switch (pattern) {
    case DIFFERENCE: return (double)narrow_difference(fp, fm, (float)in->d);
    case COORDINATES: return (double)narrow_coordinates(fm, fc, fp, (float)d1, (float)d2);
    case DIVIDED: return (double)narrow_divided(fm, fc, fp, (float)d1, (float)d2);
    default: return (double)narrow_weights(fm, fc, fp, fw);
    }
}

static bool run(const struct kernels *k, enum pattern pattern, const struct inputs *in, void *out,
                size_t n, enum store store)
{
    enum nabla_dtype ti = in->pair.in, to = in->pair.out;
    switch (pattern) {
    case DIFFERENCE: return k->difference(ti, to, in->p, in->m, out, n, in->d, store);
    case WEIGHTS: return k->weights(ti, to, in->m, in->c, in->p, out, n, in->triple, store);
    case WEIGHTED: return k->weighted(ti, to, in->c, in->w, out, n, store);
    case COORDINATES: return k->coordinates(ti, to, in->c, in->x, out, n, store);
    default: return k->divided(ti, to, in->c, in->x, out, n, store);
    }
}

/* ---- one run, judged */

static void check_run(const struct kernels *k, enum pattern pattern, const struct inputs *in,
                      void *room, size_t offset, size_t n, enum store store)
{
    size_t size = bytes_of(in->pair.out);
    char *out = (char *)room + offset * size;
    memset(room, 0xA5, ROOM * size);
    if (!run(k, pattern, in, out, n, store))
        ck_abort_msg("%s refused types %d -> %d", k->name, in->pair.in, in->pair.out);
    k->finish();
    for (size_t i = 0; i < n; i++) {
        double got = element(in->pair.out, out, i), want = plain(pattern, in, i);
        if (!same(got, want)) /* not an assertion each: Check notes every one in a file */
            ck_abort_msg("%s, pattern %d, types %d -> %d, n %zu, offset %zu, store %d: "
                         "[%zu] %a for %a",
                         k->name, pattern, in->pair.in, in->pair.out, n, offset, store, i, got,
                         want);
    }
    for (size_t b = 0; b < ROOM * size; b++)
        if ((b < offset * size || b >= (offset + n) * size) && ((unsigned char *)room)[b] != 0xA5)
            ck_abort_msg("%s, pattern %d, n %zu, offset %zu: byte %zu beside the run", k->name,
                         pattern, n, offset, b);
}

static const double divisors[] = {2.0, 0.2, 3.0, -0.7, 1e-3, 0x1p-40, 1e35, 1e-38};

/* Aligned for any vector, so that an offset is what it says. */
static _Alignas(64) char data[4][ROOM * 8], weight_data[3][ROOM * 8], out_data[ROOM * 8];

static struct inputs inputs_at(struct pair pair, size_t offset, uint64_t *random, bool special)
{
    size_t in = bytes_of(pair.in), out = bytes_of(pair.out), first = MARGIN + offset;
    struct inputs at = {.pair = pair,
                        .m = data[0] + (offset * 3 % 16) * in,
                        .c = data[1] + first * in,
                        .p = data[2] + (offset * 5 % 16) * in,
                        .x = data[3] + first * out};
    for (int i = 0; i < 3; i++) {
        fill(pair.in, data[i], ROOM, random, special);
        fill(pair.out, weight_data[i], ROOM, random, special);
        at.w[i] = weight_data[i] + (offset + (size_t)i) % 16 * out;
        at.triple[i] = (double)(float)some_double(random, false);
    }
    fill_coordinates(pair.out, data[3], ROOM, random, special);
    at.d = divisors[random_below(random, ROWS(divisors))];
    if (pair.out == NABLA_FLOAT32)
        at.d = (double)(float)at.d;
    return at;
}

/* every length, the alignments in turn */
START_TEST(every_length)
{
    uint64_t random = (uint64_t)_i;
    for (int s = 0; s < ROWS(sets); s++) {
        const struct kernels *k = kernels_named(sets[s]);
        for (size_t n = 0; k != NULL && n <= LONGEST; n++) {
            struct inputs in = inputs_at(pairs[_i], n % 16, &random, n % 3 == 0);
            for (enum pattern p = 0; p < PATTERNS; p++)
                check_run(k, p, &in, out_data, n * 7 % 16, n, stores[n % 2]);
        }
    }
}
END_TEST

/* every alignment of the output, a few lengths around those of the vectors, both ways to store */
START_TEST(every_alignment)
{
    static const size_t lengths[] = {1, 3, 4, 7, 8, 9, 15, 16, 17, 31, 33, 64, 65};
    uint64_t random = 100 + (uint64_t)_i;
    for (int s = 0; s < ROWS(sets); s++) {
        const struct kernels *k = kernels_named(sets[s]);
        for (size_t offset = 0; k != NULL && offset < 16; offset++)
            for (int l = 0; l < ROWS(lengths); l++) {
                struct inputs in = inputs_at(pairs[_i], (offset + 3) % 16, &random, l % 2 == 0);
                for (enum pattern p = 0; p < PATTERNS; p++)
                    for (int t = 0; t < ROWS(stores); t++)
                        check_run(k, p, &in, out_data, offset, lengths[l], stores[t]);
            }
    }
}
END_TEST

/* ---- nothing outside what a run may read: pages that cannot be touched on both sides */

struct fence {
    char *map, *usable;
};
enum { PAGE = 4096 };

static struct fence fence_new(void)
{
    char *map = mmap(NULL, 3 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED || mprotect(map + PAGE, PAGE, PROT_READ | PROT_WRITE) != 0)
        abort();
    return (struct fence){map, map + PAGE};
}

/* n elements against the lower fence or the upper one */
static char *against(const struct fence *f, size_t n, size_t size, bool upper)
{
    return upper ? f->usable + PAGE - n * size : f->usable;
}

START_TEST(no_byte_outside)
{
    struct pair pair = pairs[_i];
    size_t in = bytes_of(pair.in), out = bytes_of(pair.out);
    uint64_t random = 7;
    struct fence fence[8];
    for (int i = 0; i < ROWS(fence); i++) {
        fence[i] = fence_new();
        fill(i < 3 ? pair.in : pair.out, fence[i].usable, PAGE / (i < 3 ? in : out), &random,
             false);
    }
    for (int turn = 0; turn < 2 * ROWS(sets) * 70; turn++) {
        const struct kernels *k = kernels_named(sets[turn / 2 % ROWS(sets)]);
        size_t n = (size_t)turn / (2 * ROWS(sets));
        bool upper = turn % 2;
        struct inputs at = {.pair = pair, .d = 0.3, .triple = {1, 2, 3}};
        for (int i = 0; i < 3; i++)
            at.w[i] = against(&fence[4 + i], n, out, upper);
        at.m = against(&fence[0], n, in, upper), at.p = against(&fence[2], n, in, upper);
        for (enum pattern p = 0; k != NULL && p < PATTERNS; p++) {
            size_t beside = p >= WEIGHTED; /* along the run, one more on each side */
            at.c = against(&fence[1], n + 2 * beside, in, upper) + beside * in;
            at.x = against(&fence[3], n + 2 * beside, out, upper) + beside * out;
            for (int t = 0; t < ROWS(stores); t++)
                if (!run(k, p, &at, against(&fence[7], n, out, upper), n, stores[t]))
                    ck_abort_msg("%s refused pattern %d", k->name, p);
        }
    }
    for (int i = 0; i < ROWS(fence); i++)
        munmap(fence[i].map, 3 * PAGE);
}
END_TEST

/* ---- what is refused, and who is asked */

START_TEST(unknown_pairs)
{
    for (int in = 0; in < NABLA_DTYPE_COUNT; in++)
        for (int out = 0; out < NABLA_DTYPE_COUNT; out++) {
            bool known = false;
            for (int i = 0; i < ROWS(pairs); i++)
                known |= (int)pairs[i].in == in && (int)pairs[i].out == out;
            struct inputs at = {.pair = {(enum nabla_dtype)in, (enum nabla_dtype)out},
                                .m = data[0],
                                .c = data[1],
                                .p = data[2],
                                .x = data[3],
                                .w = {weight_data[0], weight_data[1], weight_data[2]},
                                .d = 1};
            for (int s = 0; s < ROWS(sets); s++)
                for (enum pattern p = 0; p < PATTERNS; p++)
                    if (kernels_named(sets[s]) != NULL)
                        ck_assert_msg(
                            run(kernels_named(sets[s]), p, &at, out_data, 0, STORE_CACHED) == known,
                            "%s, pattern %d, types %d -> %d", sets[s], p, in, out);
        }
}
END_TEST

START_TEST(names)
{
    for (int s = 0; s < ROWS(sets); s++)
        if (kernels_named(sets[s]) != NULL)
            ck_assert_str_eq(kernels_named(sets[s])->name, sets[s]);
    ck_assert_ptr_nonnull(kernels_named("portable"));
    ck_assert_ptr_null(kernels_named("none"));
    ck_assert_ptr_null(kernels_named(""));
    ck_assert_ptr_eq(kernels_best(), kernels_named(kernels_best()->name));
}
END_TEST

#if defined(__x86_64__)
/* what the processor has was compiled, and is preferred */
START_TEST(no_set_is_missing)
{
    __builtin_cpu_init();
    bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    bool avx512 = avx2 && __builtin_cpu_supports("avx512vl") &&
                  __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
    ck_assert_int_eq(kernels_named("avx2") != NULL, avx2);
    ck_assert_int_eq(kernels_named("avx512") != NULL, avx512);
    ck_assert_str_eq(kernels_best()->name, avx512 ? "avx512" : avx2 ? "avx2" : "portable");
}
END_TEST
#endif

Suite *suite(void)
{
    Suite *s = suite_create("kernel");
    TCase *t = tcase_create("against plain loops");
    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, every_length, 0, ROWS(pairs));
    tcase_add_loop_test(t, every_alignment, 0, ROWS(pairs));
    tcase_add_loop_test(t, no_byte_outside, 0, ROWS(pairs));
    tcase_add_test(t, unknown_pairs);
    tcase_add_test(t, names);
#if defined(__x86_64__)
    tcase_add_test(t, no_set_is_missing);
#endif
    suite_add_tcase(s, t);
    return s;
}
