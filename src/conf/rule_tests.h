/* conf/rule_tests.h -- a file of tests of rules, in the shape of promtool's: series that come, and the
 * alerts that must fire at some time. docs/alerts.md has every key. */
#ifndef CONF_RULE_TESTS_H
#define CONF_RULE_TESTS_H

#include "base/buf.h"
#include "conf/conf.h"
#include "numeric/status.h"
#include "rules/rule.h"

#include <stdint.h>

enum {
    RULE_TESTS_MAX = 1024,       /* of a file */
    RULE_TEST_SERIES_MAX = 1024, /* of a test; also checks, and alerts of a check */
};

struct rule_test_sample {
    int64_t t_ns; /* since the test's beginning */
    double v;
};

struct rule_test_series {
    char *series;                /* owned: name{label="value",...}, read by selector_new */
    struct rule_test_sample *at; /* owned; times strictly increasing */
    uint32_t n, cap;
    bool even; /* read from `values`: times count intervals until the test has been read */
};

struct rule_test_pair {
    char *name, *value; /* owned */
};

/* An alert that must fire: labels without alertname, each by name. */
struct rule_test_alert {
    struct rule_test_pair labels[RULE_TEXTS_MAX], annotations[RULE_TEXTS_MAX];
    uint32_t labels_n, annotations_n;
};

struct rule_test_check {
    int64_t t_ns;
    char *alertname;                /* owned */
    struct rule_test_alert *alerts; /* owned */
    uint32_t alerts_n;
    size_t line; /* in the file */
};

struct rule_test {
    char *name;                      /* owned; NULL: none */
    int64_t interval_ns;             /* between the values of a series */
    struct rule_test_series *series; /* owned */
    struct rule_test_check *checks;  /* owned */
    uint32_t series_n, checks_n;
    size_t line;
};

struct rule_tests {
    struct conf_files rule_files; /* as they can be opened */
    char *config; /* owned: the nablad.yaml whose series: and defaults: hold; NULL: none */
    struct rule_test *tests; /* owned */
    uint32_t n;
};

/* Errors: NABLA_EIO, NABLA_EINVAL, NABLA_ENOMEM; every fault found has then been appended to errors as
 * conf_read_file does. *out is to be ended either way. */
MUST_CHECK enum nabla_status rule_tests_read_file(const char *path, struct rule_tests *out,
                                                  struct buf *errors);
/* The same of bytes; name stands for the file. */
MUST_CHECK enum nabla_status rule_tests_read_text(const char *name, const char *text, size_t n,
                                                  struct rule_tests *out, struct buf *errors);
void rule_tests_fini(struct rule_tests *t); /* accepts a zeroed one */

#endif
