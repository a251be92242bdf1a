/* The way of an alert: tables of what one look does after another, then the laws of step.h. */
#include "rules/step.h"

#include "facts_rows.h"

#include <stdio.h>
#include <stdlib.h>

#define SECOND INT64_C(1000000000)

static struct rule rule_of(const char *when, const char *clear)
{
    struct rule r = {.when = compiled(when)};
    static char written[] = "written";
    if (clear != NULL) {
        r.clear = compiled(clear);
        r.clear_text = written;
    }
    return r;
}

/* A series whose value is v; NaN: warming. */
static struct facts live(double v)
{
    struct facts f;
    facts_of_nothing(PRESENCE_LIVE, 0, &f);
    f.at[FACT_VALUE].v = v;
    return f;
}

static struct facts silent(double age_s)
{
    struct facts f;
    facts_of_nothing(PRESENCE_SILENT, age_s, &f);
    return f;
}

/* One look a second. Looks: digits are values, ? warming, s silent, g gone.
 * What it gives: . inactive, p pending, F firing; events are told apart in the capital letters below. */
static struct facts facts_at(char look)
{
    if (look == '?')
        return live(NAN);
    if (look == 's')
        return silent(10);
    if (look == 'g') {
        struct facts f;
        facts_of_nothing(PRESENCE_GONE, 10, &f);
        return f;
    }
    return live(look - '0');
}

static const struct {
    const char *label, *when, *clear;
    int for_s, keep_s;
    enum no_data no_data;
    const char *looks;
    const char *phases; /* . inactive, p pending, f firing */
    const char *events; /* . nothing, P pended, D dropped, F fired, R resolved */
} rows[] = {
    {"at once", "value > 5", NULL, 0, 0, NO_DATA_KEEP, "00990", "..ff.", "..F.R"},
    {"for 2 s", "value > 5", NULL, 2, 0, NO_DATA_KEEP, "0999990", ".ppfff.", ".P.F..R"},
    {"for starts anew", "value > 5", NULL, 2, 0, NO_DATA_KEEP, "9909999", "pp.ppff", "P.DP.F."},
    {"clear is apart", "value > 5", "value < 3", 0, 0, NO_DATA_KEEP, "9545429", "fffff.f",
     "F....RF"},
    {"clear does not end a pending one", "value > 5", "value < 3", 2, 0, NO_DATA_KEEP, "9949999",
     "pp.ppff", "P.DP.F."},
    {"keep firing for 2 s", "value > 5", NULL, 0, 2, NO_DATA_KEEP, "9000", "fff.", "F..R"},
    {"a new one takes it back", "value > 5", NULL, 0, 2, NO_DATA_KEEP, "90090000", "ffffff..",
     "F.....R."},
    {"neither clear nor firing takes it back", "value > 5", "value < 3", 0, 2, NO_DATA_KEEP,
     "9004000", "ffffff.", "F.....R"},
    {"when wins where both hold", "value > 5", "value < 9", 0, 0, NO_DATA_KEEP, "8885", "fff.",
     "F..R"},
    {"unknown starts nothing", "value > 5", NULL, 0, 0, NO_DATA_KEEP, "??9", "..f", "..F"},
    {"unknown ends nothing", "value > 5", NULL, 0, 0, NO_DATA_KEEP, "9???0", "ffff.", "F...R"},
    {"unknown fires nothing", "value > 5", NULL, 2, 0, NO_DATA_KEEP, "9???9", "ppppf", "P...F"},
    {"unknown, then no", "value > 5", NULL, 2, 0, NO_DATA_KEEP, "9?0", "pp.", "P.D"},
    {"unknown while it waits to end", "value > 5", NULL, 0, 2, NO_DATA_KEEP, "90??0", "ffff.",
     "F...R"},
    {"silent, keep: firing", "value > 5", NULL, 0, 0, NO_DATA_KEEP, "9sss0", "ffff.", "F...R"},
    {"silent, keep: pending", "value > 5", NULL, 2, 0, NO_DATA_KEEP, "9sss9", "ppppf", "P...F"},
    {"silent, keep: inactive", "value > 5", NULL, 0, 0, NO_DATA_KEEP, "0sss", "....", "...."},
    {"silent, keep: what is known counts", "value > 5 or age > 5s", NULL, 0, 0, NO_DATA_KEEP, "0s0",
     ".f.", ".FR"},
    {"silent, resolve: firing", "value > 5", NULL, 0, 0, NO_DATA_RESOLVE, "9s", "f.", "FR"},
    {"silent, resolve: kept on", "value > 5", NULL, 0, 2, NO_DATA_RESOLVE, "9sss", "fff.", "F..R"},
    {"silent, resolve: pending", "value > 5", NULL, 2, 0, NO_DATA_RESOLVE, "9s9", "p.p", "PDP"},
    {"silent, resolve: hysteresis", "value > 5", "value < 3", 0, 0, NO_DATA_RESOLVE, "94s", "ff.",
     "F.R"},
    {"silent, resolve: what is known counts", "value > 5 or age > 5s", NULL, 0, 0, NO_DATA_RESOLVE,
     "9s0", "ff.", "F.R"},
    {"warming is not silent", "value > 5", NULL, 0, 0, NO_DATA_RESOLVE, "9?", "ff", "F."},
    {"warming is not silent either", "value > 5", NULL, 0, 0, NO_DATA_ALERT, "0?", "..", ".."},
    {"silent, alert", "value > 5", NULL, 0, 0, NO_DATA_ALERT, "0ss0", ".ff.", ".F.R"},
    {"silent, alert, for", "value > 5", NULL, 2, 0, NO_DATA_ALERT, "0sss0", ".ppf.", ".P.FR"},
    {"silent, alert: it goes on", "value > 5", NULL, 0, 0, NO_DATA_ALERT, "9s9", "fff", "F.."},
    {"silent, alert: clear takes nothing", "value > 5", "value < 3", 0, 2, NO_DATA_ALERT, "90s00",
     "fffff", "F...."},
    {"gone, keep", "value > 5", NULL, 0, 9, NO_DATA_KEEP, "9g", "f.", "FR"},
    {"gone, alert", "value > 5", NULL, 0, 0, NO_DATA_ALERT, "0sg", ".f.", ".FR"},
    {"gone, pending", "value > 5", NULL, 2, 0, NO_DATA_ALERT, "9gg", "p..", "PD."},
};

START_TEST(row)
{
    struct rule rule = rule_of(rows[_i].when, rows[_i].clear);
    struct alert_state s = {0};
    char phases[32] = "", events[32] = "";
    rule.for_ns = rows[_i].for_s * SECOND;
    rule.keep_firing_for_ns = rows[_i].keep_s * SECOND;
    rule.no_data = rows[_i].no_data;
    for (size_t i = 0; rows[_i].looks[i] != '\0'; i++) {
        struct facts f = facts_at(rows[_i].looks[i]);
        struct alert_outcome o = alert_step(&rule, &f, (int64_t)i * SECOND, &s);
        phases[i] = ".pf"[s.phase];
        events[i] = ".PDFR"[o.event];
        ck_assert_int_eq(s.silent, rows[_i].looks[i] == 's');
    }
    ck_assert_msg(strcmp(phases, rows[_i].phases) == 0 && strcmp(events, rows[_i].events) == 0,
                  "%s: %s %s", rows[_i].label, phases, events);
}
END_TEST

/* A look at the moment that was named does what was waited for, and one just before does not. */
static const struct {
    const char *when, *clear;
    int for_s, keep_s;
    enum no_data no_data;
    double first; /* the value at 0 s; then it is at the second one at 1 s */
    double second;
    int silent_in_s; /* from 1 s on */
    double look_s;   /* -1: no need */
} look_rows[] = {
    {"value > 5", NULL, 0, 0, NO_DATA_KEEP, 0, 0, 0, -1},
    {"value > 5", NULL, 0, 0, NO_DATA_KEEP, 9, 9, 0, -1},
    {"value > 5", NULL, 60, 0, NO_DATA_KEEP, 9, 9, 0, 60},
    {"value > 5", NULL, 60, 0, NO_DATA_KEEP, 9, NAN, 0, -1},
    {"value > 5", NULL, 0, 30, NO_DATA_KEEP, 9, 0, 0, 31},
    {"value > 5", "value < 3", 0, 30, NO_DATA_KEEP, 9, 4, 0, -1},
    {"value > 5", "value < 3", 0, 30, NO_DATA_KEEP, 9, 2, 0, 31},
    {"value > 5", NULL, 0, 0, NO_DATA_KEEP, 0, 0, 300, -1},
    {"value > 5", NULL, 0, 0, NO_DATA_ALERT, 0, 0, 300, 301},
    {"value > 5", NULL, 60, 0, NO_DATA_RESOLVE, 9, 9, 300, 60},
    {"value > 5", NULL, 60, 0, NO_DATA_RESOLVE, 9, 9, 20, 21},
    {"value > 5 or age > 50s", NULL, 0, 0, NO_DATA_KEEP, 0, 0, 0, 51},
    {"value > 5", "age > 50s", 0, 0, NO_DATA_KEEP, 9, 4, 0, 51},
};

START_TEST(look_row)
{
    struct rule rule = rule_of(look_rows[_i].when, look_rows[_i].clear);
    struct facts first = live(look_rows[_i].first), second = live(look_rows[_i].second);
    struct alert_state s = {0};
    rule.for_ns = look_rows[_i].for_s * SECOND;
    rule.keep_firing_for_ns = look_rows[_i].keep_s * SECOND;
    rule.no_data = look_rows[_i].no_data;
    second.silent_in_ns = look_rows[_i].silent_in_s * SECOND;
    alert_step(&rule, &first, 0, &s);
    struct alert_outcome o = alert_step(&rule, &second, SECOND, &s);
    if (look_rows[_i].look_s < 0) {
        ck_assert_int_eq(o.look_ns, INT64_MAX);
        return;
    }
    ck_assert_double_eq_tol((double)o.look_ns * 1e-9, look_rows[_i].look_s, 1e-5);
    if (look_rows[_i].silent_in_s > 0)
        return;
    struct alert_state early = s, due = s;
    second.at[FACT_AGE].v = (double)(o.look_ns - SECOND) * 1e-9 - 2e-6;
    ck_assert_int_eq(alert_step(&rule, &second, o.look_ns - 1, &early).event, ALERT_NOTHING);
    second.at[FACT_AGE].v = (double)(o.look_ns - SECOND) * 1e-9;
    ck_assert_int_ne(alert_step(&rule, &second, o.look_ns, &due).event, ALERT_NOTHING);
}
END_TEST

/* Noise on a plateau at the limit: one alert, however the noise falls, if it stays above clear. */
START_TEST(no_flapping_inside_the_hysteresis)
{
    struct rule rule = rule_of("value > 5", "value < 3");
    struct alert_state s = {0};
    int fired = 0, resolved = 0;
    srand(1);
    for (int64_t t = 0; t < 10000; t++) {
        struct facts f = live(5 + 1.9 * ((double)rand() / RAND_MAX * 2 - 1));
        enum alert_event e = alert_step(&rule, &f, t * SECOND, &s).event;
        fired += e == ALERT_FIRED;
        resolved += e == ALERT_RESOLVED;
    }
    ck_assert_int_eq(fired, 1);
    ck_assert_int_eq(resolved, 0);
}
END_TEST

/* A rate that is only noise does not fire at any limit, where its error is known. */
START_TEST(confidence_keeps_noise_out)
{
    struct rule rule = rule_of("rate > 0.01/s", NULL);
    struct alert_state s = {0};
    struct facts f = live(0);
    rule.min_confidence = 3;
    f.at[FACT_RATE] = (struct quantity){0.012, 0.001};
    ck_assert_int_eq(alert_step(&rule, &f, 0, &s).event, ALERT_NOTHING); /* 2 errors clear */
    f.at[FACT_RATE].v = 0.0131;
    ck_assert_int_eq(alert_step(&rule, &f, 1, &s).event, ALERT_FIRED);
    f.at[FACT_RATE].v = 0.0101; /* no longer clear of the limit, but still beyond */
    ck_assert_int_eq(alert_step(&rule, &f, 2, &s).event, ALERT_NOTHING);
    f.at[FACT_RATE].v = 0.0099;
    ck_assert_int_eq(alert_step(&rule, &f, 3, &s).event, ALERT_RESOLVED);
    f.at[FACT_RATE] = (struct quantity){0.0101, 0}; /* no error is known: a plain comparison */
    ck_assert_int_eq(alert_step(&rule, &f, 4, &s).event, ALERT_FIRED);
}
END_TEST

/* What ends an alert is plain: a limit well inside of a resting sensor's noise ends it, too. */
START_TEST(confidence_does_not_hold_an_alert)
{
    struct rule rule = rule_of("rate > 0.01/s", "rate < 0.002/s");
    struct alert_state s = {0};
    struct facts f = live(0);
    rule.min_confidence = 3;
    f.at[FACT_RATE] = (struct quantity){0.02, 0.003};
    ck_assert_int_eq(alert_step(&rule, &f, 0, &s).event, ALERT_FIRED);
    f.at[FACT_RATE].v = 0.003;
    ck_assert_int_eq(alert_step(&rule, &f, 1, &s).event, ALERT_NOTHING);
    f.at[FACT_RATE].v = 0.001;
    ck_assert_int_eq(alert_step(&rule, &f, 2, &s).event, ALERT_RESOLVED);
}
END_TEST

START_TEST(times_of_an_alert)
{
    struct rule rule = rule_of("value > 5", NULL);
    struct alert_state s = {0};
    struct facts high = live(9), low = live(0);
    rule.for_ns = 10 * SECOND;
    alert_step(&rule, &high, 100 * SECOND, &s);
    alert_step(&rule, &high, 111 * SECOND, &s);
    alert_step(&rule, &high, 120 * SECOND, &s);
    ck_assert_int_eq(s.active_ns, 100 * SECOND);
    ck_assert_int_eq(s.fired_ns, 111 * SECOND);
    ck_assert_int_eq(alert_step(&rule, &low, 130 * SECOND, &s).event, ALERT_RESOLVED);
    ck_assert_int_eq(s.active_ns, 100 * SECOND); /* of the alert that ended */
    ck_assert_int_eq(s.fired_ns, 111 * SECOND);
}
END_TEST

/* A clock that is set back makes nothing wait longer than its own time again. */
START_TEST(clock_set_back)
{
    struct rule rule = rule_of("value > 5", NULL);
    struct alert_state s = {0};
    struct facts high = live(9);
    rule.for_ns = 10 * SECOND;
    alert_step(&rule, &high, 1000 * SECOND, &s);
    struct alert_outcome o = alert_step(&rule, &high, 5 * SECOND, &s);
    ck_assert_int_eq(o.look_ns, 15 * SECOND);
    ck_assert_int_eq(alert_step(&rule, &high, 14 * SECOND, &s).event, ALERT_NOTHING);
    ck_assert_int_eq(alert_step(&rule, &high, 15 * SECOND, &s).event, ALERT_FIRED);
}
END_TEST

/* The end of time is far away, not behind. */
START_TEST(waits_do_not_overflow)
{
    struct rule rule = rule_of("value > 5", NULL);
    struct alert_state s = {0};
    struct facts high = live(9);
    rule.for_ns = INT64_MAX;
    struct alert_outcome o = alert_step(&rule, &high, INT64_MAX - 5, &s);
    ck_assert_int_eq(o.event, ALERT_PENDED);
    ck_assert_int_eq(o.look_ns, INT64_MAX);
    ck_assert_uint_le(sizeof s, 32); /* hundreds of thousands of them */
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("step");
    TCase *c = tcase_create("all");
    tcase_add_loop_test(c, row, 0, ROWS(rows));
    tcase_add_loop_test(c, look_row, 0, ROWS(look_rows));
    tcase_add_test(c, no_flapping_inside_the_hysteresis);
    tcase_add_test(c, confidence_keeps_noise_out);
    tcase_add_test(c, confidence_does_not_hold_an_alert);
    tcase_add_test(c, times_of_an_alert);
    tcase_add_test(c, clock_set_back);
    tcase_add_test(c, waits_do_not_overflow);
    suite_add_tcase(s, c);
    return s;
}
