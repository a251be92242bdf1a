/* alerts/saved.c -- alerts to bytes, some at a time under the lock: what is written of one is whole, and what
 * changes behind the writer is saved the next time, since alerts_edits has moved on.
 *
 *     rule 0 | alert of rule 0 | alert of rule 0 | rule 1 | alert of rule 1 | alert of rule 0 ...
 *
 * A rule is written before the first alert of it; where it stands, its set remembers (struct rule_mark).
 * Elsewhere: the way back (restored.c). */
#include "alerts/saved.h"

#include "alerts/parts.h"

#include <string.h>

enum { ALERTS_A_HOLD = 256 };

uint64_t saved_checksum(const char *at, size_t n)
{
    uint64_t h = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < n; i++)
        h = (h ^ (unsigned char)at[i]) * UINT64_C(1099511628211);
    return h;
}

static void write_number(char *at, uint64_t v, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++, v >>= 8)
        at[i] = (char)(v & 0xff);
}

static void put(struct buf *b, uint64_t v, size_t bytes)
{
    char *room = buf_room(b, bytes);
    if (room == NULL)
        return;
    write_number(room, v, bytes);
    buf_used(b, bytes);
}

static void put_double(struct buf *b, double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    put(b, bits, 8);
}

static void put_bytes(struct buf *b, const char *text, size_t n)
{
    n = n < UINT16_MAX ? n : UINT16_MAX;
    put(b, n, 2);
    buf_add(b, text, n);
}

static void put_text(struct buf *b, const char *text)
{
    put_bytes(b, text, strlen(text));
}

/* ---- rules */

static void put_texts(struct buf *b, const struct rule_texts *t)
{
    put(b, t->n, 1);
    for (uint32_t i = 0; i < t->n; i++) {
        size_t n;
        const char *text = template_text(t->at[i].value, &n);
        put_text(b, t->at[i].name);
        put_bytes(b, text, n);
    }
}

static const char *group_of(const struct alert *x)
{
    const struct rule_group *g = x->set->rules.groups;
    while (x->rule < g->rules || x->rule >= g->rules + g->n)
        g++;
    return g->name;
}

static void put_rule(struct buf *b, const struct alert *x)
{
    put(b, SAVED_RULE, 1);
    put_text(b, group_of(x));
    put_text(b, x->rule->alert);
    put_text(b, x->rule->match);
    put_text(b, x->rule->when_text);
    put_texts(b, &x->rule->labels);
    put_texts(b, &x->rule->annotations);
}

/* ---- alerts */

static void put_told(struct buf *b, const struct alert *x)
{
    uint32_t n = 0;
    for (int t = 0; t < ALERT_TARGETS_MAX; t++)
        n += x->told[t].at_ns != 0;
    put(b, n, 1);
    for (uint32_t t = 0; t < ALERT_TARGETS_MAX; t++) {
        if (x->told[t].at_ns == 0)
            continue;
        put(b, t, 1);
        put(b, x->told[t].changes == x->changes, 1);
        put(b, (uint64_t)x->told[t].at_ns, 8);
    }
}

static void put_facts(struct buf *b, const struct facts *f)
{
    for (int i = 0; i < FACT_COUNT; i++) {
        put_double(b, f->at[i].v);
        put_double(b, f->at[i].error);
    }
    put_double(b, f->level);
    put_double(b, f->limit_eta_s);
    put(b, (uint64_t)f->presence, 1);
    put(b, (uint64_t)f->per, 1);
}

static void put_alert(struct buf *b, const struct alert *x, uint32_t rule)
{
    put(b, SAVED_ALERT, 1);
    put(b, rule, 4);
    buf_add(b, x->labels, x->labels->bytes);
    put(b, (uint64_t)x->state.active_ns, 8);
    put(b, (uint64_t)x->state.fired_ns, 8);
    put(b, (uint64_t)x->state.clear_ns, 8);
    put(b, x->state.phase, 1);
    put(b, x->state.silent, 1);
    put(b, (uint64_t)x->fired_ns, 8);
    put(b, (uint64_t)x->resolved_ns, 8);
    put_told(b, x);
    put_facts(b, &x->facts);
}

/* ---- all of it */

struct file {
    uint64_t save;
    uint32_t rules, alerts;
};

static void put_with_rule(struct buf *b, struct file *f, const struct alert *x)
{
    struct rule_mark *mark = &x->set->marks[x->ordinal];
    if (mark->save != f->save) {
        *mark = (struct rule_mark){f->save, f->rules++};
        put_rule(b, x);
    }
    put_alert(b, x, mark->at);
    f->alerts++;
}

/* Some of them; false: there are no more. */
static bool put_some(struct alerts *a, struct buf *b, struct file *f, uint64_t *id)
{
    struct alert *x = NULL;
    pthread_mutex_lock(&a->lock);
    for (int i = 0; i < ALERTS_A_HOLD && (x = list_after(a, BY_ID, *id)) != NULL; i++) {
        *id = x->id;
        put_with_rule(b, f, x);
    }
    pthread_mutex_unlock(&a->lock);
    return x != NULL;
}

static void put_head(struct alerts *a, struct buf *b, struct file *f)
{
    buf_add(b, saved_magic, sizeof saved_magic);
    put(b, 0, 8);
    put(b, 0, 4);
    pthread_mutex_lock(&a->lock);
    f->save = ++a->saves;
    for (int t = 0; t < ALERT_TARGETS_MAX; t++)
        put(b, a->keys[t], 8);
    pthread_mutex_unlock(&a->lock);
}

void alerts_save(struct alerts *a, struct buf *out)
{
    struct file f = {0};
    uint64_t id = 0;
    size_t start = out->n;
    put_head(a, out, &f);
    while (put_some(a, out, &f, &id))
        ;
    if (out->failed)
        return;
    write_number(out->at + start + SAVED_HEAD, f.rules + f.alerts, 4);
    uint64_t sum = saved_checksum(out->at + start + SAVED_HEAD, out->n - start - SAVED_HEAD);
    write_number(out->at + start + sizeof saved_magic, sum, 8);
}

uint64_t alerts_edits(struct alerts *a)
{
    pthread_mutex_lock(&a->lock);
    uint64_t edits = a->edits;
    pthread_mutex_unlock(&a->lock);
    return edits;
}
