/* tests/bench/arrays.c -- how long one gradient takes, beside the best plain copy of the same bytes.
 *
 *     bench_arrays IN OUT SHAPE AXES ORDER SPACING SECONDS
 *     bench_arrays f64 f64 4096x4096 0,1 1 step 0.5
 *
 * SPACING: step (0.1 on every axis) or coordinates (uneven, float64 or the type of the data; 1-d).
 * Times are minima over rounds; in a round everything is measured in turn, each thing twice in a row, so
 * that a noisy moment meets all, and each finds in the caches what it left there itself. The copy reads
 * every input once and writes every output once: the fastest of memcpy and plain loops, streaming or not.
 *
 * One JSON line: {"threads": [{"nabla": s, "copy": s, "fresh": s, "fresh_copy": s}, {of two}]}, where
 * fresh ones are newly mapped for each run, huge pages advised. */
#include <nabla/nabla.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum { DIMS = 3, HUGE_PAGE = 2 << 20, COPY_ELEMENTS = 2048, THREADS = 2 };

struct bench {
    enum nabla_dtype in, out;
    int ndim, axes[DIMS], axes_n, edge_order;
    int64_t shape[DIMS];
    size_t size;
    bool uneven;
    double seconds;
    void *f, *x, *df[DIMS];
};

static void die(const char *what)
{
    fprintf(stderr, "bench_arrays: %s\n", what);
    exit(2);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Untouched, on a boundary of huge pages. The alignment is paid in address space alone. */
static void *map(size_t bytes)
{
    char *p = mmap(NULL, bytes + HUGE_PAGE, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED)
        die("no memory");
    p += -(uintptr_t)p % HUGE_PAGE;
    madvise(p, bytes, MADV_HUGEPAGE);
    return p;
}

static size_t output_bytes(const struct bench *b)
{
    return b->size * nabla_dtype_size(b->out);
}

/* ---- the gradient */

static void gradient(const struct bench *b, int threads)
{
    struct nabla_array f = {b->f, b->in, b->ndim, b->shape, NULL}, df[DIMS];
    struct nabla_spacing spacing = nabla_step(0.1);
    if (b->uneven)
        spacing = (struct nabla_spacing){NABLA_COORDINATES, 0, b->x, b->out, b->shape[0], 0};
    struct nabla_options options = {.spacing = &spacing,
                                    .spacing_n = 1,
                                    .axes = b->axes,
                                    .axes_n = b->axes_n,
                                    .edge_order = b->edge_order,
                                    .threads = threads};
    static char workspace[THREADS << 20];
    for (int i = 0; i < b->axes_n; i++)
        df[i] = (struct nabla_array){b->df[i], b->out, b->ndim, b->shape, NULL};
    struct nabla_fault fault;
    if (nabla_gradient(&f, &options, df, b->axes_n, workspace, sizeof workspace, &fault) !=
        NABLA_OK)
        die(fault.message);
}

/* ---- the copy: blocks of elements, whose bytes of input go to the first output and, from the first
 * cache, to the others; a second input is mixed in */

struct block {
    const char *f, *x; /* x NULL: no second input */
    size_t f_bytes, x_bytes;
    char *to[DIMS];
    int to_n;
    size_t to_bytes;
};

typedef void copy_block(const struct block *k);

static void copy_memcpy(const struct block *k)
{
    for (int o = 0; o < k->to_n; o++)
        for (size_t done = 0; done < k->to_bytes; done += k->f_bytes)
            memcpy(k->to[o] + done, k->f, k->f_bytes);
}

#if defined(__x86_64__)
#define VECTOR_COPY(name, set, VECTOR, LOAD, STORE, MIX)                                           \
    __attribute__((target(set))) static void name(const struct block *k)                           \
    {                                                                                              \
        const size_t step = sizeof(VECTOR),                                                        \
                     ahead = 4096; /* what helps the kernels helps a copy */                       \
        const char *x = k->x != NULL ? k->x : k->f;                                                \
        size_t x_bytes = k->x != NULL ? k->x_bytes : k->f_bytes;                                   \
        if (k->x == NULL && k->to_n == 1 && k->f_bytes == k->to_bytes) {                           \
            _Pragma("GCC unroll 4") for (size_t i = 0; i + step <= k->to_bytes; i += step)         \
            {                                                                                      \
                _mm_prefetch(k->f + i + ahead, _MM_HINT_T0);                                       \
                STORE((void *)(k->to[0] + i), LOAD((const void *)(k->f + i)));                     \
            }                                                                                      \
            return;                                                                                \
        }                                                                                          \
        for (int o = 0; o < k->to_n; o++)                                                          \
            for (size_t i = 0, a = 0, b = 0; i + step <= k->to_bytes; i += step) {                 \
                if (o == 0 && a == i)                                                              \
                    _mm_prefetch(k->f + i + ahead, _MM_HINT_T0);                                   \
                STORE((void *)(k->to[o] + i),                                                      \
                      MIX(LOAD((const void *)(k->f + a)), LOAD((const void *)(x + b))));           \
                a = a + 2 * step <= k->f_bytes ? a + step : 0;                                     \
                b = b + 2 * step <= x_bytes ? b + step : 0;                                        \
            }                                                                                      \
    }
VECTOR_COPY(copy_avx512, "avx512f", __m512i, _mm512_loadu_si512, _mm512_storeu_si512,
            _mm512_xor_si512)
VECTOR_COPY(stream_avx512, "avx512f", __m512i, _mm512_loadu_si512, _mm512_stream_si512,
            _mm512_xor_si512)
VECTOR_COPY(copy_avx2, "avx2", __m256i, _mm256_loadu_si256, _mm256_storeu_si256, _mm256_xor_si256)
VECTOR_COPY(stream_avx2, "avx2", __m256i, _mm256_loadu_si256, _mm256_stream_si256, _mm256_xor_si256)
#endif

/* What this processor has, in a list that ends with NULL. */
static void copies(const struct bench *b, copy_block *list[6])
{
    int n = 0;
    if (!b->uneven) /* memcpy cannot read two */
        list[n++] = copy_memcpy;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f"))
        list[n++] = copy_avx512, list[n++] = stream_avx512;
    if (__builtin_cpu_supports("avx2"))
        list[n++] = copy_avx2, list[n++] = stream_avx2;
#endif
    list[n] = NULL;
}

static void copy(const struct bench *b, copy_block *how, int threads)
{
    size_t in = nabla_dtype_size(b->in), out = nabla_dtype_size(b->out);
    size_t blocks = (b->size + COPY_ELEMENTS - 1) / COPY_ELEMENTS;
#ifdef _OPENMP
#pragma omp parallel for num_threads(threads) schedule(static) if (threads > 1)
#endif
    for (size_t i = 0; i < blocks; i++) {
        size_t at = i * COPY_ELEMENTS;
        size_t n = b->size - at < COPY_ELEMENTS ? b->size - at : COPY_ELEMENTS;
        struct block k = {.f = (const char *)b->f + at * in,
                          .x = b->uneven ? (const char *)b->x + at * out : NULL,
                          .f_bytes = n * in,
                          .x_bytes = n * out,
                          .to_n = b->axes_n,
                          .to_bytes = n * out};
        for (int o = 0; o < b->axes_n; o++)
            k.to[o] = (char *)b->df[o] + at * out;
        how(&k);
#if defined(__x86_64__)
        _mm_sfence();
#endif
    }
    (void)threads;
}

/* ---- measuring */

/* Into outputs that are used again: the least of two, of so many calls that the clock can see them. */
static void measure_reused(const struct bench *b, copy_block *how, int threads, int calls,
                           double *least)
{
    for (int twice = 0; twice < 2; twice++) {
        double start = now();
        for (int i = 0; i < calls; i++) {
            if (how == NULL)
                gradient(b, threads);
            else
                copy(b, how, threads);
        }
        double took = (now() - start) / calls;
        *least = took < *least ? took : *least;
    }
}

static void measure_fresh(const struct bench *b, copy_block *how, int threads, double *least)
{
    struct bench fresh = *b;
    for (int i = 0; i < b->axes_n; i++)
        fresh.df[i] = map(output_bytes(b));
    double start = now();
    if (how == NULL)
        gradient(&fresh, threads);
    else
        copy(&fresh, how, threads);
    double took = now() - start;
    *least = took < *least ? took : *least;
    for (int i = 0; i < b->axes_n; i++)
        munmap(fresh.df[i], output_bytes(b));
}

struct figures {
    double nabla, copy, fresh, fresh_copy;
};

static void round_of(const struct bench *b, int calls, bool fresh, struct figures at[THREADS])
{
    copy_block *list[6];
    copies(b, list);
    for (int t = 0; t < THREADS; t++) {
        measure_reused(b, NULL, t + 1, calls, &at[t].nabla);
        for (copy_block **c = list; *c != NULL; c++)
            measure_reused(b, *c, t + 1, calls, &at[t].copy);
        if (!fresh)
            continue;
        measure_fresh(b, NULL, t + 1, &at[t].fresh);
        for (copy_block **c = list; *c != NULL; c++)
            measure_fresh(b, *c, t + 1, &at[t].fresh_copy);
    }
}

static void measure(const struct bench *b)
{
    enum { ROUNDS_MIN = 3, ROUNDS_FRESH = 2, ELEMENTS_A_TURN = 1 << 20 };
    struct figures at[THREADS];
    for (int t = 0; t < THREADS; t++)
        at[t] = (struct figures){1e9, 1e9, 1e9, 1e9};
    int calls = b->size >= ELEMENTS_A_TURN / 2 ? 1 : (int)(ELEMENTS_A_TURN / b->size);
    double end = now() + b->seconds;
    for (int i = 0; i < ROUNDS_MIN || now() < end; i++)
        round_of(b, calls, calls == 1 && i < ROUNDS_FRESH,
                 at); /* small ones are not mapped for a call */
    printf("{\"threads\": [");
    for (int t = 0; t < THREADS; t++)
        printf("%s{\"nabla\": %.9f, \"copy\": %.9f, \"fresh\": %.9f, \"fresh_copy\": %.9f}",
               t ? ", " : "", at[t].nabla, at[t].copy, at[t].fresh, at[t].fresh_copy);
    printf("]}\n");
}

/* ---- the shortest calls */

/* Nanoseconds of nabla_gradient_1d, the least of many turns. */
static double shortest(size_t n)
{
    enum { TURNS = 200, CALLS = 1000 };
    double f[128], df[128], least = 1e9;
    for (size_t i = 0; i < n; i++)
        f[i] = (double)(i * i);
    for (int turn = 0; turn < TURNS; turn++) {
        double start = now();
        for (int i = 0; i < CALLS; i++)
            if (nabla_gradient_1d(f, n, 0.1, 1, df) != NABLA_OK)
                die("nabla_gradient_1d");
        double took = (now() - start) / CALLS;
        least = took < least ? took : least;
    }
    return least * 1e9;
}

/* ---- the command line */

static enum nabla_dtype dtype_of(const char *name)
{
    static const struct {
        const char *name;
        enum nabla_dtype dtype;
    } names[] = {{"f64", NABLA_FLOAT64},
                 {"f32", NABLA_FLOAT32},
                 {"u8", NABLA_UINT8},
                 {"i16", NABLA_INT16},
                 {"i32", NABLA_INT32}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i].name) == 0)
            return names[i].dtype;
    die("no such type");
    return NABLA_BOOL;
}

/* Values without a pattern that a predictor could learn; x ascends unevenly, by numbers that a float holds. */
static void fill(struct bench *b)
{
    size_t bytes = b->size * nabla_dtype_size(b->in);
    b->f = map(bytes);
    uint64_t random = 1;
    for (size_t i = 0; i < b->size; i++) {
        random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        double v = (double)(int64_t)random * 0x1p-60;
        if (b->in == NABLA_FLOAT64)
            ((double *)b->f)[i] = v;
        else if (b->in == NABLA_FLOAT32)
            ((float *)b->f)[i] = (float)v;
        else
            memcpy((char *)b->f + i * nabla_dtype_size(b->in), (char *)&random + 3,
                   nabla_dtype_size(b->in));
    }
    b->x = b->uneven ? map(output_bytes(b)) : NULL;
    for (size_t i = 0; i < b->size && b->uneven; i++) {
        double x = (double)(i + i / 5);
        if (b->out == NABLA_FLOAT32)
            ((float *)b->x)[i] = (float)x;
        else
            ((double *)b->x)[i] = x;
    }
    for (int i = 0; i < b->axes_n; i++)
        memset(b->df[i] = map(output_bytes(b)), 0, output_bytes(b));
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "shortest") == 0) {
        printf("{\"5\": %.1f, \"100\": %.1f}\n", shortest(5), shortest(100));
        return 0;
    }
    if (argc != 8)
        die("usage: bench_arrays IN OUT SHAPE AXES ORDER SPACING SECONDS | shortest");
    struct bench b = {.in = dtype_of(argv[1]), .out = dtype_of(argv[2]), .size = 1};
    for (char *s = strtok(argv[3], "x"); s != NULL && b.ndim < DIMS; s = strtok(NULL, "x"))
        b.size *= (size_t)(b.shape[b.ndim++] = atoll(s));
    for (char *s = strtok(argv[4], ","); s != NULL && b.axes_n < DIMS; s = strtok(NULL, ","))
        b.axes[b.axes_n++] = atoi(s);
    b.edge_order = atoi(argv[5]);
    b.uneven = strcmp(argv[6], "coordinates") == 0;
    b.seconds = atof(argv[7]);
    fill(&b);
    measure(&b);
    return 0;
}
