/* daemon/app.c -- in which order things start and stop.
 *
 *     start  table ─ state loads ─ buffers open ─ journal read ─ net binds ─ http binds ─ state saves ─ net runs
 *            ─ http runs ─ ready
 *     stop   not ready ─ net drains ─ http answers ─ points are pushed ─ the state is saved ─ gone
 *            each within the bound, but for the disk, which takes what it takes
 *
 * Elsewhere: what runs meanwhile (keep.c), a new configuration (reload.c), systemd (systemd.c). */
#include "daemon/app.h"

#include "daemon/recovery.h"
#include "net/bind.h"
#include "net/loop.h"
#include "wire/key.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    FEED_CAPACITY = 1024 * 1024, /* points: what comes in a second, or so, at most */
    SHARDS_A_THREAD = 4,
    SHARD_SERIES = 60 * 1000 * 1000, /* one shard has places for this many */
};

static enum nabla_status read_key(void *ctx, const struct sample *s, struct label_list *out)
{
    struct key_rules *rules = ctx;
    pthread_rwlock_rdlock(&rules->lock);
    enum nabla_status status = key_read_by(&rules->templates, s, out);
    pthread_rwlock_unlock(&rules->lock);
    return status;
}

/* One thread never waits for itself. Several seldom meet in one of four times as many; with more, a shard's
 * part of a batch is too short for its misses to overlap. */
static uint32_t shards_for(const struct conf *conf)
{
    uint32_t want = conf->ingest.threads == 1 ? 1 : SHARDS_A_THREAD * conf->ingest.threads, n = 1;
    while (n < TABLE_SHARDS_MAX &&
           (n < want || (uint64_t)n * SHARD_SERIES < conf->limits.max_series))
        n *= 2;
    return n;
}

static enum nabla_status make_table(struct app *app)
{
    struct table_options o = {
        .max_series = app->conf.limits.max_series,
        .shards = shards_for(&app->conf),
        .keep_bytes = app->conf.limits.keep_memory,
        .max_future_ns = app->conf.limits.max_future_ns,
        .read_key = read_key,
        .read_key_ctx = &app->key_rules,
        .policies = &app->conf.policies,
        .stats = &app->stats,
        .feed = app->feed,
        .log = app->log,
        .watcher = lookout_watcher(app->alerting.lookout),
        .secrets = keeping_secrets(&app->keeping),
    };
    app->sweep_period_ns = app_sweep_period(&app->conf.policies);
    struct birth_limits births = app_birth_limits(&app->conf);
    enum nabla_status status = table_new(&o, &app->table);
    if (status == NABLA_OK)
        status = table_limit_births(app->table, &births);
    if (status == NABLA_OK)
        status = alerting_start(&app->alerting, app->table, &app->conf);
    return status;
}

static enum nabla_status reload_for_http(void *ctx, struct buf *errors)
{
    return app_reload(ctx, errors);
}

static void log_http(struct app *app)
{
    char name[STATS_NAME_MAX];
    struct conf_address at = app->conf.http.listen;
    at.port = http_port(app->http);
    bind_name(name, TRANSPORT_TCP, &at);
    log_event(app->log, LOG_LEVEL_INFO, NULL, "listening", "listener=http%s%s",
              http_has_tls(app->http) ? "s" : "", name + strlen("tcp"));
}

static enum nabla_status make_doors(struct app *app)
{
    int http_fd, rest[ACTIVATED_MAX], rest_n;
    systemd_sockets(&app->conf, &http_fd, rest, &rest_n);
    struct net_options net = {.conf = &app->conf,
                              .table = app->table,
                              .stats = &app->stats,
                              .log = app->log,
                              .activated = rest,
                              .activated_n = rest_n};
    enum nabla_status status = net_new(&net, &app->net);
    if (status != NABLA_OK)
        return status;
    struct http_options http = {.listen = app->conf.http.listen,
                                .max_connections = app->conf.http.max_connections,
                                .max_connections_per_address =
                                    app->conf.http.max_connections_per_address,
                                .max_streams = app->conf.http.max_streams,
                                .max_streams_per_address = app->conf.http.max_streams_per_address,
                                .timeout_ns = app->conf.http.timeout_ns,
                                .request_timeout_ns = app->conf.http.request_timeout_ns,
                                .answer_timeout_ns = app->conf.http.answer_timeout_ns,
                                .query_timeout_ns = app->conf.http.query_timeout_ns,
                                .max_held_bytes = app->conf.http.max_memory,
                                .gradient = app->conf.gradient,
                                .max_body = app->conf.http.max_body,
                                .max_decompressed = app->conf.http.max_decompressed,
                                .max_line = app->conf.ingest.max_line,
                                .max_line_connections = app->conf.ingest.max_connections,
                                .state_interval_ns = app->conf.state.interval_ns,
                                .access = app->conf.access,
                                .auth_failures = app->conf.http.auth_failures,
                                .exposure = app->conf.exposure,
                                .activated = http_fd,
                                .table = app->table,
                                .alerts = app->alerting.alerts,
                                .notifier = app->alerting.notifier,
                                .feed = app->feed,
                                .stats = &app->stats,
                                .push_board = &app->push_board,
                                .journal = app->journal,
                                .log = app->log,
                                .ready = &app->ready,
                                .reload = reload_for_http,
                                .reload_ctx = app};
    status = http_new(&http, &app->http);
    if (status == NABLA_OK)
        log_http(app);
    return status;
}

static enum nabla_status make_push(struct app *app)
{
    struct push_options push = {.loop = &app->loop,
                                .table = app->table,
                                .feed = app->feed,
                                .board = &app->push_board,
                                .log = app->log,
                                .directory = app->conf.state.directory};
    return push_new(&push, &app->conf.push, &app->push);
}

/* ---- signals */

static void on_end(uv_signal_t *handle, int number)
{
    struct app *app = handle->data;
    log_event(app->log, LOG_LEVEL_INFO, NULL, "stopping", "signal=%s", strsignal(number));
    uv_signal_stop(&app->on_term); /* the next one ends the process at once */
    uv_signal_stop(&app->on_int);
    uv_stop(&app->loop);
}

static void on_hangup(uv_signal_t *handle, int number)
{
    (void)number;
    app_reload_soon(handle->data);
}

static enum nabla_status make_loop(struct app *app)
{
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error of its write */
    if (loop_open(&app->loop, (uint64_t)app->conf.ingest.max_connections +
                                  app->conf.http.max_connections) != NABLA_OK)
        return NABLA_ENOMEM;
    app->loop.data = app;
    uv_signal_init(&app->loop, &app->on_term);
    uv_signal_init(&app->loop, &app->on_int);
    uv_signal_init(&app->loop, &app->on_hup);
    uv_timer_init(&app->loop, &app->tick);
    uv_timer_init(&app->loop, &app->sweeping);
    uv_timer_init(&app->loop, &app->watchdog);
    app->on_term.data = app->on_int.data = app->on_hup.data = app;
    app->tick.data = app->sweeping.data = app->watchdog.data = app;
    uv_signal_start(&app->on_term, on_end, SIGTERM);
    uv_signal_start(&app->on_int, on_end, SIGINT);
    uv_signal_start(&app->on_hup, on_hangup, SIGHUP);
    app->loop_stats = &app->stats.loops[app->stats.loops_n++];
    strcpy(app->loop_stats->name, "main");
    return NABLA_OK;
}

/* ---- start, run, stop */

static enum nabla_status run_doors(struct app *app)
{
    enum nabla_status status = net_start(app->net);
    return status == NABLA_OK ? http_start(app->http) : status;
}

enum nabla_status app_start(struct app *app, struct conf *conf, const char *config_file)
{
    app->conf = *conf;
    *conf = (struct conf){0};
    app->at_start = app->conf;
    app->at_start.policies = (struct policies){0};
    app->at_start.rule_files = (struct conf_files){0};
    app->at_start.rules = (struct rules){0};
    app->at_start.templates = (struct path_templates){0};
    app->at_start.alerting = (struct conf_alerting){0};
    pthread_rwlock_init(&app->key_rules.lock, NULL);
    app->key_rules.templates = app->conf.templates;
    app->at_start.exposure = NULL;
    app->at_start.access = NULL;
    app->at_start.push = (struct conf_pushes){0};
    app->config_file = config_file;
    app->stats.start_wall_ns = clock_now().wall_ns;
    pthread_mutex_init(&app->conf_lock, NULL);
    push_board_init(&app->push_board);
    app->log =
        log_new(STDERR_FILENO, log_is_journal(STDERR_FILENO), app->conf.log.level, &app->stats);
    if (app->log == NULL)
        return NABLA_ENOMEM;
    struct state_journal snapshots;
    log_event(app->log, LOG_LEVEL_INFO, NULL, "starting", "version=%s config=%s", NABLA_VERSION,
              config_file == NULL ? "-" : config_file);
    app_look_at_doors(app, &app->conf);
    enum nabla_status status = make_loop(app);
    if (status == NABLA_OK)
        status = feed_new(FEED_CAPACITY, &app->feed);
    if (status == NABLA_OK)
        status = alerting_init(&app->alerting, &app->loop, &app->conf, &app->stats, app->log);
    if (status == NABLA_OK)
        status = keeping_open(&app->keeping, &app->conf, &app->stats.state, app->log);
    if (status == NABLA_OK)
        status = make_table(app);
    if (status == NABLA_OK)
        keeping_load(&app->keeping, app->table);
    if (status == NABLA_OK)
        status = make_push(app);
    if (status == NABLA_OK)
        status = recovery_run(&app->conf, app->table, app->log, &app->journal);
    if (status == NABLA_OK)
        status = make_doors(app);
    if (status == NABLA_OK)
        status = keeping_start(&app->keeping, recovery_for_snapshots(app->journal, &snapshots));
    if (status == NABLA_OK)
        status = run_doors(app);
    if (status != NABLA_OK)
        log_event(app->log, LOG_LEVEL_ERROR, NULL, "start_failed", "why=\"%s\"",
                  nabla_status_text(status));
    return status;
}

static void stop_doors(struct app *app)
{
    atomic_store(&app->stopping, true);
    pthread_mutex_lock(&app->conf_lock); /* a reload ends where it is */
    int64_t bound_ns = app->conf.shutdown_timeout_ns;
    pthread_mutex_unlock(&app->conf_lock);
    int64_t deadline_ns = clock_now().mono_ns + bound_ns;
    net_stop(app->net, bound_ns / 2);
    http_stop(app->http, deadline_ns - clock_now().mono_ns);
    journal_stop(app->journal);
    push_stop(app->push, deadline_ns);
    keeping_stop(&app->keeping);
}

void app_run(struct app *app)
{
    app->ready = true;
    app_keep(app);
    systemd_notify("READY=1");
    log_event(app->log, LOG_LEVEL_INFO, NULL, "ready", "pid=%d", (int)getpid());
    uv_run(&app->loop, UV_RUN_DEFAULT);
    app->ready = false;
    systemd_notify("STOPPING=1");
    stop_doors(app);
    log_event(app->log, LOG_LEVEL_INFO, NULL, "stopped",
              "lines=%llu samples=%llu points=%llu series=%u",
              (unsigned long long)counted(&app->stats.lines),
              (unsigned long long)counted(&app->stats.samples),
              (unsigned long long)counted(&app->stats.points), table_count(app->table));
}

static void close_handle(uv_handle_t *handle, void *unused)
{
    (void)unused;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

void app_fini(struct app *app)
{
    if (app->http != NULL)
        http_stop(app->http, 0);
    if (app->net != NULL)
        net_stop(app->net, 0);
    push_stop(app->push, 0);
    journal_stop(app->journal);
    keeping_fini(&app->keeping);
    http_free(app->http);
    net_free(app->net);
    journal_free(app->journal);
    if (app->loop.data != NULL) {
        alerting_stop(&app->alerting);
        uv_walk(&app->loop, close_handle, NULL);
        uv_run(&app->loop, UV_RUN_DEFAULT);
        uv_loop_close(&app->loop);
    }
    push_free(app->push);
    table_free(app->table);
    alerting_fini(&app->alerting);
    feed_free(app->feed);
    log_free(app->log);
    conf_fini(&app->conf);
    push_board_fini(&app->push_board);
    pthread_mutex_destroy(&app->conf_lock);
    pthread_rwlock_destroy(&app->key_rules.lock);
}
