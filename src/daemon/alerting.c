/* daemon/alerting.c -- the main loop lends alerts its time, some slices in a turn, then tells of what they
 * came to. */
#include "daemon/alerting.h"

enum { SLICES_A_TURN = 16, LONGEST_WAIT_MS = 1000 }; /* a clock may be set at any time */

static void on_due(uv_timer_t *timer);

static void plan(struct alerting *a)
{
    struct instant now = clock_now();
    int64_t next_ns = alerts_turn(a->alerts, now);
    notifier_wake(a->notifier);
    if (next_ns == INT64_MAX) {
        uv_timer_stop(&a->due);
        return;
    }
    int64_t wait_ms = next_ns > now.wall_ns ? (next_ns - now.wall_ns) / NS_PER_MS + 1 : 1;
    uv_timer_start(&a->due, on_due,
                   (uint64_t)(wait_ms < LONGEST_WAIT_MS ? wait_ms : LONGEST_WAIT_MS), 0);
}

static void on_due(uv_timer_t *timer)
{
    plan(timer->data);
}

static void on_seen(uv_async_t *async)
{
    struct alerting *a = async->data;
    struct instant now = clock_now();
    bool more = true;
    for (int i = 0; i < SLICES_A_TURN && more; i++)
        more = alerts_take(a->alerts, now);
    if (more)
        uv_async_send(&a->seen); /* others' turn first */
    plan(a);
}

/* Any thread. */
static void wake(void *ctx)
{
    struct alerting *a = ctx;
    uv_async_send(&a->seen);
}

enum nabla_status alerting_init(struct alerting *a, uv_loop_t *loop, struct conf *conf,
                                struct stats *stats, struct log *log)
{
    enum nabla_status status = lookout_new(wake, a, &a->lookout);
    if (status != NABLA_OK)
        return status;
    struct alerts_options options = {
        .lookout = a->lookout, .stats = stats, .log = log, .max = conf->limits.max_alerts};
    status = alerts_new(&options, clock_now().wall_ns, &a->alerts);
    if (status != NABLA_OK)
        return status;
    a->loop = loop;
    uv_async_init(loop, &a->seen, on_seen);
    uv_timer_init(loop, &a->due);
    a->seen.data = a->due.data = a;
    a->log = log;
    a->stats = stats;
    return alerts_prepare(a->alerts, &conf->rules, &conf->policies);
}

enum nabla_status alerting_start(struct alerting *a, struct table *table, const struct conf *conf)
{
    alerts_table(a->alerts, table);
    while (alerting_adopt(a))
        ;
    struct alert_file_options saved = {.directory = conf->state.directory,
                                       .alerts = a->alerts,
                                       .stats = &a->stats->state,
                                       .log = a->log};
    enum nabla_status status = saving_start(&a->saving, a->loop, &saved);
    if (status != NABLA_OK)
        return status;
    return notifier_new(a->loop, a->alerts, a->log, &conf->alerting, &a->notifier);
}

enum nabla_status alerting_prepare(struct alerting *a, struct conf *conf)
{
    enum nabla_status status = notifier_configure(a->notifier, &conf->alerting);
    return status == NABLA_OK ? alerts_prepare(a->alerts, &conf->rules, &conf->policies) : status;
}

bool alerting_adopt(struct alerting *a)
{
    bool more = alerts_adopt(a->alerts, clock_now());
    uv_async_send(&a->seen); /* what goes on is looked at */
    return more;
}

void alerting_stop(struct alerting *a)
{
    notifier_free(a->notifier);
    a->notifier = NULL;
}

void alerting_fini(struct alerting *a)
{
    saving_fini(&a->saving);
    alerts_free(a->alerts);
    lookout_free(a->lookout);
}
