/* wire/lines.h -- lines of any of four formats to samples: one call reads as many whole lines as
 * fill a batch. A pure function over bytes: no state but what it is given, no clock, no allocation.
 *
 *     temperature,site=a value=21.4,humidity=40i 1700000000000000000      Influx line protocol
 *     plant-03.temperature.s17;site=a 21.4 1700000000.25                  Graphite plaintext
 *     {"metric":"temperature","labels":{"s":"17"},"time":1.7e9,"value":21.4}  JSON lines
 *     temperature:21.4|g|#site:a                                          statsd
 *
 * Only LF ends a line (a CR before it is dropped), so that cutting a stream anywhere changes nothing.
 * Laws: reads only buf[0..n), writes none of it; samples point into it. A line that is refused
 * leaves no sample behind, is counted by cause, and costs its neighbours nothing. Empty lines and
 * lines whose first byte after blanks is '#' are skipped and not counted.
 *
 * Recognised line by line: '{' first: JSON; else, if the word after the first unescaped blank
 * holds a '=': Influx; else, if it has no blank at all but a ':' and then a '|': statsd; else
 * Graphite. */
#ifndef WIRE_LINES_H
#define WIRE_LINES_H

#include "base/cause.h"
#include "base/sample.h"

#include <stdbool.h>

enum line_format {
    LINE_AUTO,
    LINE_INFLUX,
    LINE_GRAPHITE,
    LINE_JSON,
    LINE_STATSD,
    LINE_PICKLE, /* no lines but frames: wire/pickle.h */
};
enum { LINE_FORMATS = LINE_PICKLE + 1 };

/* "auto", "influx", ...: static, as the configuration has them. */
const char *line_format_text(enum line_format format);

struct line_options {
    enum line_format format;
    int64_t precision_ns; /* one unit of an Influx timestamp: 1, 1000, 1000000, 1000000000 */
    int64_t arrival_ns;   /* the time of samples that bring none */
    uint32_t max_line;    /* bytes, LF not counted: a longer one is refused */
    bool once; /* lines may come again, and count once: what adds to a series' value is refused */
};

/* The first line refused in a call, and all counts. Zeroed by the caller, added to by calls. */
struct line_report {
    uint64_t lines, samples;
    uint64_t formats[LINE_FORMATS]; /* the lines, by what they were read as; [LINE_AUTO]: none */
    uint64_t passed;                /* lines of any kind, empty ones and comments too */
    uint64_t refused[CAUSE_COUNT];  /* lines (or, CAUSE_STRING and such, fields) by cause */
    bool has_fault;
    enum cause fault;       /* of the first refused line */
    uint64_t fault_line;    /* its number among the lines passed so far, from 0 */
    const char *fault_text; /* the line: borrows buf */
    uint32_t fault_text_n;
    uint32_t fault_offset; /* where in the line it went wrong, in bytes */
};

/* Reads whole lines from buf[0..n) until they end or the batch has no room for LINE_SAMPLES_MAX
 * more. Appends to batch. Returns how many bytes were used, always whole lines; the rest holds
 * an incomplete line or, the batch being full, more lines. */
size_t lines_read(const struct line_options *options, const char *buf, size_t n,
                  struct batch *batch, struct line_report *report);

/* One line each, without its LF and CR: appends its samples to batch, which has room. Returns
 * CAUSE_COUNT if the line was taken (even if all its fields were skipped), else why it was refused,
 * with *offset saying where; then nothing was appended. *skipped counts string fields. */
enum cause influx_read(const struct line_options *options, const char *line, uint32_t n,
                       struct batch *batch, uint32_t *skipped, uint32_t *offset);
enum cause graphite_read(const struct line_options *options, const char *line, uint32_t n,
                         struct batch *batch, uint32_t *offset);
enum cause json_line_read(const struct line_options *options, const char *line, uint32_t n,
                          struct batch *batch, uint32_t *offset);
enum cause statsd_read(const struct line_options *options, const char *line, uint32_t n,
                       struct batch *batch, uint32_t *offset);

#endif
