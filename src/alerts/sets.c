/* alerts/sets.c -- rules that replace others. A set lives for as long as an alert is of one of its rules:
 * what has been resolved because its rule is gone can still be told, in that rule's words. */
#include "alerts/parts.h"

#include <stdlib.h>
#include <string.h>

struct rule_set *set_new(struct rules *rules)
{
    struct rule_set *set = calloc(1, sizeof *set);
    struct rule_mark *marks = calloc(rules->n + 1, sizeof *marks);
    if (set == NULL || marks == NULL) {
        free(set);
        free(marks);
        return NULL;
    }
    *set = (struct rule_set){.rules = *rules, .marks = marks, .users = 1};
    *rules = (struct rules){0};
    return set;
}

void set_leave(struct rule_set *set)
{
    if (set == NULL || --set->users > 0)
        return;
    rules_fini(&set->rules);
    free(set->marks);
    free(set);
}

static const struct rule *rule_at(const struct rules *rules, uint32_t ordinal)
{
    const struct rule_group *group = rules->groups;
    for (; ordinal >= group->n; group++)
        ordinal -= group->n;
    return &group->rules[ordinal];
}

void set_join(struct rule_set *set, struct alert *x, uint32_t ordinal)
{
    struct rule_set *before = x->set;
    x->set = set;
    x->rule = rule_at(&set->rules, ordinal);
    x->ordinal = (uint16_t)ordinal;
    set->users++;
    if (before != NULL)
        set_leave(before);
}

/* UINT32_MAX: there is no such rule. */
uint32_t set_number(const struct rule_set *set, uint32_t group, uint32_t index)
{
    uint32_t number = set->first;
    if (group >= set->rules.groups_n || index >= set->rules.groups[group].n)
        return UINT32_MAX;
    for (uint32_t g = 0; g < group; g++)
        number += set->rules.groups[g].n;
    return number + index;
}

/* ---- numbers: groups in their order, and in them rules in theirs */

typedef void each_rule(struct alerts *a, uint16_t number, uint32_t group, uint32_t index,
                       const struct rule_set *set);

static void for_each(struct alerts *a, const struct rule_set *set, each_rule *call)
{
    uint16_t number = set->first;
    for (uint32_t g = 0; g < set->rules.groups_n; g++)
        for (uint32_t i = 0; i < set->rules.groups[g].n; i++)
            call(a, number++, g, i, set);
}

static void show(struct alerts *a, uint16_t number, uint32_t group, uint32_t index,
                 const struct rule_set *set)
{
    const struct rule *rule = &set->rules.groups[group].rules[index];
    lookout_set(a->options.lookout, number, rule, a->places[number].unbound > 0);
}

static void hide(struct alerts *a, uint16_t number, uint32_t group, uint32_t index,
                 const struct rule_set *set)
{
    (void)group, (void)index, (void)set;
    lookout_set(a->options.lookout, number, NULL, false);
    a->places[number] = (struct rule_place){0};
}

static void place(struct alerts *a, uint16_t number, uint32_t group, uint32_t index,
                  const struct rule_set *set)
{
    a->places[number] = (struct rule_place){
        .rule = &set->rules.groups[group].rules[index], .group = group, .index = index};
}

/* ---- a change */

static enum nabla_status make_watches(const struct rules *rules, uint16_t first, struct policies *p)
{
    p->watches_first = first;
    p->watches = calloc(rules->n + 1, sizeof *p->watches);
    if (p->watches == NULL)
        return NABLA_ENOMEM;
    for (uint32_t g = 0; g < rules->groups_n; g++)
        for (uint32_t i = 0; i < rules->groups[g].n; i++) {
            const char *match = rules->groups[g].rules[i].match;
            struct selector_fault fault;
            enum nabla_status status =
                selector_new(match, strlen(match), &p->watches[p->watches_n], &fault);
            if (status != NABLA_OK)
                return status;
            p->watches_n++;
        }
    return NABLA_OK;
}

/* The rule of the fresh set that goes on with an old one: the first that is like it and that no other
 * goes on with. */
static uint16_t heir_of(const struct alerts *a, const struct rule_set *fresh,
                        const struct rule_group *group, const struct rule *rule)
{
    uint16_t ordinal = 0;
    for (uint32_t g = 0; g < fresh->rules.groups_n; g++) {
        const struct rule_group *h = &fresh->rules.groups[g];
        bool same = strcmp(h->name, group->name) == 0;
        for (uint32_t i = 0; i < h->n; i++, ordinal++)
            if (same && a->ancestors[ordinal] == NUMBER_NONE &&
                strcmp(h->rules[i].alert, rule->alert) == 0 &&
                strcmp(h->rules[i].match, rule->match) == 0)
                return (uint16_t)(fresh->first + ordinal);
    }
    return NUMBER_NONE;
}

/* Nobody else reads them before there is a fresh set. */
static void find_heirs(struct alerts *a, const struct rule_set *fresh)
{
    const struct rules *old = &a->set->rules;
    for (uint32_t i = 0; i < RULES_MAX; i++)
        a->heirs[i] = a->ancestors[i] = NUMBER_NONE;
    for (uint32_t g = 0, ordinal = 0; g < old->groups_n; g++)
        for (uint32_t i = 0; i < old->groups[g].n; i++, ordinal++) {
            uint16_t heir = heir_of(a, fresh, &old->groups[g], &old->groups[g].rules[i]);
            a->heirs[ordinal] = heir;
            if (heir != NUMBER_NONE)
                a->ancestors[heir - fresh->first] = (uint16_t)(a->set->first + ordinal);
        }
}

enum nabla_status alerts_prepare(struct alerts *a, struct rules *rules, struct policies *p)
{
    uint16_t first = a->set->first == 0 ? LOOKOUT_HALF : 0;
    enum nabla_status status = make_watches(rules, first, p);
    if (status != NABLA_OK)
        return status;
    struct rule_set *set = set_new(rules);
    if (set == NULL)
        return NABLA_ENOMEM;
    set->first = first;
    find_heirs(a, set);
    pthread_mutex_lock(&a->lock);
    a->fresh = set;
    a->adopted_id = 0;
    for_each(a, set, place);
    for_each(a, set, show);
    pthread_mutex_unlock(&a->lock);
    return NABLA_OK;
}

static bool is_fresh(const struct alerts *a, uint16_t number)
{
    return a->fresh != NULL && number >= a->fresh->first && number - a->fresh->first < LOOKOUT_HALF;
}

static struct rule_set *set_of(const struct alerts *a, uint16_t number)
{
    return is_fresh(a, number) ? a->fresh : a->set;
}

const struct rules *rules_of(const struct alerts *a, uint16_t number)
{
    return &set_of(a, number)->rules;
}

uint16_t rule_ancestor(const struct alerts *a, uint16_t number)
{
    return is_fresh(a, number) ? a->ancestors[number - a->fresh->first] : NUMBER_NONE;
}

void alert_of_rule(struct alerts *a, struct alert *x, uint16_t number)
{
    struct rule_set *set = set_of(a, number);
    x->number = number;
    set_join(set, x, (uint32_t)(number - set->first));
    list_edited(a, x);
}

/* Under its new number, under which the series may have begun an alert already: the older one stays. */
static void bind_again(struct alerts *a, struct alert *x, bool bound)
{
    struct alert *younger = bound ? list_find(a, x->number, x->series) : NULL;
    if (younger != NULL)
        alert_forget(a, younger);
    if (bound) {
        list_bind(a, x, x->series);
    } else {
        list_await(a, x);
        a->places[x->number].unbound++;
    }
}

void rule_ended(const struct alerts *a, const struct rule_group *group, const struct rule *rule,
                uint32_t alerts)
{
    char in[LOG_QUOTE_MAX], name[LOG_QUOTE_MAX];
    if (alerts > 0)
        log_event(a->options.log, LOG_LEVEL_WARN, "rule_gone", "alert_rule_gone",
                  "group=%s name=%s resolved=%u", log_quote(in, group->name, strlen(group->name)),
                  log_quote(name, rule->alert, strlen(rule->alert)), alerts);
}

/* Gives an alert to its rule's heir, or ends it. */
static void inherit(struct alerts *a, struct alert *x, uint16_t heir, int64_t now_ns)
{
    bool bound = x->bound;
    alert_counted(a, x, -1);
    list_unbind(a, x);
    if (heir == NUMBER_NONE)
        x->number = NUMBER_NONE;
    else
        alert_of_rule(a, x, heir);
    alert_counted(a, x, 1);
    if (heir == NUMBER_NONE) {
        alert_resolve(a, x, now_ns);
        return;
    }
    bind_again(a, x, bound);
    if (bound) /* or its next sample, if it ends the alert, would concern nobody */
        table_watch_remember(a->table, x->series, heir, LOOKOUT_ENGAGED);
    (void)list_due(a, x, now_ns); /* whether it goes on holding is seen at once */
}

static bool is_of_set(const struct alert *x, const struct rule_set *set)
{
    return x->number != NUMBER_NONE && x->set == set;
}

static void tell_ends(const struct alerts *a)
{
    const struct rule_set *old = a->set;
    for (uint32_t i = 0; i < old->rules.n; i++) {
        const struct rule_place *place = &a->places[old->first + i];
        if (a->heirs[i] == NUMBER_NONE)
            rule_ended(a, &old->rules.groups[place->group], place->rule, place->firing);
    }
}

/* A slice of the alerts, in the order of their ids: those that come to be meanwhile are after all others. False:
 * there are none left. */
static bool inherit_some(struct alerts *a, int64_t now_ns)
{
    for (int n = 0; n < ALERTS_SLICE; n++) {
        struct alert *x = list_after(a, BY_ID, a->adopted_id);
        if (x == NULL)
            return false;
        a->adopted_id = x->id;
        if (is_of_set(x, a->set))
            inherit(a, x, a->heirs[x->ordinal], now_ns);
    }
    return true;
}

static void replace_set(struct alerts *a)
{
    for_each(a, a->set, hide);
    set_leave(a->set);
    a->set = a->fresh;
    a->fresh = NULL;
    for_each(a, a->set, show);
}

bool alerts_adopt(struct alerts *a, struct instant now)
{
    pthread_mutex_lock(&a->lock);
    if (a->adopted_id == 0)
        tell_ends(a);
    bool more = inherit_some(a, now.wall_ns);
    if (!more)
        replace_set(a);
    pthread_mutex_unlock(&a->lock);
    return more;
}

const struct rules *alerts_lock(struct alerts *a)
{
    pthread_mutex_lock(&a->lock);
    return &a->set->rules;
}

void alerts_unlock(struct alerts *a)
{
    pthread_mutex_unlock(&a->lock);
}
