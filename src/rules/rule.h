/* rules/rule.h -- an alert as a file has it, compiled. Reading the file is conf's. */
#ifndef RULES_RULE_H
#define RULES_RULE_H

#include "rules/expression.h"
#include "rules/template.h"
#include "series/selector.h"

#include <stdint.h>

enum {
    RULES_MAX = 1024,      /* of all files together */
    RULE_GROUPS_MAX = 256, /* the same */
    RULE_TEXTS_MAX = 32,   /* labels, or annotations, of one rule */
};

/* What an unknown condition means while the series is silent. */
enum no_data {
    NO_DATA_KEEP,    /* nothing changes */
    NO_DATA_RESOLVE, /* `when` is no, and `clear` yes */
    NO_DATA_ALERT,   /* `when` is yes */
};

/* A label or an annotation: its text may speak of the alert. */
struct rule_text {
    char *name;             /* owned */
    struct template *value; /* owned */
};
struct rule_texts {
    struct rule_text at[RULE_TEXTS_MAX]; /* by name */
    uint32_t n;
};

struct rule {
    char *alert;               /* owned: the alert's name */
    struct selector *selector; /* owned; used by one thread at a time */
    char *match, *when_text;   /* owned: what was written, for who asks */
    char *clear_text;          /* owned; NULL: the opposite of when */
    struct expression when, clear;
    int64_t for_ns;             /* `when` must hold so long; 0: at once */
    int64_t keep_firing_for_ns; /* `clear` must hold so long; 0: at once */
    enum no_data no_data;
    double min_confidence; /* of when: standard errors, 0 or more: expression.h */
    struct rule_texts labels, annotations;
};

struct rule_group {
    char *name;         /* owned */
    char *file;         /* owned: where it stands, as the configuration names it */
    struct rule *rules; /* owned */
    uint32_t n;
};

struct rules {
    struct rule_group *groups; /* owned */
    uint32_t groups_n;
    uint32_t n; /* rules in all */
};

void rules_fini(struct rules *r); /* frees what it owns; accepts a zeroed or half-built one */
void rule_fini(struct rule *r);   /* the same */

/* The text of that name, or NULL. */
const struct rule_text *rule_text_find(const struct rule_texts *t, const char *name, size_t n);

#endif
