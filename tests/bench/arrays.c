/* tests/bench/arrays.c -- how long one gradient takes, beside the best plain copy of the same bytes.
 *
 *     bench_arrays IN OUT SHAPE AXES ORDER SPACING SECONDS
 *     bench_arrays f64 f64 4096x4096 0,1 1 step 0.5
 *
 * SPACING: step (0.1 on every axis) or coordinates (uneven, float64 or the type of the data; 1-d).
 * Times are minima over rounds; in a round everything is measured in turn, each thing three times in a row
 * and the first time not counted, so that a noisy moment meets all, and each finds in the caches what it
 * left there itself. The copy reads every input once and writes every output once, all outputs line by
 * line: the fastest of memcpy and plain loops, streaming or not.
 *
 * One JSON line: {"threads": [{"nabla": s, "copy": s, "fresh": s, "fresh_copy": s, "small": s,
 * "small_copy": s, "memory": bytes}, {of two}]}, where fresh ones are newly mapped for each run, huge pages
 * advised, small ones newly mapped in pages of 4 KiB, and memory is what a call takes beside its arrays. */
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

enum { DIMS = 3, HUGE_PAGE = 2 << 20, LINE = 64, THREADS = 2 };

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
static void *map_advised(size_t bytes, int advice)
{
    char *p = mmap(NULL, bytes + HUGE_PAGE, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED)
        die("no memory");
    p += -(uintptr_t)p % HUGE_PAGE;
    madvise(p, bytes, advice);
    return p;
}

static void *map(size_t bytes)
{
    return map_advised(bytes, MADV_HUGEPAGE);
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

/* ---- the copy: what one thread copies, from one line of the outputs to another */

struct part {
    const struct bench *b;
    size_t from, to; /* bytes of an output, whole lines */
};

typedef void copy_part(const struct part *k);

/* One output of the input's type alone: it cannot convert, mix or write twice. */
static void copy_memcpy(const struct part *k)
{
    memcpy((char *)k->b->df[0] + k->from, (const char *)k->b->f + k->from, k->to - k->from);
}

/* Block by block from the first cache. */
static void copy_blocks(const struct part *k)
{
    enum { BLOCK = 4096 };
    for (size_t at = k->from; at < k->to; at += BLOCK)
        for (int o = 0; o < k->b->axes_n; o++)
            memcpy((char *)k->b->df[o] + at, (const char *)k->b->f + at,
                   k->to - at < BLOCK ? k->to - at : BLOCK);
}

#if defined(__x86_64__)
/* A line of each output at a time; of a narrow input its share is read. Prefetching helps a copy as it does the
 * kernels. */
#define VECTOR_COPY(name, set, VECTOR, LOAD, STORE, MIX)                                           \
    __attribute__((target(set))) static void name(const struct part *k)                            \
    {                                                                                              \
        const size_t in = nabla_dtype_size(k->b->in), out = nabla_dtype_size(k->b->out);           \
        const char *x = k->b->x;                                                                   \
        const int outputs = k->b->axes_n;                                                          \
        for (size_t at = k->from; at < k->to; at += LINE) {                                        \
            const char *f = (const char *)k->b->f + at * in / out;                                 \
            _mm_prefetch(f + 4096, _MM_HINT_T0);                                                   \
            if (x != NULL)                                                                         \
                _mm_prefetch(x + at + 4096, _MM_HINT_T0);                                          \
            _Pragma("GCC unroll 2") for (size_t v = 0; v < LINE; v += sizeof(VECTOR))              \
            {                                                                                      \
                VECTOR one = LOAD((const void *)(f + v * in / out));                               \
                if (x != NULL)                                                                     \
                    one = MIX(one, LOAD((const void *)(x + at + v)));                              \
                for (int o = 0; o < outputs; o++)                                                  \
                    STORE((void *)((char *)k->b->df[o] + at + v), one);                            \
            }                                                                                      \
        }                                                                                          \
        _mm_sfence();                                                                              \
    }
VECTOR_COPY(copy_avx512, "avx512f", __m512i, _mm512_loadu_si512, _mm512_storeu_si512,
            _mm512_xor_si512)
VECTOR_COPY(stream_avx512, "avx512f", __m512i, _mm512_loadu_si512, _mm512_stream_si512,
            _mm512_xor_si512)
VECTOR_COPY(copy_avx2, "avx2", __m256i, _mm256_loadu_si256, _mm256_storeu_si256, _mm256_xor_si256)
VECTOR_COPY(stream_avx2, "avx2", __m256i, _mm256_loadu_si256, _mm256_stream_si256, _mm256_xor_si256)
#endif

enum { COPIES_MAX = 7 };

/* What this processor has and serves, in a list that ends with NULL. */
static void copies(const struct bench *b, copy_part *list[COPIES_MAX])
{
    int n = 0;
    if (!b->uneven && b->in == b->out && b->axes_n == 1)
        list[n++] = copy_memcpy;
    if (!b->uneven && b->in == b->out)
        list[n++] = copy_blocks;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f"))
        list[n++] = copy_avx512, list[n++] = stream_avx512;
    if (__builtin_cpu_supports("avx2"))
        list[n++] = copy_avx2, list[n++] = stream_avx2;
#endif
    list[n] = NULL;
}

static void copy(const struct bench *b, copy_part *how, int threads)
{
    const size_t lines = output_bytes(b) / LINE;
#ifdef _OPENMP
    if (threads > 1) {
#pragma omp parallel for num_threads(threads) schedule(static)
        for (int t = 0; t < threads; t++)
            how(&(struct part){b, lines * (size_t)t / (size_t)threads * LINE,
                               lines * (size_t)(t + 1) / (size_t)threads * LINE});
        return;
    }
#endif
    (void)threads;
    how(&(struct part){b, 0, lines * LINE});
}

/* ---- measuring */

static void once(const struct bench *b, copy_part *how, int threads)
{
    if (how == NULL)
        gradient(b, threads);
    else
        copy(b, how, threads);
}

/* Into outputs that are used again: the least of two, of so many calls that the clock can see them. */
static void measure_reused(const struct bench *b, copy_part *how, int threads, int calls,
                           double *least)
{
    for (int turn = 0; turn < 3; turn++) {
        const double start = now();
        for (int i = 0; i < calls; i++)
            once(b, how, threads);
        const double took = (now() - start) / calls;
        *least = turn > 0 && took < *least ? took : *least;
    }
}

static void measure_fresh(const struct bench *b, copy_part *how, int threads, int advice,
                          double *least)
{
    struct bench fresh = *b;
    for (int i = 0; i < b->axes_n; i++)
        fresh.df[i] = map_advised(output_bytes(b), advice);
    const double start = now();
    once(&fresh, how, threads);
    const double took = now() - start;
    *least = took < *least ? took : *least;
    for (int i = 0; i < b->axes_n; i++)
        munmap(fresh.df[i], output_bytes(b));
}

/* A line of /proc/self/status, in bytes. */
static double memory(const char *what)
{
    char line[256];
    long kilobytes = 0;
    FILE *status = fopen("/proc/self/status", "r");
    while (status != NULL && fgets(line, sizeof line, status) != NULL)
        if (strncmp(line, what, strlen(what)) == 0)
            kilobytes = atol(line + strlen(what));
    if (status != NULL)
        fclose(status);
    return 1024.0 * (double)kilobytes;
}

/* What a call adds to the memory in use at its peak; all arrays have been touched. The kernel counts in steps of some
 * dozens of pages a thread. */
static double measure_memory(const struct bench *b, int threads)
{
    FILE *peak = fopen("/proc/self/clear_refs", "w");
    if (peak == NULL || fputs("5", peak) < 0 || fclose(peak) != 0)
        die("/proc/self/clear_refs");
    const double before = memory("VmHWM:");
    gradient(b, threads);
    return memory("VmHWM:") - before;
}

struct figures {
    double nabla, copy, fresh, fresh_copy, small, small_copy, memory;
};

static void round_of(const struct bench *b, int calls, bool fresh, struct figures at[THREADS])
{
    copy_part *list[COPIES_MAX];
    copies(b, list);
    for (int t = 0; t < THREADS; t++) {
        measure_reused(b, NULL, t + 1, calls, &at[t].nabla);
        for (copy_part **c = list; *c != NULL; c++)
            measure_reused(b, *c, t + 1, calls, &at[t].copy);
        if (!fresh)
            continue;
        measure_fresh(b, NULL, t + 1, MADV_HUGEPAGE, &at[t].fresh);
        measure_fresh(b, NULL, t + 1, MADV_NOHUGEPAGE, &at[t].small);
        for (copy_part **c = list; *c != NULL; c++) {
            measure_fresh(b, *c, t + 1, MADV_HUGEPAGE, &at[t].fresh_copy);
            measure_fresh(b, *c, t + 1, MADV_NOHUGEPAGE, &at[t].small_copy);
        }
    }
}

static void measure(const struct bench *b)
{
    enum { ROUNDS_MIN = 3, ROUNDS_FRESH = 2, ELEMENTS_A_TURN = 1 << 20 };
    struct figures at[THREADS];
    for (int t = 0; t < THREADS; t++)
        at[t] = (struct figures){1e9, 1e9, 1e9, 1e9, 1e9, 1e9, measure_memory(b, t + 1)};
    const int calls = b->size >= ELEMENTS_A_TURN / 2 ? 1 : (int)(ELEMENTS_A_TURN / b->size);
    const double end = now() + b->seconds;
    for (int i = 0; i < ROUNDS_MIN || now() < end; i++)
        round_of(b, calls, calls == 1 && i < ROUNDS_FRESH,
                 at); /* small ones are not mapped for a call */
    printf("{\"threads\": [");
    for (int t = 0; t < THREADS; t++)
        printf("%s{\"nabla\": %.9f, \"copy\": %.9f, \"fresh\": %.9f, \"fresh_copy\": %.9f, "
               "\"small\": %.9f, \"small_copy\": %.9f, \"memory\": %.0f}",
               t ? ", " : "", at[t].nabla, at[t].copy, at[t].fresh, at[t].fresh_copy, at[t].small,
               at[t].small_copy, at[t].memory);
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
