/* wire/influx_out.h -- final points as lines of the Influx line protocol. Pure: appends to a buffer. */
#ifndef WIRE_INFLUX_OUT_H
#define WIRE_INFLUX_OUT_H

#include "base/buf.h"
#include "base/reading.h"

/* NAME,site=plant-03 per_second=0.0125 1700000000000000000, LF at the end: the measurement is the
 * metric's name, the tags its labels, the field what /metrics puts behind the name, the time the
 * point's, in nanoseconds. A byte that the format has no way to write (a backslash before one that is escaped,
 * or at the end of a name or value) becomes '_'. The rate must be finite: Influx has no other. */
void influx_point(struct buf *b, const struct labelset *labels, enum per per,
                  const struct point *p);

#endif
