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

static bool takes_one(enum op op)
{
    return op == OP_NEGATE || op == OP_ABS || op == OP_NOT;
}

static struct quantity operand(const struct operation *o, const struct facts *f)
{
    if (o->op == OP_FACT)
        return f->at[o->fact];
    return (struct quantity){.v = o->op == OP_CONSTANT ? o->x : facts_eta(f, o->x)};
}

/* Runs code[0..n), which the parser has proved to stay inside of the stack: stack[0..top) below the
 * newest, which is at hand. */
static struct quantity run(const struct expression *x, size_t n, const struct facts *f,
                           double confidence, struct quantity stack[static EXPRESSION_STACK_MAX])
{
    struct quantity newest = operand(&x->code[0], f);
    size_t top = 0;
    for (size_t i = 1; i < n; i++) {
        const struct operation *o = &x->code[i];
        enum op op = (enum op)o->op;
        if (op <= OP_ETA) {
            stack[top++] = newest;
            newest = operand(o, f);
        } else {
            struct quantity left = takes_one(op) ? newest : stack[--top];
            newest = apply(op, left, newest, confidence);
        }
    }
    return newest;
}

enum truth expression_truth(const struct expression *x, const struct facts *f, double confidence)
{
    struct quantity stack[EXPRESSION_STACK_MAX];
    double t = run(x, x->code_n, f, confidence, stack).v;
    return t == unknown ? TRUTH_UNKNOWN : t > 0 ? TRUTH_YES : TRUTH_NO;
}

/* The sides of the first comparison: numbers alone stand before it, so they are all there is. */
static void sides(const struct expression *x, const struct facts *f, double *left, double *right)
{
    struct quantity stack[EXPRESSION_STACK_MAX];
    *right = run(x, x->first, f, 0, stack).v;
    *left = stack[0].v;
}

double expression_subject(const struct expression *x, const struct facts *f)
{
    double left, right;
    sides(x, f, &left, &right);
    return x->subject_right ? right : left;
}

double expression_distance(const struct expression *x, const struct facts *f)
{
    double left, right;
    if (!x->simple)
        return NAN;
    sides(x, f, &left, &right);
    switch ((enum op)x->code[x->first].op) {
    case OP_GREATER:
    case OP_GREATER_EQUAL: return right - left;
    case OP_LESS:
    case OP_LESS_EQUAL: return left - right;
    default: return NAN;
    }
}

double expression_threshold(const struct expression *x, const struct facts *f)
{
    double left, right;
    if (!x->simple)
        return NAN;
    sides(x, f, &left, &right);
    return x->subject_right ? left : right;
}

/* The operand that is all of the subject; NULL: it is more. code[0..first) is the left side and then the right
 * one, so one that stands right before the comparison is all of the right side, and the first is all of the left
 * one if nothing takes it from below what comes after it. */
static const struct operation *subject_alone(const struct expression *x)
{
    const struct operation *last = &x->code[x->first - 1];
    if (x->subject_right)
        return last->op <= OP_ETA ? last : NULL;
    for (uint32_t i = 1, above = 0; i < x->first; i++) {
        enum op op = (enum op)x->code[i].op;
        bool takes_first = takes_one(op) ? above == 0 : op > OP_ETA && above < 2;
        if (takes_first)
            return NULL;
        above += op <= OP_ETA;
        above -= op > OP_ETA && !takes_one(op);
    }
    return &x->code[0];
}

/* NaN where it may as well be none. */
static double certain(const struct quantity *q)
{
    return fabs(q->v) > q->error ? q->v : NAN;
}

/* d to go at so much a second. */
static double at_pace(double d, double pace)
{
    double seconds = d / pace;
    return isnan(pace) ? NAN : seconds >= 0 && isfinite(seconds) ? seconds : INFINITY;
}

double expression_eta_s(const struct expression *x, const struct facts *f)
{
    double d = expression_distance(x, f);
    const struct operation *o = x->simple ? subject_alone(x) : NULL;
    if (isnan(d) || o == NULL || o->op == OP_CONSTANT)
        return NAN;
    if (d <= 0)
        return 0;
    double subject = expression_subject(x, f), threshold = expression_threshold(x, f);
    if (o->op == OP_ETA)
        return at_pace(threshold - subject, -1);
    switch ((enum fact)o->fact) {
    case FACT_VALUE: return facts_eta(f, threshold);
    case FACT_RATE:
    case FACT_EDGE: return at_pace(threshold - subject, certain(&f->at[FACT_ACCEL]));
    case FACT_AGE: return at_pace(threshold - subject, 1);
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
