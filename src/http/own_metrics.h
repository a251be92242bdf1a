/* http/own_metrics.h -- nablad's own metrics. */
#ifndef HTTP_OWN_METRICS_H
#define HTTP_OWN_METRICS_H

#include "base/exposed.h"
#include "http/server.h"
#include "wire/prom_out.h"

/* Appends them all: nablad_* from the statistics, process_* from the kernel. */
void own_metrics_write(struct buf *b, enum exposition form, struct http *h);

/* A line of what that wrote, not a comment, to its labels: room for EXPOSED_SET_MAX bytes. Returns where its
 * value begins. */
const char *own_line_read(const char *line, struct labelset *out);

/* The next line that is not a comment, from *at on, which moves behind it; false after the last. title gets
 * the HELP and TYPE of its family, title_n bytes, if it is the family's first. */
struct own_line {
    const char *line, *title;
    size_t n, title_n;
};
bool own_lines_next(const struct buf *text, size_t *at, struct own_line *out);

/* Appends of that text in m->line, from m->walk on, the lines that are wanted, under their titles, relabelled by
 * rules that change no names. False: the slice is over before its end. m->failed: no memory. */
struct metrics;
bool own_lines_pass(struct http *h, struct metrics *m, struct buf *out);

#endif
