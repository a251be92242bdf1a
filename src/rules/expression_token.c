/* rules/expression_token.c -- the words of an expression. A number reaches as far as its unit: 0.5/min
 * is one token, and so is 1h30m. */
#include "base/number.h"
#include "base/time_text.h"
#include "rules/expression_code.h"

#include <math.h>
#include <string.h>

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

static size_t skip_blanks(const char *text, size_t n, size_t at)
{
    while (at < n && is_blank(text[at]))
        at++;
    return at;
}

static size_t word_length(const char *text, size_t n, size_t at)
{
    size_t end = at;
    while (end < n && (is_letter(text[end]) || is_digit(text[end])))
        end++;
    return end - at;
}

static bool is_word(const char *text, size_t n, const char *word)
{
    return strlen(word) == n && memcmp(text, word, n) == 0;
}

/* The seconds of a unit that a rate is per, or 0. */
static double unit_seconds(const char *text, size_t n)
{
    static const struct {
        const char *name;
        double seconds;
    } units[] = {{"s", 1}, {"min", 60}, {"h", 3600}, {"d", 86400}};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (is_word(text, n, units[i].name))
            return units[i].seconds;
    return 0;
}

static struct token bad(struct token t)
{
    t.kind = TOKEN_BAD;
    return t;
}

/* Takes "/min", any number of times, behind a number. */
static struct token with_units(const char *text, size_t n, struct token t, struct text_fault *fault)
{
    for (;;) {
        size_t slash = skip_blanks(text, n, t.at + t.n);
        if (slash == n || text[slash] != '/')
            return t;
        size_t unit = skip_blanks(text, n, slash + 1), length = word_length(text, n, unit);
        double seconds = unit_seconds(text + unit, length);
        if (is_word(text + unit, length, "m")) {
            text_fault_set(fault, unit, "a rate is per s, min, h or d: write /min");
            return bad(t);
        }
        if (seconds == 0)
            return t;
        t.n = unit + length - t.at;
        t.number /= seconds;
        t.powers--;
    }
}

static struct token number_token(const char *text, size_t n, size_t at, struct text_fault *fault)
{
    struct token t = {.kind = TOKEN_NUMBER, .at = at};
    int64_t ns;
    size_t end = at;
    t.n = number_read(text + at, n - at, &t.number);
    while (end < n && (is_letter(text[end]) || is_digit(text[end]) || text[end] == '.'))
        end++;
    if (t.n > 0 && at + t.n >= end && isfinite(t.number))
        return with_units(text, n, t, fault);
    t.n = end - at;
    if (duration_read(text + at, t.n, &ns) == NABLA_OK) {
        t.number = (double)ns * 1e-9;
        t.powers = 1;
        return t;
    }
    text_fault_set(fault, at,
                   "\"%.*s\" is neither a number (1.5), nor a rate (0.5/s, 2/min, 3/h), nor a "
                   "duration (30s, 10m, 1h30m)",
                   (int)(t.n < 40 ? t.n : 40), text + at);
    return bad(t);
}

static struct token operator_token(size_t at, size_t n, enum op op)
{
    return (struct token){.kind = TOKEN_OPERATOR, .op = op, .at = at, .n = n};
}

static struct token name_token(const char *text, size_t n, size_t at)
{
    size_t length = word_length(text, n, at);
    if (is_word(text + at, length, "and"))
        return operator_token(at, length, OP_AND);
    if (is_word(text + at, length, "or"))
        return operator_token(at, length, OP_OR);
    enum token_kind kind = is_word(text + at, length, "not") ? TOKEN_NOT : TOKEN_NAME;
    return (struct token){.kind = kind, .at = at, .n = length};
}

/* What people write in other languages, and what it is here. */
static struct token foreign(const char *text, size_t n, size_t at, struct text_fault *fault)
{
    static const struct {
        const char *text, *here;
    } words[] = {{"&&", "and"}, {"||", "or"}, {"!", "not"}, {"=", "=="}, {"<>", "!="}};
    struct token t = {.kind = TOKEN_BAD, .at = at, .n = 1};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t length = strlen(words[i].text);
        if (n - at >= length && memcmp(text + at, words[i].text, length) == 0) {
            text_fault_set(fault, at, "\"%s\" is written \"%s\"", words[i].text, words[i].here);
            return t;
        }
    }
    if (text[at] > ' ' && text[at] < 0x7f)
        text_fault_set(fault, at, "'%c' has no meaning here", text[at]);
    else
        text_fault_set(fault, at, "byte 0x%02x has no meaning here", (unsigned char)text[at]);
    return t;
}

static struct token sign_token(const char *text, size_t n, size_t at, struct text_fault *fault)
{
    static const struct {
        char text[3];
        enum op op;
    } signs[] = {
        {">=", OP_GREATER_EQUAL}, {"<=", OP_LESS_EQUAL}, {"==", OP_EQUAL}, {"!=", OP_NOT_EQUAL},
        {">", OP_GREATER},        {"<", OP_LESS},        {"+", OP_ADD},    {"-", OP_SUBTRACT},
        {"*", OP_MULTIPLY},       {"/", OP_DIVIDE}};
    if (text[at] == '(' || text[at] == ')')
        return (struct token){.kind = text[at] == '(' ? TOKEN_OPEN : TOKEN_CLOSE, .at = at, .n = 1};
    if (n - at >= 2 && memcmp(text + at, "<>", 2) == 0)
        return foreign(text, n, at, fault);
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        size_t length = strlen(signs[i].text);
        if (n - at >= length && memcmp(text + at, signs[i].text, length) == 0)
            return operator_token(at, length, signs[i].op);
    }
    return foreign(text, n, at, fault);
}

struct token token_next(const char *text, size_t n, size_t at, struct text_fault *fault)
{
    at = skip_blanks(text, n, at);
    if (at == n)
        return (struct token){.kind = TOKEN_END, .at = n};
    if (is_digit(text[at]) || (text[at] == '.' && n - at > 1 && is_digit(text[at + 1])))
        return number_token(text, n, at, fault);
    if (is_letter(text[at]))
        return name_token(text, n, at);
    return sign_token(text, n, at, fault);
}
