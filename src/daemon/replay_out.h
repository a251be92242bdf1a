/* daemon/replay_out.h -- final points from the feed to JSON lines, each with the labels of its series.
 * One thread's, but for what the printer does. */
#ifndef DAEMON_REPLAY_OUT_H
#define DAEMON_REPLAY_OUT_H

#include "series/table.h"

#include <stdio.h>

struct replay_out;

/* Listens to the feed as FEED_STREAMS. table, feed and file are borrowed; threads: 1 or more, how many write
 * text. Errors: NABLA_ENOMEM. */
MUST_CHECK enum nabla_status replay_out_new(struct table *table, struct feed *feed,
                                            uint32_t threads, FILE *file, struct replay_out **out);
void replay_out_free(struct replay_out *o); /* NULL is fine; what is not finished is lost */

/* Takes all that is in the feed; the series must still be there. Errors, in errno as well: NABLA_EIO
 * (writing), NABLA_ENOMEM. */
MUST_CHECK enum nabla_status replay_out_drain(struct replay_out *o, struct instant now);

uint64_t replay_out_points(const struct replay_out *o); /* taken so far */

/* Writes all that was taken. Errors: as above, also for what failed before. */
MUST_CHECK enum nabla_status replay_out_finish(struct replay_out *o);

#endif
