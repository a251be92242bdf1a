/* daemon/doors.c -- what an operator should hear about the doors that are open, at the start and at each reload,
 * although it is allowed. */
#include "daemon/app.h"

#include "conf/reach.h"
#include "doors/access.h"
#include "doors/certificates.h"

#include <sys/resource.h>

static void warn(struct app *app, const char *event, const char *why)
{
    char quoted[LOG_QUOTE_MAX];
    log_event(app->log, LOG_LEVEL_WARN, NULL, event, "why=%s", log_quote(quoted, why, strlen(why)));
}

static bool is_exposed(const struct conf *conf)
{
    char why[REACH_WHY_MAX];
    return !reach_allowed(&conf->http.listen, false, false, "", why);
}

/* Secrets are no part of a core dump; systemd-coredump heeds this limit, too. */
static void keep_out_of_cores(const struct access *a)
{
    struct rlimit none = {0};
    if (a->certificates != NULL || a->users_n + a->tokens_n > 0)
        (void)setrlimit(RLIMIT_CORE, &none);
}

static void warn_of_access(struct app *app, const struct conf *conf)
{
    char text[CERTIFICATES_WHY_MAX];
    const struct access *a = conf->access;
    const char *why =
        a->certificates == NULL
            ? NULL
            : certificates_warning(a->certificates, clock_now().wall_ns / NS_PER_S, text);
    if (why != NULL)
        warn(app, "certificate", why);
    if (is_exposed(conf) && a->certificates == NULL)
        warn(app, "http_in_the_clear",
             "passwords and tokens can be read on their way: web_config "
             "has no tls_server_config");
    if (is_exposed(conf) && access_is_open(a))
        warn(app, "http_open",
             "everybody who reaches http.listen may do everything: web_config has "
             "no users, tokens or verified certificates");
}

void app_look_at_doors(struct app *app, const struct conf *conf)
{
    if (conf->access != NULL) {
        keep_out_of_cores(conf->access);
        warn_of_access(app, conf);
    } else if (is_exposed(conf)) {
        warn(app, "http_open",
             "everybody who reaches http.listen may do everything, as "
             "http.insecure says");
    }
}
