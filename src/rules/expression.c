/* rules/expression.c -- byte code and facts to a truth.
 *
 *     rate > 0.5/min     FACT rate | CONSTANT 0.00833 | GREATER        one stack, numbers and truths
 *
 * A number carries its standard error; a truth is 0, 1/2 (unknown) or 1, so that Kleene's `and` is the
 * smaller one, `or` the larger one and `not` what is left to 1.
 * Elsewhere: text to byte code, which proves that the stack suffices (expression_parse.c). */
#include "rules/expression.h"

#include "rules/expression_code.h"

#include <math.h>

static const double unknown = 0.5;

/* d: left less right; m: the margin in which nothing is certain. */
static double exceeds(double d, double m)
{
    return d > m ? 1 : d <= -m ? 0 : unknown;
}

static double reaches(double d, double m)
{
    return d >= m ? 1 : d < -m ? 0 : unknown;
}

static struct quantity compare(enum op op, struct quantity a, struct quantity b, double confidence)
{
    double d = a.v - b.v, m = confidence > 0 ? confidence * (a.error + b.error) : 0, t;
    if (isnan(d))
        return (struct quantity){.v = unknown};
    switch (op) {
    case OP_GREATER: t = exceeds(d, m); break;
    case OP_GREATER_EQUAL: t = reaches(d, m); break;
    case OP_LESS: t = exceeds(-d, m); break;
    case OP_LESS_EQUAL: t = reaches(-d, m); break;
    case OP_EQUAL: t = fabs(d) <= m; break;
    default: t = !(fabs(d) <= m); break;
    }
    return (struct quantity){.v = t};
}

struct quantity operation_apply(enum op op, struct quantity a, struct quantity b, double confidence)
{
    switch (op) {
    case OP_NEGATE: return (struct quantity){-b.v, b.error};
    case OP_ABS: return (struct quantity){fabs(b.v), b.error};
    case OP_ADD: return (struct quantity){a.v + b.v, a.error + b.error};
    case OP_SUBTRACT: return (struct quantity){a.v - b.v, a.error + b.error};
    case OP_MULTIPLY:
        return (struct quantity){a.v * b.v, fabs(a.v) * b.error + fabs(b.v) * a.error};
    case OP_DIVIDE:
        return (struct quantity){a.v / b.v, (a.error + fabs(a.v / b.v) * b.error) / fabs(b.v)};
    case OP_NOT: return (struct quantity){.v = 1 - b.v};
    case OP_AND: return (struct quantity){.v = a.v < b.v ? a.v : b.v};
    case OP_OR: return (struct quantity){.v = a.v > b.v ? a.v : b.v};
    default: return compare(op, a, b, confidence);
    }
}

/* Runs code[0..n), which the parser has proved to stay inside of the stack. */
static void run(const struct expression *x, size_t n, const struct facts *f, double confidence,
                struct quantity stack[static EXPRESSION_STACK_MAX])
{
    size_t top = 0; /* the stack is stack[0..top) */
    for (size_t i = 0; i < n; i++) {
        const struct operation *o = &x->code[i];
        enum op op = (enum op)o->op;
        if (op == OP_FACT)
            stack[top++] = f->at[o->fact];
        else if (op == OP_CONSTANT)
            stack[top++] = (struct quantity){.v = o->x};
        else if (op == OP_ETA)
            stack[top++] = (struct quantity){.v = facts_eta(f, o->x)};
        else if (op == OP_NEGATE || op == OP_ABS || op == OP_NOT)
            stack[top - 1] = operation_apply(op, stack[top - 1], stack[top - 1], confidence);
        else {
            top--;
            stack[top - 1] = operation_apply(op, stack[top - 1], stack[top], confidence);
        }
    }
}

enum truth expression_truth(const struct expression *x, const struct facts *f, double confidence)
{
    struct quantity stack[EXPRESSION_STACK_MAX];
    run(x, x->code_n, f, confidence, stack);
    return stack[0].v == unknown ? TRUTH_UNKNOWN : stack[0].v > 0 ? TRUTH_YES : TRUTH_NO;
}

/* Numbers alone stand before the first comparison: its sides are the whole stack. */
double expression_subject(const struct expression *x, const struct facts *f)
{
    struct quantity stack[EXPRESSION_STACK_MAX];
    run(x, x->first, f, 0, stack);
    return stack[x->subject_right].v;
}

double expression_distance(const struct expression *x, const struct facts *f)
{
    struct quantity stack[EXPRESSION_STACK_MAX];
    if (!x->simple)
        return NAN;
    run(x, x->first, f, 0, stack);
    switch ((enum op)x->code[x->first].op) {
    case OP_GREATER:
    case OP_GREATER_EQUAL: return stack[1].v - stack[0].v;
    case OP_LESS:
    case OP_LESS_EQUAL: return stack[0].v - stack[1].v;
    default: return NAN;
    }
}

/* Just past the moment, so that > and >= both have changed by then. */
static int64_t wait_ns(double seconds)
{
    if (!(seconds >= 0) || seconds > 1e9)
        return INT64_MAX;
    return (int64_t)(seconds * 1e9) + 1000;
}

int64_t expression_wait_ns(const struct expression *x, const struct facts *f)
{
    int64_t shortest = INT64_MAX;
    for (size_t i = 0; i < x->watches_n; i++) {
        const struct watch *w = &x->watches[i];
        int64_t ns = wait_ns(w->eta ? facts_eta(f, w->limit) - w->s : w->s - f->at[FACT_AGE].v);
        shortest = ns < shortest ? ns : shortest;
    }
    return shortest;
}
