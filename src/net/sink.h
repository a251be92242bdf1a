/* net/sink.h -- bytes to parser to table: what TCP, UDP and HTTP have in common. One for each loop
 * that takes lines, used by its thread only. */
#ifndef NET_SINK_H
#define NET_SINK_H

#include "base/log.h"
#include "base/stats.h"
#include "series/table.h"
#include "wire/lines.h"
#include "wire/pickle.h"

/* What became of one sender's lines, for a protocol that answers. Zeroed at first; only grows. */
struct outcome {
    uint64_t refused[CAUSE_COUNT]; /* lines, fields and samples */
    bool has_fault;                /* the first line that could not be read: */
    enum cause fault;
    uint64_t line; /* its number, from 0; empty lines and comments count */
    uint32_t offset;
    char text[LOG_QUOTE_MAX]; /* quoted and clipped */
};

/* A listener as the sink sees it. */
struct inlet {
    struct line_options options; /* arrival_ns is filled in by the sink */
    struct listener_stats *stats;
    struct instant received; /* when what it brings came; wall_ns 0: now */
    struct line_report
        report; /* since the last flush, but for .passed: since the beginning; counters are
                                  shared, datagrams are many */
    struct outcome *outcome; /* borrowed; NULL: nobody asks */
};

struct sink {
    struct table *table;
    struct stats *stats;
    struct log *log;
    struct pickle *pickle; /* owned by who owns the sink; NULL where no frames come */
    struct instant now;    /* when the batch began; of samples that bring no time */
    struct batch batch;
    struct origins origins; /* of the batch; nobody said: this machine */
};

/* Reads the whole lines of buf[0..n) and applies full batches; what is left of the last batch stays
 * until sink_flush and borrows buf until then; counts wait as long. Returns how many bytes were used; the rest is an
 * incomplete line. Of a inlet with an outcome, nothing may be left of another inlet. */
size_t sink_take(struct sink *sink, struct inlet *inlet, const char *buf, size_t n);
void sink_flush(struct sink *sink, struct inlet *inlet);

/* What comes next is from there: its series count as that sender's. */
void sink_from(struct sink *sink, const struct inlet *inlet, const struct network *from);

/* Reads one frame of pickle and applies all of it. Of another inlet nothing may be left. */
void sink_take_frame(struct sink *sink, struct inlet *inlet, const char *frame, size_t n);

/* net/sink_replay.c: what came at that time, once more. The sink is no loop's, counts for nobody and logs
 * nothing; nothing is left in it afterwards. */
void sink_replay_lines(struct sink *sink, enum line_format format, int64_t precision_ns,
                       struct instant when, const char *text, size_t n);
/* body: as it came, packed. Errors: NABLA_ENOMEM. */
MUST_CHECK enum nabla_status sink_replay_remote_write(struct sink *sink, struct instant when,
                                                      const char *body, size_t n);

/* Counts and logs a line that never reached the parser. text: as much of it as is at hand. */
void sink_refuse(struct sink *sink, struct inlet *inlet, enum cause cause, const char *text,
                 size_t n);

#endif
