/* rules/expression_code.h -- the operations of a compiled expression, and the tokens of its text.
 * Private to expression*.c. */
#ifndef RULES_EXPRESSION_CODE_H
#define RULES_EXPRESSION_CODE_H

#include "rules/expression.h"

enum op {
    OP_CONSTANT, /* pushes x */
    OP_FACT,     /* pushes a fact */
    OP_ETA,      /* pushes eta(x) */
    OP_NEGATE,
    OP_ABS,
    OP_ADD,
    OP_SUBTRACT,
    OP_MULTIPLY,
    OP_DIVIDE,
    OP_GREATER,
    OP_GREATER_EQUAL,
    OP_LESS,
    OP_LESS_EQUAL,
    OP_EQUAL,
    OP_NOT_EQUAL,
    OP_NOT,
    OP_AND,
    OP_OR,
};

static inline bool op_compares(enum op op)
{
    return op >= OP_GREATER && op <= OP_NOT_EQUAL;
}

static inline bool op_takes_one(enum op op)
{
    return op == OP_NEGATE || op == OP_ABS || op == OP_NOT;
}

enum token_kind {
    TOKEN_END,
    TOKEN_NUMBER,
    TOKEN_NAME,     /* value, abs */
    TOKEN_OPERATOR, /* binary, with op; also - before an operand */
    TOKEN_NOT,
    TOKEN_OPEN,
    TOKEN_CLOSE,
    TOKEN_BAD, /* a fault has been set */
};

struct token {
    enum token_kind kind;
    enum op op;
    size_t at, n;  /* in the text */
    double number; /* in seconds */
    int powers;    /* of time in the number */
};

/* Both sides of the comparison code[at]; code[from..at) are numbers alone. */
void expression_sides(const struct expression *x, size_t from, size_t at, const struct facts *f,
                      double *left, double *right);

/* The token at text[at..n), blanks before it left out. */
struct token token_next(const char *text, size_t n, size_t at, struct text_fault *fault);

#endif
