/* series/table_query.c -- which series match, and what is known of each: copied out, slice by slice.
 * table_select names them by refs; table_read turns refs into readings whenever the reader is ready
 * for some more, so that a slow client holds numbers, never the table. */
#include "series/parts.h"
#include "series/selector.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void findings_fini(struct findings *f)
{
    free(f->at);
    *f = (struct findings){0};
}

/* ---- select */

static bool matches(const struct table *t, const struct query *q, const struct record *x,
                    int64_t mono_ns)
{
    if (x->identity == NULL)
        return false;
    if (q->states != 0 && (q->states & 1u << record_state(t, x, mono_ns)) == 0)
        return false;
    for (uint32_t i = 0; i < q->any_n; i++)
        if (selector_match(q->any[i], &x->identity->labels))
            return true;
    return q->any_n == 0;
}

static bool add_found(struct findings *out, uint32_t *cap, struct found found)
{
    if (out->n == *cap) {
        uint32_t more = *cap == 0 ? 256 : *cap * 2;
        struct found *at = realloc(out->at, more * sizeof *at);
        if (at == NULL)
            return false;
        out->at = at;
        *cap = more;
    }
    out->at[out->n++] = found;
    return true;
}

/* One slice of a shard's records, from *place on; false at the shard's end or without memory. */
static bool select_slice(struct table *t, struct shard *s, const struct query *q, int64_t mono_ns,
                         uint32_t *place, struct findings *out, uint32_t *cap)
{
    pthread_mutex_lock(&s->lock);
    uint32_t end = s->places - *place < SLICE ? s->places : *place + SLICE;
    bool fits = true;
    for (; *place < end && fits; ++*place) {
        const struct record *x = record_at(s, *place);
        if (matches(t, q, x, mono_ns))
            fits = add_found(out, cap, (struct found){ref_of(s, *place), x->identity->family});
    }
    bool more = fits && *place < s->places;
    pthread_mutex_unlock(&s->lock);
    if (!fits)
        *cap = UINT32_MAX; /* the sign that memory ran out */
    return more;
}

/* Counting sort: as many families as numbers in use, most of them with many series. */
static enum nabla_status group_by_family(struct findings *f)
{
    uint32_t families = 0;
    for (uint32_t i = 0; i < f->n; i++)
        families = f->at[i].family >= families ? f->at[i].family + 1 : families;
    uint32_t *start = calloc(families + 1u, sizeof *start);
    struct found *sorted = malloc((f->n + 1u) * sizeof *sorted);
    if (start == NULL || sorted == NULL) {
        free(start);
        free(sorted);
        return NABLA_ENOMEM;
    }
    for (uint32_t i = 0; i < f->n; i++)
        start[f->at[i].family + 1]++;
    for (uint32_t i = 0; i < families; i++)
        start[i + 1] += start[i];
    for (uint32_t i = 0; i < f->n; i++)
        sorted[start[f->at[i].family]++] = f->at[i];
    free(start);
    free(f->at);
    f->at = sorted;
    return NABLA_OK;
}

enum nabla_status table_select(struct table *t, const struct query *query, struct instant now,
                               struct findings *out)
{
    struct findings found = {0};
    uint32_t cap = 0;
    for (uint32_t i = 0; i < t->shards_n && cap != UINT32_MAX; i++)
        for (uint32_t place = 0;
             select_slice(t, &t->shards[i], query, now.mono_ns, &place, &found, &cap);)
            ;
    enum nabla_status status = cap == UINT32_MAX ? NABLA_ENOMEM : NABLA_OK;
    if (status == NABLA_OK && query->by_family)
        status = group_by_family(&found);
    if (status != NABLA_OK)
        findings_fini(&found);
    else
        *out = found;
    return status;
}

/* ---- read */

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

/* Copies a labelset behind the others; readings point to it by offset until all have come. */
static bool keep_labels(struct readings *out, size_t *used, const struct labelset *labels)
{
    size_t place = (*used + _Alignof(struct labelset) - 1) & ~(_Alignof(struct labelset) - 1);
    if (place + labels->bytes > out->text_cap) {
        size_t cap = (place + labels->bytes) * 2;
        char *text = realloc(out->text, cap);
        if (text == NULL)
            return false;
        out->text = text;
        out->text_cap = cap;
    }
    memcpy(out->text + place, labels, labels->bytes);
    out->at[out->n].labels = (const struct labelset *)(uintptr_t)place;
    *used = place + labels->bytes;
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
        fits = keep_labels(out, used, &x->identity->labels);
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
    const struct families *f = &t->catalog.families;
    uint32_t n = 0;
    pthread_mutex_lock(&t->catalog.lock);
    if (family < f->n && f->at[family].name != NULL) {
        n = f->at[family].name_n;
        memcpy(out, f->at[family].name, n);
    }
    pthread_mutex_unlock(&t->catalog.lock);
    return n;
}
