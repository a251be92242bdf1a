/* wire/remote_write_out.h -- final points as Prometheus' remote write 1.0 has them, before compression. Pure:
 * appends to a buffer. */
#ifndef WIRE_REMOTE_WRITE_OUT_H
#define WIRE_REMOTE_WRITE_OUT_H

#include "base/buf.h"
#include "wire/fields.h"

/* One TimeSeries of one Sample: a WriteRequest is as many as one likes, one behind the other. The name is the
 * metric's and the field's suffix; names are made valid and labels joined as in /metrics, and sorted. Times are in
 * milliseconds, rounded down. The value's bits are sent as they are: a staleness marker stays one. */
void remote_write_point(struct buf *b, const struct labelset *labels,
                        const struct field_value *field, int64_t t_ns);

#endif
