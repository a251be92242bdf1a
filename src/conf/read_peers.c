/* conf/read_peers.c -- lists of those whom nablad speaks to: `push`, and under `alerting` Alertmanagers and webhooks.
 *
 * Elsewhere: what the keys of one mean together (push.c, peer.c). */
#include "conf/read_peers.h"

#include "conf/peer.h"
#include "conf/push.h"

#include <stdio.h>

void read_alerting_check(struct reader *r, const char *parent, const yaml_node_t *map)
{
    char why[VALUE_WHY_MAX];
    const char *url = r->conf->alerting.external_url;
    if (*url != '\0' && !peer_url(url, why))
        faults_add(r->faults, place_of_node(node_value(r->doc, map, "external_url")),
                   "%s.external_url: %s", parent, why);
}

/* What the keys of one mean together is push.c's to say. */
void read_pushes(struct reader *r, const struct conf_key *key, const yaml_node_t *node)
{
    static const char parent[] = "push[]";
    struct conf_pushes *all = &r->conf->push;
    char why[VALUE_WHY_MAX];
    size_t n = node_is_null(node) ? 0 : reader_list(r, key, node, CONF_PUSH_MAX);
    all->at = reader_room(r, n, sizeof *all->at);
    for (size_t i = 0; i < n && !r->no_memory; i++) {
        const yaml_node_t *item = reader_item(r, parent, node, i);
        bool good = reader_fill(r, parent, item, &all->at[all->n++]);
        const char *wrong = good ? push_complete(all->at, all->n, why) : NULL;
        if (wrong != NULL)
            reader_refuse(r, parent, item, wrong, why);
    }
}

/* The same, and peer.c. */
void read_peers(struct reader *r, const struct conf_key *key, const yaml_node_t *node, void *into)
{
    struct conf_peers *all = (void *)((char *)into + key->offset);
    char parent[64], why[VALUE_WHY_MAX];
    size_t n = node_is_null(node) ? 0 : reader_list(r, key, node, CONF_PEERS_MAX);
    snprintf(parent, sizeof parent, "%s[]", key->path);
    all->at = reader_room(r, n, sizeof *all->at);
    for (size_t i = 0; i < n && !r->no_memory; i++) {
        const yaml_node_t *item = reader_item(r, parent, node, i);
        bool good = reader_fill(r, parent, item, &all->at[all->n++]);
        const char *wrong = good ? peer_fault(all->at, all->n, why) : NULL;
        if (wrong != NULL)
            reader_refuse(r, parent, item, wrong, why);
    }
}
