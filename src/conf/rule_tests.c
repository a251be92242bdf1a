/* conf/rule_tests.c -- tests of rules, read by tables of keys like the rules themselves. */
#include "conf/rule_tests.h"

#include "base/number.h"
#include "conf/file.h"
#include "conf/notation.h"
#include "conf/walk.h"
#include "series/labels.h"
#include "series/selector.h"

#include <stdlib.h>
#include <string.h>

/* ---- what is read belongs to somebody */

static void pairs_fini(struct rule_test_pair *pairs, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        free(pairs[i].name);
        free(pairs[i].value);
    }
}

static void check_fini(struct rule_test_check *c)
{
    for (uint32_t i = 0; i < c->alerts_n; i++) {
        pairs_fini(c->alerts[i].labels, c->alerts[i].labels_n);
        pairs_fini(c->alerts[i].annotations, c->alerts[i].annotations_n);
    }
    free(c->alerts);
    free(c->alertname);
}

static void test_fini(struct rule_test *t)
{
    for (uint32_t i = 0; i < t->series_n; i++) {
        free(t->series[i].series);
        free(t->series[i].at);
    }
    for (uint32_t i = 0; i < t->checks_n; i++)
        check_fini(&t->checks[i]);
    free(t->series);
    free(t->checks);
    free(t->name);
}

void rule_tests_fini(struct rule_tests *t)
{
    for (uint32_t i = 0; i < t->rule_files.n; i++)
        free(t->rule_files.at[i]);
    for (uint32_t i = 0; i < t->n; i++)
        test_fini(&t->tests[i]);
    free(t->tests);
    free(t->config);
    *t = (struct rule_tests){0};
}

/* The items of a list as n zeroed elements; NULL, and n 0, if it is none or there is no memory. */
static void *make_items(struct walk *w, const char *name, const yaml_node_t *list, size_t max,
                        size_t size, uint32_t *n)
{
    size_t items = walk_list(w, name, list, max);
    void *at = calloc(items > 0 ? items : 1, size);
    w->no_memory |= at == NULL;
    *n = at == NULL ? 0 : (uint32_t)items;
    return at;
}

/* ---- a series that comes */

static bool add_sample(struct rule_test_series *s, int64_t t_ns, double v)
{
    if (s->n == s->cap) {
        uint32_t cap = s->cap == 0 ? 16 : s->cap * 2;
        struct rule_test_sample *at = realloc(s->at, cap * sizeof *at);
        if (at == NULL)
            return false;
        s->at = at;
        s->cap = cap;
    }
    s->at[s->n++] = (struct rule_test_sample){t_ns, v};
    return true;
}

/* Why no series has these labels; NULL if one can. */
static const char *judge_labels(const struct selector *s)
{
    struct label_list list = {.n = 0};
    size_t n;
    bool all = selector_metric(s, &n) != NULL;
    for (size_t i = 0; i < selector_size(s); i++) {
        list.at[list.n++] = selector_label(s, i);
        all &= list.at[i].value != NULL;
    }
    if (!all)
        return "a name and labels with \"=\", as in temperature{room=\"cellar\"}";
    enum cause cause = labels_sort(&list);
    return cause == CAUSE_COUNT ? NULL : cause_text(cause);
}

/* A selector that says of each label what it is. */
static void read_series_name(struct walk *w, const char *name, const yaml_node_t *value, void *into)
{
    struct rule_test_series *series = into;
    struct selector_fault fault;
    struct selector *s;
    size_t n;
    if ((series->series = walk_text(w, name, value)) == NULL)
        return;
    const char *text = walk_bytes(value, &n);
    enum nabla_status status = selector_new(text, n, &s, &fault);
    w->no_memory |= status == NABLA_ENOMEM;
    if (status == NABLA_EINVAL)
        faults_add(w->faults, place_in_scalar(w->text, w->n, value, fault.offset), "%s: %s", name,
                   fault.message);
    if (status != NABLA_OK)
        return;
    const char *why = judge_labels(s);
    if (why != NULL)
        faults_add(w->faults, place_of_node(value), "%s: %s", name, why);
    selector_free(s);
}

static bool take_value(void *ctx, uint32_t index, double v)
{
    return add_sample(ctx, index, v);
}

static void read_values(struct walk *w, const char *name, const yaml_node_t *value, void *into)
{
    struct rule_test_series *series = into;
    struct text_fault fault;
    size_t n;
    if (!walk_scalar(w, name, value))
        return;
    const char *text = walk_bytes(value, &n);
    series->even = true;
    enum nabla_status status = notation_read(text, n, take_value, series, &fault);
    w->no_memory |= status == NABLA_ENOMEM;
    if (status == NABLA_EINVAL)
        faults_add(w->faults, place_in_scalar(w->text, w->n, value, fault.offset), "%s: %s", name,
                   fault.message);
}

/* [time, value] */
static void read_sample(struct walk *w, const char *name, const yaml_node_t *node,
                        struct rule_test_series *series)
{
    const yaml_node_t *time = NULL, *value = NULL;
    int64_t t_ns = -1;
    double v;
    size_t n;
    if (node->type == YAML_SEQUENCE_NODE && walk_list(w, name, node, 2) == 2) {
        time = walk_item(w, node, 0);
        value = walk_item(w, node, 1);
    }
    if (time == NULL || value->type != YAML_SCALAR_NODE) {
        faults_add(w->faults, place_of_node(node), "%s: each is a time and a value, as in [90s, 4]",
                   name);
        return;
    }
    const char *text = walk_bytes(value, &n);
    walk_duration(w, name, time, &t_ns);
    if (n == 0 || number_read_any(text, n, &v) != n)
        faults_add(w->faults, place_of_node(value), "%s: this is no number", name);
    else if (t_ns >= 0 && series->n > 0 && t_ns <= series->at[series->n - 1].t_ns)
        faults_add(w->faults, place_of_node(time), "%s: times must increase", name);
    else if (t_ns >= 0 && !add_sample(series, t_ns, v))
        w->no_memory = true;
}

static void read_samples(struct walk *w, const char *name, const yaml_node_t *value, void *into)
{
    size_t n = walk_list(w, name, value, NOTATION_VALUES_MAX);
    for (size_t i = 0; i < n && !w->no_memory; i++)
        read_sample(w, name, walk_item(w, value, i), into);
}

static const struct walk_key series_keys[] = {
    {"series", .read = read_series_name, .required = true},
    {"values", .read = read_values},
    {"samples", .read = read_samples},
    {0},
};

/* ---- what must fire */

static void insert_pair(struct rule_test_pair *pairs, uint32_t *n, struct rule_test_pair p)
{
    uint32_t i = (*n)++;
    for (; i > 0 && strcmp(p.name, pairs[i - 1].name) < 0; i--)
        pairs[i] = pairs[i - 1];
    pairs[i] = p;
}

static void read_pairs(struct walk *w, const char *what, const yaml_node_t *node,
                       struct rule_test_pair *pairs, uint32_t *n)
{
    const yaml_node_t *key, *value;
    size_t unused;
    if (node_is_null(node))
        return;
    if (node->type != YAML_MAPPING_NODE) {
        faults_add(w->faults, place_of_node(node), "%s must be keys with values, not %s", what,
                   node_noun(node));
        return;
    }
    for (size_t at = 0; walk_pair(w, node, &at, &key, &value);) {
        if (value->type != YAML_SCALAR_NODE || *n == RULE_TEXTS_MAX) {
            faults_add(w->faults, place_of_node(value), "%s: at most %d texts", what,
                       RULE_TEXTS_MAX);
            return;
        }
        struct rule_test_pair p = {strdup(walk_bytes(key, &unused)),
                                   strdup(walk_bytes(value, &unused))};
        if (p.name == NULL || p.value == NULL) {
            pairs_fini(&p, 1);
            w->no_memory = true;
            return;
        }
        insert_pair(pairs, n, p);
    }
}

static void read_exp_labels(struct walk *w, const char *name, const yaml_node_t *value, void *into)
{
    struct rule_test_alert *a = into;
    read_pairs(w, name, value, a->labels, &a->labels_n);
}

static void read_exp_annotations(struct walk *w, const char *name, const yaml_node_t *value,
                                 void *into)
{
    struct rule_test_alert *a = into;
    read_pairs(w, name, value, a->annotations, &a->annotations_n);
}

static const struct walk_key alert_keys[] = {
    {"exp_labels", .read = read_exp_labels},
    {"exp_annotations", .read = read_exp_annotations},
    {0},
};

static void read_eval_time(struct walk *w, const char *name, const yaml_node_t *value, void *into)
{
    walk_duration(w, name, value, &((struct rule_test_check *)into)->t_ns);
}

static void read_alertname(struct walk *w, const char *name, const yaml_node_t *value, void *into)
{
    ((struct rule_test_check *)into)->alertname = walk_text(w, name, value);
}

static void read_exp_alerts(struct walk *w, const char *name, const yaml_node_t *value, void *into)
{
    struct rule_test_check *c = into;
    c->alerts = make_items(w, name, value, RULE_TEST_SERIES_MAX, sizeof *c->alerts, &c->alerts_n);
    for (uint32_t i = 0; i < c->alerts_n; i++)
        walk_mapping(w, alert_keys, "an expected alert", walk_item(w, value, i), &c->alerts[i]);
}

static const struct walk_key check_keys[] = {
    {"eval_time", .read = read_eval_time, .required = true},
    {"alertname", .read = read_alertname, .required = true},
    {"exp_alerts", .read = read_exp_alerts},
    {0},
};

/* ---- a test */

static void read_test_name(struct walk *w, const char *name, const yaml_node_t *value, void *into)
{
    ((struct rule_test *)into)->name = walk_text(w, name, value);
}

static void read_interval(struct walk *w, const char *name, const yaml_node_t *value, void *into)
{
    struct rule_test *t = into;
    walk_duration(w, name, value, &t->interval_ns);
    if (t->interval_ns == 0)
        faults_add(w->faults, place_of_node(value), "%s must be longer than 0s", name);
}

static void read_input_series(struct walk *w, const char *name, const yaml_node_t *value,
                              void *into)
{
    struct rule_test *t = into;
    t->series = make_items(w, name, value, RULE_TEST_SERIES_MAX, sizeof *t->series, &t->series_n);
    for (uint32_t i = 0; i < t->series_n; i++) {
        const yaml_node_t *item = walk_item(w, value, i);
        walk_mapping(w, series_keys, "a series", item, &t->series[i]);
        if (item->type == YAML_MAPPING_NODE && (node_value(w->doc, item, "values") == NULL) ==
                                                   (node_value(w->doc, item, "samples") == NULL))
            faults_add(w->faults, place_of_node(item), "a series has either values or samples");
    }
}

static void read_checks(struct walk *w, const char *name, const yaml_node_t *value, void *into)
{
    struct rule_test *t = into;
    t->checks = make_items(w, name, value, RULE_TEST_SERIES_MAX, sizeof *t->checks, &t->checks_n);
    for (uint32_t i = 0; i < t->checks_n; i++) {
        const yaml_node_t *item = walk_item(w, value, i);
        t->checks[i].line = place_of_node(item).line;
        walk_mapping(w, check_keys, "a check", item, &t->checks[i]);
    }
}

static const struct walk_key test_keys[] = {
    {"name", .read = read_test_name},
    {"interval", .read = read_interval},
    {"input_series", .read = read_input_series},
    {"alert_rule_test", .read = read_checks, .required = true},
    {"promql_expr_test", .instead = "PromQL is not read here"},
    {"external_labels", .instead = "templates have none"},
    {0},
};

/* Intervals become nanoseconds, now that the interval is known. */
static void space_values(struct walk *w, const yaml_node_t *node, struct rule_test *t)
{
    bool fits = true;
    for (uint32_t i = 0; i < t->series_n; i++)
        for (uint32_t k = 0; t->series[i].even && k < t->series[i].n; k++)
            fits &= !__builtin_mul_overflow(t->series[i].at[k].t_ns, t->interval_ns,
                                            &t->series[i].at[k].t_ns);
    if (!fits)
        faults_add(w->faults, place_of_node(node), "a series is longer than time itself");
}

/* ---- the file */

struct tests_into {
    struct rule_tests *tests;
    const char *name; /* of the file */
};

static void add_file(struct walk *w, const char *name, const yaml_node_t *node, void *into)
{
    struct tests_into *t = into;
    struct conf_files *files = &t->tests->rule_files;
    char *as_written = walk_text(w, name, node);
    if (as_written == NULL)
        return;
    char *path = file_beside(t->name, as_written);
    free(as_written);
    if (path == NULL)
        w->no_memory = true;
    else
        files->at[files->n++] = path;
}

static void read_files(struct walk *w, const char *name, const yaml_node_t *value, void *into)
{
    size_t n = walk_list(w, name, value, CONF_FILES_MAX);
    for (size_t i = 0; i < n; i++)
        add_file(w, name, walk_item(w, value, i), into);
}

static void read_config(struct walk *w, const char *name, const yaml_node_t *value, void *into)
{
    struct tests_into *t = into;
    char *as_written = walk_text(w, name, value);
    if (as_written == NULL)
        return;
    t->tests->config = file_beside(t->name, as_written);
    w->no_memory |= t->tests->config == NULL;
    free(as_written);
}

static void read_tests(struct walk *w, const char *name, const yaml_node_t *value, void *into)
{
    struct rule_tests *all = ((struct tests_into *)into)->tests;
    all->tests = make_items(w, name, value, RULE_TESTS_MAX, sizeof *all->tests, &all->n);
    for (uint32_t i = 0; i < all->n; i++) {
        const yaml_node_t *item = walk_item(w, value, i);
        all->tests[i].line = place_of_node(item).line;
        all->tests[i].interval_ns = INT64_C(60) * 1000000000;
        walk_mapping(w, test_keys, "a test", item, &all->tests[i]);
        space_values(w, item, &all->tests[i]);
    }
}

static const char on_arrival[] = "rules are looked at when a sample arrives, so there is none";
static const struct walk_key file_keys[] = {
    {"rule_files", .read = read_files, .required = true},
    {"config", .read = read_config},
    {"tests", .read = read_tests, .required = true},
    {"evaluation_interval", .instead = on_arrival},
    {"group_eval_order", .instead = on_arrival},
    {0},
};

static void read_root(struct walk *w, const yaml_node_t *root, void *into)
{
    if (root == NULL)
        faults_add(w->faults, (struct place){1, 1}, "the file is empty");
    else
        walk_mapping(w, file_keys, "the file", root, into);
}

enum nabla_status rule_tests_read_text(const char *name, const char *text, size_t n,
                                       struct rule_tests *out, struct buf *errors)
{
    struct tests_into into = {.tests = out, .name = name};
    *out = (struct rule_tests){0};
    return walk_document(name, text, n, read_root, &into, errors);
}

enum nabla_status rule_tests_read_file(const char *path, struct rule_tests *out, struct buf *errors)
{
    char *text;
    size_t n;
    *out = (struct rule_tests){0};
    enum nabla_status status = file_read(path, &text, &n, errors);
    if (status != NABLA_OK)
        return status;
    status = rule_tests_read_text(path, text, n, out, errors);
    free(text);
    return status;
}
