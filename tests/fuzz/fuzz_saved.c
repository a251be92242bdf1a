/* rooms: alerts */
/* Records of alerts, each taken or refused by itself; or the file of before, behind a head that is right: refused or
 * restored whole. One rule is in force, alerts of others end; they are told to nobody, seen, and saved again. */
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

static void on_record(void *ctx, enum saved_kind kind, uint64_t number, const char *bytes, size_t n)
{
    (void)ctx, (void)number;
    if (n > 0 && !saved_is_good(kind, bytes, n)) /* what is written can be read */
        abort();
}

static void save_again(struct alerts *a)
{
    (void)alerts_save(a, true, on_record, NULL);
    (void)alerts_save(a, false, on_record, NULL);
}

/* One behind the other: kind u8, number u8, bytes u16; whatever they are, each is refused or taken by itself. */
static void restore_records(struct alerts *a, const uint8_t *data, size_t size)
{
    struct alerts_restoring *r;
    if (alerts_restore_begin(a, &r) != NABLA_OK)
        abort();
    while (size >= 4) {
        size_t n = (size_t)(data[2] | data[3] << 8);
        n = n < size - 4 ? n : size - 4;
        char *bytes = malloc(n + 1); /* what is behind its end is nobody's */
        if (bytes == NULL)
            abort();
        memcpy(bytes, data + 4, n);
        (void)!alerts_restore_one(r, (enum saved_kind)(data[0] % 3), data[1], bytes, n);
        free(bytes);
        data += 4 + n;
        size -= 4 + n;
    }
    alerts_restore_end(r);
}

/* The file of before. */
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
    if (alerts_restore_file(a, bytes, SAVED_HEAD + size) == NABLA_EINVAL)
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
    if (size > 0 && data[0] == 'R') /* so does a former file of 82 records begin: one count less */
        restore_records(alerts, data + 1, size - 1);
    else
        restore(alerts, data, size);
    look_at_all(alerts, now);
    save_again(alerts);
    alerts_free(alerts);
    lookout_free(lookout);
    policies_fini(&policies);
    return 0;
}
