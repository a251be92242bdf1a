/* alerts/alerts.c -- the life of an alert: looks, from the lookout or because it is time, step it; what a
 * step says is counted, logged and numbered, so that each target can be told what it does not know.
 * Elsewhere: the step itself (rules/step.h), lists (list.c), rules (sets.c), copies for readers (view.c). */
#include "alerts/parts.h"

#include <stdlib.h>
#include <string.h>

/* An alert from before a restart whose series does not come: silent then, gone then. */
static const int64_t restored_silent_ns = INT64_C(5) * 60 * NS_PER_S;
static const int64_t restored_gone_ns = INT64_C(3600) * NS_PER_S;

/* ---- what the table knows */

static const struct reading *read_series(struct alerts *a, struct ref series, struct instant now)
{
    struct found found = {.ref = series};
    if (table_read(a->table, &found, 1, now, &a->readings) != NABLA_OK || a->readings.n == 0)
        return NULL;
    return &a->readings.at[0];
}

void alert_read(struct alerts *a, const struct alert *x, struct instant now, struct facts *out)
{
    const struct reading *r = x->bound ? read_series(a, x->series, now) : NULL;
    if (r != NULL)
        facts_of_reading(r, out);
    else
        facts_of_nothing(PRESENCE_GONE, 0, out);
}

struct labelset *alert_copy_labels(const struct labelset *from)
{
    struct labelset *copy = malloc(from->bytes);
    if (copy != NULL)
        memcpy(copy, from, from->bytes);
    return copy;
}

/* ---- what a step leads to */

void alert_counted(struct alerts *a, const struct alert *x, int by)
{
    struct rule_place nowhere = {0};
    struct rule_place *place = x->number != NUMBER_NONE ? &a->places[x->number] : &nowhere;
    uint32_t n = (uint32_t)by;
    if (x->state.phase == ALERT_PENDING) {
        a->counts.pending += n;
        place->pending += n;
    }
    if (x->state.phase == ALERT_FIRING) {
        a->counts.firing += n;
        place->firing += n;
    }
    if (x->resolved_ns != 0)
        a->counts.resolved += n;
}

static const char *change_text(enum alert_event event)
{
    static const char *const texts[] = {"", "pending", "dropped", "firing", "resolved"};
    return texts[event];
}

static void tell_log(struct alerts *a, const struct alert *x, enum alert_event event)
{
    char metric[LOG_QUOTE_MAX], name[LOG_QUOTE_MAX];
    struct label l = labelset_metric(x->labels);
    log_event(a->options.log,
              event == ALERT_FIRED || event == ALERT_RESOLVED ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG,
              "alert", "alert", "name=%s phase=%s metric=%s id=%llu",
              log_quote(name, x->rule->alert, strlen(x->rule->alert)), change_text(event),
              log_quote(metric, l.value, l.value_n), (unsigned long long)x->id);
}

static void note(struct alerts *a, struct alert *x, enum alert_event event, int64_t now_ns)
{
    if (event == ALERT_NOTHING)
        return;
    list_edited(a, x);
    if (event == ALERT_FIRED || event == ALERT_RESOLVED)
        list_changed(a, x, ++a->changes); /* others are nobody's to be told */
    if (event == ALERT_FIRED) {
        x->fired_ns = x->state.fired_ns;
        list_over(a, x, 0);
        count(&a->options.stats->alerts_fired, 1);
    } else if (event == ALERT_RESOLVED) {
        list_over(a, x, now_ns);
        count(&a->options.stats->alerts_resolved, 1);
    }
    tell_log(a, x, event);
}

static bool has_targets(const struct alerts *a)
{
    for (uint32_t i = 0; i < ALERT_TARGETS_MAX; i++)
        if (a->keys[i] != 0)
            return true;
    return false;
}

/* All that are to be told know its last change. */
static bool is_known(const struct alerts *a, const struct alert *x)
{
    for (uint32_t i = 0; i < ALERT_TARGETS_MAX; i++)
        if (a->keys[i] != 0 && x->told[i].changes != x->changes)
            return false;
    return true;
}

/* Nothing is left to tell of it: inactive, and if it was resolved, known to be for long enough. */
static bool is_over(const struct alerts *a, const struct alert *x, int64_t now_ns)
{
    if (x->state.phase != ALERT_INACTIVE)
        return false;
    if (x->resolved_ns == 0)
        return x->due == 0;
    bool told_long = !has_targets(a) || now_ns - x->resolved_ns >= ALERTS_RESOLVED_FOR_NS;
    return told_long && is_known(a, x);
}

void alert_forget(struct alerts *a, struct alert *x)
{
    alert_counted(a, x, -1);
    if (!x->bound && x->number != NUMBER_NONE)
        a->places[x->number].unbound--;
    list_remove(a, x);
}

/* When it must be seen again, at the latest: a resolved one to be let go of. */
static int64_t next_visit(const struct alert *x, int64_t look_ns, int64_t now_ns)
{
    if (x->resolved_ns == 0)
        return look_ns;
    int64_t over_ns = x->resolved_ns + ALERTS_RESOLVED_FOR_NS;
    int64_t later_ns = now_ns + INT64_C(60) * NS_PER_S; /* known to all, perhaps, by then */
    over_ns = over_ns > now_ns ? over_ns : later_ns;
    return over_ns < look_ns ? over_ns : look_ns;
}

void alert_settle(struct alerts *a, struct alert *x, struct alert_outcome outcome, int64_t now_ns)
{
    bool listed = list_due(a, x, next_visit(x, outcome.look_ns, now_ns));
    if (!listed)
        count(&a->options.stats->alerts_left_out, 1);
    if (is_over(a, x, now_ns))
        alert_forget(a, x);
}

static void step(struct alerts *a, struct alert *x, const struct facts *f, int64_t now_ns)
{
    alert_counted(a, x, -1);
    struct alert_state before = x->state;
    struct alert_outcome outcome = alert_step(x->rule, f, now_ns, &x->state);
    note(a, x, outcome.event, now_ns);
    if (x->state.clear_ns != before.clear_ns || x->state.silent != before.silent)
        list_edited(a, x);
    alert_counted(a, x, 1);
    if (f->presence == PRESENCE_LIVE)
        x->facts = *f;
    alert_settle(a, x, outcome, now_ns);
}

void alert_resolve(struct alerts *a, struct alert *x, int64_t now_ns)
{
    struct facts gone;
    facts_of_nothing(PRESENCE_GONE, 0, &gone);
    step(a, x, &gone, now_ns);
}

/* ---- a look */

static struct alert *bind_restored(struct alerts *a, const struct look *look, struct instant now)
{
    const struct reading *r = read_series(a, look->series, now);
    struct alert *x = r != NULL ? list_find_unbound(a, look->rule, r->labels) : NULL;
    if (x == NULL)
        return NULL;
    list_bind(a, x, look->series);
    if (--a->places[look->rule].unbound == 0)
        lookout_set(a->options.lookout, look->rule, x->rule, false);
    return x;
}

/* One that is over makes room, the first that was: it was told to nobody for longest. False: none is. */
static bool make_room(struct alerts *a)
{
    struct alert *x = a->over_first;
    while (x != NULL && x->state.phase != ALERT_INACTIVE)
        x = x->later;
    if (x == NULL)
        return false;
    if (!is_known(a, x))
        count(&a->options.stats->alerts_dropped, 1);
    alert_forget(a, x);
    return true;
}

static struct alert *begin(struct alerts *a, const struct look *look, struct instant now)
{
    if (a->n >= a->options.max && !make_room(a)) {
        count(&a->options.stats->alerts_left_out, 1);
        return NULL;
    }
    const struct reading *r = read_series(a, look->series, now);
    struct labelset *labels = r != NULL ? alert_copy_labels(r->labels) : NULL;
    struct alert *x = labels != NULL ? list_add(a, labels) : NULL;
    if (x == NULL) {
        free(labels);
        return NULL;
    }
    alert_of_rule(a, x, look->rule);
    list_bind(a, x, look->series);
    return x;
}

/* Whether a series without an alert gives cause for one, or must be looked at again. */
static bool is_cause(const struct rule *rule, const struct look *look)
{
    struct alert_state state = {0};
    struct alert_outcome outcome = alert_step(rule, &look->facts, look->wall_ns, &state);
    return state.phase != ALERT_INACTIVE || outcome.look_ns != INT64_MAX;
}

static void take_look(struct alerts *a, const struct look *look, struct instant now)
{
    const struct rule_place *place = &a->places[look->rule];
    if (place->rule == NULL)
        return;
    uint16_t ancestor = rule_ancestor(a, look->rule);
    if (ancestor != NUMBER_NONE && list_find(a, ancestor, look->series) != NULL)
        return; /* its alert is about to be this rule's, and is looked at then */
    struct alert *x = list_find(a, look->rule, look->series);
    if (x == NULL && place->unbound > 0)
        x = bind_restored(a, look, now);
    if (x == NULL && is_cause(place->rule, look))
        x = begin(a, look, now);
    if (x != NULL)
        step(a, x, &look->facts, look->wall_ns);
}

bool alerts_take(struct alerts *a, struct instant now)
{
    struct look looks[ALERTS_SLICE];
    uint64_t lost;
    uint32_t n = lookout_take(a->options.lookout, looks, ALERTS_SLICE, &lost);
    count(&a->options.stats->alerts_lost, lost);
    pthread_mutex_lock(&a->lock);
    for (uint32_t i = 0; i < n; i++)
        take_look(a, &looks[i], now);
    pthread_mutex_unlock(&a->lock);
    return n == ALERTS_SLICE;
}

/* ---- time */

/* An alert whose series has not come since the restart. */
static void wait_for_series(struct alerts *a, struct alert *x, int64_t now_ns)
{
    struct facts f;
    int64_t waited_ns = now_ns - a->started_ns;
    bool gone = waited_ns >= restored_gone_ns;
    if (x->number == NUMBER_NONE || (!gone && waited_ns < restored_silent_ns)) {
        int64_t look_ns = x->number == NUMBER_NONE ? INT64_MAX : a->started_ns + restored_silent_ns;
        alert_settle(a, x, (struct alert_outcome){.look_ns = look_ns}, now_ns);
        return;
    }
    facts_of_nothing(gone ? PRESENCE_GONE : PRESENCE_SILENT, (double)waited_ns * 1e-9, &f);
    step(a, x, &f, now_ns);
}

static void look_again(struct alerts *a, struct alert *x, struct instant now)
{
    struct facts f;
    if (!x->bound) {
        wait_for_series(a, x, now.wall_ns);
        return;
    }
    alert_read(a, x, now, &f);
    step(a, x, &f, now.wall_ns);
}

int64_t alerts_turn(struct alerts *a, struct instant now)
{
    struct alert *x;
    pthread_mutex_lock(&a->lock);
    for (int i = 0; i < ALERTS_SLICE; i++) {
        if ((x = list_first_due(a)) == NULL || x->look_ns > now.wall_ns)
            break;
        look_again(a, x, now);
    }
    x = list_first_due(a);
    int64_t next_ns = x != NULL ? x->look_ns : INT64_MAX;
    pthread_mutex_unlock(&a->lock);
    return next_ns;
}

/* ---- made and freed */

enum nabla_status alerts_new(const struct alerts_options *options, int64_t now_ns,
                             struct alerts **out)
{
    struct alerts *a = calloc(1, sizeof *a);
    struct rule_set *none = set_new(&(struct rules){0});
    if (a == NULL || none == NULL) {
        free(a);
        set_leave(none);
        return NABLA_ENOMEM;
    }
    a->options = *options;
    a->started_ns = now_ns;
    none->first = LOOKOUT_HALF;
    a->set = none;
    pthread_mutex_init(&a->lock, NULL);
    *out = a;
    return NABLA_OK;
}

void alerts_table(struct alerts *a, struct table *table)
{
    a->table = table;
}

void alerts_free(struct alerts *a)
{
    if (a == NULL)
        return;
    uint64_t id = 0;
    for (struct alert *x; (x = list_after(a, BY_ID, id)) != NULL;) {
        id = x->id;
        list_remove(a, x);
    }
    set_leave(a->set);
    set_leave(a->fresh);
    readings_fini(&a->readings);
    pthread_mutex_destroy(&a->lock);
    for (enum alert_row row = 0; row < ALERT_ROWS; row++)
        free(a->rows[row].at);
    free(a->buckets);
    free(a->gone);
    free(a->heap);
    free(a);
}

static void forget_told(struct alerts *a, uint32_t target)
{
    for (struct alert *x = list_after(a, BY_ID, 0); x != NULL; x = list_after(a, BY_ID, x->id)) {
        if (x->told[target].at_ns != 0)
            list_edited(a, x);
        x->told[target] = (struct told_of){0};
    }
}

void alerts_targets(struct alerts *a, const uint64_t keys[static ALERT_TARGETS_MAX])
{
    pthread_mutex_lock(&a->lock);
    for (uint32_t t = 0; t < ALERT_TARGETS_MAX; t++) {
        if (keys[t] != a->keys[t])
            forget_told(a, t);
        a->keys[t] = keys[t];
    }
    a->edits++;
    pthread_mutex_unlock(&a->lock);
}

void alerts_target_keys(struct alerts *a, uint64_t keys[static ALERT_TARGETS_MAX])
{
    pthread_mutex_lock(&a->lock);
    memcpy(keys, a->keys, sizeof a->keys);
    pthread_mutex_unlock(&a->lock);
}

uint64_t alerts_changes(struct alerts *a)
{
    pthread_mutex_lock(&a->lock);
    uint64_t changes = a->changes;
    pthread_mutex_unlock(&a->lock);
    return changes;
}

struct alerts_counts alerts_count(struct alerts *a)
{
    pthread_mutex_lock(&a->lock);
    struct alerts_counts counts = a->counts;
    counts.max = a->options.max;
    pthread_mutex_unlock(&a->lock);
    return counts;
}
