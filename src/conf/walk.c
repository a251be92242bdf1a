/* conf/walk.c -- a mapping against its table of keys, a list, a scalar: what does not fit becomes a
 * fault with its place, and costs its neighbours nothing. */
#include "conf/walk.h"

#include "base/log.h"
#include "base/time_text.h"

#include <stdlib.h>
#include <string.h>

size_t walk_faults(const struct walk *w)
{
    return w->faults->n + w->faults->more;
}

const char *walk_bytes(const yaml_node_t *scalar, size_t *n)
{
    *n = scalar->data.scalar.length;
    return (const char *)scalar->data.scalar.value;
}

static bool is_word(const yaml_node_t *node, const char *word)
{
    size_t n;
    const char *text = walk_bytes(node, &n);
    return strlen(word) == n && memcmp(text, word, n) == 0;
}

static void unknown_key(struct walk *w, const struct walk_key *keys, const char *what,
                        const yaml_node_t *key)
{
    char quoted[LOG_QUOTE_MAX];
    struct guess guess = {0};
    guess.meant = walk_bytes(key, &guess.n);
    for (const struct walk_key *k = keys; k->name != NULL; k++)
        if (k->read != NULL)
            guess_try(&guess, k->name);
    log_quote(quoted, guess.meant, guess.n);
    if (guess.best != NULL)
        faults_add(w->faults, place_of_node(key), "unknown key %s in %s; did you mean \"%s\"?",
                   quoted, what, guess.best);
    else
        faults_add(w->faults, place_of_node(key), "unknown key %s in %s", quoted, what);
}

/* The key before this one that has the same name, or NULL. */
static const yaml_node_t *same_before(struct walk *w, const yaml_node_t *mapping, size_t index)
{
    const yaml_node_pair_t *pairs = mapping->data.mapping.pairs.start;
    const yaml_node_t *key = yaml_document_get_node(w->doc, pairs[index].key);
    size_t n, other_n;
    const char *name = walk_bytes(key, &n);
    for (size_t i = 0; i < index; i++) {
        const yaml_node_t *other = yaml_document_get_node(w->doc, pairs[i].key);
        if (other->type != YAML_SCALAR_NODE)
            continue;
        const char *text = walk_bytes(other, &other_n);
        if (other_n == n && memcmp(text, name, n) == 0)
            return other;
    }
    return NULL;
}

bool walk_pair(struct walk *w, const yaml_node_t *mapping, size_t *at, const yaml_node_t **key,
               const yaml_node_t **value)
{
    const yaml_node_pair_t *pairs = mapping->data.mapping.pairs.start;
    for (; &pairs[*at] < mapping->data.mapping.pairs.top; ++*at) {
        *key = yaml_document_get_node(w->doc, pairs[*at].key);
        *value = yaml_document_get_node(w->doc, pairs[*at].value);
        if ((*key)->type != YAML_SCALAR_NODE) {
            faults_add(w->faults, place_of_node(*key), "a key must be a word, not %s",
                       node_noun(*key));
            continue;
        }
        const yaml_node_t *first = same_before(w, mapping, *at);
        if (first == NULL) {
            ++*at;
            return true;
        }
        char quoted[LOG_QUOTE_MAX];
        size_t n;
        const char *name = walk_bytes(*key, &n);
        faults_add(w->faults, place_of_node(*key), "%s is given twice, first on line %zu",
                   log_quote(quoted, name, n), place_of_node(first).line);
    }
    return false;
}

/* One row's key: read, or refused. False if it was refused. */
static bool take(struct walk *w, const struct walk_key *row, const yaml_node_t *key,
                 const yaml_node_t *value, void *into)
{
    if (row->read != NULL)
        row->read(w, row->name, value, into);
    else
        faults_add(w->faults, place_of_node(key), "%s: %s", row->name, row->instead);
    return row->read != NULL;
}

void walk_mapping(struct walk *w, const struct walk_key *keys, const char *what,
                  const yaml_node_t *node, void *into)
{
    bool seen[WALK_KEYS_MAX] = {false}, all_ours = true;
    const yaml_node_t *key, *value;
    if (node->type != YAML_MAPPING_NODE) {
        faults_add(w->faults, place_of_node(node), "%s must be keys with values, not %s", what,
                   node_noun(node));
        return;
    }
    for (size_t at = 0; walk_pair(w, node, &at, &key, &value);) {
        size_t row = 0;
        while (keys[row].name != NULL && !is_word(key, keys[row].name))
            row++;
        if (keys[row].name == NULL)
            unknown_key(w, keys, what, key);
        else
            seen[row] = take(w, &keys[row], key, value, into) || (all_ours = false);
    }
    for (size_t row = 0; all_ours && keys[row].name != NULL; row++)
        if (keys[row].required && !seen[row])
            faults_add(w->faults, place_of_node(node), "%s is missing in %s", keys[row].name, what);
}

size_t walk_list(struct walk *w, const char *name, const yaml_node_t *node, size_t max)
{
    if (node_is_null(node))
        return 0;
    if (node->type != YAML_SEQUENCE_NODE) {
        faults_add(w->faults, place_of_node(node), "%s must be a list, not %s", name,
                   node_noun(node));
        return 0;
    }
    size_t n = (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
    if (n <= max)
        return n;
    faults_add(w->faults, place_of_node(walk_item(w, node, max)), "%s has more than %zu items",
               name, max);
    return 0;
}

const yaml_node_t *walk_item(struct walk *w, const yaml_node_t *list, size_t i)
{
    return yaml_document_get_node(w->doc, list->data.sequence.items.start[i]);
}

bool walk_scalar(struct walk *w, const char *name, const yaml_node_t *node)
{
    if (node->type == YAML_SCALAR_NODE && !node_is_null(node) && node->data.scalar.length > 0)
        return true;
    faults_add(w->faults, place_of_node(node), "%s must be text, not %s", name,
               node->type == YAML_SCALAR_NODE ? "nothing" : node_noun(node));
    return false;
}

char *walk_text(struct walk *w, const char *name, const yaml_node_t *node)
{
    size_t n;
    if (!walk_scalar(w, name, node))
        return NULL;
    const char *bytes = walk_bytes(node, &n);
    if (memchr(bytes, '\0', n) != NULL) {
        faults_add(w->faults, place_of_node(node), "%s holds a byte 0", name);
        return NULL;
    }
    char *copy = strndup(bytes, n);
    w->no_memory |= copy == NULL;
    return copy;
}

void walk_duration(struct walk *w, const char *name, const yaml_node_t *node, int64_t *out)
{
    static const int64_t most_ns = INT64_C(52) * 7 * 86400 * 1000000000;
    char quoted[LOG_QUOTE_MAX];
    int64_t ns;
    size_t n;
    if (!walk_scalar(w, name, node))
        return;
    const char *text = walk_bytes(node, &n);
    if (duration_read(text, n, &ns) != NABLA_OK)
        faults_add(w->faults, place_of_node(node),
                   "%s: %s is not a duration such as 30s, 5m or 1h30m", name,
                   log_quote(quoted, text, n));
    else if (ns > most_ns)
        faults_add(w->faults, place_of_node(node), "%s: more than 52w", name);
    else
        *out = ns;
}

static enum nabla_status walk_tree(const char *text, size_t n, walk_root *root, void *into,
                                   struct faults *faults)
{
    yaml_document_t doc;
    enum nabla_status status = document_load(text, n, &doc, faults);
    if (status != NABLA_OK)
        return status;
    struct walk w = {.text = text, .n = n, .doc = &doc, .faults = faults};
    root(&w, yaml_document_get_root_node(&doc), into);
    yaml_document_delete(&doc);
    return w.no_memory ? NABLA_ENOMEM : walk_faults(&w) > 0 ? NABLA_EINVAL : NABLA_OK;
}

enum nabla_status walk_document(const char *name, const char *text, size_t n, walk_root *root,
                                void *into, struct buf *errors)
{
    if (n > CONF_FILE_MAX) {
        buf_printf(errors, "%s:1:1: the file is larger than %d bytes\n", name, CONF_FILE_MAX);
        return NABLA_EINVAL;
    }
    struct faults *faults = calloc(1, sizeof *faults);
    if (faults == NULL)
        return NABLA_ENOMEM;
    enum nabla_status status = walk_tree(text, n, root, into, faults);
    faults_write(faults, name, errors);
    free(faults);
    return status;
}
