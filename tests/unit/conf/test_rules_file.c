/* Files of rules: what they mean, every line that is said of those that cannot be used, and how
 * nablad.yaml names them. */
#include "conf/rules_file.h"

#include "conf/conf.h"

#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECOND INT64_C(1000000000)

static enum nabla_status read_text(const char *text, struct rules *rules, struct buf *errors)
{
    enum nabla_status status = rules_read_text("x", text, strlen(text), rules, errors);
    buf_char(errors, '\0');
    return status;
}

static const char whole[] = "groups:\n"
                            "  - name: cold-chain\n"
                            "    rules:\n"
                            "      - alert: FreezerWarming\n"
                            "        match: 'temperature{room=~\"freezer.*\"}'\n"
                            "        when: rate > 0.5/min\n"
                            "        clear: rate < 0.1/min\n"
                            "        for: 60s\n"
                            "        keep_firing_for: 5m\n"
                            "        no_data: alert\n"
                            "        min_confidence: 2.5\n"
                            "        labels: {severity: page, area: '{{ $labels.room }}'}\n"
                            "        annotations:\n"
                            "          summary: 'warms at {{ $value }}'\n"
                            "          empty:\n"
                            "      - {alert: Short, match: a, when: value > 1}\n"
                            "  - {name: none, rules: []}\n";

START_TEST(everything_is_read)
{
    struct rules rules = {0};
    struct buf errors = {0};
    size_t n;
    ck_assert_msg(read_text(whole, &rules, &errors) == NABLA_OK, "%s", errors.at);
    ck_assert_uint_eq(rules.n, 2);
    ck_assert_uint_eq(rules.groups_n, 2);
    ck_assert_str_eq(rules.groups[0].name, "cold-chain");
    ck_assert_str_eq(rules.groups[0].file, "x");
    ck_assert_uint_eq(rules.groups[1].n, 0);
    const struct rule *r = &rules.groups[0].rules[0];
    ck_assert_str_eq(r->alert, "FreezerWarming");
    ck_assert_str_eq(r->match, "temperature{room=~\"freezer.*\"}");
    ck_assert_ptr_nonnull(r->selector);
    ck_assert_str_eq(r->when_text, "rate > 0.5/min");
    ck_assert_str_eq(r->clear_text, "rate < 0.1/min");
    ck_assert_uint_eq(r->clear.code_n, 3);
    ck_assert_int_eq(r->for_ns, 60 * SECOND);
    ck_assert_int_eq(r->keep_firing_for_ns, 300 * SECOND);
    ck_assert_int_eq(r->no_data, NO_DATA_ALERT);
    ck_assert_double_eq(r->min_confidence, 2.5);
    ck_assert_uint_eq(r->labels.n, 2); /* by name */
    ck_assert_str_eq(r->labels.at[0].name, "area");
    ck_assert_str_eq(r->labels.at[1].name, "severity");
    ck_assert_str_eq(r->annotations.at[0].name, "empty");
    ck_assert_str_eq(template_text(r->annotations.at[1].value, &n), "warms at {{ $value }}");
    r++;
    ck_assert_ptr_null(r->clear_text);
    ck_assert(r->for_ns == 0 && r->keep_firing_for_ns == 0 && r->min_confidence == 0);
    ck_assert_int_eq(r->no_data, NO_DATA_KEEP);
    rules_fini(&rules);
    buf_fini(&errors);
}
END_TEST

START_TEST(nothing_is_no_rules)
{
    static const char *const texts[] = {"", "# nothing\n", "groups:", "groups: []", "---\n"};
    struct rules rules = {0};
    struct buf errors = {0};
    ck_assert_int_eq(read_text(texts[_i], &rules, &errors), NABLA_OK);
    ck_assert_uint_eq(rules.n, 0);
    rules_fini(&rules);
    buf_fini(&errors);
}
END_TEST

#define RULE(keys) "groups:\n- name: g\n  rules:\n  - {" keys "}\n"
#define GOOD       "alert: A, match: a, when: value > 1"

static const struct {
    const char *text, *errors;
} bad_rows[] = {
    {"groups: 1", "x:1:9: groups must be a list, not text\n"},
    {"[]", "x:1:1: the file must be keys with values, not a list\n"},
    {"gruops: []", "x:1:1: unknown key \"gruops\" in the file; did you mean \"groups\"?\n"},
    {"groups: [1]", "x:1:10: a group must be keys with values, not text\n"},
    {"groups: [{}]", "x:1:10: name is missing in a group\nx:1:10: rules is missing in a group\n"},
    {"groups: [{name: '', rules: []}]", "x:1:17: name must be text, not nothing\n"},
    {"groups: [{name: g, rules: {}}]", "x:1:27: rules must be a list, not keys with values\n"},
    {"groups:\n- {name: g, rules: []}\n- {name: g, rules: []}",
     "x:3:3: another group of this file is called g\n"},
    {"groups:\n- {name: g, interval: 1m, rules: []}",
     "x:2:13: interval: rules are looked at when a sample arrives, so there is none\n"},
    {RULE(""), "x:4:5: alert is missing in a rule\nx:4:5: match is missing in a rule\n"
               "x:4:5: when is missing in a rule\n"},
    {RULE("record: a, expr: b"),
     "x:4:6: record: there are no recording rules: /metrics has every rate as it is\n"
     "x:4:17: expr: PromQL is not read here: match says which series, when says the condition\n"},
    {RULE(GOOD ", fro: 1m"), "x:4:43: unknown key \"fro\" in a rule; did you mean \"for\"?\n"},
    {RULE(GOOD ", alert: B"), "x:4:43: \"alert\" is given twice, first on line 4\n"},
    {RULE("alert: A, match: 'a{b=c}', when: value > 1"),
     "x:4:28: match: expected a value in quotes, found 'c'\n"},
    {RULE("alert: A, match: a, when: rate > 5"),
     "x:4:37: when: a rate cannot be compared with a number without a unit: write 0.5/s, 2/min or "
     "3/h\n"},
    {RULE("alert: A, match: a, when: 'rate > 0.5/min and'"),
     "x:4:51: when: a name or a number is missing at the end\n"},
    {RULE(GOOD ", clear: rat < 5/s"),
     "x:4:50: clear: unknown name \"rat\": there are value, rate, edge, accel, trend, error, age, "
     "eta(LIMIT) and abs()\n"},
    {RULE(GOOD ", for: 60"), "x:4:48: for: \"60\" is not a duration such as 30s, 5m or 1h30m\n"},
    {RULE(GOOD ", keep_firing_for: 53w"), "x:4:60: keep_firing_for: more than 52w\n"},
    {RULE(GOOD ", no_data: kepe"),
     "x:4:52: no_data: \"kepe\" is not one of keep, resolve, alert; did you mean \"keep\"?\n"},
    {RULE(GOOD ", no_data: ok"), "x:4:52: no_data: \"ok\" is not one of keep, resolve, alert\n"},
    {RULE(GOOD ", min_confidence: -1"),
     "x:4:59: min_confidence: \"-1\" is not a number of standard errors, 0 to 1000\n"},
    {RULE(GOOD ", labels: [a]"), "x:4:51: labels must be keys with values, not a list\n"},
    {RULE(GOOD ", labels: {a-b: c}"),
     "x:4:52: labels: \"a-b\" is no name: letters, digits and _, no digit first\n"},
    {RULE(GOOD ", labels: {alertname: c}"),
     "x:4:51: labels: alertname is what stands behind alert\n"},
    {RULE(GOOD ", labels: {__name__: c}"), "x:4:51: labels: an alert has no __name__\n"},
    {RULE(GOOD ", labels: {a: [c]}"), "x:4:55: labels.a must be text, not a list\n"},
    {RULE(GOOD ", annotations: {a: '{{ $value'}"), "x:4:61: a: the closing }} is missing\n"},
    {RULE(GOOD ", annotations: {a: 1, a: 2}"), "x:4:63: \"a\" is given twice, first on line 4\n"},
    {"groups: *a", "x:1:9: anchors (&), aliases (*) and tags (!) are not used here; text that "
                   "begins so goes in quotes\n"},
};

START_TEST(bad_row)
{
    struct rules rules = {0};
    struct buf errors = {0};
    ck_assert_int_eq(read_text(bad_rows[_i].text, &rules, &errors), NABLA_EINVAL);
    ck_assert_msg(strcmp(errors.at, bad_rows[_i].errors) == 0, "%s%s", bad_rows[_i].text,
                  errors.at);
    rules_fini(&rules);
    buf_fini(&errors);
}
END_TEST

/* n times a piece of YAML: all are taken up to most, and one more is refused. */
static const struct {
    const char *start, *piece, *end; /* %d: a number of its own */
    int most;
    const char *why;
} limit_rows[] = {
    {"groups:\n", "- {name: g%d, rules: []}\n", "", RULE_GROUPS_MAX, "more than 256 items"},
    {"groups: [{name: g, rules: [", "{" GOOD ", for: %ds},", "]}]", RULES_MAX,
     "more than 1024 items"},
    {"groups: [{name: g, rules: [{" GOOD ", labels: {", "a%d: b,", "}}]}]", RULE_TEXTS_MAX,
     "more than 32 labels"},
};

START_TEST(limit_row)
{
    for (int beyond = 0; beyond < 2; beyond++) {
        struct rules rules = {0};
        struct buf text = {0}, errors = {0};
        buf_text(&text, limit_rows[_i].start);
        for (int i = 0; i < limit_rows[_i].most + beyond; i++) {
            char piece[128];
            snprintf(piece, sizeof piece, limit_rows[_i].piece, i);
            buf_text(&text, piece);
        }
        buf_text(&text, limit_rows[_i].end);
        buf_char(&text, '\0');
        enum nabla_status status = read_text(text.at, &rules, &errors);
        ck_assert_msg((status == NABLA_OK) == (beyond == 0), "%.200s", errors.at);
        ck_assert(beyond == 0 || strstr(errors.at, limit_rows[_i].why) != NULL);
        rules_fini(&rules);
        buf_fini(&text);
        buf_fini(&errors);
    }
}
END_TEST

/* Several files together are bounded, too. */
START_TEST(all_files_together)
{
    struct rules rules = {0};
    struct buf errors = {0};
    for (int i = 0; i < RULE_GROUPS_MAX; i++)
        ck_assert_int_eq(read_text("groups: [{name: g, rules: []}]", &rules, &errors), NABLA_OK);
    errors.n = 0;
    ck_assert_int_eq(read_text("groups: [{name: g, rules: []}]", &rules, &errors), NABLA_EINVAL);
    ck_assert_str_eq(errors.at,
                     "x:1:10: more than 1024 rules or 256 groups in all files together\n");
    rules_fini(&rules);
    buf_fini(&errors);
}
END_TEST

/* ---- nablad.yaml's key `rules` */

static void write_file(const char *folder, const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    fputs(text, f);
    fclose(f);
}

static enum nabla_status read_conf(const char *folder, const char *text, struct conf *c,
                                   struct buf *errors)
{
    char path[256];
    write_file(folder, "nablad.yaml", text);
    snprintf(path, sizeof path, "%s/nablad.yaml", folder);
    errors->n = 0;
    enum nabla_status status = conf_read_file(path, c, errors);
    buf_char(errors, '\0');
    return status;
}

static void remove_all(const char *folder)
{
    static const char *const names[] = {"nablad.yaml", "a.yaml", "b.yaml", "bad.yaml"};
    for (int i = 0; i < ROWS(names); i++) {
        char path[256];
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        remove(path);
    }
    rmdir(folder);
}

START_TEST(files_stand_beside_the_configuration)
{
    char folder[] = "/tmp/nabla-rules-XXXXXX", text[512], said[512];
    struct conf c;
    struct buf errors = {0};
    ck_assert_ptr_nonnull(mkdtemp(folder));
    write_file(folder, "a.yaml", RULE(GOOD));
    write_file(folder, "b.yaml", RULE("alert: B, match: b, when: value > 1"));
    write_file(folder, "bad.yaml", "groups: 1\n");
    ck_assert_int_eq(read_conf(folder, "rules: a.yaml", &c, &errors), NABLA_OK);
    ck_assert_uint_eq(c.rules.n, 1);
    conf_fini(&c);
    snprintf(text, sizeof text, "rules: [a.yaml, '%s/b.yaml']", folder);
    ck_assert_msg(read_conf(folder, text, &c, &errors) == NABLA_OK, "%s", errors.at);
    ck_assert_uint_eq(c.rules.n, 2);
    ck_assert_str_eq(c.rules.groups[1].rules[0].alert, "B");
    conf_fini(&c);
    ck_assert_int_eq(read_conf(folder, "rules: []", &c, &errors), NABLA_OK);
    conf_fini(&c);
    ck_assert_int_eq(read_conf(folder, "rules: [bad.yaml, none.yaml]", &c, &errors), NABLA_EINVAL);
    snprintf(said, sizeof said,
             "%s/bad.yaml:1:9: groups must be a list, not text\n"
             "%s/none.yaml: cannot be read: No such file or directory\n",
             folder, folder);
    ck_assert_str_eq(errors.at, said);
    ck_assert_int_eq(read_conf(folder, "rules: {a: b}", &c, &errors), NABLA_EINVAL);
    ck_assert_ptr_nonnull(strstr(errors.at,
                                 "nablad.yaml:1:8: rules must be a file such as "
                                 "rules.yaml, or a list of them, not keys with values\n"));
    ck_assert_int_eq(read_conf(folder, "rules: [a, [b]]", &c, &errors), NABLA_EINVAL);
    buf_fini(&errors);
    remove_all(folder);
}
END_TEST

START_TEST(files_that_come_with_nablad)
{
    struct rules rules = {0};
    struct buf errors = {0};
    ck_assert_int_eq(rules_read_file(NABLA_SOURCE_DIR "/config/rules.yaml", &rules, &errors),
                     NABLA_OK);
    ck_assert_uint_eq(rules.n, 0);
    rules_fini(&rules);
    buf_fini(&errors);
}
END_TEST

/* What is switched off in config/rules.yaml is a rule once it is switched on. */
START_TEST(default_file_switched_on)
{
    char text[4096] = "", line[256];
    struct rules rules = {0};
    struct buf errors = {0};
    FILE *f = fopen(NABLA_SOURCE_DIR "/config/rules.yaml", "r");
    ck_assert_ptr_nonnull(f);
    while (fgets(line, sizeof line, f) != NULL) {
        char *mark = line + strspn(line, " ");
        if (*mark == '#' && mark[1] != ' ')
            memmove(mark, mark + 1, strlen(mark));
        strcat(text, line);
    }
    fclose(f);
    ck_assert_msg(read_text(text, &rules, &errors) == NABLA_OK, "%s", errors.at);
    ck_assert_uint_eq(rules.n, 1);
    rules_fini(&rules);
    buf_fini(&errors);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("rules_file");
    TCase *c = tcase_create("all");
    tcase_add_test(c, everything_is_read);
    tcase_add_loop_test(c, nothing_is_no_rules, 0, 5);
    tcase_add_loop_test(c, bad_row, 0, ROWS(bad_rows));
    tcase_add_loop_test(c, limit_row, 0, ROWS(limit_rows));
    tcase_add_test(c, all_files_together);
    tcase_add_test(c, files_stand_beside_the_configuration);
    tcase_add_test(c, files_that_come_with_nablad);
    tcase_add_test(c, default_file_switched_on);
    suite_add_tcase(s, c);
    return s;
}
