/* rooms: conf rules series */
/* Any bytes as a file of rules, and as one of their tests: read, or refused with at least one line that
 * begins with the file's name and a place. */
#include "conf/rule_tests.h"
#include "conf/rules_file.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* "fuzz:line:column: ...\n" or, at the end, "fuzz: and N more\n" */
static void check_lines(const char *at, const char *end)
{
    require(at < end && end[-1] == '\n');
    while (at < end) {
        const char *next = (const char *)memchr(at, '\n', (size_t)(end - at)) + 1;
        require(strncmp(at, "fuzz:", 5) == 0);
        require((at[5] >= '1' && at[5] <= '9') || (at[5] == ' ' && next == end));
        at = next;
    }
}

static void check_errors(enum nabla_status status, struct buf *errors)
{
    if (status == NABLA_OK)
        require(errors->n == 0);
    else if (status == NABLA_EINVAL)
        check_lines(errors->at, errors->at + errors->n);
    errors->n = 0;
}

static void check_rules(const struct rules *rules)
{
    uint32_t n = 0;
    for (uint32_t g = 0; g < rules->groups_n; g++) {
        n += rules->groups[g].n;
        require(rules->groups[g].name != NULL && rules->groups[g].file != NULL);
        for (uint32_t i = 0; i < rules->groups[g].n; i++) {
            const struct rule *r = &rules->groups[g].rules[i];
            require(r->alert != NULL && r->selector != NULL && r->when.code_n > 0);
            require((r->clear_text != NULL) == (r->clear.code_n > 0));
            require(r->for_ns >= 0 && r->keep_firing_for_ns >= 0 && r->min_confidence >= 0);
        }
    }
    require(n == rules->n && n <= RULES_MAX);
}

static void check_tests(const struct rule_tests *t)
{
    for (uint32_t i = 0; i < t->n; i++) {
        for (uint32_t k = 0; k < t->tests[i].series_n; k++) {
            const struct rule_test_series *s = &t->tests[i].series[k];
            for (uint32_t v = 1; v < s->n; v++)
                require(s->at[v].t_ns > s->at[v - 1].t_ns);
        }
        for (uint32_t k = 0; k < t->tests[i].checks_n; k++)
            require(t->tests[i].checks[k].alertname != NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct rules rules = {0};
    struct rule_tests tests;
    struct buf errors = {0};
    enum nabla_status status = rules_read_text("fuzz", (const char *)data, n, &rules, &errors);
    check_errors(status, &errors);
    if (status == NABLA_OK)
        check_rules(&rules);
    rules_fini(&rules);
    status = rule_tests_read_text("fuzz", (const char *)data, n, &tests, &errors);
    check_errors(status, &errors);
    if (status == NABLA_OK)
        check_tests(&tests);
    rule_tests_fini(&tests);
    buf_fini(&errors);
    return 0;
}
