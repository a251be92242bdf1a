/* rules/rule.c -- what rules own. */
#include "rules/rule.h"

#include <stdlib.h>
#include <string.h>

static void texts_fini(struct rule_texts *t)
{
    for (uint32_t i = 0; i < t->n; i++) {
        free(t->at[i].name);
        template_free(t->at[i].value);
    }
}

void rule_fini(struct rule *r)
{
    free(r->alert);
    free(r->match);
    free(r->when_text);
    free(r->clear_text);
    selector_free(r->selector);
    texts_fini(&r->labels);
    texts_fini(&r->annotations);
    *r = (struct rule){0};
}

void rules_fini(struct rules *r)
{
    for (uint32_t g = 0; g < r->groups_n; g++) {
        for (uint32_t i = 0; i < r->groups[g].n; i++)
            rule_fini(&r->groups[g].rules[i]);
        free(r->groups[g].rules);
        free(r->groups[g].name);
        free(r->groups[g].file);
    }
    free(r->groups);
    *r = (struct rules){0};
}

const struct rule_text *rule_text_find(const struct rule_texts *t, const char *name, size_t n)
{
    for (uint32_t i = 0; i < t->n; i++)
        if (strlen(t->at[i].name) == n && memcmp(t->at[i].name, name, n) == 0)
            return &t->at[i];
    return NULL;
}
