/* alerts/saved.c -- alerts to records, some at a time under the lock: what is written of one is whole, and what
 * changes behind the writer has a later edit, and is saved the next time.
 *
 *     edits    ... 17 a   19 c │ 20 b   22 a          a, b, c: alerts, in the order of the newest edit of each (BY_EDIT)
 *                       saved ─┘ next: b, a, who has gone since, and the rules of b and a unless they are there
 *
 * A rule goes before the first alert of it; under which number, its set remembers (struct rule_mark).
 * Elsewhere: bytes (records.c), the way back (restored.c). */
#include "alerts/saved.h"

#include "alerts/parts.h"

#include <string.h>

enum { ALERTS_A_HOLD = 256 };

struct saving_all {
    struct alerts *a;
    bool all;
    uint64_t at, until; /* ids or edits: of the last one that is written, and of the last to be */
    bool failed;
    struct buf bytes; /* of one record */
    void (*on_record)(void *ctx, enum saved_kind kind, uint64_t number, const char *bytes,
                      size_t n);
    void *ctx;
};

static void hand_over(struct saving_all *s, enum saved_kind kind, uint64_t number)
{
    s->failed |= s->bytes.failed;
    if (!s->bytes.failed)
        s->on_record(s->ctx, kind, number, s->bytes.at, s->bytes.n);
    buf_clear(&s->bytes);
}

/* ---- rules */

static struct saved_text text_of(const char *text)
{
    return (struct saved_text){text, strlen(text)};
}

static void name_texts(const struct rule_texts *from, struct saved_texts *out)
{
    out->n = from->n;
    for (uint32_t i = 0; i < from->n; i++) {
        out->name[i] = text_of(from->at[i].name);
        out->value[i].at = template_text(from->at[i].value, &out->value[i].n);
    }
}

static const char *group_of(const struct alert *x)
{
    const struct rule_group *g = x->set->rules.groups;
    while (x->rule < g->rules || x->rule >= g->rules + g->n)
        g++;
    return g->name;
}

static void put_rule(struct saving_all *s, const struct alert *x, uint32_t number)
{
    struct saved_rule r = {.group = text_of(group_of(x)),
                           .name = text_of(x->rule->alert),
                           .match = text_of(x->rule->match),
                           .when = text_of(x->rule->when_text)};
    name_texts(&x->rule->labels, &r.labels);
    name_texts(&x->rule->annotations, &r.annotations);
    saved_put_rule(&s->bytes, &r);
    hand_over(s, SAVED_RULE, number);
}

/* ---- alerts */

static void put_alert(struct saving_all *s, const struct alert *x, uint32_t rule)
{
    struct saved_alert out;
    out.rule = rule;
    out.state = x->state;
    out.fired_ns = x->fired_ns;
    out.resolved_ns = x->resolved_ns;
    out.facts = x->facts;
    for (int t = 0; t < ALERT_TARGETS_MAX; t++)
        out.told[t] = (struct saved_told){.knows = x->told[t].changes == x->changes,
                                          .at_ns = x->told[t].at_ns};
    saved_put_alert(&s->bytes, &out, x->labels);
    hand_over(s, SAVED_ALERT, x->id);
}

static void put_with_rule(struct saving_all *s, const struct alert *x)
{
    struct alerts *a = s->a;
    struct rule_mark *mark = &x->set->marks[x->ordinal];
    if (mark->save != a->saves) {
        if (a->saved_rules == SAVED_RULES_MAX) {
            s->failed = true;
            return;
        }
        *mark = (struct rule_mark){a->saves, a->saved_rules++};
        put_rule(s, x, mark->at);
    }
    put_alert(s, x, mark->at);
}

/* Some of them; false: there are no more. */
static bool put_some(struct saving_all *s)
{
    struct alerts *a = s->a;
    enum alert_row row = s->all ? BY_ID : BY_EDIT;
    struct alert *x = NULL;
    bool more = true;
    pthread_mutex_lock(&a->lock);
    for (int i = 0; i < ALERTS_A_HOLD && more; i++) {
        x = list_after(a, row, s->at);
        more = x != NULL && (s->all || x->edit <= s->until);
        if (more) {
            s->at = s->all ? x->id : x->edit;
            put_with_rule(s, x);
        }
    }
    pthread_mutex_unlock(&a->lock);
    return more;
}

/* Who has gone, some at a time. */
static bool drop_some(struct saving_all *s)
{
    struct alerts *a = s->a;
    pthread_mutex_lock(&a->lock);
    for (int i = 0; i < ALERTS_A_HOLD && a->gone_n > 0; i++)
        hand_over(s, SAVED_ALERT, a->gone[--a->gone_n]);
    bool more = a->gone_n > 0;
    pthread_mutex_unlock(&a->lock);
    return more;
}

static void begin(struct saving_all *s)
{
    struct alerts *a = s->a;
    pthread_mutex_lock(&a->lock);
    if (s->all) {
        a->saves++;
        a->saved_rules = 0;
        a->gone_n = 0;
        a->edit_lost = false;
    }
    s->failed = a->edit_lost;
    s->at = s->all ? 0 : a->saved_edits;
    s->until = a->saved_edits = a->edits;
    saved_put_targets(&s->bytes, a->keys);
    pthread_mutex_unlock(&a->lock);
    hand_over(s, SAVED_TARGETS, 0);
}

bool alerts_save(struct alerts *a, bool all,
                 void (*on_record)(void *ctx, enum saved_kind kind, uint64_t number,
                                   const char *bytes, size_t n),
                 void *ctx)
{
    struct saving_all s = {.a = a, .all = all, .on_record = on_record, .ctx = ctx};
    begin(&s);
    while (drop_some(&s))
        ;
    while (!s.failed && put_some(&s))
        ;
    buf_fini(&s.bytes);
    return !s.failed;
}

uint64_t alerts_edits(struct alerts *a)
{
    pthread_mutex_lock(&a->lock);
    uint64_t edits = a->edits;
    pthread_mutex_unlock(&a->lock);
    return edits;
}
