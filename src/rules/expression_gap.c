/* rules/expression_gap.c -- byte code and facts to how far from true.
 *
 *     value > 10  rate > 2  NOT  AND      a stack of pairs: how far from yes, how far from no
 *        yes/no     yes/no  swap  least of the yes, greatest of the no
 *
 * Each pair is of comparisons alone, so that `and` and `or` only choose, and `not` swaps what both ways have chosen
 * (De Morgan). Choosing the least or the greatest of an order that is total makes parentheses between like joins
 * mean nothing.
 * Law: a distance below 0 is that of a true expression, above 0 that of a false one. */
#include "rules/expression_code.h"

#include <math.h>

/* In their order; UNKNOWN is where `and` or `or` puts it. */
enum standing {
    NEVER, /* == or != that does not hold */
    UNKNOWN_TO_AND,
    ABSENT,
    UNKNOWN_TO_OR,
    HOLDS,
    ALWAYS, /* == or != that holds */
    UNKNOWN,
};

/* A comparison, or its opposite. gap.eta_s: until it turns, whichever way. */
struct candidate {
    struct expression_gap gap;
    enum standing standing;
};

struct pair {
    struct candidate yes, no;
};

static const double tiny = 1e-300; /* both sides are about 0: a share of that */

/* ---- one comparison */

/* The operand that is all of the subject; NULL: it is more. code[from..c->at) is the left side and then the right
 * one, so one that stands right before the comparison is all of the right side, and the first is all of the left
 * one if nothing takes it from below what comes after it. */
static const struct operation *subject_alone(const struct expression *x, size_t from,
                                             const struct comparison *c)
{
    const struct operation *last = &x->code[c->at - 1];
    if (c->subject_right)
        return last->op <= OP_ETA ? last : NULL;
    for (size_t i = from + 1, above = 0; i < c->at; i++) {
        enum op op = (enum op)x->code[i].op;
        bool takes_first = op_takes_one(op) ? above == 0 : op > OP_ETA && above < 2;
        if (takes_first)
            return NULL;
        above += op <= OP_ETA;
        above -= op > OP_ETA && !op_takes_one(op);
    }
    return &x->code[from];
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

/* Seconds until the subject is at the threshold; o: what is all of the subject, or NULL. */
static double seconds_to(const struct expression_gap *g, const struct operation *o,
                         const struct facts *f)
{
    if (isnan(g->distance) || o == NULL || o->op == OP_CONSTANT)
        return NAN;
    if (g->distance == 0)
        return 0;
    if (o->op == OP_ETA)
        return at_pace(g->threshold - g->subject, -1);
    switch ((enum fact)o->fact) {
    case FACT_VALUE: return facts_eta(f, g->threshold);
    case FACT_RATE:
    case FACT_EDGE: return at_pace(g->threshold - g->subject, certain(&f->at[FACT_ACCEL]));
    case FACT_AGE: return at_pace(g->threshold - g->subject, 1);
    default: return NAN;
    }
}

static double distance_of(enum op op, double left, double right)
{
    switch (op) {
    case OP_GREATER:
    case OP_GREATER_EQUAL: return right - left;
    case OP_LESS:
    case OP_LESS_EQUAL: return left - right;
    default: return NAN;
    }
}

static enum standing standing_of(enum op op, double left, double right)
{
    if (isnan(left - right))
        return UNKNOWN;
    switch (op) {
    case OP_GREATER: return left > right ? HOLDS : ABSENT;
    case OP_GREATER_EQUAL: return left >= right ? HOLDS : ABSENT;
    case OP_LESS: return left < right ? HOLDS : ABSENT;
    case OP_LESS_EQUAL: return left <= right ? HOLDS : ABSENT;
    case OP_EQUAL: return left == right ? ALWAYS : NEVER;
    default: return left != right ? ALWAYS : NEVER;
    }
}

static enum standing opposite(enum standing s)
{
    static const enum standing of[] = {[NEVER] = ALWAYS,
                                       [ABSENT] = HOLDS,
                                       [HOLDS] = ABSENT,
                                       [ALWAYS] = NEVER,
                                       [UNKNOWN] = UNKNOWN};
    return of[s];
}

static double share_of(const struct expression_gap *g)
{
    double size = fmax(fmax(fabs(g->subject), fabs(g->threshold)), tiny);
    return isfinite(size) ? g->distance / size : copysign(2, g->distance);
}

static struct candidate turned(const struct candidate *c)
{
    struct candidate out = *c;
    out.gap.distance = 0 - c->gap.distance;
    out.gap.share = 0 - c->gap.share;
    out.standing = opposite(c->standing);
    return out;
}

static struct pair compare(const struct expression *x, size_t from, uint8_t number,
                           const struct facts *f)
{
    const struct comparison *c = &x->comparisons[number];
    enum op op = (enum op)x->code[c->at].op;
    double left, right;
    expression_sides(x, from, c->at, f, &left, &right);
    struct expression_gap g = {.comparison = number, .distance = distance_of(op, left, right)};
    g.subject = c->subject_right ? right : left;
    g.threshold = c->subject_right ? left : right;
    g.share = isnan(g.distance) ? NAN : share_of(&g);
    g.eta_s = seconds_to(&g, subject_alone(x, from, c), f);
    struct candidate yes = {g, standing_of(op, left, right)};
    return (struct pair){yes, turned(&yes)};
}

/* ---- which decides */

/* Known, not known, never. */
static int certainty(double eta_s)
{
    return isnan(eta_s) ? 1 : isinf(eta_s) ? 2 : 0;
}

/* Whether a turns later than b, or else is further from it. */
static bool later(const struct expression_gap *a, const struct expression_gap *b)
{
    int known_a = certainty(a->eta_s), known_b = certainty(b->eta_s);
    if (known_a != known_b)
        return known_a > known_b;
    if (known_a == 0 && a->eta_s != b->eta_s)
        return a->eta_s > b->eta_s;
    return fabs(a->share) > fabs(b->share);
}

static bool below(const struct candidate *a, const struct candidate *b, enum standing unknown)
{
    enum standing of_a = a->standing == UNKNOWN ? unknown : a->standing;
    enum standing of_b = b->standing == UNKNOWN ? unknown : b->standing;
    if (of_a != of_b)
        return of_a < of_b;
    return of_a == HOLDS ? later(&b->gap, &a->gap) : of_a == ABSENT && later(&a->gap, &b->gap);
}

static struct candidate least(const struct candidate *a, const struct candidate *b)
{
    return below(b, a, UNKNOWN_TO_AND) ? *b : *a;
}

static struct candidate greatest(const struct candidate *a, const struct candidate *b)
{
    return below(a, b, UNKNOWN_TO_OR) ? *b : *a;
}

static struct pair join(enum op op, const struct pair *a, const struct pair *b)
{
    if (op == OP_AND)
        return (struct pair){least(&a->yes, &b->yes), greatest(&a->no, &b->no)};
    return (struct pair){greatest(&a->yes, &b->yes), least(&a->no, &b->no)};
}

void expression_gap(const struct expression *x, const struct facts *f, struct expression_gap *out)
{
    struct pair stack[EXPRESSION_STACK_MAX];
    size_t top = 0, from = 0;
    uint8_t number = 0;
    for (size_t i = 0; i < x->code_n; i++) {
        enum op op = (enum op)x->code[i].op;
        if (op < OP_GREATER)
            continue; /* of the comparison that follows */
        if (op_compares(op)) {
            stack[top++] = compare(x, from, number++, f);
        } else if (op == OP_NOT) {
            stack[top - 1] = (struct pair){stack[top - 1].no, stack[top - 1].yes};
        } else {
            top--;
            stack[top - 1] = join(op, &stack[top - 1], &stack[top]);
        }
        from = i + 1;
    }
    *out = stack[0].yes.gap;
    if (stack[0].yes.standing == HOLDS)
        out->eta_s = 0;
}
