/* daemon/reload.c -- a configuration replaces another while everything runs, or nothing changes. */
#include "daemon/app.h"
#include "doors/access.h"

#include <string.h>

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
    return (struct birth_limits){conf->limits.max_series_per_source, conf->limits.label_memory};
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
    alerting_adopt(&app->alerting);
    net_adopt(app->net);
    http_configure(app->http, fresh->exposure, fresh->access);
    push_configure(app->push, &fresh->push);
    struct conf old = app->conf;
    app->conf = *fresh;
    conf_fini(&old);
    return NABLA_OK;
}

enum nabla_status app_reload(struct app *app, struct buf *errors)
{
    struct conf fresh;
    enum nabla_status status = NABLA_OK;
    pthread_mutex_lock(&app->conf_lock);
    if (app->config_file == NULL)
        conf_default(&fresh);
    else
        status = conf_read_file(app->config_file, &fresh, errors);
    if (status == NABLA_OK && (status = adopt(app, &fresh, errors)) != NABLA_OK)
        conf_fini(&fresh);
    if (status == NABLA_OK) {
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
