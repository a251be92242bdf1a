/* conf/rules_file.c -- rules.yaml to rules: the tree walked by three tables of keys (file, group,
 * rule), each condition, selector and template compiled where it stands, so that what is wrong in it
 * has its line and column.
 * Elsewhere: YAML (document.c), tables and lists (walk.c), what is compiled (src/rules). */
#include "conf/rules_file.h"

#include "base/log.h"
#include "base/number.h"
#include "conf/file.h"
#include "conf/walk.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is read, and where it goes. */
struct reading_rules {
    struct rules *rules;
    const char *name; /* of the file */
    uint32_t first;   /* of its groups */
};

static void fault_in_text(struct walk *w, const char *name, const yaml_node_t *node,
                          const struct text_fault *fault)
{
    faults_add(w->faults, place_in_scalar(w->text, w->n, node, fault->offset), "%s: %s", name,
               fault->message);
}

/* ---- a rule */

static void read_alert(struct walk *w, const char *name, const yaml_node_t *value, void *into)
{
    struct rule *rule = into;
    rule->alert = walk_text(w, name, value);
    if (rule->alert != NULL && strlen(rule->alert) > LABEL_VALUE_MAX)
        faults_add(w->faults, place_of_node(value), "%s is longer than %d bytes", name,
                   LABEL_VALUE_MAX);
}

static void read_match(struct walk *w, const char *name, const yaml_node_t *value, void *into)
{
    struct rule *rule = into;
    struct selector_fault fault;
    size_t n;
    if ((rule->match = walk_text(w, name, value)) == NULL)
        return;
    const char *text = walk_bytes(value, &n);
    enum nabla_status status = selector_new(text, n, &rule->selector, &fault);
    w->no_memory |= status == NABLA_ENOMEM;
    if (status == NABLA_EINVAL)
        faults_add(w->faults, place_in_scalar(w->text, w->n, value, fault.offset), "%s: %s", name,
                   fault.message);
}

/* The text, kept as it was written, and its meaning. */
static void read_condition(struct walk *w, const char *name, const yaml_node_t *value, char **text,
                           struct expression *out)
{
    struct text_fault fault;
    size_t n;
    if ((*text = walk_text(w, name, value)) == NULL)
        return;
    const char *bytes = walk_bytes(value, &n);
    if (expression_compile(bytes, n, out, &fault) != NABLA_OK)
        fault_in_text(w, name, value, &fault);
}

static void read_when(struct walk *w, const char *name, const yaml_node_t *value, void *into)
{
    struct rule *rule = into;
    read_condition(w, name, value, &rule->when_text, &rule->when);
}

static void read_clear(struct walk *w, const char *name, const yaml_node_t *value, void *into)
{
    struct rule *rule = into;
    read_condition(w, name, value, &rule->clear_text, &rule->clear);
}

static void read_for(struct walk *w, const char *name, const yaml_node_t *value, void *into)
{
    walk_duration(w, name, value, &((struct rule *)into)->for_ns);
}

static void read_keep(struct walk *w, const char *name, const yaml_node_t *value, void *into)
{
    walk_duration(w, name, value, &((struct rule *)into)->keep_firing_for_ns);
}

static void read_no_data(struct walk *w, const char *name, const yaml_node_t *value, void *into)
{
    static const char *const words[] = {"keep", "resolve", "alert"};
    char quoted[LOG_QUOTE_MAX];
    struct guess guess = {0};
    if (!walk_scalar(w, name, value))
        return;
    guess.meant = walk_bytes(value, &guess.n);
    for (int i = 0; i < 3; i++) {
        if (strcmp(words[i], guess.meant) == 0) {
            ((struct rule *)into)->no_data = (enum no_data)i;
            return;
        }
        guess_try(&guess, words[i]);
    }
    log_quote(quoted, guess.meant, guess.n);
    if (guess.best != NULL)
        faults_add(w->faults, place_of_node(value),
                   "%s: %s is not one of keep, resolve, alert; did you mean \"%s\"?", name, quoted,
                   guess.best);
    else
        faults_add(w->faults, place_of_node(value), "%s: %s is not one of keep, resolve, alert",
                   name, quoted);
}

static void read_confidence(struct walk *w, const char *name, const yaml_node_t *value, void *into)
{
    char quoted[LOG_QUOTE_MAX];
    double k;
    size_t n;
    if (!walk_scalar(w, name, value))
        return;
    const char *text = walk_bytes(value, &n);
    if (number_read(text, n, &k) == n && k >= 0 && k <= 1000)
        ((struct rule *)into)->min_confidence = k;
    else
        faults_add(w->faults, place_of_node(value),
                   "%s: %s is not a number of standard errors, 0 to 1000", name,
                   log_quote(quoted, text, n));
}

/* ---- labels and annotations */

static bool is_label_name(const char *name, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char c = name[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!letter && !(i > 0 && c >= '0' && c <= '9'))
            return false;
    }
    return n > 0 && n <= LABEL_NAME_MAX;
}

/* Why a label may not bear that name; NULL if it may. */
static const char *refused_label(const char *name)
{
    if (strcmp(name, "__name__") == 0)
        return "an alert has no __name__";
    return strcmp(name, "alertname") == 0 ? "alertname is what stands behind alert" : NULL;
}

/* By name, which is unlike all others. */
static void insert_text(struct rule_texts *texts, struct rule_text t)
{
    uint32_t i = texts->n++;
    for (; i > 0 && strcmp(t.name, texts->at[i - 1].name) < 0; i--)
        texts->at[i] = texts->at[i - 1];
    texts->at[i] = t;
}

static void add_text(struct walk *w, const char *what, const yaml_node_t *key,
                     const yaml_node_t *value, struct rule_texts *texts)
{
    struct text_fault fault;
    char quoted[LOG_QUOTE_MAX];
    size_t n, text_n;
    const char *name = walk_bytes(key, &n), *text;
    if (!is_label_name(name, n)) {
        faults_add(w->faults, place_of_node(key),
                   "%s: %s is no name: letters, digits and _, no digit first", what,
                   log_quote(quoted, name, n));
        return;
    }
    if (value->type != YAML_SCALAR_NODE) {
        faults_add(w->faults, place_of_node(value), "%s.%s must be text, not %s", what, name,
                   node_noun(value));
        return;
    }
    struct rule_text t = {.name = strdup(name)};
    text = walk_bytes(value, &text_n);
    enum nabla_status status =
        t.name == NULL ? NABLA_ENOMEM
                       : template_new(text, node_is_null(value) ? 0 : text_n, &t.value, &fault);
    if (status == NABLA_OK) {
        insert_text(texts, t);
        return;
    }
    free(t.name);
    w->no_memory |= status == NABLA_ENOMEM;
    if (status == NABLA_EINVAL)
        fault_in_text(w, name, value, &fault);
}

static void read_texts(struct walk *w, const char *what, const yaml_node_t *node,
                       struct rule_texts *texts)
{
    const yaml_node_t *key, *value;
    if (node_is_null(node))
        return;
    if (node->type != YAML_MAPPING_NODE) {
        faults_add(w->faults, place_of_node(node), "%s must be keys with values, not %s", what,
                   node_noun(node));
        return;
    }
    for (size_t at = 0; walk_pair(w, node, &at, &key, &value);) {
        if (texts->n == RULE_TEXTS_MAX) {
            faults_add(w->faults, place_of_node(key), "more than %d %s", RULE_TEXTS_MAX, what);
            return;
        }
        add_text(w, what, key, value, texts);
    }
}

static void read_labels(struct walk *w, const char *name, const yaml_node_t *value, void *into)
{
    struct rule *rule = into;
    read_texts(w, name, value, &rule->labels);
    for (uint32_t i = 0; i < rule->labels.n; i++) {
        const char *why = refused_label(rule->labels.at[i].name);
        if (why != NULL)
            faults_add(w->faults, place_of_node(value), "labels: %s", why);
    }
}

static void read_annotations(struct walk *w, const char *name, const yaml_node_t *value, void *into)
{
    read_texts(w, name, value, &((struct rule *)into)->annotations);
}

static const struct walk_key rule_keys[] = {
    {"alert", .read = read_alert, .required = true},
    {"match", .read = read_match, .required = true},
    {"when", .read = read_when, .required = true},
    {"clear", .read = read_clear},
    {"for", .read = read_for},
    {"keep_firing_for", .read = read_keep},
    {"no_data", .read = read_no_data},
    {"min_confidence", .read = read_confidence},
    {"labels", .read = read_labels},
    {"annotations", .read = read_annotations},
    {"record", .instead = "there are no recording rules: /metrics has every rate as it is"},
    {"expr",
     .instead = "PromQL is not read here: match says which series, when says the condition"},
    {0},
};

/* ---- groups */

static void read_rules(struct walk *w, const char *name, const yaml_node_t *value, void *into)
{
    struct rule_group *group = into;
    size_t n = walk_list(w, name, value, RULES_MAX);
    group->rules = calloc(n > 0 ? n : 1, sizeof *group->rules);
    w->no_memory |= group->rules == NULL;
    for (size_t i = 0; i < n && !w->no_memory; i++)
        walk_mapping(w, rule_keys, "a rule", walk_item(w, value, i), &group->rules[group->n++]);
}

static void read_group_name(struct walk *w, const char *name, const yaml_node_t *value, void *into)
{
    ((struct rule_group *)into)->name = walk_text(w, name, value);
}

static const char at_arrival[] = "rules are looked at when a sample arrives, so there is none";
static const struct walk_key group_keys[] = {
    {"name", .read = read_group_name, .required = true},
    {"rules", .read = read_rules, .required = true},
    {"interval", .instead = at_arrival},
    {"query_offset", .instead = at_arrival},
    {"limit", .instead = "alerts of a rule are bounded by the series that it matches"},
    {0},
};

/* Room for n more, zeroed. */
static bool more_groups(struct rules *rules, size_t n)
{
    struct rule_group *groups =
        realloc(rules->groups, (rules->groups_n + n + 1) * sizeof *rules->groups);
    if (groups == NULL)
        return false;
    rules->groups = groups;
    memset(groups + rules->groups_n, 0, n * sizeof *groups);
    return true;
}

static void check_name(struct walk *w, const struct reading_rules *r, const yaml_node_t *node)
{
    const struct rule_group *groups = r->rules->groups, *last = &groups[r->rules->groups_n - 1];
    for (const struct rule_group *g = &groups[r->first]; last->name != NULL && g < last; g++)
        if (g->name != NULL && strcmp(g->name, last->name) == 0)
            faults_add(w->faults, place_of_node(node), "another group of this file is called %s",
                       g->name);
}

static void read_groups(struct walk *w, const char *name, const yaml_node_t *value, void *into)
{
    struct reading_rules *r = into;
    size_t n = walk_list(w, name, value, RULE_GROUPS_MAX);
    w->no_memory |= !more_groups(r->rules, n);
    for (size_t i = 0; i < n && !w->no_memory; i++) {
        struct rule_group *group = &r->rules->groups[r->rules->groups_n++];
        const yaml_node_t *item = walk_item(w, value, i);
        group->file = strdup(r->name);
        w->no_memory |= group->file == NULL;
        walk_mapping(w, group_keys, "a group", item, group);
        check_name(w, r, item);
        r->rules->n += group->n;
        if (r->rules->n > RULES_MAX || r->rules->groups_n > RULE_GROUPS_MAX) {
            faults_add(w->faults, place_of_node(item),
                       "more than %d rules or %d groups in all files together", RULES_MAX,
                       RULE_GROUPS_MAX);
            return;
        }
    }
}

static const struct walk_key file_keys[] = {
    {"groups", .read = read_groups},
    {0},
};

static void read_root(struct walk *w, const yaml_node_t *root, void *into)
{
    if (root != NULL && !node_is_null(root))
        walk_mapping(w, file_keys, "the file", root, into);
}

enum nabla_status rules_read_text(const char *name, const char *text, size_t n, struct rules *rules,
                                  struct buf *errors)
{
    struct reading_rules r = {.rules = rules, .name = name, .first = rules->groups_n};
    return walk_document(name, text, n, read_root, &r, errors);
}

enum nabla_status rules_read_file(const char *path, struct rules *rules, struct buf *errors)
{
    char *text;
    size_t n;
    enum nabla_status status = file_read(path, &text, &n, errors);
    if (status != NABLA_OK)
        return status;
    status = rules_read_text(path, text, n, rules, errors);
    free(text);
    return status;
}
