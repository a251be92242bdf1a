/* conf/read.c -- the walk: each key of the tree is looked up in the table and read to its member.
 *
 *     nablad.yaml ──document_load──► tree ──read_mapping──► key's row ──value_read──► struct conf
 *                                      └── faults, all of them, each with its place
 *
 * `series` is read last, whatever its place: its items begin as copies of `defaults`.
 * Laws: the tree is at most DOCUMENT_DEPTH_MAX deep and is walked once; a key that cannot be read
 * costs its neighbours nothing.
 * Elsewhere: YAML itself (document.c), one value (value.c), names and ranges (keys.c). */
#include "conf/read.h"

#include "base/log.h"
#include "conf/document.h"
#include "conf/exposure_read.h"
#include "conf/peer.h"
#include "conf/push.h"
#include "conf/value.h"
#include "series/selector.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reader {
    const char *text;
    size_t n;
    yaml_document_t *doc;
    struct conf *conf;
    struct faults *faults;
    yaml_node_t *rules; /* the value of `series`, kept for the end; NULL: there is none */
    bool no_memory;
};

static void read_value(struct reader *r, const struct conf_key *key, yaml_node_t *node, void *into);

void read_defaults(const char *parent, void *into)
{
    char why[VALUE_WHY_MAX];
    for (const struct conf_key *k = conf_keys; k < conf_keys + conf_keys_n; k++) {
        if (k->fallback == NULL || !conf_key_in(k, parent))
            continue;
        enum nabla_status status =
            value_read(k, k->fallback, strlen(k->fallback), false, into, why);
        assert(status == NABLA_OK);
        (void)status;
    }
}

static size_t faults_n(const struct reader *r)
{
    return r->faults->n + r->faults->more;
}

static void wrong_shape(struct reader *r, const struct conf_key *key, const yaml_node_t *node)
{
    faults_add(r->faults, place_of_node(node), "%s must be %s, not %s", key->path,
               value_wanted(key->type), node_noun(node));
}

/* The section that has a key of that name, or NULL. */
static const char *section_with(const char *name, size_t n)
{
    for (size_t i = 0; i < conf_keys_n; i++)
        if (conf_keys[i].type == CONF_SECTION && conf_key_find(conf_keys[i].path, name, n) != NULL)
            return conf_keys[i].path;
    return NULL;
}

static void unknown_key(struct reader *r, const char *parent, const yaml_node_t *key)
{
    char quoted[LOG_QUOTE_MAX];
    const char *name = (const char *)key->data.scalar.value, *in = *parent == '\0' ? "" : " in ";
    struct guess guess = {.meant = name, .n = key->data.scalar.length};
    if (r->faults->n == CONF_ERRORS_MAX) { /* guessing for nobody would take its time */
        r->faults->more++;
        return;
    }
    for (size_t i = 0; i < conf_keys_n; i++)
        if (conf_key_in(&conf_keys[i], parent))
            guess_try(&guess, conf_key_name(&conf_keys[i]));
    const char *other = section_with(name, guess.n);
    log_quote(quoted, name, guess.n);
    struct place at = place_of_node(key);
    if (guess.best != NULL)
        faults_add(r->faults, at, "unknown key %s%s%s; did you mean \"%s\"?", quoted, in, parent,
                   guess.best);
    else if (other != NULL)
        faults_add(r->faults, at, "unknown key %s%s%s; it belongs in %s", quoted, in, parent,
                   other);
    else
        faults_add(r->faults, at, "unknown key %s%s%s", quoted, in, parent);
}

/* The row of a key in parent; NULL, and a fault, if it has none. */
static const struct conf_key *row_of(struct reader *r, const char *parent, const yaml_node_t *node)
{
    if (node->type != YAML_SCALAR_NODE) {
        faults_add(r->faults, place_of_node(node), "a key must be a word, not %s", node_noun(node));
        return NULL;
    }
    const struct conf_key *key =
        conf_key_find(parent, (const char *)node->data.scalar.value, node->data.scalar.length);
    if (key == NULL)
        unknown_key(r, parent, node);
    return key;
}

static void report_missing(struct reader *r, const char *parent, const yaml_node_t *map,
                           const size_t lines[static CONF_KEYS_MAX])
{
    for (size_t i = 0; i < conf_keys_n; i++)
        if (lines[i] == 0 && conf_keys[i].required && conf_key_in(&conf_keys[i], parent))
            faults_add(r->faults, place_of_node(map), "%s is missing", conf_keys[i].path);
}

static void read_mapping(struct reader *r, const char *parent, const yaml_node_t *map, void *into)
{
    size_t lines[CONF_KEYS_MAX] = {0}; /* where each key was first given; 0: nowhere */
    const yaml_node_pair_t *pair = map->data.mapping.pairs.start;
    for (; pair < map->data.mapping.pairs.top; pair++) {
        const yaml_node_t *name = yaml_document_get_node(r->doc, pair->key);
        const struct conf_key *key = row_of(r, parent, name);
        if (key == NULL)
            continue;
        size_t *line = &lines[key - conf_keys];
        if (*line != 0) {
            faults_add(r->faults, place_of_node(name), "%s is given twice, first on line %zu",
                       key->path, *line);
            continue;
        }
        *line = place_of_node(name).line;
        read_value(r, key, yaml_document_get_node(r->doc, pair->value), into);
    }
    report_missing(r, parent, map, lines);
}

/* expire_after and stale_after hold only together; shown where the section (or rule) says one. */
static void check_silence(struct reader *r, const char *parent, const yaml_node_t *map,
                          const struct policy *p)
{
    const yaml_node_t *at = node_value(r->doc, map, "expire_after");
    if (at == NULL)
        at = node_value(r->doc, map, "stale_after");
    if (at != NULL && p->expire_after_ns < p->stale_after_ns)
        faults_add(r->faults, place_of_node(at), "%s.expire_after is shorter than stale_after",
                   parent);
}

/* A wrap is told from a reset by the rate that would follow: without a bound on rates it cannot be. */
static void check_wrap(struct reader *r, const char *parent, const yaml_node_t *map,
                       const struct policy *p)
{
    const yaml_node_t *at = node_value(r->doc, map, "wrap");
    if (at == NULL || p->wrap == 0)
        return;
    if (p->kind != KIND_COUNTER)
        faults_add(r->faults, place_of_node(at), "%s.wrap is for counters: set kind: counter",
                   parent);
    else if (p->max_rate == 0)
        faults_add(r->faults, place_of_node(at),
                   "%s.wrap needs max_rate, which tells a wrap from a reset", parent);
}

static void check_policy(struct reader *r, const char *parent, const yaml_node_t *map,
                         const struct policy *p)
{
    check_silence(r, parent, map, p);
    check_wrap(r, parent, map, p);
}

static void check_alerting(struct reader *r, const char *parent, const yaml_node_t *map)
{
    char why[VALUE_WHY_MAX];
    const char *url = r->conf->alerting.external_url;
    if (*url != '\0' && !peer_url(url, why))
        faults_add(r->faults, place_of_node(node_value(r->doc, map, "external_url")),
                   "%s.external_url: %s", parent, why);
}

static void read_section(struct reader *r, const struct conf_key *key, const yaml_node_t *node,
                         void *into)
{
    size_t before = faults_n(r);
    if (node_is_null(node))
        return;
    if (node->type != YAML_MAPPING_NODE) {
        wrong_shape(r, key, node);
        return;
    }
    read_mapping(r, key->path, node, into);
    if (strcmp(key->path, "defaults") == 0 && faults_n(r) == before)
        check_policy(r, key->path, node, &r->conf->policies.defaults);
    if (strcmp(key->path, "alerting") == 0 && faults_n(r) == before)
        check_alerting(r, key->path, node);
}

/* The items of a list of at most max; 0, and a fault, if it is none. */
static size_t list_items(struct reader *r, const struct conf_key *key, const yaml_node_t *node,
                         size_t max)
{
    if (node->type != YAML_SEQUENCE_NODE) {
        wrong_shape(r, key, node);
        return 0;
    }
    const yaml_node_item_t *items = node->data.sequence.items.start;
    size_t n = (size_t)(node->data.sequence.items.top - items);
    if (n > max) {
        faults_add(r->faults, place_of_node(yaml_document_get_node(r->doc, items[max])),
                   "%s has more than %zu items", key->path, max);
        return max;
    }
    return n;
}

/* The i-th item; NULL, and a fault, if it is no mapping. */
static yaml_node_t *list_item(struct reader *r, const char *parent, const yaml_node_t *list,
                              size_t i)
{
    yaml_node_t *item = yaml_document_get_node(r->doc, list->data.sequence.items.start[i]);
    if (item->type == YAML_MAPPING_NODE)
        return item;
    faults_add(r->faults, place_of_node(item), "%s must be %s, not %s", parent,
               value_wanted(CONF_SECTION), node_noun(item));
    return NULL;
}

static void *room_for(struct reader *r, size_t n, size_t size)
{
    void *at = calloc(n > 0 ? n : 1, size);
    r->no_memory = r->no_memory || at == NULL;
    return at;
}

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
static void read_listeners(struct reader *r, const struct conf_key *key, const yaml_node_t *node)
{
    static const char parent[] = "ingest.listeners[]";
    if (node_is_null(node)) {
        faults_add(r->faults, place_of_node(node),
                   "%s has no items: write [] for none, or leave the key out for the defaults",
                   key->path);
        return;
    }
    size_t n = list_items(r, key, node, CONF_LISTENERS_MAX);
    r->conf->ingest.listeners_n = (uint32_t)n;
    for (size_t i = 0; i < n; i++) {
        struct conf_listener *l = &r->conf->ingest.listeners[i];
        size_t before = faults_n(r);
        const yaml_node_t *item = list_item(r, parent, node, i);
        *l = (struct conf_listener){0};
        read_defaults(parent, l);
        if (item != NULL)
            read_mapping(r, parent, item, l);
        if (faults_n(r) != before)
            continue;
        check_format(r, l, item);
        check_twice(r, i, item);
    }
}

static void read_rules(struct reader *r, const yaml_node_t *node)
{
    static const char parent[] = "series[]";
    struct policies *all = &r->conf->policies;
    if (node_is_null(node))
        return;
    size_t n = list_items(r, conf_key_find("", "series", 6), node, POLICY_RULES_MAX);
    all->rules = room_for(r, n, sizeof *all->rules);
    for (size_t i = 0; i < n && !r->no_memory; i++) {
        struct policy_rule *rule = &all->rules[all->rules_n++];
        size_t before = faults_n(r);
        const yaml_node_t *item = list_item(r, parent, node, i);
        rule->policy = all->defaults;
        if (item == NULL)
            continue;
        read_mapping(r, parent, item, rule);
        if (faults_n(r) == before)
            check_policy(r, parent, item, &rule->policy);
    }
}

static void read_selector(struct reader *r, const struct conf_key *key, const yaml_node_t *node,
                          void *into)
{
    struct selector *s;
    struct selector_fault fault;
    enum nabla_status status =
        selector_new((const char *)node->data.scalar.value, node->data.scalar.length, &s, &fault);
    if (status == NABLA_OK)
        memcpy((char *)into + key->offset, &s, sizeof s);
    else if (status == NABLA_ENOMEM)
        r->no_memory = true;
    else
        faults_add(r->faults, place_in_scalar(r->text, r->n, node, fault.offset), "%s: %s",
                   key->path, fault.message);
}

static void read_scalar(struct reader *r, const struct conf_key *key, const yaml_node_t *node,
                        void *into)
{
    char why[VALUE_WHY_MAX];
    if (node_is_null(node) && key->type == CONF_TEXT && !key->required)
        return;
    if (node->type != YAML_SCALAR_NODE || node_is_null(node)) {
        wrong_shape(r, key, node);
        return;
    }
    if (key->type == CONF_SELECTOR) {
        read_selector(r, key, node, into);
        return;
    }
    bool quoted = node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    if (value_read(key, (const char *)node->data.scalar.value, node->data.scalar.length, quoted,
                   into, why) != NABLA_OK)
        faults_add(r->faults, place_of_node(node), "%s: %s", key->path, why);
}

static void read_selectors(struct reader *r, const struct conf_key *key, const yaml_node_t *node,
                           void *into)
{
    struct conf_selectors *all = (void *)((char *)into + key->offset);
    size_t n = list_items(r, key, node, CONF_SELECTORS_MAX);
    all->at = room_for(r, n, sizeof *all->at);
    for (size_t i = 0; i < n && !r->no_memory; i++) {
        const struct conf_key one = {.path = key->path, .type = CONF_SELECTOR};
        yaml_node_t *item = yaml_document_get_node(r->doc, node->data.sequence.items.start[i]);
        if (item->type != YAML_SCALAR_NODE || node_is_null(item)) {
            wrong_shape(r, &one, item);
            continue;
        }
        size_t before = faults_n(r);
        read_selector(r, &one, item, &all->at[all->n]);
        all->n += faults_n(r) == before && !r->no_memory;
    }
}

/* An item over its defaults; false, and faults, if it cannot be read. */
static bool read_item(struct reader *r, const char *parent, const yaml_node_t *item, void *into)
{
    size_t before = faults_n(r);
    read_defaults(parent, into);
    if (item != NULL)
        read_mapping(r, parent, item, into);
    return item != NULL && faults_n(r) == before;
}

static void refuse_item(struct reader *r, const char *parent, const yaml_node_t *item,
                        const char *key, const char *why)
{
    const yaml_node_t *at = node_value(r->doc, item, key);
    faults_add(r->faults, place_of_node(at != NULL ? at : item), "%s.%s: %s", parent, key, why);
}

/* What the keys of one mean together is push.c's to say. */
static void read_pushes(struct reader *r, const struct conf_key *key, const yaml_node_t *node)
{
    static const char parent[] = "push[]";
    struct conf_pushes *all = &r->conf->push;
    char why[VALUE_WHY_MAX];
    size_t n = node_is_null(node) ? 0 : list_items(r, key, node, CONF_PUSH_MAX);
    all->at = room_for(r, n, sizeof *all->at);
    for (size_t i = 0; i < n && !r->no_memory; i++) {
        const yaml_node_t *item = list_item(r, parent, node, i);
        bool good = read_item(r, parent, item, &all->at[all->n++]);
        const char *wrong = good ? push_complete(all->at, all->n, why) : NULL;
        if (wrong != NULL)
            refuse_item(r, parent, item, wrong, why);
    }
}

/* The same, and peer.c. */
static void read_peers(struct reader *r, const struct conf_key *key, const yaml_node_t *node,
                       void *into)
{
    struct conf_peers *all = (void *)((char *)into + key->offset);
    char parent[64], why[VALUE_WHY_MAX];
    size_t n = node_is_null(node) ? 0 : list_items(r, key, node, CONF_PEERS_MAX);
    snprintf(parent, sizeof parent, "%s[]", key->path);
    all->at = room_for(r, n, sizeof *all->at);
    for (size_t i = 0; i < n && !r->no_memory; i++) {
        const yaml_node_t *item = list_item(r, parent, node, i);
        bool good = read_item(r, parent, item, &all->at[all->n++]);
        const char *wrong = good ? peer_fault(all->at, all->n, why) : NULL;
        if (wrong != NULL)
            refuse_item(r, parent, item, wrong, why);
    }
}

/* [-18, -15]: a list in the key's own order. */
static void read_numbers(struct reader *r, const struct conf_key *key, const yaml_node_t *node,
                         void *into)
{
    char why[VALUE_WHY_MAX];
    struct limits limits = {.n = 0};
    size_t before = faults_n(r), n = list_items(r, key, node, LIMITS_MAX);
    for (size_t i = 0; i < n; i++) {
        const yaml_node_t *item =
            yaml_document_get_node(r->doc, node->data.sequence.items.start[i]);
        if (item->type != YAML_SCALAR_NODE)
            faults_add(r->faults, place_of_node(item), "%s must be %s, not %s", key->path,
                       value_wanted(CONF_NUMBER), node_noun(item));
        else if (value_double(key, (const char *)item->data.scalar.value, item->data.scalar.length,
                              &limits.at[limits.n++], why) != NABLA_OK)
            faults_add(r->faults, place_of_node(item), "%s: %s", key->path, why);
    }
    if (faults_n(r) == before)
        memcpy((char *)into + key->offset, &limits, sizeof limits);
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

static void read_templates(struct reader *r, const struct conf_key *key, const yaml_node_t *node)
{
    size_t n = list_items(r, key, node, PATH_TEMPLATES_MAX);
    for (size_t i = 0; i < n; i++)
        read_template(r, key, yaml_document_get_node(r->doc, node->data.sequence.items.start[i]));
}

/* insert, drop, or {reorder: 2s}: only there a duration may stand. */
static void read_late(struct reader *r, const struct conf_key *key, const yaml_node_t *node,
                      void *into)
{
    const yaml_node_t *duration = NULL;
    if (node->type == YAML_MAPPING_NODE &&
        node->data.mapping.pairs.top - node->data.mapping.pairs.start == 1)
        duration = node_value(r->doc, node, "reorder");
    if (duration != NULL) {
        read_scalar(r, key, duration, into);
        return;
    }
    const struct conf_word *w = key->words;
    if (node->type == YAML_SCALAR_NODE)
        while (w->text != NULL && strcmp(w->text, (const char *)node->data.scalar.value) != 0)
            w++;
    if (node->type == YAML_SCALAR_NODE && w->text != NULL)
        read_scalar(r, key, node, into);
    else
        faults_add(r->faults, place_of_node(node), "%s must be %s", key->path,
                   value_wanted(CONF_LATE));
}

static void add_file(struct reader *r, const struct conf_key *key, const yaml_node_t *node)
{
    struct conf_files *files = &r->conf->rule_files;
    if (node->type != YAML_SCALAR_NODE || node->data.scalar.length == 0 || node_is_null(node)) {
        wrong_shape(r, key, node);
        return;
    }
    char *name = strdup((const char *)node->data.scalar.value);
    if (name == NULL)
        r->no_memory = true;
    else
        files->at[files->n++] = name;
}

static void read_files(struct reader *r, const struct conf_key *key, const yaml_node_t *node)
{
    if (node_is_null(node))
        return;
    if (node->type != YAML_SEQUENCE_NODE) {
        add_file(r, key, node);
        return;
    }
    size_t n = list_items(r, key, node, CONF_FILES_MAX);
    for (size_t i = 0; i < n; i++)
        add_file(r, key, yaml_document_get_node(r->doc, node->data.sequence.items.start[i]));
}

static void read_exposure(struct reader *r, const struct conf_key *key, const yaml_node_t *node)
{
    struct walk w = {.text = r->text, .n = r->n, .doc = r->doc, .faults = r->faults};
    struct exposure **e = &r->conf->exposure;
    if (key->type == CONF_RELABEL)
        exposure_read_relabel(&w, key->path, node, e);
    else if (strcmp(conf_key_name(key), "include") == 0)
        exposure_read_include(&w, key->path, node, e);
    else
        exposure_read_exclude(&w, key->path, node, e);
    r->no_memory |= w.no_memory;
}

static void read_value(struct reader *r, const struct conf_key *key, yaml_node_t *node, void *into)
{
    switch (key->type) {
    case CONF_SECTION: read_section(r, key, node, into); break;
    case CONF_LISTENERS: read_listeners(r, key, node); break;
    case CONF_RULES: r->rules = node; break;
    case CONF_PEERS: read_peers(r, key, node, into); break;
    case CONF_TEMPLATES: read_templates(r, key, node); break;
    case CONF_PUSHES: read_pushes(r, key, node); break;
    case CONF_MATCHES: read_selectors(r, key, node, into); break;
    case CONF_NUMBERS: read_numbers(r, key, node, into); break;
    case CONF_SELECTORS:
    case CONF_RELABEL: read_exposure(r, key, node); break;
    case CONF_FILES: read_files(r, key, node); break;
    case CONF_LATE: read_late(r, key, node, into); break;
    default: read_scalar(r, key, node, into); break;
    }
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
static void check_http(struct reader *r, const yaml_node_t *root)
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

static void read_root(struct reader *r, yaml_node_t *root)
{
    if (root == NULL || node_is_null(root))
        return;
    if (root->type != YAML_MAPPING_NODE) {
        faults_add(r->faults, place_of_node(root), "the file must be %s, not %s",
                   value_wanted(CONF_SECTION), node_noun(root));
        return;
    }
    read_mapping(r, "", root, r->conf);
    if (r->rules != NULL)
        read_rules(r, r->rules);
    if (faults_n(r) == 0)
        check_http(r, root);
}

enum nabla_status read_document(const char *text, size_t n, struct conf *c, struct faults *faults)
{
    yaml_document_t doc;
    enum nabla_status status = document_load(text, n, &doc, faults);
    if (status != NABLA_OK)
        return status;
    struct reader r = {.text = text, .n = n, .doc = &doc, .conf = c, .faults = faults};
    read_root(&r, yaml_document_get_root_node(&doc));
    yaml_document_delete(&doc);
    return r.no_memory ? NABLA_ENOMEM : faults_n(&r) > 0 ? NABLA_EINVAL : NABLA_OK;
}
