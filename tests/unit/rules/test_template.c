/* Labels and annotations: what templates give, how they are refused, and what an alert tells. */
#include "rules/template.h"

#include "facts_rows.h"
#include "rules/alert.h"

#include <stdio.h>
#include <stdlib.h>

#define AE "\xc3\xa4" /* one letter */

static _Alignas(struct labelset) char room[LABELSET_MAX];

static struct label label_of(const char *name, const char *value)
{
    return (struct label){name, value, (uint32_t)strlen(name), (uint32_t)strlen(value)};
}

static const struct labelset *freezer(void)
{
    const struct label labels[] = {label_of("__name__", "temperature"), label_of("bytes", "2048"),
                                   label_of("odd", "a\"b\\c"),
                                   label_of("room", "cold store " AE "b")};
    struct labelset *set = (struct labelset *)room;
    ck_assert_int_eq(labelset_pack(labels, ROWS(labels), set), NABLA_OK);
    return set;
}

static struct template *made(const char *text)
{
    struct template *t;
    struct text_fault fault = {0};
    enum nabla_status status = template_new(text, strlen(text), &t, &fault);
    ck_assert_msg(status == NABLA_OK, "%s: %zu: %s", text, fault.offset, fault.message);
    return t;
}

static const struct {
    const char *text;
    double value, eta;
    const char *out;
} rows[] = {
    {"", 0, 0, ""},
    {"plain } text", 0, 0, "plain } text"},
    {"{{ $labels.room }}", 0, 0, "cold store " AE "b"},
    {"{{.Labels.room}} {{.Value}}", 0.5, 0, "cold store " AE "b 0.5"},
    {"{{ $labels.none }}|", 0, 0, "|"},
    {"{{ $labels.__name__ }}", 0, 0, "temperature"},
    {"{{ $value }} {{ $unit }}", 0.6, 0, "0.6 1/min"},
    {"{{ $value }}", NAN, 0, "NaN"},
    {"{{ $value }}", INFINITY, 0, "+Inf"},
    {"in {{ $eta }}", 0, 750, "in 12m 30s"},
    {"in {{ $eta }}", 0, 749.6, "in 12m 30s"},
    {"in {{ $eta }}", 0, 1.5, "in 1.5s"},
    {"in {{ $eta }}", 0, 90061, "in 1d 1h 1m 1s"},
    {"{{ $eta }}", 0, INFINITY, "never"},
    {"{{ $eta }}", 0, NAN, "unknown"},
    {"{{ $eta | humanizeDuration }}", 0, 3661, "1h 1m 1s"},
    {"{{ $value | humanize }}", 1234567, 0, "1.235M"},
    {"{{ $value | humanize }}", 999, 0, "999"},
    {"{{ $value | humanize }}", 0.0123, 0, "12.3m"},
    {"{{ $value | humanize }}", -0.0000123, 0, "-12.3u"},
    {"{{ $value | humanize }}", 0, 0, "0"},
    {"{{ $value | humanize }}", NAN, 0, "NaN"},
    {"{{ $value | humanize }}", 1e30, 0, "1e+06Y"},
    {"{{ humanize $value }}", 1500, 0, "1.5k"},
    {"{{ humanize 1500 }}{{ -2.5 }}", 0, 0, "1.5k-2.5"},
    {"{{ $labels.bytes | humanize1024 }}", 0, 0, "2ki"},
    {"{{ $labels.room | humanize }}", 0, 0, "NaN"},
    {"{{ $value | humanizeDuration }}", 0.02, 0, "20ms"},
    {"{{ $value | humanizeDuration }}", 0, 0, "0s"},
    {"{{ $value | humanizeDuration }}", 59.99, 0, "59.99s"},
    {"{{ $value | humanizeDuration }}", -3600, 0, "-1h 0m 0s"},
    {"{{ $value | humanizeDuration }}", -INFINITY, 0, "-Inf"},
    {"{{ $value | humanizePercentage }}", 0.12345, 0, "12.35%"},
    {"{{ $value | humanizeTimestamp }}", 1700000000, 0, "2023-11-14 22:13:20 +0000 UTC"},
    {"{{ $value | humanizeTimestamp }}", 1700000000.25, 0, "2023-11-14 22:13:20.25 +0000 UTC"},
    {"{{ $value | humanizeTimestamp }}", 1e300, 0, "1e+300"},
    {"{{ $labels.room | toUpper }}", 0, 0, "COLD STORE " AE "B"},
    {"{{ \"ABC d\" | toLower }}", 0, 0, "abc d"},
    {"{{ $labels.room | title }}", 0, 0, "Cold Store " AE "b"},
    {"{{ $value | humanize | toUpper | humanize }}", 2, 0, "2"},
    {"{{ \"a-b_c 2d " AE "f\" | title }}", 0, 0, "A-B_c 2d " AE "f"},
    {"{{ printf \"%.2f\" $value }}", 1.005, 0, "1.00"},
    {"{{ $labels.room | printf \"%.1f of %s\" 7 | toUpper }}", 0, 0, "7.0 OF COLD STORE " AE "B"},
    {"{{ printf \"%8.3f|%-6.1e|%+.3g|%v|100%%\" $value 1 2 $value }}", 0.5, 0,
     "   0.500|1.0e+00|+2|0.5|100%"},
    {"{{ printf \"%f\" $value }}", NAN, 0, "NaN"},
    {"{{ printf \"%q\" $labels.odd }}", 0, 0, "\"a\\\"b\\\\c\""},
    {"{{ printf `%v` $labels.odd }}", 0, 0, "a\"b\\c"},
    {"{{ printf \"a\\t\\\"\\\\\" }}", 0, 0, "a\t\"\\"},
    {"{{ \"a\" }}{{ `b\\` }}", 0, 0, "ab\\"},
    {"a {{- \" b \" -}} c", 0, 0, "a b c"},
    {"a {{- /* nothing }} at all */ -}} c", 0, 0, "ac"},
    {"a {{/* nothing */}} c", 0, 0, "a  c"},
    {"{{ $value\n| humanize\t}}", 1, 0, "1"},
    {"{{$value|humanize}}", 1, 0, "1"},
    {"{{ $value -}}  x", 1, 0, "1x"},
};

START_TEST(row)
{
    char out[256];
    struct template *t = made(rows[_i].text);
    struct template_input in = {freezer(), rows[_i].value, "1/min", rows[_i].eta};
    size_t n = template_render(t, &in, out, sizeof out);
    ck_assert_msg(n == strlen(rows[_i].out) && memcmp(out, rows[_i].out, n) == 0, "%s: %.*s",
                  rows[_i].text, (int)n, out);
    template_free(t);
}
END_TEST

static const struct {
    const char *text;
    size_t offset;
    const char *message; /* its beginning */
} bad_rows[] = {
    {"a {{", 4, "a value is missing"},
    {"a {{ }}", 5, "a value is missing"},
    {"a {{ $value", 2, "the closing }} is missing"},
    {"{{ $value }", 10, "'}' has no meaning here"},
    {"{{ $valeu }}", 3,
     "\"$valeu\" is not known here: there are $labels.NAME, $value, $unit, $eta"},
    {"{{ $labels }}", 3, "\"$labels\" is not known here"},
    {"{{ $labels.a.b }}", 3, "\"$labels.a.b\" is not known here"},
    {"{{ $externalURL }}", 3, "\"$externalURL\" is not known here"},
    {"{{ . }}", 3, "\".\" is not known here"},
    {"{{ if $value }}x{{ end }}", 3, "\"if\" is not supported"},
    {"{{ range query \"up\" }}", 3, "\"range\" is not supported"},
    {"{{ with $value }}", 3, "\"with\" is not supported"},
    {"{{ template \"x\" }}", 3, "\"template\" is not supported"},
    {"{{ reReplaceAll \"a\" \"b\" $value }}", 3, "\"reReplaceAll\" is not supported"},
    {"{{ $x := 1 }}", 3, "\"$x\" is not known here"},
    {"{{ ($value) }}", 3, "'(' has no meaning here"},
    {"{{ $value | humanise }}", 12, "\"humanise\" is not supported"},
    {"{{ $value | }}", 12, "a function is missing behind |"},
    {"{{ $value | $value }}", 12, "a function is missing behind |"},
    {"{{ humanize }}", 3, "a value is missing: write VALUE | FUNCTION"},
    {"{{ $value 1 }}", 3, "one value is enough"},
    {"{{ $value | humanize 1 }}", 12, "one value is enough"},
    {"{{ humanize humanize $value }}", 12, "a function stands first, or behind a |"},
    {"{{ $value | toUpper }}", 12, "this function is for text, and gets a number"},
    {"{{ printf $value }}", 3, "printf needs a format in quotes"},
    {"{{ printf }}", 3, "printf needs a format in quotes"},
    {"{{ $value | printf }}", 12, "printf needs a format in quotes"},
    {"{{ printf \"%d\" $value }}", 3, "printf knows %s and %q of text, %f, %e and %.4g"},
    {"{{ printf \"%\" }}", 3, "printf knows"},
    {"{{ printf \"%5s\" $labels.a }}", 3, "printf knows"},
    {"{{ printf \"%g\" $value }}", 3, "printf knows"},
    {"{{ printf \"%123f\" $value }}", 3, "printf knows"},
    {"{{ printf \"%.*f\" 1 $value }}", 3, "printf knows"},
    {"{{ printf \"%n\" $value }}", 3, "printf knows"},
    {"{{ printf \"%s\" $value }}", 3, "%s is for text, and this is a number"},
    {"{{ $value | printf \"%q\" }}", 12, "%q is for text, and this is a number"},
    {"{{ $value | humanize | printf \"%f\" }}", 23, "%f is for a number, and this is text"},
    {"{{ printf \"%f\" \"x\" }}", 3, "%f is for a number, and this is text"},
    {"{{ printf \"%f %f\" $value }}", 3, "the format has more verbs than there are values"},
    {"{{ printf \"x\" $value }}", 3, "there are more values than the format has verbs"},
    {"{{ \"abc }}", 3, "the closing \" is missing"},
    {"{{ `abc }}", 3, "the closing ` is missing"},
    {"{{ \"a\\x\" }}", 5, "behind a backslash stands n, t, \" or \\"},
    {"{{ 1x }}", 3, "a number is expected here"},
    {"{{ - }}", 3, "a number is expected here"},
    {"{{ /* x }}", 0, "the comment's end */ is missing"},
    {"{{ /* x */ 1 }}", 11, "a comment stands alone in {{ }}"},
};

START_TEST(bad_row)
{
    const char *text = bad_rows[_i].text, *message = bad_rows[_i].message;
    struct template *t = NULL;
    struct text_fault fault = {.offset = 99};
    ck_assert_msg(template_new(text, strlen(text), &t, &fault) == NABLA_EINVAL, "%s", text);
    ck_assert_msg(fault.offset == bad_rows[_i].offset &&
                      strncmp(fault.message, message, strlen(message)) == 0,
                  "%s: %zu: %s", text, fault.offset, fault.message);
}
END_TEST

START_TEST(limits)
{
    static char text[TEMPLATE_TEXT_MAX + 2];
    struct template *t = NULL;
    struct text_fault fault;
    memset(text, 'x', sizeof text);
    ck_assert_int_eq(template_new(text, TEMPLATE_TEXT_MAX, &t, &fault), NABLA_OK);
    template_free(t);
    ck_assert_int_eq(template_new(text, TEMPLATE_TEXT_MAX + 1, &t, &fault), NABLA_EINVAL);
    ck_assert_str_eq(fault.message, "longer than 4096 bytes");
    for (int n = 64; n <= 65; n++) {
        text[0] = '\0';
        for (int i = 0; i < n; i++)
            strcat(text, "{{1}}");
        ck_assert_int_eq(template_new(text, strlen(text), &t, &fault),
                         n == 64 ? NABLA_OK : NABLA_EINVAL);
        if (n == 64)
            template_free(t);
    }
    ck_assert_str_eq(fault.message, "more than 64 values");
}
END_TEST

/* However little room there is: whole characters, and no byte behind it. */
START_TEST(no_room)
{
    struct template *t = made("{{ $labels.room }}!");
    struct template_input in = {freezer(), 0, "", 0};
    const char *whole = "cold store " AE "b!";
    for (size_t cap = 0; cap <= strlen(whole); cap++) {
        char *out = malloc(cap + 1);
        memset(out, '#', cap + 1);
        size_t n = template_render(t, &in, out, cap);
        ck_assert_uint_eq(n, cap == 12 ? 11 : cap); /* 11 and 12 are one letter */
        ck_assert_int_eq(memcmp(out, whole, n), 0);
        ck_assert_int_eq(out[cap], '#');
        free(out);
    }
    template_free(t);
}
END_TEST

/* A value longer than one may be is cut, and nothing else happens. */
START_TEST(long_values)
{
    static char wide[LABEL_VALUE_MAX + 1], out[LABEL_VALUE_MAX * 2];
    memset(wide, 'w', LABEL_VALUE_MAX);
    struct label labels[] = {label_of("__name__", "m"), label_of("a", wide)};
    struct labelset *set = (struct labelset *)room;
    ck_assert_int_eq(labelset_pack(labels, 2, set), NABLA_OK);
    struct template *t = made("{{ $labels.a | printf \"%s%s\" $labels.a | toUpper }}");
    struct template_input in = {set, 0, "", 0};
    ck_assert_uint_eq(template_render(t, &in, out, sizeof out), TEMPLATE_VALUE_MAX);
    ck_assert_int_eq(out[TEMPLATE_VALUE_MAX - 1], 'W');
    template_free(t);
}
END_TEST

/* ---- alert.h */

static void add_text(struct rule_texts *texts, const char *name, const char *text)
{
    texts->at[texts->n++] = (struct rule_text){strdup(name), made(text)};
}

static char *joined(const struct label *labels, uint32_t n)
{
    static char out[1024];
    out[0] = '\0';
    for (uint32_t i = 0; i < n; i++)
        sprintf(out + strlen(out), "%s%.*s=%.*s", i == 0 ? "" : ", ", (int)labels[i].name_n,
                labels[i].name, (int)labels[i].value_n, labels[i].value);
    return out;
}

START_TEST(told)
{
    static struct alert_told out;
    struct facts f = warming_freezer();
    struct rule rule = {.when = compiled("rate > 0.5/min"), .alert = strdup("FreezerWarming")};
    f.per = PER_HOUR;
    f.limit_eta_s = 90;
    add_text(&rule.labels, "bytes", "");                  /* takes it away */
    add_text(&rule.labels, "odd", "{{ $labels.bytes }}"); /* over the series' own */
    add_text(&rule.labels, "severity", "page");
    add_text(&rule.annotations, "summary",
             "{{ $labels.__name__ }} {{ printf \"%.0f\" $value }} {{ $unit }} {{ $eta }}");
    alert_tell(&rule, freezer(), &f, &out);
    ck_assert_str_eq(joined(out.labels, out.labels_n), "alertname=FreezerWarming, odd=2048, "
                                                       "room=cold store " AE "b, severity=page");
    ck_assert_str_eq(joined(out.annotations, out.annotations_n),
                     "summary=temperature 36 1/h 1m 30s");
    ck_assert_double_eq_tol(out.value, 36, 1e-9);
    rule_fini(&rule);
}
END_TEST

static const struct {
    const char *when, *clear, *annotation, *text;
} told_rows[] = {
    {"value < -18", NULL, "{{ $value }}{{ $unit }}", "-20"},
    {"-18 > value", NULL, "{{ $value }}{{ $unit }}", "-20"},
    {"accel > 0", NULL, "{{ $value }} {{ $unit }}", "0.36 1/min2"},
    {"age > 1m", NULL, "{{ $value }} {{ $unit }}", "2 s"},
    {"value < 0 and eta(-15) < 1h", NULL, "{{ $eta }}", "8m 18s"},
    {"value < 0", "eta(-15) > 1h", "{{ $eta }}", "8m 18s"},
    {"value < 0", NULL, "{{ $eta }}", "unknown"},
};

START_TEST(told_row)
{
    static struct alert_told out;
    struct facts f = warming_freezer();
    struct rule rule = {.when = compiled(told_rows[_i].when), .alert = strdup("A")};
    f.per = PER_MINUTE;
    if (told_rows[_i].clear != NULL) {
        rule.clear = compiled(told_rows[_i].clear);
        rule.clear_text = strdup(told_rows[_i].clear);
    }
    add_text(&rule.annotations, "a", told_rows[_i].annotation);
    alert_tell(&rule, freezer(), &f, &out);
    struct label got = out.annotations[0];
    ck_assert_msg(strlen(told_rows[_i].text) == got.value_n &&
                      memcmp(told_rows[_i].text, got.value, got.value_n) == 0,
                  "%s: %.*s", told_rows[_i].when, (int)got.value_n, got.value);
    rule_fini(&rule);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("template");
    TCase *c = tcase_create("all");
    tcase_add_loop_test(c, row, 0, ROWS(rows));
    tcase_add_loop_test(c, bad_row, 0, ROWS(bad_rows));
    tcase_add_test(c, limits);
    tcase_add_test(c, no_room);
    tcase_add_test(c, long_values);
    tcase_add_test(c, told);
    tcase_add_loop_test(c, told_row, 0, ROWS(told_rows));
    suite_add_tcase(s, c);
    return s;
}
