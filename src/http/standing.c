/* http/standing.c -- how a series stands under a rule: its alert's state, and how far it is from another. */
#include "http/standing.h"

#include "http/tree.h"
#include "wire/json_out.h"

#include <math.h>

/* Where it goes: there in so many seconds, elsewhere, or nobody knows. */
static void write_eta(struct buf *b, double eta_s)
{
    tree_double(b, "eta", eta_s);
    if (isnan(eta_s))
        tree_text(b, "approaching", NULL);
    else
        tree_bool(b, "approaching", isfinite(eta_s));
}

void standing_write(struct buf *b, const struct expression *when, const char *query,
                    const struct reading *r, const struct alert_state *s)
{
    struct facts f;
    struct alert_gap gap;
    facts_of_reading(r, &f);
    alert_gap_of(when, &f, &gap);
    tree_text(b, "state", alert_phase_text((enum alert_phase)s->phase));
    tree_bool(b, "noData", s->silent);
    tree_time(b, "activeAt", s->phase != ALERT_INACTIVE ? s->active_ns : 0);
    tree_time(b, "firedAt", s->phase == ALERT_FIRING ? s->fired_ns : 0);
    tree_text(b, "seriesState", state_text(r->state));
    tree_double(b, "age", (double)r->age_ns / NS_PER_S);
    if (when->comparisons_n > 1) {
        tree_name(b, "comparison");
        json_text(b, query + gap.comparison->text_at, gap.comparison->text_n);
    }
    tree_text(b, "unit", gap.unit);
    tree_double(b, "value", gap.value);
    tree_double(b, "threshold", gap.threshold);
    tree_double(b, "distance", gap.distance);
    write_eta(b, gap.eta_s);
}
