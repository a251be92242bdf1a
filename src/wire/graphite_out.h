/* wire/graphite_out.h -- final points as lines of Graphite's plaintext protocol, labels as its tags. Pure:
 * appends to a buffer. */
#ifndef WIRE_GRAPHITE_OUT_H
#define WIRE_GRAPHITE_OUT_H

#include "base/buf.h"
#include "base/reading.h"

/* NAME_per_second;site=plant-03 0.0125 1700000000.25, LF at the end. The time is in seconds, with as many
 * decimals as it needs. Bytes that a name, a tag or its value cannot hold become '_'. The rate must be
 * finite. */
void graphite_point(struct buf *b, const struct labelset *labels, enum per per,
                    const struct point *p);

#endif
