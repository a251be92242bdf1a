/* alerts/view.c -- alerts as others see them: copies, in words that their rules make of what their series
 * say at that moment. */
#include "alerts/parts.h"

#include <string.h>

/* Text that stays when the lock is given back. What does not fit is left out. */
struct room {
    char *at;
    size_t left;
};

static const char *keep(struct room *room, const char *text, uint32_t *n)
{
    if (*n > room->left)
        *n = 0;
    char *kept = memcpy(room->at, text, *n);
    room->at += *n;
    room->left -= *n;
    return kept;
}

static void keep_labels(struct room *room, struct label *at, uint32_t *n)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < *n; i++) {
        struct label l = at[i];
        l.name = keep(room, l.name, &l.name_n);
        l.value = keep(room, l.value, &l.value_n);
        if (l.name_n > 0)
            at[kept++] = l;
    }
    *n = kept;
}

/* What it says is of now, if its series still says something. */
static void refresh(struct alerts *a, struct alert *x, struct instant now)
{
    struct facts f;
    if (!x->bound || x->state.phase == ALERT_INACTIVE)
        return;
    alert_read(a, x, now, &f);
    if (f.presence == PRESENCE_LIVE)
        x->facts = f;
}

static void copy(struct alerts *a, struct alert *x, struct instant now, struct alert_view *out)
{
    struct room room = {out->room, sizeof out->room};
    refresh(a, x, now);
    out->id = x->id;
    out->changes = x->changes;
    out->state = x->state;
    out->fired_ns = x->fired_ns;
    out->resolved_ns = x->resolved_ns;
    out->group = out->index = UINT32_MAX;
    if (x->number != NUMBER_NONE && a->fresh == NULL) {
        out->group = a->places[x->number].group;
        out->index = a->places[x->number].index;
    }
    alert_tell(x->rule, x->labels, &x->facts, &out->told);
    out->match_n = (uint32_t)strlen(x->rule->match);
    out->match = keep(&room, x->rule->match, &out->match_n);
    keep_labels(&room, out->told.labels, &out->told.labels_n);
    keep_labels(&room, out->told.annotations, &out->told.annotations_n);
}

/* ---- walks: a step at most so long under the lock, then others have their turn */

enum { LOOKS_A_HOLD = 4096 };

/* What is asked for. */
struct question {
    enum alert_row row;
    bool (*fits)(const struct question *q, const struct alert *x);
    uint32_t number;
    const struct alert_due *due;
    int64_t now_ns;
};

/* The first that fits, of some; *more: there are others. */
static struct alert *look_for(struct alerts *a, const struct question *q, uint64_t *at, bool *more)
{
    const struct row *row = &a->rows[q->row];
    uint32_t first = list_place(a, q->row, *at), i = first;
    for (; i < row->n && i - first < LOOKS_A_HOLD; i++) {
        struct alert *x = row->at[i].alert;
        *at = row->at[i].number;
        if (x != NULL && q->fits(q, x))
            return x;
    }
    *more = i < row->n;
    return NULL;
}

static bool next(struct alerts *a, const struct question *q, struct instant now, uint64_t *at,
                 struct alert_view *out)
{
    struct alert *x = NULL;
    for (bool more = true; more && x == NULL;) {
        more = false;
        pthread_mutex_lock(&a->lock);
        if ((x = look_for(a, q, at, &more)) != NULL)
            copy(a, x, now, out);
        pthread_mutex_unlock(&a->lock);
    }
    return x != NULL;
}

/* ---- those that are there */

static bool is_active(const struct question *q, const struct alert *x)
{
    (void)q;
    return x->state.phase != ALERT_INACTIVE;
}

static bool is_active_of(const struct question *q, const struct alert *x)
{
    return x->number == q->number && x->state.phase != ALERT_INACTIVE;
}

bool alerts_next(struct alerts *a, struct instant now, uint64_t *id, struct alert_view *out)
{
    return next(a, &(struct question){.fits = is_active}, now, id, out);
}

bool alerts_next_of(struct alerts *a, struct instant now, uint32_t group, uint32_t index,
                    uint64_t *id, struct alert_view *out)
{
    pthread_mutex_lock(&a->lock);
    struct question q = {.fits = is_active_of, .number = set_number(a->set, group, index)};
    bool any =
        q.number < LOOKOUT_PLACES && a->places[q.number].pending + a->places[q.number].firing > 0;
    pthread_mutex_unlock(&a->lock);
    return any && next(a, &q, now, id, out);
}

enum alert_phase alerts_worst(const struct alerts *a, uint32_t group, uint32_t index)
{
    uint32_t number = set_number(a->set, group, index);
    if (number >= LOOKOUT_PLACES)
        return ALERT_INACTIVE;
    const struct rule_place *place = &a->places[number];
    return place->firing > 0 ? ALERT_FIRING : place->pending > 0 ? ALERT_PENDING : ALERT_INACTIVE;
}

uint32_t alerts_number(const struct alerts *a, uint32_t group, uint32_t index)
{
    return set_number(a->set, group, index);
}

void alerts_states(struct alerts *a, uint32_t number, const struct ref *series, uint32_t n,
                   struct alert_state *out)
{
    pthread_mutex_lock(&a->lock);
    for (uint32_t i = 0; i < n; i++) {
        const struct alert *x =
            number < LOOKOUT_PLACES ? list_find(a, (uint16_t)number, series[i]) : NULL;
        out[i] = x != NULL ? x->state : (struct alert_state){0};
    }
    pthread_mutex_unlock(&a->lock);
}

/* While rules change it may still be its ancestor's. */
static const struct alert *alert_of(const struct alerts *a, uint16_t number, struct ref series)
{
    uint16_t ancestor = rule_ancestor(a, number);
    const struct alert *x = ancestor != NUMBER_NONE ? list_find(a, ancestor, series) : NULL;
    return x != NULL ? x : list_find(a, number, series);
}

uint32_t alerts_of(struct alerts *a, struct ref series,
                   struct alert_standing out[static WATCHED_MAX])
{
    uint16_t numbers[WATCHED_MAX];
    uint32_t watches = table_watches(a->table, series, numbers), n = 0;
    for (uint32_t i = 0; i < watches; i++) {
        const struct rule_place *place = &a->places[numbers[i]];
        if (place->rule == NULL)
            continue;
        const struct alert *x = alert_of(a, numbers[i], series);
        out[n++] = (struct alert_standing){
            .group = &rules_of(a, numbers[i])->groups[place->group],
            .rule = place->rule,
            .state = x != NULL ? x->state : (struct alert_state){0},
        };
    }
    return n;
}

/* ---- those that are to be told */

static bool is_name(const struct rule *rule, const char *name, size_t n)
{
    return strlen(rule->alert) == n && memcmp(rule->alert, name, n) == 0;
}

/* Firing, or over; and of the name that is asked for. */
static bool concerns(const struct alert_due *due, const struct alert *x)
{
    return (x->state.phase == ALERT_FIRING || x->resolved_ns != 0) &&
           (due->name == NULL || is_name(x->rule, due->name, due->name_n));
}

static bool is_news(const struct question *q, const struct alert *x)
{
    return concerns(q->due, x) && x->told[q->due->target].changes != x->changes;
}

/* Firing alerts, and those that are over for a while; a clock that was set back tells again. */
static bool is_due_again(const struct question *q, const struct alert *x)
{
    const struct alert_due *due = q->due;
    const struct told_of *told = &x->told[due->target];
    if (!concerns(due, x) || told->changes != x->changes)
        return false;
    bool repeated = x->state.phase == ALERT_FIRING ||
                    (due->resolved_again && q->now_ns - x->resolved_ns < ALERTS_RESOLVED_FOR_NS);
    return repeated && (q->now_ns - told->at_ns >= due->again_ns || q->now_ns < told->at_ns);
}

bool alerts_next_news(struct alerts *a, const struct alert_due *due, struct instant now,
                      uint64_t *changes, struct alert_view *out)
{
    struct question q = {.row = BY_CHANGE, .fits = is_news, .due = due, .now_ns = now.wall_ns};
    return next(a, &q, now, changes, out);
}

bool alerts_next_again(struct alerts *a, const struct alert_due *due, struct instant now,
                       uint64_t *id, struct alert_view *out)
{
    struct question q = {.fits = is_due_again, .due = due, .now_ns = now.wall_ns};
    return next(a, &q, now, id, out);
}

bool alerts_firing(struct alerts *a, const char *name, size_t name_n)
{
    bool firing = false;
    pthread_mutex_lock(&a->lock);
    for (uint32_t i = 0; i < LOOKOUT_PLACES && !firing; i++)
        firing = a->places[i].firing > 0 && is_name(a->places[i].rule, name, name_n);
    pthread_mutex_unlock(&a->lock);
    return firing;
}

/* What is only said again is no news for the disk, unless it was long ago. */
static bool is_edit(const struct told_of *before, const struct told_of *now)
{
    return before->changes != now->changes || now->at_ns - before->at_ns >= ALERTS_RESOLVED_FOR_NS;
}

void alerts_told(struct alerts *a, uint32_t target, uint64_t id, uint64_t changes, int64_t now_ns)
{
    struct told_of told = {.changes = changes, .at_ns = now_ns};
    pthread_mutex_lock(&a->lock);
    struct alert *x = list_of_id(a, id);
    if (x != NULL) {
        if (is_edit(&x->told[target], &told))
            list_edited(a, x);
        x->told[target] = told;
        if (x->resolved_ns != 0)
            (void)list_due(a, x, x->look_ns); /* let go of in its time */
    }
    pthread_mutex_unlock(&a->lock);
}
