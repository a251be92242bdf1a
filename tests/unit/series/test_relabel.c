/* Relabelling: the table of Prometheus' documentation, what goes together, limits, and what is left of a line. */
#include "series/relabel.h"

#include "base/exposed.h"
#include "labels_text.h"
#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static union {
    struct labelset set;
    char room[EXPOSED_SET_MAX];
} in, out;

#define LINE "__name__=m,A=up,a=1,b=two"

static const struct row {
    const char *label;
    struct relabel_text rule;
    const char *became; /* NULL: dropped; "!": invalid */
} rows[] = {
    {"defaults: the source as it is",
     {.sources = {"a"}, .sources_n = 1, .target = "c"},
     LINE ",c=1"},
    {"the separator is ;", {.sources = {"a", "b"}, .sources_n = 2, .target = "c"}, LINE ",c=1;two"},
    {"another separator",
     {.sources = {"a", "x", "b"}, .sources_n = 3, .separator = "-", .target = "c"},
     LINE ",c=1--two"},
    {"no sources are nothing", {.target = "a"}, "__name__=m,A=up,b=two"},
    {"a constant", {.target = "c", .replacement = "x"}, LINE ",c=x"},
    {"no match, nothing happens",
     {.sources = {"b"}, .sources_n = 1, .regex = "t", .target = "c"},
     LINE},
    {"alternatives are anchored",
     {.sources = {"b"}, .sources_n = 1, .regex = "tw|wo|x", .target = "c"},
     LINE},
    {"groups",
     {.sources = {"b"},
      .sources_n = 1,
      .regex = "(t)(?P<rest>.*)",
      .target = "c",
      .replacement = "$2-${rest}-$1"},
     LINE ",c=wo-wo-t"},
    {"$1x is the group named 1x",
     {.sources = {"b"}, .sources_n = 1, .target = "c", .replacement = "[$1x]"},
     LINE ",c=[]"},
    {"$$ is a dollar, so is one alone",
     {.sources = {"b"}, .sources_n = 1, .target = "c", .replacement = "$$1 $ ${ ${a $"},
     LINE ",c=$1 $ ${ ${a $"},
    {"an unknown group is empty",
     {.sources = {"b"}, .sources_n = 1, .target = "c", .replacement = "<$7${no}>"},
     LINE ",c=<>"},
    {"a target of groups",
     {.sources = {"b", "a"},
      .sources_n = 2,
      .regex = "(.*);(.*)",
      .target = "x_$1",
      .replacement = "$2"},
     LINE ",x_two=1"},
    {"a target that is no name removes nothing else",
     {.sources = {"a"}, .sources_n = 1, .target = "$1", .replacement = "x"},
     LINE},
    {"the name", {.target = "__name__", .replacement = "n"}, "__name__=n,A=up,a=1,b=two"},
    {"no name", {.target = "__name__", .replacement = ""}, "!"},
    {"a name that is none", {.target = "__name__", .replacement = "a b"}, "!"},
    {"keep", {.action = RELABEL_KEEP, .sources = {"a"}, .sources_n = 1, .regex = "[0-9]"}, LINE},
    {"not kept", {.action = RELABEL_KEEP, .sources = {"x"}, .sources_n = 1, .regex = ".+"}, NULL},
    {"drop", {.action = RELABEL_DROP, .sources = {"__name__"}, .sources_n = 1, .regex = "m"}, NULL},
    {"not dropped", {.action = RELABEL_DROP, .sources = {"a"}, .sources_n = 1, .regex = "2"}, LINE},
    {"labelmap",
     {.action = RELABEL_LABELMAP, .regex = "(a|b)", .replacement = "x$1"},
     LINE ",xa=1,xb=two"},
    {"labelmap: the last in order of names wins",
     {.action = RELABEL_LABELMAP, .regex = "A|a|b", .replacement = "z"},
     LINE ",z=two"},
    {"labelmap to no name", {.action = RELABEL_LABELMAP, .regex = "a()", .replacement = "$1"}, "!"},
    {"labeldrop", {.action = RELABEL_LABELDROP, .regex = "a|b"}, "__name__=m,A=up"},
    {"labeldrop of the name", {.action = RELABEL_LABELDROP, .regex = "__.*"}, "!"},
    {"labelkeep", {.action = RELABEL_LABELKEEP, .regex = "__name__|b"}, "__name__=m,b=two"},
    {"uppercase",
     {.action = RELABEL_UPPERCASE, .sources = {"b"}, .sources_n = 1, .target = "b"},
     "__name__=m,A=up,a=1,b=TWO"},
    {"lowercase",
     {.action = RELABEL_LOWERCASE, .sources = {"A", "b"}, .sources_n = 2, .target = "c"},
     LINE ",c=up;two"},
    {"keepequal",
     {.action = RELABEL_KEEPEQUAL, .sources = {"a"}, .sources_n = 1, .target = "b"},
     NULL},
    {"keepequal of nothing",
     {.action = RELABEL_KEEPEQUAL, .sources = {"x"}, .sources_n = 1, .target = "y"},
     LINE},
    {"dropequal",
     {.action = RELABEL_DROPEQUAL, .sources = {"a"}, .sources_n = 1, .target = "a"},
     NULL},
    /* the last eight bytes of `printf 1 | md5sum` are 0x0dcc509a6f75849b */
    {"hashmod",
     {.action = RELABEL_HASHMOD, .sources = {"a"}, .sources_n = 1, .target = "c", .modulus = 1000},
     LINE ",c=291"},
};

static const char *apply(struct relabel *r)
{
    switch (relabel_apply(r, &in.set, &out.set, sizeof out)) {
    case RELABEL_KEPT: return text_of_labels(&out.set);
    case RELABEL_DROPPED: return NULL;
    case RELABEL_INVALID: return "!";
    default: return "too large";
    }
}

START_TEST(rule_row)
{
    const struct row *x = &rows[_i];
    struct relabel *r;
    char why[RELABEL_WHY_MAX] = "";
    ck_assert_int_eq(relabel_new(&r), NABLA_OK);
    ck_assert_msg(relabel_add(r, &x->rule, why) == NABLA_OK, "%s: %s", x->label, why);
    labels_of_text(LINE, &in.set);
    for (int again = 0; again < 3; again++) { /* the third goes by what it remembers */
        const char *became = apply(r);
        ck_assert_msg(became == NULL ? x->became == NULL
                                     : x->became != NULL && strcmp(became, x->became) == 0,
                      "%s: %s", x->label, became);
    }
    relabel_free(r);
}
END_TEST

static const struct bad_row {
    struct relabel_text rule;
    const char *why;
} bad[] = {
    {{.sources = {"a"}, .sources_n = 1}, "target_label"},
    {{.target = "a-b"}, "no label's name"},
    {{.target = "1a"}, "no label's name"},
    {{.target = "$"}, "no label's name"},
    {{.target = ""}, "no label's name"},
    {{.target = "a", .regex = "("}, "byte 1"},
    {{.target = "a", .sources = {"b c"}, .sources_n = 1}, "source_labels"},
    {{.action = RELABEL_HASHMOD, .target = "a"}, "modulus"},
    {{.action = RELABEL_HASHMOD, .target = "$1", .modulus = 1}, "no label's name"},
    {{.action = RELABEL_LABELMAP, .replacement = "a b"}, "makes no label's name"},
    {{.action = RELABEL_LABELDROP, .regex = "a", .target = "b"}, "only regex"},
    {{.action = RELABEL_LABELKEEP, .sources = {"a"}, .sources_n = 1}, "only regex"},
    {{.action = RELABEL_KEEPEQUAL, .target = "a", .separator = ","}, "only source_labels"},
    {{.action = RELABEL_UPPERCASE, .target = "a", .replacement = "b"}, "no replacement"},
};

START_TEST(bad_rule_row)
{
    struct relabel *r;
    char why[RELABEL_WHY_MAX] = "";
    ck_assert_int_eq(relabel_new(&r), NABLA_OK);
    ck_assert_int_eq(relabel_add(r, &bad[_i].rule, why), NABLA_EINVAL);
    ck_assert_msg(strstr(why, bad[_i].why) != NULL, "%s", why);
    ck_assert_uint_eq(relabel_count(r), 0);
    relabel_free(r);
}
END_TEST

/* Each rule doubles a value: the line becomes too large, not the machine's memory. */
START_TEST(growth_is_bounded)
{
    struct relabel *r;
    char why[RELABEL_WHY_MAX];
    struct relabel_text twice = {.sources = {"b", "b"}, .sources_n = 2, .target = "b"};
    ck_assert_int_eq(relabel_new(&r), NABLA_OK);
    for (int i = 0; i < 40; i++)
        ck_assert_int_eq(relabel_add(r, &twice, why), NABLA_OK);
    labels_of_text(LINE, &in.set);
    ck_assert_str_eq(apply(r), "too large");
    relabel_free(r);
}
END_TEST

/* Another line in between changes nothing: what a rule remembers is of one source. */
START_TEST(memory_is_of_one_source)
{
    struct relabel *r;
    char why[RELABEL_WHY_MAX];
    struct relabel_text x = {
        .sources = {"a"}, .sources_n = 1, .regex = "1(.*)", .target = "c", .replacement = "<$1>"};
    ck_assert_int_eq(relabel_new(&r), NABLA_OK);
    ck_assert_int_eq(relabel_add(r, &x, why), NABLA_OK);
    for (int i = 0; i < 2; i++) {
        labels_of_text("__name__=m,a=12", &in.set);
        ck_assert_str_eq(apply(r), "__name__=m,a=12,c=<2>");
        labels_of_text("__name__=m,a=2", &in.set);
        ck_assert_str_eq(apply(r), "__name__=m,a=2");
        labels_of_text("__name__=m,a=13", &in.set);
        ck_assert_str_eq(apply(r), "__name__=m,a=13,c=<3>");
    }
    relabel_free(r);
}
END_TEST

START_TEST(no_room)
{
    struct relabel *r;
    ck_assert_int_eq(relabel_new(&r), NABLA_OK);
    labels_of_text(LINE, &in.set);
    ck_assert_int_eq(relabel_apply(r, &in.set, &out.set, in.set.bytes), RELABEL_KEPT);
    ck_assert_int_eq(memcmp(&in, &out, in.set.bytes), 0);
    ck_assert_int_eq(relabel_apply(r, &in.set, &out.set, in.set.bytes - 1u), RELABEL_TOO_LARGE);
    relabel_free(r);
}
END_TEST

/* Rules that leave names alone, and those that leave all labels alone. */
static const struct nature {
    const char *label;
    struct relabel_text rule;
    bool keeps_names, only_chooses;
} kinds[] = {
    {"keep",
     {.action = RELABEL_KEEP, .sources = {"__name__"}, .sources_n = 1, .regex = "m"},
     true,
     true},
    {"drop", {.action = RELABEL_DROP, .sources = {"a"}, .sources_n = 1, .regex = "m"}, true, true},
    {"keepequal",
     {.action = RELABEL_KEEPEQUAL, .sources = {"a"}, .sources_n = 1, .target = "__name__"},
     true,
     true},
    {"dropequal",
     {.action = RELABEL_DROPEQUAL, .sources = {"a"}, .sources_n = 1, .target = "b"},
     true,
     true},
    {"replace", {.sources = {"__name__"}, .sources_n = 1, .target = "a"}, true, false},
    {"replace of the name", {.target = "__name__", .replacement = "x"}, false, false},
    {"replace of any", {.sources = {"a"}, .sources_n = 1, .target = "__$1"}, false, false},
    {"hashmod",
     {.action = RELABEL_HASHMOD, .sources = {"a"}, .sources_n = 1, .target = "b", .modulus = 2},
     true,
     false},
    {"hashmod to the name",
     {.action = RELABEL_HASHMOD,
      .sources = {"a"},
      .sources_n = 1,
      .target = "__name__",
      .modulus = 2},
     false,
     false},
    {"uppercase of the name",
     {.action = RELABEL_UPPERCASE, .sources = {"__name__"}, .sources_n = 1, .target = "__name__"},
     false,
     false},
    {"lowercase",
     {.action = RELABEL_LOWERCASE, .sources = {"a"}, .sources_n = 1, .target = "b"},
     true,
     false},
    {"labelmap", {.action = RELABEL_LABELMAP, .regex = "(.+)", .replacement = "x"}, true, false},
    {"labelmap to any", {.action = RELABEL_LABELMAP, .regex = "_(.+)"}, false, false},
    {"labelmap to the name",
     {.action = RELABEL_LABELMAP, .regex = "a", .replacement = "__name__"},
     false,
     false},
    {"labeldrop", {.action = RELABEL_LABELDROP, .regex = ".*"}, true, false},
    {"labelkeep", {.action = RELABEL_LABELKEEP, .regex = "a"}, true, false},
};

static void add(struct relabel *r, const struct relabel_text *rule)
{
    char why[RELABEL_WHY_MAX] = "";
    ck_assert_msg(relabel_add(r, rule, why) == NABLA_OK, "%s", why);
}

START_TEST(kind_row)
{
    const struct nature *k = &kinds[_i];
    struct relabel *r;
    ck_assert_int_eq(relabel_new(&r), NABLA_OK);
    add(r, &kinds[0].rule); /* one that does not matter in front, and one behind */
    add(r, &k->rule);
    ck_assert_msg(relabel_keeps_names(r) == k->keeps_names, "%s", k->label);
    ck_assert_msg(relabel_only_chooses(r) == k->only_chooses, "%s", k->label);
    add(r, &kinds[0].rule);
    ck_assert_msg(relabel_keeps_names(r) == k->keeps_names, "%s, not the last", k->label);
    ck_assert_msg(relabel_only_chooses(r) == k->only_chooses, "%s, not the last", k->label);
    relabel_free(r);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("series/relabel");
    TCase *tables = tcase_create("tables"), *laws = tcase_create("laws");
    tcase_add_loop_test(tables, rule_row, 0, ROWS(rows));
    tcase_add_loop_test(tables, kind_row, 0, ROWS(kinds));
    tcase_add_loop_test(tables, bad_rule_row, 0, ROWS(bad));
    tcase_add_test(laws, growth_is_bounded);
    tcase_add_test(laws, memory_is_of_one_source);
    tcase_add_test(laws, no_room);
    suite_add_tcase(s, tables);
    suite_add_tcase(s, laws);
    return s;
}
