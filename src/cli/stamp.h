/* cli/stamp.h -- a line's timestamp: read, and written anew. Pure. */
#ifndef CLI_STAMP_H
#define CLI_STAMP_H

#include "base/buf.h"
#include "wire/lines.h"

#include <stdbool.h>

/* What a line is; it is taken only if fault is CAUSE_COUNT. */
struct stamp {
    enum cause fault;
    uint32_t offset; /* of the fault, in bytes */
    bool ignored;    /* empty, or a comment: neither a fault nor to be sent */
    bool has_time;   /* the line brings a time of its own */
    int64_t t_ns;
    enum key_form form; /* valid if has_time */
};

/* Reads line[0..n); line[n] is its LF. batch is scratch; precision_ns is that of Influx lines. */
void stamp_read(const char *line, size_t n, int64_t precision_ns, struct batch *batch,
                struct stamp *out);

/* Appends line[0..n), which stamp_read took and which has a time, with t_ns in that time's place:
 * in the units that it has, cut to them; everything else byte by byte as it was, without CR and LF. */
void stamp_write(struct buf *out, const char *line, size_t n, enum key_form form,
                 int64_t precision_ns, int64_t t_ns);

#endif
