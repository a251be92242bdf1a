/* alerts/saved.c -- written under the lock in one go; read twice, first to see that all of it is right. */
#include "alerts/saved.h"

#include "alerts/parts.h"

#include <stdlib.h>
#include <string.h>

static const char magic[8] = {'N', 'A', 'B', 'L', 'A', 'A', 'L', 1};
enum { HEAD = 16 }; /* magic and checksum */

static uint64_t checksum(const char *at, size_t n)
{
    uint64_t h = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < n; i++)
        h = (h ^ (unsigned char)at[i]) * UINT64_C(1099511628211);
    return h;
}

/* ---- out */

static void put(struct buf *b, uint64_t v, int bytes)
{
    for (int i = 0; i < bytes; i++, v >>= 8)
        buf_char(b, (char)(v & 0xff));
}

static void put_double(struct buf *b, double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    put(b, bits, 8);
}

static void put_text(struct buf *b, const char *text)
{
    size_t n = strlen(text);
    n = n < UINT16_MAX ? n : UINT16_MAX;
    put(b, n, 2);
    buf_add(b, text, n);
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

static void put_alert(struct buf *b, const struct alerts *a, const struct alert *x)
{
    put_text(b, a->set->rules.groups[a->places[x->number].group].name);
    put_text(b, x->rule->alert);
    put_text(b, x->rule->match);
    buf_add(b, x->labels, x->labels->bytes);
    put(b, x->changes, 8);
    put(b, (uint64_t)x->state.active_ns, 8);
    put(b, (uint64_t)x->state.fired_ns, 8);
    put(b, (uint64_t)x->state.clear_ns, 8);
    put(b, x->state.phase, 1);
    put(b, x->state.silent, 1);
    put(b, (uint64_t)x->fired_ns, 8);
    put(b, (uint64_t)x->resolved_ns, 8);
    for (int t = 0; t < ALERT_TARGETS_MAX; t++) {
        put(b, x->told[t].changes, 8);
        put(b, (uint64_t)x->told[t].at_ns, 8);
    }
    put_facts(b, &x->facts);
}

static bool is_saved(const struct alert *x)
{
    return x != NULL && x->number != NUMBER_NONE;
}

void alerts_save(struct alerts *a, struct buf *out)
{
    uint32_t n = 0;
    size_t start = out->n;
    pthread_mutex_lock(&a->lock);
    for (uint32_t i = 0; i < a->all_n; i++)
        n += is_saved(a->all[i]);
    buf_add(out, magic, sizeof magic);
    put(out, 0, 8);
    put(out, a->changes, 8);
    put(out, n, 4);
    for (int t = 0; t < ALERT_TARGETS_MAX; t++)
        put(out, a->keys[t], 8);
    for (uint32_t i = 0; i < a->all_n; i++)
        if (is_saved(a->all[i]))
            put_alert(out, a, a->all[i]);
    pthread_mutex_unlock(&a->lock);
    if (out->failed)
        return;
    uint64_t sum = checksum(out->at + start + HEAD, out->n - start - HEAD);
    for (int i = 0; i < 8; i++)
        out->at[start + sizeof magic + (size_t)i] = (char)(sum >> 8 * i & 0xff);
}

/* ---- in */

struct source {
    const char *at, *end;
    bool bad; /* it ended too early, or says what cannot be */
};

static uint64_t get(struct source *s, int bytes)
{
    uint64_t v = 0;
    if (s->end - s->at < bytes) {
        s->bad = true;
        s->at = s->end;
        return 0;
    }
    for (int i = 0; i < bytes; i++)
        v |= (uint64_t)(unsigned char)*s->at++ << 8 * i;
    return v;
}

static int64_t get_time(struct source *s)
{
    return (int64_t)get(s, 8);
}

static double get_double(struct source *s)
{
    uint64_t bits = get(s, 8);
    double v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

static const char *skip(struct source *s, size_t n)
{
    const char *at = s->at;
    if ((size_t)(s->end - s->at) < n) {
        s->bad = true;
        s->at = s->end;
        return at;
    }
    s->at += n;
    return at;
}

struct text {
    const char *at;
    size_t n;
};

static struct text get_text(struct source *s)
{
    size_t n = get(s, 2);
    return (struct text){skip(s, n), n};
}

/* Labels one behind the other fill a set exactly. */
static bool is_labelset(const struct labelset *set, size_t bytes)
{
    size_t at = sizeof *set;
    if (set->bytes != bytes || set->count == 0 || set->count > LABELS_MAX)
        return false;
    for (uint32_t i = 0; i < set->count; i++) {
        uint16_t n[2];
        if (bytes - at < sizeof n)
            return false;
        memcpy(n, (const char *)set + at, sizeof n);
        at += sizeof n;
        if (bytes - at < (size_t)n[0] + n[1])
            return false;
        at += (size_t)n[0] + n[1];
    }
    return at == bytes;
}

/* An alert as it was; all but labels is in *x. */
struct saved {
    struct text group, name, match;
    union {
        struct labelset labels;
        char room[LABELSET_MAX];
    };
    struct alert x;
};

static void get_labels(struct source *s, struct saved *out)
{
    const char *at = s->at;
    size_t n = get(s, 2);
    if (s->bad || n < sizeof(struct labelset) || n > LABELSET_MAX) {
        s->bad = true;
        return;
    }
    skip(s, n - 2);
    if (s->bad)
        return;
    memcpy(out->room, at, n);
    s->bad = !is_labelset(&out->labels, n);
}

static void get_facts(struct source *s, struct facts *f)
{
    *f = (struct facts){0};
    for (int i = 0; i < FACT_COUNT; i++) {
        f->at[i].v = get_double(s);
        f->at[i].error = get_double(s);
    }
    f->level = get_double(s);
    f->limit_eta_s = get_double(s);
    uint64_t presence = get(s, 1), per = get(s, 1);
    s->bad = s->bad || presence > PRESENCE_GONE || per > PER_HOUR;
    f->presence = (enum presence)presence;
    f->per = (enum per)per;
}

static void get_alert(struct source *s, struct saved *out)
{
    struct alert *x = &out->x;
    out->group = get_text(s);
    out->name = get_text(s);
    out->match = get_text(s);
    get_labels(s, out);
    x->changes = get(s, 8);
    x->state.active_ns = get_time(s);
    x->state.fired_ns = get_time(s);
    x->state.clear_ns = get_time(s);
    x->state.phase = (uint8_t)get(s, 1);
    x->state.silent = get(s, 1) != 0;
    x->fired_ns = get_time(s);
    x->resolved_ns = get_time(s);
    for (int t = 0; t < ALERT_TARGETS_MAX; t++) {
        x->told[t].changes = get(s, 8);
        x->told[t].at_ns = get_time(s);
    }
    get_facts(s, &x->facts);
    s->bad = s->bad || x->state.phase > ALERT_FIRING;
}

static bool is_text(struct text t, const char *text)
{
    return strlen(text) == t.n && memcmp(text, t.at, t.n) == 0;
}

static uint16_t number_of(const struct alerts *a, const struct saved *v)
{
    for (uint32_t i = 0; i < a->set->rules.n; i++) {
        const struct rule_place *p = &a->places[a->set->first + i];
        if (is_text(v->name, p->rule->alert) && is_text(v->match, p->rule->match) &&
            is_text(v->group, a->set->rules.groups[p->group].name))
            return (uint16_t)(a->set->first + i);
    }
    return NUMBER_NONE;
}

static bool add(struct alerts *a, const struct saved *v, uint16_t number)
{
    struct labelset *labels = alert_copy_labels(&v->labels);
    struct alert *x = labels != NULL ? list_add(a, labels) : NULL;
    if (x == NULL) {
        free(labels);
        return false;
    }
    x->changes = v->x.changes;
    x->state = v->x.state;
    x->fired_ns = v->x.fired_ns;
    x->resolved_ns = v->x.resolved_ns;
    x->facts = v->x.facts;
    memcpy(x->told, v->x.told, sizeof x->told);
    alert_of_rule(a, x, number);
    alert_counted(a, x);
    a->places[number].unbound++;
    lookout_set(a->options.lookout, number, x->rule, true);
    return list_due(a, x, a->started_ns); /* a turn says when it is really due */
}

/* add_them: else it is only looked through. */
static enum nabla_status read_all(struct alerts *a, struct source s, bool add_them)
{
    enum nabla_status status = NABLA_OK;
    struct saved *v = malloc(sizeof *v);
    if (v == NULL)
        return NABLA_ENOMEM;
    uint64_t changes = get(&s, 8), n = get(&s, 4), keys[ALERT_TARGETS_MAX];
    for (int t = 0; t < ALERT_TARGETS_MAX; t++)
        keys[t] = get(&s, 8);
    for (uint64_t i = 0; i < n && !s.bad; i++) {
        get_alert(&s, v);
        uint16_t number = add_them && !s.bad ? number_of(a, v) : NUMBER_NONE;
        if (number != NUMBER_NONE && a->all_n < a->options.max && !add(a, v, number))
            status = NABLA_ENOMEM;
    }
    free(v);
    if (s.bad || s.at != s.end)
        return NABLA_EINVAL;
    if (add_them) {
        a->changes = changes;
        memcpy(a->keys, keys, sizeof a->keys);
    }
    return status;
}

enum nabla_status alerts_restore(struct alerts *a, const char *bytes, size_t n)
{
    struct source s = {bytes, bytes + n, false};
    if (n < HEAD || memcmp(bytes, magic, sizeof magic) != 0)
        return NABLA_EINVAL;
    s.at += sizeof magic;
    uint64_t sum = get(&s, 8);
    if (sum != checksum(s.at, (size_t)(s.end - s.at)))
        return NABLA_EINVAL;
    pthread_mutex_lock(&a->lock);
    enum nabla_status status = read_all(a, s, false);
    if (status == NABLA_OK)
        status = read_all(a, s, true);
    pthread_mutex_unlock(&a->lock);
    return status;
}

uint64_t alerts_edits(struct alerts *a)
{
    pthread_mutex_lock(&a->lock);
    uint64_t edits = a->edits;
    pthread_mutex_unlock(&a->lock);
    return edits;
}
