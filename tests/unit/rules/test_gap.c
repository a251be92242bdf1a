/* How far from true: of one comparison, and which of several decides. */
#include "facts_rows.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static bool same(double got, double wanted)
{
    if (isnan(wanted) || isinf(wanted))
        return isnan(wanted) ? isnan(got) : got == wanted;
    return fabs(got - wanted) < 1e-9;
}

static struct expression_gap gap_of(const char *text, const struct facts *f)
{
    struct expression x = compiled(text);
    struct expression_gap gap;
    expression_gap(&x, f, &gap);
    return gap;
}

/* One comparison. Of warming_freezer: value -20, rate 0.01/s +- 0.00167, accel 1e-4, age 2 s, no trend. */
static const struct {
    const char *text;
    double subject, distance;
} distance_rows[] = {
    {"value > -18", -20, 2},         {"value < -18", -20, -2},       {"-18 < value", -20, 2},
    {"value <= -25", -20, 5},        {"value >= -25", -20, -5},      {"value == -25", -20, NAN},
    {"value + 1 > -18", -19, 1},     {"abs(value) > 18", 20, -2},    {"not value > -18", -20, -2},
    {"not not value > -18", -20, 2}, {"not value == -18", -20, NAN}, {"trend > 0", NAN, NAN},
    {"not trend > 0", NAN, NAN},     {"eta(-15) < 60s", 498, 438},   {"age > 10s", 2, 8},
};

START_TEST(distance_row)
{
    struct facts f = warming_freezer();
    struct expression x = compiled(distance_rows[_i].text);
    struct expression_gap gap = gap_of(distance_rows[_i].text, &f);
    double subject = expression_subject(&x, &f), wanted = distance_rows[_i].subject;
    ck_assert_msg(same(subject, wanted) && same(gap.subject, wanted), "%s: %g, %g",
                  distance_rows[_i].text, subject, gap.subject);
    ck_assert_msg(same(gap.distance, distance_rows[_i].distance), "%s: %g", distance_rows[_i].text,
                  gap.distance);
    ck_assert_uint_eq(gap.comparison, 0);
}
END_TEST

/* What the subject is compared with, and when it will be there. */
static const struct {
    const char *text;
    double accel_error, threshold, eta_s;
} eta_rows[] = {
    {"value > -18", 0, -18, 198}, /* 2 to go at 0.01/s, since 2 s ago */
    {"-18 < value", 0, -18, 198},
    {"-(9 + 9) < value", 0, -18, 198},
    {"value < -18", 0, -18, 0}, /* it holds */
    {"value < -25", 0, -25, INFINITY},
    {"not value < -18", 0, -18, 198},
    {"rate > 1/min", 0, 1. / 60, 0.4 / 60 / 1e-4},
    {"2/min - 1/min < edge", 0, 1. / 60, 0.4 / 60 / 1e-4},
    {"rate > 1/min", 2e-4, 1. / 60, NAN}, /* nobody knows whether it grows */
    {"rate < -1/min", 0, -1. / 60, INFINITY},
    {"age > 10s", 0, 10, 8},
    {"age < 1s", 0, 1, INFINITY},
    {"age < 10s", 0, 10, 0},
    {"value > -20", 0, -20, 0}, /* it is there, though it does not hold */
    {"eta(-15) < 60s", 0, 60, 438},
    {"eta(-25) < 60s", 0, 60, INFINITY},
    {"trend > 0", 0, 0, NAN},
    {"abs(value) < 18", 0, 18, NAN}, /* more than the name alone, as are these */
    {"-value < 18", 0, 18, NAN},
    {"value * 2 > -18", 0, -18, NAN},
    {"2 * value > -18", 0, -18, NAN},
    {"-18 < value * 2", 0, -18, NAN},
    {"value - value > 1", 0, 1, NAN},
    {"value == -18", 0, -18, NAN},
};

START_TEST(eta_row)
{
    struct facts f = warming_freezer();
    f.at[FACT_ACCEL].error = eta_rows[_i].accel_error;
    struct expression_gap gap = gap_of(eta_rows[_i].text, &f);
    ck_assert_msg(same(gap.threshold, eta_rows[_i].threshold), "%s: %.17g", eta_rows[_i].text,
                  gap.threshold);
    ck_assert_msg(same(gap.eta_s, eta_rows[_i].eta_s), "%s: %.17g", eta_rows[_i].text, gap.eta_s);
}
END_TEST

/* Several: the text of the one that decides, its distance, and when it is there. */
static const struct {
    const char *text, *decides;
    double distance, eta_s;
} several_rows[] = {
    /* Neither holds: the last to come of `and`, the first of `or`. */
    {"value > -18 and age > 10s", "value > -18", 2, 198},
    {"age > 10s and value > -18", "value > -18", 2, 198},
    {"value > -18 or age > 10s", "age > 10s", 8, 8},
    {"age > 10s or value > -18", "age > 10s", 8, 8},
    {"value > -18 and value < -25", "value < -25", 5, INFINITY}, /* never is the latest */
    {"value > -18 or value < -25", "value > -18", 2, 198},
    {"value > -18 and -value < 18", "-value < 18", 2, NAN}, /* nobody knows when */
    {"value > -18 or -value < 18", "value > -18", 2, 198},
    {"value < -25 and -value < 18", "value < -25", 5, INFINITY},
    {"value < -25 or -value < 18", "-value < 18", 2, NAN},
    {"value < -25 and age < 1s", "age < 1s", 1, INFINITY}, /* half of the way, a fifth of it */
    {"value < -25 or age < 1s", "value < -25", 5, INFINITY},
    {"-value < 18 and abs(value) < 10", "abs(value) < 10", 10, NAN},
    {"-value < 18 or abs(value) < 10", "-value < 18", 2, NAN},
    /* One holds. */
    {"value < -18 and age > 10s", "age > 10s", 8, 8},
    {"value < -18 or age > 10s", "value < -18", -2, 0},
    /* All hold: the first to leave of `and`, the last of `or`. */
    {"value < -18 and age < 10s", "age < 10s", -8, 0},
    {"value < -18 or age < 10s", "value < -18", -2, 0},
    {"value < -18 and value > -25", "value < -18", -2, 0},
    {"value < -18 or value > -25", "value > -25", -5, 0},
    /* Turned round, together and each. */
    {"not (value > -18 or age > 10s)", "age > 10s", -8, 0},
    {"not value > -18 and not age > 10s", "age > 10s", -8, 0},
    {"not (value < -18 and age < 10s)", "age < 10s", 8, 8},
    {"not (value < -18 or age < 10s)", "value < -18", 2, 198},
    {"not (not (value > -18 and age > 10s))", "value > -18", 2, 198},
    /* Within one another. */
    {"value > -18 and (age > 10s or value < -25)", "value > -18", 2, 198},
    {"value < -25 or value > -18 and age > 10s", "value > -18", 2, 198},
    {"age > 10s or value > -18 or age > 30s", "age > 10s", 8, 8},
    {"age > 10s and (age > 30s and age > 20s)", "age > 30s", 28, 28},
    /* At it, and not over it: it decides over what holds, and lets others hold. */
    {"value > -20 and age < 10s", "value > -20", 0, 0},
    {"value > -20 or age < 10s", "age < 10s", -8, 0},
    /* What is not known. */
    {"value > -18 and trend > 0", "trend > 0", NAN, NAN},
    {"trend > 0 and value < -18", "trend > 0", NAN, NAN},
    {"value > -18 or trend > 0", "trend > 0", NAN, NAN},
    {"value < -18 or trend > 0", "value < -18", -2, 0},
    {"not (value > -18 and trend > 0)", "value > -18", -2, 0},
    {"not (value < -18 or trend > 0)", "trend > 0", NAN, NAN},
    /* No way to go, but true or not. */
    {"value == -20 and age > 10s", "age > 10s", 8, 8},
    {"value != -20 and age > 10s", "value != -20", NAN, NAN},
    {"value == -20 or age > 10s", "value == -20", NAN, NAN},
    {"value == 5 or age > 10s", "age > 10s", 8, 8},
    {"value == 5 or value < -18", "value < -18", -2, 0},
    {"trend == 0 or age > 10s", "trend == 0", NAN, NAN},
    {"trend == 0 and value == 5", "value == 5", NAN, NAN},
    {"value == -20 and rate != 0", "value == -20", NAN, NAN},
    {"not (value == -20) or age > 10s", "age > 10s", 8, 8},
    {"not (value == 5) and age > 10s", "age > 10s", 8, 8},
    /* As it is written. */
    {"age<10s  and ( ( value+1 )>-( 9 + 9 ) )", "( value+1 )>-( 9 + 9 )", 1, NAN},
    {"-( 9 + 9 ) <value and age < 10s", "-( 9 + 9 ) <value", 2, 198},
    {"age < 10s and (eta( -15 )< 60s )", "eta( -15 )< 60s", 438, 438},
};

START_TEST(several_row)
{
    struct facts f = warming_freezer();
    const char *text = several_rows[_i].text, *decides = several_rows[_i].decides;
    struct expression x = compiled(text);
    struct expression_gap gap = gap_of(text, &f);
    const struct comparison *c = &x.comparisons[gap.comparison];
    ck_assert_msg(c->text_n == strlen(decides) &&
                      strncmp(text + c->text_at, decides, c->text_n) == 0,
                  "%s: %.*s", text, (int)c->text_n, text + c->text_at);
    ck_assert_msg(same(gap.distance, several_rows[_i].distance), "%s: %g", text, gap.distance);
    ck_assert_msg(same(gap.eta_s, several_rows[_i].eta_s), "%s: %g", text, gap.eta_s);
}
END_TEST

/* The way that is left, as a share of the larger side. */
static const struct {
    const char *text;
    double value, share;
} share_rows[] = {
    {"value > 10", 5, 0.5},      {"value > 10", 20, -0.5},    {"value > -10", -20, 0.5},
    {"value > 10", -10, 2},      {"value > 0", 0, 0},         {"value == 1", 0, NAN},
    {"value > 1", NAN, NAN},     {"value > 1", INFINITY, -2}, {"value < 1", INFINITY, 2},
    {"value > 0", -1e-301, 0.1},
};

START_TEST(share_row)
{
    struct facts f = warming_freezer();
    f.at[FACT_VALUE].v = share_rows[_i].value;
    struct expression_gap gap = gap_of(share_rows[_i].text, &f);
    ck_assert_msg(same(gap.share, share_rows[_i].share), "%s: %g", share_rows[_i].text, gap.share);
}
END_TEST

static const struct {
    const char *text;
    int comparisons;
    bool has_distance;
} kind_rows[] = {
    {"value > 1", 1, true},
    {"not (value > 1)", 1, true},
    {"value == 1", 1, false},
    {"value == 1 or rate != 0", 2, false},
    {"value == 1 or rate <= 0 or value != 3", 3, true},
};

START_TEST(kind_row)
{
    struct expression x = compiled(kind_rows[_i].text);
    ck_assert_int_eq(x.comparisons_n, kind_rows[_i].comparisons);
    ck_assert(x.has_distance == kind_rows[_i].has_distance);
}
END_TEST

/* What a condition of a distance says is what its truth says, and parentheses between like joins mean nothing:
 * all of three comparisons out of these, by `and` and `or`, on both sides. */
static const char *const parts[] = {"value > -18",  "value < -18", "age > 10s",   "trend > 0",
                                    "value == -20", "value == 5",  "-value < 18", "value < -25"};

START_TEST(law_row)
{
    struct facts f = warming_freezer();
    const char *words[] = {"and", "or"}, *a = parts[_i % 8], *b = parts[_i / 8 % 8];
    for (int i = 0; i < 16; i++) {
        char left[128], right[128];
        const char *c = parts[i / 2], *word = words[i % 2];
        sprintf(left, "(%s %s %s) %s %s", a, word, b, word, c);
        sprintf(right, "%s %s (%s %s %s)", a, word, b, word, c);
        struct expression_gap gap = gap_of(left, &f), other = gap_of(right, &f);
        struct expression x = compiled(left);
        ck_assert_msg(gap.comparison == other.comparison && same(gap.distance, other.distance),
                      "%s: %d, %d", left, gap.comparison, other.comparison);
        if (!isnan(gap.distance))
            ck_assert_msg(expression_truth(&x, &f, 0) == (gap.distance < 0 ? TRUTH_YES : TRUTH_NO),
                          "%s: %g", left, gap.distance);
    }
}
END_TEST

/* As many as fit into the code, and one more, which does not even in parentheses. */
START_TEST(most_comparisons)
{
    char text[512] = "value > 1";
    struct expression x;
    struct text_fault fault;
    for (int i = 1; i < EXPRESSION_COMPARISONS_MAX; i++)
        strcat(text, " or value > 1");
    ck_assert_int_eq(expression_compile(text, strlen(text), &x, &fault), NABLA_OK);
    ck_assert_int_eq(x.comparisons_n, EXPRESSION_COMPARISONS_MAX);
    strcpy(text, "value > 1");
    for (int i = 1; i <= EXPRESSION_COMPARISONS_MAX; i++)
        strcat(text, i % 4 == 0 ? " or (value > 1" : " or value > 1");
    ck_assert_int_eq(expression_compile(text, strlen(text), &x, &fault), NABLA_EINVAL);
    ck_assert_str_eq(fault.message, "more than 16 comparisons");
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("gap");
    TCase *c = tcase_create("all");
    tcase_add_loop_test(c, distance_row, 0, ROWS(distance_rows));
    tcase_add_loop_test(c, eta_row, 0, ROWS(eta_rows));
    tcase_add_loop_test(c, several_row, 0, ROWS(several_rows));
    tcase_add_loop_test(c, share_row, 0, ROWS(share_rows));
    tcase_add_loop_test(c, kind_row, 0, ROWS(kind_rows));
    tcase_add_loop_test(c, law_row, 0, 64);
    tcase_add_test(c, most_comparisons);
    suite_add_tcase(s, c);
    return s;
}
