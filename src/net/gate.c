/* net/gate.c -- a stranger is turned away before a byte of what it sends is read as a line. */
#include "net/gate.h"

#include <stdio.h>
#include <string.h>

static enum nabla_status load_certificates(const struct conf_listener *l, struct certificates **out,
                                           char why[static GATE_WHY_MAX])
{
    struct certificate_fault fault;
    bool mutual = l->client_ca_file[0] != '\0';
    const struct certificate_files files = {
        .cert_file = l->cert_file,
        .key_file = l->key_file,
        .client_ca_file = l->client_ca_file,
        .client_auth = mutual ? CLIENT_AUTH_VERIFY : CLIENT_AUTH_NONE,
    };
    enum nabla_status status = certificates_load(&files, out, &fault);
    if (status != NABLA_OK)
        snprintf(why, GATE_WHY_MAX, "%s", status == NABLA_ENOMEM ? "no memory" : fault.text);
    return status;
}

enum nabla_status gate_prepare(struct gate *gate, char why[static GATE_WHY_MAX])
{
    struct certificates *next = NULL;
    enum nabla_status status =
        gate->tls ? load_certificates(&gate->listener, &next, why) : NABLA_OK;
    if (status != NABLA_OK)
        return status;
    certificates_leave(gate->next_certificates);
    gate->next_certificates = next;
    return NABLA_OK;
}

void gate_adopt(struct gate *gate)
{
    uv_mutex_lock(&gate->lock);
    struct certificates *old = gate->certificates;
    gate->certificates = gate->next_certificates;
    gate->next_certificates = NULL;
    uv_mutex_unlock(&gate->lock);
    certificates_leave(old);
}

enum nabla_status gate_init(struct gate *gate, const struct conf_listener *l,
                            char why[static GATE_WHY_MAX])
{
    *gate = (struct gate){.allow = l->allow, .tls = l->cert_file[0] != '\0', .listener = *l};
    if (uv_mutex_init(&gate->lock) != 0)
        return NABLA_ENOMEM;
    gate->made = true;
    enum nabla_status status = gate_prepare(gate, why);
    if (status == NABLA_OK)
        gate_adopt(gate);
    return status;
}

void gate_fini(struct gate *gate)
{
    certificates_leave(gate->certificates);
    certificates_leave(gate->next_certificates);
    if (gate->made)
        uv_mutex_destroy(&gate->lock);
    *gate = (struct gate){.made = false};
}

enum nabla_status gate_begin_tls(struct gate *gate, struct tls **out)
{
    uv_mutex_lock(&gate->lock);
    enum nabla_status status = tls_new(gate->certificates, out);
    uv_mutex_unlock(&gate->lock);
    return status;
}

bool gate_admits(const struct gate *gate, const struct sockaddr *from)
{
    struct ip ip;
    return gate->allow.n == 0 || (ip_of_socket(from, &ip) && prefixes_hold(&gate->allow, ip));
}

void gate_refuse(struct log *log, struct listener_stats *stats, enum refusal why,
                 const struct sockaddr *from, const char *detail, size_t n)
{
    char ip_text[IP_TEXT_MAX] = "unknown", quoted[LOG_QUOTE_MAX];
    struct ip ip;
    count(&stats->refused[why], 1);
    if (from != NULL && ip_of_socket(from, &ip))
        ip_write(ip, ip_text);
    log_event(log, LOG_LEVEL_WARN, refusal_label(why), "sender_refused",
              "listener=%s from=%s reason=%s detail=%s why=\"%s\"", stats->name, ip_text,
              refusal_label(why), log_quote(quoted, detail, n), refusal_text(why));
}
