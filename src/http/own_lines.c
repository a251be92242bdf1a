/* http/own_lines.c -- nablad's own metrics, read back line by line from what own_metrics.c wrote, so that they
 * can be chosen by their labels as all other lines are.
 *
 *     # HELP name ...     kept until a line of the family is wanted
 *     # TYPE name ...
 *     name{a="b",...} 1   its labels, unescaped ──► asked
 *
 * Law: reads only text that prom_out.c made. */
#include "http/names.h"
#include "http/own_metrics.h"

#include <string.h>

/* The value at p, which stands behind its opening quote, unescaped to out; behind its closing quote. */
static const char *read_value(const char *p, char *out, size_t *n)
{
    for (*n = 0; *p != '"'; p++) {
        bool escape = *p == '\\';
        p += escape;
        out[(*n)++] = escape && *p == 'n' ? '\n' : *p;
    }
    return p + 1;
}

const char *own_line_read(const char *line, struct labelset *out)
{
    struct labelset_writer w;
    char value[LABEL_VALUE_MAX];
    size_t n = strcspn(line, "{ "), value_n;
    labelset_begin(&w, out);
    labelset_add(&w, &(struct label){LABEL_METRIC, line, sizeof LABEL_METRIC - 1, (uint32_t)n});
    const char *p = line + n;
    while (*p != ' ') {
        const char *name = ++p; /* behind { or , */
        size_t name_n = strcspn(name, "=");
        p = read_value(name + name_n + 2, value, &value_n);
        labelset_add(&w, &(struct label){name, value, (uint32_t)name_n, (uint32_t)value_n});
        p += *p == '}';
    }
    labelset_end(&w);
    return p + 1;
}

void own_lines_pass(const struct buf *text, const struct ask *ask, struct exposed *scratch,
                    struct buf *out)
{
    const char *title = NULL, *end = text->at + text->n;
    for (const char *line = text->at, *next; line < end; line = next) {
        next = (const char *)memchr(line, '\n', (size_t)(end - line)) + 1;
        if (line[0] == '#') {
            title = line[2] == 'H' ? line : title;
            continue;
        }
        own_line_read(line, &scratch->set);
        if (!ask_matches(ask, &scratch->set))
            continue;
        if (title != NULL) {
            const char *type = (const char *)memchr(title, '\n', (size_t)(end - title)) + 1;
            buf_add(out, title, (size_t)(type - title));
            buf_add(out, type,
                    (size_t)((const char *)memchr(type, '\n', (size_t)(end - type)) + 1 - type));
        }
        title = NULL;
        buf_add(out, line, (size_t)(next - line));
    }
}
