/* rules/alert.c -- a series' labels and a rule's, merged in the order of their names. */
#include "rules/alert.h"

#include <math.h>
#include <string.h>

#define ALERT_NAME "alertname"

static int compare_names(const char *a, size_t a_n, const char *b, size_t b_n)
{
    int d = memcmp(a, b, a_n < b_n ? a_n : b_n);
    return d != 0 ? d : (a_n > b_n) - (a_n < b_n);
}

/* Takes the place of a label of that name, or its own in the order. */
static void set_label(struct alert_told *out, struct label l)
{
    uint32_t i = 0;
    int d = 1;
    while (i < out->labels_n &&
           (d = compare_names(out->labels[i].name, out->labels[i].name_n, l.name, l.name_n)) < 0)
        i++;
    if (i < out->labels_n && d == 0) {
        out->labels[i] = l;
        return;
    }
    if (out->labels_n == ALERT_LABELS_MAX)
        return;
    memmove(&out->labels[i + 1], &out->labels[i], (out->labels_n - i) * sizeof l);
    out->labels[i] = l;
    out->labels_n++;
}

static void drop_empty_labels(struct alert_told *out)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < out->labels_n; i++)
        if (out->labels[i].value_n > 0)
            out->labels[kept++] = out->labels[i];
    out->labels_n = kept;
}

static struct label render(const struct rule_text *t, const struct template_input *in, size_t most,
                           struct alert_told *out)
{
    char *to = out->text + out->text_n;
    size_t left = ALERT_TEXT_MAX - out->text_n;
    size_t n = template_render(t->value, in, to, left < most ? left : most);
    out->text_n += (uint32_t)n;
    return (struct label){
        .name = t->name, .name_n = (uint32_t)strlen(t->name), .value = to, .value_n = (uint32_t)n};
}

/* From a power of seconds to the same of the series' unit. */
static double in_unit(double v, int powers, enum per per)
{
    for (; powers < 0; powers++)
        v *= per_seconds(per);
    return v;
}

static const char *unit_of(int powers, enum per per)
{
    static const char *const twice[] = {"1/s2", "1/min2", "1/h2"};
    switch (powers) {
    case 1: return "s";
    case -1: return per_unit(per);
    case -2: return twice[per];
    default: return "";
    }
}

static int powers_of(const struct rule *rule)
{
    return rule->when.comparisons[0].subject_powers;
}

double alert_value(const struct rule *rule, const struct facts *f)
{
    return in_unit(expression_subject(&rule->when, f), powers_of(rule), f->per);
}

void alert_gap_of(const struct expression *when, const struct facts *f, struct alert_gap *out)
{
    struct expression_gap gap;
    expression_gap(when, f, &gap);
    const struct comparison *c = &when->comparisons[gap.comparison];
    *out = (struct alert_gap){
        .value = in_unit(gap.subject, c->subject_powers, f->per),
        .threshold = in_unit(gap.threshold, c->subject_powers, f->per),
        .distance = in_unit(gap.distance, c->subject_powers, f->per),
        .share = gap.share,
        .eta_s = gap.eta_s,
        .unit = unit_of(c->subject_powers, f->per),
        .comparison = c,
    };
}

/* To the limit that the rule speaks of, else to the first that the series has. */
static double eta_of(const struct rule *rule, const struct facts *f)
{
    if (rule->when.has_eta)
        return facts_eta(f, rule->when.eta_limit);
    if (rule->clear.has_eta)
        return facts_eta(f, rule->clear.eta_limit);
    return f->limit_eta_s;
}

void alert_tell(const struct rule *rule, const struct labelset *series, const struct facts *f,
                struct alert_told *out)
{
    struct template_input in = {.labels = series,
                                .value = alert_value(rule, f),
                                .unit = unit_of(powers_of(rule), f->per),
                                .eta_s = eta_of(rule, f)};
    struct label_cursor cursor = {0};
    struct label l;
    out->labels_n = out->annotations_n = out->text_n = 0;
    out->value = in.value;
    while (labelset_next(series, &cursor, &l))
        if (compare_names(l.name, l.name_n, LABEL_METRIC, sizeof LABEL_METRIC - 1) != 0)
            set_label(out, l);
    for (uint32_t i = 0; i < rule->labels.n; i++)
        set_label(out, render(&rule->labels.at[i], &in, LABEL_VALUE_MAX, out));
    set_label(out, (struct label){.name = ALERT_NAME,
                                  .name_n = sizeof ALERT_NAME - 1,
                                  .value = rule->alert,
                                  .value_n = (uint32_t)strlen(rule->alert)});
    drop_empty_labels(out);
    for (uint32_t i = 0; i < rule->annotations.n; i++)
        out->annotations[out->annotations_n++] =
            render(&rule->annotations.at[i], &in, TEMPLATE_VALUE_MAX, out);
}
