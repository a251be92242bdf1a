/* series/filter.c -- a plan for each metric and shape that comes by.
 *
 *     temperature{site="a",sensor=~"s1.*"} of metric temperature, shape [sensor, site, unit]
 *         __name__ holds, for all of them     ─► nothing left to ask
 *         site: value 1                       ─► step
 *         sensor: value 0                     ─► step
 *
 * Law: the same answer as selector_match of the unpacked labels (test_filter.c).
 *
 * Exposed, a matcher of the name is asked of all names that the metric has; one of a label that only
 * comes to its name by being made valid, or stands on a line beside the series' own, is not asked. */
#include "series/filter.h"

#include "base/exposed.h"

#include <string.h>

void filter_init(struct filter *f, const struct vocabulary *names,
                 const struct selector *const *any, uint32_t any_n, bool exposed)
{
    *f = (struct filter){.names = names, .any = any, .any_n = any_n, .exposed = exposed};
}

void filter_forget(struct filter *f)
{
    for (int i = 0; i < FILTER_PLANS; i++)
        f->plans[i].made = false;
}

/* ---- plans */

static bool is_metric(const struct label *l)
{
    return l->name_n == sizeof LABEL_METRIC - 1 && memcmp(l->name, LABEL_METRIC, l->name_n) == 0;
}

/* Which of a shape's values is the label's; -1: none. */
static int value_of(const struct vocabulary *v, uint32_t shape, const struct label *l)
{
    const struct entry *x = dictionary_at(&v->shapes, shape);
    const unsigned char *p = (const unsigned char *)x->text, *end = p + x->n;
    for (int i = 0; p < end; i++) {
        uint32_t n = identity_number(&p);
        if (n == l->name_n && memcmp(p, l->name, n) == 0)
            return i;
        p += n;
    }
    return -1;
}

static bool any_name_holds(const struct selector *s, size_t matcher, const struct entry *metric)
{
    char name[EXPOSED_NAME_MAX + EXPOSED_SUFFIX_MAX];
    size_t n = exposed_metric(name, metric->text, metric->n);
    bool holds = selector_holds(s, matcher, metric->text, metric->n);
    for (unsigned view = 0; view <= VIEW_VALUE && !holds; view++) {
        exposed_suffix(view, name + n);
        holds = selector_holds(s, matcher, name, n + strlen(name + n));
    }
    return holds;
}

/* Valid names are made with '_', and lines have no labels besides but "extreme" and "limit". */
bool filter_may_be_made(const struct label *l)
{
    return memchr(l->name, '_', l->name_n) != NULL ||
           (l->name_n == 7 && memcmp(l->name, "extreme", 7) == 0) ||
           (l->name_n == 5 && memcmp(l->name, "limit", 5) == 0);
}

/* Is there a label that has to be made valid in the shape? */
static bool is_clean_shape(const struct vocabulary *v, uint32_t shape)
{
    const struct entry *x = dictionary_at(&v->shapes, shape);
    const unsigned char *p = (const unsigned char *)x->text, *end = p + x->n;
    while (p < end) {
        uint32_t n = identity_number(&p);
        if (!exposed_is_clean((const char *)p, n))
            return false;
        p += n;
    }
    return true;
}

/* Exposed: must a matcher be left to who knows the line? */
static bool is_open(const struct filter *f, const struct plan *plan, const struct label *l,
                    int value)
{
    if (!f->exposed || !filter_may_be_made(l))
        return false;
    return value < 0 || !is_clean_shape(f->names, plan->shape);
}

static bool name_holds(const struct filter *f, const struct plan *plan, const struct selector *s,
                       size_t matcher)
{
    const struct entry *metric = dictionary_at(&f->names->metrics, plan->metric);
    return f->exposed ? any_name_holds(s, matcher, metric)
                      : selector_holds(s, matcher, metric->text, metric->n);
}

/* Every label that series of that metric and shape have. */
static bool admits_labels(const struct filter *f, const struct plan *plan, const struct selector *s)
{
    const struct entry *x = dictionary_at(&f->names->shapes, plan->shape);
    const unsigned char *p = (const unsigned char *)x->text, *end = p + x->n;
    bool admits = dictionary_at(&f->names->metrics, plan->metric)->n == 0 ||
                  selector_admits(s, LABEL_METRIC, sizeof LABEL_METRIC - 1);
    while (p < end && admits) {
        uint32_t n = identity_number(&p);
        admits = selector_admits(s, (const char *)p, n);
        p += n;
    }
    return admits;
}

/* Adds one selector's steps. False if it does not match whatever the values are, or if there are
 * too many, which plan->by_labels says. */
static bool add_selector(const struct filter *f, struct plan *plan, uint32_t number)
{
    const struct selector *s = f->any[number];
    uint8_t before = plan->steps_n;
    if (!admits_labels(f, plan, s))
        return false;
    for (size_t i = 0; i < selector_size(s); i++) {
        struct label l = selector_label(s, i);
        bool is_name = is_metric(&l);
        int value = is_name ? -1 : value_of(f->names, plan->shape, &l);
        if (is_open(f, plan, &l, value) && !is_name)
            continue;
        if (value < 0) {
            if (!(is_name ? name_holds(f, plan, s, i) : selector_holds(s, i, "", 0))) {
                plan->steps_n = before;
                return false;
            }
            continue;
        }
        plan->by_labels |= plan->steps_n == FILTER_STEPS;
        if (plan->by_labels)
            return false;
        plan->steps[plan->steps_n++] =
            (struct step){(uint16_t)number, (uint16_t)i, (uint16_t)value};
    }
    plan->always |= plan->steps_n == before;
    return true;
}

static void make_plan(const struct filter *f, struct plan *plan, uint32_t metric, uint32_t shape)
{
    *plan = (struct plan){.metric = metric, .shape = shape, .made = true};
    for (uint32_t i = 0; i < f->any_n && !plan->always && !plan->by_labels; i++)
        (void)add_selector(f, plan, i);
}

static const struct plan *plan_for(struct filter *f, uint32_t metric, uint32_t shape)
{
    struct plan *plan = &f->plans[(metric + shape) % FILTER_PLANS];
    if (!plan->made || plan->metric != metric || plan->shape != shape)
        make_plan(f, plan, metric, shape);
    return plan;
}

/* ---- a series */

struct value {
    const char *at;
    uint32_t n;
};

/* Values [0..n) of an identity; p stands before the first. */
static void find_values(const unsigned char *p, uint32_t n, struct value out[LABELS_MAX])
{
    for (uint32_t i = 0; i < n; i++) {
        out[i].n = identity_number(&p);
        out[i].at = (const char *)p;
        p += out[i].n;
    }
}

/* True if all steps of one of the selectors hold. */
static bool steps_hold(const struct filter *f, const struct plan *plan, const unsigned char *p)
{
    struct value values[LABELS_MAX];
    uint32_t known = 0;
    for (uint32_t i = 0; i < plan->steps_n; i++)
        known = plan->steps[i].value >= known ? plan->steps[i].value + 1u : known;
    find_values(p, known, values);
    for (uint32_t i = 0; i < plan->steps_n;) {
        uint32_t selector = plan->steps[i].selector;
        bool holds = true;
        for (; i < plan->steps_n && plan->steps[i].selector == selector; i++) {
            const struct value *v = &values[plan->steps[i].value];
            holds = holds && selector_holds(f->any[selector], plan->steps[i].matcher, v->at, v->n);
        }
        if (holds)
            return true;
    }
    return false;
}

static bool labels_match(const struct filter *f, const unsigned char *id)
{
    union {
        struct labelset labels;
        char room[LABELSET_MAX];
    } w;
    identity_unpack(f->names, id, &w.labels);
    for (uint32_t i = 0; i < f->any_n; i++)
        if (selector_match(f->any[i], &w.labels))
            return true;
    return false;
}

bool filter_match(struct filter *f, const unsigned char *id)
{
    if (f->any_n == 0)
        return true;
    const unsigned char *p = id;
    uint32_t metric = identity_number(&p);
    const struct plan *plan = plan_for(f, metric, identity_number(&p));
    if (plan->by_labels)
        return f->exposed || labels_match(f, id);
    return plan->always || (plan->steps_n > 0 && steps_hold(f, plan, p));
}
