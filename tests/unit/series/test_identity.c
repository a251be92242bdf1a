/* tests/unit/series/test_identity.c -- texts and their numbers; labels packed and unpacked again; and
 * what a filter says of an identity beside what the selector says of the labels. */
#include "series/filter.h"
#include "series/identity.h"

#include "suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 3000, PAIRS = 8 };

/* ---- dictionary */

START_TEST(numbers_stand_for_texts)
{
    static uint32_t numbers[MOST], holders[MOST];
    struct dictionary d = {0};
    char text[32];
    memset(holders, 0, sizeof holders);
    srand48(1);
    for (int step = 0; step < 40000; step++) {
        uint32_t i = (uint32_t)lrand48() % MOST, number;
        uint32_t n = (uint32_t)snprintf(text, sizeof text, "text %u", i);
        ck_assert(dictionary_find(&d, text, n) == (holders[i] > 0 ? numbers[i] : DICTIONARY_NONE));
        if (holders[i] > 0 && lrand48() % 2) {
            dictionary_leave(&d, numbers[i]);
            holders[i]--;
            continue;
        }
        ck_assert_int_eq(dictionary_join(&d, text, n, &number), NABLA_OK);
        ck_assert(holders[i] == 0 || numbers[i] == number);
        numbers[i] = number;
        holders[i]++;
        const struct entry *x = dictionary_at(&d, number);
        ck_assert(x->n == n && memcmp(x->text, text, n) == 0 && x->holders == holders[i]);
    }
    ck_assert_uint_le(d.n, MOST); /* numbers are given again */
    dictionary_fini(&d);
}
END_TEST

START_TEST(an_entry_does_not_move)
{
    struct dictionary d = {0};
    uint32_t first, number;
    char text[32];
    ck_assert_int_eq(dictionary_join(&d, "", 0, &first), NABLA_OK);
    const struct entry *x = dictionary_at(&d, first);
    for (int i = 0; i < 100000; i++)
        ck_assert_int_eq(
            dictionary_join(&d, text, (uint32_t)snprintf(text, sizeof text, "%d", i), &number),
            NABLA_OK);
    ck_assert(dictionary_at(&d, first) == x && x->n == 0);
    dictionary_fini(&d);
}
END_TEST

/* ---- identities */

union packed {
    struct labelset set;
    char room[LABELSET_MAX];
};

static struct label label(const char *name, const char *value)
{
    return (struct label){name, value, (uint32_t)strlen(name), (uint32_t)strlen(value)};
}

static const struct row {
    const char *label;
    const char *pairs[2 * PAIRS];
    size_t bytes; /* of the identity */
} rows[] = {
    {"metric alone", {"__name__", "up"}, 2},
    {"labels", {"__name__", "temperature", "sensor", "s0012345", "site", "plant-03"}, 20},
    {"the same names", {"__name__", "temperature", "sensor", "s2", "site", "a"}, 7},
    {"another metric", {"__name__", "humidity", "sensor", "s2", "site", "a"}, 7},
    {"a name that is a value", {"__name__", "sensor", "up", "sensor"}, 9},
    {"names that meet when joined", {"__name__", "up", "ab", "x", "c", "y"}, 6},
    {"a value that is refused late", {"__name__", "up", "a", "11"}, 5},
    {"other names of the same letters", {"__name__", "up", "a", "x", "bc", "y"}, 6},
};

static uint32_t read_row(const struct row *r, struct label out[PAIRS])
{
    uint32_t n = 0;
    for (; n < PAIRS && r->pairs[2 * n] != NULL; n++)
        out[n] = label(r->pairs[2 * n], r->pairs[2 * n + 1]);
    return n;
}

static unsigned char *make(struct vocabulary *v, const struct label *labels, uint32_t n)
{
    static unsigned char id[ROWS(rows) + 4][IDENTITY_MAX];
    static int next;
    size_t bytes;
    unsigned char *at = id[next++ % (ROWS(rows) + 4)];
    ck_assert_int_eq(identity_make(v, labels, n, at, &bytes), NABLA_OK);
    ck_assert_uint_eq(identity_bytes(v, at), bytes);
    return at;
}

static void expect_same_labels(const struct vocabulary *v, const unsigned char *id,
                               const struct label *labels, uint32_t n, const char *what)
{
    static union packed want, got;
    struct label value;
    ck_assert_int_eq(labelset_pack(labels, n, &want.set), NABLA_OK);
    identity_unpack(v, id, &got.set);
    ck_assert_msg(got.set.bytes == want.set.bytes && memcmp(&got, &want, want.set.bytes) == 0, "%s",
                  what);
    for (uint32_t i = 0; i < n; i++)
        ck_assert(identity_value(v, id, labels[i].name, labels[i].name_n, &value) &&
                  value.value_n == labels[i].value_n &&
                  memcmp(value.value, labels[i].value, value.value_n) == 0);
    ck_assert(!identity_value(v, id, "absent", 6, &value));
}

START_TEST(labels_come_back)
{
    struct vocabulary v = {0};
    struct label labels[PAIRS];
    unsigned char *ids[ROWS(rows)];
    for (int i = 0; i < ROWS(rows); i++) {
        ids[i] = make(&v, labels, read_row(&rows[i], labels));
        ck_assert_msg(identity_bytes(&v, ids[i]) == rows[i].bytes, "%s: %zu bytes", rows[i].label,
                      identity_bytes(&v, ids[i]));
    }
    for (int i = 0; i < ROWS(rows); i++)
        expect_same_labels(&v, ids[i], labels, read_row(&rows[i], labels), rows[i].label);
    for (int i = 0; i < ROWS(rows); i++)
        identity_leave(&v, ids[i]);
    ck_assert_uint_eq(v.metrics.text_bytes + v.shapes.text_bytes, 0);
    vocabulary_fini(&v);
}
END_TEST

START_TEST(numbers_and_lengths_of_any_size)
{
    static const uint32_t lengths[] = {1, 127, 128, 255, LABEL_VALUE_MAX};
    static char text[LABEL_VALUE_MAX];
    struct vocabulary v = {0};
    struct label other = label(LABEL_METRIC, "");
    char name[16];
    memset(text, 'v', sizeof text);
    for (int i = 0; i < 20000; i++) { /* so that numbers take three bytes */
        other.value_n = (uint32_t)snprintf(name, sizeof name, "m%d", i);
        other.value = name;
        (void)make(&v, &other, 1);
    }
    for (int i = 0; i < ROWS(lengths); i++) {
        struct label labels[] = {label(LABEL_METRIC, "m19999"), label("a", ""), label("b", "x")};
        labels[1].value = text;
        labels[1].value_n = lengths[i];
        expect_same_labels(&v, make(&v, labels, 3), labels, 3, "long");
    }
    vocabulary_fini(&v);
}
END_TEST

/* ---- filter */

static const char *const texts[] = {
    "up",
    "temperature",
    "humidity", /* its plan has the place of up{ab,c}'s */
    "temperature{site=\"a\"}",
    "{site=\"plant-03\",sensor=~\"s.*5\"}",
    "{site!=\"a\",__name__=~\".+\"}",
    "{site!~\"plant.*\",__name__!=\"\"}",
    "{up=\"sensor\"}",
    "{absent=\"\",sensor=\"s2\"}",
    "{absent!=\"\"}",
    "{sensor=~\"|s2\",__name__=~\"h.*|u.*\"}",
    "{sensor=\"s2\",sensor!=\"s2\"}",
    "{a=~\".+\",a=~\".*\",a!=\"1\",a!=\"2\",a!=\"3\",a!=\"4\",a!=\"5\",a!=\"6\",a!=\"7\",a!=\"8\","
    "a!=\"9\",a!=\"10\",a!=\"11\"}", /* more than a plan has steps */
};
enum { TEXTS = sizeof texts / sizeof texts[0] };

static void expect_filter(struct filter *f, const struct vocabulary *v, unsigned char *const *ids,
                          const char *what)
{
    static union packed got;
    for (int i = 0; i < 2 * ROWS(rows); i++) { /* the second time by plans that are there */
        const unsigned char *id = ids[i % ROWS(rows)];
        bool want = f->any_n == 0;
        identity_unpack(v, id, &got.set);
        for (uint32_t k = 0; k < f->any_n; k++)
            want |= selector_match(f->any[k], &got.set);
        ck_assert_msg(filter_match(f, id) == want, "%s: %s", what, rows[i % ROWS(rows)].label);
    }
}

START_TEST(a_filter_says_what_selectors_say)
{
    struct vocabulary v = {0};
    struct label labels[PAIRS];
    unsigned char *ids[ROWS(rows)];
    struct selector *any[TEXTS];
    struct selector_fault fault;
    static struct filter f;
    for (int i = 0; i < ROWS(rows); i++)
        ids[i] = make(&v, labels, read_row(&rows[i], labels));
    for (int i = 0; i < TEXTS; i++)
        ck_assert_int_eq(selector_new(texts[i], strlen(texts[i]), &any[i], &fault), NABLA_OK);
    for (uint32_t from = 0; from < TEXTS; from++)
        for (uint32_t n = 0; n <= TEXTS - from; n++) {
            filter_init(&f, &v, (const struct selector *const *)any + from, n, false);
            expect_filter(&f, &v, ids, texts[from]);
            filter_forget(&f);
            expect_filter(&f, &v, ids, texts[from]);
        }
    for (int i = 0; i < TEXTS; i++)
        selector_free(any[i]);
    vocabulary_fini(&v);
}
END_TEST

/* More metrics of one shape than there are plans. */
START_TEST(plans_are_not_mixed_up)
{
    enum { METRICS = 5 * FILTER_PLANS };
    static unsigned char ids[METRICS][IDENTITY_MAX];
    struct vocabulary v = {0};
    struct selector *one;
    struct selector_fault fault;
    static struct filter f;
    char name[16];
    size_t bytes;
    for (int i = 0; i < METRICS; i++) {
        struct label labels[] = {label(LABEL_METRIC, ""), label("a", "x")};
        labels[0].value_n = (uint32_t)snprintf(name, sizeof name, "m%d", i);
        labels[0].value = name;
        ck_assert_int_eq(identity_make(&v, labels, 2, ids[i], &bytes), NABLA_OK);
    }
    ck_assert_int_eq(selector_new("m3", 2, &one, &fault), NABLA_OK);
    filter_init(&f, &v, (const struct selector *const *)&one, 1, false);
    for (int i = 0; i < METRICS; i++)
        ck_assert_msg(filter_match(&f, ids[i]) == (i == 3), "m%d", i);
    selector_free(one);
    vocabulary_fini(&v);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("series/identity");
    TCase *t = tcase_create("identity");
    tcase_set_timeout(t, 60);
    tcase_add_test(t, numbers_stand_for_texts);
    tcase_add_test(t, an_entry_does_not_move);
    tcase_add_test(t, labels_come_back);
    tcase_add_test(t, numbers_and_lengths_of_any_size);
    tcase_add_test(t, plans_are_not_mixed_up);
    tcase_add_test(t, a_filter_says_what_selectors_say);
    suite_add_tcase(s, t);
    return s;
}
