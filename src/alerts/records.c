/* alerts/records.c -- a record's bytes, there and back. What is read is judged: every length, every number.
 * Law: what was written is read as it was; no other bytes do more than be refused (test_saved.c, fuzz_saved.c). */
#include "alerts/saved_parts.h"

#include <string.h>

/* ---- out */

static void put(struct buf *b, uint64_t v, size_t bytes)
{
    char *room = buf_room(b, bytes);
    if (room == NULL)
        return;
    for (size_t i = 0; i < bytes; i++, v >>= 8)
        room[i] = (char)(v & 0xff);
    buf_used(b, bytes);
}

static void put_double(struct buf *b, double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    put(b, bits, 8);
}

static void put_text(struct buf *b, struct saved_text t)
{
    size_t n = t.n < UINT16_MAX ? t.n : UINT16_MAX;
    put(b, n, 2);
    buf_add(b, t.at, n);
}

static void put_texts(struct buf *b, const struct saved_texts *t)
{
    put(b, t->n, 1);
    for (uint32_t i = 0; i < t->n; i++) {
        put_text(b, t->name[i]);
        put_text(b, t->value[i]);
    }
}

void saved_put_targets(struct buf *b, const uint64_t keys[static ALERT_TARGETS_MAX])
{
    for (int t = 0; t < ALERT_TARGETS_MAX; t++)
        put(b, keys[t], 8);
}

void saved_put_rule(struct buf *b, const struct saved_rule *r)
{
    put_text(b, r->group);
    put_text(b, r->name);
    put_text(b, r->match);
    put_text(b, r->when);
    put_texts(b, &r->labels);
    put_texts(b, &r->annotations);
}

static void put_told(struct buf *b, const struct saved_told *told)
{
    uint32_t n = 0;
    for (int t = 0; t < ALERT_TARGETS_MAX; t++)
        n += told[t].at_ns != 0;
    put(b, n, 1);
    for (uint32_t t = 0; t < ALERT_TARGETS_MAX; t++) {
        if (told[t].at_ns == 0)
            continue;
        put(b, t, 1);
        put(b, told[t].knows, 1);
        put(b, (uint64_t)told[t].at_ns, 8);
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

void saved_put_alert(struct buf *b, const struct saved_alert *x, const struct labelset *labels)
{
    put(b, x->rule, 4);
    buf_add(b, labels, labels->bytes);
    put(b, (uint64_t)x->state.active_ns, 8);
    put(b, (uint64_t)x->state.fired_ns, 8);
    put(b, (uint64_t)x->state.clear_ns, 8);
    put(b, x->state.phase, 1);
    put(b, x->state.silent, 1);
    put(b, (uint64_t)x->fired_ns, 8);
    put(b, (uint64_t)x->resolved_ns, 8);
    put_told(b, x->told);
    put_facts(b, &x->facts);
}

/* ---- in */

uint64_t source_get(struct source *s, int bytes)
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

/* A time that can be counted with, or INT64_MAX for never. */
static int64_t get_time(struct source *s)
{
    uint64_t t = source_get(s, 8);
    s->bad = s->bad || (t > INT64_MAX / 2 && t != INT64_MAX);
    return (int64_t)t;
}

static double get_double(struct source *s)
{
    uint64_t bits = source_get(s, 8);
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

static struct saved_text get_text(struct source *s)
{
    size_t n = source_get(s, 2);
    return (struct saved_text){skip(s, n), n};
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

static void get_labels(struct source *s, struct saved_alert *out)
{
    const char *at = s->at;
    size_t n = source_get(s, 2);
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
    uint64_t presence = source_get(s, 1), per = source_get(s, 1);
    s->bad = s->bad || presence > PRESENCE_GONE || per > PER_HOUR;
    f->presence = (enum presence)presence;
    f->per = (enum per)per;
}

static void get_told(struct source *s, struct saved_told *out)
{
    memset(out, 0, ALERT_TARGETS_MAX * sizeof *out);
    for (uint64_t n = source_get(s, 1); n > 0 && !s->bad; n--) {
        uint64_t target = source_get(s, 1), knows = source_get(s, 1);
        if (target >= ALERT_TARGETS_MAX || knows > 1) {
            s->bad = true;
            return;
        }
        out[target] = (struct saved_told){.knows = knows != 0, .at_ns = get_time(s)};
    }
}

void source_alert(struct source *s, struct saved_alert *out)
{
    out->rule = (uint32_t)source_get(s, 4);
    get_labels(s, out);
    out->state = (struct alert_state){0};
    out->state.active_ns = get_time(s);
    out->state.fired_ns = get_time(s);
    out->state.clear_ns = get_time(s);
    out->state.phase = (uint8_t)source_get(s, 1);
    out->state.silent = source_get(s, 1) != 0;
    out->fired_ns = get_time(s);
    out->resolved_ns = get_time(s);
    get_told(s, out->told);
    get_facts(s, &out->facts);
    s->bad = s->bad || out->state.phase > ALERT_FIRING || out->fired_ns == INT64_MAX ||
             out->resolved_ns == INT64_MAX;
}

static void get_texts(struct source *s, struct saved_texts *out)
{
    out->n = (uint32_t)source_get(s, 1);
    s->bad = s->bad || out->n > RULE_TEXTS_MAX;
    for (uint32_t i = 0; i < out->n && !s->bad; i++) {
        out->name[i] = get_text(s);
        out->value[i] = get_text(s);
    }
}

void source_rule(struct source *s, struct saved_rule *out)
{
    out->group = get_text(s);
    out->name = get_text(s);
    out->match = get_text(s);
    out->when = get_text(s);
    get_texts(s, &out->labels);
    get_texts(s, &out->annotations);
}

void source_targets(struct source *s, uint64_t keys[static ALERT_TARGETS_MAX])
{
    for (int t = 0; t < ALERT_TARGETS_MAX; t++)
        keys[t] = source_get(s, 8);
}

static bool is_all(const struct source *s)
{
    return !s->bad && s->at == s->end;
}

bool saved_get_targets(const char *bytes, size_t n, uint64_t keys[static ALERT_TARGETS_MAX])
{
    struct source s = {bytes, bytes + n, false};
    source_targets(&s, keys);
    return is_all(&s);
}

bool saved_get_rule(const char *bytes, size_t n, struct saved_rule *out)
{
    struct source s = {bytes, bytes + n, false};
    source_rule(&s, out);
    return is_all(&s);
}

bool saved_get_alert(const char *bytes, size_t n, struct saved_alert *out)
{
    struct source s = {bytes, bytes + n, false};
    source_alert(&s, out);
    return is_all(&s);
}

bool saved_is_good(enum saved_kind kind, const char *bytes, size_t n)
{
    uint64_t keys[ALERT_TARGETS_MAX];
    struct saved_rule rule;
    struct saved_alert alert;
    switch (kind) {
    case SAVED_TARGETS: return saved_get_targets(bytes, n, keys);
    case SAVED_RULE: return saved_get_rule(bytes, n, &rule);
    case SAVED_ALERT: return saved_get_alert(bytes, n, &alert);
    }
    return false;
}
