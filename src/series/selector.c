/* series/selector.c -- matchers that were read from text, compiled, and asked.
 *
 *     text ──selector_text_read──► names, operators, values ──PCRE2──► matchers, tried in order
 *
 * Expressions are compiled as Prometheus means them: anchored at both ends, '.' also for a line
 * break, groups that capture nothing. Where memory may not be made executable the JIT compiler is
 * refused, and PCRE2's interpreter does the same work more slowly, with SELECTOR_DEPTH_LIMIT.
 * Laws: a selector never takes longer on a value than its limits allow (test_selector.c: evil). */
#include "series/selector.h"

#include "series/selector_text.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

enum {
    HEAP_KIB = 8 * 1024,        /* of the interpreter's backtracking, for one value */
    JIT_STACK_MIN = 32 * 1024,  /* bytes; it grows as it is used */
    JIT_STACK_MAX = 512 * 1024, /* enough for (a|b)* on LABEL_VALUE_MAX bytes */
};

struct matcher {
    enum match_op op;
    const char *name, *value; /* in the selector's arena */
    size_t name_n, value_n;
    pcre2_code *code; /* NULL unless op is one of the two with an expression */
};

struct selector {
    pcre2_match_data *data; /* these three: NULL without expressions */
    pcre2_match_context *context;
    pcre2_jit_stack *stack;
    struct effort *effort; /* borrowed; NULL: nobody wants to know */
    uint32_t regexes;
    bool closed;
    size_t n;
    struct matcher at[SELECTOR_MATCHERS_MAX];
    char arena[];
};

/* What the matchers of one selector share while they match. */
static bool prepare_context(struct selector *s)
{
    if (s->context != NULL)
        return true;
    s->data = pcre2_match_data_create(1, NULL);
    s->context = pcre2_match_context_create(NULL);
    s->stack = pcre2_jit_stack_create(JIT_STACK_MIN, JIT_STACK_MAX, NULL);
    if (s->data == NULL || s->context == NULL)
        return false;
    pcre2_set_depth_limit(s->context, SELECTOR_DEPTH_LIMIT);
    pcre2_set_heap_limit(s->context, HEAP_KIB);
    if (s->stack != NULL) /* without: PCRE2 takes 32 KiB of the thread's */
        pcre2_jit_stack_assign(s->context, NULL, s->stack);
    return true;
}

static enum nabla_status compile(struct selector *s, struct matcher *m, size_t *error_at,
                                 PCRE2_UCHAR message[static SELECTOR_MESSAGE_MAX / 2])
{
    static const uint32_t options = PCRE2_UTF | PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_DOTALL |
                                    PCRE2_DOLLAR_ENDONLY | PCRE2_NO_AUTO_CAPTURE |
                                    PCRE2_NEVER_BACKSLASH_C;
    int error;
    if (!prepare_context(s))
        return NABLA_ENOMEM;
    m->code = pcre2_compile((PCRE2_SPTR)m->value, m->value_n, options, &error, error_at, NULL);
    if (m->code == NULL) {
        pcre2_get_error_message(error, message, SELECTOR_MESSAGE_MAX / 2);
        return error == PCRE2_ERROR_HEAP_FAILED ? NABLA_ENOMEM : NABLA_EINVAL;
    }
    int jit = pcre2_jit_compile(m->code, PCRE2_JIT_COMPLETE);
    (void)jit; /* refused: the interpreter runs it */
    return NABLA_OK;
}

static enum nabla_status add_matcher(struct selector *s, const struct matcher_text *from,
                                     const char *text, size_t n, struct selector_fault *fault)
{
    struct matcher *m = &s->at[s->n++];
    *m = (struct matcher){.op = from->op,
                          .name = from->name,
                          .name_n = from->name_n,
                          .value = from->value,
                          .value_n = from->value_n};
    if (m->op != MATCH_REGEX && m->op != MATCH_NOT_REGEX)
        return NABLA_OK;
    if (s->regexes++ == SELECTOR_REGEXES_MAX) {
        selector_fault_set(fault, from->value_at, "more than %d regular expressions",
                           SELECTOR_REGEXES_MAX);
        return NABLA_EINVAL;
    }
    size_t error_at;
    PCRE2_UCHAR why[SELECTOR_MESSAGE_MAX / 2];
    enum nabla_status status = compile(s, m, &error_at, why);
    if (status == NABLA_EINVAL)
        selector_fault_set(fault, selector_text_offset(text, n, from->value_at, error_at),
                           "bad regular expression: %s", (const char *)why);
    return status;
}

/* What PCRE2 says of a value, with a limit for its steps. */
static int run(const struct selector *s, const struct matcher *m, const char *value, size_t n,
               uint32_t steps)
{
    pcre2_set_match_limit(s->context, steps);
    return pcre2_match(m->code, (PCRE2_SPTR)value, n, 0, 0, s->data, s->context);
}

static uint32_t easy_steps(size_t n)
{
    size_t steps = EFFORT_EASY / (n + 1);
    return steps < SELECTOR_MATCH_LIMIT ? (uint32_t)steps : SELECTOR_MATCH_LIMIT;
}

/* Did it end at a limit, of steps, depth or memory? */
static bool is_limit(int said)
{
    return said <= PCRE2_ERROR_JIT_STACKLIMIT;
}

static bool fits(const struct selector *s, const struct matcher *m, const char *value, size_t n)
{
    struct effort *e = s->effort;
    if (e == NULL)
        return run(s, m, value, n, SELECTOR_MATCH_LIMIT) >= 0;
    if (effort_is_spent(e))
        return false;
    uint32_t steps = easy_steps(n);
    int said = run(s, m, value, n, steps);
    bool dear = is_limit(said);
    if (said == PCRE2_ERROR_MATCHLIMIT && steps < SELECTOR_MATCH_LIMIT)
        said = run(s, m, value, n, SELECTOR_MATCH_LIMIT);
    e->asked++;
    e->dear += dear;
    e->overruns += is_limit(said);
    return said >= 0;
}

static bool matcher_holds(const struct selector *s, const struct matcher *m, const char *value,
                          size_t n)
{
    bool equal =
        m->code == NULL ? n == m->value_n && memcmp(value, m->value, n) == 0 : fits(s, m, value, n);
    return equal == (m->op == MATCH_EQUAL || m->op == MATCH_REGEX);
}

static bool demands_something(const struct selector *s)
{
    for (size_t i = 0; i < s->n; i++)
        if (!matcher_holds(s, &s->at[i], "", 0))
            return true;
    return false;
}

static enum nabla_status fill(struct selector *s, const char *text, size_t n,
                              struct selector_fault *fault)
{
    struct selector_text read;
    enum nabla_status status = selector_text_read(text, n, s->arena, &read, fault);
    for (size_t i = 0; status == NABLA_OK && i < read.n; i++)
        status = add_matcher(s, &read.at[i], text, n, fault);
    if (status != NABLA_OK || demands_something(s))
        return status;
    selector_fault_set(fault, 0,
                       "it matches everything: at least one matcher must refuse the "
                       "empty value");
    return NABLA_EINVAL;
}

enum nabla_status selector_new(const char *text, size_t n, struct selector **out,
                               struct selector_fault *fault)
{
    if (n > SELECTOR_TEXT_MAX) {
        selector_fault_set(fault, SELECTOR_TEXT_MAX, "a selector longer than %d bytes",
                           SELECTOR_TEXT_MAX);
        return NABLA_EINVAL;
    }
    struct selector *s = calloc(1, sizeof *s + n);
    if (s == NULL)
        return NABLA_ENOMEM;
    enum nabla_status status = fill(s, text, n, fault);
    if (status != NABLA_OK) {
        selector_free(s);
        return status;
    }
    *out = s;
    return NABLA_OK;
}

void selector_free(struct selector *s)
{
    if (s == NULL)
        return;
    for (size_t i = 0; i < s->n; i++)
        pcre2_code_free(s->at[i].code);
    pcre2_match_data_free(s->data);
    pcre2_match_context_free(s->context);
    pcre2_jit_stack_free(s->stack);
    free(s);
}

void selector_charge(struct selector *s, struct effort *effort)
{
    s->effort = effort;
}

void selector_close(struct selector *s)
{
    s->closed = true;
}

bool selector_admits(const struct selector *s, const char *name, size_t n)
{
    bool admits = !s->closed;
    for (size_t i = 0; i < s->n && !admits; i++)
        admits = s->at[i].name_n == n && memcmp(s->at[i].name, name, n) == 0;
    return admits;
}

static bool admits_all(const struct selector *s, const struct labelset *labels)
{
    struct label_cursor cursor = {0};
    struct label l;
    while (s->closed && labelset_next(labels, &cursor, &l))
        if (l.value_n > 0 && !selector_admits(s, l.name, l.name_n))
            return false;
    return true;
}

bool selector_match(const struct selector *s, const struct labelset *labels)
{
    static const struct label lacking = {.name = "", .value = ""};
    if (!admits_all(s, labels))
        return false;
    for (size_t i = 0; i < s->n; i++) {
        const struct matcher *m = &s->at[i];
        struct label l = lacking;
        labelset_get(labels, m->name, m->name_n, &l); /* untouched if it has none */
        if (!matcher_holds(s, m, l.value, l.value_n))
            return false;
    }
    return true;
}

size_t selector_size(const struct selector *s)
{
    return s->n;
}

uint32_t selector_regexes(const struct selector *s)
{
    return s->regexes;
}

bool selector_holds(const struct selector *s, size_t matcher, const char *value, size_t n)
{
    return matcher_holds(s, &s->at[matcher], value, n);
}

struct label selector_label(const struct selector *s, size_t matcher)
{
    const struct matcher *m = &s->at[matcher];
    bool exact = m->op == MATCH_EQUAL && m->value_n > 0;
    return (struct label){m->name, exact ? m->value : NULL, (uint32_t)m->name_n,
                          exact ? (uint32_t)m->value_n : 0};
}

const char *selector_metric(const struct selector *s, size_t *n)
{
    for (size_t i = 0; i < s->n; i++) {
        const struct matcher *m = &s->at[i];
        if (m->op == MATCH_EQUAL && m->name_n == strlen(LABEL_METRIC) &&
            memcmp(m->name, LABEL_METRIC, m->name_n) == 0 && m->value_n > 0) {
            *n = m->value_n;
            return m->value;
        }
    }
    return NULL;
}
