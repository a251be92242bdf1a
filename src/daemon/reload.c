/* daemon/reload.c -- a configuration replaces another while everything runs, or nothing changes.
 *
 *     SIGHUP (main loop) ──┐                        doors, limits, targets: at once ─► series, slice by slice
 *                          ├──► a thread of the pool                                ─► alerts, slice by slice
 *     POST /-/reload ──────┘
 *
 * Laws: neither loop does any of it; a lock that samples or alerts wait for is held for a slice, and left alone for
 * REST_NS then, since who waits for it sleeps. A stop does not wait for the rest: it is the state of who was not
 * reached yet that is saved, and the next start reads the file anyway. */
#include "daemon/app.h"
#include "doors/access.h"

#include <string.h>
#include <time.h>

enum { REST_NS = 50 * 1000 };

static void log_errors(struct app *app, const struct buf *errors)
{
    const char *line = errors->at, *end = errors->at + errors->n;
    while (line != NULL && line < end) {
        const char *lf = memchr(line, '\n', (size_t)(end - line));
        size_t n = (size_t)((lf != NULL ? lf : end) - line);
        char quoted[LOG_QUOTE_MAX];
        log_event(app->log, LOG_LEVEL_ERROR, NULL, "config_error", "why=%s",
                  log_quote(quoted, line, n));
        line = lf != NULL ? lf + 1 : end;
    }
    log_event(app->log, LOG_LEVEL_ERROR, NULL, "reload_failed",
              "file=%s why=\"nothing was changed\"", app->config_file);
}

static void log_restart_keys(struct app *app, const struct conf *fresh)
{
    struct buf keys;
    buf_init(&keys);
    conf_restart_keys(&app->at_start, fresh, &keys);
    if (http_has_tls(app->http) != (fresh->access != NULL && fresh->access->certificates != NULL))
        buf_printf(&keys, "%stls_server_config in http.web_config", keys.n > 0 ? ", " : "");
    if (keys.n > 0)
        log_event(app->log, LOG_LEVEL_WARN, NULL, "restart_needed", "keys=\"%.*s\"", (int)keys.n,
                  keys.at);
    buf_fini(&keys);
}

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Silence is noticed a quarter late at most, and samples that are held back for as long again. */
static int64_t visits_wanted(const struct policy *p)
{
    int64_t silence = p->stale_after_ns / 4;
    return p->late_ns > 0 ? smaller(silence, p->late_ns) : silence;
}

int64_t app_sweep_period(const struct policies *policies)
{
    int64_t shortest = visits_wanted(&policies->defaults);
    for (uint32_t i = 0; i < policies->rules_n; i++)
        shortest = smaller(shortest, visits_wanted(&policies->rules[i].policy));
    return smaller(shortest, 10LL * NS_PER_S);
}

struct birth_limits app_birth_limits(const struct conf *conf)
{
    return (struct birth_limits){conf->limits.max_series_per_source, conf->limits.label_memory,
                                 conf->limits.label_memory_per_source};
}

static enum nabla_status adopt(struct app *app, struct conf *fresh, struct buf *errors)
{
    enum nabla_status status = net_prepare(app->net, errors);
    if (status == NABLA_OK)
        status = alerting_prepare(&app->alerting, fresh);
    if (status != NABLA_OK)
        return status;
    log_restart_keys(app, fresh);
    app_look_at_doors(app, fresh);
    log_set_level(app->log, fresh->log.level);
    app->sweep_period_ns = app_sweep_period(&fresh->policies);
    struct birth_limits births = app_birth_limits(fresh);
    if (table_limit_births(app->table, &births) != NABLA_OK)
        log_event(app->log, LOG_LEVEL_ERROR, NULL, "limits_not_taken", "why=\"no memory\"");
    table_configure(app->table, &fresh->policies, fresh->limits.max_series,
                    fresh->limits.max_future_ns, fresh->limits.keep_memory);
    pthread_rwlock_wrlock(&app->key_rules.lock);
    app->key_rules.templates = fresh->templates;
    pthread_rwlock_unlock(&app->key_rules.lock);
    keeping_configure(&app->keeping, fresh);
    net_adopt(app->net);
    http_configure(app->http, fresh->exposure, fresh->access);
    push_configure(app->push, &fresh->push);
    struct conf old = app->conf;
    app->conf = *fresh;
    conf_fini(&old);
    return NABLA_OK;
}

static void rest(void)
{
    (void)nanosleep(&(struct timespec){.tv_nsec = REST_NS}, NULL);
}

/* What is there already goes over to what was adopted. False: nablad stops. */
static bool follow(struct app *app)
{
    while (!atomic_load(&app->stopping) && table_follow(app->table))
        rest();
    while (!atomic_load(&app->stopping) && alerting_adopt(&app->alerting))
        rest();
    return !atomic_load(&app->stopping);
}

static enum nabla_status reload(struct app *app, struct buf *errors)
{
    struct conf fresh;
    enum nabla_status status = NABLA_OK;
    if (app->config_file == NULL)
        conf_default(&fresh);
    else
        status = conf_read_file(app->config_file, &fresh, errors);
    if (status == NABLA_OK && (status = adopt(app, &fresh, errors)) != NABLA_OK)
        conf_fini(&fresh);
    return status;
}

enum nabla_status app_reload(struct app *app, struct buf *errors)
{
    pthread_mutex_lock(&app->conf_lock);
    enum nabla_status status = NABLA_EIO;
    bool stopping = atomic_load(&app->stopping);
    if (!stopping && (status = reload(app, errors)) == NABLA_OK)
        stopping = !follow(app);
    if (stopping) {
        buf_text(errors, "nablad is shutting down");
        status = NABLA_EIO;
    } else if (status == NABLA_OK) {
        count(&app->stats.reloads_ok, 1);
        log_event(app->log, LOG_LEVEL_INFO, NULL, "reloaded", "file=%s",
                  app->config_file == NULL ? "-" : app->config_file);
    } else {
        count(&app->stats.reloads_failed, 1);
        log_errors(app, errors);
    }
    pthread_mutex_unlock(&app->conf_lock);
    return status;
}

/* ---- by a signal */

static void on_work(uv_work_t *work)
{
    struct buf errors;
    buf_init(&errors);
    (void)app_reload(work->data, &errors);
    buf_fini(&errors);
}

static void on_worked(uv_work_t *work, int status)
{
    struct app *app = work->data;
    (void)status;
    app->reloading = false;
    if (app->reload_again)
        app_reload_soon(app);
}

void app_reload_soon(struct app *app)
{
    app->reload_again = app->reloading;
    if (app->reloading)
        return;
    app->reload.data = app;
    app->reloading = uv_queue_work(&app->loop, &app->reload, on_work, on_worked) == 0;
}
