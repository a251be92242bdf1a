/* daemon/doors.c -- what an operator should hear about the doors that are open, at the start and at each reload,
 * although it is allowed. */
#include "daemon/app.h"

#include "conf/reach.h"
#include "doors/access.h"
#include "doors/certificates.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

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

static bool have_secrets(const struct conf_peers *peers)
{
    for (uint32_t i = 0; i < peers->n; i++)
        if (peers->at[i].password_file[0] != '\0' || peers->at[i].bearer_token_file[0] != '\0' ||
            peers->at[i].key_file[0] != '\0')
            return true;
    return false;
}

static bool knows_secrets(const struct conf *conf)
{
    const struct access *a = conf->access;
    bool any = a != NULL && (a->certificates != NULL || a->users_n + a->tokens_n > 0);
    for (uint32_t i = 0; i < conf->ingest.listeners_n; i++)
        any |= conf->ingest.listeners[i].key_file[0] != '\0' ||
               conf->ingest.listeners[i].hmac_key_file[0] != '\0';
    for (uint32_t i = 0; i < conf->push.n; i++) {
        const struct conf_peers one = {&conf->push.at[i].peer, 1};
        any |= have_secrets(&one);
    }
    return any || have_secrets(&conf->alerting.alertmanagers) ||
           have_secrets(&conf->alerting.webhooks);
}

/* Secrets are no part of a core dump. The kernel takes no notice of the limit where it pipes dumps to a program
 * (systemd's heeds it, others do not), so no memory is left to dump, either. */
static void keep_out_of_cores(void)
{
    static const char no_memory[] = "0";
    struct rlimit none = {0};
    (void)setrlimit(RLIMIT_CORE, &none);
    int fd = open("/proc/self/coredump_filter", O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return; /* a kernel without core dumps, or no /proc */
    ssize_t n = write(fd, no_memory, sizeof no_memory - 1);
    (void)n;
    close(fd);
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
    if (knows_secrets(conf))
        keep_out_of_cores();
    if (conf->access != NULL) {
        warn_of_access(app, conf);
    } else if (is_exposed(conf)) {
        warn(app, "http_open",
             "everybody who reaches http.listen may do everything, as "
             "http.insecure says");
    }
}
