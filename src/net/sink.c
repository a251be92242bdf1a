/* net/sink.c -- a batch at a time: one clock read, one lock a shard. */
#include "net/sink.h"

#include <string.h>

_Static_assert((int)LINE_FORMATS == (int)STATS_FORMATS, "a listener counts each format");
_Static_assert((int)EXAMPLE_LISTENER_MAX == (int)STATS_NAME_MAX, "an example names its listener");

/* A line as it stands at hand, and where it went wrong. */
struct fault {
    enum cause cause;
    uint64_t line;
    uint32_t offset;
    const char *text;
    size_t n;
};

/* In the log, as often as its rate allows, and among the examples, always. */
static void tell(struct sink *sink, const struct inlet *inlet, const struct fault *f)
{
    struct example x = {.wall_ns = clock_now().wall_ns, .offset = f->offset};
    log_quote(x.text, f->text, f->n);
    memcpy(x.listener, inlet->stats->name, sizeof x.listener);
    log_event(sink->log, LOG_LEVEL_WARN, cause_label(f->cause), "line_refused",
              "listener=%s reason=%s offset=%u line=%s why=\"%s\"", x.listener,
              cause_label(f->cause), f->offset, x.text, cause_text(f->cause));
    examples_note(&sink->stats->examples, example_kind(f->cause), &x);
}

static void note(struct outcome *o, const struct fault *f)
{
    if (o == NULL || o->has_fault)
        return;
    o->has_fault = true;
    o->fault = f->cause;
    o->line = f->line;
    o->offset = f->offset;
    log_quote(o->text, f->text, f->n);
}

void sink_refuse(struct sink *sink, struct inlet *inlet, enum cause cause, const char *text,
                 size_t n)
{
    struct fault fault = {cause, inlet->report.passed++, (uint32_t)n, text, n};
    count(&sink->stats->lines, 1);
    count(&inlet->stats->lines, 1);
    count(&inlet->stats->formats[inlet->options.format], 1);
    count(&sink->stats->rejected[cause], 1);
    if (inlet->outcome != NULL)
        inlet->outcome->refused[cause]++;
    note(inlet->outcome, &fault);
    tell(sink, inlet, &fault);
}

/* Adds up what the lines since the last flush came to. */
static void publish(struct sink *sink, struct inlet *inlet)
{
    struct line_report *r = &inlet->report;
    count(&sink->stats->lines, r->lines);
    count(&inlet->stats->lines, r->lines);
    count(&sink->stats->samples, r->samples);
    for (int i = 0; i < LINE_FORMATS; i++)
        if (r->formats[i] != 0)
            count(&inlet->stats->formats[i], r->formats[i]);
    for (int i = 0; i < CAUSE_COUNT; i++) {
        if (r->refused[i] == 0)
            continue;
        count(&sink->stats->rejected[i], r->refused[i]);
        if (inlet->outcome != NULL)
            inlet->outcome->refused[i] += r->refused[i];
    }
    *r = (struct line_report){.passed = r->passed};
}

static void apply(struct sink *sink, const struct inlet *inlet)
{
    if (sink->batch.n > 0)
        table_apply_from(sink->table, &sink->batch, &sink->origins, sink->now,
                         inlet->outcome != NULL ? inlet->outcome->refused : NULL);
    sink->batch.n = 0;
    origins_restart(&sink->origins);
}

void sink_from(struct sink *sink, const struct inlet *inlet, const struct network *from)
{
    if (origins_add(&sink->origins, sink->batch.n, from))
        return;
    apply(sink, inlet);
    (void)origins_add(&sink->origins, 0, from); /* fits: a row begins */
}

void sink_flush(struct sink *sink, struct inlet *inlet)
{
    apply(sink, inlet);
    publish(sink, inlet);
}

/* The first fault of a call is logged while its text is at hand. */
static void tell_fault(struct sink *sink, struct inlet *inlet)
{
    const struct line_report *r = &inlet->report;
    if (!r->has_fault)
        return;
    struct fault fault = {r->fault, r->fault_line, r->fault_offset, r->fault_text, r->fault_text_n};
    note(inlet->outcome, &fault);
    tell(sink, inlet, &fault);
}

static size_t read_lines(struct sink *sink, struct inlet *inlet, const char *buf, size_t n)
{
    inlet->report.has_fault = false;
    size_t used = lines_read(&inlet->options, buf, n, &sink->batch, &inlet->report);
    tell_fault(sink, inlet);
    return used;
}

size_t sink_take(struct sink *sink, struct inlet *inlet, const char *buf, size_t n)
{
    size_t used = 0;
    for (bool full = true; full;) {
        if (sink->batch.n == 0)
            sink->now = inlet->received.wall_ns != 0 ? inlet->received : clock_now();
        inlet->options.arrival_ns = sink->now.wall_ns;
        used += read_lines(sink, inlet, buf + used, n - used);
        full = sink->batch.n > BATCH_MAX - LINE_SAMPLES_MAX;
        if (full)
            apply(sink, inlet);
    }
    return used;
}

/* What was read borrows the frame, so the batch goes on at once. */
void sink_take_frame(struct sink *sink, struct inlet *inlet, const char *frame, size_t n)
{
    uint32_t offset = 0;
    enum cause cause = pickle_read(sink->pickle, frame, n, &offset);
    if (cause != CAUSE_COUNT) {
        sink_refuse(sink, inlet, cause, frame, offset);
        return;
    }
    sink->now = clock_now();
    for (bool more = true; more;) {
        inlet->report.has_fault = false;
        more = pickle_samples(sink->pickle, sink->now.wall_ns, &sink->batch, &inlet->report);
        tell_fault(sink, inlet);
        sink_flush(sink, inlet);
    }
}
