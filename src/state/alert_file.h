/* state/alert_file.h -- alerts on a disk, in a file of store.h's beside that of the series: what has changed, in one
 * transaction a time.
 *
 *     DIR/alerts.mdb           ──► looked through ──► alerts
 *     DIR/alerts.mdb.new       all of them, as a process writes them first; takes its place once it is whole
 *     DIR/alerts.mdb.damaged   what could not be read, or not all of it
 *     DIR/alerts               what nablad wrote before there was an alerts.mdb: taken over, and gone when that is there
 *
 * Why a file of its own: LMDB has one writer a file, and that of the series is made anew by the first snapshot of each
 * process, for seconds, before a restart would read it; a change of an alert has to be there within one.
 * All calls block; one thread at a time. */
#ifndef STATE_ALERT_FILE_H
#define STATE_ALERT_FILE_H

#include "alerts/saved.h"
#include "base/log.h"
#include "base/stats.h"

struct alert_file;

struct alert_file_options {
    const char *directory; /* copied; not ""; this process' already, see folder.h */
    struct alerts *alerts; /* borrowed, as the rest is */
    struct state_stats *stats;
    struct log *log;
};

/* Restores what there is; what is wrong with it is logged and counted, and costs what it is about. Errors:
 * NABLA_ENOMEM. */
MUST_CHECK enum nabla_status alert_file_open(const struct alert_file_options *o,
                                             struct alert_file **out);

/* What has changed since the last call, or, if `all` says so, the last one failed, or there was none, all of it in a
 * file made anew. True if it is on the disk; else that is logged and counted, and what was there before stays. */
bool alert_file_write(struct alert_file *f, bool all);
void alert_file_close(struct alert_file *f); /* NULL is fine */

#endif
