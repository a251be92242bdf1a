/* conf/read_values.c -- one key's value from where it stands in the tree: a scalar, a selector, a list of
 * scalars, or a word that may be a mapping.
 *
 * Laws: what cannot be read leaves its member as it was, a list of selectors holds those that could be.
 * Elsewhere: a scalar's text to its type (value.c), lists of mappings (read_ingest.c, read_series.c,
 * read_peers.c). */
#include "conf/read_values.h"

#include "conf/value.h"
#include "series/selector.h"

#include <string.h>

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

void read_scalar(struct reader *r, const struct conf_key *key, const yaml_node_t *node, void *into)
{
    char why[VALUE_WHY_MAX];
    bool is_text = key->type == CONF_TEXT || key->type == CONF_FILE;
    if (node_is_null(node) && is_text && !key->required)
        return;
    if (node->type != YAML_SCALAR_NODE || node_is_null(node)) {
        reader_wrong_shape(r, key, node);
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

void read_matches(struct reader *r, const struct conf_key *key, const yaml_node_t *node, void *into)
{
    struct conf_selectors *all = (void *)((char *)into + key->offset);
    size_t n = reader_list(r, key, node, CONF_SELECTORS_MAX);
    all->at = reader_room(r, n, sizeof *all->at);
    for (size_t i = 0; i < n && !r->no_memory; i++) {
        const struct conf_key one = {.path = key->path, .type = CONF_SELECTOR};
        yaml_node_t *item = yaml_document_get_node(r->doc, node->data.sequence.items.start[i]);
        if (item->type != YAML_SCALAR_NODE || node_is_null(item)) {
            reader_wrong_shape(r, &one, item);
            continue;
        }
        size_t before = reader_faults(r);
        read_selector(r, &one, item, &all->at[all->n]);
        all->n += reader_faults(r) == before && !r->no_memory;
    }
}

/* [-18, -15]: a list in the key's own order. */
void read_numbers(struct reader *r, const struct conf_key *key, const yaml_node_t *node, void *into)
{
    char why[VALUE_WHY_MAX];
    struct limits limits = {.n = 0};
    size_t before = reader_faults(r), n = reader_list(r, key, node, LIMITS_MAX);
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
    if (reader_faults(r) == before)
        memcpy((char *)into + key->offset, &limits, sizeof limits);
}

/* [rate, value]: one at least, in any order. */
void read_words(struct reader *r, const struct conf_key *key, const yaml_node_t *node, void *into)
{
    char why[VALUE_WHY_MAX];
    uint32_t bits = 0;
    size_t before = reader_faults(r), n = reader_list(r, key, node, 32);
    for (size_t i = 0; i < n; i++) {
        const yaml_node_t *item =
            yaml_document_get_node(r->doc, node->data.sequence.items.start[i]);
        if (item->type != YAML_SCALAR_NODE)
            faults_add(r->faults, place_of_node(item), "%s must be %s, not %s", key->path,
                       value_wanted(CONF_WORD), node_noun(item));
        else if (value_word(key, (const char *)item->data.scalar.value, item->data.scalar.length,
                            &bits, why) != NABLA_OK)
            faults_add(r->faults, place_of_node(item), "%s: %s", key->path, why);
    }
    if (reader_faults(r) == before && bits == 0)
        faults_add(r->faults, place_of_node(node), "%s must have a word at least", key->path);
    if (reader_faults(r) == before)
        memcpy((char *)into + key->offset, &bits, sizeof bits);
}

/* insert, drop, or {reorder: 2s}: only there a duration may stand. */
void read_late(struct reader *r, const struct conf_key *key, const yaml_node_t *node, void *into)
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

/* ['10.0.0.0/8', 'fd00::/8']: a list with a fault leaves no part of it in force. */
void read_prefixes(struct reader *r, const struct conf_key *key, const yaml_node_t *node,
                   void *into)
{
    char why[PREFIX_WHY_MAX];
    struct prefixes all;
    size_t before = reader_faults(r), n = reader_list(r, key, node, PREFIXES_MAX);
    memset(&all, 0, sizeof all); /* two lists are compared by their bytes */
    for (size_t i = 0; i < n; i++) {
        const yaml_node_t *item =
            yaml_document_get_node(r->doc, node->data.sequence.items.start[i]);
        if (item->type != YAML_SCALAR_NODE)
            faults_add(r->faults, place_of_node(item), "%s: a network is text, not %s", key->path,
                       node_noun(item));
        else if (!prefix_read((const char *)item->data.scalar.value, item->data.scalar.length,
                              &all.at[all.n++], why))
            faults_add(r->faults, place_of_node(item), "%s: %s", key->path, why);
    }
    if (reader_faults(r) == before)
        memcpy((char *)into + key->offset, &all, sizeof all);
}

/* [plant-03, 10.0.0.7]: as above. */
void read_names(struct reader *r, const struct conf_key *key, const yaml_node_t *node, void *into)
{
    struct conf_names *all = (void *)((char *)into + key->offset);
    size_t before = reader_faults(r), n = reader_list(r, key, node, CONF_NAMES_MAX);
    memset(all, 0, sizeof *all);
    for (size_t i = 0; i < n; i++) {
        const yaml_node_t *item =
            yaml_document_get_node(r->doc, node->data.sequence.items.start[i]);
        if (item->type != YAML_SCALAR_NODE)
            faults_add(r->faults, place_of_node(item), "%s: a name is text, not %s", key->path,
                       node_noun(item));
        else if (item->data.scalar.length == 0)
            faults_add(r->faults, place_of_node(item), "%s: a name is empty", key->path);
        else if (item->data.scalar.length >= CONF_NAME_MAX)
            faults_add(r->faults, place_of_node(item), "%s: a name has at most %d bytes", key->path,
                       CONF_NAME_MAX - 1);
        else
            memcpy(all->at[i], item->data.scalar.value, item->data.scalar.length);
    }
    all->n = reader_faults(r) == before ? (uint32_t)n : 0;
}

static void add_file(struct reader *r, const struct conf_key *key, const yaml_node_t *node)
{
    struct conf_files *files = &r->conf->rule_files;
    if (node->type != YAML_SCALAR_NODE || node->data.scalar.length == 0 || node_is_null(node)) {
        reader_wrong_shape(r, key, node);
        return;
    }
    char *name = strdup((const char *)node->data.scalar.value);
    if (name == NULL)
        r->no_memory = true;
    else
        files->at[files->n++] = name;
}

void read_files(struct reader *r, const struct conf_key *key, const yaml_node_t *node)
{
    if (node_is_null(node))
        return;
    if (node->type != YAML_SEQUENCE_NODE) {
        add_file(r, key, node);
        return;
    }
    size_t n = reader_list(r, key, node, CONF_FILES_MAX);
    for (size_t i = 0; i < n; i++)
        add_file(r, key, yaml_document_get_node(r->doc, node->data.sequence.items.start[i]));
}
