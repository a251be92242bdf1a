/* cli/guard.c -- an option that would be without effect is a mistake: whoever names a key means to be safe. */
#include "cli/guard.h"

bool guard_take(struct guard_options *g, int letter, const char *value)
{
    switch (letter) {
    case GUARD_TLS: g->tls = true; return true;
    case GUARD_UDP: g->udp = true; return true;
    case GUARD_HMAC_KEY_FILE: g->hmac_key_file = value; return true;
    case GUARD_SERVER_NAME:
        g->server_name = value;
        g->tls_option = "--server-name";
        return true;
    case IDENTITY_CA_FILE: g->tls_option = "--ca-file"; break;
    case IDENTITY_CERT: g->tls_option = "--cert"; break;
    case IDENTITY_KEY: g->tls_option = "--key"; break;
    default: return false;
    }
    return identity_take(&g->identity, letter, value);
}

/* TLS is over TCP, so tcp:// may be refined to it. */
static bool settle_carrier(const struct guard_options *g, struct target *to)
{
    if (g->tls && (g->udp || to->carrier == CARRIER_UDP))
        return false;
    if (g->udp && to->carrier != CARRIER_ANY && to->carrier != CARRIER_UDP)
        return false;
    if (g->tls)
        to->carrier = CARRIER_TLS;
    else if (g->udp)
        to->carrier = CARRIER_UDP;
    else if (to->carrier == CARRIER_ANY)
        to->carrier = CARRIER_TCP;
    return true;
}

static enum cli_exit check(const struct guard_options *g, struct target *to)
{
    if (!settle_carrier(g, to))
        return cli_error(CLI_USAGE, "%s and the address or another option exclude each other",
                         g->tls ? "--tls" : "--udp");
    if (g->tls_option != NULL && to->carrier != CARRIER_TLS)
        return cli_error(CLI_USAGE, "%s needs --tls or tls://", g->tls_option);
    if (g->hmac_key_file != NULL && to->carrier != CARRIER_UDP)
        return cli_error(CLI_USAGE, "--hmac-key-file needs --udp or udp://");
    return g->identity.key != NULL && g->identity.cert == NULL
               ? cli_error(CLI_USAGE, "--key needs --cert")
               : CLI_OK;
}

static enum cli_exit load_tls(const struct identity *id, struct tls_client **out)
{
    struct certificate_fault fault;
    const struct tls_client_files files = {.ca_file = id->ca_file,
                                           .cert_file = id->cert,
                                           .key_file = id->key != NULL ? id->key : id->cert};
    switch (tls_client_new(&files, out, &fault)) {
    case NABLA_OK: return CLI_OK;
    case NABLA_ENOMEM: return cli_error(CLI_FAILED, "no memory");
    default: return cli_error(CLI_USAGE, "%s", fault.text);
    }
}

static enum cli_exit load_keys(const char *path, struct seal_keys **out)
{
    char why[SEAL_WHY_MAX];
    switch (seal_keys_load(path, out, why)) {
    case NABLA_OK: return CLI_OK;
    case NABLA_ENOMEM: return cli_error(CLI_FAILED, "no memory");
    default: return cli_error(CLI_USAGE, "%s", why);
    }
}

enum cli_exit guard_load(const struct guard_options *g, struct target *to, struct outlet_guard *out)
{
    *out = (struct outlet_guard){.server_name = g->server_name};
    enum cli_exit done = check(g, to);
    if (done == CLI_OK && to->carrier == CARRIER_TLS)
        return load_tls(&g->identity, &out->tls);
    if (done == CLI_OK && g->hmac_key_file != NULL)
        return load_keys(g->hmac_key_file, &out->keys);
    return done;
}

void guard_free(struct outlet_guard *guard)
{
    tls_client_free(guard->tls);
    seal_keys_leave(guard->keys);
    *guard = (struct outlet_guard){0};
}
