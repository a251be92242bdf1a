/* series/relabel_rule.c -- a rule as it is written: what goes together, its texts, its expression.
 * Elsewhere: what rules do to a line (relabel.c). */
#include "series/relabel_rule.h"

#include "base/exposed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const actions[] = {"replace",   "keep",      "drop",     "keepequal",
                                      "dropequal", "hashmod",   "labelmap", "labeldrop",
                                      "labelkeep", "lowercase", "uppercase"};
_Static_assert(sizeof actions / sizeof *actions == RELABEL_ACTIONS, "each has its word");

bool relabel_action_find(const char *word, enum relabel_action *out)
{
    for (unsigned i = 0; i < RELABEL_ACTIONS; i++)
        if (strcmp(word, actions[i]) == 0) {
            *out = (enum relabel_action)i;
            return true;
        }
    return false;
}

static bool is_word_char(char c)
{
    return exposed_holds(c, false);
}

size_t relabel_variable(const char *p, size_t n, const char **name, size_t *name_n)
{
    bool brace = n > 1 && p[1] == '{';
    size_t start = brace ? 2 : 1, end = start;
    while (end < n && is_word_char(p[end]))
        end++;
    if (end == start || (brace && (end == n || p[end] != '}')))
        return 0;
    *name = p + start;
    *name_n = end - start;
    return end + brace;
}

/* A label's name in which variables may stand: each part begins with a letter, _ or a variable. */
static bool is_target(const char *text)
{
    size_t n = strlen(text), name_n;
    const char *name;
    bool begun = false;
    for (size_t i = 0; i < n;) {
        size_t used = text[i] == '$' ? relabel_variable(text + i, n - i, &name, &name_n) : 0;
        if (used == 0 && (!is_word_char(text[i]) || (!begun && text[i] >= '0' && text[i] <= '9')))
            return false;
        i += used == 0 ? 1 : used;
        begun = true;
    }
    return begun;
}

static bool refuse(char why[static RELABEL_WHY_MAX], const char *format, const char *a)
{
    snprintf(why, RELABEL_WHY_MAX, format, a);
    return false;
}

static bool is_one_of(enum relabel_action a, unsigned set)
{
    return (set & 1U << a) != 0;
}

/* As Prometheus judges what goes together. */
static bool is_coherent(const struct relabel_text *t, char why[static RELABEL_WHY_MAX])
{
    const unsigned equal = 1U << RELABEL_KEEPEQUAL | 1U << RELABEL_DROPEQUAL,
                   cases = 1U << RELABEL_LOWERCASE | 1U << RELABEL_UPPERCASE,
                   names = 1U << RELABEL_LABELDROP | 1U << RELABEL_LABELKEEP,
                   wants_target = equal | cases | 1U << RELABEL_REPLACE | 1U << RELABEL_HASHMOD;
    const char *word = actions[t->action];
    if (is_one_of(t->action, wants_target) && t->target == NULL)
        return refuse(why, "action %s needs target_label", word);
    if (t->action == RELABEL_HASHMOD && t->modulus == 0)
        return refuse(why, "action %s needs a modulus above 0", word);
    if (t->target != NULL && is_one_of(t->action, cases | 1U << RELABEL_REPLACE) &&
        !is_target(t->target))
        return refuse(why, "target_label \"%.128s\" is no label's name", t->target);
    if (t->target != NULL && is_one_of(t->action, equal | 1U << RELABEL_HASHMOD) &&
        !exposed_is_clean(t->target, strlen(t->target)))
        return refuse(why, "target_label \"%.128s\" is no label's name", t->target);
    if (is_one_of(t->action, equal | cases) && t->replacement != NULL)
        return refuse(why, "action %s takes no replacement", word);
    if (is_one_of(t->action, equal) &&
        (t->regex != NULL || t->modulus != 0 || t->separator != NULL))
        return refuse(why, "action %s takes only source_labels and target_label", word);
    if (is_one_of(t->action, names) && (t->sources_n > 0 || t->target != NULL || t->modulus != 0 ||
                                        t->separator != NULL || t->replacement != NULL))
        return refuse(why, "action %s takes only regex", word);
    if (t->action == RELABEL_LABELMAP && t->replacement != NULL && !is_target(t->replacement))
        return refuse(why, "replacement \"%.128s\" makes no label's name", t->replacement);
    for (uint32_t i = 0; i < t->sources_n; i++)
        if (!exposed_is_clean(t->sources[i], strlen(t->sources[i])))
            return refuse(why, "source_labels: \"%.128s\" is no label's name", t->sources[i]);
    return true;
}

static bool copy_text(struct text *out, const char *text)
{
    out->n = strlen(text);
    out->at = strdup(text);
    return out->at != NULL;
}

static enum nabla_status compile(struct rule *x, const char *regex,
                                 char why[static RELABEL_WHY_MAX])
{
    static const uint32_t options = PCRE2_UTF | PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_DOTALL |
                                    PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C;
    int error;
    size_t at;
    PCRE2_UCHAR message[RELABEL_WHY_MAX / 2];
    x->code = pcre2_compile((PCRE2_SPTR)regex, strlen(regex), options, &error, &at, NULL);
    if (x->code == NULL) {
        pcre2_get_error_message(error, message, sizeof message);
        snprintf(why, RELABEL_WHY_MAX, "bad regular expression, at byte %zu: %s", at,
                 (const char *)message);
        return error == PCRE2_ERROR_HEAP_FAILED ? NABLA_ENOMEM : NABLA_EINVAL;
    }
    pcre2_pattern_info(x->code, PCRE2_INFO_CAPTURECOUNT, &x->groups);
    int jit = pcre2_jit_compile(x->code, PCRE2_JIT_COMPLETE);
    (void)jit; /* refused: the interpreter runs it */
    return NABLA_OK;
}

void relabel_rule_fini(struct rule *x)
{
    for (uint32_t i = 0; i < x->sources_n; i++)
        free(x->sources[i].at);
    free(x->separator.at);
    free(x->target.at);
    free(x->replacement.at);
    pcre2_code_free(x->code);
}

enum nabla_status relabel_rule_init(struct rule *x, const struct relabel_text *t,
                                    char why[static RELABEL_WHY_MAX])
{
    if (!is_coherent(t, why))
        return NABLA_EINVAL;
    bool any = t->regex == NULL || strcmp(t->regex, "(.*)") == 0;
    bool good = copy_text(&x->separator, t->separator != NULL ? t->separator : ";") &&
                copy_text(&x->target, t->target != NULL ? t->target : "") &&
                copy_text(&x->replacement, t->replacement != NULL ? t->replacement : "$1");
    x->action = t->action;
    x->modulus = t->modulus;
    x->plain = any && strcmp(x->replacement.at != NULL ? x->replacement.at : "", "$1") == 0 &&
               t->target != NULL && strchr(t->target, '$') == NULL;
    for (; good && x->sources_n < t->sources_n; x->sources_n++)
        good = copy_text(&x->sources[x->sources_n], t->sources[x->sources_n]);
    return !good ? NABLA_ENOMEM : compile(x, any ? "(.*)" : t->regex, why);
}
