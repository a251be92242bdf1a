/* series/policy.h -- how a series is treated, and the rules that choose it when it is born. */
#ifndef SERIES_POLICY_H
#define SERIES_POLICY_H

#include "base/reading.h"
#include "numeric/stencil.h"

#include <stdbool.h>
#include <stdint.h>

enum on_nan {
    ON_NAN_SKIP,      /* the sample is dropped; the irregular formula bridges the gap */
    ON_NAN_BREAK,     /* the window restarts */
    ON_NAN_PROPAGATE, /* it is a value like any other, as in numpy */
};

/* What the rate of a silent series is. */
enum on_silence {
    ON_SILENCE_STALE, /* none: the series leaves /metrics */
    ON_SILENCE_ZERO,  /* 0: who says nothing changes nothing */
    ON_SILENCE_HOLD,  /* the last one that was known, until the series expires */
};

enum { LIMITS_MAX = 4 }; /* values of a series to which the time is told */

/* late_ns */
#define LATE_INSERT INT64_C(0)
#define LATE_DROP   INT64_C(-1)

struct policy {
    enum kind kind;
    enum per per;
    enum on_nan on_nan;
    enum on_silence on_silence;
    int edge_order;    /* 1 or 2 */
    int wrap;          /* of a counter: 0: every fall is a reset; 32, 64: bits that may overflow */
    int extremes;      /* 1: the largest and smallest rate since each scraper came */
    int64_t min_dt_ns; /* closer samples merge into one; 0: none do */
    int64_t late_ns;   /* LATE_INSERT, LATE_DROP, or how long samples are held to be sorted */
    int64_t trend_ns;  /* time constant of a trend; 0: none */
    int64_t keep_ns;   /* points younger than this are kept; 0: none */
    bool extras;       /* policy_needs_extra: set where policies are taken over */
    bool only_trend;   /* likewise: a gauge that asks for a trend and for nothing else */
    double resolution; /* [v] the sensor's step; 0: not known */
    double sigma;      /* [v] one standard error of a value; 0: that of the resolution */
    double max_rate;   /* [v] a unit of per; a first sample beyond is held back; 0: no limit */
    struct limits {
        double at[LIMITS_MAX]; /* [v] */
        uint32_t n;
    } limits;
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
    struct selector **watches; /* owned, and each of them: series/watch.h */
    uint32_t watches_n;        /* at most WATCHES_MAX */
    uint16_t watches_first;    /* the number of watches[0] */
};
enum { POLICY_RULES_MAX = 1024, WATCHES_MAX = 1024 };

/* True if series under it need more than a record: series/extra.h. */
bool policy_needs_extra(const struct policy *p);
bool policy_is_only_trend(const struct policy *p);

/* True if it makes another sample of one, or none: what came must be remembered by itself (series/echo.h). */
bool policy_changes_samples(const struct policy *p);

/* One standard error of a value, [v]. */
double policy_sigma(const struct policy *p);

/* gauge, per second, skip, edge order 1, stale after 5 min, expired after 1 h. */
struct policy policy_default(void);

/* What *from was, which is emptied, with all set that is set where policies are taken over. */
struct policies policies_steal(struct policies *from);

/* Frees what p owns; accepts a zeroed one. */
void policies_fini(struct policies *p);

#endif
