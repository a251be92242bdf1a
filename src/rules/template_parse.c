/* rules/template_parse.c -- a template's text to calls, everything judged that can be: names, the
 * number and kind of arguments, the verbs of formats.
 *
 *     text {{ $value | humanize }} text      LITERAL | NONE value | HUMANIZE piped, last | LITERAL
 *
 * Laws: what is compiled cannot fail when it is rendered. */
#include "base/number.h"
#include "rules/template_code.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct parser {
    struct template *t;
    const char *text;
    size_t n, at;
    struct text_fault *fault;
    bool piped_number; /* what stands left of the | */
};

#define FAIL(p, at, ...) (text_fault_set((p)->fault, (at), __VA_ARGS__), false)

static const char supported[] =
    "there are $labels.NAME, $value, $unit, $eta and the functions humanize, humanize1024, "
    "humanizeDuration, humanizePercentage, humanizeTimestamp, toUpper, toLower, title and printf, "
    "joined by |";

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static void skip_blanks(struct parser *p)
{
    while (p->at < p->n && is_blank(p->text[p->at]))
        p->at++;
}

static bool looking_at(const struct parser *p, const char *word)
{
    size_t n = strlen(word);
    return p->n - p->at >= n && memcmp(p->text + p->at, word, n) == 0;
}

static bool is_word(const char *text, size_t n, const char *word)
{
    return strlen(word) == n && memcmp(text, word, n) == 0;
}

/* At the end of an action: }} or -}}, which has a blank before it. */
static bool at_end(const struct parser *p)
{
    return looking_at(p, "}}") ||
           (looking_at(p, "-}}") && p->at > 0 && is_blank(p->text[p->at - 1]));
}

static bool add_call(struct parser *p, struct call c, size_t at)
{
    if (p->t->calls_n == TEMPLATE_CALLS_MAX)
        return FAIL(p, at, "more than %d texts, values and functions", TEMPLATE_CALLS_MAX);
    p->t->calls[p->t->calls_n++] = c;
    return true;
}

static bool add_argument(struct parser *p, struct argument a, size_t at)
{
    if (p->t->arguments_n == TEMPLATE_ARGUMENTS_MAX)
        return FAIL(p, at, "more than %d values", TEMPLATE_ARGUMENTS_MAX);
    p->t->arguments[p->t->arguments_n++] = a;
    return true;
}

/* ---- arguments */

static bool number_argument(struct parser *p, struct argument *out)
{
    size_t used = number_read(p->text + p->at, p->n - p->at, &out->number);
    if (used == 0 || (p->at + used < p->n && is_letter(p->text[p->at + used])))
        return FAIL(p, p->at, "a number is expected here");
    out->kind = ARGUMENT_NUMBER;
    p->at += used;
    return true;
}

/* What stands behind a backslash, or 0 if that is nothing here. */
static char escaped(char c)
{
    switch (c) {
    case 'n': return '\n';
    case 't': return '\t';
    case '"':
    case '\\': return c;
    default: return '\0';
    }
}

/* Unescaped behind the template's text, which has room for as many bytes again. */
static bool text_argument(struct parser *p, struct argument *out)
{
    size_t start = p->at++;
    char quote = p->text[start], *to = p->t->bytes + p->t->text_n + p->t->strings_n;
    *out = (struct argument){.kind = ARGUMENT_TEXT, .at = p->t->text_n + p->t->strings_n};
    for (; p->at < p->n && p->text[p->at] != quote; p->at++) {
        char c = p->text[p->at];
        if (c == '\n' && quote == '"')
            break;
        if (c == '\\' && quote == '"') {
            c = p->at + 1 < p->n ? escaped(p->text[++p->at]) : '\0';
            if (c == '\0')
                return FAIL(p, p->at - 1, "behind a backslash stands n, t, \" or \\");
        }
        to[out->n++] = c;
    }
    if (p->at == p->n || p->text[p->at] != quote)
        return FAIL(p, start, "the closing %c is missing", quote);
    p->at++;
    p->t->strings_n += out->n;
    return true;
}

/* The length of a name of letters and digits, dots among them. */
static size_t name_length(const struct parser *p)
{
    size_t i = p->at;
    if (i < p->n && p->text[i] == '$')
        i++;
    while (i < p->n && (is_letter(p->text[i]) || is_digit(p->text[i]) || p->text[i] == '.'))
        i++;
    return i - p->at;
}

static bool starts_with(const char *text, size_t n, const char *word)
{
    return n >= strlen(word) && memcmp(text, word, strlen(word)) == 0;
}

static bool variable_argument(struct parser *p, struct argument *out)
{
    const char *name = p->text + p->at;
    size_t n = name_length(p);
    size_t prefix = starts_with(name, n, "$labels.")   ? strlen("$labels.")
                    : starts_with(name, n, ".Labels.") ? strlen(".Labels.")
                                                       : 0;
    if (prefix > 0 && n > prefix && memchr(name + prefix, '.', n - prefix) == NULL)
        *out = (struct argument){ARGUMENT_LABEL, (uint32_t)(p->at + prefix), (uint32_t)(n - prefix),
                                 0};
    else if (is_word(name, n, "$value") || is_word(name, n, ".Value"))
        *out = (struct argument){.kind = ARGUMENT_VALUE};
    else if (is_word(name, n, "$unit"))
        *out = (struct argument){.kind = ARGUMENT_UNIT};
    else if (is_word(name, n, "$eta"))
        *out = (struct argument){.kind = ARGUMENT_ETA};
    else
        return FAIL(p, p->at, "\"%.*s\" is not known here: %s", (int)(n < 40 ? n : 40), name,
                    supported);
    p->at += n;
    return true;
}

/* Is here something that a function may take? */
static bool at_argument(const struct parser *p)
{
    return p->at < p->n && !at_end(p) && p->text[p->at] != '|';
}

static bool argument(struct parser *p, struct argument *out)
{
    char c = p->text[p->at];
    if (c == '$' || c == '.')
        return variable_argument(p, out);
    if (c == '"' || c == '`')
        return text_argument(p, out);
    if (is_digit(c) || c == '-' || c == '+')
        return number_argument(p, out);
    if (is_letter(c))
        return FAIL(p, p->at, "a function stands first, or behind a |");
    return FAIL(p, p->at, "'%c' has no meaning here: %s", c, supported);
}

static bool is_number(const struct parser *p, const struct argument *a)
{
    return a->kind == ARGUMENT_VALUE || a->kind == ARGUMENT_ETA || a->kind == ARGUMENT_NUMBER ||
           (a->kind == ARGUMENT_PIPED && p->piped_number);
}

/* ---- functions */

static const struct {
    const char *name;
    enum function function;
} functions[] = {
    {"humanize", FUNCTION_HUMANIZE},
    {"humanize1024", FUNCTION_HUMANIZE_1024},
    {"humanizeDuration", FUNCTION_HUMANIZE_DURATION},
    {"humanizePercentage", FUNCTION_HUMANIZE_PERCENTAGE},
    {"humanizeTimestamp", FUNCTION_HUMANIZE_TIMESTAMP},
    {"toUpper", FUNCTION_UPPER},
    {"toLower", FUNCTION_LOWER},
    {"title", FUNCTION_TITLE},
    {"printf", FUNCTION_PRINTF},
};

/* The function whose name stands here, or FUNCTION_LITERAL; *n its length. */
static enum function function_here(const struct parser *p, size_t *n)
{
    *n = name_length(p);
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        if (is_word(p->text + p->at, *n, functions[i].name))
            return functions[i].function;
    return FUNCTION_LITERAL;
}

/* One verb beside the argument it is for. */
static bool check_verb(struct parser *p, const struct verb *v, const struct argument *a, size_t at)
{
    bool wants_text = v->letter == 's' || v->letter == 'q', number = is_number(p, a);
    if (wants_text && number)
        return FAIL(p, at, "%%%c is for text, and this is a number: use %%v or %%.2f", v->letter);
    if (!wants_text && v->letter != 'v' && !number && a->kind != ARGUMENT_LABEL)
        return FAIL(p, at, "%%%c is for a number, and this is text: use %%s", v->letter);
    return true;
}

static bool check_format(struct parser *p, const struct call *c, size_t at)
{
    const struct argument *format = &p->t->arguments[c->first];
    size_t next = 1;
    if (c->n == 0 || format->kind != ARGUMENT_TEXT)
        return FAIL(p, at, "printf needs a format in quotes, as in printf \"%%.2f\" $value");
    const char *text = p->t->bytes + format->at;
    for (size_t i = 0; i < format->n; i++) {
        if (text[i] != '%')
            continue;
        struct verb v = verb_read(text + i, format->n - i);
        if (v.n == 0)
            return FAIL(p, at,
                        "printf knows %%s and %%q of text, %%f, %%e and %%.4g of numbers (with "
                        "width and precision), %%v and %%%%");
        i += v.n - 1;
        if (v.letter == '%')
            continue;
        if (next == c->n)
            return FAIL(p, at, "the format has more verbs than there are values");
        if (!check_verb(p, &v, &format[next++], at))
            return false;
    }
    return next == c->n || FAIL(p, at, "there are more values than the format has verbs");
}

static bool check_call(struct parser *p, const struct call *c, size_t at)
{
    if (c->function == FUNCTION_PRINTF)
        return check_format(p, c, at);
    if (c->n != 1)
        return FAIL(p, at,
                    c->n == 0 ? "a value is missing: write VALUE | FUNCTION"
                              : "one value is enough: write VALUE | FUNCTION");
    bool cases = c->function >= FUNCTION_UPPER && c->function <= FUNCTION_TITLE;
    if (cases && is_number(p, &p->t->arguments[c->first]))
        return FAIL(p, at, "this function is for text, and gets a number");
    return true;
}

static bool arguments_of(struct parser *p, struct call *c, bool piped)
{
    for (skip_blanks(p); at_argument(p); skip_blanks(p)) {
        struct argument a = {0};
        size_t at = p->at;
        if (!argument(p, &a) || !add_argument(p, a, at))
            return false;
        c->n++;
    }
    if (piped && !add_argument(p, (struct argument){.kind = ARGUMENT_PIPED}, p->at))
        return false;
    c->n = (uint8_t)(c->n + piped);
    return true;
}

/* VALUE, or FUNCTION VALUE..., whose last may be piped. */
static bool command(struct parser *p, bool piped)
{
    size_t at = p->at, n;
    struct call c = {.function = function_here(p, &n), .first = (uint8_t)p->t->arguments_n};
    if (c.function != FUNCTION_LITERAL)
        p->at += n;
    else if (at_argument(p) && is_letter(p->text[at]))
        return FAIL(p, at, "\"%.*s\" is not supported: %s", (int)(n < 40 ? n : 40), p->text + at,
                    supported);
    else if (piped)
        return FAIL(p, at, "a function is missing behind |");
    else
        c.function = FUNCTION_NONE;
    if (!arguments_of(p, &c, piped) || !check_call(p, &c, at) || !add_call(p, c, at))
        return false;
    p->piped_number = c.function == FUNCTION_NONE && is_number(p, &p->t->arguments[c.first]);
    return true;
}

static bool pipeline(struct parser *p, size_t open)
{
    bool piped = false;
    for (;; piped = true) {
        skip_blanks(p);
        if (!command(p, piped))
            return false;
        if (p->at == p->n)
            return FAIL(p, open, "the closing }} is missing");
        if (p->text[p->at] != '|')
            break;
        p->at++;
    }
    p->t->calls[p->t->calls_n - 1].last = true;
    return true;
}

/* ---- the whole */

static bool comment(struct parser *p, size_t open)
{
    while (p->at < p->n && !looking_at(p, "*/"))
        p->at++;
    if (p->at == p->n)
        return FAIL(p, open, "the comment's end */ is missing");
    p->at += 2;
    skip_blanks(p);
    return at_end(p) || FAIL(p, p->at, "a comment stands alone in {{ }}");
}

/* Between {{ and }}. */
static bool action(struct parser *p)
{
    size_t open = p->at;
    p->at += 2;
    if (looking_at(p, "-") && p->at + 1 < p->n && is_blank(p->text[p->at + 1]))
        p->at++;
    skip_blanks(p);
    if (looking_at(p, "/*"))
        return comment(p, open);
    return pipeline(p, open);
}

/* The text before the next {{, its end trimmed if that says so. */
static bool literal(struct parser *p, bool trim_start)
{
    size_t start = p->at, end;
    while (p->at < p->n && !looking_at(p, "{{"))
        p->at++;
    end = p->at;
    while (trim_start && start < end && is_blank(p->text[start]))
        start++;
    bool trim_end = p->n - p->at > 3 && p->text[p->at + 2] == '-' && is_blank(p->text[p->at + 3]);
    while (trim_end && end > start && is_blank(p->text[end - 1]))
        end--;
    if (start == end)
        return true;
    return add_call(p,
                    (struct call){.function = FUNCTION_LITERAL,
                                  .at = (uint32_t)start,
                                  .text_n = (uint32_t)(end - start)},
                    start);
}

static bool template_parse(struct parser *p)
{
    bool trim = false;
    for (;;) {
        if (!literal(p, trim))
            return false;
        if (p->at == p->n)
            return true;
        if (!action(p))
            return false;
        trim = p->text[p->at] == '-';
        p->at += trim ? 3 : 2;
    }
}

enum nabla_status template_new(const char *text, size_t n, struct template **out,
                               struct text_fault *fault)
{
    if (n > TEMPLATE_TEXT_MAX) {
        text_fault_set(fault, TEMPLATE_TEXT_MAX, "longer than %d bytes", TEMPLATE_TEXT_MAX);
        return NABLA_EINVAL;
    }
    struct template *t = calloc(1, sizeof *t + 2 * n);
    if (t == NULL)
        return NABLA_ENOMEM;
    t->text_n = (uint32_t)n;
    memcpy(t->bytes, text, n);
    struct parser p = {.t = t, .text = t->bytes, .n = n, .fault = fault};
    if (!template_parse(&p)) {
        template_free(t);
        return NABLA_EINVAL;
    }
    *out = t;
    return NABLA_OK;
}
