/* rules/template.c -- segments and an alert to text: each call makes one value out of its arguments,
 * the last of a pipeline is put out.
 * Laws: nothing is written past the end of what was asked for; a value that is too long is cut.
 * Elsewhere: text to segments (template_parse.c), humanize.c. */
#include "rules/template.h"

#include "base/number.h"
#include "rules/humanize.h"
#include "rules/template_code.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What an argument or a call is: text, or a number that knows how it is shown. */
struct piece {
    bool number;
    bool duration;
    double v;
    const char *text;
    size_t n;
};

/* A result of bytes that come one after the other, cut at its end. */
struct room {
    char *at;
    size_t n, cap;
};

static void put(struct room *r, const char *text, size_t n)
{
    size_t fits = n < r->cap - r->n ? n : r->cap - r->n;
    memcpy(r->at + r->n, text, fits);
    r->n += fits;
}

void template_free(struct template *t)
{
    free(t);
}

const char *template_text(const struct template *t, size_t *n)
{
    *n = t->text_n;
    return t->bytes;
}

static struct piece text_piece(const char *text, size_t n)
{
    return (struct piece){.text = text, .n = n};
}

static struct piece find(const struct template *t, const struct argument *a,
                         const struct template_input *in, struct piece piped)
{
    struct label l;
    switch (a->kind) {
    case ARGUMENT_LABEL:
        if (labelset_get(in->labels, t->bytes + a->at, a->n, &l))
            return text_piece(l.value, l.value_n);
        return text_piece("", 0);
    case ARGUMENT_VALUE: return (struct piece){.number = true, .v = in->value};
    case ARGUMENT_UNIT: return text_piece(in->unit, strlen(in->unit));
    case ARGUMENT_ETA: return (struct piece){.number = true, .duration = true, .v = in->eta_s};
    case ARGUMENT_NUMBER: return (struct piece){.number = true, .v = a->number};
    case ARGUMENT_TEXT: return text_piece(t->bytes + a->at, a->n);
    default: return piped;
    }
}

/* A number that a function is given as text is read from it; NaN if it is none. */
static double number_of(const struct piece *p)
{
    double v;
    if (p->number)
        return p->v;
    return p->n > 0 && number_read_any(p->text, p->n, &v) == p->n ? v : NAN;
}

/* What a piece looks like where nothing was said about it. */
static void show(const struct piece *p, struct room *out)
{
    char text[HUMANIZED_MAX];
    _Static_assert((int)HUMANIZED_MAX >= (int)NUMBER_TEXT_MAX, "one room for both");
    if (!p->number)
        put(out, p->text, p->n);
    else if (p->duration && isnan(p->v))
        put(out, "unknown", 7);
    else if (p->duration && isinf(p->v))
        put(out, "never", 5);
    else
        put(out, text,
            p->duration ? humanize_duration(text, p->v < 60 ? p->v : round(p->v))
                        : number_write(text, p->v));
}

/* ---- printf */

/* %[flags][width][.precision]letter; width and precision of two digits, and of numbers only. %g needs a
 * precision: without, Go takes as many digits as it needs, C six. */
struct verb verb_read(const char *text, size_t n)
{
    struct verb v = {0};
    size_t i = 1;
    while (i < n && i < 5 && text[i] != '\0' && strchr("+-# 0", text[i]) != NULL)
        i++;
    for (int digits = 0; i < n && digits < 2 && text[i] >= '0' && text[i] <= '9'; digits++)
        i++;
    bool point = i < n && text[i] == '.';
    i += point;
    for (int digits = 0; point && i < n && digits < 2 && text[i] >= '0' && text[i] <= '9'; digits++)
        i++;
    bool plain = i == 1;
    const char *letters = plain ? "%sqvfe" : point ? "feg" : "fe";
    if (i == n || text[i] == '\0' || strchr(letters, text[i]) == NULL)
        return v;
    v.letter = text[i];
    v.n = i + 1;
    memcpy(v.format, text, v.n);
    return v;
}

static void put_quoted(struct room *out, const char *text, size_t n)
{
    put(out, "\"", 1);
    for (size_t i = 0; i < n; i++) {
        if (text[i] == '"' || text[i] == '\\')
            put(out, "\\", 1);
        put(out, text[i] == '\n' ? "\\n" : &text[i], text[i] == '\n' ? 2 : 1);
    }
    put(out, "\"", 1);
}

enum { FORMATTED_MAX = 512 }; /* %99.99f of the largest double has 409 */

static void put_number(struct room *out, const struct verb *v, double number)
{
    char text[FORMATTED_MAX];
    if (!isfinite(number)) {
        put(out, text, number_write(text, number));
        return;
    }
    int n = snprintf(text, sizeof text, v->format, number); /* verb_read has seen to the format */
    put(out, text, (size_t)n);
}

static void put_verb(struct room *out, const struct verb *v, const struct piece *p)
{
    if (v->letter == 'q')
        put_quoted(out, p->text, p->n);
    else if (v->letter == 's' || v->letter == 'v')
        show(p, out);
    else
        put_number(out, v, number_of(p));
}

/* The verbs fit the pieces in kind and number: the parser has seen to it. */
static void print_pieces(struct room *out, const struct piece *pieces)
{
    const char *p = pieces->text, *end = p + pieces->n;
    while (p < end) {
        const char *percent = memchr(p, '%', (size_t)(end - p));
        if (percent == NULL)
            percent = end;
        put(out, p, (size_t)(percent - p));
        if (percent == end)
            return;
        struct verb v = verb_read(percent, (size_t)(end - percent));
        if (v.letter == '%')
            put(out, "%", 1);
        else
            put_verb(out, &v, ++pieces);
        p = percent + v.n;
    }
}

/* ---- calls */

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_letter(char c)
{
    return is_lower(c) || (c >= 'A' && c <= 'Z');
}

/* Between words, as Go has it: neither letter, digit nor _, nor a byte of a character beyond ASCII. */
static bool separates(char c)
{
    return !is_letter(c) && !(c >= '0' && c <= '9') && c != '_' && (unsigned char)c < 0x80;
}

static void put_cased(struct room *out, const struct piece *p, enum function how)
{
    for (size_t i = 0; i < p->n; i++) {
        char c = p->text[i];
        bool start = i == 0 || separates(p->text[i - 1]);
        if (how == FUNCTION_LOWER && is_letter(c))
            c |= 0x20;
        else if (is_lower(c) && (how == FUNCTION_UPPER || (how == FUNCTION_TITLE && start)))
            c &= ~0x20;
        put(out, &c, 1);
    }
}

static size_t humanized(enum function how, char out[static HUMANIZED_MAX], double v)
{
    switch (how) {
    case FUNCTION_HUMANIZE: return humanize(out, v);
    case FUNCTION_HUMANIZE_1024: return humanize_1024(out, v);
    case FUNCTION_HUMANIZE_DURATION: return humanize_duration(out, v);
    case FUNCTION_HUMANIZE_PERCENTAGE: return humanize_percentage(out, v);
    default: return humanize_timestamp(out, v);
    }
}

/* The result of a function, made in bytes that live until the next but one. */
static struct piece call(const struct template *t, const struct call *c,
                         const struct template_input *in, struct piece piped,
                         char bytes[static TEMPLATE_VALUE_MAX])
{
    struct piece pieces[TEMPLATE_ARGUMENTS_MAX];
    struct room out = {.at = bytes, .cap = TEMPLATE_VALUE_MAX};
    char text[HUMANIZED_MAX];
    for (size_t i = 0; i < c->n; i++)
        pieces[i] = find(t, &t->arguments[c->first + i], in, piped);
    switch (c->function) {
    case FUNCTION_NONE: return pieces[0];
    case FUNCTION_UPPER:
    case FUNCTION_LOWER:
    case FUNCTION_TITLE: put_cased(&out, &pieces[0], c->function); break;
    case FUNCTION_PRINTF: print_pieces(&out, pieces); break;
    default: put(&out, text, humanized(c->function, text, number_of(&pieces[0]))); break;
    }
    return text_piece(bytes, out.n);
}

/* The end of the last whole character in text[0..n), which was cut there. */
static size_t whole_characters(const char *text, size_t n)
{
    size_t start = n;
    while (start > 0 && ((unsigned char)text[start - 1] & 0xc0) == 0x80)
        start--;
    if (start == 0)
        return n;
    unsigned char lead = (unsigned char)text[start - 1];
    size_t bytes = lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    return n - (start - 1) >= bytes ? n : start - 1;
}

size_t template_render(const struct template *t, const struct template_input *in, char *out,
                       size_t cap)
{
    char bytes[2][TEMPLATE_VALUE_MAX]; /* one is read while the other is written */
    struct room room = {.at = out, .cap = cap};
    struct piece value = {.text = ""};
    for (size_t i = 0; i < t->calls_n; i++) {
        const struct call *c = &t->calls[i];
        if (c->function == FUNCTION_LITERAL) {
            put(&room, t->bytes + c->at, c->text_n);
            continue;
        }
        value = call(t, c, in, value, bytes[i % 2]);
        if (c->last)
            show(&value, &room);
    }
    return room.n == cap ? whole_characters(out, room.n) : room.n;
}
