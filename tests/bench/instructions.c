/* tests/bench/instructions.c -- one fixed piece of work inside measured(), for callgrind to count.
 *
 *     bench_instructions CASE        prints how many lines (or numbers) measured() handled
 *     bench_instructions             prints the cases, a line each
 *
 * The bytes are the same in every run; what is left of chance is the table's secret, which moves a few
 * samples in ten thousand to a neighbouring slot. */
#include "base/number.h"
#include "corpus.h"
#include "drive.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PARSED = 20000, APPLIED = 100000, NUMBERS = 20000, ROUNDS = 3 };

/* A time that is neither in the future nor long ago: samples past an hour ahead are refused. */
static const int64_t START_NS = 1700000000 * (int64_t)NS_PER_S;

struct work {
    struct drive drive;
    struct corpus corpus;
    double *numbers; /* owned */
    size_t numbers_n;
};

enum job { PARSE, APPLY, BEAR, WRITE };

static const struct row {
    const char *name;
    enum job job;
    enum corpus_format format;
    uint32_t series;
    int64_t trend_ns; /* 0: none */
    enum { NOBODY, SOMEBODY, NOT_READING } follows;
} rows[] = {
    {"parse influx", PARSE, CORPUS_INFLUX, 1000, 0, NOBODY},
    {"parse influx, 17 digits", PARSE, CORPUS_LONG, 1000, 0, NOBODY},
    {"parse graphite", PARSE, CORPUS_GRAPHITE, 1000, 0, NOBODY},
    {"parse json", PARSE, CORPUS_JSON, 1000, 0, NOBODY},
    {"parse and apply, 1,000 series", APPLY, CORPUS_INFLUX, 1000, 0, NOBODY},
    {"the same, each with a trend", APPLY, CORPUS_INFLUX, 1000, 120 * (int64_t)NS_PER_S, NOBODY},
    {"the same, followed by somebody", APPLY, CORPUS_INFLUX, 1000, 0, SOMEBODY},
    {"the same, who reads nothing", APPLY, CORPUS_INFLUX, 1000, 0, NOT_READING},
    {"parse and apply, 100,000 series", APPLY, CORPUS_INFLUX, 100000, 0, NOBODY},
    {"parse and bear, 20,000 series", BEAR, CORPUS_INFLUX, 20000, 0, NOBODY},
    {"write a number, 5 digits", WRITE, CORPUS_INFLUX, 0, 0, NOBODY},
    {"write a number, 17 digits", WRITE, CORPUS_LONG, 0, 0, NOBODY},
};

/* ---- what is counted: its name is what callgrind is told */

static void write_numbers(const struct work *w)
{
    char text[NUMBER_TEXT_MAX];
    size_t bytes = 0;
    for (size_t i = 0; i < w->numbers_n; i++)
        bytes += number_write(text, w->numbers[i]);
    if (bytes == 0)
        exit(1);
}

void measured(const struct row *row, struct work *w);

__attribute__((noinline)) void measured(const struct row *row, struct work *w)
{
    bool good = true;
    switch (row->job) {
    case PARSE: good = drive_parse(w->corpus.bytes, w->corpus.n); break;
    case APPLY:
    case BEAR: good = drive_lines(&w->drive, w->corpus.bytes, w->corpus.n, NULL); break;
    case WRITE: write_numbers(w); break;
    }
    if (!good)
        exit(1);
}

/* ---- what comes before it */

static bool make_corpus(const struct row *row, uint64_t rounds, int64_t start_ns,
                        struct corpus *out)
{
    struct corpus_options o = {.format = row->format,
                               .series = row->series,
                               .rounds = rounds,
                               .seed = 1,
                               .start_ns = start_ns};
    return corpus_make(&o, out);
}

static struct policy policy_of(const struct row *row)
{
    struct policy p = policy_default();
    p.trend_ns = row->trend_ns;
    return p;
}

/* The series are there, and their windows are full. */
static bool grow(const struct row *row, struct work *w)
{
    struct corpus first;
    bool good = make_corpus(row, ROUNDS, START_NS, &first) &&
                drive_lines(&w->drive, first.bytes, first.n, NULL);
    corpus_free(&first);
    return good;
}

static bool make_numbers(const struct row *row, struct work *w)
{
    w->numbers = malloc(NUMBERS * sizeof *w->numbers);
    if (w->numbers == NULL)
        return false;
    uint64_t x = 88172645463325252u;
    for (w->numbers_n = 0; w->numbers_n < NUMBERS; w->numbers_n++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        double v = 15 + (double)(x % 20000) / 1000;
        w->numbers[w->numbers_n] = row->format == CORPUS_LONG ? v / 3 : v;
    }
    return true;
}

static bool prepare(const struct row *row, struct work *w)
{
    int64_t after_ns = START_NS + ROUNDS * (int64_t)NS_PER_S;
    switch (row->job) {
    case PARSE: return make_corpus(row, PARSED / row->series, START_NS, &w->corpus);
    case BEAR:
        return drive_init(&w->drive, row->series, 1) && make_corpus(row, 1, START_NS, &w->corpus);
    case APPLY:
        if (!drive_init_by(&w->drive, row->series, 1, policy_of(row)) || !grow(row, w))
            return false;
        if (row->follows != NOBODY)
            drive_follow(&w->drive, row->follows == NOT_READING ? DRIVE_FEED : 0);
        return make_corpus(row, APPLIED / row->series, after_ns, &w->corpus);
    case WRITE: return make_numbers(row, w);
    }
    return false;
}

int main(int argc, char **argv)
{
    static struct work w;
    size_t rows_n = sizeof rows / sizeof rows[0];
    for (size_t i = 0; i < rows_n; i++) {
        if (argc < 2)
            puts(rows[i].name);
        if (argc < 2 || strcmp(argv[1], rows[i].name) != 0)
            continue;
        if (!prepare(&rows[i], &w))
            return 1;
        measured(&rows[i], &w);
        printf("%llu\n", (unsigned long long)(w.corpus.lines + w.numbers_n));
        drive_fini(&w.drive);
        corpus_free(&w.corpus);
        free(w.numbers);
        return 0;
    }
    return argc < 2 ? 0 : 2;
}
