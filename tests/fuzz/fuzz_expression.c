/* rooms: rules */
/* Any bytes as a condition: refused at a byte of theirs with printable words, or judged, on a stack that
 * the parser has proved to suffice, with three truths that fit one another. */
#include "rules/expression.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static struct facts facts_of(enum presence presence, double value, double rate, double error)
{
    struct facts f;
    facts_of_nothing(presence, 3, &f);
    for (int i = 0; i < FACT_AGE && presence == PRESENCE_LIVE; i++)
        f.at[i] = (struct quantity){i == FACT_VALUE ? value : rate, error};
    f.level = f.at[FACT_VALUE].v;
    return f;
}

/* What has a distance has a truth, and it is one of its comparisons'. */
static void judge_gap(const struct expression *x, const struct facts *f, enum truth plain)
{
    struct expression_gap gap;
    expression_gap(x, f, &gap);
    require(gap.comparison < x->comparisons_n);
    if (!isnan(gap.distance) && gap.distance != 0)
        require(plain == (gap.distance < 0 ? TRUTH_YES : TRUTH_NO));
    require(isnan(gap.distance) == isnan(gap.share) && !(gap.distance * gap.share < 0));
    require(isnan(gap.eta_s) || gap.eta_s >= 0);
    require(isnan(gap.eta_s) || gap.eta_s == 0 || !(gap.distance <= 0));
    require(x->has_distance || isnan(gap.distance));
}

/* Every comparison is where it says, in the text and in the code. */
static void judge_comparisons(const struct expression *x, size_t n)
{
    require(x->comparisons_n > 0);
    for (size_t i = 0; i < x->comparisons_n; i++) {
        const struct comparison *c = &x->comparisons[i];
        require(c->at < x->code_n && c->text_n > 0 && (size_t)c->text_at + c->text_n <= n);
    }
}

/* Certainty only makes truths unknown, and a condition opposed is its opposite. */
static void judge(const struct expression *x, const struct expression *opposite,
                  const struct facts *f)
{
    enum truth plain = expression_truth(x, f, 0);
    require(expression_truth(x, f, 0) == plain);
    (void)expression_truth(x, f, 3);
    enum truth other = expression_truth(opposite, f, 0);
    require(plain == TRUTH_UNKNOWN ? other == TRUTH_UNKNOWN : other == (plain == TRUTH_NO));
    judge_gap(x, f, plain);
    require(expression_wait_ns(x, f) > 0);
    (void)expression_subject(x, f);
}

static void judge_all(const struct expression *x, const uint8_t *data, size_t n)
{
    static const double numbers[] = {0, -0.0, 1, -20, 1e300, -1e-300, INFINITY, NAN};
    struct expression opposite;
    struct text_fault fault;
    char *text = malloc(n + 6);
    require(text != NULL);
    memcpy(text, "not (", 5);
    memcpy(text + 5, data, n);
    text[n + 5] = ')';
    if (expression_compile(text, n + 6, &opposite, &fault) == NABLA_OK) { /* else it is too deep */
        for (size_t i = 0; i < 64; i++) {
            struct facts f = facts_of(PRESENCE_LIVE, numbers[i / 8], numbers[i % 8], 0.5);
            judge(x, &opposite, &f);
        }
        struct facts silent = facts_of(PRESENCE_SILENT, 0, 0, 0);
        judge(x, &opposite, &silent);
    }
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct expression x;
    struct text_fault fault;
    enum nabla_status status = expression_compile((const char *)data, n, &x, &fault);
    if (status == NABLA_OK) {
        judge_comparisons(&x, n);
        judge_all(&x, data, n);
        return 0;
    }
    require(status == NABLA_EINVAL && fault.offset <= n && fault.message[0] != '\0');
    for (const char *p = fault.message; *p != '\0'; p++)
        require(*p >= 0x20 && *p < 0x7f);
    return 0;
}
