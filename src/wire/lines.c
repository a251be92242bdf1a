/* wire/lines.c -- whole lines, each to the reader of its format.
 *
 *     buf   line LF line CR LF line LF par
 *           ^----------used---------^  ^ comes again, with what follows it
 *
 * Laws: cutting the stream at any byte changes nothing; a refused line costs its neighbours nothing
 * (test_lines.c). Elsewhere: keeping the partial line, lines that never end (net); what is in a line
 * (wire/influx.c, graphite.c, json_line.c). */
#include "wire/lines.h"

#include "wire/plain.h"
#include "wire/scan.h"

#include <string.h>

const char *line_format_text(enum line_format format)
{
    static const char *const texts[] = {"auto", "influx", "graphite", "json", "statsd", "pickle"};
    return texts[format];
}

/* The first blank without a backslash before it: one before that is no matter, as it does not
 * escape a backslash. */
static const char *find_blank(const char *p, const char *end)
{
    const char *start = p;
    while ((p = memchr(p, ' ', (size_t)(end - p))) != NULL && p > start && p[-1] == '\\')
        p++;
    return p == NULL ? end : p;
}

/* Without any blank or tab, so that it is no line of another format. */
static bool has_statsd_shape(const char *p, const char *end)
{
    const char *colon = memchr(p, ':', (size_t)(end - p));
    return colon != NULL && memchr(colon, '|', (size_t)(end - colon)) != NULL &&
           memchr(p, ' ', (size_t)(end - p)) == NULL && memchr(p, '\t', (size_t)(end - p)) == NULL;
}

/* By its shape; [p, end) does not start with a blank. */
static enum line_format recognise(const char *p, const char *end)
{
    if (p < end && *p == '{')
        return LINE_JSON;
    const char *blank = find_blank(p, end);
    if (blank == end && has_statsd_shape(p, end))
        return LINE_STATSD;
    for (p = scan_blanks(blank, end); p < end && *p != ' '; p++)
        if (*p == '=')
            return LINE_INFLUX;
    return LINE_GRAPHITE;
}

/* A line on its way. */
struct line {
    const char *at;
    uint32_t n;
    uint32_t offset; /* of the fault, if there is one */
    uint32_t skipped;
};

static enum cause read_line(const struct line_options *options, enum line_format format,
                            struct line *line, struct batch *batch)
{
    switch (format) {
    case LINE_JSON: return json_line_read(options, line->at, line->n, batch, &line->offset);
    case LINE_STATSD: return statsd_read(options, line->at, line->n, batch, &line->offset);
    case LINE_GRAPHITE: return graphite_read(options, line->at, line->n, batch, &line->offset);
    default: return influx_read(options, line->at, line->n, batch, &line->skipped, &line->offset);
    }
}

static void refuse(struct line_report *report, enum cause cause, const struct line *line)
{
    report->refused[cause]++;
    if (report->has_fault)
        return;
    report->has_fault = true;
    report->fault = cause;
    report->fault_line = report->passed;
    report->fault_text = line->at;
    report->fault_text_n = line->n;
    report->fault_offset = line->offset;
}

/* A length that no reader sees, cut so that a report of it fits. */
static uint32_t clip_length(size_t n)
{
    return n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

/* Whether a sample from `from` on is no value of its own. */
static bool has_increment(const struct batch *batch, uint32_t from)
{
    for (uint32_t i = from; i < batch->n; i++)
        if ((batch->at[i].form & KEY_ADDS) != 0)
            return true;
    return false;
}

/* [at, end): without its LF. */
static void take_line(const struct line_options *options, const char *at, const char *end,
                      struct batch *batch, struct line_report *report)
{
    bool too_long = (size_t)(end - at) > options->max_line;
    end -= end > at && end[-1] == '\r';
    const char *first = scan_blanks(at, end);
    if (!too_long && (first == end || *first == '#'))
        return;
    struct line line = {.at = at, .n = clip_length((size_t)(end - at))};
    uint32_t samples_before = batch->n;
    enum line_format format = options->format;
    enum cause cause = CAUSE_LINE_LENGTH;
    if (too_long) {
        line.offset = options->max_line;
    } else {
        format = format == LINE_AUTO ? recognise(first, end) : format;
        cause = read_line(options, format, &line, batch);
    }
    if (options->once && has_increment(batch, samples_before)) {
        batch->n = samples_before;
        cause = CAUSE_INCREMENT;
    }
    if (cause != CAUSE_COUNT)
        refuse(report, cause, &line);
    report->refused[CAUSE_STRING] += line.skipped;
    report->samples += batch->n - samples_before;
    report->lines++;
    report->formats[format]++;
}

size_t lines_read(const struct line_options *options, const char *buf, size_t n,
                  struct batch *batch, struct line_report *report)
{
    plain_reader *read_plain = plain_best();
    const char *p = buf, *end = buf + n, *lf;
    for (;;) {
        p = read_plain(options, p, end, batch, report);
        if (batch->n > BATCH_MAX - LINE_SAMPLES_MAX || p == end ||
            (lf = memchr(p, '\n', (size_t)(end - p))) == NULL)
            return (size_t)(p - buf);
        take_line(options, p, lf, batch, report);
        report->passed++;
        p = lf + 1;
    }
}
