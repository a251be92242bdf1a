/* tests/bench/corpus.h -- lines for benches, made in memory before any clock starts; the same bytes for
 * the same options.
 *
 *     influx    temperature,site=plant-45,sensor=s0012345 value=21.437 1700000001234567890
 *     long      temperature,site=plant-45,sensor=s0012345 value=21.437000000000001 1700000001234567890
 *     graphite  factory.plant-45.line-45.temperature.s0012345 21.437 1700000001.234
 *     json      {"metric":"temperature","labels":{"site":"plant-45","sensor":"s0012345"},"time":...}
 *     statsd    factory.plant-45.line-45.temperature.s0012345:21.437|g
 *     crafted   as influx, of keys whose XXH3 under the public secret ends in nine zero bits
 *
 * In rounds, one second each: within a round every series comes once, in shuffled order, at a time of
 * its own in the round's first nine tenths. */
#ifndef BENCH_CORPUS_H
#define BENCH_CORPUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum corpus_format {
    CORPUS_INFLUX,
    CORPUS_LONG,
    CORPUS_GRAPHITE,
    CORPUS_JSON,
    CORPUS_STATSD,
    CORPUS_CRAFTED,
    CORPUS_FORMAT_COUNT
};

struct corpus_options {
    enum corpus_format format;
    uint32_t first, series, step; /* numbers of the series: first, first + step, ...; step 0: 1 */
    uint64_t rounds, seed;
    int64_t start_ns; /* of the first round */
};

struct corpus {
    char *bytes; /* owned */
    size_t n;
    uint64_t lines;
};

bool corpus_format_of(const char *name, enum corpus_format *out);

/* False without memory. */
bool corpus_make(const struct corpus_options *o, struct corpus *out);
void corpus_free(struct corpus *c);

/* The end of the last whole line that ends within max bytes of `from`, but of one line at least. */
size_t corpus_cut(const struct corpus *c, size_t from, size_t max);

#endif
