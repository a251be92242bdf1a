/* conf/exposure_read.c -- metrics.include, metrics.exclude and metrics.relabel: selectors and rules compiled where
 * they stand, so that what is wrong in one has its line and column. A rule's keys are Prometheus' own. */
#include "conf/exposure_read.h"

#include "base/log.h"
#include "base/number.h"

#include <stdlib.h>
#include <string.h>

static bool have(struct walk *w, struct exposure **e)
{
    w->no_memory |= *e == NULL && exposure_new(e) != NABLA_OK;
    return *e != NULL;
}

static void read_selectors(struct walk *w, const char *name, const yaml_node_t *list,
                           struct selector **out, uint32_t *out_n)
{
    size_t n = walk_list(w, name, list, EXPOSURE_SELECTORS_MAX), text_n;
    for (size_t i = 0; i < n; i++) {
        const yaml_node_t *item = walk_item(w, list, i);
        struct selector_fault fault;
        if (!walk_scalar(w, name, item))
            continue;
        const char *text = walk_bytes(item, &text_n);
        enum nabla_status status = selector_new(text, text_n, &out[*out_n], &fault);
        *out_n += status == NABLA_OK;
        w->no_memory |= status == NABLA_ENOMEM;
        if (status == NABLA_EINVAL)
            faults_add(w->faults, place_in_scalar(w->text, w->n, item, fault.offset), "%s: %s",
                       name, fault.message);
    }
}

void exposure_read_include(struct walk *w, const char *name, const yaml_node_t *list,
                           struct exposure **e)
{
    if (have(w, e))
        read_selectors(w, name, list, (*e)->include, &(*e)->include_n);
}

void exposure_read_exclude(struct walk *w, const char *name, const yaml_node_t *list,
                           struct exposure **e)
{
    if (have(w, e))
        read_selectors(w, name, list, (*e)->exclude, &(*e)->exclude_n);
}

/* ---- a rule; its texts are borrowed from the tree */

static void read_action(struct walk *w, const char *name, const yaml_node_t *value, void *into)
{
    char quoted[LOG_QUOTE_MAX], word[32] = "";
    struct relabel_text *t = into;
    size_t n;
    if (!walk_scalar(w, name, value))
        return;
    const char *text = walk_bytes(value, &n);
    for (size_t i = 0; i < n && n < sizeof word; i++) /* in any case of letters, as Prometheus */
        word[i] = (char)(text[i] | (text[i] >= 'A' && text[i] <= 'Z' ? 0x20 : 0));
    if (!relabel_action_find(word, &t->action))
        faults_add(w->faults, place_of_node(value),
                   "%s: %s is not one of replace, keep, drop, keepequal, dropequal, hashmod, "
                   "labelmap, labeldrop, labelkeep, lowercase, uppercase",
                   name, log_quote(quoted, text, n));
}

/* A text, which may be empty. */
static const char *text_of(struct walk *w, const char *name, const yaml_node_t *value)
{
    size_t n;
    if (value->type != YAML_SCALAR_NODE) {
        (void)walk_scalar(w, name, value);
        return NULL;
    }
    const char *text = walk_bytes(value, &n);
    if (n > RELABEL_TEXT_MAX || strlen(text) != n) {
        faults_add(w->faults, place_of_node(value), "%s is longer than %d bytes, or has a NUL",
                   name, RELABEL_TEXT_MAX);
        return NULL;
    }
    return text;
}

static void read_separator(struct walk *w, const char *name, const yaml_node_t *value, void *into)
{
    ((struct relabel_text *)into)->separator = text_of(w, name, value);
}

static void read_regex(struct walk *w, const char *name, const yaml_node_t *value, void *into)
{
    ((struct relabel_text *)into)->regex = text_of(w, name, value);
}

static void read_target(struct walk *w, const char *name, const yaml_node_t *value, void *into)
{
    ((struct relabel_text *)into)->target = text_of(w, name, value);
}

static void read_replacement(struct walk *w, const char *name, const yaml_node_t *value, void *into)
{
    ((struct relabel_text *)into)->replacement = text_of(w, name, value);
}

static void read_modulus(struct walk *w, const char *name, const yaml_node_t *value, void *into)
{
    size_t n = 0;
    const char *text = text_of(w, name, value);
    if (text != NULL)
        n = number_read_u64(text, strlen(text), &((struct relabel_text *)into)->modulus);
    if (text != NULL && (n == 0 || text[n] != '\0'))
        faults_add(w->faults, place_of_node(value), "%s must be a whole number", name);
}

static void read_sources(struct walk *w, const char *name, const yaml_node_t *value, void *into)
{
    struct relabel_text *t = into;
    size_t n = walk_list(w, name, value, RELABEL_SOURCES_MAX);
    for (size_t i = 0; i < n; i++) {
        const yaml_node_t *item = walk_item(w, value, i);
        if (walk_scalar(w, name, item))
            t->sources[t->sources_n++] = text_of(w, name, item);
    }
}

static const struct walk_key rule_keys[] = {{.name = "source_labels", .read = read_sources},
                                            {.name = "separator", .read = read_separator},
                                            {.name = "regex", .read = read_regex},
                                            {.name = "target_label", .read = read_target},
                                            {.name = "replacement", .read = read_replacement},
                                            {.name = "modulus", .read = read_modulus},
                                            {.name = "action", .read = read_action},
                                            {0}};

void exposure_read_relabel(struct walk *w, const char *name, const yaml_node_t *list,
                           struct exposure **e)
{
    size_t n = walk_list(w, name, list, RELABEL_RULES_MAX);
    if (!have(w, e) || n == 0)
        return;
    w->no_memory |= (*e)->relabel == NULL && relabel_new(&(*e)->relabel) != NABLA_OK;
    for (size_t i = 0; i < n && (*e)->relabel != NULL; i++) {
        char why[RELABEL_WHY_MAX];
        struct relabel_text text = {.action = RELABEL_REPLACE};
        const yaml_node_t *item = walk_item(w, list, i);
        size_t before = walk_faults(w);
        walk_mapping(w, rule_keys, "a rule of metrics.relabel", item, &text);
        if (walk_faults(w) > before)
            continue;
        enum nabla_status status = relabel_add((*e)->relabel, &text, why);
        w->no_memory |= status == NABLA_ENOMEM;
        if (status == NABLA_EINVAL)
            faults_add(w->faults, place_of_node(item), "%s: %s", name, why);
    }
}
