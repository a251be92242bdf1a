/* alerts/restored.c -- records to alerts. An alert whose rule is in force waits for its series. One whose rule is gone
 * ends here, in the words of the rule that it had, which came with it: whoever was told that it fires is told that it
 * does not.
 * Elsewhere: bytes (records.c), the way there (saved.c). */
#include "alerts/parts.h"
#include "alerts/saved_parts.h"

#include <stdlib.h>
#include <string.h>

/* ---- rules */

static bool is_text(struct saved_text t, const char *text)
{
    return strlen(text) == t.n && memcmp(text, t.at, t.n) == 0;
}

/* The rule in force that it was; NUMBER_NONE: it is gone. */
static uint16_t number_of(const struct alerts *a, const struct saved_rule *r)
{
    for (uint32_t i = 0; i < a->set->rules.n; i++) {
        const struct rule_place *p = &a->places[a->set->first + i];
        if (is_text(r->name, p->rule->alert) && is_text(r->match, p->rule->match) &&
            is_text(r->group, a->set->rules.groups[p->group].name))
            return (uint16_t)(a->set->first + i);
    }
    return NUMBER_NONE;
}

static char *copy_text(struct saved_text t)
{
    return strndup(t.at, t.n);
}

static bool make_texts(const struct saved_texts *from, struct rule_texts *out)
{
    for (uint32_t i = 0; i < from->n; i++) {
        struct text_fault fault;
        struct rule_text *t = &out->at[out->n++];
        t->name = copy_text(from->name[i]);
        if (t->name == NULL ||
            template_new(from->value[i].at, from->value[i].n, &t->value, &fault) != NABLA_OK)
            return false;
    }
    return true;
}

/* What telling needs of a rule. */
static bool make_rule(const struct saved_rule *from, struct rule *out)
{
    struct text_fault fault;
    out->alert = copy_text(from->name);
    out->match = copy_text(from->match);
    out->when_text = copy_text(from->when);
    return out->alert != NULL && out->match != NULL && out->when_text != NULL &&
           expression_compile(out->when_text, strlen(out->when_text), &out->when, &fault) ==
               NABLA_OK &&
           make_texts(&from->labels, &out->labels) &&
           make_texts(&from->annotations, &out->annotations);
}

/* A set of its own for a rule that is gone; NULL: no memory, or it is no rule. */
static struct rule_set *gone_set(const struct saved_rule *from)
{
    struct rules rules = {.n = 1, .groups = calloc(1, sizeof *rules.groups)};
    struct rule_set *set = NULL;
    if (rules.groups == NULL)
        return NULL;
    rules.groups_n = 1;
    rules.groups->name = copy_text(from->group);
    rules.groups->rules = calloc(1, sizeof(struct rule));
    rules.groups->n = rules.groups->rules != NULL;
    if (rules.groups->name != NULL && rules.groups->n == 1 && make_rule(from, rules.groups->rules))
        set = set_new(&rules);
    rules_fini(&rules);
    return set;
}

/* ---- into what there is */

/* A rule that was saved: in force under a number, or gone, which has a set. */
struct known {
    bool there;
    uint16_t number;
    struct rule_set *gone; /* owned, as one of its users */
    uint32_t ended;        /* its alerts that fired */
};

struct alerts_restoring {
    struct alerts *a;
    struct known rules[SAVED_RULES_MAX];
    uint32_t rules_n; /* those behind are not there */
    struct saved_rule rule;
    struct saved_alert alert;
};

static struct alert *add(struct alerts *a, const struct saved_alert *v)
{
    struct labelset *labels = alert_copy_labels(&v->labels);
    struct alert *x = labels != NULL ? list_add(a, labels) : NULL;
    if (x == NULL) {
        free(labels);
        return NULL;
    }
    x->state = v->state;
    x->fired_ns = v->fired_ns;
    x->facts = v->facts;
    list_over(a, x, v->resolved_ns);
    if (x->state.phase == ALERT_FIRING || x->resolved_ns != 0)
        list_changed(a, x, ++a->changes);
    for (int t = 0; t < ALERT_TARGETS_MAX; t++)
        x->told[t] = (struct told_of){.changes = v->told[t].knows ? x->changes : 0,
                                      .at_ns = v->told[t].at_ns};
    return x;
}

static void go_on(struct alerts *a, struct alert *x, uint16_t number)
{
    alert_of_rule(a, x, number);
    alert_counted(a, x, 1);
    list_await(a, x);
    a->places[number].unbound++;
    lookout_set(a->options.lookout, number, x->rule, true);
}

static void end(struct alerts *a, struct alert *x, struct known *rule)
{
    bool fires = x->state.phase == ALERT_FIRING;
    set_join(rule->gone, x, 0);
    alert_counted(a, x, 1);
    rule->ended += fires;
    if (fires)
        alert_resolve(a, x, a->started_ns);
}

static void leave(const struct alerts *a, const struct known *rule)
{
    if (rule->gone != NULL)
        rule_ended(a, rule->gone->rules.groups, rule->gone->rules.groups->rules, rule->ended);
    set_leave(rule->gone);
}

static enum nabla_status restore_alert(struct alerts_restoring *r)
{
    struct alerts *a = r->a;
    struct known *rule = &r->rules[r->alert.rule];
    bool told = r->alert.state.phase == ALERT_FIRING || r->alert.resolved_ns != 0;
    if (a->n >= a->options.max || (rule->number == NUMBER_NONE && !told))
        return NABLA_OK;
    bool known = rule->number != NUMBER_NONE || rule->gone != NULL;
    struct alert *x = known ? add(a, &r->alert) : NULL;
    if (x == NULL)
        return NABLA_ENOMEM;
    bool listed = list_due(a, x, a->started_ns); /* a turn says when it is really due */
    if (rule->number != NUMBER_NONE)
        go_on(a, x, rule->number);
    else
        end(a, x, rule);
    return listed ? NABLA_OK : NABLA_ENOMEM;
}

static void restore_rule(struct alerts_restoring *r, uint32_t number)
{
    struct known *known = &r->rules[number];
    *known = (struct known){.there = true, .number = number_of(r->a, &r->rule)};
    if (known->number == NUMBER_NONE)
        known->gone = gone_set(&r->rule);
    if (number >= r->rules_n)
        r->rules_n = number + 1;
}

static bool has_rule(const struct alerts_restoring *r, uint64_t number)
{
    return number < r->rules_n && r->rules[number].there;
}

enum nabla_status alerts_restore_begin(struct alerts *a, struct alerts_restoring **out)
{
    struct alerts_restoring *r = calloc(1, sizeof *r);
    if (r == NULL)
        return NABLA_ENOMEM;
    r->a = a;
    *out = r;
    return NABLA_OK;
}

static enum nabla_status restore_one(struct alerts_restoring *r, enum saved_kind kind,
                                     uint64_t number, const char *bytes, size_t n)
{
    uint64_t keys[ALERT_TARGETS_MAX];
    switch (kind) {
    case SAVED_TARGETS:
        if (!saved_get_targets(bytes, n, keys))
            return NABLA_EINVAL;
        memcpy(r->a->keys, keys, sizeof keys);
        return NABLA_OK;
    case SAVED_RULE:
        if (number >= SAVED_RULES_MAX || has_rule(r, number) || !saved_get_rule(bytes, n, &r->rule))
            return NABLA_EINVAL;
        restore_rule(r, (uint32_t)number);
        return NABLA_OK;
    case SAVED_ALERT:
        if (!saved_get_alert(bytes, n, &r->alert) || !has_rule(r, r->alert.rule))
            return NABLA_EINVAL;
        return restore_alert(r);
    }
    return NABLA_EINVAL;
}

enum nabla_status alerts_restore_one(struct alerts_restoring *r, enum saved_kind kind,
                                     uint64_t number, const char *bytes, size_t n)
{
    pthread_mutex_lock(&r->a->lock);
    enum nabla_status status = restore_one(r, kind, number, bytes, n);
    pthread_mutex_unlock(&r->a->lock);
    return status;
}

void alerts_restore_end(struct alerts_restoring *r)
{
    pthread_mutex_lock(&r->a->lock);
    for (uint32_t i = 0; i < r->rules_n; i++)
        leave(r->a, &r->rules[i]);
    pthread_mutex_unlock(&r->a->lock);
    free(r);
}

/* ---- the file of before: read twice, first to see that all of it is right, then for good */

uint64_t saved_checksum(const char *at, size_t n)
{
    uint64_t h = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < n; i++)
        h = (h ^ (unsigned char)at[i]) * UINT64_C(1099511628211);
    return h;
}

/* The record at s, which moves behind it; *rules: how many came before. False: it is none. */
static bool next_record(struct alerts_restoring *r, struct source *s, uint32_t *rules,
                        enum saved_kind *kind)
{
    switch (source_get(s, 1)) {
    case 1:
        source_rule(s, &r->rule);
        *kind = SAVED_RULE;
        return !s->bad && ++*rules <= SAVED_RULES_MAX;
    case 2:
        source_alert(s, &r->alert);
        *kind = SAVED_ALERT;
        return !s->bad && r->alert.rule < *rules;
    default: return false;
    }
}

static enum nabla_status read_file(struct alerts_restoring *r, struct source s, bool for_good)
{
    uint64_t keys[ALERT_TARGETS_MAX], n = source_get(&s, 4);
    uint32_t rules = 0;
    enum saved_kind kind;
    enum nabla_status status = NABLA_OK;
    source_targets(&s, keys);
    if (for_good)
        memcpy(r->a->keys, keys, sizeof keys);
    for (; n > 0; n--) {
        if (!next_record(r, &s, &rules, &kind))
            return NABLA_EINVAL;
        if (for_good && kind == SAVED_RULE)
            restore_rule(r, rules - 1);
        else if (for_good && restore_alert(r) != NABLA_OK)
            status = NABLA_ENOMEM;
    }
    return s.bad || s.at != s.end ? NABLA_EINVAL : status;
}

enum nabla_status alerts_restore_file(struct alerts *a, const char *bytes, size_t n)
{
    struct source s = {bytes, bytes + n, false};
    struct alerts_restoring *r;
    if (n < SAVED_HEAD || memcmp(bytes, saved_magic, sizeof saved_magic) != 0)
        return NABLA_EINVAL;
    s.at += sizeof saved_magic;
    uint64_t sum = source_get(&s, 8);
    if (sum != saved_checksum(s.at, (size_t)(s.end - s.at)))
        return NABLA_EINVAL;
    enum nabla_status status = alerts_restore_begin(a, &r);
    if (status != NABLA_OK)
        return status;
    pthread_mutex_lock(&a->lock);
    status = read_file(r, s, false);
    if (status == NABLA_OK)
        status = read_file(r, s, true);
    pthread_mutex_unlock(&a->lock);
    alerts_restore_end(r);
    return status;
}
