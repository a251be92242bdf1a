/* Conditions: what they say of facts, how they are refused, and the laws of the three truths. */
#include "facts_rows.h"

#include <stdio.h>

#define NO  TRUTH_NO
#define YES TRUTH_YES
#define WHO TRUTH_UNKNOWN

/* Of warming_freezer: value -20, rate 0.01/s +- 0.00167, accel 1e-4, age 2 s, no trend. */
static const struct {
    const char *text;
    enum truth truth;
} truth_rows[] = {
    {"rate > 0.5/min", YES},
    {"rate > 0.7/min", NO},
    {"rate>0.009/s", YES},
    {"rate > 0.011/s", NO},
    {"rate > 35/h", YES},
    {"rate > 37/h", NO},
    {"rate > 863/d", YES},
    {"rate > 865/d", NO},
    {"rate > 0.5 / min", YES},
    {"0.5/min < rate", YES},
    {"rate >= 0.01/s", YES},
    {"rate <= 0.01/s", YES},
    {"rate < 0.01/s", NO},
    {"rate == 0.01/s", YES},
    {"rate != 0.01/s", NO},
    {"rate > 0", YES},
    {"rate > -0", YES},
    {"rate != 0", YES},
    {"value < -18", YES},
    {"value <= -20", YES},
    {"value < -20", NO},
    {"value > -2e1", NO},
    {"value >= -20.", YES},
    {"value + 2 == -18", YES},
    {"value - 2 * 3 == -26", YES},
    {"(value - 2) * 3 == -66", YES},
    {"value - 1 - 1 == -22", YES},
    {"value / 2 / 5 == -2", YES},
    {"-value == 20", YES},
    {"--value == -20", YES},
    {"+value == -20", YES},
    {"-(value + 1) == 19", YES},
    {"abs(value) == 20", YES},
    {"abs(rate) > 0.5/min", YES},
    {"2 * -3 > value", YES},
    {"rate * 10m > 5", YES},
    {"rate * 10m < 6.1 and rate * 10m > 5.9", YES},
    {"value / rate < -30m", YES},
    {"accel > 0", YES},
    {"accel == 0.0001/s/s", YES},
    {"accel > 0.3/min/min", YES},
    {"accel * 10s < rate", YES},
    {"error < 0.2/min", YES},
    {"rate > 3 * error", YES},
    {"rate > 7 * error", NO},
    {"age < 10s", YES},
    {"age > 1s", YES},
    {"age > 1h30m", NO},
    {"1s < age", YES},
    {"eta(-15) < 10m", YES}, /* 5 / 0.01 = 500 s, less 2 */
    {"eta(-15) < 499s", YES},
    {"eta(-15) < 497s", NO},
    {"eta(-15) > 1ms", YES},
    {"eta(-25) < 52w", NO}, /* its course leads away: never */
    {"eta(-20) < 1s", YES}, /* it is there */
    {"eta(+5) > 41m", YES},
    {"rate > 0.5/min and value < -18", YES},
    {"rate > 0.5/min and value > -18", NO},
    {"rate < 0.5/min or value < -18", YES},
    {"rate < 0.5/min or value > -18", NO},
    {"not rate < 0.5/min", YES},
    {"not not rate < 0.5/min", NO},
    {"not (rate < 0.5/min or value < -18)", NO},
    {"not rate < 0.5/min and value < -18", YES},
    {"value > 0 and value > 0 or value < 0", YES},
    {"value < 0 or value > 0 and value > 0", YES},
    {"(value < 0 or value > 0) and value > 0", NO},
    {"\n value\t<\r0 ", YES},
    /* there is no trend */
    {"trend > 0", WHO},
    {"trend == trend", WHO},
    {"not trend > 0", WHO},
    {"abs(-trend * 2) + 1/s > 0", WHO},
    {"trend > 0 and value < 0", WHO},
    {"trend > 0 and value > 0", NO},
    {"trend > 0 or value < 0", YES},
    {"trend > 0 or value > 0", WHO},
    {"value / 0 < 0", YES}, /* -infinity is a number */
    {"0 * value / 0 < 0", WHO},
};

START_TEST(truth_row)
{
    struct facts f = warming_freezer();
    struct expression x = compiled(truth_rows[_i].text);
    enum truth got = expression_truth(&x, &f, 0);
    ck_assert_msg(got == truth_rows[_i].truth, "%s: %d", truth_rows[_i].text, (int)got);
}
END_TEST

/* rate is 6 errors above 0, 1 above 0.5/min, 1 below 0.7/min. */
static const struct {
    const char *text;
    double confidence;
    enum truth truth;
} confident_rows[] = {
    {"rate > 0", 5.9, YES},
    {"rate > 0", 6.1, WHO},
    {"rate > 0.5/min", 0.9, YES},
    {"rate > 0.5/min", 1.1, WHO},
    {"rate > 0.7/min", 0.9, NO},
    {"rate > 0.7/min", 1.1, WHO},
    {"rate >= 0.5/min", 0.9, YES},
    {"rate < 0.5/min", 0.9, NO},
    {"rate < 0.5/min", 1.1, WHO},
    {"rate < 0.7/min", 0.9, YES},
    {"rate <= 0.7/min", 1.1, WHO},
    {"rate == 0.5/min", 1.1, YES},
    {"rate == 0.5/min", 0.9, NO},
    {"rate != 0.5/min", 1.1, NO},
    {"rate != 0.5/min", 0.9, YES},
    {"2 * rate > 0", 5.9, YES},
    {"2 * rate > 0", 6.1, WHO},
    {"-rate < 0", 5.9, YES},
    {"-rate < 0", 6.1, WHO},
    {"rate / 4 > 0", 5.9, YES},
    {"rate / 4 > 0", 6.1, WHO},
    {"rate + rate > 0", 5.9, YES},
    {"rate + rate > 0", 6.1, WHO},
    {"abs(rate) > 0.5/min", 0.9, YES},
    {"abs(rate) > 0.5/min", 1.1, WHO},
    {"rate * rate > 0", 2.9, YES},
    {"rate * rate > 0", 3.1, WHO},
    {"1 / rate > 0", 5.9, YES},
    {"1 / rate > 0", 6.1, WHO},
    {"edge > 0.5/min", 100, YES}, /* no error is known */
    {"value < -19", 100, YES},
};

START_TEST(confident_row)
{
    struct facts f = warming_freezer();
    struct expression x = compiled(confident_rows[_i].text);
    enum truth got = expression_truth(&x, &f, confident_rows[_i].confidence);
    ck_assert_msg(got == confident_rows[_i].truth, "%s at %g: %d", confident_rows[_i].text,
                  confident_rows[_i].confidence, (int)got);
}
END_TEST

static const struct {
    const char *text;
    size_t offset;
    const char *message;
} bad_rows[] = {
    {"", 0, "a name or a number is missing at the end"},
    {"  ", 2, "a name or a number is missing at the end"},
    {"rate", 4, "a comparison is missing, as in rate > 0.5/min"},
    {"rate >", 6, "a name or a number is missing at the end"},
    {"> 1", 0, "a name or a number is missing before \">\""},
    {"rate > 0.5", 5,
     "a rate cannot be compared with a number without a unit: write 0.5/s, 2/min "
     "or 3/h"},
    {"accel > 1", 6,
     "an acceleration (per second twice) cannot be compared with a number without "
     "a unit: write 0.1/s/s or 2/min/min"},
    {"age > 5", 4,
     "a duration cannot be compared with a number without a unit: write 30s, 10m or "
     "1h"},
    {"5 < age", 2,
     "a number without a unit cannot be compared with a duration: write 30s, 10m or "
     "1h"},
    {"rate > 10m", 5, "a rate cannot be compared with a duration"},
    {"value > 1/s", 6, "a value cannot be compared with a rate"},
    {"value > rate", 6, "a value cannot be compared with a rate"},
    {"rate > accel", 5, "a rate cannot be compared with an acceleration (per second twice)"},
    {"rate + 1 > 2/s", 5,
     "a rate cannot be added to a number without a unit: write 0.5/s, 2/min "
     "or 3/h"},
    {"rate - 5m > 2/s", 5, "a rate cannot be lessened by a duration"},
    {"rate * rate * rate > 5", 19,
     "neither a value, nor a rate, nor a duration cannot be compared "
     "with a number without a unit"},
    {"rat > 1", 0,
     "unknown name \"rat\": there are value, rate, edge, accel, trend, error, age, "
     "eta(LIMIT) and abs()"},
    {"Rate > 1", 0,
     "unknown name \"Rate\": there are value, rate, edge, accel, trend, error, age, "
     "eta(LIMIT) and abs()"},
    {"rate > 1/m", 9, "a rate is per s, min, h or d: write /min"},
    {"age > 10min", 6,
     "\"10min\" is neither a number (1.5), nor a rate (0.5/s, 2/min, 3/h), nor a "
     "duration (30s, 10m, 1h30m)"},
    {"value > 1.2.3", 8,
     "\"1.2.3\" is neither a number (1.5), nor a rate (0.5/s, 2/min, 3/h), nor "
     "a duration (30s, 10m, 1h30m)"},
    {"value > 1e999", 8,
     "\"1e999\" is neither a number (1.5), nor a rate (0.5/s, 2/min, 3/h), nor "
     "a duration (30s, 10m, 1h30m)"},
    {"value > 1/0", 9, "the result is no finite number"},
    {"value = 1", 6, "\"=\" is written \"==\""},
    {"value > 1 && value < 2", 10, "\"&&\" is written \"and\""},
    {"value > 1 || value < 2", 10, "\"||\" is written \"or\""},
    {"!(value > 1)", 0, "\"!\" is written \"not\""},
    {"value <> 1", 6, "\"<>\" is written \"!=\""},
    {"value > 1 ; 2", 10, "';' has no meaning here"},
    {"value > \xc3\xa4", 8, "byte 0xc3 has no meaning here"},
    {"value > 1 2", 10, "an operator is missing before \"2\""},
    {"value > 1)", 9, "an operator is missing before \")\""},
    {"(value > 1", 10, "\")\" is missing at the end"},
    {"(value > 1 value", 11, "\")\" is missing before \"value\""},
    {"1 < value < 2", 10, "comparisons do not chain: write \"a < b and b < c\""},
    {"(1 < value) < 2", 0, "a comparison needs numbers, and this is a condition"},
    {"1 > 2", 2, "both sides are constants"},
    {"not rate", 4, "\"not\" needs a comparison"},
    {"value > 1 and rate", 14, "\"and\" needs comparisons on both sides"},
    {"value or value > 1", 0, "\"or\" needs comparisons on both sides"},
    {"-(value > 1) > 2", 1, "\"-\" needs a number, and this is a condition"},
    {"1 + (value > 1) > 2", 4, "\"+\" needs a number, and this is a condition"},
    {"abs(value > 1) > 2", 4, "abs() needs a number, and this is a condition"},
    {"abs value > 1", 4, "\"(\" after abs is missing before \"value\""},
    {"abs(value > 1", 4, "abs() needs a number, and this is a condition"},
    {"abs(value", 9, "\")\" is missing at the end"},
    {"eta > 1m", 4, "\"(\" after eta is missing before \">\""},
    {"eta() > 1m", 4, "eta() needs a value of the series, as in eta(-15)"},
    {"eta(1m) > 1m", 4, "eta() needs a value of the series, as in eta(-15)"},
    {"eta(value) > 1m", 4, "eta() needs a value of the series, as in eta(-15)"},
    {"eta(1 + 1) > 1m", 6, "\")\" is missing before \"+\""},
    {"age * 2 > 1m", 0,
     "age stands alone on its side of a comparison with a duration, as in age < "
     "10m"},
    {"1m > 2 * eta(-15)", 9,
     "eta() stands alone on its side of a comparison with a duration, as in "
     "eta() < 10m"},
    {"eta(1) < eta(2)", 7, "eta() is compared with a duration alone, as in eta() < 10m"},
    {"age > value / rate", 4, "age is compared with a duration alone, as in age < 10m"},
};

START_TEST(bad_row)
{
    const char *text = bad_rows[_i].text;
    struct expression x;
    struct text_fault fault = {.offset = 99};
    ck_assert_msg(expression_compile(text, strlen(text), &x, &fault) == NABLA_EINVAL, "%s", text);
    ck_assert_msg(fault.offset == bad_rows[_i].offset &&
                      strcmp(fault.message, bad_rows[_i].message) == 0,
                  "%s: %zu: %s", text, fault.offset, fault.message);
}
END_TEST

/* text, unit times n, end: still compiled at n = most, refused with this message beyond. */
static const struct {
    const char *start, *unit, *end;
    int most;
    const char *message;
} limit_rows[] = {
    {"", "(", "value", 31, "nested too deeply"},
    {"", "-", "value > 1", 31, "nested too deeply"},
    {"value > 1", " + value", "", 30, "longer than 64 operands and operators"},
    {"age < 1s", " or age < 2s", "", 7, "more than 8 comparisons of age and eta()"},
    {"value > 1", "      ", "", 169, "longer than 1024 bytes"},
};

START_TEST(limit_row)
{
    for (int beyond = 0; beyond < 2; beyond++) {
        char text[2048];
        struct expression x;
        struct text_fault fault;
        int n = sprintf(text, "%s", limit_rows[_i].start), units = limit_rows[_i].most + beyond;
        for (int i = 0; i < units; i++)
            n += sprintf(text + n, "%s", limit_rows[_i].unit);
        n += sprintf(text + n, "%s", limit_rows[_i].end);
        for (int i = 0; i < units && limit_rows[_i].unit[0] == '('; i++)
            n += sprintf(text + n, ")%s", i == 0 ? " > 1" : "");
        enum nabla_status status = expression_compile(text, (size_t)n, &x, &fault);
        ck_assert_msg((status == NABLA_OK) == (beyond == 0), "%s: %s", text, fault.message);
        if (beyond)
            ck_assert_str_eq(fault.message, limit_rows[_i].message);
    }
}
END_TEST

/* Nothing of an expression is known of a silent series but what its age says. */
START_TEST(silence_is_unknown)
{
    struct facts f;
    facts_of_nothing(PRESENCE_SILENT, 400, &f);
    for (int i = 0; i < ROWS(truth_rows); i++) {
        struct expression x = compiled(truth_rows[i].text);
        if (strstr(truth_rows[i].text, "age") == NULL)
            ck_assert_msg(expression_truth(&x, &f, 0) == TRUTH_UNKNOWN, "%s", truth_rows[i].text);
    }
    struct expression old = compiled("age > 5m or rate > 1/s");
    ck_assert_int_eq(expression_truth(&old, &f, 0), TRUTH_YES);
}
END_TEST

/* One reading of three series that differ only in `per`: the same truth. */
START_TEST(per_changes_nothing)
{
    struct expression x = compiled("rate > 0.5/min and accel > 0.00009/s/s and trend > 20/h");
    for (int per = PER_SECOND; per <= PER_HOUR; per++) {
        double s = per_seconds((enum per)per);
        struct reading r = {.state = STATE_OK,
                            .per = (enum per)per,
                            .rate = {0, 0.01 * s, 2, 0.001 * s},
                            .edge = {0, 0.02 * s, 1, 0},
                            .trend = {0, 0.006 * s, 1, 0},
                            .trend_level = 5,
                            .accel = 1e-4 * s * s,
                            .window = {{0, 7}},
                            .window_n = 1};
        struct facts f;
        facts_of_reading(&r, &f);
        ck_assert_int_eq(expression_truth(&x, &f, 0), TRUTH_YES);
        ck_assert_double_eq_tol(f.at[FACT_ERROR].v, 0.001, 1e-15);
        ck_assert_double_eq_tol(facts_eta(&f, 8), 500, 1e-9); /* along the trend, from its level */
    }
}
END_TEST

static const struct {
    enum series_state state;
    int window_n, edge, rate; /* orders */
    const char *known, *unknown;
} state_rows[] = {
    {STATE_WARMING, 0, 0, 0, "age == 0", "value > 1"},
    {STATE_WARMING, 1, 0, 0, "value == 7", "edge > 0"},
    {STATE_WARMING, 1, 0, 0, "value == 7", "eta(9) < 1h"},
    {STATE_OK, 2, 1, 0, "edge > 0", "rate > 0"},
    {STATE_OK, 2, 1, 0, "eta(9) < 1h", "accel > 0"},
    {STATE_OK, 3, 1, 2, "rate > 0 and accel > 0", "trend > 0"},
    {STATE_OK, 3, 1, 2, "rate > 0 and accel > 0", "error > 0"},
    {STATE_STALE, 3, 1, 2, "age == 0", "value > 1"},
    {STATE_STALE, 3, 1, 2, "age == 0", "rate > 1/s"},
};

START_TEST(state_row)
{
    struct reading r = {.state = state_rows[_i].state,
                        .rate = {0, 1, (uint8_t)state_rows[_i].rate, 0},
                        .edge = {0, 1, (uint8_t)state_rows[_i].edge, 0},
                        .accel = state_rows[_i].rate ? 1 : NAN,
                        .window = {{0, 7}, {1, 7}, {2, 7}},
                        .window_n = (uint8_t)state_rows[_i].window_n};
    struct expression known = compiled(state_rows[_i].known),
                      unknown = compiled(state_rows[_i].unknown);
    struct facts f;
    facts_of_reading(&r, &f);
    ck_assert_int_eq(expression_truth(&known, &f, 0), TRUTH_YES);
    ck_assert_int_eq(expression_truth(&unknown, &f, 0), TRUTH_UNKNOWN);
}
END_TEST

/* Seconds until time alone may change it; -1: never. */
static const struct {
    const char *text;
    double s;
} wait_rows[] = {
    {"value > 1", -1},
    {"age > 10s", 8},
    {"age < 1s", -1}, /* over already */
    {"10s < age and age > 5s or rate > 1/s", 3},
    {"eta(-15) < 100s", 398},
    {"eta(-15) < 1h", -1}, /* so it is */
    {"eta(-25) < 1h", -1}, /* and never will be */
    {"not (eta(-15) < 100s or age > 30m)", 398},
};

START_TEST(wait_row)
{
    struct facts f = warming_freezer();
    struct expression x = compiled(wait_rows[_i].text);
    int64_t got = expression_wait_ns(&x, &f);
    if (wait_rows[_i].s < 0) {
        ck_assert_int_eq(got, INT64_MAX);
        return;
    }
    ck_assert_double_eq_tol((double)got * 1e-9, wait_rows[_i].s, 1e-5);
    enum truth before = expression_truth(&x, &f, 0);
    f.at[FACT_AGE].v += (double)got * 1e-9; /* and then it has changed */
    ck_assert_msg(expression_truth(&x, &f, 0) != before || strchr(wait_rows[_i].text, 'r') != NULL,
                  "%s", wait_rows[_i].text);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("expression");
    TCase *c = tcase_create("all");
    tcase_add_loop_test(c, truth_row, 0, ROWS(truth_rows));
    tcase_add_loop_test(c, confident_row, 0, ROWS(confident_rows));
    tcase_add_loop_test(c, bad_row, 0, ROWS(bad_rows));
    tcase_add_loop_test(c, limit_row, 0, ROWS(limit_rows));
    tcase_add_test(c, silence_is_unknown);
    tcase_add_test(c, per_changes_nothing);
    tcase_add_loop_test(c, state_row, 0, ROWS(state_rows));
    tcase_add_loop_test(c, wait_row, 0, ROWS(wait_rows));
    suite_add_tcase(s, c);
    return s;
}
