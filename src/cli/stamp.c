/* cli/stamp.c -- where the timestamp stands, by format, in lines that are known to be good:
 *
 *     temperature,site=a value=21.4 1700000000000000000       the last word
 *     plant-03.temperature 21.4 1700000000.25                 the last word
 *     {"metric":"t","time":1700000000.25,"value":21.4}        the member time of the outer object
 *
 * Law: read(write(line, t)) = t, cut to the precision, and the same samples otherwise
 * (test_stamp.c). Elsewhere: whether a line is good, and its time (wire/lines.h). */
#include "cli/stamp.h"

#include "base/clock.h"

#include <inttypes.h>
#include <string.h>

/* The arrival time that tells "no time of its own"; a line that brings just this one is taken for
 * one that brings none. */
static const int64_t no_time = INT64_MIN + 1;

void stamp_read(const char *line, size_t n, int64_t precision_ns, struct batch *batch,
                struct stamp *out)
{
    struct line_options options = {
        .precision_ns = precision_ns, .arrival_ns = no_time, .max_line = 64 * 1024};
    struct line_report report = {0};
    batch->n = 0;
    lines_read(&options, line, n + 1, batch, &report);
    *out = (struct stamp){.fault = CAUSE_COUNT, .ignored = report.lines == 0};
    if (report.has_fault) {
        out->fault = report.fault;
        out->offset = report.fault_offset;
    } else if (batch->n > 0 && batch->at[0].t_ns != no_time) {
        out->has_time = true;
        out->t_ns = batch->at[0].t_ns;
        out->form = (enum key_form)batch->at[0].form;
    }
}

/* A part of a line: its timestamp. */
struct place {
    size_t at, n;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static struct place last_word(const char *line, size_t n)
{
    while (n > 0 && is_blank(line[n - 1]))
        n--;
    size_t at = n;
    while (at > 0 && !is_blank(line[at - 1]))
        at--;
    return (struct place){at, n - at};
}

/* Behind the string whose opening quote stands at i. */
static size_t skip_string(const char *line, size_t n, size_t i)
{
    for (i++; i < n && line[i] != '"'; i++)
        if (line[i] == '\\')
            i++;
    return i < n ? i + 1 : n;
}

/* Behind the number or string at i. */
static size_t skip_scalar(const char *line, size_t n, size_t i)
{
    if (i < n && line[i] == '"')
        return skip_string(line, n, i);
    while (i < n && !is_blank(line[i]) && line[i] != ',' && line[i] != '}')
        i++;
    return i;
}

static size_t skip_to_value(const char *line, size_t n, size_t i)
{
    while (i < n && (is_blank(line[i]) || line[i] == ':'))
        i++;
    return i;
}

/* The value of the outer object's member "time". What is a name stands behind { or , there. */
static struct place time_member(const char *line, size_t n)
{
    static const char name[] = "\"time\"";
    int depth = 0;
    bool at_name = false;
    for (size_t i = 0; i < n;) {
        if (line[i] != '"') {
            depth += (line[i] == '{' || line[i] == '[') - (line[i] == '}' || line[i] == ']');
            if (!is_blank(line[i]))
                at_name = depth == 1 && (line[i] == '{' || line[i] == ',');
            i++;
            continue;
        }
        size_t end = skip_string(line, n, i);
        if (at_name && end - i == sizeof name - 1 && memcmp(line + i, name, end - i) == 0) {
            size_t at = skip_to_value(line, n, end);
            return (struct place){at, skip_scalar(line, n, at) - at};
        }
        i = end;
    }
    return (struct place){n, 0};
}

/* Seconds with as many decimals as they need. */
static void write_seconds(struct buf *out, int64_t t_ns)
{
    uint64_t size = t_ns < 0 ? 0 - (uint64_t)t_ns : (uint64_t)t_ns;
    buf_printf(out, "%s%" PRIu64, t_ns < 0 ? "-" : "", size / NS_PER_S);
    uint64_t fraction = size % NS_PER_S;
    int digits = 9;
    if (fraction == 0)
        return;
    for (; fraction % 10 == 0; fraction /= 10)
        digits--;
    buf_printf(out, ".%0*" PRIu64, digits, fraction);
}

/* Rounded down, so that times before 1970 keep their order too. */
static int64_t in_units(int64_t t_ns, int64_t unit_ns)
{
    return t_ns / unit_ns - (t_ns % unit_ns < 0);
}

void stamp_write(struct buf *out, const char *line, size_t n, enum key_form form,
                 int64_t precision_ns, int64_t t_ns)
{
    struct place old = form == KEY_JSON ? time_member(line, n) : last_word(line, n);
    size_t end = n > 0 && line[n - 1] == '\r' ? n - 1 : n;
    buf_add(out, line, old.at);
    if (form == KEY_INFLUX)
        buf_int(out, in_units(t_ns, precision_ns));
    else
        write_seconds(out, t_ns);
    buf_add(out, line + old.at + old.n, end - (old.at + old.n));
}
