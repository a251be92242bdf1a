/* wire/influx_out.c -- points to Influx lines.
 *
 *     temperature,site=plant\ 3 per_second=0.0125 1700000000000000000
 *     ^measurement ^tag         ^field            ^nanoseconds
 *
 * Laws: each line is read back to the same labels, fields and time (test_influx_out.c), but for backslashes that
 * no reader agrees on. One point is one line: no label holds a control character. */
#include "wire/influx_out.h"

#include <string.h>

/* A backslash escapes what follows it, in some readers another backslash, too; there it gives way. */
static void write_escaped(struct buf *b, const char *text, size_t n, const char *special)
{
    for (size_t i = 0; i < n; i++) {
        char next = i + 1 < n ? text[i + 1] : ',';
        bool bad = text[i] == '\\' && (next == '\\' || strchr(special, next) != NULL);
        if (strchr(special, text[i]) != NULL)
            buf_char(b, '\\');
        buf_char(b, bad ? '_' : text[i]);
    }
}

/* A line that begins with # is a comment. */
static void write_measurement(struct buf *b, const struct label *metric)
{
    bool comment = metric->value_n > 0 && metric->value[0] == '#';
    buf_text(b, comment ? "_" : "");
    write_escaped(b, metric->value + comment, metric->value_n - comment, ", =");
}

static void write_field(struct buf *b, const struct field_value *f)
{
    buf_text(b, f->suffix[0] != '\0' ? f->suffix + 1 : "value");
    buf_char(b, '=');
    buf_double(b, f->v);
}

void influx_point(struct buf *b, const struct labelset *labels, const struct field_value *fields,
                  uint32_t fields_n, int64_t t_ns)
{
    struct label_cursor cursor = {0};
    struct label l;
    labelset_next(labels, &cursor, &l); /* the metric's name comes first */
    write_measurement(b, &l);
    while (labelset_next(labels, &cursor, &l)) {
        buf_char(b, ',');
        write_escaped(b, l.name, l.name_n, ", =");
        buf_char(b, '=');
        write_escaped(b, l.value, l.value_n, ", =");
    }
    for (uint32_t i = 0; i < fields_n; i++) {
        buf_char(b, i == 0 ? ' ' : ',');
        write_field(b, &fields[i]);
    }
    buf_char(b, ' ');
    buf_int(b, t_ns);
    buf_char(b, '\n');
}
