/* daemon/recovery.h -- the journal's part of the start: what was acknowledged goes into the table again. */
#ifndef DAEMON_RECOVERY_H
#define DAEMON_RECOVERY_H

#include "conf/conf.h"
#include "series/table.h"
#include "state/journal.h"
#include "state/state.h"

/* Opens the journal of conf.state, tells the table what it holds, and starts it. *out is NULL where the
 * configuration asks for none. The table is the caller's, and knows what a snapshot told it; no door is open.
 * Errors, logged: NABLA_EIO, NABLA_ENOMEM. */
MUST_CHECK enum nabla_status recovery_run(const struct conf *conf, struct table *table,
                                          struct log *log, struct journal **out);

/* The journal as snapshots see it: *out, or NULL if j is. */
const struct state_journal *recovery_for_snapshots(struct journal *j, struct state_journal *out);

#endif
