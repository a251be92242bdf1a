/* rules/expression.h -- a rule's condition: text once to byte code, byte code and facts to a truth.
 *
 *     rate > 0.5/min and (value > -18 or eta(-15) < 1h)
 *
 *     or < and < not < comparison (> >= < <= == !=; they do not chain) < + - < * / < unary -
 *     names    value  rate edge trend error (per second)  accel (per second twice)  age  eta(LIMIT)
 *     numbers  1.5   0.5/s 2/min 3/h 1/d   0.1/s/s   10m 1h30m 250ms   (facts.h has the names' meaning)
 *     abs(x), parentheses
 *
 * Every number has a dimension in time: both sides of a comparison, a sum or a difference must have
 * the same one, so a rate is never compared with a duration, nor with a number whose unit was
 * forgotten; 0 fits everything. What a value is measured in is not known and not judged. age and
 * eta() change while nothing arrives, so each stands alone beside a constant: that tells when to look
 * again.
 *
 * Three truths, as in Kleene's logic: a comparison of what is not known (warming, silent, no trend) is
 * unknown; unknown and no = no, unknown or yes = yes, else it stays unknown.
 *
 * Errors: with a confidence K, a > b is yes where a - b is at least K standard errors, no where b - a
 * is, and unknown between; a == b is yes within K errors. An error is carried through arithmetic as the
 * bound that holds however the operands are correlated (the standard deviation of a sum is at most
 * the sum of theirs). Where none is known it counts as 0: a rule whose series have no `resolution`
 * compares plainly rather than never.
 *
 * Pure, no allocation; a compiled expression may be used from any thread at once. */
#ifndef RULES_EXPRESSION_H
#define RULES_EXPRESSION_H

#include "numeric/status.h"
#include "rules/facts.h"
#include "rules/fault.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    EXPRESSION_TEXT_MAX = 1024, /* bytes */
    EXPRESSION_CODE_MAX = 64,   /* operations: as many operands and operators */
    EXPRESSION_DEPTH_MAX = 32,  /* of parentheses, abs, not and minus in one another */
    EXPRESSION_STACK_MAX = 16,  /* operands that wait for their operators */
    EXPRESSION_WATCHES_MAX = 8, /* comparisons of age and eta() */
};

enum truth { TRUTH_NO, TRUTH_YES, TRUTH_UNKNOWN };

/* An operation; x is a constant, a limit, or nothing. */
struct operation {
    double x;
    uint8_t op; /* private: expression_code.h */
    uint8_t fact;
};

/* A comparison that time alone decides. */
struct watch {
    bool eta;     /* eta(limit), else age */
    double limit; /* [v] */
    double s;     /* what it is compared with */
};

struct expression {
    struct operation code[EXPRESSION_CODE_MAX]; /* postfix */
    struct watch watches[EXPRESSION_WATCHES_MAX];
    uint8_t code_n, watches_n;
    uint8_t first;         /* the first comparison: code[first] */
    bool simple;           /* it is the whole expression */
    bool subject_right;    /* its subject, the side that is no constant, is the right one */
    int8_t subject_powers; /* of time in the subject: 0 a value, -1 a rate, -2, 1 a duration */
    bool has_eta;
    double eta_limit; /* of the first eta() */
};

/* Errors: NABLA_EINVAL, *fault then says where and why, *out is undefined. */
MUST_CHECK enum nabla_status expression_compile(const char *text, size_t n, struct expression *out,
                                                struct text_fault *fault);

/* confidence: K above, 0 or more. */
enum truth expression_truth(const struct expression *x, const struct facts *f, double confidence);

/* The value of the subject, the side of the first comparison that is no constant (both are not: the
 * left one), in seconds where time is in it; NaN: not known. */
double expression_subject(const struct expression *x, const struct facts *f);

/* How far the left side of an expression that is one comparison by < <= > or >= is from making it
 * hold: positive while it must still move so far, 0 or less where it holds. In the units of the
 * subject. NaN: not known, or the expression is not so simple. */
double expression_distance(const struct expression *x, const struct facts *f);

/* What the subject is compared with, where the expression is one comparison; as the subject. NaN: it is not. */
double expression_threshold(const struct expression *x, const struct facts *f);

/* Seconds from now until expression_distance comes to 0 if the series goes on as it does: along its trend or
 * newest slope for `value`, along its acceleration for `rate` and `edge`, with the clock for `age` and eta(). 0: it
 * is there; INFINITY: it does not lead there; NaN: not known, or the subject is not one of these names alone. */
double expression_eta_s(const struct expression *x, const struct facts *f);

/* Nanoseconds until age or eta() may change the truth though nothing arrives; INT64_MAX: never. */
int64_t expression_wait_ns(const struct expression *x, const struct facts *f);

#endif
