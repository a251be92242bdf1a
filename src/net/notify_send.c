/* net/notify_send.c -- a target's keys to what a request needs; an Alertmanager is given by where it lives, a
 * webhook by its whole URL. */
#include "net/notify_send.h"

#include "base/clock.h"

#include <string.h>

enum { CONNECT_TIMEOUT_S = 10 }; /* or the whole timeout, if that is less */

static const char *text(const char *s)
{
    return *s != '\0' ? s : NULL;
}

static struct post_target target_of(const struct conf_peer *p, const char *url)
{
    int64_t connect_ns = (int64_t)CONNECT_TIMEOUT_S * NS_PER_S;
    return (struct post_target){
        .url = url,
        .username = text(p->username),
        .password_file = text(p->password_file),
        .bearer_token_file = text(p->bearer_token_file),
        .ca_file = text(p->ca_file),
        .cert_file = text(p->cert_file),
        .key_file = text(p->key_file),
        .insecure = !p->verify,
        .connect_timeout_ns = p->timeout_ns < connect_ns ? p->timeout_ns : connect_ns,
        .timeout_ns = p->timeout_ns,
    };
}

size_t notify_url_length(const char *url)
{
    size_t n = strlen(url);
    while (n > 0 && url[n - 1] == '/')
        n--;
    return n;
}

enum nabla_status notify_send(struct poster *p, enum tell_form form, const struct conf_peer *to,
                              struct buf *body, post_done *on_done, void *ctx, struct post **out)
{
    static const char *const headers[] = {"Content-Type: application/json", NULL};
    static const char path[] = "/api/v2/alerts";
    char url[CONF_URL_MAX + sizeof path];
    bool manager = form == TELL_ALERTMANAGER;
    size_t url_n = manager ? notify_url_length(to->url) : strlen(to->url);
    memcpy(url, to->url, url_n);
    strcpy(url + url_n, manager ? path : "");
    struct post_target target = target_of(to, url);
    return post_send(p, &target, headers, body, on_done, ctx, out);
}
