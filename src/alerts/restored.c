/* alerts/restored.c -- bytes to alerts: read twice, first to see that all of it is right, then for good. An alert
 * whose rule is in force waits for its series. One whose rule is gone ends here, in the words of the rule that it
 * had, which came with it: whoever was told that it fires is told that it does not.
 * Elsewhere: the way there, and the format (saved.c, saved.h). */
#include "alerts/parts.h"
#include "alerts/saved.h"

#include <stdlib.h>
#include <string.h>

struct source {
    const char *at, *end;
    bool bad; /* it ended too early, or says what cannot be */
};

static uint64_t get(struct source *s, int bytes)
{
    uint64_t v = 0;
    if (s->end - s->at < bytes) {
        s->bad = true;
        s->at = s->end;
        return 0;
    }
    for (int i = 0; i < bytes; i++)
        v |= (uint64_t)(unsigned char)*s->at++ << 8 * i;
    return v;
}

/* A time that can be counted with, or INT64_MAX for never. */
static int64_t get_time(struct source *s)
{
    uint64_t t = get(s, 8);
    s->bad = s->bad || (t > INT64_MAX / 2 && t != INT64_MAX);
    return (int64_t)t;
}

static double get_double(struct source *s)
{
    uint64_t bits = get(s, 8);
    double v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

static const char *skip(struct source *s, size_t n)
{
    const char *at = s->at;
    if ((size_t)(s->end - s->at) < n) {
        s->bad = true;
        s->at = s->end;
        return at;
    }
    s->at += n;
    return at;
}

struct text {
    const char *at;
    size_t n;
};

static struct text get_text(struct source *s)
{
    size_t n = get(s, 2);
    return (struct text){skip(s, n), n};
}

/* Labels one behind the other fill a set exactly. */
static bool is_labelset(const struct labelset *set, size_t bytes)
{
    size_t at = sizeof *set;
    if (set->bytes != bytes || set->count == 0 || set->count > LABELS_MAX)
        return false;
    for (uint32_t i = 0; i < set->count; i++) {
        uint16_t n[2];
        if (bytes - at < sizeof n)
            return false;
        memcpy(n, (const char *)set + at, sizeof n);
        at += sizeof n;
        if (bytes - at < (size_t)n[0] + n[1])
            return false;
        at += (size_t)n[0] + n[1];
    }
    return at == bytes;
}

/* An alert as it was; all but labels is in *x. */
struct saved {
    uint64_t rule;
    struct alert x;
    union {
        struct labelset labels;
        char room[LABELSET_MAX];
    };
};

static void get_labels(struct source *s, struct saved *out)
{
    const char *at = s->at;
    size_t n = get(s, 2);
    if (s->bad || n < sizeof(struct labelset) || n > LABELSET_MAX) {
        s->bad = true;
        return;
    }
    skip(s, n - 2);
    if (s->bad)
        return;
    memcpy(out->room, at, n);
    s->bad = !is_labelset(&out->labels, n);
}

static void get_facts(struct source *s, struct facts *f)
{
    *f = (struct facts){0};
    for (int i = 0; i < FACT_COUNT; i++) {
        f->at[i].v = get_double(s);
        f->at[i].error = get_double(s);
    }
    f->level = get_double(s);
    f->limit_eta_s = get_double(s);
    uint64_t presence = get(s, 1), per = get(s, 1);
    s->bad = s->bad || presence > PRESENCE_GONE || per > PER_HOUR;
    f->presence = (enum presence)presence;
    f->per = (enum per)per;
}

static void get_told(struct source *s, struct alert *x)
{
    for (uint64_t n = get(s, 1); n > 0 && !s->bad; n--) {
        uint64_t target = get(s, 1), knows = get(s, 1);
        if (target >= ALERT_TARGETS_MAX || knows > 1) {
            s->bad = true;
            return;
        }
        x->told[target] = (struct told_of){.changes = knows, .at_ns = get_time(s)};
    }
}

/* told[].changes is 1 for those who know its state. */
static void get_alert(struct source *s, struct saved *out)
{
    struct alert *x = &out->x;
    *x = (struct alert){0};
    out->rule = get(s, 4);
    get_labels(s, out);
    x->state.active_ns = get_time(s);
    x->state.fired_ns = get_time(s);
    x->state.clear_ns = get_time(s);
    x->state.phase = (uint8_t)get(s, 1);
    x->state.silent = get(s, 1) != 0;
    x->fired_ns = get_time(s);
    x->resolved_ns = get_time(s);
    get_told(s, x);
    get_facts(s, &x->facts);
    s->bad = s->bad || x->state.phase > ALERT_FIRING || x->fired_ns == INT64_MAX ||
             x->resolved_ns == INT64_MAX;
}

/* ---- rules */

struct saved_texts {
    struct text name[RULE_TEXTS_MAX], value[RULE_TEXTS_MAX];
    uint32_t n;
};

struct saved_rule {
    struct text group, name, match, when;
    struct saved_texts labels, annotations;
};

static void get_texts(struct source *s, struct saved_texts *out)
{
    out->n = (uint32_t)get(s, 1);
    s->bad = s->bad || out->n > RULE_TEXTS_MAX;
    for (uint32_t i = 0; i < out->n && !s->bad; i++) {
        out->name[i] = get_text(s);
        out->value[i] = get_text(s);
    }
}

static void get_rule(struct source *s, struct saved_rule *out)
{
    out->group = get_text(s);
    out->name = get_text(s);
    out->match = get_text(s);
    out->when = get_text(s);
    get_texts(s, &out->labels);
    get_texts(s, &out->annotations);
}

static bool is_text(struct text t, const char *text)
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

static char *copy_text(struct text t)
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

/* A rule of the file: in force under a number, or gone, which has a set. */
struct known {
    uint16_t number;
    struct rule_set *gone; /* owned, as one of its users */
    uint32_t ended;        /* its alerts that fired */
};

struct reading_back {
    struct alerts *a;
    bool add; /* else it is only looked through */
    enum nabla_status status;
    struct known rules[SAVED_RULES_MAX];
    uint32_t rules_n;
    union {
        struct saved alert;
        struct saved_rule rule;
    };
};

static struct alert *add(struct alerts *a, const struct saved *v)
{
    struct labelset *labels = alert_copy_labels(&v->labels);
    struct alert *x = labels != NULL ? list_add(a, labels) : NULL;
    if (x == NULL) {
        free(labels);
        return NULL;
    }
    x->state = v->x.state;
    x->fired_ns = v->x.fired_ns;
    x->facts = v->x.facts;
    memcpy(x->told, v->x.told, sizeof x->told);
    list_over(a, x, v->x.resolved_ns);
    if (x->state.phase == ALERT_FIRING || x->resolved_ns != 0)
        list_changed(a, x, ++a->changes);
    for (int t = 0; t < ALERT_TARGETS_MAX; t++)
        x->told[t].changes = x->told[t].changes == 1 ? x->changes : 0;
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

static void restore_alert(struct reading_back *r)
{
    struct known *rule = &r->rules[r->alert.rule];
    bool told = r->alert.x.state.phase == ALERT_FIRING || r->alert.x.resolved_ns != 0;
    if (r->a->n >= r->a->options.max || (rule->number == NUMBER_NONE && !told))
        return;
    struct alert *x =
        rule->number != NUMBER_NONE || rule->gone != NULL ? add(r->a, &r->alert) : NULL;
    if (x == NULL || !list_due(r->a, x, r->a->started_ns)) /* a turn says when it is really due */
        r->status = NABLA_ENOMEM;
    if (x == NULL)
        return;
    if (rule->number != NUMBER_NONE)
        go_on(r->a, x, rule->number);
    else
        end(r->a, x, rule);
}

static void take_rule(struct source *s, struct reading_back *r)
{
    get_rule(s, &r->rule);
    if (r->rules_n == SAVED_RULES_MAX)
        s->bad = true;
    if (s->bad)
        return;
    struct known *known = &r->rules[r->rules_n++];
    *known = (struct known){.number = NUMBER_NONE};
    if (!r->add)
        return;
    known->number = number_of(r->a, &r->rule);
    if (known->number == NUMBER_NONE)
        known->gone = gone_set(&r->rule);
}

static void take_alert(struct source *s, struct reading_back *r)
{
    get_alert(s, &r->alert);
    s->bad = s->bad || r->alert.rule >= r->rules_n;
    if (r->add && !s->bad)
        restore_alert(r);
}

static enum nabla_status read_all(struct reading_back *r, struct source s)
{
    uint64_t n = get(&s, 4), keys[ALERT_TARGETS_MAX];
    r->rules_n = 0;
    for (int t = 0; t < ALERT_TARGETS_MAX; t++)
        keys[t] = get(&s, 8);
    if (r->add)
        memcpy(r->a->keys, keys, sizeof keys);
    for (uint64_t i = 0; i < n && !s.bad; i++) {
        uint64_t kind = get(&s, 1);
        if (kind == SAVED_RULE)
            take_rule(&s, r);
        else if (kind == SAVED_ALERT)
            take_alert(&s, r);
        else
            s.bad = true;
    }
    for (uint32_t i = 0; r->add && i < r->rules_n; i++)
        leave(r->a, &r->rules[i]);
    return s.bad || s.at != s.end ? NABLA_EINVAL : r->status;
}

enum nabla_status alerts_restore(struct alerts *a, const char *bytes, size_t n)
{
    struct source s = {bytes, bytes + n, false};
    if (n < SAVED_HEAD || memcmp(bytes, saved_magic, sizeof saved_magic) != 0)
        return NABLA_EINVAL;
    s.at += sizeof saved_magic;
    uint64_t sum = get(&s, 8);
    if (sum != saved_checksum(s.at, (size_t)(s.end - s.at)))
        return NABLA_EINVAL;
    struct reading_back *r = calloc(1, sizeof *r);
    if (r == NULL)
        return NABLA_ENOMEM;
    pthread_mutex_lock(&a->lock);
    r->a = a;
    enum nabla_status status = read_all(r, s);
    r->add = true;
    if (status == NABLA_OK)
        status = read_all(r, s);
    pthread_mutex_unlock(&a->lock);
    free(r);
    return status;
}
