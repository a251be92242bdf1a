/* net/sink.c -- a batch at a time: one clock read, one lock a shard. */
#include "net/sink.h"

static void log_line(struct sink *sink, const struct source *source, enum cause cause,
                     uint32_t offset, const char *text, size_t n)
{
    char line[LOG_QUOTE_MAX];
    log_event(sink->log, LOG_LEVEL_WARN, cause_label(cause), "line_refused",
              "listener=%s reason=%s offset=%u line=%s why=\"%s\"", source->stats->name,
              cause_label(cause), offset, log_quote(line, text, n), cause_text(cause));
}

void sink_refuse(struct sink *sink, struct source *source, enum cause cause, const char *text,
                 size_t n)
{
    count(&sink->stats->lines, 1);
    count(&source->stats->lines, 1);
    count(&sink->stats->rejected[cause], 1);
    log_line(sink, source, cause, (uint32_t)n, text, n);
}

/* Adds up what the lines since the last flush came to. */
static void publish(struct sink *sink, struct source *source)
{
    struct line_report *r = &source->report;
    count(&sink->stats->lines, r->lines);
    count(&source->stats->lines, r->lines);
    count(&sink->stats->samples, r->samples);
    for (int i = 0; i < CAUSE_COUNT; i++)
        if (r->refused[i] != 0)
            count(&sink->stats->rejected[i], r->refused[i]);
    *r = (struct line_report){0};
}

static void apply(struct sink *sink)
{
    if (sink->batch.n > 0)
        table_apply(sink->table, &sink->batch, sink->now);
    sink->batch.n = 0;
}

void sink_flush(struct sink *sink, struct source *source)
{
    apply(sink);
    publish(sink, source);
}

/* The first fault of a call is logged while its text is at hand. */
static size_t read_lines(struct sink *sink, struct source *source, const char *buf, size_t n)
{
    struct line_report *r = &source->report;
    r->has_fault = false;
    size_t used = lines_read(&source->options, buf, n, &sink->batch, r);
    if (r->has_fault)
        log_line(sink, source, r->fault, r->fault_offset, r->fault_text, r->fault_text_n);
    return used;
}

size_t sink_take(struct sink *sink, struct source *source, const char *buf, size_t n)
{
    size_t used = 0;
    for (bool full = true; full;) {
        if (sink->batch.n == 0)
            sink->now = clock_now();
        source->options.arrival_ns = sink->now.wall_ns;
        used += read_lines(sink, source, buf + used, n - used);
        full = sink->batch.n > BATCH_MAX - LINE_SAMPLES_MAX;
        if (full)
            apply(sink);
    }
    return used;
}
