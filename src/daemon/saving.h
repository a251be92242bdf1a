/* daemon/saving.h -- when alerts are saved: within a second of a change, by libuv's pool of threads, which gives it a
 * tenth of a core at most. Elsewhere: where, and what is restored (state/alert_file.h). */
#ifndef DAEMON_SAVING_H
#define DAEMON_SAVING_H

#include "state/alert_file.h"

#include <uv.h>

struct saving {
    struct alerts *alerts;   /* borrowed */
    struct alert_file *file; /* owned; NULL: nothing is saved */
    uv_timer_t timer;
    uv_work_t work;
    bool busy;                /* the work is under way, file is its */
    bool failed;              /* the work did, the last time */
    uint64_t edits;           /* what was saved */
    int64_t took_ns, rest_ns; /* of the work; monotonic: not again before */
};

/* Restores what there is. directory: "" for none. Errors: NABLA_ENOMEM. */
MUST_CHECK enum nabla_status saving_start(struct saving *s, uv_loop_t *loop,
                                          const struct alert_file_options *o);

/* The loop is closed: saves what has changed since. Accepts a zeroed one. */
void saving_fini(struct saving *s);

#endif
