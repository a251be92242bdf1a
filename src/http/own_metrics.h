/* http/own_metrics.h -- nablad's own metrics. */
#ifndef HTTP_OWN_METRICS_H
#define HTTP_OWN_METRICS_H

#include "base/exposed.h"
#include "http/params.h"
#include "http/server.h"
#include "wire/prom_out.h"

/* Appends them all: nablad_* from the statistics, process_* from the kernel. */
void own_metrics_write(struct buf *b, enum exposition form, struct http *h);

/* A line of what that wrote, not a comment, to its labels: room for EXPOSED_SET_MAX bytes. Returns where its
 * value begins. */
const char *own_line_read(const char *line, struct labelset *out);

/* Appends of that text the lines whose labels ask's selectors mean, under their titles. */
void own_lines_pass(const struct buf *text, const struct ask *ask, struct exposed *scratch,
                    struct buf *out);

#endif
