/* rules/step.h -- one look at one series under one rule. Pure: the caller tells the time and keeps
 * the state.
 *
 *                 when                 `when` has held for `for`
 *     inactive ──────────► pending ──────────────────────────────► firing
 *         ▲    when is no     │                                      │
 *         ├───────────────────┘      `clear` has held for `keep_firing_for`, and `when` is not yes
 *         └──────────────────────────────────────────────────────────┘
 *
 * Laws:
 * - Unknown (warming, no trend, within min_confidence) starts nothing, fires nothing and ends nothing:
 *   an inactive alert stays so, a pending one stays pending and fires only when `when` is yes again, a
 *   firing one stays firing.
 * - `when` wins over `clear` where both hold. Between the two nothing changes: a value that wanders
 *   inside of the hysteresis gives one alert.
 * - min_confidence is what it takes to begin; to end, the conditions are plain (alert_judge).
 * - A silent series is unknown in all but its age; no_data says what an unknown condition means then.
 * - A series that is gone has no alert, whatever no_data says. */
#ifndef RULES_STEP_H
#define RULES_STEP_H

#include "rules/facts.h"
#include "rules/rule.h"

#include <stdbool.h>
#include <stdint.h>

enum alert_phase { ALERT_INACTIVE, ALERT_PENDING, ALERT_FIRING };

/* "inactive", "pending", "firing": static. */
const char *alert_phase_text(enum alert_phase phase);

/* Of one rule and one series; zeroed: inactive. Survives a restart as it is, if the clock does. */
struct alert_state {
    int64_t active_ns; /* since when `when` holds: pending and firing */
    int64_t fired_ns;  /* firing: since when */
    int64_t clear_ns;  /* firing: since when `clear` holds; INT64_MAX: it does not */
    uint8_t phase;     /* enum alert_phase */
    bool silent;       /* the series was, at the last look: "no data" */
};

enum alert_event {
    ALERT_NOTHING,
    ALERT_PENDED,   /* inactive to pending */
    ALERT_DROPPED,  /* pending to inactive: nobody was told */
    ALERT_FIRED,    /* to firing, from either */
    ALERT_RESOLVED, /* firing to inactive; active_ns and fired_ns still are those of the alert */
};

struct alert_outcome {
    enum alert_event event;
    int64_t look_ns; /* look again then if nothing happens before; INT64_MAX: no need */
};

/* What the conditions say, no_data left aside. `when` is held to min_confidence. `clear` is plain, and
 * where the rule has none it is the opposite of the plain `when`: an alert that needed certainty to
 * begin does not need it to end, or the noise of a resting sensor would hold it for ever. */
void alert_judge(const struct rule *rule, const struct facts *f, enum truth *when,
                 enum truth *clear);

/* now_ns: by the clock that all looks at this state share, since the Unix epoch where the state is to
 * survive a restart. If it was set back behind a time in the state, waiting begins anew. */
struct alert_outcome alert_step(const struct rule *rule, const struct facts *f, int64_t now_ns,
                                struct alert_state *state);

#endif
