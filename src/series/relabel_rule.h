/* series/relabel_rule.h -- one rule, judged and compiled. Private to relabel*.c. */
#ifndef SERIES_RELABEL_RULE_H
#define SERIES_RELABEL_RULE_H

#include "series/relabel.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

enum {
    MEMO_MAX = 256, /* bytes of a source, and of what came of it */
    GROUPS = 64,    /* that a template can name, the whole match among them */
};

struct text {
    char *at; /* owned */
    size_t n;
};

struct rule {
    enum relabel_action action;
    struct text sources[RELABEL_SOURCES_MAX];
    uint32_t sources_n;
    struct text separator, target, replacement;
    uint64_t modulus;
    pcre2_code *code; /* NULL: (.*), which matches anything */
    uint32_t groups;  /* of the expression */
    bool plain;       /* the replacement is $1, and the expression (.*) */
    struct memo {
        bool known, matched;
        uint32_t source_n, target_n, value_n;
        char source[MEMO_MAX], target[MEMO_MAX], value[MEMO_MAX];
    } memo;
};

/* Fills a zeroed rule. Errors: NABLA_EINVAL, why then says what does not go together; NABLA_ENOMEM;
 * relabel_rule_fini is due in any case. */
MUST_CHECK enum nabla_status relabel_rule_init(struct rule *x, const struct relabel_text *t,
                                               char why[static RELABEL_WHY_MAX]);
void relabel_rule_fini(struct rule *x);

/* ${name} or $name at p; its length, 0 if there is none. *name is what stands in it. */
size_t relabel_variable(const char *p, size_t n, const char **name, size_t *name_n);

#endif
