/* What a rule may say of a series: numbers, lists, late samples, and what holds only together. */
#include "conf/conf.h"
#include "conf/keys.h"

#include "suite.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define SECOND INT64_C(1000000000)

static void expect_faults(const char *text, const char *want)
{
    struct conf c;
    struct buf errors = {0};
    ck_assert_msg(conf_read_text("x", text, strlen(text), &c, &errors) == NABLA_EINVAL, "%s", text);
    buf_char(&errors, '\0');
    ck_assert_str_eq(errors.at, want);
    buf_fini(&errors);
}

static void read_policy(const char *text, struct policy *out)
{
    struct conf c;
    struct buf errors = {0};
    ck_assert_msg(conf_read_text("x", text, strlen(text), &c, &errors) == NABLA_OK, "%s: %.*s",
                  text, (int)errors.n, errors.at);
    *out = c.policies.rules_n > 0 ? c.policies.rules[0].policy : c.policies.defaults;
    conf_fini(&c);
    buf_fini(&errors);
}

/* Every member that a row does not name has its default. */
static const struct {
    const char *text;
    struct policy want;
} good_rows[] = {
    {"", {0}},
    {"defaults: {min_dt: 100ms}", {.min_dt_ns = SECOND / 10}},
    {"defaults: {min_dt: off}", {0}},
    {"defaults: {min_dt: 'off'}", {0}},
    {"defaults: {min_dt: false}", {0}},
    {"defaults: {min_dt: no}", {0}},
    {"defaults: {keep: 1h}\nseries: [{match: a, keep: false}]", {0}},
    {"defaults: {resolution: false, sigma: no, max_rate: false, trend: no}", {0}},
    {"defaults: {resolution: 0.1}", {.resolution = 0.1}},
    {"defaults: {resolution: 0}", {0}},
    {"defaults: {resolution: 1e-3, sigma: 2}", {.resolution = 0.001, .sigma = 2}},
    {"defaults: {max_rate: 5}", {.max_rate = 5}},
    {"defaults: {max_rate: off}", {0}},
    {"defaults: {kind: counter, wrap: 32, max_rate: 1e9}",
     {.kind = KIND_COUNTER, .wrap = 32, .max_rate = 1e9}},
    {"defaults: {kind: counter, wrap: 64, max_rate: 1e9}",
     {.kind = KIND_COUNTER, .wrap = 64, .max_rate = 1e9}},
    {"defaults: {wrap: none}", {0}},
    {"defaults: {trend: 2m}", {.trend_ns = 120 * SECOND}},
    {"defaults: {limits: [-18, -15]}", {.limits = {{-18, -15}, 2}}},
    {"defaults: {limits: []}", {0}},
    {"defaults: {limits: [1, 2.5, 3e2, -4]}", {.limits = {{1, 2.5, 300, -4}, 4}}},
    {"defaults: {keep: 1h}", {.keep_ns = 3600 * SECOND}},
    {"defaults: {extremes: true}", {.extremes = 1}},
    {"defaults: {late: insert}", {0}},
    {"defaults: {late: drop}", {.late_ns = LATE_DROP}},
    {"defaults: {late: {reorder: 2s}}", {.late_ns = 2 * SECOND}},
    {"defaults:\n  late:\n    reorder: 1ms", {.late_ns = SECOND / 1000}},
    {"defaults: {on_silence: zero}", {.on_silence = ON_SILENCE_ZERO}},
    {"defaults: {on_silence: hold}", {.on_silence = ON_SILENCE_HOLD}},
    {"defaults: {late: drop, limits: [1]}\nseries: [{match: a}]",
     {.late_ns = LATE_DROP, .limits = {{1}, 1}}},
    {"defaults: {late: drop, limits: [1]}\nseries: [{match: a, late: insert, limits: []}]", {0}},
};

START_TEST(good_row)
{
    struct policy got, want = good_rows[_i].want;
    const char *text = good_rows[_i].text;
    read_policy(text, &got);
    ck_assert_msg(got.kind == want.kind && got.wrap == want.wrap, "%s", text);
    ck_assert_msg(got.min_dt_ns == want.min_dt_ns && got.trend_ns == want.trend_ns, "%s", text);
    ck_assert_msg(got.keep_ns == want.keep_ns && got.late_ns == want.late_ns, "%s", text);
    ck_assert_msg(got.resolution == want.resolution && got.sigma == want.sigma, "%s", text);
    ck_assert_msg(got.max_rate == want.max_rate && got.extremes == want.extremes, "%s", text);
    ck_assert_msg(got.on_silence == want.on_silence, "%s", text);
    ck_assert_msg(got.limits.n == want.limits.n, "%s", text);
    for (uint32_t i = 0; i < want.limits.n; i++)
        ck_assert_msg(got.limits.at[i] == want.limits.at[i], "%s", text);
}
END_TEST

#define NUMBER " is not a number such as 0.1 or -18"
#define LATE   "x:1:18: defaults.late must be insert, drop, or {reorder: 2s}\n"

static const struct {
    const char *text, *errors;
} bad_rows[] = {
    {"defaults: {min_dt: 1ns}", "x:1:20: defaults.min_dt: \"1ns\" is out of range: 1us to 1h\n"},
    {"defaults: {resolution: fine}", "x:1:24: defaults.resolution: \"fine\"" NUMBER ", or off\n"},
    {"defaults: {resolution: '0.1'}",
     "x:1:24: defaults.resolution: \"0.1\" in quotes is text: write the number without them\n"},
    {"defaults: {resolution: -1}",
     "x:1:24: defaults.resolution: \"-1\" is out of range: 0 to 1e300\n"},
    {"defaults: {resolution: true}", "x:1:24: defaults.resolution: \"true\"" NUMBER ", or off\n"},
    {"defaults: {resolution: inf}", "x:1:24: defaults.resolution: \"inf\"" NUMBER ", or off\n"},
    {"defaults: {resolution: 1e999}", "x:1:24: defaults.resolution: \"1e999\"" NUMBER ", or off\n"},
    {"defaults: {max_rate: 5/min}", "x:1:22: defaults.max_rate: \"5/min\"" NUMBER ", or off\n"},
    {"defaults: {limits: -18}",
     "x:1:20: defaults.limits must be a list of numbers such as [-18, -15], not text\n"},
    {"defaults: {limits: [1, x]}", "x:1:24: defaults.limits: \"x\"" NUMBER "\n"},
    {"defaults: {limits: [[1]]}",
     "x:1:21: defaults.limits must be a number such as 0.1 or -18, not a list\n"},
    {"defaults: {limits: [1, 2, 3, 4, 5]}", "x:1:33: defaults.limits has more than 4 items\n"},
    {"defaults: {late: 2s}", LATE},
    {"defaults: {late: sort}", LATE},
    {"defaults: {late: {reorder: 2s, drop: 1s}}", LATE},
    {"defaults: {late: {sort: 2s}}", LATE},
    {"defaults: {late: [drop]}", LATE},
    {"defaults: {late: {reorder: 999us}}",
     "x:1:28: defaults.late: \"999us\" is out of range: 1ms to 1h\n"},
    {"defaults: {late: {reorder: 2d}}",
     "x:1:28: defaults.late: \"2d\" is out of range: 1ms to 1h\n"},
    {"defaults: {late: {reorder: 2}}",
     "x:1:28: defaults.late: \"2\" is not a duration such as 500ms, 10s, 5m or 1h30m: the unit is "
     "missing\n"},
    {"defaults: {extremes: yes}", "x:1:22: defaults.extremes: \"yes\" is not one of false, true\n"},
    {"defaults: {wrap: 16}", "x:1:18: defaults.wrap: \"16\" is not one of none, 32, 64\n"},
    {"defaults: {wrap: 32, max_rate: 1}",
     "x:1:18: defaults.wrap is for counters: set kind: counter\n"},
    {"defaults: {wrap: 32, kind: counter}",
     "x:1:18: defaults.wrap needs max_rate, which tells a wrap from a reset\n"},
    {"series: [{match: a, wrap: 64}]",
     "x:1:27: series[].wrap is for counters: set kind: counter\n"},
};

START_TEST(bad_row)
{
    expect_faults(bad_rows[_i].text, bad_rows[_i].errors);
}
END_TEST

/* Just outside of each range, and what its ends need beside them. */
static const struct range_row {
    const char *key, *below, *above, *beside;
} range_rows[] = {
    {"edge_order", "0", "3", ""},
    {"min_dt", "999ns", "1h1ns", ""},
    {"resolution", "-1e-300", "1.1e300", ""},
    {"sigma", "-1e-300", "1.1e300", ""},
    {"max_rate", "-1e-300", "1.1e300", ""},
    {"trend", "999us", "52w1ns", ""},
    {"keep", "999ms", "52w1ns", ""},
    {"max_gap", "999ns", "52w1ns", ""},
    {"stale_after", "999us", "52w1ns", ", expire_after: 52w"},
    {"expire_after", "999us", "52w1ns", ", stale_after: 1ms"},
};

static const struct conf_key *key_of(const char *parent, const char *name)
{
    const struct conf_key *key = conf_key_find(parent, name, strlen(name));
    ck_assert_msg(key != NULL, "%s.%s", parent, name);
    return key;
}

static void expect_refused(const char *parent, const char *key, const char *value, const char *why)
{
    char text[256], want[512];
    int indent = strcmp(parent, "defaults") == 0 ? 2 : 4;
    snprintf(text, sizeof text, "%s\n%*s%s: %s\n",
             indent == 2 ? "defaults:\n  # of all series" : "series:\n  - match: a", indent, "",
             key, value);
    snprintf(want, sizeof want, "x:3:%d: %s.%s: \"%s\" %s\n", indent + (int)strlen(key) + 3, parent,
             key, value, why);
    expect_faults(text, want);
}

START_TEST(range_row)
{
    const struct range_row *r = &range_rows[_i];
    const struct conf_key *key = key_of("defaults", r->key);
    char why[128], text[256];
    struct policy p;
    snprintf(why, sizeof why, "is out of range: %s to %s", key->min, key->max);
    for (int i = 0; i < 2; i++) {
        const char *parent = i == 0 ? "defaults" : "series[]";
        expect_refused(parent, r->key, r->below, why);
        expect_refused(parent, r->key, r->above, why);
        snprintf(text, sizeof text, "defaults: {%s: %s%s}", r->key, i == 0 ? key->min : key->max,
                 r->beside);
        read_policy(text, &p);
    }
}
END_TEST

START_TEST(every_range_has_its_row)
{
    size_t ranges = 0;
    for (size_t i = 0; i < conf_keys_n; i++)
        ranges += conf_key_in(&conf_keys[i], "defaults") && conf_keys[i].min != NULL;
    ck_assert_uint_eq(ranges, ROWS(range_rows) + 1); /* late's are above */
}
END_TEST

START_TEST(words_are_what_is_listed)
{
    for (size_t i = 0; i < conf_keys_n; i++) {
        const struct conf_key *key = &conf_keys[i];
        char why[128] = "is not one of ";
        if (key->type != CONF_WORD || !conf_key_in(key, "defaults"))
            continue;
        for (const struct conf_word *w = key->words; w->text != NULL; w++)
            snprintf(why + strlen(why), sizeof why - strlen(why), "%s%s",
                     w == key->words ? "" : ", ", w->text);
        expect_refused("defaults", conf_key_name(key), "quux", why);
        expect_refused("series[]", conf_key_name(key), "quux", why);
    }
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("policy_keys");
    TCase *t = tcase_create("policy_keys");
    tcase_add_loop_test(t, good_row, 0, ROWS(good_rows));
    tcase_add_loop_test(t, bad_row, 0, ROWS(bad_rows));
    tcase_add_loop_test(t, range_row, 0, ROWS(range_rows));
    tcase_add_test(t, every_range_has_its_row);
    tcase_add_test(t, words_are_what_is_listed);
    suite_add_tcase(s, t);
    return s;
}
