/* tests/unit/series/test_labels.c -- which labels make a series, and which are refused. */
#include "series/labels.h"

#include "suite.h"

#include <stdio.h>
#include <string.h>

enum { PAIRS = 6 };

static const struct row {
    const char *label;
    const char *pairs[2 * PAIRS]; /* name, value, ... */
    enum cause cause;
    const char *want; /* name=value;... in the packed order */
} rows[] = {
    {"metric alone", {"__name__", "up"}, CAUSE_COUNT, "__name__=up;"},
    {"sorted, metric first",
     {"site", "a", "__name__", "t", "Area", "b"},
     CAUSE_COUNT,
     "__name__=t;Area=b;site=a;"},
    {"a prefix sorts first",
     {"__name__", "t", "ab", "1", "a", "2"},
     CAUSE_COUNT,
     "__name__=t;a=2;ab=1;"},
    {"empty value is absent", {"__name__", "t", "a", ""}, CAUSE_COUNT, "__name__=t;"},
    {"repeat of a pair", {"a", "1", "__name__", "t", "a", "1"}, CAUSE_COUNT, "__name__=t;a=1;"},
    {"two values", {"a", "1", "__name__", "t", "a", "2"}, CAUSE_LABEL_TWICE, NULL},
    {"two metrics", {"__name__", "u", "__name__", "t"}, CAUSE_LABEL_TWICE, NULL},
    {"no metric", {"a", "1"}, CAUSE_NAME, NULL},
    {"no labels", {NULL}, CAUSE_NAME, NULL},
    {"empty metric", {"__name__", ""}, CAUSE_NAME, NULL},
    {"empty label name", {"__name__", "t", "", "x"}, CAUSE_NAME, NULL},
    {"UTF-8",
     {"__name__", "température", "étage", "3e"},
     CAUSE_COUNT,
     "__name__=température;étage=3e;"},
    {"not UTF-8", {"__name__", "t", "a", "\xff"}, CAUSE_NAME, NULL},
    {"name not UTF-8", {"__name__", "t", "\xc0\xaf", "a"}, CAUSE_NAME, NULL},
    {"control character", {"__name__", "t\x01", "a", "b"}, CAUSE_NAME, NULL},
    {"escape in a value", {"__name__", "t", "a", "\x1b[2J"}, CAUSE_NAME, NULL},
    {"delete", {"__name__", "t", "a", "\x7f"}, CAUSE_NAME, NULL},
};

static void fill(struct label_list *list, const char *const *pairs)
{
    list->n = list->text_n = 0;
    for (int i = 0; i < PAIRS && pairs[2 * i] != NULL; i++)
        list->at[list->n++] =
            (struct label){pairs[2 * i], pairs[2 * i + 1], (uint32_t)strlen(pairs[2 * i]),
                           (uint32_t)strlen(pairs[2 * i + 1])};
}

static void show(const struct labelset *set, char *out)
{
    struct label_cursor cursor = {0};
    struct label l;
    *out = '\0';
    while (labelset_next(set, &cursor, &l))
        out += sprintf(out, "%.*s=%.*s;", (int)l.name_n, l.name, (int)l.value_n, l.value);
}

static union {
    struct labelset set;
    char room[LABELSET_MAX];
} packed;

static enum cause seal(struct label_list *list)
{
    enum cause cause = labels_sort(list);
    if (cause == CAUSE_COUNT)
        ck_assert_int_eq(labelset_pack(list->at, list->n, &packed.set), NABLA_OK);
    return cause;
}

START_TEST(labels_row)
{
    const struct row *r = &rows[_i];
    struct label_list list;
    char text[1024];
    packed.set.count = 999;
    fill(&list, r->pairs);
    enum cause cause = seal(&list);
    ck_assert_msg(cause == r->cause, "%s: cause %d", r->label, cause);
    if (r->want == NULL) {
        ck_assert_msg(packed.set.count == 999, "%s: output touched", r->label);
        return;
    }
    show(&packed.set, text);
    ck_assert_msg(strcmp(text, r->want) == 0, "%s: %s", r->label, text);
}
END_TEST

static struct label long_label(struct label_list *list, uint32_t name_n, uint32_t value_n)
{
    static char text[8192];
    memset(text, 'x', sizeof text);
    list->n = 1;
    list->at[0] = (struct label){LABEL_METRIC, "t", 8, 1};
    return (struct label){text, text, name_n, value_n};
}

static const struct limit_row {
    const char *label;
    uint32_t name_n, value_n;
    enum cause cause;
} limit_rows[] = {
    {"longest name", LABEL_NAME_MAX, 1, CAUSE_COUNT},
    {"name too long", LABEL_NAME_MAX + 1, 1, CAUSE_NAME},
    {"longest value", 1, LABEL_VALUE_MAX, CAUSE_COUNT},
    {"value too long", 1, LABEL_VALUE_MAX + 1, CAUSE_LABEL_LENGTH},
};

START_TEST(limits)
{
    const struct limit_row *r = &limit_rows[_i];
    struct label_list list;
    list.at[1] = long_label(&list, r->name_n, r->value_n);
    list.n = 2;
    ck_assert_msg(seal(&list) == r->cause, "%s", r->label);
}
END_TEST

START_TEST(all_together_may_be_too_long)
{
    struct label_list list;
    static const char *const names[] = {"a", "b", "c", "d", "e"};
    struct label value = long_label(&list, 1, LABEL_VALUE_MAX);
    for (int i = 0; i < 5; i++) {
        list.at[list.n] = value;
        list.at[list.n++].name = names[i];
    }
    ck_assert_int_eq(seal(&list), CAUSE_LABEL_LENGTH);
}
END_TEST

START_TEST(get_finds_by_name)
{
    struct label_list list;
    struct label got;
    fill(&list, rows[1].pairs);
    ck_assert_int_eq(seal(&list), CAUSE_COUNT);
    ck_assert(labelset_get(&packed.set, "site", 4, &got) && got.value_n == 1 && *got.value == 'a');
    ck_assert(!labelset_get(&packed.set, "sit", 3, &got));
    ck_assert(labelset_metric(&packed.set).value_n == 1);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("series/labels");
    TCase *t = tcase_create("labels");
    tcase_add_loop_test(t, labels_row, 0, ROWS(rows));
    tcase_add_loop_test(t, limits, 0, ROWS(limit_rows));
    tcase_add_test(t, all_together_may_be_too_long);
    tcase_add_test(t, get_finds_by_name);
    suite_add_tcase(s, t);
    return s;
}
