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

/* What is asked for. */
struct question {
    bool (*fits)(const struct question *q, const struct alert *x);
    uint32_t number;
    const struct alert_due *due;
    int64_t now_ns;
};

static bool next(struct alerts *a, const struct question *q, struct instant now, uint64_t *id,
                 struct alert_view *out)
{
    for (uint32_t i = list_after(a, *id); i < a->all_n; i++) {
        struct alert *x = a->all[i];
        if (x == NULL || !q->fits(q, x))
            continue;
        copy(a, x, now, out);
        *id = x->id;
        return true;
    }
    return false;
}

static bool is_active(const struct question *q, const struct alert *x)
{
    (void)q;
    return x->state.phase != ALERT_INACTIVE;
}

static bool is_active_of(const struct question *q, const struct alert *x)
{
    return x->number == q->number && x->state.phase != ALERT_INACTIVE;
}

static bool has_name(const struct alert *x, const char *name, size_t n)
{
    return strlen(x->rule->alert) == n && memcmp(x->rule->alert, name, n) == 0;
}

/* Firing alerts, and those that are over for a while; a clock that was set back tells again. */
static bool is_due(const struct question *q, const struct alert *x)
{
    const struct alert_due *due = q->due;
    const struct told_of *told = &x->told[due->target];
    bool firing = x->state.phase == ALERT_FIRING;
    if (!firing && x->resolved_ns == 0)
        return false;
    if (due->name != NULL && !has_name(x, due->name, due->name_n))
        return false;
    if (told->changes != x->changes)
        return true;
    bool repeated =
        firing || (due->resolved_again && q->now_ns - x->resolved_ns < ALERTS_RESOLVED_FOR_NS);
    return repeated && (q->now_ns - told->at_ns >= due->again_ns || q->now_ns < told->at_ns);
}

bool alerts_next(struct alerts *a, struct instant now, uint64_t *id, struct alert_view *out)
{
    struct question q = {.fits = is_active};
    pthread_mutex_lock(&a->lock);
    bool found = next(a, &q, now, id, out);
    pthread_mutex_unlock(&a->lock);
    return found;
}

bool alerts_next_of(struct alerts *a, struct instant now, uint32_t group, uint32_t index,
                    uint64_t *id, struct alert_view *out)
{
    pthread_mutex_lock(&a->lock);
    struct question q = {.fits = is_active_of, .number = set_number(a->set, group, index)};
    bool found = next(a, &q, now, id, out);
    pthread_mutex_unlock(&a->lock);
    return found;
}

bool alerts_next_due(struct alerts *a, const struct alert_due *due, struct instant now,
                     uint64_t *id, struct alert_view *out)
{
    struct question q = {.fits = is_due, .due = due, .now_ns = now.wall_ns};
    pthread_mutex_lock(&a->lock);
    bool found = next(a, &q, now, id, out);
    pthread_mutex_unlock(&a->lock);
    return found;
}

bool alerts_firing(struct alerts *a, const char *name, size_t name_n)
{
    bool firing = false;
    pthread_mutex_lock(&a->lock);
    for (uint32_t i = 0; i < a->all_n && !firing; i++)
        firing = a->all[i] != NULL && a->all[i]->state.phase == ALERT_FIRING &&
                 has_name(a->all[i], name, name_n);
    pthread_mutex_unlock(&a->lock);
    return firing;
}

enum alert_phase alerts_worst(const struct alerts *a, uint32_t group, uint32_t index)
{
    uint32_t number = set_number(a->set, group, index);
    enum alert_phase worst = ALERT_INACTIVE;
    for (uint32_t i = 0; i < a->all_n && worst != ALERT_FIRING; i++)
        if (a->all[i] != NULL && a->all[i]->number == number && a->all[i]->state.phase > worst)
            worst = (enum alert_phase)a->all[i]->state.phase;
    return worst;
}

void alerts_told(struct alerts *a, uint32_t target, uint64_t id, uint64_t changes, int64_t now_ns)
{
    pthread_mutex_lock(&a->lock);
    uint32_t i = list_after(a, id - 1);
    struct alert *x = i < a->all_n ? a->all[i] : NULL;
    if (x != NULL && x->id == id) {
        a->edits++;
        x->told[target] = (struct told_of){.changes = changes, .at_ns = now_ns};
        if (x->resolved_ns != 0)
            (void)list_due(a, x, x->look_ns); /* let go of in its time */
    }
    pthread_mutex_unlock(&a->lock);
}
