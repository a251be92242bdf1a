/* rules/alert.h -- how an alert is told: its labels and annotations, made for one series. Pure. */
#ifndef RULES_ALERT_H
#define RULES_ALERT_H

#include "rules/rule.h"

enum {
    ALERT_LABELS_MAX = LABELS_MAX + RULE_TEXTS_MAX + 1,
    ALERT_TEXT_MAX = 64 * 1024, /* bytes of what templates of one alert give, all together */
};

/* Borrows the rule, the series' labels, and text[] of its own. */
struct alert_told {
    struct label labels[ALERT_LABELS_MAX]; /* by name */
    uint32_t labels_n;
    struct label annotations[RULE_TEXTS_MAX]; /* by name */
    uint32_t annotations_n;
    double value; /* as {{ $value }}; NaN: not known */
    uint32_t text_n;
    char text[ALERT_TEXT_MAX];
};

/* As Prometheus makes them: the series' labels without the metric's name, the rule's labels over them
 * (one that comes out empty takes the label away), and alertname over all. What does not fit into
 * text is cut; a label's value is at most LABEL_VALUE_MAX bytes. */
void alert_tell(const struct rule *rule, const struct labelset *series, const struct facts *f,
                struct alert_told *out);

/* {{ $value }} of a rule: the subject of `when`, per the series' unit. NaN: not known. */
double alert_value(const struct rule *rule, const struct facts *f);

/* How far a series is from making `when` hold: struct expression_gap, per the series' unit. */
struct alert_gap {
    double value, threshold, distance;
    double share, eta_s;
    const char
        *unit; /* of value, threshold and distance: "1/min", "s"; "": the sender's own; static */
    const struct comparison *comparison; /* that they are of; borrowed from `when` */
};
void alert_gap_of(const struct expression *when, const struct facts *f, struct alert_gap *out);

#endif
