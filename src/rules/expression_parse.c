/* rules/expression_parse.c -- text to byte code, by precedence (Pratt 1973): an operand, then as long
 * as an operator binds at least as tightly as asked, that operator and its right side.
 *
 *     parse(least)   operand ──► operator, strength >= least ──► parse(strength + 1) ──► emit ──┐
 *                       ▲                                                                      │
 *                       └──────────────────────────────────────────────────────────────────────┘
 *
 * What is known of an operand while parsing (is it a truth, which power of time, a constant?) goes
 * along in struct operand; code that passes needs no check when it runs.
 * Laws: what two constants give is a constant; the stack never holds more than EXPRESSION_STACK_MAX. */
#include "rules/expression_code.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum strength {
    STRENGTH_OR = 1,
    STRENGTH_AND,
    STRENGTH_NOT,
    STRENGTH_COMPARE,
    STRENGTH_ADD,
    STRENGTH_MULTIPLY,
    STRENGTH_SIGN,
};

enum shape { SHAPE_NUMBER, SHAPE_TRUTH };

struct operand {
    enum shape shape;
    int powers;      /* of time */
    bool any_powers; /* 0 fits everything */
    bool constant;
    double value;         /* of a constant */
    const char *timed;    /* "age" or "eta()": time alone moves it; else NULL */
    double limit;         /* of eta() */
    size_t at;            /* in the text */
    bool comparison_open; /* a comparison without parentheses around it: cannot be compared again */
};

struct parser {
    const char *text;
    size_t n;
    struct token token;
    struct expression *x;
    struct text_fault *fault;
    int depth, stack;
    size_t end; /* in the text, of what has been read */
};

static bool parse(struct parser *p, int least, struct operand *out);

static void advance(struct parser *p)
{
    p->end = p->token.at + p->token.n;
    p->token = token_next(p->text, p->n, p->end, p->fault);
}

#define FAIL(p, at, ...) (text_fault_set((p)->fault, (at), __VA_ARGS__), false)

/* What a token is called in "found ...". */
static bool expected(struct parser *p, const char *what)
{
    if (p->token.kind == TOKEN_BAD)
        return false; /* it has said why */
    if (p->token.kind == TOKEN_END)
        return FAIL(p, p->token.at, "%s is missing at the end", what);
    return FAIL(p, p->token.at, "%s is missing before \"%.*s\"", what,
                (int)(p->token.n < 40 ? p->token.n : 40), p->text + p->token.at);
}

static bool emit(struct parser *p, enum op op, double x, enum fact fact, size_t at)
{
    if (p->x->code_n == EXPRESSION_CODE_MAX)
        return FAIL(p, at, "longer than %d operands and operators", EXPRESSION_CODE_MAX);
    p->stack += op <= OP_ETA ? 1 : op_takes_one(op) ? 0 : -1;
    if (p->stack > EXPRESSION_STACK_MAX)
        return FAIL(p, at, "nested too deeply");
    p->x->code[p->x->code_n++] =
        (struct operation){.x = x, .op = (uint8_t)op, .fact = (uint8_t)fact};
    return true;
}

/* What stands in code as constants becomes one: n of them. */
static bool emit_constant(struct parser *p, size_t n, struct operand *o, size_t at)
{
    p->x->code_n = (uint8_t)(p->x->code_n - n);
    p->stack -= (int)n;
    return emit(p, OP_CONSTANT, o->value, 0, at);
}

static const char *noun(const struct operand *o)
{
    switch (o->powers) {
    case -2: return "an acceleration (per second twice)";
    case -1: return "a rate";
    case 0: return o->constant ? "a number without a unit" : "a value";
    case 1: return "a duration";
    default: return "neither a value, nor a rate, nor a duration";
    }
}

/* ---- operands */

static bool number_operand(struct parser *p, struct operand *out)
{
    *out = (struct operand){.powers = p->token.powers,
                            .any_powers = p->token.number == 0,
                            .constant = true,
                            .value = p->token.number,
                            .at = p->token.at};
    if (!emit(p, OP_CONSTANT, out->value, 0, out->at))
        return false;
    advance(p);
    return true;
}

static bool open_parenthesis(struct parser *p, const char *after)
{
    if (p->token.kind != TOKEN_OPEN)
        return expected(p, after);
    advance(p);
    return true;
}

static bool close_parenthesis(struct parser *p)
{
    if (p->token.kind != TOKEN_CLOSE)
        return expected(p, "\")\"");
    advance(p);
    return true;
}

/* eta( was read: a number with a sign. */
static bool eta_operand(struct parser *p, struct operand *out)
{
    double sign = 1;
    if (!open_parenthesis(p, "\"(\" after eta"))
        return false;
    if (p->token.kind == TOKEN_OPERATOR && (p->token.op == OP_SUBTRACT || p->token.op == OP_ADD)) {
        sign = p->token.op == OP_SUBTRACT ? -1 : 1;
        advance(p);
    }
    if (p->token.kind != TOKEN_NUMBER || p->token.powers != 0)
        return p->token.kind == TOKEN_BAD
                   ? false
                   : FAIL(p, p->token.at, "eta() needs a value of the series, as in eta(-15)");
    out->limit = sign * p->token.number;
    out->timed = "eta()";
    out->powers = 1;
    if (!p->x->has_eta)
        p->x->eta_limit = out->limit;
    p->x->has_eta = true;
    advance(p);
    return close_parenthesis(p) && emit(p, OP_ETA, out->limit, 0, out->at);
}

static bool needs_number(struct parser *p, const struct operand *o, const char *whose)
{
    if (o->shape == SHAPE_TRUTH)
        return FAIL(p, o->at, "%s needs a number, and this is a condition", whose);
    if (o->timed != NULL)
        return FAIL(p, o->at,
                    "%s stands alone on its side of a comparison with a duration, as in %s < 10m",
                    o->timed, o->timed);
    return true;
}

static bool abs_operand(struct parser *p, struct operand *out)
{
    size_t at = out->at;
    if (!open_parenthesis(p, "\"(\" after abs") || !parse(p, STRENGTH_OR, out) ||
        !needs_number(p, out, "abs()") || !close_parenthesis(p))
        return false;
    out->at = at;
    out->value = fabs(out->value);
    return out->constant ? emit_constant(p, 1, out, at) : emit(p, OP_ABS, 0, 0, at);
}

static const struct name {
    const char *text;
    enum fact fact;
    int powers;
} names[] = {
    {"value", FACT_VALUE, 0},  {"rate", FACT_RATE, -1},   {"edge", FACT_EDGE, -1},
    {"accel", FACT_ACCEL, -2}, {"trend", FACT_TREND, -1}, {"error", FACT_ERROR, -1},
    {"age", FACT_AGE, 1},
};

static bool name_operand(struct parser *p, struct operand *out)
{
    const char *text = p->text + p->token.at;
    size_t n = p->token.n;
    *out = (struct operand){.at = p->token.at};
    advance(p);
    if (n == 3 && memcmp(text, "eta", n) == 0)
        return eta_operand(p, out);
    if (n == 3 && memcmp(text, "abs", n) == 0)
        return abs_operand(p, out);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i].text) == n && memcmp(names[i].text, text, n) == 0) {
            out->powers = names[i].powers;
            out->timed = names[i].fact == FACT_AGE ? "age" : NULL;
            return emit(p, OP_FACT, 0, names[i].fact, out->at);
        }
    return FAIL(p, out->at,
                "unknown name \"%.*s\": there are value, rate, edge, accel, trend, error, age, "
                "eta(LIMIT) and abs()",
                (int)(n < 40 ? n : 40), text);
}

static bool sign_operand(struct parser *p, struct operand *out)
{
    size_t at = p->token.at;
    bool minus = p->token.op == OP_SUBTRACT;
    advance(p);
    if (!parse(p, STRENGTH_SIGN, out) || !needs_number(p, out, minus ? "\"-\"" : "\"+\""))
        return false;
    out->at = at;
    if (!minus)
        return true;
    out->value = -out->value;
    return out->constant ? emit_constant(p, 1, out, at) : emit(p, OP_NEGATE, 0, 0, at);
}

static bool not_operand(struct parser *p, struct operand *out)
{
    size_t at = p->token.at;
    advance(p);
    if (!parse(p, STRENGTH_NOT, out))
        return false;
    if (out->shape != SHAPE_TRUTH)
        return FAIL(p, out->at, "\"not\" needs a comparison");
    *out = (struct operand){.shape = SHAPE_TRUTH, .at = at};
    return emit(p, OP_NOT, 0, 0, at);
}

static bool group_operand(struct parser *p, struct operand *out)
{
    size_t at = p->token.at;
    advance(p);
    if (!parse(p, STRENGTH_OR, out) || !close_parenthesis(p))
        return false;
    out->at = at;
    out->comparison_open = false;
    return true;
}

static bool operand(struct parser *p, struct operand *out)
{
    switch (p->token.kind) {
    case TOKEN_NUMBER: return number_operand(p, out);
    case TOKEN_NAME: return name_operand(p, out);
    case TOKEN_OPEN: return group_operand(p, out);
    case TOKEN_NOT: return not_operand(p, out);
    case TOKEN_OPERATOR:
        if (p->token.op == OP_SUBTRACT || p->token.op == OP_ADD)
            return sign_operand(p, out);
        break;
    default: break;
    }
    return expected(p, "a name or a number");
}

/* ---- operators */

static int strength_of(enum op op)
{
    if (op == OP_OR)
        return STRENGTH_OR;
    if (op == OP_AND)
        return STRENGTH_AND;
    if (op_compares(op))
        return STRENGTH_COMPARE;
    return op == OP_ADD || op == OP_SUBTRACT ? STRENGTH_ADD : STRENGTH_MULTIPLY;
}

/* left and right are of one power of time; verb: what is done to them. */
static bool alike(struct parser *p, const struct operand *left, const struct operand *right,
                  size_t at, const char *verb)
{
    if (left->any_powers || right->any_powers || left->powers == right->powers)
        return true;
    bool bare = (left->constant && left->powers == 0) || (right->constant && right->powers == 0);
    int other = left->constant && left->powers == 0 ? right->powers : left->powers;
    const char *hint = !bare         ? ""
                       : other == -1 ? ": write 0.5/s, 2/min or 3/h"
                       : other == -2 ? ": write 0.1/s/s or 2/min/min"
                       : other == 1  ? ": write 30s, 10m or 1h"
                                     : "";
    return FAIL(p, at, "%s cannot be %s %s%s", noun(left), verb, noun(right), hint);
}

/* age or eta() beside a constant. */
static bool watch_time(struct parser *p, const struct operand *left, const struct operand *right,
                       size_t at)
{
    const struct operand *timed = left->timed != NULL ? left : right;
    const struct operand *other = timed == left ? right : left;
    if (timed->timed == NULL)
        return true;
    if (!other->constant)
        return FAIL(p, at, "%s is compared with a duration alone, as in %s < 10m", timed->timed,
                    timed->timed);
    if (p->x->watches_n == EXPRESSION_WATCHES_MAX)
        return FAIL(p, at, "more than %d comparisons of age and eta()", EXPRESSION_WATCHES_MAX);
    p->x->watches[p->x->watches_n++] =
        (struct watch){.eta = timed->timed[0] == 'e', .limit = timed->limit, .s = other->value};
    return true;
}

/* code[code_n] is about to compare them. */
static bool note_comparison(struct parser *p, const struct token *sign, const struct operand *left,
                            const struct operand *right)
{
    struct expression *x = p->x;
    if (x->comparisons_n == EXPRESSION_COMPARISONS_MAX)
        return FAIL(p, sign->at, "more than %d comparisons", EXPRESSION_COMPARISONS_MAX);
    x->has_distance = x->has_distance || (sign->op != OP_EQUAL && sign->op != OP_NOT_EQUAL);
    x->comparisons[x->comparisons_n++] =
        (struct comparison){.text_at = (uint16_t)left->at,
                            .text_n = (uint16_t)(p->end - left->at),
                            .at = x->code_n,
                            .subject_right = left->constant,
                            .subject_powers = (int8_t)(left->constant ? right : left)->powers};
    return true;
}

static bool compare(struct parser *p, const struct token *sign, struct operand *left,
                    const struct operand *right)
{
    const struct operand *sides[] = {left, right};
    if (left->comparison_open || right->comparison_open)
        return FAIL(p, sign->at, "comparisons do not chain: write \"a < b and b < c\"");
    for (int i = 0; i < 2; i++)
        if (sides[i]->shape == SHAPE_TRUTH)
            return FAIL(p, sides[i]->at, "a comparison needs numbers, and this is a condition");
    if (left->constant && right->constant)
        return FAIL(p, sign->at, "both sides are constants");
    if (!alike(p, left, right, sign->at, "compared with") ||
        !watch_time(p, left, right, sign->at) || !note_comparison(p, sign, left, right))
        return false;
    *left = (struct operand){.shape = SHAPE_TRUTH, .at = left->at, .comparison_open = true};
    return emit(p, sign->op, 0, 0, sign->at);
}

static bool join(struct parser *p, const struct token *word, struct operand *left,
                 const struct operand *right)
{
    const struct operand *missing = left->shape != SHAPE_TRUTH ? left : right;
    if (missing->shape != SHAPE_TRUTH)
        return FAIL(p, missing->at, "\"%s\" needs comparisons on both sides",
                    word->op == OP_AND ? "and" : "or");
    *left = (struct operand){.shape = SHAPE_TRUTH, .at = left->at};
    return emit(p, word->op, 0, 0, word->at);
}

static double constant_of(enum op op, double a, double b)
{
    switch (op) {
    case OP_ADD: return a + b;
    case OP_SUBTRACT: return a - b;
    case OP_MULTIPLY: return a * b;
    default: return a / b;
    }
}

static bool calculate(struct parser *p, const struct token *sign, struct operand *left,
                      const struct operand *right)
{
    char quoted[] = {'"', p->text[sign->at], '"', '\0'};
    if (!needs_number(p, left, quoted) || !needs_number(p, right, quoted))
        return false;
    bool sum = sign->op == OP_ADD || sign->op == OP_SUBTRACT;
    if (sum && !alike(p, left, right, sign->at, sign->op == OP_ADD ? "added to" : "lessened by"))
        return false;
    struct operand out = {.at = left->at, .constant = left->constant && right->constant};
    out.powers = sum                       ? (left->any_powers ? right->powers : left->powers)
                 : sign->op == OP_MULTIPLY ? left->powers + right->powers
                                           : left->powers - right->powers;
    if (abs(out.powers) > EXPRESSION_STACK_MAX)
        return FAIL(p, sign->at, "too high a power of time");
    out.value = constant_of(sign->op, left->value, right->value);
    if (out.constant && !isfinite(out.value))
        return FAIL(p, sign->at, "the result is no finite number");
    out.any_powers = out.constant && out.value == 0;
    *left = out;
    return out.constant ? emit_constant(p, 2, left, sign->at) : emit(p, sign->op, 0, 0, sign->at);
}

static bool combine(struct parser *p, const struct token *sign, struct operand *left,
                    const struct operand *right)
{
    if (op_compares(sign->op))
        return compare(p, sign, left, right);
    if (sign->op == OP_AND || sign->op == OP_OR)
        return join(p, sign, left, right);
    return calculate(p, sign, left, right);
}

static bool parse(struct parser *p, int least, struct operand *out)
{
    if (p->depth++ == EXPRESSION_DEPTH_MAX)
        return FAIL(p, p->token.at, "nested too deeply");
    if (!operand(p, out))
        return false;
    while (p->token.kind == TOKEN_OPERATOR && strength_of(p->token.op) >= least) {
        struct token sign = p->token;
        struct operand right;
        advance(p);
        if (!parse(p, strength_of(sign.op) + 1, &right) || !combine(p, &sign, out, &right))
            return false;
    }
    p->depth--;
    return p->token.kind != TOKEN_BAD;
}

enum nabla_status expression_compile(const char *text, size_t n, struct expression *out,
                                     struct text_fault *fault)
{
    struct parser p = {.text = text, .n = n, .x = out, .fault = fault};
    struct operand all;
    *out = (struct expression){0};
    if (n > EXPRESSION_TEXT_MAX) {
        text_fault_set(fault, EXPRESSION_TEXT_MAX, "longer than %d bytes", EXPRESSION_TEXT_MAX);
        return NABLA_EINVAL;
    }
    p.token = token_next(text, n, 0, fault);
    if (!parse(&p, STRENGTH_OR, &all))
        return NABLA_EINVAL;
    if (p.token.kind != TOKEN_END) {
        text_fault_set(fault, p.token.at, "an operator is missing before \"%.*s\"",
                       (int)(p.token.n < 40 ? p.token.n : 40), text + p.token.at);
        return NABLA_EINVAL;
    }
    if (all.shape != SHAPE_TRUTH) {
        text_fault_set(fault, n, "a comparison is missing, as in rate > 0.5/min");
        return NABLA_EINVAL;
    }
    return NABLA_OK;
}
