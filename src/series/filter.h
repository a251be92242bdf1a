/* series/filter.h -- selectors asked of identities as they are: what depends on metric and shape alone
 * is asked once for both, and only values that a matcher is about are looked at for each series. */
#ifndef SERIES_FILTER_H
#define SERIES_FILTER_H

#include "series/identity.h"
#include "series/selector.h"

enum { FILTER_PLANS = 16, FILTER_STEPS = 12 };

/* What is left to ask of a series with this metric and shape. */
struct plan {
    uint32_t metric, shape;
    bool made, always, by_labels; /* always: they match; by_labels: too many steps to plan */
    uint8_t steps_n;
    struct step {
        uint16_t selector, matcher, value; /* value: its number among the identity's */
    } steps[FILTER_STEPS];                 /* by selector, in order */
};

struct filter {
    const struct vocabulary *names;
    const struct selector *const *any; /* borrowed; none: all match */
    uint32_t any_n;
    bool exposed;
    struct plan plans[FILTER_PLANS];
};

/* exposed: the selectors are about the lines that series have in Prometheus' world (base/exposed.h) or
 * about the series themselves; all are then found of which a line, or the series, matches, and perhaps
 * some more. */
void filter_init(struct filter *f, const struct vocabulary *names,
                 const struct selector *const *any, uint32_t any_n, bool exposed);

/* Can a line have a label of this name that its series has not, or not alone? Of "__name__" it can. */
bool filter_may_be_made(const struct label *l);

/* Forgets the plans: before the lock is let go that keeps the series that they were made of. */
void filter_forget(struct filter *f);

bool filter_match(struct filter *f, const unsigned char *id);

#endif
