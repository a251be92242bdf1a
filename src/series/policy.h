/* series/policy.h -- how a series is treated, and the rules that choose it when it is born. */
#ifndef SERIES_POLICY_H
#define SERIES_POLICY_H

#include "base/reading.h"
#include "numeric/stencil.h"

#include <stdint.h>

enum on_nan {
    ON_NAN_SKIP,      /* the sample is dropped; the irregular formula bridges the gap */
    ON_NAN_BREAK,     /* the window restarts */
    ON_NAN_PROPAGATE, /* it is a value like any other, as in numpy */
};

struct policy {
    enum kind kind;
    enum per per;
    enum on_nan on_nan;
    int edge_order;          /* 1 or 2 */
    int64_t max_gap_ns;      /* longer between samples: the window restarts; 0: stale_after_ns */
    int64_t stale_after_ns;  /* of silence, by the monotonic clock */
    int64_t expire_after_ns; /* of silence; not less than stale_after_ns */
};

struct selector;

/* First match wins; a series that no rule matches gets the defaults. */
struct policy_rule {
    struct selector *match; /* owned */
    struct policy policy;
};

struct policies {
    struct policy defaults;
    struct policy_rule *rules; /* owned */
    uint32_t rules_n;          /* at most POLICY_RULES_MAX */
};
enum { POLICY_RULES_MAX = 1024 };

/* gauge, per second, skip, edge order 1, stale after 5 min, expired after 1 h. */
struct policy policy_default(void);

/* Frees what p owns; accepts a zeroed one. */
void policies_fini(struct policies *p);

#endif
