/* wire/influx_out.c -- points to Influx lines.
 *
 *     temperature,site=plant\ 3 per_second=0.0125 1700000000000000000
 *     ^measurement ^tag         ^field            ^nanoseconds
 *
 * Laws: each line is read back to the same labels, rate and time (test_influx_out.c), but for backslashes that
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

void influx_point(struct buf *b, const struct labelset *labels, enum per per, const struct point *p)
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
    buf_printf(b, " %s=", per_suffix(per) + 1);
    buf_double(b, p->rate * per_seconds(per));
    buf_char(b, ' ');
    buf_int(b, p->t_ns);
    buf_char(b, '\n');
}
