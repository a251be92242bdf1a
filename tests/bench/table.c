/* tests/bench/table.c -- parser and table from memory, where no socket limits them.
 *
 *     bench_table threads SERIES ROUNDS THREADS    lines/s of THREADS threads on one table; the series are
 *                                                  shared out among them, as senders would
 *     bench_table pauses SERIES                    a table grows from nothing to SERIES: its longest batch
 *
 * Prints a JSON object. The points counted are the same for any number of threads. */
#include "corpus.h"
#include "drive.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { THREADS_MAX = 16, SHARDS_A_THREAD = 4, ROUND_S = 1 };

struct worker {
    struct drive *drive;
    pthread_barrier_t *start;
    struct corpus births, corpus;
    pthread_t thread;
    double seconds;
    bool good;
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void *work(void *arg)
{
    struct worker *w = arg;
    w->good = drive_lines(w->drive, w->births.bytes, w->births.n, NULL);
    pthread_barrier_wait(w->start);
    double start = now();
    w->good = drive_lines(w->drive, w->corpus.bytes, w->corpus.n, NULL) && w->good;
    w->seconds = now() - start;
    return NULL;
}

static int64_t start_ns(uint64_t rounds)
{
    return ((int64_t)time(NULL) - (int64_t)rounds - 10) * NS_PER_S;
}

static bool prepare(struct worker *w, uint32_t first, uint32_t series, uint64_t rounds)
{
    struct corpus_options o = {.first = first,
                               .series = series,
                               .rounds = 1,
                               .seed = first + 1,
                               .start_ns = start_ns(rounds)};
    if (!corpus_make(&o, &w->births))
        return false;
    o.rounds = rounds;
    o.start_ns += ROUND_S * (int64_t)NS_PER_S;
    return corpus_make(&o, &w->corpus);
}

/* As many as nablad takes: daemon/app.c. */
static uint32_t shards_for(uint32_t threads)
{
    uint32_t n = 1;
    while (threads > 1 && n < SHARDS_A_THREAD * threads)
        n *= 2;
    return n;
}

static int run_threads(uint32_t series, uint64_t rounds, uint32_t threads)
{
    static struct drive drive;
    struct worker workers[THREADS_MAX] = {0};
    pthread_barrier_t start;
    double worst = 0;
    bool good = drive_init(&drive, series, shards_for(threads));
    pthread_barrier_init(&start, NULL, threads);
    for (uint32_t i = 0; i < threads; i++) {
        struct worker *w = &workers[i];
        w->drive = &drive;
        w->start = &start;
        uint32_t share = series / threads;
        good = good && prepare(w, i * share, share, rounds);
    }
    for (uint32_t i = 0; good && i < threads; i++)
        pthread_create(&workers[i].thread, NULL, work, &workers[i]);
    for (uint32_t i = 0; good && i < threads; i++) {
        pthread_join(workers[i].thread, NULL);
        worst = workers[i].seconds > worst ? workers[i].seconds : worst;
        corpus_free(&workers[i].births);
        corpus_free(&workers[i].corpus);
    }
    for (uint32_t i = 0; i < threads; i++)
        good = good && workers[i].good;
    uint64_t lines = (uint64_t)(series / threads) * threads * rounds;
    printf("{\"threads\": %u, \"lines\": %llu, \"seconds\": %.6f, \"points\": %llu}\n", threads,
           (unsigned long long)lines, worst, (unsigned long long)counted(&drive.stats.points));
    drive_fini(&drive);
    return good ? 0 : 1;
}

static int run_pauses(uint32_t series)
{
    static struct drive drive;
    struct worker w = {.drive = &drive};
    struct pauses pauses = {0};
    bool good = drive_init(&drive, series, 1) && prepare(&w, 0, series, 1) &&
                drive_lines(&drive, w.births.bytes, w.births.n, &pauses);
    printf("{\"worst_ms\": %.3f, \"worst_cpu_ms\": %.3f, \"worst_at\": %u}\n",
           (double)pauses.worst_ns * 1e-6, (double)pauses.worst_cpu_ns * 1e-6, pauses.worst_at);
    drive_fini(&drive);
    corpus_free(&w.births);
    corpus_free(&w.corpus);
    return good ? 0 : 1;
}

int main(int argc, char **argv)
{
    uint32_t numbers[3] = {0};
    for (int i = 2; i < argc && i < 5; i++)
        numbers[i - 2] = (uint32_t)strtoul(argv[i], NULL, 10);
    if (argc == 5 && strcmp(argv[1], "threads") == 0 && numbers[2] > 0 && numbers[2] <= THREADS_MAX)
        return run_threads(numbers[0], numbers[1], numbers[2]);
    if (argc == 3 && strcmp(argv[1], "pauses") == 0 && numbers[0] > 0)
        return run_pauses(numbers[0]);
    fprintf(stderr, "usage: bench_table threads SERIES ROUNDS THREADS | pauses SERIES\n");
    return 2;
}
