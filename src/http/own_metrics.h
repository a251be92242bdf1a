/* http/own_metrics.h -- nablad's own metrics. */
#ifndef HTTP_OWN_METRICS_H
#define HTTP_OWN_METRICS_H

#include "http/server.h"
#include "wire/prom_out.h"

/* Appends them all: nablad_* from the statistics, process_* from the kernel. */
void own_metrics_write(struct buf *b, enum exposition form, struct http *h);

#endif
