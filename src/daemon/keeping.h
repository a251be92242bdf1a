/* daemon/keeping.h -- the table's state in state.directory, if there is one: when it is read and when it is saved. */
#ifndef DAEMON_KEEPING_H
#define DAEMON_KEEPING_H

#include "conf/conf.h"
#include "state/state.h"

struct keeping {
    struct state *state; /* NULL: nothing is kept */
};

/* Before the table is made: with keeping_secrets. Errors, which are logged: NABLA_ELIMIT: another process has the
 * directory; NABLA_ENOMEM. */
MUST_CHECK enum nabla_status keeping_open(struct keeping *k, const struct conf *conf,
                                          struct state_stats *stats, struct log *log);
const struct secrets *keeping_secrets(const struct keeping *k); /* NULL: new ones */

/* The table and its rules are there: its series are born again. */
void keeping_load(struct keeping *k, struct table *table);

/* All that is to be there at start is there: snapshots begin. Errors: NABLA_ENOMEM. */
MUST_CHECK enum nabla_status keeping_start(struct keeping *k, const struct state_journal *journal);

/* The configuration is another; any thread. */
void keeping_configure(struct keeping *k, const struct conf *conf);

/* No sample comes any more: the last snapshot. */
void keeping_stop(struct keeping *k);
void keeping_fini(struct keeping *k); /* accepts a zeroed one */

#endif
