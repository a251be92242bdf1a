/* rules/expression.c -- byte code and facts to a truth.
 *
 *     rate > 0.5/min     FACT rate | CONSTANT 0.00833 | GREATER        one stack, numbers and truths
 *
 * A number carries its standard error; a truth is 0, 1/2 (unknown) or 1, so that Kleene's `and` is the
 * smaller one, `or` the larger one and `not` what is left to 1.
 * Elsewhere: text to byte code, which proves that the stack suffices (expression_parse.c); how far
 * it is from being true (expression_gap.c). */
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

static struct quantity truth_of(double t)
{
    return (struct quantity){.v = t};
}

static struct quantity compare(enum op op, struct quantity a, struct quantity b, double confidence)
{
    double d = a.v - b.v, m = confidence > 0 ? confidence * (a.error + b.error) : 0;
    if (isnan(d))
        return truth_of(unknown);
    switch (op) {
    case OP_GREATER: return truth_of(exceeds(d, m));
    case OP_GREATER_EQUAL: return truth_of(reaches(d, m));
    case OP_LESS: return truth_of(exceeds(-d, m));
    case OP_LESS_EQUAL: return truth_of(reaches(-d, m));
    case OP_EQUAL: return truth_of(fabs(d) <= m);
    default: return truth_of(!(fabs(d) <= m));
    }
}

/* b alone for operators with one operand. */
static struct quantity apply(enum op op, struct quantity a, struct quantity b, double confidence)
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
    case OP_NOT: return truth_of(1 - b.v);
    case OP_AND: return truth_of(a.v < b.v ? a.v : b.v);
    case OP_OR: return truth_of(a.v > b.v ? a.v : b.v);
    default: return compare(op, a, b, confidence);
    }
}

static struct quantity operand(const struct operation *o, const struct facts *f)
{
    if (o->op == OP_FACT)
        return f->at[o->fact];
    return (struct quantity){.v = o->op == OP_CONSTANT ? o->x : facts_eta(f, o->x)};
}

/* Runs code[from..to), which the parser has proved to stay inside of the stack: stack[0..top) below the
 * newest, which is at hand. */
static struct quantity run(const struct expression *x, size_t from, size_t to,
                           const struct facts *f, double confidence,
                           struct quantity stack[static EXPRESSION_STACK_MAX])
{
    struct quantity newest = operand(&x->code[from], f);
    size_t top = 0;
    for (size_t i = from + 1; i < to; i++) {
        const struct operation *o = &x->code[i];
        enum op op = (enum op)o->op;
        if (op <= OP_ETA) {
            stack[top++] = newest;
            newest = operand(o, f);
        } else {
            struct quantity left = op_takes_one(op) ? newest : stack[--top];
            newest = apply(op, left, newest, confidence);
        }
    }
    return newest;
}

enum truth expression_truth(const struct expression *x, const struct facts *f, double confidence)
{
    struct quantity stack[EXPRESSION_STACK_MAX];
    double t = run(x, 0, x->code_n, f, confidence, stack).v;
    return t == unknown ? TRUTH_UNKNOWN : t > 0 ? TRUTH_YES : TRUTH_NO;
}

void expression_sides(const struct expression *x, size_t from, size_t at, const struct facts *f,
                      double *left, double *right)
{
    struct quantity stack[EXPRESSION_STACK_MAX];
    *right = run(x, from, at, f, 0, stack).v;
    *left = stack[0].v;
}

double expression_subject(const struct expression *x, const struct facts *f)
{
    double left, right;
    expression_sides(x, 0, x->comparisons[0].at, f, &left, &right);
    return x->comparisons[0].subject_right ? right : left;
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
