/* cli/test.c -- nabla test rules FILE: runs what a file of tests says, and compares the alerts that fire
 * with those that should, as texts: one line an alert, in order. */
#include "cli/cli.h"
#include "cli/rules_bench.h"
#include "cli/text.h"

#include "base/time_text.h"
#include "conf/rules_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "Usage: nabla test rules FILE...\n"
    "\n"
    "Runs tests of rules: series whose samples come, and the alerts that must fire at some time. "
    "A\n"
    "FILE has the shape of promtool's tests. Prints FILE: ok, or what was expected and what fired\n"
    "instead, and ends with status 1; with 2 if a file cannot be read.\n"
    "\n"
    "  -h, --help    this text\n";

/* ---- alerts as lines */

struct lines {
    char *at[RULE_TEST_SERIES_MAX]; /* owned */
    uint32_t n;
    bool no_memory;
};

static void lines_fini(struct lines *l)
{
    for (uint32_t i = 0; i < l->n; i++)
        free(l->at[i]);
    l->n = 0;
}

/* Takes the text over; those that have no room are left out, which the number of lines betrays. */
static void lines_add(struct lines *l, struct buf *text)
{
    buf_char(text, '\0');
    l->no_memory |= text->failed;
    if (l->n < RULE_TEST_SERIES_MAX && !text->failed)
        l->at[l->n++] = text->at;
    else
        buf_fini(text);
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void lines_sort(struct lines *l)
{
    qsort(l->at, l->n, sizeof *l->at, compare_lines);
}

static bool same_lines(const struct lines *a, const struct lines *b)
{
    for (uint32_t i = 0; i < a->n && i < b->n; i++)
        if (strcmp(a->at[i], b->at[i]) != 0)
            return false;
    return a->n == b->n;
}

static void add_labels(struct buf *out, const struct label *labels, uint32_t n,
                       const char *separator)
{
    for (uint32_t i = 0; i < n; i++) {
        buf_text(out, i == 0 ? "" : separator);
        text_escape(out, labels[i].name, labels[i].name_n, TEXT_PLAIN);
        buf_text(out, "=\"");
        text_escape(out, labels[i].value, labels[i].value_n, TEXT_QUOTED);
        buf_char(out, '"');
    }
}

static void alert_line(struct lines *out, const struct label *labels, uint32_t labels_n,
                       const struct label *annotations, uint32_t annotations_n)
{
    struct buf text = {0};
    buf_char(&text, '{');
    add_labels(&text, labels, labels_n, ", ");
    buf_text(&text, annotations_n > 0 ? "} " : "}");
    add_labels(&text, annotations, annotations_n, " ");
    lines_add(out, &text);
}

static struct label label_of(const char *name, const char *value)
{
    return (struct label){name, value, (uint32_t)strlen(name), (uint32_t)strlen(value)};
}

/* By name, alertname among them; a label without a value is none. */
static void expected_line(const struct rule_test_check *check, const struct rule_test_alert *a,
                          struct lines *out)
{
    struct label labels[RULE_TEXTS_MAX + 1], annotations[RULE_TEXTS_MAX];
    uint32_t n = 0;
    bool named = false;
    for (uint32_t i = 0; i <= a->labels_n; i++) {
        const struct rule_test_pair *p = i < a->labels_n ? &a->labels[i] : NULL;
        int order = p == NULL ? 1 : strcmp(p->name, "alertname");
        if (order >= 0 && !named)
            labels[n++] = label_of("alertname", check->alertname);
        named |= order >= 0;
        if (order != 0 && p != NULL && p->value[0] != '\0')
            labels[n++] = label_of(p->name, p->value);
    }
    for (uint32_t i = 0; i < a->annotations_n; i++)
        annotations[i] = label_of(a->annotations[i].name, a->annotations[i].value);
    alert_line(out, labels, n, annotations, a->annotations_n);
}

/* ---- a test */

/* A file of tests while it is run. */
struct run {
    const char *path;
    struct rule_tests tests;
    struct buf faults;
    struct alert_view *view; /* owned: too large for a stack */
    uint32_t checks, failed;
    bool no_memory;
};

static void find_firing(struct run *r, struct rules_bench *b, const char *alertname,
                        struct lines *out)
{
    const struct alert_told *told = &r->view->told;
    uint64_t id = 0;
    while (rules_bench_firing(b, &id, r->view)) {
        for (uint32_t i = 0; i < told->labels_n; i++)
            if (told->labels[i].name_n == strlen("alertname") &&
                memcmp(told->labels[i].name, "alertname", strlen("alertname")) == 0 &&
                told->labels[i].value_n == strlen(alertname) &&
                memcmp(told->labels[i].value, alertname, strlen(alertname)) == 0)
                alert_line(out, told->labels, told->labels_n, told->annotations,
                           told->annotations_n);
    }
}

static void print_lines(const char *title, const struct lines *l)
{
    printf("  %s\n", title);
    for (uint32_t i = 0; i < l->n; i++)
        printf("    %s\n", l->at[i]);
    if (l->n == 0)
        puts("    none");
}

static void print_failure(const struct run *r, const struct rule_test *test,
                          const struct rule_test_check *check, const struct lines *expected,
                          const struct lines *got)
{
    char at[TIME_TEXT_MAX];
    struct buf name = {0};
    duration_write(at, check->t_ns);
    text_escape(&name, check->alertname, strlen(check->alertname), TEXT_PLAIN);
    if (test->name != NULL) {
        buf_text(&name, ", ");
        text_escape(&name, test->name, strlen(test->name), TEXT_PLAIN);
    }
    printf("%s:%zu: FAILED at %s: %.*s\n", r->path, check->line, at, (int)name.n, name.at);
    print_lines("expected", expected);
    print_lines("got", got);
    buf_fini(&name);
}

static void run_check(struct run *r, struct rules_bench *b, const struct rule_test *test,
                      const struct rule_test_check *check)
{
    struct lines expected = {.n = 0}, got = {.n = 0};
    for (uint32_t i = 0; i < check->alerts_n; i++)
        expected_line(check, &check->alerts[i], &expected);
    find_firing(r, b, check->alertname, &got);
    lines_sort(&expected);
    lines_sort(&got);
    r->no_memory |= expected.no_memory || got.no_memory;
    r->checks++;
    if (!same_lines(&expected, &got)) {
        r->failed++;
        print_failure(r, test, check, &expected, &got);
    }
    lines_fini(&expected);
    lines_fini(&got);
}

/* The check after `done` others in the order of their times; they may stand in any order. */
static const struct rule_test_check *next_check(const struct rule_test *test,
                                                const struct rule_test_check *done)
{
    const struct rule_test_check *next = NULL;
    for (const struct rule_test_check *c = test->checks; c < test->checks + test->checks_n; c++) {
        bool after = done == NULL || c->t_ns > done->t_ns || (c->t_ns == done->t_ns && c > done);
        if (after && (next == NULL || c->t_ns < next->t_ns))
            next = c;
    }
    return next;
}

/* What holds is read anew for each test: the bench takes it over. */
static enum nabla_status read_what_holds(struct run *r, struct policies *policies,
                                         struct rules *rules)
{
    struct conf conf;
    enum nabla_status status = NABLA_OK;
    conf_default(&conf);
    if (r->tests.config != NULL)
        status = conf_read_file(r->tests.config, &conf, &r->faults);
    for (uint32_t i = 0; i < r->tests.rule_files.n && status == NABLA_OK; i++)
        status = rules_read_file(r->tests.rule_files.at[i], rules, &r->faults);
    if (status == NABLA_OK) {
        *policies = conf.policies;
        conf.policies = (struct policies){0};
    }
    conf_fini(&conf);
    return status;
}

static enum nabla_status run_test(struct run *r, const struct rule_test *test)
{
    struct policies policies = {0};
    struct rules rules = {0};
    struct rules_bench *b = NULL;
    enum nabla_status status = read_what_holds(r, &policies, &rules);
    if (status == NABLA_OK)
        status = rules_bench_new(test, &policies, &rules, &b);
    rules_fini(&rules);
    const struct rule_test_check *check = NULL;
    while (status == NABLA_OK && (check = next_check(test, check)) != NULL) {
        rules_bench_reach(b, check->t_ns);
        run_check(r, b, test, check);
    }
    rules_bench_free(b);
    return r->no_memory ? NABLA_ENOMEM : status;
}

/* ---- a file */

static enum nabla_status run_tests(struct run *r)
{
    enum nabla_status status = rule_tests_read_file(r->path, &r->tests, &r->faults);
    for (uint32_t i = 0; i < r->tests.n && status == NABLA_OK; i++)
        status = run_test(r, &r->tests.tests[i]);
    return status;
}

static enum cli_exit conclude(const struct run *r, enum nabla_status status)
{
    if (status == NABLA_ENOMEM)
        return cli_error(CLI_FAILED, "%s: no memory", r->path);
    if (status != NABLA_OK)
        return cli_error(CLI_USAGE, "%s: these tests cannot be run", r->path);
    if (r->failed > 0)
        return cli_error(CLI_FAILED, "%s: %u of %u checks failed", r->path, r->failed, r->checks);
    printf("%s: ok, %u test%s, %u check%s\n", r->path, r->tests.n, r->tests.n == 1 ? "" : "s",
           r->checks, r->checks == 1 ? "" : "s");
    return CLI_OK;
}

static enum cli_exit test_rules(const char *path)
{
    struct run r = {.path = path, .view = malloc(sizeof *r.view)};
    enum nabla_status status = r.view == NULL ? NABLA_ENOMEM : run_tests(&r);
    fflush(stdout);
    if (r.faults.n > 0)
        fwrite(r.faults.at, 1, r.faults.n, stderr);
    enum cli_exit end = conclude(&r, status);
    rule_tests_fini(&r.tests);
    buf_fini(&r.faults);
    free(r.view);
    return end;
}

enum cli_exit test_command(int argc, char **argv)
{
    static const struct option options[] = {{"help", no_argument, NULL, 'h'}, {0}};
    for (int got; (got = cli_option(argc, argv, ":h", options)) != -1;) {
        if (got == 'h')
            return cli_help(help);
        return CLI_USAGE;
    }
    if (optind == argc || strcmp(argv[optind], "rules") != 0)
        return cli_error(CLI_USAGE, "test what? nabla test rules FILE");
    if (++optind == argc)
        return cli_error(CLI_USAGE, "test rules needs a FILE");
    enum cli_exit worst = CLI_OK;
    for (int i = optind; i < argc; i++) {
        enum cli_exit one = test_rules(argv[i]);
        worst = one > worst ? one : worst;
    }
    enum cli_exit flushed = cli_flush();
    return worst != CLI_OK ? worst : flushed;
}
