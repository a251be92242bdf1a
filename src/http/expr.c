/* http/expr.c -- an expression by recursive descent: a selector with what may stand behind it, or numbers.
 *
 *     temperature{site="a"} [5m] offset 1h          -(1 + 2) * 3 ^ 2
 *     ^ found by its end,   ^ matrix                ^ precedence climbing: + - | * / % | sign | ^
 *       read by selector.c
 *
 * Laws: reads only text[0..n); never deeper than EXPR_DEPTH_MAX. */
#include "http/expr.h"

#include "base/clock.h"
#include "base/number.h"
#include "base/time_text.h"
#include "http/query.h"
#include "series/selector.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct reader {
    const char *text;
    size_t n, at;
    unsigned depth;
    struct fault *fault;
};

enum { SHOWN_MAX = 40 };

static bool in_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == ':';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_next(const struct reader *r, char c)
{
    return r->at < r->n && r->text[r->at] == c;
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

static bool take(struct reader *r, char c)
{
    bool yes = is_next(r, c);
    r->at += yes;
    return yes;
}

/* The length of the name at r->at; 0: there is none. */
static size_t name_length(const struct reader *r)
{
    size_t n = 0;
    if (r->at < r->n && is_digit(r->text[r->at]))
        return 0;
    while (r->at + n < r->n && in_name(r->text[r->at + n]))
        n++;
    return n;
}

static const char supported[] =
    "nablad answers a selector such as temperature_per_second{site=\"a\"}, a range of it "
    "([5m]), an offset of it, and arithmetic of numbers; for more, let Prometheus scrape /metrics";

/* What stands at r->at is more than is supported. */
static enum nabla_status unsupported(struct reader *r)
{
    size_t n = name_length(r);
    if (r->at >= r->n) {
        fault_set(r->fault, "query: column %zu: found its end; %s", r->at + 1, supported);
        return NABLA_EINVAL;
    }
    n = n > SHOWN_MAX ? SHOWN_MAX : n;
    n += r->at + n < r->n && (n == 0 || r->text[r->at + n] == '(');
    while (r->at + n < r->n && ((unsigned char)r->text[r->at + n] & 0xc0) == 0x80)
        n++; /* not half a character */
    fault_set(r->fault, "query: column %zu: found \"%.*s\"; %s", r->at + 1, (int)n, r->text + r->at,
              supported);
    return NABLA_EINVAL;
}

/* ---- numbers */

static enum nabla_status read_sum(struct reader *r, unsigned level, double *out);

static enum nabla_status read_sign(struct reader *r, double *out);

static bool is_word(const struct reader *r, const char *word)
{
    size_t n = strlen(word);
    return name_length(r) == n && strncasecmp(r->text + r->at, word, n) == 0;
}

static size_t read_hexadecimal(const char *text, size_t n, double *out)
{
    size_t at = 2;
    if (n < 3 || text[0] != '0' || (text[1] | 0x20) != 'x')
        return 0;
    for (*out = 0; at < n && in_name(text[at]); at++) {
        char c = (char)(text[at] | 0x20);
        int digit = is_digit(text[at]) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
        if (digit < 0)
            return 0;
        *out = *out * 16 + digit;
    }
    return at > 2 ? at : 0;
}

static enum nabla_status read_literal(struct reader *r, double *out)
{
    const char *text = r->text + r->at;
    size_t left = r->n - r->at, used = 0;
    bool is_nan = is_word(r, "nan");
    if (is_nan || is_word(r, "inf")) {
        *out = is_nan ? NAN : INFINITY;
        r->at += 3;
        return NABLA_OK;
    }
    if (left > 0 && (is_digit(text[0]) || text[0] == '.'))
        used = read_hexadecimal(text, left, out);
    if (used == 0 && left > 0 && (is_digit(text[0]) || text[0] == '.'))
        used = number_read(text, left, out);
    if (used == 0 || (used < left && in_name(text[used])))
        return unsupported(r);
    r->at += used;
    return NABLA_OK;
}

static enum nabla_status read_primary(struct reader *r, double *out)
{
    skip_blanks(r);
    if (!is_next(r, '('))
        return read_literal(r, out);
    r->at++;
    enum nabla_status status = read_sum(r, 0, out);
    if (status != NABLA_OK)
        return status;
    skip_blanks(r);
    return take(r, ')') ? NABLA_OK : unsupported(r);
}

/* a ^ b ^ c is a ^ (b ^ c), and -a ^ b is -(a ^ b). */
static enum nabla_status read_power(struct reader *r, double *out)
{
    double exponent = 0;
    enum nabla_status status = read_primary(r, out);
    if (status != NABLA_OK)
        return status;
    skip_blanks(r);
    if (!take(r, '^'))
        return NABLA_OK;
    status = read_sign(r, &exponent);
    if (status == NABLA_OK)
        *out = pow(*out, exponent);
    return status;
}

static enum nabla_status read_sign(struct reader *r, double *out)
{
    bool minus = false;
    enum nabla_status status = NABLA_OK;
    if (++r->depth > EXPR_DEPTH_MAX) {
        fault_set(r->fault, "query: column %zu: more than %d levels", r->at + 1, EXPR_DEPTH_MAX);
        return NABLA_EINVAL;
    }
    for (skip_blanks(r); is_next(r, '-') || is_next(r, '+'); skip_blanks(r))
        minus ^= r->text[r->at++] == '-';
    status = read_power(r, out);
    *out = minus && status == NABLA_OK ? -*out : *out;
    r->depth--;
    return status;
}

static double combine(char op, double a, double b)
{
    switch (op) {
    case '+': return a + b;
    case '-': return a - b;
    case '*': return a * b;
    case '/': return a / b;
    default: return fmod(a, b);
    }
}

/* Level 0: + and -; level 1: * / %. */
static enum nabla_status read_sum(struct reader *r, unsigned level, double *out)
{
    static const char *const ops[] = {"+-", "*/%"};
    double right = 0;
    enum nabla_status status = level == 0 ? read_sum(r, 1, out) : read_sign(r, out);
    for (skip_blanks(r); status == NABLA_OK && r->at < r->n &&
                         memchr(ops[level], r->text[r->at], strlen(ops[level]));
         skip_blanks(r)) {
        char op = r->text[r->at++];
        status = level == 0 ? read_sum(r, 1, &right) : read_sign(r, &right);
        *out = status == NABLA_OK ? combine(op, *out, right) : *out;
    }
    return status;
}

/* ---- selectors */

/* Behind the closing quote of the string at r->at, or at the end. */
static void skip_string(struct reader *r)
{
    char quote = r->text[r->at++];
    for (; r->at < r->n && r->text[r->at] != quote; r->at++)
        r->at += quote != '`' && r->text[r->at] == '\\' && r->at + 1 < r->n;
    r->at += r->at < r->n;
}

/* Behind the braces, or at the end if they are not closed. */
static void skip_braces(struct reader *r)
{
    for (r->at++; r->at < r->n && r->text[r->at] != '}';) {
        char c = r->text[r->at];
        if (c == '"' || c == '\'' || c == '`')
            skip_string(r);
        else if (c == '#')
            skip_blanks(r);
        else
            r->at++;
    }
    r->at += r->at < r->n;
}

static enum nabla_status read_selector(struct reader *r, struct expr *e)
{
    struct selector_fault why;
    size_t start = r->at, name_n = name_length(r);
    r->at += name_n;
    size_t end = r->at;
    skip_blanks(r);
    if (is_next(r, '(')) { /* a function */
        r->at = start;
        return unsupported(r);
    }
    if (is_next(r, '{')) {
        skip_braces(r);
        end = r->at;
    }
    enum nabla_status status = selector_new(r->text + start, end - start, &e->selector, &why);
    if (status == NABLA_EINVAL)
        fault_set(r->fault, "query: column %zu: %s", start + why.offset + 1, why.message);
    return status;
}

enum nabla_status expr_duration(const char *text, size_t n, bool seconds, int64_t *out_ns)
{
    static const int64_t year_ns = 365 * 24 * 3600 * (int64_t)NS_PER_S;
    int64_t years = 0, ns = 0;
    size_t used = number_read_i64(text, n, &years);
    if (seconds && number_read_seconds(text, n, &ns) == n && n > 0) {
        *out_ns = ns;
        return NABLA_OK;
    }
    bool has_years = used > 0 && used < n && text[used] == 'y';
    used = has_years ? used + 1 : 0;
    years = has_years ? years : 0;
    if (years < 0 || years > QUERY_YEARS_MAX)
        return NABLA_ERANGE;
    enum nabla_status status =
        used == n && has_years ? NABLA_OK : duration_read(text + used, n - used, &ns);
    if (status != NABLA_OK)
        return status;
    if (ns > QUERY_YEARS_MAX * year_ns - years * year_ns)
        return NABLA_ERANGE;
    *out_ns = years * year_ns + ns;
    return NABLA_OK;
}

static enum nabla_status read_duration(struct reader *r, int64_t *out)
{
    skip_blanks(r);
    size_t start = r->at;
    while (r->at < r->n && in_name(r->text[r->at]) && r->text[r->at] != ':')
        r->at++;
    if (r->at > start && expr_duration(r->text + start, r->at - start, false, out) == NABLA_OK)
        return NABLA_OK;
    fault_set(r->fault, "query: column %zu: expected a duration such as 5m or 1h30m", start + 1);
    return NABLA_EINVAL;
}

static enum nabla_status read_range(struct reader *r, struct expr *e)
{
    r->at++;
    enum nabla_status status = read_duration(r, &e->range_ns);
    if (status != NABLA_OK)
        return status;
    skip_blanks(r);
    if (!take(r, ']'))
        return unsupported(r);
    if (e->range_ns == 0) {
        fault_set(r->fault, "query: column %zu: a range must be longer than nothing", r->at);
        return NABLA_EINVAL;
    }
    e->kind = EXPR_MATRIX;
    return NABLA_OK;
}

static enum nabla_status read_offset(struct reader *r, struct expr *e)
{
    r->at += strlen("offset");
    skip_blanks(r);
    bool minus = take(r, '-');
    enum nabla_status status = read_duration(r, &e->offset_ns);
    e->offset_ns = minus ? -e->offset_ns : e->offset_ns;
    return status;
}

static enum nabla_status read_series(struct reader *r, struct expr *e)
{
    e->kind = EXPR_VECTOR;
    enum nabla_status status = read_selector(r, e);
    skip_blanks(r);
    if (status == NABLA_OK && is_next(r, '['))
        status = read_range(r, e);
    skip_blanks(r);
    if (status == NABLA_OK && is_word(r, "offset"))
        status = read_offset(r, e);
    return status;
}

/* ---- strings */

/* As Go reads them, which is what a selector does with a value, too. */
static enum nabla_status read_string(struct reader *r, struct expr *e)
{
    struct selector_fault why;
    size_t start = r->at;
    e->kind = EXPR_STRING;
    skip_string(r);
    enum nabla_status status = selector_unquote(r->text + start, r->at - start, &e->string, &why);
    if (status == NABLA_EINVAL)
        fault_set(r->fault, "query: column %zu: %s", start + why.offset + 1, why.message);
    return status;
}

static enum nabla_status read_any(struct reader *r, struct expr *e)
{
    skip_blanks(r);
    if (is_next(r, '"') || is_next(r, '\'') || is_next(r, '`'))
        return read_string(r, e);
    if (is_next(r, '{') || (name_length(r) > 0 && !is_word(r, "nan") && !is_word(r, "inf")))
        return read_series(r, e);
    return read_sum(r, 0, &e->scalar);
}

enum nabla_status expr_read(const char *text, size_t n, struct expr *out, struct fault *fault)
{
    struct reader r = {.text = text, .n = n, .fault = fault};
    struct expr e = {.kind = EXPR_SCALAR};
    enum nabla_status status = read_any(&r, &e);
    skip_blanks(&r);
    if (status == NABLA_OK && r.at < n)
        status = unsupported(&r);
    if (status == NABLA_OK)
        *out = e;
    else
        expr_fini(&e);
    return status;
}

void expr_fini(struct expr *e)
{
    selector_free(e->selector);
    buf_fini(&e->string);
    *e = (struct expr){0};
}
