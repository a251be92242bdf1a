/* wire/pickle.h -- a frame of Graphite's pickle protocol to samples:
 *
 *     [(path, (seconds, value)), ...]
 *
 * as Python 2 and 3 write it in protocols 0 to 5. Of pickle's machine only what such a list needs is
 * known: lists, tuples, strings, numbers, None, and the memo. Nothing is ever called, looked up or made
 * by name: a frame that wants that is refused. A pure function over bytes but for its own memory.
 *
 * Laws: reads only frame[0..n), any bytes at all are a list or refused; the work is linear in n. */
#ifndef WIRE_PICKLE_H
#define WIRE_PICKLE_H

#include "wire/lines.h"

enum {
    PICKLE_FRAME_MAX = 1024 * 1024, /* bytes of a frame; carbon's own limit */
    PICKLE_VALUES_MAX = 256 * 1024, /* strings, numbers, tuples and lists in it */
    PICKLE_MEMO_MAX = 256 * 1024,   /* numbers of the memo */
    PICKLE_DEPTH_MAX = 16,          /* of lists and tuples in each other, and of open marks */
};

struct pickle;

/* Some 12 MiB of address space, of which a frame touches what it needs. Errors: NABLA_ENOMEM. */
MUST_CHECK enum nabla_status pickle_new(struct pickle **out);
void pickle_free(struct pickle *p); /* NULL is fine */

/* Reads one frame, n at most PICKLE_FRAME_MAX, its length in front left out. Returns CAUSE_COUNT if it is a
 * list or a tuple, else why it is refused, *offset saying where: CAUSE_PICKLE_OPCODE (it holds more than is
 * known here), CAUSE_PICKLE_LIMIT, CAUSE_SYNTAX. Borrows frame until the next call. */
enum cause pickle_read(struct pickle *p, const char *frame, size_t n, uint32_t *offset);

/* The frame's samples, in order, appended to batch until it is full: true, and the call is to be repeated,
 * or until there are none left. Each item counts as a line in report; one of another shape, or whose time or
 * value is no number, is refused alone. A time of -1 is arrival_ns. */
bool pickle_samples(struct pickle *p, int64_t arrival_ns, struct batch *batch,
                    struct line_report *report);

#endif
