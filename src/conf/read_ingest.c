/* conf/read_ingest.c -- what nablad listens to: ingest.listeners, the templates of Graphite's paths, and that no
 * two doors have one address. */
#include "conf/read_ingest.h"

#include <string.h>

static bool same_address(const struct conf_address *a, const struct conf_address *b)
{
    return a->port != 0 && a->port == b->port && strcmp(a->host, b->host) == 0;
}

static void check_twice(struct reader *r, size_t i, const yaml_node_t *item)
{
    const struct conf_listener *all = r->conf->ingest.listeners, *l = &all[i];
    for (size_t j = 0; j < i; j++)
        if (l->transport == all[j].transport && same_address(&l->address, &all[j].address)) {
            faults_add(r->faults, place_of_node(node_value(r->doc, item, "address")),
                       "ingest.listeners[].address: another listener has this address and "
                       "protocol");
            return;
        }
}

/* A frame of pickle has no place in a datagram. */
static void check_format(struct reader *r, const struct conf_listener *l, const yaml_node_t *item)
{
    const yaml_node_t *at = node_value(r->doc, item, "format");
    if (at != NULL && l->transport == TRANSPORT_UDP &&
        strcmp((const char *)at->data.scalar.value, "pickle") == 0)
        faults_add(r->faults, place_of_node(at), "ingest.listeners[].format: pickle is for tcp");
}

/* An item that cannot be read leaves its place empty: port 0 is nobody's double. */
void read_listeners(struct reader *r, const struct conf_key *key, const yaml_node_t *node)
{
    static const char parent[] = "ingest.listeners[]";
    if (node_is_null(node)) {
        faults_add(r->faults, place_of_node(node),
                   "%s has no items: write [] for none, or leave the key out for the defaults",
                   key->path);
        return;
    }
    size_t n = reader_list(r, key, node, CONF_LISTENERS_MAX);
    r->conf->ingest.listeners_n = (uint32_t)n;
    for (size_t i = 0; i < n; i++) {
        struct conf_listener *l = &r->conf->ingest.listeners[i];
        const yaml_node_t *item = reader_item(r, parent, node, i);
        *l = (struct conf_listener){0};
        if (!reader_fill(r, parent, item, l))
            continue;
        check_format(r, l, item);
        check_twice(r, i, item);
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
