/* rooms: alerts */
/* The file of alerts, behind a head that is right: whatever it holds is refused or restored whole. One rule is in force,
 * alerts of others end; they are told to nobody, seen, and saved again. */
#include "alerts/saved.h"

#include <stdlib.h>
#include <string.h>

static void on_ready(void *ctx)
{
    (void)ctx;
}

static struct rules one_rule(void)
{
    struct rules rules = {.groups = calloc(1, sizeof *rules.groups), .groups_n = 1, .n = 1};
    struct text_fault fault;
    struct rule *rule = calloc(1, sizeof *rule);
    if (rules.groups == NULL || rule == NULL)
        abort();
    *rules.groups = (struct rule_group){strdup("g"), strdup("f"), rule, 1};
    rule->alert = strdup("A");
    rule->match = strdup("t");
    rule->when_text = strdup("value > 1");
    if (expression_compile(rule->when_text, 9, &rule->when, &fault) != NABLA_OK)
        abort();
    return rules;
}

static void look_at_all(struct alerts *a, struct instant now)
{
    static struct alert_view view;
    uint64_t at = 0;
    struct alert_due due = {.target = 0, .again_ns = NS_PER_S, .resolved_again = true};
    (void)alerts_turn(a, now);
    while (alerts_next(a, now, &at, &view))
        ;
    for (at = 0; alerts_next_news(a, &due, now, &at, &view);)
        alerts_told(a, 0, view.id, view.changes, now.wall_ns);
}

static void save_again(struct alerts *a)
{
    struct buf bytes;
    buf_init(&bytes);
    alerts_save(a, &bytes);
    buf_fini(&bytes);
}

static void restore(struct alerts *a, const uint8_t *data, size_t size)
{
    char *bytes = malloc(SAVED_HEAD + size);
    if (bytes == NULL)
        abort();
    memcpy(bytes, saved_magic, sizeof saved_magic);
    if (size > 0)
        memcpy(bytes + SAVED_HEAD, data, size);
    uint64_t sum = saved_checksum(bytes + SAVED_HEAD, size);
    for (size_t i = 0; i < 8; i++)
        bytes[8 + i] = (char)(sum >> 8 * i & 0xff);
    struct alerts_counts n = {0};
    if (alerts_restore(a, bytes, SAVED_HEAD + size) == NABLA_EINVAL)
        n = alerts_count(a);
    if (n.firing + n.pending + n.resolved > 0)
        abort();
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct stats stats;
    struct lookout *lookout;
    struct alerts *alerts;
    struct rules rules = one_rule();
    struct policies policies = {0};
    struct instant now = {.wall_ns = INT64_C(1700000000) * NS_PER_S, .mono_ns = NS_PER_S};
    if (lookout_new(on_ready, NULL, &lookout) != NABLA_OK)
        abort();
    struct alerts_options options = {.lookout = lookout, .stats = &stats, .max = 100};
    if (alerts_new(&options, now.wall_ns, &alerts) != NABLA_OK ||
        alerts_prepare(alerts, &rules, &policies) != NABLA_OK)
        abort();
    while (alerts_adopt(alerts, now))
        ;
    restore(alerts, data, size);
    look_at_all(alerts, now);
    save_again(alerts);
    alerts_free(alerts);
    lookout_free(lookout);
    policies_fini(&policies);
    return 0;
}
