/* daemon/app.h -- owns everything that nablad is made of; starts it, keeps it, stops it. */
#ifndef DAEMON_APP_H
#define DAEMON_APP_H

#include "base/log.h"
#include "base/push_board.h"
#include "base/stats.h"
#include "conf/conf.h"
#include "daemon/alerting.h"
#include "daemon/keeping.h"
#include "http/http.h"
#include "net/net.h"
#include "net/push.h"
#include "series/table.h"
#include "state/journal.h"

#include <pthread.h>
#include <stdatomic.h>
#include <uv.h>

/* How a new key is read into labels: the configuration's templates. Births read them, a reload replaces
 * them; both take the lock. */
struct key_rules {
    pthread_rwlock_t lock;
    struct path_templates templates; /* borrows those of app.conf */
};

struct app {
    const char *config_file;   /* borrowed; NULL: the defaults */
    struct conf conf;          /* as last read; its policies are the table's */
    struct conf at_start;      /* what holds for keys that need a restart; owns nothing */
    pthread_mutex_t conf_lock; /* of conf: SIGHUP and HTTP both reload */
    struct stats stats;
    struct log *log;
    struct feed *feed;
    struct key_rules key_rules;
    struct alerting alerting;
    struct keeping keeping;
    struct table *table;
    struct net *net;
    struct push *push;
    struct push_board push_board;
    struct journal *journal; /* NULL: what comes by HTTP is in memory alone */
    struct http *http;
    atomic_bool ready;
    uv_loop_t loop;
    uv_signal_t on_term, on_int, on_hup;
    uv_timer_t tick, sweeping, watchdog;
    uv_work_t reload;             /* by SIGHUP */
    bool reloading, reload_again; /* it is under way; another SIGHUP came since it began */
    atomic_bool stopping;         /* a reload ends where it is */
    struct loop_stats *loop_stats;
    int64_t tick_due_ns, lags_ns[4]; /* of the last ticks, by number */
    uint32_t ticks;
    struct {
        uint64_t beats;
        int64_t changed_ns; /* monotonic, when they were last seen to have grown */
    } alive[STATS_LOOPS_MAX];
    struct sweep sweep;
    uint32_t visits_due;             /* by the sweep, until the next tick */
    _Atomic int64_t sweep_period_ns; /* in which every series is visited once */
};

/* conf is taken over. Errors are logged: NABLA_EIO, NABLA_ENOMEM. *app is zeroed by the caller. */
MUST_CHECK enum nabla_status app_start(struct app *app, struct conf *conf, const char *config_file);

/* Until SIGTERM or SIGINT; then drains and stops, within conf.shutdown_timeout. */
void app_run(struct app *app);
void app_fini(struct app *app); /* accepts a half-started one */

/* daemon/reload.c: reads the configuration again, and puts all series under it, which takes as long as it takes; any
 * thread but a loop's. Errors: as conf_read_file; nothing has changed then, errors says why, and both are logged. Or
 * nablad stops: NABLA_EIO; what has changed does not matter any more. */
enum nabla_status app_reload(struct app *app, struct buf *errors);
/* The same off the main loop, which calls it. One that is asked for while another is under way begins after it. */
void app_reload_soon(struct app *app);
/* How often every series must be visited so that silence is noticed in good time. */
int64_t app_sweep_period(const struct policies *policies);
struct birth_limits app_birth_limits(const struct conf *conf);

/* daemon/doors.c: logs what is allowed but unwise of who may come in by HTTP, and keeps secrets out of core
 * dumps. */
void app_look_at_doors(struct app *app, const struct conf *conf);

/* daemon/keep.c: what the main loop does while it runs: sweeps, its lag, signs of life. */
void app_keep(struct app *app);

/* daemon/systemd.c: the sockets that were passed, told apart by address. *http is that of
 * conf->http.listen, or -1; the others are in rest[0..*rest_n). Taken by the caller. */
enum { ACTIVATED_MAX = STATS_LISTENERS_MAX };
void systemd_sockets(const struct conf *conf, int *http, int rest[static ACTIVATED_MAX],
                     int *rest_n);
void systemd_notify(const char *state);
uint64_t systemd_watchdog_ms(void); /* between signs of life; 0: none are asked for */

#endif
