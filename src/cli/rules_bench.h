/* cli/rules_bench.h -- rules under test: nablad's own table and alerts, on a clock of their own. */
#ifndef CLI_RULES_BENCH_H
#define CLI_RULES_BENCH_H

#include "alerts/alerts.h"
#include "conf/rule_tests.h"

enum {
    BENCH_ALERTS_MAX = 100 * 1000,
    BENCH_SWEEPS_MAX = 100 * 1000,
    BENCH_KEEP_BYTES = 64 * 1024 * 1024,
};

struct rules_bench;

/* At time 0, before any sample. policies and rules are taken over and emptied, on success and on
 * failure; test is borrowed. Errors: NABLA_ENOMEM, NABLA_EIO. */
MUST_CHECK enum nabla_status rules_bench_new(const struct rule_test *test,
                                             struct policies *policies, struct rules *rules,
                                             struct rules_bench **out);
void rules_bench_free(struct rules_bench *b); /* NULL is fine */

/* Everything that happens until t_ns, which itself is counted in; time does not go back. */
void rules_bench_reach(struct rules_bench *b, int64_t t_ns);

/* The next firing alert after *id, as alerts_next. */
bool rules_bench_firing(struct rules_bench *b, uint64_t *id, struct alert_view *out);

#endif
