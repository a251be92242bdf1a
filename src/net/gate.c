/* net/gate.c -- a stranger is turned away before a byte of what it sends is read as a line.
 * Elsewhere: what a network holds (base/prefix.c), certificates and keys (doors), the head of a signed datagram
 * (wire/sealed.c), which of them came before (replay.c). */
#include "net/gate.h"

#include "base/clock.h"
#include "wire/sealed.h"

#include <stdio.h>
#include <string.h>

static enum nabla_status load_certificates(const struct conf_listener *l, struct certificates **out,
                                           char why[static GATE_WHY_MAX])
{
    struct certificate_fault fault;
    bool mutual = l->client_ca_file[0] != '\0';
    const char *sans[CONF_NAMES_MAX];
    for (uint32_t i = 0; i < l->client_sans.n; i++)
        sans[i] = l->client_sans.at[i];
    const struct certificate_files files = {
        .cert_file = l->cert_file,
        .key_file = l->key_file,
        .client_ca_file = l->client_ca_file,
        .client_auth = mutual ? CLIENT_AUTH_VERIFY : CLIENT_AUTH_NONE,
        .client_sans = sans,
        .client_sans_n = l->client_sans.n,
    };
    enum nabla_status status = certificates_load(&files, out, &fault);
    if (status != NABLA_OK)
        snprintf(why, GATE_WHY_MAX, "%s", status == NABLA_ENOMEM ? "no memory" : fault.text);
    return status;
}

static enum nabla_status load_keys(const struct conf_listener *l, struct seal_keys **out,
                                   char why[static GATE_WHY_MAX])
{
    _Static_assert((int)SEAL_WHY_MAX <= (int)GATE_WHY_MAX, "one text holds the other");
    enum nabla_status status = seal_keys_load(l->hmac_key_file, out, why);
    if (status == NABLA_ENOMEM)
        snprintf(why, GATE_WHY_MAX, "no memory");
    return status;
}

enum nabla_status gate_prepare(struct gate *gate, char why[static GATE_WHY_MAX])
{
    const struct conf_listener *l = &gate->listener;
    struct certificates *certificates = NULL;
    struct seal_keys *keys = NULL;
    enum nabla_status status = NABLA_OK;
    if (gate->tls)
        status = load_certificates(l, &certificates, why);
    else if (gate->sealed)
        status = load_keys(l, &keys, why);
    if (status != NABLA_OK)
        return status;
    certificates_leave(gate->next_certificates);
    seal_keys_leave(gate->next_keys);
    gate->next_certificates = certificates;
    gate->next_keys = keys;
    return NABLA_OK;
}

void gate_adopt(struct gate *gate)
{
    uv_mutex_lock(&gate->lock);
    struct certificates *certificates = gate->certificates;
    struct seal_keys *keys = gate->keys;
    gate->certificates = gate->next_certificates;
    gate->keys = gate->next_keys;
    uv_mutex_unlock(&gate->lock);
    gate->next_certificates = NULL;
    gate->next_keys = NULL;
    certificates_leave(certificates);
    seal_keys_leave(keys);
}

enum nabla_status gate_init(struct gate *gate, const struct conf_listener *l,
                            char why[static GATE_WHY_MAX])
{
    *gate = (struct gate){.allow = l->allow,
                          .tls = l->cert_file[0] != '\0',
                          .sealed = l->hmac_key_file[0] != '\0',
                          .listener = *l};
    if (uv_mutex_init(&gate->lock) != 0)
        return NABLA_ENOMEM;
    gate->made = true;
    enum nabla_status status = gate_prepare(gate, why);
    if (status != NABLA_OK)
        return status;
    gate_adopt(gate);
    return gate->sealed
               ? replay_new(REPLAY_SEEN_MAX, l->hmac_window_ns, clock_now().wall_ns, &gate->replay)
               : NABLA_OK;
}

void gate_fini(struct gate *gate)
{
    certificates_leave(gate->certificates);
    certificates_leave(gate->next_certificates);
    seal_keys_leave(gate->keys);
    seal_keys_leave(gate->next_keys);
    replay_free(gate->replay);
    if (gate->made)
        uv_mutex_destroy(&gate->lock);
    *gate = (struct gate){.made = false};
}

static struct seal_keys *hold_keys(struct gate *gate)
{
    uv_mutex_lock(&gate->lock);
    struct seal_keys *keys = seal_keys_hold(gate->keys);
    uv_mutex_unlock(&gate->lock);
    return keys;
}

static enum refusal judge_time(struct gate *gate, const struct sealed *s)
{
    static const enum refusal refusals[] = {[REPLAY_NEW] = REFUSAL_COUNT,
                                            [REPLAY_OLD] = REFUSAL_SIGNATURE_OLD,
                                            [REPLAY_FUTURE] = REFUSAL_SIGNATURE_FUTURE,
                                            [REPLAY_AGAIN] = REFUSAL_REPLAYED};
    int64_t now_ns = clock_now().wall_ns;
    uv_mutex_lock(&gate->lock);
    enum replay_verdict v = replay_judge(gate->replay, s->mac, s->t_ns, now_ns);
    uv_mutex_unlock(&gate->lock);
    return refusals[v];
}

enum refusal gate_unseal(struct gate *gate, const char *bytes, size_t n, size_t *lines_at)
{
    struct sealed s;
    if (!sealed_read(bytes, n, &s))
        return REFUSAL_UNSIGNED;
    struct seal_keys *keys = hold_keys(gate);
    bool right = seal_check(keys, bytes + s.signed_at, n - s.signed_at, s.mac);
    seal_keys_leave(keys);
    *lines_at = s.lines_at;
    return right ? judge_time(gate, &s) : REFUSAL_BAD_SIGNATURE;
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

void gate_refuse(struct log *log, struct stats *all, struct listener_stats *stats, enum refusal why,
                 const struct sockaddr *from, const char *detail, size_t n)
{
    struct example x = {.wall_ns = clock_now().wall_ns};
    struct ip ip;
    count(&stats->refused[why], 1);
    if (from != NULL && ip_of_socket(from, &ip))
        ip_write(ip, x.sender);
    memcpy(x.listener, stats->name, sizeof x.listener);
    log_quote(x.text, detail, n);
    log_event(log, LOG_LEVEL_WARN, refusal_label(why), "sender_refused",
              "listener=%s from=%s reason=%s detail=%s why=\"%s\"", stats->name,
              x.sender[0] != '\0' ? x.sender : "unknown", refusal_label(why), x.text,
              refusal_text(why));
    examples_note(&all->examples, example_kind_at_door(why), &x);
}
