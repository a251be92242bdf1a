/* rules/step.c -- the picture in step.h, arrow by arrow. */
#include "rules/step.h"

const char *alert_phase_text(enum alert_phase phase)
{
    static const char *const texts[] = {"inactive", "pending", "firing"};
    return texts[phase];
}

/* What the two conditions say, silence judged. */
struct verdict {
    enum truth when, clear;
};

static enum truth opposite(enum truth t)
{
    return t == TRUTH_UNKNOWN ? t : t == TRUTH_YES ? TRUTH_NO : TRUTH_YES;
}

void alert_judge(const struct rule *rule, const struct facts *f, enum truth *when,
                 enum truth *clear)
{
    *when = expression_truth(&rule->when, f, rule->min_confidence);
    if (rule->clear_text != NULL)
        *clear = expression_truth(&rule->clear, f, 0);
    else if (rule->min_confidence > 0)
        *clear = opposite(expression_truth(&rule->when, f, 0));
    else
        *clear = opposite(*when);
}

static struct verdict judge(const struct rule *rule, const struct facts *f)
{
    struct verdict v;
    alert_judge(rule, f, &v.when, &v.clear);
    if (f->presence == PRESENCE_SILENT && v.when == TRUTH_UNKNOWN) {
        if (rule->no_data == NO_DATA_RESOLVE)
            return (struct verdict){TRUTH_NO, TRUTH_YES};
        if (rule->no_data == NO_DATA_ALERT)
            return (struct verdict){TRUTH_YES, TRUTH_NO};
    }
    if (v.when == TRUTH_YES)
        v.clear = TRUTH_NO;
    return v;
}

static int64_t later(int64_t ns, int64_t by)
{
    int64_t sum;
    return __builtin_add_overflow(ns, by, &sum) ? INT64_MAX : sum;
}

static int64_t sooner(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* True once wait has passed since *since_ns; a clock that was set back begins it anew. */
static bool waited(int64_t *since_ns, int64_t wait_ns, int64_t now_ns)
{
    if (*since_ns > now_ns)
        *since_ns = now_ns;
    return later(*since_ns, wait_ns) <= now_ns;
}

static enum alert_event end(struct alert_state *s, enum alert_event event)
{
    s->phase = ALERT_INACTIVE;
    return event;
}

static enum alert_event begin(const struct rule *rule, enum truth when, int64_t now_ns,
                              struct alert_state *s)
{
    if (when != TRUTH_YES)
        return ALERT_NOTHING;
    *s = (struct alert_state){.active_ns = now_ns, .clear_ns = INT64_MAX, .silent = s->silent};
    s->phase = rule->for_ns > 0 ? ALERT_PENDING : ALERT_FIRING;
    s->fired_ns = now_ns;
    return s->phase == ALERT_PENDING ? ALERT_PENDED : ALERT_FIRED;
}

static enum alert_event wait_to_fire(const struct rule *rule, enum truth when, int64_t now_ns,
                                     struct alert_state *s)
{
    if (when == TRUTH_NO)
        return end(s, ALERT_DROPPED);
    if (!waited(&s->active_ns, rule->for_ns, now_ns) || when != TRUTH_YES)
        return ALERT_NOTHING;
    s->phase = ALERT_FIRING;
    s->fired_ns = now_ns;
    s->clear_ns = INT64_MAX;
    return ALERT_FIRED;
}

/* Unknown leaves the time since when it is clear as it was; only a no takes it back. */
static enum alert_event wait_to_resolve(const struct rule *rule, enum truth clear, int64_t now_ns,
                                        struct alert_state *s)
{
    if (clear == TRUTH_NO)
        s->clear_ns = INT64_MAX;
    if (clear != TRUTH_YES)
        return ALERT_NOTHING;
    if (s->clear_ns == INT64_MAX)
        s->clear_ns = now_ns;
    return waited(&s->clear_ns, rule->keep_firing_for_ns, now_ns) ? end(s, ALERT_RESOLVED)
                                                                  : ALERT_NOTHING;
}

static enum alert_event advance(const struct rule *rule, struct verdict v, int64_t now_ns,
                                struct alert_state *s)
{
    switch ((enum alert_phase)s->phase) {
    case ALERT_INACTIVE: return begin(rule, v.when, now_ns, s);
    case ALERT_PENDING: return wait_to_fire(rule, v.when, now_ns, s);
    default: return wait_to_resolve(rule, v.clear, now_ns, s);
    }
}

static int64_t next_look(const struct rule *rule, struct verdict v, const struct facts *f,
                         int64_t now_ns, const struct alert_state *s)
{
    int64_t look = INT64_MAX;
    if (s->phase == ALERT_PENDING && v.when == TRUTH_YES)
        look = later(s->active_ns, rule->for_ns);
    if (s->phase == ALERT_FIRING && v.clear == TRUTH_YES)
        look = later(s->clear_ns, rule->keep_firing_for_ns);
    if (rule->no_data != NO_DATA_KEEP && f->presence == PRESENCE_LIVE && f->silent_in_ns > 0)
        look = sooner(look, later(now_ns, f->silent_in_ns));
    look = sooner(look, later(now_ns, expression_wait_ns(&rule->when, f)));
    if (rule->clear_text != NULL)
        look = sooner(look, later(now_ns, expression_wait_ns(&rule->clear, f)));
    return look;
}

struct alert_outcome alert_step(const struct rule *rule, const struct facts *f, int64_t now_ns,
                                struct alert_state *s)
{
    s->silent = f->presence == PRESENCE_SILENT;
    if (f->presence == PRESENCE_GONE) {
        enum alert_event event = s->phase == ALERT_FIRING    ? ALERT_RESOLVED
                                 : s->phase == ALERT_PENDING ? ALERT_DROPPED
                                                             : ALERT_NOTHING;
        return (struct alert_outcome){end(s, event), INT64_MAX};
    }
    struct verdict v = judge(rule, f);
    enum alert_event event = advance(rule, v, now_ns, s);
    return (struct alert_outcome){event, next_look(rule, v, f, now_ns, s)};
}
