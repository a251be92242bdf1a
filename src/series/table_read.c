/* series/table_read.c -- what is known of each series, copied out: refs become readings whenever the
 * reader is ready for some more, so that a slow client holds numbers, never the table.
 * Elsewhere: which series a query means (table_select.c). */
#include "series/parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The three derivatives of a window, in [v] a second; rate and edge keep order 0 if not known. */
static void derive(struct reading *r, const struct policy *p)
{
    const struct obs *w = r->window;
    struct slopes s;
    r->accel = NAN;
    if (r->window_n == 2)
        r->edge = (struct derivative){w[1].t_ns, stencil_secant(&w[0], &w[1], p->kind), 1};
    if (r->window_n < WINDOW_SIZE || stencil_apply(w, p->kind, p->edge_order, &s) != NABLA_OK)
        return;
    r->rate = (struct derivative){w[1].t_ns, s.rate, 2};
    r->edge = (struct derivative){w[2].t_ns, s.edge, (uint8_t)p->edge_order};
    r->accel = s.accel;
}

static void fill(const struct table *t, const struct record *x, int64_t mono_ns, struct reading *r)
{
    const struct policy *p = policy_of(t, x);
    int n;
    const struct obs *newest = window_newest(&x->window, &n);
    if ((x->flags & RECORD_OVER) == RECORD_BROKEN)
        n = 0;
    *r = (struct reading){.state = record_state(t, x, mono_ns),
                          .kind = p->kind,
                          .per = p->per,
                          .age_ns = mono_ns - x->seen_ns,
                          .window_n = (uint8_t)n};
    memcpy(r->window, newest, (size_t)n * sizeof *newest);
    derive(r, p);
    double per = per_seconds(p->per);
    r->rate.value *= per;
    r->edge.value *= per;
    r->accel *= per * per;
}

/* Unpacks labels behind the others; readings point to them by offset until all have come. */
static bool keep_labels(const struct table *t, struct readings *out, size_t *used,
                        const unsigned char *identity)
{
    if (*used + LABELSET_MAX > out->text_cap) {
        size_t cap = (*used + LABELSET_MAX) * 2;
        char *text = realloc(out->text, cap);
        if (text == NULL)
            return false;
        out->text = text;
        out->text_cap = cap;
    }
    struct labelset *set = (struct labelset *)(void *)(out->text + *used);
    identity_unpack(&t->catalog.names, identity, set);
    out->at[out->n].labels = (const struct labelset *)(uintptr_t)*used;
    *used += (set->bytes + _Alignof(struct labelset) - 1) & ~(_Alignof(struct labelset) - 1);
    return true;
}

static void point_at_labels(struct readings *out)
{
    for (uint32_t i = 0; i < out->n; i++)
        out->at[i].labels =
            (const struct labelset *)(void *)(out->text + (uintptr_t)out->at[i].labels);
}

/* Reads refs of one shard, found[0..n). */
static bool read_run(struct table *t, struct shard *s, const struct found *found, uint32_t n,
                     int64_t mono_ns, struct readings *out, size_t *used)
{
    bool fits = true;
    pthread_mutex_lock(&s->lock);
    for (uint32_t i = 0; i < n && fits; i++) {
        const struct record *x = record_of(t, found[i].ref);
        if (x == NULL)
            continue;
        fill(t, x, mono_ns, &out->at[out->n]);
        fits = keep_labels(t, out, used, x->identity);
        out->n += fits;
    }
    pthread_mutex_unlock(&s->lock);
    return fits;
}

enum nabla_status table_read(struct table *t, const struct found *found, uint32_t n,
                             struct instant now, struct readings *out)
{
    size_t used = 0;
    bool fits = true;
    out->n = 0;
    for (uint32_t from = 0, to; from < n && fits; from = to) {
        uint32_t shard = ref_shard(found[from].ref);
        for (to = from + 1; to < n && ref_shard(found[to].ref) == shard;)
            to++;
        fits = read_run(t, &t->shards[shard], found + from, to - from, now.mono_ns, out, &used);
    }
    point_at_labels(out);
    return fits ? NABLA_OK : NABLA_ENOMEM;
}

uint32_t table_family_name(struct table *t, uint32_t family, char out[static LABEL_NAME_MAX])
{
    const struct dictionary *metrics = &t->catalog.names.metrics;
    uint32_t n = 0;
    pthread_mutex_lock(&t->catalog.lock);
    const struct entry *x = family < metrics->n ? dictionary_at(metrics, family) : NULL;
    if (x != NULL && x->text != NULL) {
        n = x->n;
        memcpy(out, x->text, n);
    }
    pthread_mutex_unlock(&t->catalog.lock);
    return n;
}
