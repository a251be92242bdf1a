/* conf/read_series.c -- `series`: rules that begin as copies of `defaults`; and which keys of a policy go together,
 * in either. */
#include "conf/read_series.h"

/* expire_after and stale_after hold only together; shown where the section (or rule) says one. */
static void check_silence(struct reader *r, const char *parent, const yaml_node_t *map,
                          const struct policy *p)
{
    const yaml_node_t *at = node_value(r->doc, map, "expire_after");
    if (at == NULL)
        at = node_value(r->doc, map, "stale_after");
    if (at != NULL && p->expire_after_ns < p->stale_after_ns)
        faults_add(r->faults, place_of_node(at), "%s.expire_after is shorter than stale_after",
                   parent);
}

/* A wrap is told from a reset by the rate that would follow: without a bound on rates it cannot be. */
static void check_wrap(struct reader *r, const char *parent, const yaml_node_t *map,
                       const struct policy *p)
{
    const yaml_node_t *at = node_value(r->doc, map, "wrap");
    if (at == NULL || p->wrap == 0)
        return;
    if (p->kind != KIND_COUNTER)
        faults_add(r->faults, place_of_node(at), "%s.wrap is for counters: set kind: counter",
                   parent);
    else if (p->max_rate == 0)
        faults_add(r->faults, place_of_node(at),
                   "%s.wrap needs max_rate, which tells a wrap from a reset", parent);
}

static void check_policy(struct reader *r, const char *parent, const yaml_node_t *map,
                         const struct policy *p)
{
    check_silence(r, parent, map, p);
    check_wrap(r, parent, map, p);
}

void read_defaults_check(struct reader *r, const char *section, const yaml_node_t *map)
{
    check_policy(r, section, map, &r->conf->policies.defaults);
}

void read_series(struct reader *r, const yaml_node_t *node)
{
    static const char parent[] = "series[]";
    struct policies *all = &r->conf->policies;
    if (node_is_null(node))
        return;
    size_t n = reader_list(r, conf_key_find("", "series", 6), node, POLICY_RULES_MAX);
    all->rules = reader_room(r, n, sizeof *all->rules);
    for (size_t i = 0; i < n && !r->no_memory; i++) {
        struct policy_rule *rule = &all->rules[all->rules_n++];
        size_t before = reader_faults(r);
        const yaml_node_t *item = reader_item(r, parent, node, i);
        rule->policy = all->defaults;
        if (item == NULL)
            continue;
        reader_mapping(r, parent, item, rule);
        if (reader_faults(r) == before)
            check_policy(r, parent, item, &rule->policy);
    }
}
