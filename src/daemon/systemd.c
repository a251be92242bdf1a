/* daemon/systemd.c -- the protocol with the service manager; without one all of it does nothing. */
#include "daemon/app.h"
#include "net/bind.h"

#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

void systemd_sockets(const struct conf *conf, int *http, int rest[static ACTIVATED_MAX],
                     int *rest_n)
{
    int n = sd_listen_fds(1);
    *http = -1;
    *rest_n = 0;
    for (int fd = SD_LISTEN_FDS_START; fd < SD_LISTEN_FDS_START + n; fd++) {
        struct conf_address address;
        enum transport transport;
        bool known = bind_describe(fd, &address, &transport);
        if (known && *http < 0 && transport == TRANSPORT_TCP &&
            address.port == conf->http.listen.port &&
            strcmp(address.host, conf->http.listen.host) == 0)
            *http = fd;
        else if (*rest_n < ACTIVATED_MAX)
            rest[(*rest_n)++] = fd;
        else
            close(fd);
    }
}

void systemd_notify(const char *state)
{
    sd_notify(0, state);
}

uint64_t systemd_watchdog_ms(void)
{
    uint64_t us = 0;
    return sd_watchdog_enabled(0, &us) > 0 ? us / 3 / 1000 : 0;
}
