/* net/gate.c -- a stranger is turned away before a byte of what it sends is read as a line. */
#include "net/gate.h"

#include <string.h>

void gate_init(struct gate *gate, const struct conf_listener *l)
{
    gate->allow = l->allow;
}

bool gate_admits(const struct gate *gate, const struct sockaddr *from)
{
    struct ip ip;
    return gate->allow.n == 0 || (ip_of_socket(from, &ip) && prefixes_hold(&gate->allow, ip));
}

void gate_refuse(struct log *log, struct listener_stats *stats, enum refusal why,
                 const struct sockaddr *from, const char *text, size_t n)
{
    char ip_text[IP_TEXT_MAX] = "unknown", quoted[LOG_QUOTE_MAX];
    struct ip ip;
    count(&stats->refused[why], 1);
    if (from != NULL && ip_of_socket(from, &ip))
        ip_write(ip, ip_text);
    log_event(log, LOG_LEVEL_WARN, refusal_label(why), "sender_refused",
              "listener=%s from=%s reason=%s text=%s why=\"%s\"", stats->name, ip_text,
              refusal_label(why), log_quote(quoted, text, n), refusal_text(why));
}
