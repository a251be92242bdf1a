/* daemon/keep.c -- the main loop's own work: a share of the sweep each tick, and signs of life to
 * the service manager for as long as every loop beats. */
#include "daemon/app.h"

enum {
    TICK_MS = 250,
    TICKS_A_SECOND = 4,
    SWEEP_MIN = 1024,
    SLICES_A_TURN = 8,
    REST_MS = 1,
    HANG_TICKS = 4
};

/* ---- the sweep: what is due is visited in turns of a millisecond or so of work, with a rest for others in between,
 * on this loop and at the shards' locks */

static void on_rested(uv_timer_t *timer);

static void sweep(struct app *app)
{
    struct instant now = clock_now();
    for (int i = 0; i < SLICES_A_TURN && app->visits_due > 0; i++)
        app->visits_due -= table_sweep_slice(app->table, &app->sweep, app->visits_due, now);
    if (app->visits_due > 0)
        uv_timer_start(&app->sweeping, on_rested, REST_MS, 0);
}

static void on_rested(uv_timer_t *timer)
{
    sweep(timer->data);
}

/* A tick's share of all visits; who is behind has no more to do than to visit each once. */
static void plan_sweep(struct app *app)
{
    static const int64_t tick_ns = (int64_t)TICK_MS * NS_PER_MS;
    uint32_t in_all = table_visits(app->table);
    int64_t period_ns = app->sweep_period_ns;
    int64_t share = period_ns > tick_ns ? (int64_t)in_all * tick_ns / period_ns : in_all;
    int64_t due = app->visits_due + (share > SWEEP_MIN ? share : SWEEP_MIN);
    app->visits_due = due < in_all ? (uint32_t)due : in_all;
}

/* How late the tick is, the worst of the last second, is the loop's lag. */
static void note_lag(struct app *app, int64_t now_ns)
{
    int64_t worst = 0;
    app->lags_ns[app->ticks++ % TICKS_A_SECOND] =
        now_ns > app->tick_due_ns ? now_ns - app->tick_due_ns : 0;
    for (int i = 0; i < TICKS_A_SECOND; i++)
        worst = app->lags_ns[i] > worst ? app->lags_ns[i] : worst;
    app->loop_stats->lag_ns = worst;
}

static void on_tick(uv_timer_t *timer)
{
    struct app *app = timer->data;
    note_lag(app, clock_now().mono_ns);
    count(&app->loop_stats->beats, 1);
    plan_sweep(app);
    sweep(app);
    app->tick_due_ns = clock_now().mono_ns + (int64_t)TICK_MS * NS_PER_MS;
}

/* A loop that has not beaten for several of its ticks hangs: no sign of life then, and the service
 * manager acts. */
static void on_watchdog(uv_timer_t *timer)
{
    struct app *app = timer->data;
    int64_t now_ns = clock_now().mono_ns, patience_ns = (int64_t)HANG_TICKS * TICK_MS * NS_PER_MS;
    bool alive = true;
    for (uint32_t i = 0; i < app->stats.loops_n; i++) {
        uint64_t beats = counted(&app->stats.loops[i].beats);
        if (beats != app->alive[i].beats || app->alive[i].changed_ns == 0)
            app->alive[i].changed_ns = now_ns;
        app->alive[i].beats = beats;
        alive = alive && now_ns - app->alive[i].changed_ns <= patience_ns;
    }
    if (alive)
        systemd_notify("WATCHDOG=1");
    else
        log_event(app->log, LOG_LEVEL_ERROR, "hang", "loop_hangs", "why=\"no sign of life given\"");
}

void app_keep(struct app *app)
{
    uint64_t watchdog_ms = systemd_watchdog_ms();
    app->tick_due_ns = clock_now().mono_ns + (int64_t)TICK_MS * NS_PER_MS;
    uv_timer_start(&app->tick, on_tick, TICK_MS, TICK_MS);
    if (watchdog_ms > 0)
        uv_timer_start(&app->watchdog, on_watchdog, watchdog_ms, watchdog_ms);
}
