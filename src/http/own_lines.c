/* http/own_lines.c -- nablad's own metrics, read back line by line from what own_metrics.c wrote, so that they
 * can be chosen by their labels as all other lines are.
 *
 *     # HELP name ...     kept until a line of the family is wanted
 *     # TYPE name ...
 *     name{a="b",...} 1   its labels, unescaped ──► asked
 *
 * Law: reads only text that prom_out.c made. */
#include "http/own_metrics.h"

#include "http/metrics.h"

#include <string.h>

/* The value at p, which stands behind its opening quote, unescaped to out, of at most LABEL_VALUE_MAX bytes;
 * behind its closing quote. */
static const char *read_value(const char *p, char out[static LABEL_VALUE_MAX], uint32_t *n)
{
    for (*n = 0; *p != '"'; p++) {
        bool escape = *p == '\\';
        p += escape;
        if (*n < LABEL_VALUE_MAX)
            out[(*n)++] = escape && *p == 'n' ? '\n' : *p;
    }
    return p + 1;
}

const char *own_line_read(const char *line, struct labelset *out)
{
    struct labelset_writer w;
    char value[LABEL_VALUE_MAX];
    struct label l = {.name = LABEL_METRIC, .name_n = sizeof LABEL_METRIC - 1, .value = line};
    l.value_n = (uint32_t)strcspn(line, "{ ");
    size_t bytes = labelset_size(&l, 1);
    labelset_begin(&w, out);
    labelset_add(&w, &l);
    const char *p = line + l.value_n;
    while (*p != ' ') {
        l = (struct label){.name = p + 1, .name_n = (uint32_t)strcspn(p + 1, "="), .value = value};
        p = read_value(l.name + l.name_n + 2, value, &l.value_n);
        p += *p == '}';
        bytes += labelset_size(&l, 1);
        if (bytes <= EXPOSED_SET_MAX && w.count < LABELS_MAX) /* a line of alerts can have more */
            labelset_add(&w, &l);
    }
    labelset_end(&w);
    return p + 1;
}

bool own_lines_next(const struct buf *text, size_t *at, struct own_line *out)
{
    out->title_n = 0;
    while (*at < text->n) {
        const char *line = text->at + *at;
        size_t n = (size_t)((const char *)memchr(line, '\n', text->n - *at) + 1 - line);
        *at += n;
        if (line[0] != '#') {
            out->line = line;
            out->n = n;
            return true;
        }
        if (line[2] == 'H')
            out->title = line;
        out->title_n = (size_t)(line + n - out->title);
    }
    return false;
}

static void add_line(const struct metrics *m, const struct own_line *own, const char *value,
                     struct buf *out)
{
    if (m->rules == NULL || m->choose) {
        buf_add(out, own->line, own->n);
        return;
    }
    prom_labels(out, &m->made.set);
    buf_char(out, ' ');
    buf_add(out, value, (size_t)(own->line + own->n - value));
}

bool own_lines_pass(struct http *h, struct metrics *m, struct buf *out)
{
    struct own_line own = {0};
    struct own_walk *w = &m->walk;
    while (!scan_is_due(&m->scan)) {
        if (!own_lines_next(&m->line, &w->at, &own))
            return true;
        w->title = own.title_n > 0 ? own.title : w->title;
        w->title_n = own.title_n > 0 ? own.title_n : w->title_n;
        const char *value = own_line_read(own.line, &m->exposed.set);
        if (!metrics_wants_own(m, &m->exposed.set) || (m->rules != NULL && !metrics_relabel(h, m)))
            continue;
        buf_add(out, w->title, w->title_n);
        w->title_n = 0;
        add_line(m, &own, value, out);
    }
    return false;
}
