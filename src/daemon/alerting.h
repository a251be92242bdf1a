/* daemon/alerting.h -- alerts on the main loop: what the lookout saw is taken when it comes, what is due is
 * looked at in its time. */
#ifndef DAEMON_ALERTING_H
#define DAEMON_ALERTING_H

#include "alerts/alerts.h"
#include "conf/conf.h"
#include "daemon/saving.h"
#include "net/notify.h"

#include <uv.h>

struct alerting {
    struct lookout *lookout;
    struct alerts *alerts;
    struct notifier *notifier;
    uv_loop_t *loop; /* borrowed, as stats and log are */
    struct stats *stats;
    struct log *log;
    uv_async_t seen; /* by the lookout */
    uv_timer_t due;
    struct saving saving;
};

/* Before the table, which calls the lookout: takes conf's rules over, and gives its policies their watches.
 * Errors: NABLA_ENOMEM. */
MUST_CHECK enum nabla_status alerting_init(struct alerting *a, uv_loop_t *loop, struct conf *conf,
                                           struct stats *stats, struct log *log);
/* The table is there: restores what there was before a restart, and tells whom conf names. Errors:
 * NABLA_ENOMEM. */
MUST_CHECK enum nabla_status alerting_start(struct alerting *a, struct table *table,
                                            const struct conf *conf);

/* Other rules and targets, in two steps around table_configure; any thread, one change at a time. Errors:
 * NABLA_ENOMEM: the rules stay as they were, and conf has none for the table. */
MUST_CHECK enum nabla_status alerting_prepare(struct alerting *a, struct conf *conf);
bool alerting_adopt(struct alerting *a); /* a slice of the alerts; true: there is more */

/* Nobody is told any more; before the loop is closed, which must run once more. Accepts a zeroed one. */
void alerting_stop(struct alerting *a);

/* The loop is closed, the table gone; accepts a zeroed one. */
void alerting_fini(struct alerting *a);

#endif
