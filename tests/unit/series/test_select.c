/* tests/unit/series/test_select.c -- queries over a table that is large enough for columns, beside a
 * list of what was pushed: while series come and go, between the steps of a query, by families. */
#include "bench.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { MANY = 24000, SITES = 50 };

/* The series of number i: every third is another metric's, every seventh has no site. */
static void key_of(int i, char out[64])
{
    const char *metric = i % 3 == 0 ? "humidity" : "temperature";
    if (i % 7 == 0)
        snprintf(out, 64, "%s;sensor=s%d", metric, i);
    else
        snprintf(out, 64, "%s;sensor=s%d;site=p%d", metric, i, i % SITES);
}

static void push_numbers(struct bench *b, int from, int to, int64_t t_ns)
{
    char key[64];
    for (int i = from; i < to; i++) {
        key_of(i, key);
        push(b, key, t_ns, i);
    }
}

struct row {
    const char *first, *second;
    bool closed; /* both */
};

static struct selector *selectors[2];

static struct selector *made(const char *text, bool closed)
{
    struct selector_fault fault;
    struct selector *s = NULL;
    ck_assert_int_eq(selector_new(text, strlen(text), &s, &fault), NABLA_OK);
    if (closed)
        selector_close(s);
    return s;
}

static struct selection *begin_closed(struct bench *b, const char *first, const char *second,
                                      bool by_family, bool closed)
{
    const char *texts[] = {first, second};
    struct selection *s;
    static struct query q;
    q = (struct query){.any = (const struct selector *const *)selectors, .by_family = by_family};
    for (int i = 0; i < 2 && texts[i] != NULL; i++, q.any_n++)
        selectors[i] = made(texts[i], closed);
    ck_assert_int_eq(selection_new(b->table, &q, b->now, &s), NABLA_OK);
    return s;
}

static struct selection *begin(struct bench *b, const char *first, const char *second,
                               bool by_family)
{
    return begin_closed(b, first, second, by_family, false);
}

static struct selection *begin_row(struct bench *b, const struct row *r)
{
    return begin_closed(b, r->first, r->second, false, r->closed);
}

static struct findings finish(struct selection *s)
{
    bool done = false;
    while (!done)
        ck_assert_int_eq(selection_step(s, &done), NABLA_OK);
    struct findings found = selection_steal(s);
    selection_free(s);
    for (int i = 0; i < 2; i++) {
        selector_free(selectors[i]);
        selectors[i] = NULL;
    }
    return found;
}

static const struct row rows[] = {
    {"temperature{site=\"p17\",sensor=\"s17\"}", NULL, false},
    {"temperature{sensor=\"s18\"}", NULL, false}, /* humidity's */
    {"{sensor=\"s23999\"}", NULL, false},
    {"{site=\"p3\"}", NULL, false},
    {"humidity{site=\"p3\",sensor!=\"s3\"}", NULL, false},
    {"{site=\"p3\",sensor=~\"s.*3\"}", NULL, false},
    {"{site=\"none\"}", NULL, false},
    {"{colour=\"red\"}", NULL, false},
    {"humidity", NULL, false},
    {"absent", NULL, false},
    {"{site=\"p3\"}", "{sensor=\"s3\"}", false}, /* s3 is found by both */
    {"{site=\"p4\"}", "{sensor=~\"s1.\"}", false},
    {"{site=\"\",sensor=\"s7\"}", NULL, false},
    {"{sensor=~\"s1.*\"}", NULL, false},
    {"temperature{sensor=\"s7\"}", NULL, true}, /* has no site */
    {"temperature{sensor=\"s8\"}", NULL, true}, /* has one */
    {"temperature{sensor=\"s8\",site=\"p8\"}", "{sensor=\"s10\",site=\"p10\"}", true},
    {"{__name__=~\".+\",sensor=~\"s.*\"}", NULL, true},
    {"temperature", "humidity", true},
};

static bool wanted(const struct row *r, const struct labelset *labels)
{
    const char *texts[] = {r->first, r->second};
    bool matches = false;
    for (int i = 0; i < 2 && texts[i] != NULL; i++) {
        struct selector *s = made(texts[i], r->closed);
        matches |= selector_match(s, labels);
        selector_free(s);
    }
    return matches;
}

/* How many of the living series [from..to) match. */
static uint32_t count_wanted(const struct row *r, int from, int to)
{
    union {
        struct labelset set;
        char room[256];
    } packed;
    uint32_t n = 0;
    for (int i = from; i < to; i++) {
        char key[64];
        struct label_list list;
        key_of(i, key);
        struct sample s = {.key = key, .key_n = (uint32_t)strlen(key)};
        ck_assert_int_eq(read_key(NULL, &s, &list), NABLA_OK);
        ck_assert_int_eq(labelset_pack(list.at, list.n, &packed.set), NABLA_OK);
        n += wanted(r, &packed.set);
    }
    return n;
}

/* Found are so many, each once, in table order, and all of them match. */
static void expect(struct bench *b, const struct row *r, struct findings *f, uint32_t want)
{
    ck_assert_msg(f->n == want, "%s: %u found, not %u", r->first, f->n, want);
    for (uint32_t i = 1; i < f->n; i++)
        ck_assert_uint_gt(f->at[i].ref.index, f->at[i - 1].ref.index);
    for (uint32_t from = 0; from < f->n; from += READINGS_MAX) {
        uint32_t n = f->n - from < READINGS_MAX ? f->n - from : READINGS_MAX;
        ck_assert_int_eq(table_read(b->table, f->at + from, n, b->now, &readings), NABLA_OK);
        ck_assert_uint_eq(readings.n, n);
        for (uint32_t i = 0; i < n; i += 97)
            ck_assert_msg(wanted(r, readings.at[i].labels), "%s", r->first);
    }
    findings_fini(f);
}

START_TEST(finds_what_there_is)
{
    struct bench b;
    const struct row *r = &rows[_i];
    setup(&b, 4, MANY, policy_default());
    push_numbers(&b, 0, MANY / 2, t0);
    uint32_t want = count_wanted(r, 0, MANY / 2);
    for (int k = 0; k < 2; k++) { /* the second time its columns are there */
        struct findings f = finish(begin_row(&b, r));
        expect(&b, r, &f, want);
    }
    b.now.mono_ns += 3000 * S;
    push_numbers(&b, MANY / 2, MANY, t0); /* columns are kept in step: births */
    struct findings f = finish(begin_row(&b, r));
    expect(&b, r, &f, count_wanted(r, 0, MANY));
    b.now.mono_ns += 601 * S;
    sweep_all(&b); /* ends */
    f = finish(begin_row(&b, r));
    expect(&b, r, &f, count_wanted(r, MANY / 2, MANY));
    teardown(&b);
}
END_TEST

/* Half of the series end and others are born in their places while a column is in the making. */
START_TEST(columns_are_made_while_series_come_and_go)
{
    struct bench b;
    const struct row *r = &rows[3];
    bool done = false;
    setup(&b, 1, MANY, policy_default());
    push_numbers(&b, 0, MANY / 2, t0);
    b.now.mono_ns += 3000 * S;
    push_numbers(&b, MANY / 4, MANY / 2, t0 + S); /* these live on */
    struct selection *s = begin(&b, r->first, NULL, false);
    for (int i = 0; i < 5 + _i * 5; i++)
        ck_assert_int_eq(selection_step(s, &done), NABLA_OK);
    ck_assert(!done);
    b.now.mono_ns += 601 * S;
    sweep_all(&b);
    push_numbers(&b, MANY / 2, MANY / 2 + MANY / 4, t0);
    struct findings f = finish(s);
    expect(&b, r, &f, count_wanted(r, MANY / 4, MANY / 2 + MANY / 4));
    teardown(&b);
}
END_TEST

/* A label's values that are in all series are no help; neither is a ninth label. */
START_TEST(more_labels_than_columns)
{
    struct bench b;
    char key[128], text[64];
    setup(&b, 1, 20000, policy_default());
    for (int i = 0; i < 20000; i++) {
        snprintf(key, sizeof key, "t;a=%d;b=%d;c=0;d=0;e=0;f=0;g=0;h=0;i=0;j=%d", i, i, i);
        push(&b, key, t0, i);
    }
    uint64_t bytes = table_memory(b.table);
    for (char name = 'a'; name <= 'j'; name++) {
        snprintf(text, sizeof text, "{%c=\"%d\"}", name, strchr("abj", name) ? 19999 : 0);
        struct findings f = finish(begin(&b, text, NULL, false));
        ck_assert_uint_eq(f.n, strchr("abj", name) ? 1 : 20000);
        findings_fini(&f);
    }
    ck_assert_uint_gt(table_memory(b.table), bytes + 8 * 20000 * 8);
    ck_assert_uint_lt(table_memory(b.table), bytes + 8 * 20000 * 24);
    b.now.mono_ns += 601 * S; /* nobody has asked for long: the next one takes their place */
    struct findings f = finish(begin(&b, "{j=\"7\"}", NULL, false));
    ck_assert_uint_eq(f.n, 1);
    ck_assert_uint_lt(table_memory(b.table), bytes + 20000 * 30 + 10000);
    findings_fini(&f);
    teardown(&b);
}
END_TEST

/* Between the two passes of a query by family, series end and others come. */
START_TEST(families_change_between_the_passes)
{
    struct bench b;
    char key[64];
    bool done = false;
    setup(&b, 1, 20000, policy_default());
    for (int i = 0; i < 4000; i++) {
        snprintf(key, sizeof key, "m%d;i=%d", i % 5, i);
        push(&b, key, t0, i);
    }
    struct selection *s = begin(&b, "{i!=\"\"}", NULL, true);
    for (int i = 0; i < 6; i++)
        ck_assert_int_eq(selection_step(s, &done), NABLA_OK);
    ck_assert(!done);
    b.now.mono_ns += 3601 * S;
    if (_i == 1)
        sweep_all(&b);
    for (int i = 0; i < 5000; i++) {
        snprintf(key, sizeof key, "m%d;i=%d", i % 7, 4000 + i);
        push(&b, key, t0, i);
    }
    struct findings f = finish(s);
    ck_assert_uint_le(f.n, 4000);
    for (uint32_t i = 1; i < f.n; i++)
        ck_assert(
            f.at[i].family > f.at[i - 1].family ||
            (f.at[i].family == f.at[i - 1].family && f.at[i].ref.index > f.at[i - 1].ref.index));
    if (_i == 0)
        ck_assert_uint_eq(f.n, 4000);
    findings_fini(&f);
    teardown(&b);
}
END_TEST

/* ---- threads */

static void *bear(void *arg)
{
    struct bench *b = arg;
    static char keys[64][64];
    struct batch *mine = calloc(1, sizeof *mine);
    for (int i = MANY / 2; i < MANY; i += 64) {
        mine->n = 0;
        for (int k = 0; k < 64; k++) {
            key_of(i + k, keys[k]);
            mine->at[mine->n++] = (struct sample){.t_ns = t0,
                                                  .key = keys[k],
                                                  .sub = "",
                                                  .key_n = (uint32_t)strlen(keys[k]),
                                                  .form = KEY_GRAPHITE};
        }
        table_apply(b->table, mine, b->now);
    }
    free(mine);
    return NULL;
}

/* A column is made and asked while others are born: what was there before is found all the time. */
/* An expression that is dear for each of many series: a slice ends at the first, and a query at OVERRUNS_MAX. */
START_TEST(dear_ones_end_a_slice)
{
    enum { DEAR = OVERRUNS_MAX + 200 };
    struct bench b;
    struct selector_fault fault;
    struct selection *s;
    struct effort effort = {0};
    char key[96];
    bool done = false;
    const char *text = "{letters=~'(a|a)*b|a+!'}";
    setup(&b, 4, DEAR, policy_default());
    for (int i = 0; i < DEAR; i++) {
        snprintf(key, sizeof key, "dear;letters=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa;number=%d", i);
        push(&b, key, t0, i);
    }
    ck_assert_int_eq(selector_new(text, strlen(text), &selectors[0], &fault), NABLA_OK);
    selector_charge(selectors[0], &effort);
    struct query q = {
        .any = (const struct selector *const *)selectors, .any_n = 1, .effort = &effort};
    ck_assert_int_eq(selection_new(b.table, &q, b.now, &s), NABLA_OK);
    while (!done) {
        uint32_t before = effort.overruns;
        ck_assert_int_eq(selection_step(s, &done), NABLA_OK);
        ck_assert_uint_le(effort.overruns - before, 1);
    }
    ck_assert_uint_eq(effort.overruns, OVERRUNS_MAX);
    ck_assert_uint_eq(effort.asked, OVERRUNS_MAX);
    selection_free(s);
    selector_free(selectors[0]);
    teardown(&b);
}
END_TEST

START_TEST(births_beside_queries)
{
    struct bench b;
    pthread_t thread;
    setup(&b, _i == 1 ? 1 : 16, MANY, policy_default());
    push_numbers(&b, 0, MANY / 2, t0);
    ck_assert_int_eq(pthread_create(&thread, NULL, bear, &b), 0);
    for (int i = 0; i < 100; i++) {
        struct findings f = finish(begin(&b, "{sensor=\"s17\"}", NULL, i % 2));
        ck_assert_uint_eq(f.n, 1);
        findings_fini(&f);
        f = finish(begin(&b, "{site=\"p3\"}", "{sensor=~\"s1.\"}", i % 2));
        ck_assert_uint_ge(f.n, 206);
        findings_fini(&f);
    }
    pthread_join(thread, NULL);
    struct findings f = finish(begin(&b, rows[3].first, NULL, false));
    expect(&b, &rows[3], &f, count_wanted(&rows[3], 0, MANY));
    teardown(&b);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("series/select");
    TCase *t = tcase_create("select");
    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, finds_what_there_is, 0, ROWS(rows));
    tcase_add_loop_test(t, columns_are_made_while_series_come_and_go, 0, 4);
    tcase_add_test(t, more_labels_than_columns);
    tcase_add_loop_test(t, families_change_between_the_passes, 0, 2);
    tcase_add_test(t, dear_ones_end_a_slice);
    tcase_add_loop_test(t, births_beside_queries, 1, 3);
    suite_add_tcase(s, t);
    return s;
}
