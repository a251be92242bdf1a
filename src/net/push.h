/* net/push.h -- final points to others: Influx lines, Graphite lines, Prometheus remote write.
 *
 *     feed ──► labels ──► each target that wants it ──► its buffer ──► the other side
 *
 * On the main loop; disks are written to in libuv's pool of threads. */
#ifndef NET_PUSH_H
#define NET_PUSH_H

#include "base/log.h"
#include "base/push_board.h"
#include "conf/conf.h"
#include "series/table.h"

#include <uv.h>

struct push;

struct push_options {
    uv_loop_t *loop;
    struct table *table; /* borrowed for as long as the push lives, as the rest is */
    struct feed *feed;
    struct push_board *board;
    struct log *log;
    const char *directory; /* where buffers are; "": in memory. Borrowed during push_new */
};

/* targets are taken over, whatever happens; *targets is emptied. Errors: NABLA_EIO with a logged reason (the
 * directory cannot be used), NABLA_ENOMEM. The loop must run, or push_stop be called, from then on. */
MUST_CHECK enum nabla_status push_new(const struct push_options *options,
                                      struct conf_pushes *targets, struct push **out);

/* Other targets, taken over, from the loop's next turn on; any thread. A target whose name and format stay goes
 * on with its buffer; what is in the buffers of others is dropped. */
void push_configure(struct push *p, struct conf_pushes *targets);

/* Ingest has ended: puts all points into buffers, then sends until all is sent, or deadline_ns (monotonic);
 * runs the loop meanwhile. What is left stays on the disk, if there is a directory; else it is lost, and told
 * of. Then closes everything. */
void push_stop(struct push *p, int64_t deadline_ns);
void push_free(struct push *p); /* stopped, and the loop has run since; NULL is fine */

#endif
