/* series/selector_text.c -- Prometheus' grammar of selectors, by recursive descent.
 *
 *     temperature { site = "plant-03" , sensor =~ 's1.*' , }   # a comment
 *     ^name         ^label ^op ^value                   ^ one comma may trail
 *
 * Blanks, line breaks and comments may stand between any two of these. Quoted values are unescaped
 * as Go's strings are: each escape is at least as long as the bytes it means, so that all names and
 * values fit an arena of the text's own length.
 * Laws: reads only text[0..n); a fault's offset is at most n (test_selector.c: every_prefix).
 * Elsewhere: expressions, and whether a selector demands anything at all (selector.c). */
#include "series/selector_text.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct reader {
    const char *text;
    size_t n, at;
    char *arena; /* the next free byte */
    struct selector_text *out;
    struct selector_fault *fault;
};

void selector_fault_set(struct selector_fault *fault, size_t offset, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fault->offset = offset;
    vsnprintf(fault->message, sizeof fault->message, format, args);
    va_end(args);
}

enum { SEEN_MAX = 24 };

/* Names the byte at r->at for a message, in printable ASCII whatever it is. */
static const char *seen(const struct reader *r, char out[static SEEN_MAX])
{
    if (r->at >= r->n)
        return "the end of the selector";
    unsigned char c = (unsigned char)r->text[r->at];
    snprintf(out, SEEN_MAX, c > 0x20 && c < 0x7f ? "'%c'" : "byte 0x%02x", c);
    return out;
}

static enum nabla_status expected(struct reader *r, const char *what)
{
    char text[SEEN_MAX];
    selector_fault_set(r->fault, r->at, "expected %s, found %s", what, seen(r, text));
    return NABLA_EINVAL;
}

static bool is_next(const struct reader *r, char c)
{
    return r->at < r->n && r->text[r->at] == c;
}

static bool take(struct reader *r, char c)
{
    bool yes = is_next(r, c);
    r->at += yes;
    return yes;
}

static void skip_blanks(struct reader *r)
{
    for (bool comment = false; r->at < r->n; r->at++) {
        char c = r->text[r->at];
        comment = comment ? c != '\n' : c == '#';
        if (!comment && c != ' ' && c != '\t' && c != '\n' && c != '\r')
            return;
    }
}

/* A colon may stand in a metric's name, not in a label's. */
static bool in_name(char c, bool first, bool colon)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (colon && c == ':') ||
           (!first && c >= '0' && c <= '9');
}

/* The name at r->at, copied to the arena; its length, 0 if none is there. */
static size_t take_name(struct reader *r, bool colon, const char **out)
{
    size_t start = r->at;
    while (r->at < r->n && in_name(r->text[r->at], r->at == start, colon))
        r->at++;
    size_t n = r->at - start;
    *out = memcpy(r->arena, r->text + start, n);
    r->arena += n;
    return n;
}

/* What one byte or one escape of a quoted value means. */
struct unit {
    size_t used, n; /* bytes of the text, bytes meant */
    char bytes[4];
    const char *fault; /* NULL, or why it means nothing */
};

static struct unit unit_of_byte(size_t used, char c)
{
    return (struct unit){.used = used, .n = 1, .bytes = {c}};
}

static struct unit unit_of_code_point(size_t used, uint32_t c)
{
    struct unit u = {.used = used, .n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4};
    static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = u.n - 1; i > 0; i--, c >>= 6)
        u.bytes[i] = (char)(0x80 | (c & 0x3f));
    u.bytes[0] = (char)(lead[u.n] | c);
    return u;
}

static uint32_t digit(char c)
{
    if (c >= '0' && c <= '9')
        return (uint32_t)(c - '0');
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? (uint32_t)(lower - 'a') + 10 : 99;
}

/* \ooo \xhh \uhhhh \Uhhhhhhhh; skip: bytes before the digits. */
static struct unit numeric_escape(const char *p, size_t n, size_t skip, size_t digits)
{
    uint32_t base = skip == 1 ? 8 : 16, value = 0;
    bool is_byte = digits <= 3;
    for (size_t i = skip; i < skip + digits; i++) {
        if (i >= n || digit(p[i]) >= base)
            return (struct unit){.fault = "an escape with too few digits"};
        value = value * base + digit(p[i]);
    }
    if (is_byte && value > 0xff)
        return (struct unit){.fault = "an octal escape above \\377"};
    if (value > 0x10ffff || (value >= 0xd800 && value < 0xe000))
        return (struct unit){.fault = "an escape that is no Unicode code point"};
    return is_byte ? unit_of_byte(skip + digits, (char)value)
                   : unit_of_code_point(skip + digits, value);
}

static struct unit escape_at(const char *p, size_t n, char quote)
{
    static const char letters[] = "abfnrtv\\", meanings[] = "\a\b\f\n\r\t\v\\";
    if (n < 2)
        return (struct unit){.fault = "an escape without an end"};
    char c = p[1];
    if (c == quote)
        return unit_of_byte(2, c);
    const char *letter = c == '\0' ? NULL : strchr(letters, c);
    if (letter != NULL)
        return unit_of_byte(2, meanings[letter - letters]);
    if (c >= '0' && c <= '7')
        return numeric_escape(p, n, 1, 3);
    if (c == 'x' || c == 'u' || c == 'U')
        return numeric_escape(p, n, 2, c == 'x' ? 2 : c == 'u' ? 4 : 8);
    return (struct unit){.fault = "an unknown escape (a backslash itself is written \\\\)"};
}

static struct unit unit_at(const char *p, size_t n, char quote)
{
    if (quote == '`' || *p != '\\')
        return unit_of_byte(1, *p);
    return escape_at(p, n, quote);
}

size_t selector_text_offset(const char *text, size_t n, size_t quote_at, size_t value_offset)
{
    size_t at = quote_at + 1;
    for (size_t meant = 0; meant < value_offset && at < n;) {
        struct unit u = unit_at(text + at, n - at, text[quote_at]);
        at += u.used;
        meant += u.n;
    }
    return at < n ? at : n;
}

static bool is_quote_next(const struct reader *r)
{
    return is_next(r, '"') || is_next(r, '\'') || is_next(r, '`');
}

/* The text in quotes at r->at, what it means copied to the arena. */
static enum nabla_status take_quoted(struct reader *r, const char *what, const char **out,
                                     size_t *n)
{
    size_t quote_at = r->at;
    *out = r->arena;
    char quote = r->text[r->at++];
    while (!take(r, quote)) {
        if (r->at == r->n || (quote != '`' && is_next(r, '\n'))) {
            selector_fault_set(r->fault, quote_at, "a %s without its closing %c", what, quote);
            return NABLA_EINVAL;
        }
        struct unit u = unit_at(r->text + r->at, r->n - r->at, quote);
        if (u.fault != NULL) {
            selector_fault_set(r->fault, r->at, "%s", u.fault);
            return NABLA_EINVAL;
        }
        memcpy(r->arena, u.bytes, u.n);
        r->arena += u.n;
        r->at += u.used;
    }
    *n = (size_t)(r->arena - *out);
    return NABLA_OK;
}

static enum nabla_status take_value(struct reader *r, struct matcher_text *m)
{
    if (!is_quote_next(r))
        return expected(r, "a value in quotes");
    m->value_at = r->at;
    return take_quoted(r, "value", &m->value, &m->value_n);
}

/* A name that is no identifier stands in quotes. */
static enum nabla_status take_label(struct reader *r, struct matcher_text *m)
{
    if (is_quote_next(r)) {
        enum nabla_status status = take_quoted(r, "label name", &m->name, &m->name_n);
        if (status != NABLA_OK || m->name_n > 0)
            return status;
        selector_fault_set(r->fault, m->name_at, "a label name of no bytes");
        return NABLA_EINVAL;
    }
    m->name_n = take_name(r, false, &m->name);
    return m->name_n > 0 ? NABLA_OK : expected(r, "a label name or }");
}

static enum nabla_status take_op(struct reader *r, enum match_op *out)
{
    size_t start = r->at;
    if (take(r, '=')) {
        *out = take(r, '~') ? MATCH_REGEX : MATCH_EQUAL;
        return NABLA_OK;
    }
    if (take(r, '!')) {
        if (take(r, '~') || take(r, '=')) {
            *out = r->text[r->at - 1] == '~' ? MATCH_NOT_REGEX : MATCH_NOT_EQUAL;
            return NABLA_OK;
        }
        r->at = start;
    }
    return expected(r, "=, !=, =~ or !~");
}

static struct matcher_text *add_matcher(struct reader *r, size_t at)
{
    if (r->out->n == SELECTOR_MATCHERS_MAX) {
        selector_fault_set(r->fault, at, "more than %d matchers", SELECTOR_MATCHERS_MAX);
        return NULL;
    }
    struct matcher_text *m = &r->out->at[r->out->n++];
    *m = (struct matcher_text){.name_at = at};
    return m;
}

static bool names_metric(const struct matcher_text *m)
{
    return m->name_n == strlen(LABEL_METRIC) && memcmp(m->name, LABEL_METRIC, m->name_n) == 0;
}

static enum nabla_status take_matcher(struct reader *r, bool named)
{
    struct matcher_text *m = add_matcher(r, r->at);
    if (m == NULL)
        return NABLA_EINVAL;
    enum nabla_status status = take_label(r, m);
    if (status != NABLA_OK)
        return status;
    if (named && names_metric(m)) {
        selector_fault_set(r->fault, m->name_at,
                           "the metric's name is given twice: before the braces and here");
        return NABLA_EINVAL;
    }
    skip_blanks(r);
    status = take_op(r, &m->op);
    if (status != NABLA_OK)
        return status;
    skip_blanks(r);
    return take_value(r, m);
}

static enum nabla_status take_braces(struct reader *r, bool named)
{
    for (skip_blanks(r); !take(r, '}'); skip_blanks(r)) {
        enum nabla_status status = take_matcher(r, named);
        if (status != NABLA_OK)
            return status;
        skip_blanks(r);
        if (!take(r, ',') && !is_next(r, '}'))
            return expected(r, ", or }");
    }
    return NABLA_OK;
}

/* A name before the braces is the matcher __name__="name". */
static bool take_metric(struct reader *r)
{
    size_t start = r->at;
    const char *name;
    size_t n = take_name(r, true, &name);
    if (n == 0)
        return false;
    *add_matcher(r, start) = (struct matcher_text){.op = MATCH_EQUAL,
                                                   .name = LABEL_METRIC,
                                                   .name_n = strlen(LABEL_METRIC),
                                                   .value = name,
                                                   .value_n = n,
                                                   .name_at = start,
                                                   .value_at = start};
    return true;
}

enum nabla_status selector_text_read(const char *text, size_t n, char *arena,
                                     struct selector_text *out, struct selector_fault *fault)
{
    struct reader r = {.text = text, .n = n, .arena = arena, .out = out, .fault = fault};
    out->n = 0;
    skip_blanks(&r);
    bool named = take_metric(&r);
    skip_blanks(&r);
    if (take(&r, '{')) {
        enum nabla_status status = take_braces(&r, named);
        if (status != NABLA_OK)
            return status;
        skip_blanks(&r);
        return r.at == n ? NABLA_OK : expected(&r, "nothing after }");
    }
    if (!named)
        return expected(&r, "a metric name or {");
    return r.at == n ? NABLA_OK : expected(&r, "{ or nothing after the metric's name");
}

enum nabla_status selector_unquote(const char *text, size_t n, struct buf *out,
                                   struct selector_fault *fault)
{
    struct matcher_text m = {0};
    struct reader r = {.text = text, .n = n, .arena = buf_room(out, n + 1), .fault = fault};
    if (r.arena == NULL)
        return NABLA_ENOMEM;
    enum nabla_status status = take_value(&r, &m);
    if (status == NABLA_OK && r.at < n)
        status = expected(&r, "nothing after the quote");
    if (status == NABLA_OK)
        buf_used(out, m.value_n);
    return status;
}
