/* wire/graphite_out.c -- points to Graphite's plaintext lines.
 *
 *     plant-03.temperature_per_second;sensor=s17 0.0125 1700000000.25
 *
 * Laws: one point is one line of three words; a name that needs no '_' is read back as it was. */
#include "wire/graphite_out.h"

#include "base/clock.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void write_word(struct buf *b, const char *text, size_t n, const char *refused)
{
    char *room = buf_room(b, n);
    if (room == NULL)
        return;
    for (size_t i = 0; i < n; i++)
        room[i] = (unsigned char)text[i] <= ' ' || strchr(refused, text[i]) != NULL ? '_' : text[i];
    buf_used(b, n);
}

/* Graphite: a value must not begin with ~, a name must not hold ; ! ^ = */
static void write_tag(struct buf *b, const struct label *l)
{
    bool tilde = l->value_n > 0 && l->value[0] == '~';
    buf_char(b, ';');
    write_word(b, l->name, l->name_n, ";!^=");
    buf_char(b, '=');
    buf_text(b, tilde ? "_" : "");
    write_word(b, l->value + tilde, l->value_n - tilde, ";");
}

static void write_seconds(struct buf *b, int64_t t_ns)
{
    uint64_t ns = t_ns < 0 ? -(uint64_t)t_ns : (uint64_t)t_ns;
    char fraction[16];
    int n = snprintf(fraction, sizeof fraction, ".%09" PRIu64, ns % NS_PER_S);
    while (n > 0 && (fraction[n - 1] == '0' || fraction[n - 1] == '.'))
        n--;
    buf_text(b, t_ns < 0 ? "-" : "");
    buf_uint(b, ns / NS_PER_S);
    buf_add(b, fraction, (size_t)n);
}

void graphite_point(struct buf *b, const struct labelset *labels, const struct field_value *field,
                    int64_t t_ns)
{
    struct label_cursor cursor = {0};
    struct label l;
    labelset_next(labels, &cursor, &l); /* the metric's name comes first */
    write_word(b, l.value, l.value_n, ";");
    buf_text(b, field->suffix);
    while (labelset_next(labels, &cursor, &l))
        write_tag(b, &l);
    buf_char(b, ' ');
    buf_double(b, field->v);
    buf_char(b, ' ');
    write_seconds(b, t_ns);
    buf_char(b, '\n');
}
