/* wire/prom_out.h -- Prometheus' text exposition 0.0.4 and OpenMetrics 1.0. Pure: appends to a
 * buffer. Names are made valid, as base/exposed.h says. */
#ifndef WIRE_PROM_OUT_H
#define WIRE_PROM_OUT_H

#include "base/buf.h"
#include "base/reading.h"

#include <stdbool.h>

enum exposition { EXPOSITION_TEXT, EXPOSITION_OPENMETRICS };

/* A metric name as exposition allows it, without a suffix. */
void prom_name(struct buf *b, const char *name, size_t n);

/* # HELP and # TYPE of a family; type is "gauge" or "counter". For a counter, name is given with
 * its _total; OpenMetrics' family is then written without it. help is escaped. */
void prom_family(struct buf *b, enum exposition form, const char *name, size_t n, const char *type,
                 const char *help);

/* One sample of an own metric: name{labels} value. labels: ready text such as reason="syntax", made
 * by prom_label, or "". */
void prom_sample(struct buf *b, const char *name, const char *labels, double v);

/* name="value", the value escaped; a comma first unless b is empty. */
void prom_label(struct buf *b, const char *name, const char *value, size_t value_n);

/* NAME_per_second{labels} RATE [timestamp]: the central rate of a series. Nothing is written while
 * it is not known. Timestamps: milliseconds in the text form, seconds in OpenMetrics. False if a name had
 * to be made valid: another series may then have a line of the same labels. */
bool prom_reading(struct buf *b, enum exposition form, const struct reading *r, bool timestamps);

/* NAMEsuffix{labels,extra} VALUE: what else is told of a series. An extra label whose name the series has
 * itself gets "nabla_" in front. False as with prom_reading. */
bool prom_value(struct buf *b, const struct labelset *labels, const char *suffix,
                const struct label *extra, double v);

/* name{labels} of labels whose names are valid. */
void prom_labels(struct buf *b, const struct labelset *exposed);

/* A line of labels whose names are valid (base/exposed.h), with a time if t_ns is not NULL. */
void prom_line(struct buf *b, enum exposition form, const struct labelset *exposed, double v,
               const int64_t *t_ns);

/* "# EOF\n" where the form has it. */
void prom_end(struct buf *b, enum exposition form);

/* The answer's Content-Type; static. */
const char *prom_content_type(enum exposition form);

/* By an Accept header, NULL if there is none: OpenMetrics if it is accepted at least as much. */
enum exposition prom_negotiate(const char *accept);

#endif
