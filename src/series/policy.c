/* series/policy.c -- what a series is treated like when nobody says otherwise. */
#include "series/policy.h"

#include "base/clock.h"
#include "numeric/uncertainty.h"
#include "series/selector.h"

#include <stdlib.h>

struct policy policy_default(void)
{
    return (struct policy){.kind = KIND_GAUGE,
                           .per = PER_SECOND,
                           .on_nan = ON_NAN_SKIP,
                           .edge_order = 1,
                           .max_gap_ns = 0,
                           .stale_after_ns = INT64_C(5) * 60 * NS_PER_S,
                           .expire_after_ns = INT64_C(3600) * NS_PER_S};
}

bool policy_is_only_trend(const struct policy *p)
{
    struct policy without = *p;
    without.trend_ns = 0;
    return p->trend_ns > 0 && p->kind == KIND_GAUGE && !policy_needs_extra(&without);
}

bool policy_needs_extra(const struct policy *p)
{
    return p->min_dt_ns > 0 || p->late_ns != LATE_INSERT || p->trend_ns > 0 || p->keep_ns > 0 ||
           p->max_rate > 0 || p->wrap != 0 || p->extremes;
}

bool policy_changes_samples(const struct policy *p)
{
    return p->min_dt_ns > 0 || p->max_rate > 0 || p->wrap != 0;
}

double policy_sigma(const struct policy *p)
{
    return p->sigma > 0 ? p->sigma : uncertainty_of_step(p->resolution);
}

static void complete(struct policy *p)
{
    p->extras = policy_needs_extra(p);
    p->only_trend = policy_is_only_trend(p);
}

struct policies policies_steal(struct policies *from)
{
    struct policies p = *from;
    *from = (struct policies){0};
    complete(&p.defaults);
    for (uint32_t i = 0; i < p.rules_n; i++)
        complete(&p.rules[i].policy);
    return p;
}

void policies_fini(struct policies *p)
{
    for (uint32_t i = 0; i < p->rules_n; i++)
        selector_free(p->rules[i].match);
    free(p->rules);
    for (uint32_t i = 0; i < p->watches_n; i++)
        selector_free(p->watches[i]);
    free(p->watches);
    *p = (struct policies){0};
}
