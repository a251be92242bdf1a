/* daemon/saving.h -- alerts on disk: state.directory/alerts, written within a second of a change, to a file beside
 * it that is then renamed, by libuv's pool of threads, which gives it a tenth of a core at most: a hundred thousand
 * alerts are written every few seconds. The format is alerts/saved.h's. */
#ifndef DAEMON_SAVING_H
#define DAEMON_SAVING_H

#include "alerts/alerts.h"
#include "base/buf.h"

#include <uv.h>

enum { SAVING_PATH_MAX = 1100 };

struct saving {
    struct alerts *alerts; /* borrowed, as log is */
    struct log *log;
    char path[SAVING_PATH_MAX]; /* "": nothing is saved */
    uv_timer_t timer;
    uv_work_t work;
    bool busy;                /* the work is under way, bytes are its */
    uint64_t edits;           /* what was saved */
    int64_t took_ns, rest_ns; /* of the work; monotonic: not again before */
    struct buf bytes;
    int fault; /* errno of the work; 0: none */
};

/* Reads what there is: a file that is no good is set aside as alerts.bad, and said. directory: "" for none. */
void saving_start(struct saving *s, uv_loop_t *loop, struct alerts *alerts, struct log *log,
                  const char *directory);

/* The loop is closed: saves what has changed since. Accepts a zeroed one. */
void saving_fini(struct saving *s);

#endif
