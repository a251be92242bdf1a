/* conf/read_ingest.c -- what nablad listens to: ingest.listeners, the templates of Graphite's paths, and that no
 * two doors have one address. */
#include "conf/read_ingest.h"

#include "conf/reach.h"

#include <stdio.h>
#include <string.h>

static bool same_address(const struct conf_address *a, const struct conf_address *b)
{
    return a->port != 0 && a->port == b->port && strcmp(a->host, b->host) == 0;
}

static bool is_double(const struct conf_listener *at, size_t n)
{
    const struct conf_listener *l = &at[n - 1];
    for (size_t i = 0; i + 1 < n; i++)
        if (l->transport == at[i].transport && same_address(&l->address, &at[i].address))
            return true;
    return false;
}

static const char *secret_fault(const struct conf_listener *l, char why[static REACH_WHY_MAX])
{
    bool cert = l->cert_file[0] != '\0', key = l->key_file[0] != '\0';
    if (cert && l->transport == TRANSPORT_UDP) {
        snprintf(why, REACH_WHY_MAX, "TLS is for tcp");
        return "cert_file";
    }
    if (cert != key) {
        snprintf(why, REACH_WHY_MAX, "it needs a %s", cert ? "key_file" : "cert_file");
        return cert ? "cert_file" : "key_file";
    }
    if (l->hmac_key_file[0] != '\0' && l->transport == TRANSPORT_TCP) {
        snprintf(why, REACH_WHY_MAX, "signatures are for udp; tcp has TLS");
        return "hmac_key_file";
    }
    if (l->client_ca_file[0] != '\0' && !cert) {
        snprintf(why, REACH_WHY_MAX, "it needs a cert_file");
        return "client_ca_file";
    }
    if (l->client_sans.n > 0 && l->client_ca_file[0] == '\0') {
        snprintf(why, REACH_WHY_MAX, "it needs a client_ca_file");
        return "client_allowed_sans";
    }
    return NULL;
}

/* What is wrong with the last of at[0..n): the key's name, and why; NULL: nothing. */
static const char *listener_fault(const struct conf_listener *at, size_t n,
                                  char why[static REACH_WHY_MAX])
{
    const struct conf_listener *l = &at[n - 1];
    if (l->transport == TRANSPORT_UDP && l->format == CONF_FORMAT_PICKLE) {
        snprintf(why, REACH_WHY_MAX, "pickle is for tcp"); /* a frame has no place in a datagram */
        return "format";
    }
    const char *wrong = secret_fault(l, why);
    if (wrong != NULL)
        return wrong;
    if (is_double(at, n)) {
        snprintf(why, REACH_WHY_MAX, "another listener has this address and protocol");
        return "address";
    }
    return reach_allowed(&l->address, reach_guarded(l), l->insecure, REACH_LINE_REMEDIES, why)
               ? NULL
               : "address";
}

/* An item that cannot be read leaves its place empty: port 0 is nobody's double. */
void read_listeners(struct reader *r, const struct conf_key *key, const yaml_node_t *node)
{
    static const char parent[] = "ingest.listeners[]";
    struct conf_listener *all = r->conf->ingest.listeners;
    char why[REACH_WHY_MAX];
    if (node_is_null(node)) {
        faults_add(r->faults, place_of_node(node),
                   "%s has no items: write [] for none, or leave the key out for the defaults",
                   key->path);
        return;
    }
    size_t n = reader_list(r, key, node, CONF_LISTENERS_MAX);
    r->conf->ingest.listeners_n = (uint32_t)n;
    for (size_t i = 0; i < n; i++) {
        const yaml_node_t *item = reader_item(r, parent, node, i);
        all[i] = (struct conf_listener){0};
        bool good = reader_fill(r, parent, item, &all[i]);
        const char *wrong = good ? listener_fault(all, i + 1, why) : NULL;
        if (wrong != NULL)
            reader_refuse(r, parent, item, wrong, why);
    }
}

static void read_template(struct reader *r, const struct conf_key *key, const yaml_node_t *node)
{
    struct path_template_fault fault;
    if (node->type != YAML_SCALAR_NODE || node_is_null(node)) {
        faults_add(r->faults, place_of_node(node), "%s: a template is text, not %s", key->path,
                   node_noun(node));
        return;
    }
    enum nabla_status status =
        path_templates_add(&r->conf->templates, (const char *)node->data.scalar.value,
                           node->data.scalar.length, &fault);
    if (status == NABLA_EINVAL)
        faults_add(r->faults, place_in_scalar(r->text, r->n, node, fault.offset), "%s: %s",
                   key->path, fault.message);
    r->no_memory |= status == NABLA_ENOMEM;
}

void read_templates(struct reader *r, const struct conf_key *key, const yaml_node_t *node)
{
    size_t n = reader_list(r, key, node, PATH_TEMPLATES_MAX);
    for (size_t i = 0; i < n; i++)
        read_template(r, key, yaml_document_get_node(r->doc, node->data.sequence.items.start[i]));
}

/* Where the file says the i-th listener's address; NULL: it does not, the listener is a default.
 * Only for a file without a fault. */
static const yaml_node_t *listener_address(struct reader *r, const yaml_node_t *root, size_t i)
{
    const yaml_node_t *ingest = node_value(r->doc, root, "ingest");
    if (ingest == NULL || node_is_null(ingest))
        return NULL;
    const yaml_node_t *list = node_value(r->doc, ingest, "listeners");
    if (list == NULL)
        return NULL;
    const yaml_node_item_t *items = list->data.sequence.items.start;
    return node_value(r->doc, yaml_document_get_node(r->doc, items[i]), "address");
}

/* HTTP is TCP, too. */
void read_http_check(struct reader *r, const yaml_node_t *root)
{
    const struct conf *c = r->conf;
    const yaml_node_t *http = node_value(r->doc, root, "http"), *listen = NULL;
    if (http != NULL && !node_is_null(http))
        listen = node_value(r->doc, http, "listen");
    for (size_t i = 0; i < c->ingest.listeners_n; i++) {
        const struct conf_listener *l = &c->ingest.listeners[i];
        if (l->transport == TRANSPORT_TCP && same_address(&l->address, &c->http.listen))
            faults_add(r->faults,
                       place_of_node(listen != NULL ? listen : listener_address(r, root, i)),
                       "http.listen and a TCP listener of ingest have the same address");
    }
}
