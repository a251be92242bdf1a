/* wire/remote_write.h -- the protobuf of Prometheus' remote write, version 1, to samples: one call
 * reads as much as fills a batch. A pure function over bytes; no clock, no allocation.
 *
 *     WriteRequest  { 1: TimeSeries ...   3: metadata ... }
 *     TimeSeries    { 1: Label ...   2: Sample ...   3: Exemplar ...   4: Histogram ... }
 *     Label         { 1: name   2: value }       Sample { 1: double value   2: int64 milliseconds }
 *
 * A sample's key (KEY_REMOTE) is the bytes of its series' Labels as they came, tags and lengths
 * included; wire/key.h reads it. Samples borrow the request's bytes and the reader.
 * Laws: accepts what protobuf-c accepts, but for what is inside a Label, which is judged when the
 * key is read, and reads the same from it (test_remote_write.c). */
#ifndef WIRE_REMOTE_WRITE_H
#define WIRE_REMOTE_WRITE_H

#include "base/cause.h"
#include "base/sample.h"

#include <stdbool.h>
#include <stddef.h>

enum { REMOTE_KEY_MAX = LABELSET_MAX + 16 * LABELS_MAX }; /* of Labels that had to be gathered */

enum remote_state {
    REMOTE_MORE, /* the batch is full, or must be applied before the next call: call again */
    REMOTE_DONE,
    REMOTE_BAD /* no protobuf of this shape from here on; what came before stands */
};

struct remote_write {
    const char *p, *end;             /* what is left of the request */
    const char *sample, *sample_end; /* what is left of the series that is being read */
    const char *key;
    uint32_t key_n;
    uint64_t series, samples, metadata;
    uint64_t refused[CAUSE_COUNT]; /* exemplars, histograms, samples that cannot be taken */
    char gathered[REMOTE_KEY_MAX]; /* Labels that samples stood between */
};

void remote_write_begin(struct remote_write *w, const char *bytes, size_t n);

/* Appends to batch. Borrowed until the samples are no longer needed: the bytes, and w. */
enum remote_state remote_write_read(struct remote_write *w, struct batch *batch);

#endif
