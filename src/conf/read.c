/* conf/read.c -- the walk: each key of the tree is looked up in the table and read to its member.
 *
 *     nablad.yaml ──document_load──► tree ──reader_mapping──► key's row ──read_*──► struct conf
 *                                      └── faults, all of them, each with its place
 *
 * `series` is read last, whatever its place: its items begin as copies of `defaults`.
 * Laws: the tree is at most DOCUMENT_DEPTH_MAX deep and is walked once; a key that cannot be read
 * costs its neighbours nothing.
 * Elsewhere: YAML itself (document.c), names and ranges (keys.c), what stands behind a key: single values and lists of
 * them (read_values.c, value.c), lists of mappings, a file a block (read_ingest.c, read_series.c, read_peers.c,
 * read_http.c, exposure_read.c). */
#include "conf/read.h"

#include "base/log.h"
#include "conf/document.h"
#include "conf/exposure_read.h"
#include "conf/read_http.h"
#include "conf/read_ingest.h"
#include "conf/read_peers.h"
#include "conf/read_series.h"
#include "conf/read_state.h"
#include "conf/read_values.h"
#include "conf/reader.h"
#include "conf/value.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

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

size_t reader_faults(const struct reader *r)
{
    return r->faults->n + r->faults->more;
}

void reader_wrong_shape(struct reader *r, const struct conf_key *key, const yaml_node_t *node)
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

void reader_mapping(struct reader *r, const char *parent, const yaml_node_t *map, void *into)
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

/* Sections whose keys hold only together: looked at where each of them could be read. */
static const struct {
    const char *section;
    void (*check)(struct reader *r, const char *section, const yaml_node_t *map);
} checks[] = {{"defaults", read_defaults_check},
              {"alerting", read_alerting_check},
              {"http", read_http_doors},
              {"state", read_state_check}};

static void read_section(struct reader *r, const struct conf_key *key, const yaml_node_t *node,
                         void *into)
{
    size_t before = reader_faults(r);
    if (node_is_null(node))
        return;
    if (node->type != YAML_MAPPING_NODE) {
        reader_wrong_shape(r, key, node);
        return;
    }
    reader_mapping(r, key->path, node, into);
    for (size_t i = 0; reader_faults(r) == before && i < sizeof checks / sizeof checks[0]; i++)
        if (strcmp(key->path, checks[i].section) == 0)
            checks[i].check(r, key->path, node);
}

/* The items of a list of at most max; 0, and a fault, if it is none. */
size_t reader_list(struct reader *r, const struct conf_key *key, const yaml_node_t *node,
                   size_t max)
{
    if (node->type != YAML_SEQUENCE_NODE) {
        reader_wrong_shape(r, key, node);
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
yaml_node_t *reader_item(struct reader *r, const char *parent, const yaml_node_t *list, size_t i)
{
    yaml_node_t *item = yaml_document_get_node(r->doc, list->data.sequence.items.start[i]);
    if (item->type == YAML_MAPPING_NODE)
        return item;
    faults_add(r->faults, place_of_node(item), "%s must be %s, not %s", parent,
               value_wanted(CONF_SECTION), node_noun(item));
    return NULL;
}

void *reader_room(struct reader *r, size_t n, size_t size)
{
    void *at = calloc(n > 0 ? n : 1, size);
    r->no_memory = r->no_memory || at == NULL;
    return at;
}

/* An item over its defaults; false, and faults, if it cannot be read. */
bool reader_fill(struct reader *r, const char *parent, const yaml_node_t *item, void *into)
{
    size_t before = reader_faults(r);
    read_defaults(parent, into);
    if (item != NULL)
        reader_mapping(r, parent, item, into);
    return item != NULL && reader_faults(r) == before;
}

void reader_refuse(struct reader *r, const char *parent, const yaml_node_t *item, const char *key,
                   const char *why)
{
    const yaml_node_t *at = node_value(r->doc, item, key);
    faults_add(r->faults, place_of_node(at != NULL ? at : item), "%s.%s: %s", parent, key, why);
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
    case CONF_MATCHES: read_matches(r, key, node, into); break;
    case CONF_PREFIXES: read_prefixes(r, key, node, into); break;
    case CONF_NAMES: read_names(r, key, node, into); break;
    case CONF_NUMBERS: read_numbers(r, key, node, into); break;
    case CONF_WORDS: read_words(r, key, node, into); break;
    case CONF_SELECTORS:
    case CONF_RELABEL: read_exposure(r, key, node); break;
    case CONF_FILES: read_files(r, key, node); break;
    case CONF_LATE: read_late(r, key, node, into); break;
    default: read_scalar(r, key, node, into); break;
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
    reader_mapping(r, "", root, r->conf);
    if (r->rules != NULL)
        read_series(r, r->rules);
    if (reader_faults(r) == 0)
        read_http_check(r, root);
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
    return r.no_memory ? NABLA_ENOMEM : reader_faults(&r) > 0 ? NABLA_EINVAL : NABLA_OK;
}
