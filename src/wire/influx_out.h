/* wire/influx_out.h -- final points as lines of the Influx line protocol. Pure: appends to a buffer. */
#ifndef WIRE_INFLUX_OUT_H
#define WIRE_INFLUX_OUT_H

#include "base/buf.h"
#include "wire/fields.h"

/* NAME,site=plant-03 per_second=0.0125,value=21.4 1700000000000000000, LF at the end: the measurement is the
 * metric's name, the tags its labels, a field what /metrics puts behind the name, or `value`, the time in
 * nanoseconds. A byte that the format has no way to write (a backslash before one that is escaped,
 * or at the end of a name or value) becomes '_'. There is a field at least, and all are finite: Influx has no other. */
void influx_point(struct buf *b, const struct labelset *labels, const struct field_value *fields,
                  uint32_t fields_n, int64_t t_ns);

#endif
