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
    EXPRESSION_COMPARISONS_MAX = (EXPRESSION_CODE_MAX + 1) / 4, /* two sides, a sign, and a join */
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

/* A comparison; its subject is the side that is no constant (both are not: the left one). */
struct comparison {
    uint16_t text_at, text_n; /* of it as it is written, in the text */
    uint8_t at;               /* code[at] compares */
    bool subject_right;
    int8_t subject_powers; /* of time in the subject: 0 a value, -1 a rate, -2, 1 a duration */
};

struct expression {
    struct operation code[EXPRESSION_CODE_MAX]; /* postfix */
    struct watch watches[EXPRESSION_WATCHES_MAX];
    struct comparison comparisons[EXPRESSION_COMPARISONS_MAX]; /* as written; one at least */
    uint8_t code_n, watches_n, comparisons_n;
    bool has_distance; /* one of them is by < <= > or >= */
    bool has_eta;
    double eta_limit; /* of the first eta() */
};

/* Errors: NABLA_EINVAL, *fault then says where and why, *out is undefined. */
MUST_CHECK enum nabla_status expression_compile(const char *text, size_t n, struct expression *out,
                                                struct text_fault *fault);

/* confidence: K above, 0 or more. */
enum truth expression_truth(const struct expression *x, const struct facts *f, double confidence);

/* The value of the first comparison's subject, in seconds where time is in it; NaN: not known. */
double expression_subject(const struct expression *x, const struct facts *f);

/* How far an expression is from being true: that of one of its comparisons, the one that decides.
 *
 * A comparison by < <= > or >= is as far as its left side must still move, and will be there when its subject is,
 * if the series goes on as it does: `value` along its trend or newest slope, `rate` and `edge` along the
 * acceleration, `age` and eta() with the clock. `not` turns it round. Of those that are true, how far and how soon
 * they are to become false counts.
 *
 *     does not hold, comes late < comes soon < holds, leaves soon < leaves late
 *
 * Law: `and` is decided by the least of these, `or` by the greatest. Sooner is: a known time first, then what nobody
 * knows, then never; of equal ones the one with the smaller share of the way. What is not known is below all others
 * for `and`; for `or` it is between those that do not hold and those that do, which decide without it. == and !=
 * have no way to go: one that holds decides an `and` only if all are such, one that does not an `or`. */
struct expression_gap {
    double subject,
        threshold; /* of that comparison, in seconds where time is in it; NaN: not known */
    double
        distance; /* as these: positive while it is to go, 0 or less where it holds; NaN: not known, or == or != */
    double
        share; /* distance over the larger one of |subject| and |threshold|: to compare what differs in unit */
    double
        eta_s; /* until distance is 0; 0: it is; INFINITY: it does not lead there; NaN: not known */
    uint8_t comparison; /* comparisons[] */
};
void expression_gap(const struct expression *x, const struct facts *f, struct expression_gap *out);

/* Nanoseconds until age or eta() may change the truth though nothing arrives; INT64_MAX: never. */
int64_t expression_wait_ns(const struct expression *x, const struct facts *f);

#endif
