/* http/alerts.h -- alerts on their way out. */
#ifndef HTTP_ALERTS_H
#define HTTP_ALERTS_H

#include "http/server.h"
#include "wire/prom_out.h"

/* ALERTS{alertname=,alertstate=,...} 1 of some alerts after *id, which moves on; with the first of
 * them the family's title. False once there are no more. Nothing while there are no rules. */
bool alerts_expose(struct http *h, enum exposition form, uint64_t *id, struct buf *out);

#endif
