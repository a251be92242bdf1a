/* net/sink.h -- bytes to parser to table: what TCP and UDP have in common. One for each ingest loop,
 * used by its thread only. */
#ifndef NET_SINK_H
#define NET_SINK_H

#include "base/log.h"
#include "base/stats.h"
#include "series/table.h"
#include "wire/lines.h"

/* A listener as the sink sees it. */
struct source {
    struct line_options options; /* arrival_ns is filled in by the sink */
    struct listener_stats *stats;
    struct line_report report; /* since the last flush: counters are shared, datagrams are many */
};

struct sink {
    struct table *table;
    struct stats *stats;
    struct log *log;
    struct instant now; /* when the batch began; of samples that bring no time */
    struct batch batch;
};

/* Reads the whole lines of buf[0..n) and applies full batches; what is left of the last batch stays
 * until sink_flush and borrows buf until then; counts wait as long. Returns how many bytes were used; the rest is an
 * incomplete line. */
size_t sink_take(struct sink *sink, struct source *source, const char *buf, size_t n);
void sink_flush(struct sink *sink, struct source *source);

/* Counts and logs a line that never reached the parser. text: as much of it as is at hand. */
void sink_refuse(struct sink *sink, struct source *source, enum cause cause, const char *text,
                 size_t n);

#endif
