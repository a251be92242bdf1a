/* tests/unit/numeric/test_kernel_sweep.c -- a sweep over any of three axes against plain loops over each
 * alone: shapes small and long enough for tiles, spacings of each kind, both edge orders, each pair of
 * types, any set of kernels and number of threads; to the bit. */
#include "numeric/kernel_sweep.h"

#include "guard.h"
#include "suite.h"

#include <stdio.h>

static const char *const sets[] = {"portable", "avx2", "avx512"};

enum spacing { UNIFORM, UNEVEN, COORDINATES };
enum { MARGIN = 64 };

static const struct row {
    size_t n[3];
    int axes; /* bit a: axis a is wanted */
    enum spacing spacing[3];
    int threads;
} rows[] = {
    {{1, 1, 3}, 4, {UNIFORM, UNIFORM, UNIFORM}, 1},
    {{1, 1, 3}, 4, {UNIFORM, UNIFORM, COORDINATES}, 1},
    {{1, 1, 1000}, 4, {UNIFORM, UNIFORM, UNIFORM}, 2},
    {{1, 1, 1001}, 4, {UNIFORM, UNIFORM, COORDINATES}, 3},
    {{1, 1, 1001}, 4, {UNIFORM, UNIFORM, UNEVEN}, 2},
    {{1, 1, 5}, 4, {UNIFORM, UNIFORM, UNIFORM}, 7},
    {{1, 7, 9}, 6, {UNIFORM, UNIFORM, UNIFORM}, 1},
    {{1, 7, 9}, 6, {UNIFORM, UNEVEN, UNEVEN}, 2},
    {{1, 7, 9}, 2, {UNIFORM, UNEVEN, UNIFORM}, 1},
    {{1, 100, 33}, 4, {UNIFORM, UNIFORM, COORDINATES}, 2},
    {{1, 3, 1}, 2, {UNIFORM, UNIFORM, UNIFORM}, 4},
    {{1, 4, 40000}, 6, {UNIFORM, UNIFORM, UNIFORM}, 2},
    {{1, 3, 50000}, 2, {UNIFORM, UNEVEN, UNIFORM}, 2},
    {{3, 3, 3}, 7, {UNIFORM, UNIFORM, UNIFORM}, 1},
    {{5, 6, 7}, 7, {UNEVEN, UNIFORM, UNEVEN}, 2},
    {{5, 6, 7}, 7, {UNIFORM, UNEVEN, COORDINATES}, 3},
    {{5, 6, 7}, 5, {UNIFORM, UNEVEN, UNIFORM}, 2},
    {{5, 6, 7}, 3, {UNEVEN, UNEVEN, UNIFORM}, 2},
    {{5, 1, 64}, 5, {UNIFORM, UNIFORM, UNIFORM}, 2},
    {{20, 30, 1}, 3, {UNIFORM, UNIFORM, UNIFORM}, 2},
    {{40, 11, 17}, 7, {UNIFORM, UNIFORM, UNIFORM}, 2},
    {{4, 40, 1300}, 7, {UNIFORM, UNIFORM, UNIFORM}, 2},
    {{3, 4, 21000}, 7, {UNEVEN, UNEVEN, UNEVEN}, 2},
    /* more weights than a tile keeps */
    {{1, 601, 5}, 6, {UNIFORM, UNEVEN, UNEVEN}, 1},
    {{300, 2, 3}, 1, {UNEVEN, UNIFORM, UNIFORM}, 2},
    {{1, 9, 5003}, 4, {UNIFORM, UNIFORM, UNEVEN}, 1},
    /* strips: rows that end with a line and others, few rows and many, each set of axes, tiles */
    {{1, 3, 64}, 6, {UNIFORM, UNIFORM, UNIFORM}, 1},
    {{1, 9, 64}, 2, {UNIFORM, UNIFORM, UNIFORM}, 1},
    {{1, 11, 65}, 6, {UNIFORM, UNIFORM, UNIFORM}, 1},
    {{1, 23, 103}, 6, {UNIFORM, UNIFORM, UNIFORM}, 3},
    {{1, 15, 128}, 6, {UNIFORM, UNIFORM, UNIFORM}, 2},
    {{1, 7, 71}, 2, {UNIFORM, UNIFORM, UNIFORM}, 1},
    {{3, 1, 64}, 5, {UNIFORM, UNIFORM, UNIFORM}, 1},
    {{4, 6, 64}, 7, {UNIFORM, UNIFORM, UNIFORM}, 1},
    {{4, 6, 70}, 5, {UNIFORM, UNIFORM, UNIFORM}, 2},
    {{4, 5, 128}, 3, {UNIFORM, UNIFORM, UNIFORM}, 1},
    {{3, 7, 131}, 7, {UNIFORM, UNIFORM, UNIFORM}, 1},
    {{3, 5, 96}, 7, {UNIFORM, UNEVEN, UNIFORM}, 1},
    {{1, 7, 33000}, 6, {UNIFORM, UNIFORM, UNIFORM}, 2},
};

/* How outputs are stored, and where: so many bytes behind the beginning of a cache line, each as many further than
 * the one before. */
static const struct place {
    enum store store;
    size_t offset, further;
} places[] = {
    {STORE_CACHED, 0, 0},    {STORE_STREAMED, 0, 0},  {STORE_STREAMED, 16, 0},
    {STORE_STREAMED, 40, 0}, {STORE_STREAMED, 0, 64}, {STORE_STREAMED, 8, 8},
};

static const struct pair {
    enum nabla_dtype in, out;
} pairs[] = {
    {NABLA_FLOAT64, NABLA_FLOAT64}, {NABLA_FLOAT32, NABLA_FLOAT32}, {NABLA_UINT8, NABLA_FLOAT64},
    {NABLA_INT16, NABLA_FLOAT64},   {NABLA_INT32, NABLA_FLOAT64},   {NABLA_UINT8, NABLA_FLOAT32},
    {NABLA_INT16, NABLA_FLOAT32},
};

/* ---- one axis, its numbers made up: a sweep does not judge them */

/* n numbers of type t from 0.1 to 1.1, a float each, so that both types hold them. */
static void *numbers(enum nabla_dtype t, size_t n, uint64_t *random, bool ascending)
{
    void *v = malloc(n * 8);
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        double x = (double)(float)(0.1 + (double)random_below(random, 1000) * 1e-3);
        sum = (double)(float)(sum + x);
        if (t == NABLA_FLOAT32)
            ((float *)v)[i] = (float)(ascending ? sum : x);
        else
            ((double *)v)[i] = ascending ? sum : x;
    }
    return v;
}

static size_t bytes_of(enum nabla_dtype t)
{
    return t == NABLA_FLOAT64 ? 8 : t == NABLA_UINT8 ? 1 : t == NABLA_INT16 ? 2 : 4;
}

static double number(enum nabla_dtype t, const void *v, size_t i)
{
    switch (t) {
    case NABLA_FLOAT64: return ((const double *)v)[i];
    case NABLA_FLOAT32: return (double)((const float *)v)[i];
    case NABLA_UINT8: return ((const uint8_t *)v)[i];
    case NABLA_INT16: return ((const int16_t *)v)[i];
    default: return ((const int32_t *)v)[i];
    }
}

/* Weights of an uneven axis of n elements. */
struct made_up {
    size_t bytes, n;
    char *w[3];
};

static void weigh_made_up(const void *spacing, size_t i, size_t n, void *const w[3])
{
    const struct made_up *m = spacing;
    ck_assert(0 < i && i + n < m->n && n <= SWEEP_WEIGHTS);
    for (int k = 0; k < 3; k++)
        memcpy(w[k], m->w[k] + i * m->bytes, n * m->bytes);
}

/* The divisor: one that two parts of its inverse divide by, or, in float, one that needs correction. */
static struct sweep_axis make_axis(enum nabla_dtype out, size_t n, size_t size,
                                   enum spacing spacing, uint64_t *random)
{
    struct sweep_axis a = {.out = NULL, .divisor = (double)(float)(0.375 + (double)(size % 3) / 7)};
    if (spacing == COORDINATES)
        a.coordinates = numbers(out, n, random, true);
    if (spacing == UNEVEN) {
        struct made_up *w = malloc(sizeof *w);
        *w = (struct made_up){bytes_of(out), n, {NULL, NULL, NULL}};
        for (int k = 0; k < 3; k++)
            w->w[k] = numbers(out, n, random, false);
        a.spacing = w;
        a.weigh = weigh_made_up;
    }
    for (int end = 0; end < 2; end++) {
        a.edge_divisor[end] = (double)(0.7F + (float)end);
        for (int k = 0; k < 3; k++)
            a.edge_weights[end][k] = (double)(0.3F * (float)(k + 1) * (float)(1 - 2 * end));
    }
    return a;
}

static void free_axis(struct sweep_axis *a)
{
    struct made_up *w = (struct made_up *)a->spacing;
    free((void *)a->coordinates);
    for (int k = 0; k < 3 && w != NULL; k++)
        free(w->w[k]);
    free(w);
}

/* ---- what it must be: one element, operation by operation, each rounded to the type of out */

static double rounded(const struct sweep *s, double x)
{
    return s->out == NABLA_FLOAT32 ? (double)(float)x : x;
}

/* Double holds what a float operation gives before rounding closely enough to round it once more without
 * a trace: 53 >= 2 * 24 + 2 (Figueroa 1995). */
static double weighted(const struct sweep *s, const double w[3], double m, double c, double p)
{
    double first = rounded(s, w[0] * m), second = rounded(s, w[1] * c);
    double third = rounded(s, w[2] * p), sum = rounded(s, first + second);
    return rounded(s, sum + third);
}

static double from_coordinates(const struct sweep *s, const void *x, size_t i, double m, double c,
                               double p)
{
    double d1 = rounded(s, number(s->out, x, i) - number(s->out, x, i - 1));
    double d2 = rounded(s, number(s->out, x, i + 1) - number(s->out, x, i));
    double both = rounded(s, d1 + d2);
    const double w[3] = {rounded(s, -d2 / rounded(s, d1 * both)),
                         rounded(s, rounded(s, d2 - d1) / rounded(s, d1 * d2)),
                         rounded(s, d1 / rounded(s, d2 * both))};
    return weighted(s, w, m, c, p);
}

static double expected(const struct sweep *s, int axis, size_t i, size_t element, size_t step)
{
    const struct sweep_axis *a = &s->axis[axis];
    size_t n = s->n[axis];
    bool first = i == 0, last = i == n - 1;
#define F(offset) number(s->in, s->f, element + (size_t)((offset) * (ptrdiff_t)step))
    if ((first || last) && s->edge_order == 2)
        return first ? weighted(s, a->edge_weights[0], F(0), F(1), F(2))
                     : weighted(s, a->edge_weights[1], F(-2), F(-1), F(0));
    if (first || last)
        return rounded(s, rounded(s, first ? F(1) - F(0) : F(0) - F(-1)) / a->edge_divisor[last]);
    if (a->coordinates != NULL)
        return from_coordinates(s, a->coordinates, i, F(-1), F(0), F(1));
    if (a->weigh == NULL)
        return rounded(s, rounded(s, F(1) - F(-1)) / a->divisor);
    const struct made_up *m = a->spacing;
    const double w[3] = {number(s->out, m->w[0], i), number(s->out, m->w[1], i),
                         number(s->out, m->w[2], i)};
    return weighted(s, w, F(-1), F(0), F(1));
#undef F
}

static void check_axis(const struct sweep *s, int axis, const char *label)
{
    size_t step[3] = {s->n[1] * s->n[2], s->n[2], 1}, size = s->n[0] * step[0];
    for (size_t e = 0; e < size; e++) {
        size_t i = e / step[axis] % s->n[axis];
        double got = number(s->out, s->axis[axis].out, e);
        double want = expected(s, axis, i, e, step[axis]);
        if (memcmp(&got, &want, sizeof got) != 0)
            ck_abort_msg("%s, axis %d: [%zu] %a for %a", label, axis, e, got, want);
    }
    const unsigned char *out = s->axis[axis].out, *end = out + size * bytes_of(s->out);
    for (size_t beside = 0; beside < MARGIN; beside++)
        if (end[beside] != 0xA5 || out[-1 - (ptrdiff_t)beside] != 0xA5)
            ck_abort_msg("%s, axis %d: byte %zu beside the output", label, axis, beside);
}

static void check_sweep(struct sweep *s, const struct row *r, struct place place, const char *label)
{
    const size_t size = r->n[0] * r->n[1] * r->n[2];
    const size_t room = (size * 8 + 8 * MARGIN) / 64 * 64;
    uint64_t random = size;
    char *rooms[3] = {NULL, NULL, NULL};
    for (size_t a = 0; a < 3; a++) {
        if ((r->axes >> a & 1) == 0)
            continue;
        s->axis[a] = make_axis(s->out, r->n[a], size, r->spacing[a], &random);
        rooms[a] = memset(aligned_alloc(64, room), 0xA5, room);
        s->axis[a].out = rooms[a] + MARGIN + place.offset + place.further * a;
    }
    ck_assert(sweep_run(s));
    for (int a = 0; a < 3; a++) {
        if (s->axis[a].out != NULL)
            check_axis(s, a, label);
        free_axis(&s->axis[a]);
        free(rooms[a]);
    }
}

static void check_row(const struct row *r, struct pair pair, int edge_order, struct place place)
{
    const size_t size = r->n[0] * r->n[1] * r->n[2], bytes = size * bytes_of(pair.in);
    uint64_t random = size;
    uint8_t *values = malloc(bytes);
    for (size_t i = 0; i < size; i++)
        if (pair.in == NABLA_FLOAT64)
            ((double *)(void *)values)[i] = (double)(int64_t)next_random(&random) * 0x1p-60;
        else if (pair.in == NABLA_FLOAT32)
            ((float *)(void *)values)[i] = (float)(int64_t)next_random(&random) * 0x1p-60F;
    for (size_t i = 0; i < bytes && pair.in != NABLA_FLOAT64 && pair.in != NABLA_FLOAT32; i++)
        values[i] = (uint8_t)next_random(&random);
    struct guard guard = guard_new(bytes);
    const void *f = place.offset == 0 ? (const void *)values : guard_copy(&guard, values, bytes);
    for (int k = 0; k < ROWS(sets); k++) {
        char label[160];
        struct sweep s = {.kernels = kernels_named(sets[k]),
                          .in = pair.in,
                          .out = pair.out,
                          .f = f,
                          .edge_order = edge_order,
                          .store = place.store,
                          .threads = r->threads};
        memcpy(s.n, r->n, sizeof s.n);
        snprintf(label, sizeof label, "%s, %zux%zux%zu, types %d -> %d, order %d, store %d at %zu",
                 sets[k], r->n[0], r->n[1], r->n[2], pair.in, pair.out, edge_order, place.store,
                 place.offset);
        if (s.kernels != NULL)
            check_sweep(&s, r, place, label);
    }
    guard_free(&guard);
    free(values);
}

/* Large shapes in one place for each pair and order, small ones in all. */
START_TEST(row)
{
    const struct row *r = &rows[_i];
    const bool large = r->n[0] * r->n[1] * r->n[2] > 3000;
    for (int p = 0; p < ROWS(pairs); p++)
        for (int order = 1; order <= 2; order++)
            for (int k = 0; k < ROWS(places); k++)
                if (!large || k == (2 * p + order) % ROWS(places))
                    check_row(r, pairs[p], order, places[k]);
}
END_TEST

START_TEST(unknown_types)
{
    double f[3] = {1, 2, 3}, out[3] = {7, 7, 7};
    struct sweep s = {.kernels = kernels_best(),
                      .in = NABLA_INT64,
                      .out = NABLA_FLOAT64,
                      .f = f,
                      .n = {1, 1, 3},
                      .edge_order = 1,
                      .threads = 1};
    s.axis[2].out = out;
    ck_assert(!sweep_run(&s));
    ck_assert(out[0] == 7 && out[1] == 7 && out[2] == 7);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("kernel_sweep");
    TCase *t = tcase_create("against each axis alone");
    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, row, 0, ROWS(rows));
    tcase_add_test(t, unknown_types);
    suite_add_tcase(s, t);
    return s;
}
