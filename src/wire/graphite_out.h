/* wire/graphite_out.h -- final points as lines of Graphite's plaintext protocol, labels as its tags. Pure:
 * appends to a buffer. */
#ifndef WIRE_GRAPHITE_OUT_H
#define WIRE_GRAPHITE_OUT_H

#include "base/buf.h"
#include "wire/fields.h"

/* NAME_per_second;site=plant-03 0.0125 1700000000.25, LF at the end; a line a field. The time is in seconds, with
 * as many decimals as it needs. Bytes that a name, a tag or its value cannot hold become '_'. The field must be
 * finite. */
void graphite_point(struct buf *b, const struct labelset *labels, const struct field_value *field,
                    int64_t t_ns);

#endif
